"""Someone stands in for another in a role, for a time: with what they hold, what they may not do, and what stays on record."""
from datetime import date

import pytest
import sqlalchemy as sa

from engine import SYSTEM, actions, queries
from engine.alarm import sweep
from engine.errors import AlreadyDone, InvalidAnswers, NotAllowed, NotFound
from engine.progress.drafts import DraftPlace
from engine.store import tables as t

LEAVE = {"role": "approver", "from_": date(2026, 3, 2), "until": date(2026, 3, 6), "reason": "Annual leave"}


def named(office, by="abel", to="hedy", **changed):
    return office.do(by, actions.name_deputy, **{**LEAVE, "to": office.who(to).person, **changed})


def refused(office, by="abel", to="hedy", **changed):
    with pytest.raises(InvalidAnswers) as refusal:
        named(office, by, to, **changed)
    return refusal.value.errors


@pytest.fixture
def kit(office):
    """A colleague without any role."""
    office.do(None, actions.add_person, "kit", "Kit Example", "kit@office.example", None, [], secret="x")
    return office.who("kit").person


def test_a_deputy_does_what_the_holder_may_and_it_stands_on_record_in_whose_place(both):
    both.do(None, actions.add_person, "kit", "Kit Example", "kit@office.example", None, [], secret="x")
    named(both, to="kit")
    case = both.request()
    task = both.task(case.case, "approve")

    assert [row.id for row in both.ask("kit", queries.home).team] == [task]
    assert both.ask("kit", queries.task_page, task).deputy_of == "Abel Example"
    assert both.ask("kit", queries.task_page, task).begun_by_other is None
    both.do("abel", actions.save_draft, DraftPlace("task", task), {"comment": "Half a thought"})
    assert both.ask("kit", queries.task_page, task).begun_by_other == both.clock.now()   # when, and nothing of what
    assert both.ask("kit", queries.task_page, task).draft_at is None
    both.approve(case.case, "kit")

    assert both.ask("abel", queries.task_page, task).deputy_of == "Abel Example"
    assert "Kit Example, as deputy for Abel Example" in [row.who for row in both.ask("hedy", queries.case_page, case.reference).done_tasks]
    told = [row.words for row in both.ask("hedy", queries.case_trail, case.reference).rows if row.who == "Kit Example"]
    assert [one for one in told if one.endswith("” as deputy for Abel Example")]
    assert both.one(sa.select(t.submissions.c.deputy_of).where(t.submissions.c.task == task)) == both.who("abel").person


def test_a_deputyship_lasts_from_its_first_day_to_the_end_of_its_last(office, kit):
    named(office, to="kit", from_=date(2026, 3, 4))
    seen = {}
    for moment in ((2026, 3, 3, 23, 59), (2026, 3, 4, 0, 0), (2026, 3, 6, 23, 59), (2026, 3, 7, 0, 0)):
        office.at(*moment)
        seen[moment] = "approver" in office.who("kit").roles()

    assert list(seen.values()) == [False, True, True, False]


def test_mail_of_this_time_goes_to_both(office):
    """Reminders before the 16th; the deputy stands in until the 13th."""
    office.begin("NOR")
    named(office, "nora", "nils", role="rep@NOR", until=date(2026, 3, 13))
    for day in range(3, 31):
        office.at(2026, 3, day, 12)
        sweep(office.engine)
    posted = office.rows(sa.select(t.outbox.c.person, t.outbox.c.message, t.outbox.c.queued_at).order_by(t.outbox.c.queued_at))
    by_person = {login: [(row.message, row.queued_at.date()) for row in posted if row.person == office.who(login).person and row.message != "deputy_for"]
                 for login in ("nora", "nils")}

    assert by_person["nils"]
    assert by_person["nils"] == [one for one in by_person["nora"] if one[1] <= date(2026, 3, 13)]
    assert len(by_person["nora"]) > len(by_person["nils"])


def test_what_the_holder_had_taken_is_the_deputys_too(office, kit):
    case = office.begin("NOR", "SOU").case
    task = office.task(case, "answer", "NOR")
    office.do("nora", actions.claim_task, task=task)
    named(office, "nora", "nils", role="rep@NOR", until=date(2026, 3, 20))
    for day in range(3, 10):
        office.at(2026, 3, day, 12)
        sweep(office.engine)

    reminded = {row.person for row in office.rows(sa.select(t.outbox.c.person).where(t.outbox.c.message == "reminder"))}
    assert {office.who("nora").person, office.who("nils").person} <= reminded
    office.answer(case, "NOR", "nils")
    assert office.one(sa.select(t.tasks.c.done_by).where(t.tasks.c.id == task)) == office.who("nils").person


def test_nobody_checks_their_own_work_as_deputy_either(office):
    office.do(None, actions.give_role, "rosa", "board_member")
    named(office, to="rosa")
    case = office.request("rosa").case

    with pytest.raises(NotAllowed, match="your own work"):
        office.approve(case, "rosa")


def test_a_deputy_names_no_further_deputy(office, kit):
    named(office, to="kit")

    assert "as a deputy yourself" in refused(office, "kit", "hedy")["role"]


@pytest.mark.parametrize(("changed", "field", "says"), [
    ({"to": "abel"}, "to", "Someone else"),
    ({"to": "anna"}, "to", "holds this role already"),
    ({"role": "head"}, "role", "Choose a role that you hold"),
    ({"role": 7}, "role", "Choose a role that you hold"),
    ({"from_": date(2026, 3, 1)}, "from", "today or later"),
    ({"until": date(2026, 3, 1)}, "until", "not be before the first"),
    ({"from_": "soon"}, "from", "first day"),
    ({"until": None}, "until", "last day"),
    ({"reason": " "}, "reason", "Say why"),
    ({"reason": "x" * 2001}, "reason", "at most 2,000"),
])
def test_what_makes_no_sense_is_refused_in_words(office, changed, field, says):
    to = changed.pop("to", "hedy")
    assert says in refused(office, "abel", to, **changed)[field]
    assert office.rows(sa.select(t.deputies)) == []


def test_the_deputy_in_a_role_of_an_agency_is_of_that_agency(office):
    assert "same agency" in refused(office, "nora", "saul", role="rep@NOR")["to"]
    named(office, "nora", "nils", role="rep@NOR")

    asked = office.begin("NOR", "SOU")
    office.answer(asked.case, "NOR", "nils")
    with pytest.raises(NotFound):
        office.answer(asked.case, "SOU", "nils")


def test_nobody_has_two_deputies_in_one_role_at_once(office, kit):
    named(office)

    assert "Hedy Example is deputy in this role from 2 March 2026 to 6 March 2026 already" in refused(office, to="kit", from_=date(2026, 3, 6),
                                                                                                       until=date(2026, 3, 9))["from"]
    named(office, to="kit", from_=date(2026, 3, 7), until=date(2026, 3, 9))


def test_an_appointment_to_a_case_has_no_deputy(office):
    abel = office.who("abel").person
    case = office.begin("NOR").case
    office.write(sa.insert(t.holdings).values(id="k" * 32, person=abel, role="keeper", case_id=case, since=office.clock.now()))

    assert "appointment to one case" in refused(office, role="keeper")["role"]


def test_only_whose_role_it_is_or_an_administrator_names_a_deputy(office, kit):
    abel = office.who("abel").person
    with pytest.raises(NotAllowed):
        named(office, "hedy", "kit", of=abel)
    assert "Nobody makes themselves a deputy" in refused(office, "adam", "adam", of=abel)["to"]

    named(office, "adam", "kit", of=abel)
    assert office.who("kit").holding(["approver"]).deputy_of == abel


def test_ended_early_it_opens_nothing_more_and_what_was_taken_is_free(office, kit):
    period = named(office, to="kit")
    case = office.request()
    task = office.task(case.case, "approve")
    office.do("kit", actions.claim_task, task=task)
    with pytest.raises(NotFound):
        office.do("zoe", actions.end_deputy, deputy=period)

    office.do("abel", actions.end_deputy, deputy=period)

    assert office.one(sa.select(t.tasks.c.claimed_by).where(t.tasks.c.id == task)) is None
    with pytest.raises(NotFound):
        office.approve(case.case, "kit")
    with pytest.raises(AlreadyDone):
        office.do("kit", actions.end_deputy, deputy=period)
    office.approve(case.case, "abel")


def test_once_the_last_day_has_passed_what_the_deputy_had_taken_is_free(office, kit):
    period = named(office, to="kit")
    task = office.task(office.request().case, "approve")
    office.do("kit", actions.claim_task, task=task)
    office.do(None, actions.end_deputy, deputy=period)   # the system does not end what still lasts
    sweep(office.engine)
    assert office.one(sa.select(t.tasks.c.claimed_by).where(t.tasks.c.id == task)) == kit

    office.at(2026, 3, 7, 0, 1)
    sweep(office.engine)

    assert office.one(sa.select(t.tasks.c.claimed_by).where(t.tasks.c.id == task)) is None
    assert [row.details["to"] for row in office.trail(None, "deputy_ended")] == [kit]


def test_a_former_deputy_corrects_nothing_of_it(office):
    office.do(None, actions.add_person, "kim", "Kim Example", "kim@office.example", "OFF", [], secret="x")
    period = named(office, "rosa", "kim", role="requester@OFF")
    case = office.request("kim").case
    answer = office.one(sa.select(t.submissions.c.id).where(t.submissions.c.case_id == case, t.submissions.c.deputy_of == office.who("rosa").person))
    office.do("kim", actions.correct_answer, task=answer, answers={"what": "Pens"}, reason="Left out")
    office.do("rosa", actions.end_deputy, deputy=period)

    with pytest.raises(NotAllowed, match="you stand in no longer"):
        office.do("kim", actions.correct_answer, task=answer, answers={"what": "Chalk"}, reason="No")


def test_whose_role_has_ended_has_no_deputy_in_it(office, kit):
    named(office, to="kit")
    office.write(sa.update(t.holdings).where(t.holdings.c.person == office.who("abel").person).values(until=office.clock.now()))

    assert office.who("kit").roles() == frozenset()


def test_the_reason_is_sealed(office, kit):
    named(office, to="kit", reason="A fictional operation")

    assert b"operation" not in office.one(sa.select(t.deputies.c.reason))
    assert office.engine.ask(SYSTEM, queries.verify) == []


def test_the_deputy_in_a_role_of_the_board_comes_from_the_board(office):
    assert "holds no role of the board" in refused(office, "abel", "kate")["to"]
    office.do(None, actions.give_role, "kate", "board_member")
    named(office, "abel", "kate")


def test_whose_deputy_an_administrator_names_is_told_and_of_a_wide_role_whoever_manages_people(office, kit):
    named(office, "adam", to="kit", role="office", of=office.who("olga").person)
    told = {(row.message, row.person) for row in office.rows(sa.select(t.outbox.c.message, t.outbox.c.person))}

    assert told == {("deputy_named", office.who("olga").person), ("account_changed", office.who("adam").person), ("deputy_for", kit)}


def test_the_deputy_is_told_at_once_and_on_the_first_day_and_not_after_it_was_ended(office, kit):
    def told():
        return [(row.message, row.next_at.date()) for row in office.rows(sa.select(t.outbox).where(t.outbox.c.person == kit).order_by(t.outbox.c.next_at))]

    row = named(office, to="kit", from_=date(2026, 3, 4))
    assert told() == [("deputy_for", date(2026, 3, 2)), ("deputy_begins", date(2026, 3, 4))]
    office.do("kit", actions.end_deputy, row)
    assert told() == [("deputy_for", date(2026, 3, 2))]
