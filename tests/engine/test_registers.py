"""Registers: rows that are known by a key, changed in place, and what follows of them."""
from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from engine import actions, alarm, progress, queries
from engine.errors import Incident, InvalidAnswers, NotFound
from engine.progress.names import concerns
from engine.progress.registers import rows_of
from engine.spiff import Place
from engine.store import tables as t
from engine.work import case_of
from tests.makers import board, everything_else, fill

APRIL = date(2026, 4, 1)


def prepared(url):
    """A board with the pack of holds."""
    fill(url, "purchase", "clocks", "holds")  # the others have the roles of the people


@pytest.fixture
def office(make_database, tmp_path):
    made = board(make_database("sqlite", prepared), tmp_path)
    yield made
    made.engine.close()


@pytest.fixture
def both(make_database, database_kind, tmp_path):
    made = board(make_database(database_kind, prepared), tmp_path)
    yield made
    made.engine.close()


def opened(office, **answers):
    given = {"subject": "A fictional matter", "method": "quick", "agencies": ["NOR", "SOU"], "parts_by": date(2026, 3, 20),
             "open_day": date(2026, 3, 30), "holds": []}
    return office.do("olga", actions.start_case, pack="holds", start="opened", answers=given | answers).case


def submit(office, login, case, element, item=None, **answers):
    return office.do(login, actions.submit_task, task=office.task(case, element, item), answers=answers)


def rows(office, case, register):
    with office.engine.database.reading() as db:
        row = db.execute(sa.select(t.cases).where(t.cases.c.id == case)).one()
        held = case_of(row, office.engine.vault, office.engine.shelf.pack(db, row.release), office.engine.shelf.program(db, row.release))
        return rows_of(db, held, [register])[register]


def states(office, case, name):
    return [(row.item, row.nth, row.state, row.due) for row in office.clocks(case, name)]


def sweep(office, *moment):
    office.at(*moment)
    return alarm.sweep(office.engine)


# ---- rows and their keys


def test_a_row_is_read_with_every_column_and_the_key_the_engine_gave(both):
    case = opened(both, holds=[{"effects": ["interviews"], "review_on": APRIL}])
    both.press(case, "place_hold", hold={"effects": ["publication"], "placed_by": "A fictional coroner"})

    assert rows(both, case, "holds") == [
        {"number": "H1", "key": "H1", "effects": ["interviews"], "review_on": APRIL, "placed_by": None, "released_on": None},
        {"number": "H2", "key": "H2", "effects": ["publication"], "review_on": None, "placed_by": "A fictional coroner", "released_on": None}]


def test_a_group_changes_the_row_it_names_and_leaves_what_it_does_not_ask(both):
    case = opened(both)
    both.press(case, "place_hold", hold={"effects": ["publication"], "placed_by": "A fictional coroner"})
    before = both.rows(sa.select(t.register_rows))

    both.press(case, "release_hold", which="H1", release={"released_on": date(2026, 3, 3)})

    [row] = rows(both, case, "holds")
    assert (row["key"], row["effects"], row["placed_by"], row["released_on"]) == ("H1", ["publication"], "A fictional coroner", date(2026, 3, 3))
    [after] = both.rows(sa.select(t.register_rows))
    assert (after.id, after.number) == (before[0].id, before[0].number)
    assert after.submission != before[0].submission
    assert len(both.rows(sa.select(t.submissions).where(t.submissions.c.element == "place_hold"))) == 1


def test_what_is_left_empty_changes_nothing_of_a_row(office):
    case = opened(office, holds=[{"effects": ["interviews"], "review_on": APRIL}])

    office.press(case, "change_holds", holds=[{"key": "H1", "effects": [], "review_on": date(2026, 5, 1)}])

    [row] = rows(office, case, "holds")
    assert (row["effects"], row["review_on"]) == (["interviews"], date(2026, 5, 1))


def test_the_entries_of_a_list_change_the_rows_whose_keys_they_carry_and_add_the_others(office):
    case = opened(office, holds=[{"effects": ["interviews"]}, {"effects": ["publication"]}])

    office.press(case, "change_holds", holds=[{"key": "H2", "effects": ["interviews"]}, {"effects": ["interviews", "publication"]}])

    assert [(row["key"], row["effects"]) for row in rows(office, case, "holds")] == [
        ("H1", ["interviews"]), ("H2", ["interviews"]), ("H3", ["interviews", "publication"])]


@pytest.mark.parametrize(("holds", "path", "says"), [
    ([{"key": "H9", "effects": ["interviews"]}], "holds.0.key", "There is no “H9” in “Holds”"),
    ([{"key": "H1", "effects": ["interviews"]}, {"key": "H1", "effects": ["publication"]}], "holds.1.key", "named twice here"),
])
def test_a_key_that_is_not_there_or_is_named_twice_is_refused_in_words(office, holds, path, says):
    case = opened(office, holds=[{"effects": ["interviews"]}])
    before = everything_else(office.engine)

    with pytest.raises(InvalidAnswers) as refused:
        office.press(case, "change_holds", holds=holds)

    assert says in refused.value.errors[path]
    assert everything_else(office.engine) == before


# ---- rows that a step writes


def test_a_service_task_writes_rows_and_each_is_an_item_by_its_key(both):
    case = opened(both)
    submit(both, "olga", case, "quick_look", words="Seen")

    assert [(row["key"], row["agency"], row["due_on"], row["words"]) for row in rows(both, case, "parts")] == [
        ("NOR", "NOR", date(2026, 3, 20), None), ("SOU", "SOU", date(2026, 3, 20), None)]
    assert [row.submission for row in both.rows(sa.select(t.register_rows.c.submission))] == [None, None]
    assert states(both, case, "part_due") == [("NOR", 1, "running", date(2026, 3, 20)), ("SOU", 1, "running", date(2026, 3, 20))]

    submit(both, "nora", case, "contribute", "NOR", given={"words": "Nothing of note"})

    assert [(row["agency"], row["words"]) for row in rows(both, case, "parts")] == [("NOR", "Nothing of note"), ("SOU", None)]
    assert [row[2] for row in states(both, case, "part_due")] == ["met", "running"]


def test_the_clock_of_a_row_reminds_the_agency_it_is_about(office):
    case = opened(office)
    submit(office, "olga", case, "quick_look", words="Seen")

    sweep(office, 2026, 3, 18, 9)

    mails = office.rows(sa.select(t.people.c.login).join(t.outbox, t.outbox.c.person == t.people.c.id).where(t.outbox.c.message == "reminder"))
    assert {row.login for row in mails} >= {"nora", "saul"}
    assert "elsa" not in {row.login for row in mails}


# ---- clocks of rows


def test_a_clock_starts_with_its_row_moves_with_its_date_and_ends_when_the_row_says_so(both):
    case = opened(both, holds=[{"effects": ["interviews"], "review_on": APRIL}, {"effects": ["publication"]}])
    assert states(both, case, "hold_review") == [("H1", 1, "running", APRIL)]

    both.press(case, "change_holds", holds=[{"key": "H1", "review_on": date(2026, 4, 15)}, {"key": "H2", "review_on": APRIL}])
    assert states(both, case, "hold_review") == [("H1", 1, "running", date(2026, 4, 15)), ("H2", 1, "running", APRIL)]
    assert [row.details for row in both.trail(case, "deadline_moved")] == [
        {"deadline": "hold_review", "item": "H1", "due": "2026-04-15", "before": "2026-04-01"}]

    both.press(case, "release_hold", which="H1", release={"released_on": date(2026, 3, 3)})
    assert [row[2] for row in states(both, case, "hold_review")] == ["met", "running"]
    assert both.clocks(case, "hold_review")[0].ended_by == "registers.holds"
    kinds = both.rows(sa.select(t.timers.c.kind).where(t.timers.c.deadline == both.clocks(case, "hold_review")[0].id, t.timers.c.fired_at.is_(None)))
    assert kinds == []


def test_a_row_that_is_written_again_without_a_new_date_keeps_its_clock_as_it_is(office):
    case = opened(office, holds=[{"effects": ["interviews"], "review_on": APRIL}])
    before = office.clocks(case, "hold_review")

    office.press(case, "change_holds", holds=[{"key": "H1", "effects": ["publication"]}])

    assert office.clocks(case, "hold_review") == before


def test_a_review_ends_the_clock_of_its_own_hold_and_the_new_date_starts_the_next(both):
    case = opened(both, holds=[{"effects": ["interviews"], "review_on": APRIL}])
    both.press(case, "place_hold", hold={"effects": ["publication"], "review_on": date(2026, 3, 10)})
    assert both.one(sa.select(t.tasks.c.due).where(t.tasks.c.element == "review_hold")) == date(2026, 3, 10)

    sweep(both, 2026, 3, 11, 0, 0)
    assert both.task(case, "explain", "H2")
    assert states(both, case, "hold_review")[1] == ("H2", 1, "breached", date(2026, 3, 10))

    submit(both, "olga", case, "review_hold", "H2", review={"effects": [], "review_on": date(2026, 5, 4)})

    assert states(both, case, "hold_review") == [
        ("H1", 1, "running", APRIL), ("H2", 1, "breached", date(2026, 3, 10)), ("H2", 2, "running", date(2026, 5, 4))]
    assert both.clocks(case, "hold_review")[1].ended_by == "review_hold"


def test_no_clock_of_a_row_outlives_the_case(office):
    case = opened(office, holds=[{"effects": ["interviews"], "review_on": APRIL}], agencies=["NOR"], open_day=date(2026, 3, 2))
    submit(office, "olga", case, "quick_look", words="Seen")
    submit(office, "nora", case, "contribute", "NOR", given={"words": "Nothing"})
    submit(office, "olga", case, "finish", words="Done")

    assert states(office, case, "hold_review") == [("H1", 1, "cancelled", APRIL)]


# ---- rounds and milestones


def test_a_repeating_clock_is_next_due_at_the_first_multiple_still_to_come(office):
    case = opened(office, open_day=date(2027, 1, 4))
    assert states(office, case, "news_told") == [("", 1, "running", date(2026, 4, 27))]

    office.at(2026, 4, 20, 9)
    office.press(case, "news_told", words="Early")
    assert states(office, case, "news_told")[-1] == ("", 2, "running", date(2026, 6, 22))

    office.at(2026, 9, 1, 9)  # two rounds late
    office.press(case, "news_told", words="Late")
    assert states(office, case, "news_told")[1:] == [("", 2, "breached", date(2026, 6, 22)), ("", 3, "running", date(2026, 10, 12))]


def test_a_milestone_comes_as_its_day_begins_and_is_never_missed(both):
    case = opened(both, agencies=["NOR"])
    submit(both, "olga", case, "quick_look", words="Seen")
    submit(both, "nora", case, "contribute", "NOR", given={"words": "Nothing"})
    sweep(both, 2026, 3, 29, 23, 59)
    assert both.rows(sa.select(t.tasks.c.id).where(t.tasks.c.element == "finish")) == []

    sweep(both, 2026, 3, 30, 0, 0)

    assert both.task(case, "finish")
    assert states(both, case, "open_day") == [("", 1, "met", date(2026, 3, 30))]
    assert [row.details["deadline"] for row in both.trail(case, "deadline_breached")] == []
    assert [row.details["deadline"] for row in both.trail(case, "reminded")].count("open_day") == 1


def test_an_event_that_comes_to_a_milestone_after_its_day_does_not_wait(office):
    case = opened(office, agencies=["NOR"])
    sweep(office, 2026, 3, 31, 9, 0)
    submit(office, "olga", case, "quick_look", words="Seen")
    submit(office, "nora", case, "contribute", "NOR", given={"words": "Nothing"})

    assert office.task(case, "finish")


def test_a_milestone_that_is_moved_comes_on_its_new_day(office):
    case = opened(office, agencies=["NOR"])
    submit(office, "olga", case, "quick_look", words="Seen")
    submit(office, "nora", case, "contribute", "NOR", given={"words": "Nothing"})

    office.press(case, "move_open_day", day=APRIL)
    assert states(office, case, "open_day") == [("", 1, "cancelled", date(2026, 3, 30)), ("", 2, "running", APRIL)]
    sweep(office, 2026, 3, 30, 12, 0)
    assert office.rows(sa.select(t.tasks.c.id).where(t.tasks.c.element == "finish")) == []
    sweep(office, 2026, 4, 1, 0, 0)
    assert office.task(case, "finish")


def test_a_repeating_milestone_tells_the_diagram_each_time(both):
    case = opened(both, open_day=date(2027, 1, 4))

    for month in (4, 5, 6):
        sweep(both, 2026, month, 2, 0, 0)

    assert len(both.rows(sa.select(t.tasks.c.id).where(t.tasks.c.element == "tell_news"))) == 3
    assert states(both, case, "news") == [
        ("", 1, "met", date(2026, 4, 2)), ("", 2, "met", date(2026, 5, 2)), ("", 3, "met", date(2026, 6, 2)), ("", 4, "running", date(2026, 7, 2))]


def test_a_moment_that_several_wait_for_comes_to_each_of_them(office):
    case = opened(office)
    office.at(2026, 3, 30, 9)

    assert office.do(None, _moments_of_two, case=case) == [True, True, False, True, False, False]


def _moments_of_two(work, case):
    held = work.hold(case)
    clocks = progress.resume(work, held).clocks
    north, south = (Place("open_day_come", "holds", item) for item in ("NOR", "SOU"))
    found = [clocks.due("open_day", place) is not None for place in (north, south)]
    clocks.happened(north, dict)
    found += [clocks.due("open_day", place) is not None for place in (north, south)]
    clocks.happened(south, dict)
    return found + [clocks.due("open_day", place) is not None for place in (north, south)]


# ---- methods


@pytest.mark.parametrize(("method", "tasks"), [("quick", ["quick_look"]), ("slow", ["slow_look", "slow_look_again"])])
def test_a_call_goes_to_the_process_that_the_case_has_chosen(office, method, tasks):
    case = opened(office, method=method)
    office.engine._live.clear()  # as after a restart: what was chosen is read from the saved process

    for task in tasks:
        submit(office, "olga", case, task, words="Seen")
        office.engine._live.clear()

    assert [row.element for row in office.rows(sa.select(t.tasks.c.element).where(t.tasks.c.element.contains("look")).order_by(t.tasks.c.done_at))] == tasks
    assert office.task(case, "contribute", "NOR")


def test_the_picture_leads_into_the_process_that_was_chosen(office):
    case = opened(office, method="slow")
    reference = office.one(sa.select(t.cases.c.reference))

    main, called = (office.ask("hedy", queries.diagram, reference=reference, process=process) for process in (None, "method_slow"))

    assert main.calls["do_it"].process == "method_slow"
    assert [parent.process for parent in called.parents] == ["holds"]
    assert called.marks["slow_look"].now == 1
    assert main.marks["do_it"].now == 1
    assert office.rows(sa.select(t.cases.c.id)) == [(case,)]


# ---- appointments


def holders(office, case):
    h = t.holdings
    query = sa.select(t.people.c.login).join(h, h.c.person == t.people.c.id).where(h.c.case_id == case, h.c.role == "keeper", h.c.until.is_(None))
    return [row.login for row in office.rows(query)]


def person(office, login):
    return office.who(login).person


def test_whoever_is_appointed_instead_ends_the_appointment_of_those_before(both):
    case = opened(both)
    both.press(case, "appoint", keeper=person(both, "kate"))
    assert holders(both, case) == ["kate"]

    both.press(case, "appoint", keeper=person(both, "zoe"))

    assert holders(both, case) == ["zoe"]
    assert [(row.event, row.details["person"]) for row in both.trail(case, "appointed", "appointment_ended")] == [
        ("appointed", person(both, "kate")), ("appointment_ended", person(both, "kate")), ("appointed", person(both, "zoe"))]


def test_the_same_person_appointed_again_stays(office):
    case = opened(office)
    for _ in range(2):
        office.press(case, "appoint", keeper=person(office, "kate"))

    assert holders(office, case) == ["kate"]


def test_an_appointment_can_be_ended_for_one_person(office):
    case = opened(office)
    office.press(case, "appoint", keeper=person(office, "kate"))
    office.press(case, "stand_down", who=person(office, "zoe"))
    assert holders(office, case) == ["kate"]

    office.press(case, "stand_down", who=person(office, "kate"))

    assert holders(office, case) == []


def test_what_the_one_before_had_taken_is_open_to_whoever_comes_after(office):
    case = opened(office, agencies=["NOR"], open_day=date(2026, 3, 2))
    office.press(case, "appoint", keeper=person(office, "kate"))
    submit(office, "olga", case, "quick_look", words="Seen")
    submit(office, "nora", case, "contribute", "NOR", given={"words": "Nothing"})
    task = office.task(case, "finish")
    office.do("kate", actions.claim_task, task=task)

    office.press(case, "appoint", keeper=person(office, "zoe"))

    assert office.one(sa.select(t.tasks.c.claimed_by).where(t.tasks.c.id == task)) is None
    with pytest.raises(NotFound):
        office.do("kate", actions.submit_task, task=task, answers={"words": "Too late"})
    office.do("zoe", actions.submit_task, task=task, answers={"words": "Done"})


def test_a_role_at_an_agency_goes_to_the_agency_asked_for_beside_the_person_and_replaces_only_there(office):
    case = opened(office)
    kate, zoe, saul = (person(office, login) for login in ("kate", "zoe", "saul"))

    office.press(case, "name_writers", writers=[{"agency": "NOR", "writer": kate}, {"agency": "SOU", "writer": saul}])
    office.press(case, "name_writers", writers=[{"agency": "NOR", "writer": zoe}])

    h = t.holdings
    found = office.rows(sa.select(h.c.person, h.c.agency).where(h.c.case_id == case, h.c.role == "writer", h.c.until.is_(None)))
    assert {(row.person, row.agency) for row in found} == {(zoe, "NOR"), (saul, "SOU")}


# ---- who may see what


def test_a_column_for_a_role_alone_is_for_that_role_alone(office):
    case = opened(office)
    reference = office.one(sa.select(t.cases.c.reference))
    office.press(case, "place_hold", hold={"effects": ["publication"], "placed_by": "A fictional coroner"})
    office.press(case, "appoint", keeper=person(office, "kate"))

    [seen] = office.ask("olga", queries.register_page, reference=reference, register="holds").rows
    [kept] = office.ask("kate", queries.register_page, reference=reference, register="holds").rows

    assert "placed_by" not in seen
    assert kept["placed_by"] == "A fictional coroner"


# ---- what is held


def test_what_a_hold_holds_up_is_said_on_the_case_and_in_lists_until_it_is_released(both):
    case = opened(both)
    reference = both.one(sa.select(t.cases.c.reference))

    def said():
        return both.ask("olga", queries.case_page, reference=reference).held, both.ask("olga", queries.all_cases).rows[0].held

    assert said() == ((), ())
    both.press(case, "place_hold", hold={"effects": ["publication"]})
    both.press(case, "place_hold", hold={"effects": ["interviews", "publication"]})
    assert said() == (("Publication", "Interviews"),) * 2
    both.press(case, "release_hold", which="H2", release={"released_on": date(2026, 3, 3)})
    assert said() == (("Publication",),) * 2


def test_a_row_that_no_rule_fits_is_an_incident_and_writes_nothing(office):
    case = opened(office, parts_by=date(2026, 3, 20), agencies=["NOR"])
    before = everything_else(office.engine)
    with pytest.raises(Incident, match="has no column colour"):
        office.do("olga", _write_nonsense, case=case)
    assert everything_else(office.engine) == before


def test_a_row_may_be_known_by_a_nested_item_and_its_clock_is_that_item_s(office):
    case = opened(office, agencies=["NOR"])
    office.do(None, _write_nested, case=case)

    assert [row["key"] for row in rows(office, case, "parts")] == ["R1/NOR"]
    assert states(office, case, "part_due") == [("R1/NOR", 1, "running", APRIL)]
    for place, meant in ((Place("contribute", "holds", "R1/NOR"), True), (Place("contribute", "holds", "A/R1/NOR"), True),
                         (Place("contribute", "holds", "R1"), False), (Place("contribute", "holds", "R11/NOR"), False)):
        assert concerns("R1/NOR", place) is meant


def _write_nested(work, case):
    held = work.hold(case)
    here = progress.resume(work, held)
    here.service("register", {"register": "parts", "rows": [{"agency": "R1/NOR", "due_on": APRIL}]}, {}, Place("fan_out", "holds"))
    here.clocks.follow_rows()


def _write_nonsense(work, case):
    held = work.hold(case)
    here = progress.resume(work, held)
    here.service("register", {"register": "parts", "rows": [{"agency": "NOR", "colour": "blue"}]}, {}, Place("fan_out", "holds"))
