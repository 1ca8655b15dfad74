"""The ledger of deadlines: one row a clock, its timers beside it, and the diagram in step."""
from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
import sqlalchemy as sa

from engine import actions, alarm, progress, queries
from engine.errors import Incident
from engine.outside.post import open_mail
from engine.packs import read_pack
from engine.rehearsal.play import rehearse
from engine.rehearsal.scenario import read_scenario
from engine.store import tables as t
from tests.makers import LONDON, ROOT, everything_else, settings


def states(office, case, name):
    return [(row.item, row.nth, row.state, row.due) for row in office.clocks(case, name)]


def waiting(office, case, name, item=""):
    """The timers still to fire: kind and local date."""
    d, k = t.deadlines, t.timers
    rows = office.rows(sa.select(k.c.kind, k.c.due_at).join(d, d.c.id == k.c.deadline).where(
        d.c.case_id == case, d.c.name == name, d.c.item == item, k.c.fired_at.is_(None)).order_by(k.c.due_at, k.c.kind))
    return [(row.kind, row.due_at.astimezone(LONDON).date()) for row in rows]


def sweep(office, *moment):
    office.at(*moment)
    return alarm.sweep(office.engine)


def mails(office, message):
    query = sa.select(t.outbox, t.people.c.login, t.cases.c.key).join(t.people, t.people.c.id == t.outbox.c.person).outerjoin(
        t.cases, t.cases.c.id == t.outbox.c.case_id).where(t.outbox.c.message == message).order_by(t.outbox.c.queued_at, t.people.c.login)
    return [(row.login, open_mail(office.engine, row)["subject"]) for row in office.rows(query)]


def test_a_clock_starts_for_each_item_and_plans_its_timers(both):
    case = both.begin("NOR", "SOU").case

    due = date(2026, 3, 9)
    assert states(both, case, "answer") == [("NOR", 1, "running", due), ("SOU", 1, "running", due)]
    assert waiting(both, case, "answer", "NOR") == [  # two days before is a Saturday, one a Sunday: both are said on the Friday, once
        ("remind", date(2026, 3, 6)), ("breach", date(2026, 3, 10)), ("escalate", date(2026, 3, 10)), ("chase", date(2026, 3, 10)),
        ("escalate", date(2026, 3, 13))]
    assert {row.due for row in both.rows(sa.select(t.tasks.c.due).where(t.tasks.c.element == "answer"))} == {due}
    assert [row.details for row in both.trail(case, "deadline_started") if row.details["deadline"] == "answer"] == [
        {"deadline": "answer", "item": item, "due": "2026-03-09"} for item in ("NOR", "SOU")]


def test_done_in_time_is_met_for_its_own_item_and_its_timers_go(both):
    case = both.begin("NOR", "SOU").case
    both.at(2026, 3, 9, 23, 59)
    both.answer(case, "NOR", "nora")

    assert [row[2] for row in states(both, case, "answer")] == ["met", "running"]
    assert waiting(both, case, "answer", "NOR") == []
    assert waiting(both, case, "answer", "SOU")
    assert both.clocks(case, "answer")[0].ended_on == date(2026, 3, 9)
    assert [row.details for row in both.trail(case, "deadline_met")] == [
        {"deadline": "answer", "item": "NOR", "due": "2026-03-09", "ended": "2026-03-09", "late_record": False}]


def test_a_breach_marks_the_row_and_moves_the_diagram_in_one_step(both):
    case = both.begin("NOR", "SOU").case
    both.answer(case, "SOU", "saul")
    assert sweep(both, 2026, 3, 9, 23, 59) == 1  # the reminder

    assert sweep(both, 2026, 3, 10, 0, 0) == 2  # breach, and who is told at once

    assert [row[2] for row in states(both, case, "answer")] == ["breached", "met"]
    assert both.task(case, "explain", "NOR")
    assert both.task(case, "answer", "NOR")
    assert [(row.event, row.details["item"]) for row in both.trail(case, "deadline_breached", "escalated")] == [
        ("deadline_breached", "NOR"), ("escalated", "NOR")]
    assert mails(both, "escalation") == [("olga", "CLK-2026-001: An agency answers is 1 days late"), ("omar", "CLK-2026-001: An agency answers is 1 days late")]


def test_done_after_the_breach_stays_breached_and_nobody_is_chased_any_more(office):
    case = office.begin("NOR").case
    sweep(office, 2026, 3, 10, 9)
    office.answer(case, "NOR", "nora")

    row = office.clocks(case, "answer")[0]
    assert (row.state, row.ended_on) == ("breached", date(2026, 3, 10))
    assert waiting(office, case, "answer", "NOR") == []
    assert sweep(office, 2026, 4, 10, 9) == 0


def test_a_breach_that_nobody_looked_for_is_still_one(office):
    case = office.begin("NOR").case
    office.at(2026, 3, 12, 9)
    office.answer(case, "NOR", "nora")

    assert [row[2] for row in states(office, case, "answer")] == ["breached"]
    assert len(office.trail(case, "deadline_breached")) == 1
    assert alarm.sweep(office.engine) == 0


def test_chasing_goes_on_as_the_deadline_says(office):
    case = office.begin("NOR").case
    fired = {day: sweep(office, 2026, 3, day, 12) for day in (6, 9, 10, 11, 12, 13, 16, 17, 18, 24)}

    assert fired == {6: 1, 9: 0, 10: 3, 11: 0, 12: 0, 13: 1, 16: 0, 17: 1, 18: 0, 24: 1}
    assert len(mails(office, "overdue")) == 3
    assert mails(office, "overdue")[0] == ("nora", "CLK-2026-001: An agency answers is late")
    assert [row.details["roles"] for row in office.trail(case, "escalated")] == [["office"], ["keeper"]]


def test_a_reminder_goes_to_whoever_has_taken_the_task(office):
    office.do(None, actions.add_person, "nell", "Nell Example", "nell@office.example", "NOR", ["rep@NOR"], secret="x")
    case = office.begin("NOR").case
    office.do("nell", actions.claim_task, office.task(case, "answer", "NOR"))
    sweep(office, 2026, 3, 6, 12)

    assert mails(office, "reminder") == [("nell", "CLK-2026-001: An agency answers, 3 days left")]


def test_a_reminder_that_comes_when_the_day_is_over_is_dropped(office):
    case = office.begin("NOR").case
    sweep(office, 2026, 3, 20, 12)

    assert mails(office, "reminder") == []
    assert [len(mails(office, "overdue")), len(office.trail(case, "reminded"))] == [1, 1]


def test_a_reminder_that_comes_on_the_day_itself_is_sent(office):
    office.begin("NOR")
    sweep(office, 2026, 3, 9, 12)

    assert [subject for _, subject in mails(office, "reminder")] == ["CLK-2026-001: An agency answers, 0 days left"]


def test_done_in_time_but_recorded_late_is_met_and_the_trail_says_so(office):
    case = office.begin("NOR").case
    office.answer(case, "NOR", "nora")
    office.press(case, "decision_asked", asked_on="2026-03-02")
    sweep(office, 2026, 3, 20, 9)
    assert states(office, case, "decision") == [("", 1, "breached", date(2026, 3, 16))]

    office.do("olga", actions.submit_task, office.task(case, "decide"), {"decided_on": "2026-03-16", "decision": "Yes"})

    assert states(office, case, "decision") == [("", 1, "met", date(2026, 3, 16))]
    assert [row.details["late_record"] for row in office.trail(case, "deadline_met") if row.details["deadline"] == "decision"] == [True]
    assert "recorded late" in str(office.ask("olga", queries.case_trail, "CLK-2026-001").rows)


def test_a_clock_that_starts_while_its_task_is_open_gives_the_task_its_date(office):
    case = office.begin("NOR").case
    office.answer(case, "NOR", "nora")
    task = office.task(case, "decide")
    assert office.ask("olga", queries.task_page, task).due is None

    office.press(case, "decision_asked", asked_on="2026-03-02")

    assert office.ask("olga", queries.task_page, task).due == date(2026, 3, 16)
    assert [row.due for row in office.ask("olga", queries.home).team if row.id == task] == [date(2026, 3, 16)]


def test_a_cancelled_clock_is_restarted_by_asking_again(office):
    case = office.begin("NOR").case
    office.press(case, "decision_asked", asked_on="2026-03-02")
    office.press(case, "decision_asked", asked_on="2026-03-04")  # still running: what restarts a step does not restart its clock
    office.press(case, "decision_stopped", why="Not yet")
    assert states(office, case, "decision") == [("", 1, "cancelled", date(2026, 3, 16))]
    assert waiting(office, case, "decision") == []
    assert [row.details for row in office.trail(case, "deadline_cancelled")] == [{"deadline": "decision", "item": ""}]

    office.press(case, "decision_asked", asked_on="2026-03-05")

    assert states(office, case, "decision") == [("", 1, "cancelled", date(2026, 3, 16)), ("", 2, "running", date(2026, 3, 19))]
    assert ("breach", date(2026, 3, 20)) in waiting(office, case, "decision")


def move_clock(work, case, name, due):
    """What a verb does that corrects the date a clock counts from."""
    here = progress.resume(work, work.hold(case))
    here.clocks.move(next(row for row in here.clocks.rows if row["name"] == name), due)
    progress.fire(here, work.now)


def test_a_moved_clock_takes_its_timers_its_task_and_its_diagram_along(office):
    case = office.begin("NOR").case
    office.do(None, move_clock, case, "answer", date(2026, 3, 16))

    assert [row.details for row in office.trail(case, "deadline_moved")] == [
        {"deadline": "answer", "item": "NOR", "due": "2026-03-16", "before": "2026-03-09"}]
    assert [kind for kind, _ in waiting(office, case, "answer", "NOR")].count("breach") == 1
    assert office.ask("nora", queries.home).team[0].due == date(2026, 3, 16)
    assert sweep(office, 2026, 3, 12, 9) == 0
    sweep(office, 2026, 3, 17, 0)
    assert states(office, case, "answer") == [("NOR", 1, "breached", date(2026, 3, 16))]
    assert office.task(case, "explain", "NOR")


def test_a_breached_clock_that_is_moved_may_be_breached_again(office):
    case = office.begin("NOR").case
    sweep(office, 2026, 3, 10, 9)
    office.do("nora", actions.submit_task, office.task(case, "explain", "NOR"), {"why": "Snow"})
    office.do(None, move_clock, case, "answer", date(2026, 3, 16))
    assert states(office, case, "answer") == [("NOR", 1, "running", date(2026, 3, 16))]

    sweep(office, 2026, 3, 17, 9)

    assert [row[2] for row in states(office, case, "answer")] == ["breached"]
    assert office.task(case, "explain", "NOR")


def test_a_repeating_clock_is_reckoned_from_its_first_start(office):
    case = office.begin("NOR").case
    office.at(2026, 4, 20, 9)
    office.press(case, "looked", why="As always")
    office.at(2026, 7, 1, 9)
    office.press(case, "looked", why="Late this time")

    assert states(office, case, "look_again") == [
        ("", 1, "met", date(2026, 4, 27)), ("", 2, "breached", date(2026, 6, 22)), ("", 3, "running", date(2026, 8, 17))]


def test_when_the_case_ends_no_clock_runs_on(both):
    case = both.begin("NOR").case
    sweep(both, 2026, 3, 10, 9)
    both.press(case, "decision_asked", asked_on="2026-03-02")
    both.press(case, "dropped_it", why="Enough")

    assert {(row.name, row.state, row.ended_at is not None) for row in both.clocks(case)} == {
        ("answer", "breached", True), ("decision", "cancelled", True), ("look_again", "cancelled", True)}
    assert both.one(sa.select(sa.func.count()).select_from(t.timers).where(t.timers.c.fired_at.is_(None))) == 0
    assert sweep(both, 2027, 3, 10, 9) == 0


def test_a_date_that_is_not_there_is_an_incident_and_changes_nothing(office, monkeypatch):
    case = office.begin("NOR").case
    pack = office.engine.shelf.pack(None, office.one(sa.select(t.cases.c.release)))
    monkeypatch.setitem(pack.deadlines, "decision", replace(pack.deadlines["decision"], from_="answers.began.keeper"))
    monkeypatch.delitem(vars(pack), "deadlines_moved_by")   # made from the deadlines
    before = everything_else(office.engine)

    with pytest.raises(Incident, match="empty"):
        office.press(case, "decision_asked", asked_on="2026-03-02")

    assert everything_else(office.engine) == before


def test_the_rehearsal_of_the_clocks_goes_well():
    for name in ("purchase", "clocks"):
        pack = read_pack(ROOT / "tests/packs" / name)
        for file in sorted((ROOT / "tests/packs" / name / "scenarios").glob("*.toml")):
            if file.name != "board.toml":
                assert rehearse(read_scenario(file, LONDON), pack, settings("sqlite://")).failures == []
