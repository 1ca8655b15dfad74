"""Sealed columns: what was flipped, swapped, rolled back or cut off is refused in words, and harms no other case."""
from __future__ import annotations

import random
from dataclasses import replace

import pytest
import sqlalchemy as sa

from engine import actions, alarm, open_engine, queries
from engine.clock import SetClock
from engine.errors import Incident, NotFound, Refused
from engine.progress.drafts import DraftPlace
from engine.queries.shapes.keeping import ErasedCase
from engine.store import tables as t
from engine.store.sealing import Broken, Vault
from tests.makers import MONDAY, Board, board, everything_else, filled, paper, settings


@pytest.fixture
def office(make_database, tmp_path):
    made = board(make_database("sqlite", filled), tmp_path)
    with made.engine.database.writing() as db:
        db.exec_driver_sql("drop trigger steps_no_update")  # whoever corrupts files asks no trigger
    yield made
    made.engine.close()


def two_cases(office):
    return office.request(what="One").case, office.request(what="Two").case


def states(office, case):
    return {row.version: row.state for row in office.rows(sa.select(t.steps.c.version, t.steps.c.state).where(t.steps.c.case_id == case))}


def write_state(office, case, version, state):
    office.write(sa.update(t.steps).where(t.steps.c.case_id == case, t.steps.c.version == version).values(state=state))
    office.engine._live.clear()


def refused_in_words(office, case, deed):
    before = everything_else(office.engine)
    with pytest.raises(Incident) as incident:
        deed()
    assert len(incident.value.says) > 20
    assert everything_else(office.engine) == before
    assert [row.case_id for row in office.incidents()] == [case]
    assert office.trail(case)[-1].event == "incident"


def test_flipped_bits_are_refused(office):
    case, sound = two_cases(office)
    version, state = next(iter(states(office, case).items()))
    chance, kept = random.Random(7), 0
    for _ in range(120):
        broken = bytearray(state)
        for _ in range(chance.choice([1, 1, 2, 9])):
            broken[chance.randrange(len(broken))] ^= 1 << chance.randrange(8)
        write_state(office, case, version, bytes(broken))
        try:
            office.approve(case)
            kept += bytes(broken) != state
        except Incident:
            pass
    assert kept == 0
    assert len(office.incidents()) == 1  # the same, told once
    office.approve(sound)
    write_state(office, case, version, state)
    office.approve(case)


@pytest.mark.parametrize("cut", [0, 1, 11, 12, 27, -1, -100])
def test_a_state_that_was_cut_off_is_refused(office, cut):
    case, sound = two_cases(office)
    version, state = next(iter(states(office, case).items()))
    write_state(office, case, version, state[:cut])

    refused_in_words(office, case, lambda: office.approve(case))
    office.approve(sound)


def test_states_swapped_between_cases_or_versions_are_refused(office):
    one, two = two_cases(office)
    office.approve(one)
    states_one, states_two = states(office, one), states(office, two)
    write_state(office, two, 1, states_one[1])
    refused_in_words(office, two, lambda: office.approve(two))
    write_state(office, two, 1, states_two[1])
    office.approve(two)

    write_state(office, one, 2, states_one[1])
    with pytest.raises(Incident):
        office.quote(one, "quin", "QUI")


def test_answers_swapped_between_rows_or_cases_are_refused(office):
    one, two = two_cases(office)
    s = t.submissions
    row_of = {case: office.rows(sa.select(s.c.id, s.c.answers).where(s.c.case_id == case))[0] for case in (one, two)}
    office.write(sa.update(s).where(s.c.id == row_of[one].id).values(answers=row_of[two].answers))

    with pytest.raises(Incident):
        office.ask("abel", queries.task_page, office.task(one, "approve"))
    refused_in_words(office, one, lambda: office.approve(one))
    office.approve(two)


def test_documents_and_their_names_swapped_are_refused(office):
    case = office.begin(paper=paper("One"), secret_paper=paper("Two", "two.txt")).case
    d = t.documents
    one, two = office.rows(sa.select(d).where(d.c.case_id == case).order_by(d.c.field))
    for column in ("content", "name"):
        office.write(sa.update(d).where(d.c.id == one.id).values({column: getattr(two, column)}))
        with pytest.raises(Incident):
            office.ask("olga", queries.document, one.id)
        office.write(sa.update(d).where(d.c.id == one.id).values({column: getattr(one, column)}))
    office.write(sa.update(d).where(d.c.id == one.id).values(content=one.name))
    with pytest.raises(Incident):
        office.ask("olga", queries.document, one.id)


def test_register_rows_and_drafts_swapped_are_refused(office):
    case = office.begin(notes=[{"words": "one"}, {"words": "two"}])
    r = t.register_rows
    one, two = office.rows(sa.select(r).order_by(r.c.number))
    office.write(sa.update(r).where(r.c.id == one.id).values(row=two.row))
    with pytest.raises(Incident):
        office.ask("olga", queries.register_page, case.reference, "notes")

    task = office.task(case.case, "answer", "NOR")
    office.do("nora", actions.save_draft, DraftPlace("task", task), {"findings": "mine"})
    office.do("nora", actions.save_draft, DraftPlace("task", office.task(case.case, "answer", "NOR")), {"subject": "x"})
    other = office.begin("NOR")
    office.do("nora", actions.save_draft, DraftPlace("task", office.task(other.case, "answer", "NOR")), {"findings": "other"})
    first, second = office.rows(sa.select(t.drafts).order_by(t.drafts.c.at, t.drafts.c.place))
    office.write(sa.update(t.drafts).where(t.drafts.c.id == first.id).values(answers=second.answers))
    with pytest.raises(Incident):
        office.ask("nora", queries.task_page, first.place.removeprefix("task "))


def test_a_case_rolled_back_to_an_older_version_does_not_go_on(office):
    case = office.request().case
    office.approve(case)
    office.write(sa.update(t.cases).where(t.cases.c.id == case).values(version=1))
    office.engine._live.clear()

    with pytest.raises((Refused, Incident)):
        office.quote(case, "quin", "QUI")


@pytest.mark.parametrize("key", [b"", b"x", b"x" * 60, None], ids=["empty", "short", "wrong", "erased"])
def test_a_key_that_is_damaged_or_erased_closes_its_case_alone(office, key):
    case, sound = office.request(), office.request()
    office.engine._live.clear()
    office.write(sa.update(t.cases).where(t.cases.c.id == case.case).values(key=key))

    with pytest.raises((Incident, NotFound)) as problem:
        office.approve(case.case)
    assert problem.value.says
    if key is None:
        assert isinstance(office.ask("hedy", queries.case_page, case.reference), ErasedCase)   # all that is left of it
    else:
        with pytest.raises((Incident, NotFound)):
            office.ask("hedy", queries.case_page, case.reference)
    assert len(office.ask("hedy", queries.all_cases).rows) == 2
    assert len(office.ask("abel", queries.home).team) == 2
    office.approve(sound.case)
    office.at(2026, 3, 20, 9)
    alarm.sweep(office.engine)


def test_keys_swapped_between_cases_do_not_open(office):
    one, two = two_cases(office)
    keys = {row.id: row.key for row in office.rows(sa.select(t.cases.c.id, t.cases.c.key))}
    office.engine._live.clear()
    office.write(sa.update(t.cases).where(t.cases.c.id == one).values(key=keys[two]))

    refused_in_words(office, one, lambda: office.approve(one))


def test_another_master_key_opens_nothing_and_says_so_at_the_start(office, tmp_path):
    case = office.request().case
    url = office.engine.settings.database_url
    stranger = open_engine(replace(settings(url, tmp_path), master_key=b"another key of thirty-two bytes."), SetClock(MONDAY))

    assert office.engine.wrong_key() is None
    assert "CASEREVIEW_MASTER_KEY" in stranger.wrong_key()
    with pytest.raises(Incident, match="master key"):
        Board(stranger, SetClock(MONDAY)).approve(case)
    stranger.close()


def test_one_damaged_key_is_not_taken_for_another_master_key(office):
    case, _ = two_cases(office)
    office.write(sa.update(t.cases).where(t.cases.c.id == case).values(key=b"x" * 60))

    assert office.engine.wrong_key() is None


def test_an_empty_database_takes_any_master_key(office):
    assert office.engine.wrong_key() is None


def test_a_sealed_value_opens_only_in_its_place():
    vault = Vault(b"k" * 32)
    key, wrapped = vault.new_key("case 1")
    sealed = key.seal(b"words", "case 1", "submissions", "row 1")

    assert vault.unwrap(wrapped, "case 1").open(sealed, "case 1", "submissions", "row 1") == b"words"
    assert b"words" not in sealed
    assert key.seal(b"words", "a") != key.seal(b"words", "a")
    for place in (("case 2", "submissions", "row 1"), ("case 1", "drafts", "row 1"), ("case 1", "submissions", "row 2"),
                  ("case 1", "submissions", "row 1", "reason"), ()):
        with pytest.raises(Broken):
            key.open(sealed, *place)
    for wrong in ("case 2", ""):
        with pytest.raises(Broken):
            vault.unwrap(wrapped, wrong)
    with pytest.raises(Broken):
        Vault(b"K" * 32).unwrap(wrapped, "case 1")
    for nothing in (b"", b"x", None, "text"):
        with pytest.raises(Broken):
            key.open(nothing, "case 1")
