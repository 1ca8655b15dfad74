"""What fell due while nobody looked fires once and in order, whoever looks, and one broken case holds up nobody."""
from __future__ import annotations

import threading
import time
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from engine import SYSTEM, alarm
from engine.actions import fire_timer, name_deputy
from engine.errors import NotAllowed
from engine.progress.clocks import Clocks
from engine.store import tables as t
from tests.makers import board, filled


def fired(office):
    """What the trail says the clocks did, as it happened."""
    return [(row.case_id, row.event, row.details["deadline"], row.details["item"])
            for row in office.trail(None, "reminded", "deadline_breached", "escalated")]


def test_what_fell_due_while_down_fires_once_each_and_in_order(both):
    first, second = both.begin("NOR", "SOU").case, both.request().case
    both.at(2026, 3, 11, 9)

    assert alarm.sweep(both.engine) == 2 * 4 + 3  # for each agency a reminder, breach, escalation and chase; for the request no chase
    assert alarm.sweep(both.engine) == 0

    happened = fired(both)
    assert both.one(sa.select(sa.func.count()).select_from(t.timers).where(t.timers.c.fired_at.is_not(None))) == 11
    assert len(happened) == 8, "its day is over: the three reminders say nothing any more"
    for item in ("NOR", "SOU"):
        assert [event for case, event, _, of in happened if (case, of) == (first, item)] == ["deadline_breached", "escalated", "reminded"]
    assert [event for case, event, *_ in happened if case == second] == ["deadline_breached", "escalated"]
    assert both.task(second, "give_reason")
    assert both.task(first, "explain", "NOR")
    assert both.task(first, "explain", "SOU")


def test_an_early_breach_does_not_carry_a_later_one_after_a_long_night(office):
    early = office.begin("NOR").case
    office.press(early, "decision_asked", asked_on="2026-03-02")
    office.at(2026, 4, 1, 9)
    alarm.sweep(office.engine)

    happened = [(event, name) for _, event, name, _ in fired(office)]
    assert happened.index(("deadline_breached", "answer")) < happened.index(("escalated", "answer")) < happened.index(("deadline_breached", "decision"))
    assert happened.count(("deadline_breached", "answer")) == happened.count(("deadline_breached", "decision")) == 1


def test_two_sweepers_at_once_fire_each_timer_once(make_database, database_kind, tmp_path):
    url = make_database(database_kind, filled)
    offices = [board(url, tmp_path), board(url, tmp_path)]
    cases = [offices[0].begin("NOR", "SOU").case for _ in range(5)]
    for office in offices:
        office.at(2026, 3, 10, 12)

    together, counts = threading.Barrier(2), []

    def look(office):
        together.wait()
        counts.append(alarm.sweep(office.engine))

    threads = [threading.Thread(target=look, args=[office]) for office in offices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(counts) == 5 * 2 * 4
    happened = fired(offices[0])
    assert sum(event == "deadline_breached" for _, event, *_ in happened) == 10
    assert all(offices[0].task(case, "explain", item) for case in cases for item in ("NOR", "SOU"))
    assert offices[0].trail(None, "incident", "refused") == []
    for office in offices:
        office.engine.close()


@pytest.mark.parametrize("break_it", [
    lambda office, case: [sa.update(t.cases).where(t.cases.c.id == case).values(key=b"x" * 60)],
    lambda office, case: [sa.update(t.cases).where(t.cases.c.id == case).values(version=t.cases.c.version + 7)],
    lambda office, case: [sa.update(t.cases).where(t.cases.c.id == case).values(key=None)],
], ids=["a damaged key", "a step that is not there", "an erased case"])
def test_one_broken_case_does_not_hold_up_others(office, break_it):
    broken, sound = office.begin("NOR").case, office.begin("NOR").case
    office.engine._live.clear()
    office.write(*break_it(office, broken))
    office.at(2026, 3, 11, 9)

    alarm.sweep(office.engine)
    before = len(office.incidents()), len(office.trail(broken))
    alarm.sweep(office.engine)
    alarm.sweep(office.engine)

    assert office.task(sound, "explain", "NOR")
    assert (len(office.incidents()), len(office.trail(broken))) == before  # told once, however often it is tried


def test_an_error_of_ours_does_not_hold_up_others_either(office, monkeypatch):
    broken, sound = office.begin("NOR").case, office.begin("NOR").case
    office.at(2026, 3, 11, 9)
    honest = Clocks.breach
    monkeypatch.setattr(Clocks, "breach", lambda self, row: honest(self, row) if self.case.id == sound else {}["missing"])

    alarm.sweep(office.engine)

    assert office.task(sound, "explain", "NOR")
    assert [row.state for row in office.clocks(broken, "answer")] == ["running"]


def test_nobody_but_the_system_fires_timers(office):
    office.begin("NOR")
    office.at(2026, 3, 11, 9)
    timer = office.one(sa.select(t.timers.c.id).where(t.timers.c.kind == "breach").order_by(t.timers.c.due_at))

    with pytest.raises(NotAllowed):
        office.do("hedy", fire_timer, timer)
    assert office.engine.perform(SYSTEM, fire_timer, timer) is True
    assert office.engine.perform(SYSTEM, fire_timer, timer) is False
    assert office.engine.perform(SYSTEM, fire_timer, "0" * 32) is False


def test_ten_thousand_waiting_timers_cost_what_none_do(both):
    case = both.request().case
    both.at(2026, 3, 2, 10)

    def quickest():
        times = []
        for _ in range(40):
            begun = time.perf_counter()
            assert alarm.sweep(both.engine) == 0
            times.append(time.perf_counter() - begun)
        return min(times)

    before = quickest()
    far = datetime(2031, 1, 1, tzinfo=UTC)
    both.write(*[sa.insert(t.timers).values([{"id": f"{start + number:032}", "case_id": case, "due_at": far + timedelta(minutes=number), "kind": "event"}
                                             for number in range(3_500)]) for start in (10_000, 20_000, 30_000)])
    ratio = quickest() / before
    assert ratio < 4, f"with ten thousand waiting, a look at what is due takes {ratio:.1f} times as long"


def test_the_alarm_clock_fires_what_is_due_and_stops(office):
    office.begin("NOR")
    office.at(2026, 3, 10, 9)
    clock = alarm.Alarm(office.engine)
    clock.scheduler.add_listener(lambda event: done.set() if event.job_id == sweeping else None, 1 << 12)
    done = threading.Event()
    clock.start()
    sweeping = next(job.id for job in clock.scheduler.get_jobs() if job.func is alarm.sweep)
    assert done.wait(20)
    clock.stop()

    assert not clock.scheduler.running
    assert office.trail(None, "deadline_breached")


def test_what_cannot_be_ended_holds_up_neither_the_rest_nor_the_deadlines(office, monkeypatch):
    """A deputy whose days are over, whom no deed can end: a fault of ours."""
    office.begin("NOR")
    office.do("nora", name_deputy, "rep@NOR", office.who("nils").person, date(2026, 3, 2), date(2026, 3, 3), "Away")
    tried = []

    def end_deputy(work, row):
        tried.append(row)
        raise ZeroDivisionError

    monkeypatch.setattr(alarm, "ENDINGS", ((alarm.deputies_over, end_deputy), *alarm.ENDINGS[1:]))
    office.at(2026, 12, 1, 9)

    assert alarm.sweep(office.engine) > 0
    assert len(tried) == 1
