"""Processes kept in memory between steps: quicker, and never anything else."""
from __future__ import annotations

import random
import threading

import pytest
import sqlalchemy as sa

import engine as engine_module
from engine import actions, alarm, queries
from engine.errors import Incident, Refused
from engine.progress.clocks import Clocks
from engine.progress.drafts import DraftPlace
from engine.queries.forms_to_answer import running
from engine.store import tables as t
from engine.store.erasing import erase
from tests.makers import board, filled


def shape(office):
    """Everything a person could notice, without ids."""
    k, d = t.tasks, t.deadlines
    return {
        "tasks": sorted(map(tuple, office.rows(sa.select(t.cases.c.reference, k.c.element, sa.func.coalesce(k.c.item, ""), k.c.round, k.c.state, k.c.offered_at)
                                               .join(t.cases, t.cases.c.id == k.c.case_id)))),
        "cases": sorted(map(tuple, office.rows(sa.select(t.cases.c.reference, sa.func.coalesce(t.cases.c.stage, ""), t.cases.c.version,
                                                         sa.func.coalesce(t.cases.c.outcome, ""))))),
        "clocks": sorted(map(tuple, office.rows(sa.select(t.cases.c.reference, d.c.name, d.c.item, d.c.nth, d.c.state, d.c.due)
                                                .join(t.cases, t.cases.c.id == d.c.case_id)))),
        "trail": [(reference, row.event, row.details.get("element"), row.details.get("item"), row.details.get("deadline"))
                  for reference, case in sorted(map(tuple, office.rows(sa.select(t.cases.c.reference, t.cases.c.id)))) for row in office.trail(case)],
    }


def story(office, seed):
    """The same deeds for the same seed, whatever they come to."""
    chance, cases, day = random.Random(seed), [], 2
    for _ in range(35):
        deed = chance.choice(["request", "begin", "approve", "refuse", "quote", "answer", "explain", "ask", "stop", "decide", "withdraw", "wait"])
        case = chance.choice(cases) if cases else None
        person, answers = {
            "approve": ("abel", {"decision": "approve"}), "refuse": ("abel", {"decision": "refuse", "comment": "No"}),
            "quote": ("quin", {"price": 3, "delivery_on": "2026-05-01"}), "answer": ("nora", {"findings": "x"}), "explain": ("nora", {"why": "x"}),
            "decide": ("olga", {"decided_on": "2026-03-05", "decision": "Yes"})}.get(deed, ("olga", {}))
        try:
            if deed == "request":
                cases.append(office.request(suppliers=["QUI"]).case)
            elif deed == "begin":
                cases.append(office.begin("NOR").case)
            elif deed == "wait":
                day = min(day + chance.randint(1, 4), 31)
                office.at(2026, 3, day, 9)
                alarm.sweep(office.engine)
            elif case and deed in ("ask", "stop", "withdraw"):
                action = {"ask": "decision_asked", "stop": "decision_stopped", "withdraw": "withdraw"}[deed]
                office.press(case, action, "rosa" if deed == "withdraw" else "olga",
                             **{"ask": {"asked_on": "2026-03-02"}, "stop": {"why": "x"}, "withdraw": {"reason": "x"}}[deed])
            elif case:
                element = {"refuse": "approve"}.get(deed, deed)
                task = office.one(sa.select(t.tasks.c.id).where(t.tasks.c.case_id == case, t.tasks.c.element == element).order_by(t.tasks.c.state.desc()))
                office.do(person, actions.submit_task, task or "0" * 32, answers)
        except Refused:
            pass


def as_stored(look, case):
    """The process as the database holds it."""
    return running(look, look.case_by_id(case))


@pytest.mark.parametrize("seed", range(4))
def test_a_story_comes_out_the_same_with_and_without_them(make_database, tmp_path, seed, monkeypatch):
    url = make_database("sqlite", filled)
    kept, opened = board(url, tmp_path), board(make_database("sqlite", filled), tmp_path)

    story(kept, seed)
    monkeypatch.setattr(engine_module.Engine, "_keep_alive", lambda self, work: None)
    story(opened, seed)

    assert not opened.engine._live
    assert shape(kept) == shape(opened)
    again = board(url, tmp_path)  # and whoever comes next reads the same
    for case, (version, process) in kept.engine._live.items():
        assert version == kept.one(sa.select(t.cases.c.version).where(t.cases.c.id == case))
        stored = again.ask("hedy", as_stored, case)
        assert {task.id for task in stored.open_tasks()} == {task.id for task in process.open_tasks()}
        assert (stored.ended, stored.outcome, stored.stage) == (process.ended, process.outcome, process.stage)
    for office in (kept, opened, again):
        office.engine.close()


def test_a_step_that_failed_leaves_nothing_behind(office, monkeypatch):
    case = office.request().case
    assert case in office.engine._live

    def fail(*_):
        raise Incident("made to fail")

    with monkeypatch.context() as trouble:
        trouble.setattr(Clocks, "_end", fail)  # after the token has moved
        with pytest.raises(Incident):
            office.approve(case)

    assert case not in office.engine._live
    office.approve(case)
    assert office.task(case, "quote", "QUI")


def test_a_commit_that_fails_leaves_nothing_behind(office, monkeypatch):
    case = office.request().case
    task = office.task(case, "approve")

    def fail(self):
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as trouble:
        trouble.setattr(engine_module.Work, "finish", fail)
        with pytest.raises(RuntimeError):
            office.approve(case)

    assert case not in office.engine._live
    office.approve(case)
    assert office.task(case, "approve", state="done") == task


def test_a_step_made_elsewhere_is_seen(make_database, tmp_path):
    url = make_database("sqlite", filled)
    here, there = board(url, tmp_path), board(url, tmp_path)
    case = here.request().case
    there.approve(case)

    here.quote(case, "quin", "QUI")
    there.quote(case, "inez", "INK")

    assert here.one(sa.select(t.cases.c.outcome)) == "ordered"
    here.engine.close()
    there.engine.close()


def test_what_another_process_has_erased_is_neither_shown_nor_written_here_and_soon_forgotten(make_database, tmp_path):
    url = make_database("sqlite", filled)
    here, there = board(url, tmp_path), board(url, tmp_path)
    made = here.request()
    task = here.task(made.case, "approve")
    there.approve(made.case, decision="refuse", comment="No")
    with there.engine.database.writing() as db:
        erase(db, made.case)
    assert made.case in here.engine._live

    for deed in (lambda: here.do("abel", actions.submit_task, task, {"decision": "approve"}), lambda: here.press(made.case, "withdraw", "rosa", reason="x"),
                 lambda: here.do("abel", actions.save_draft, DraftPlace("task", task), {"comment": "x"}), lambda: here.ask("abel", queries.task_page, task)):
        with pytest.raises(Refused):
            deed()
    assert here.rows(sa.select(t.steps).where(t.steps.c.case_id == made.case)) == []
    alarm.sweep(here.engine)
    assert made.case not in here.engine._live
    here.engine.close()
    there.engine.close()


def test_a_refusal_keeps_a_case_going(office):
    case = office.request(amount=50_000).case
    with pytest.raises(Refused):
        office.approve(case)
    office.approve(case, decision="refuse", comment="No")
    assert office.one(sa.select(t.cases.c.outcome)) == "refused"
    assert case not in office.engine._live


def test_many_at_once_never_trip_over_making_room(office, monkeypatch):
    monkeypatch.setattr(engine_module, "MOST_LIVE", 2)
    problems = []

    def begin():
        try:
            for _ in range(10):
                office.request()
        except Exception as problem:  # noqa: BLE001 - a thread's failure is told below
            problems.append(problem)

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert problems == []
    assert len(office.engine._live) <= 2
