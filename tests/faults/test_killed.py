"""Killed at any moment and started again: nothing that was acknowledged is lost or doubled, and nobody is stuck."""
from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engine import alarm
from engine.queries.forms_to_answer import running
from engine.store import tables as t
from tests.faults.worker import do_task, open_tasks
from tests.makers import MONDAY, ROOT, Board, board, filled


def lives(url: str, times: int, seed: int) -> list[dict[str, Any]]:
    """Everything that was acknowledged in so many lives, each ended by kill -9. Each begins a day after the last one did."""
    chance, acknowledged = random.Random(seed), []
    quiet = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-m", "tests.faults.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=quiet,
                          stderr=subprocess.DEVNULL) as nursery:
        assert nursery.stdin is not None
        assert nursery.stdout is not None
        heard = map(json.loads, filter(lambda line: line.startswith("{"), nursery.stdout))
        for life in range(times):
            at = (MONDAY + timedelta(days=life)).isoformat()
            nursery.stdin.write(json.dumps([url, at, chance.randrange(10 ** 6)]) + "\n")
            nursery.stdin.flush()
            pid, deeds, after = 0, 0, chance.choice([0, 1, 3, 6, 10, 15])
            for said in heard:
                acknowledged.append(said)
                pid = said.get("pid", pid)
                assert said["did"] != "failed", said
                deeds += said["did"] in ("case", "task", "press", "swept")
                if pid and said["did"] != "born" and deeds >= after:
                    os.kill(pid, signal.SIGKILL)
                    pid = 0
                    after = 10 ** 6
                if said["did"] == "died":
                    break
        nursery.stdin.close()
    return acknowledged


def check_everything(office: Board, acknowledged: list[dict[str, Any]], times: int) -> None:
    """All that must hold after whatever happened."""
    said = Counter(one["did"] for one in acknowledged)
    assert said["died"] == times
    assert said["case"]
    assert said["task"]

    # what was acknowledged is there, once; what was under way when the power went is there whole or not at all
    cases = {row.id: row for row in office.rows(sa.select(t.cases))}
    begun = [one["case"] for one in acknowledged if one["did"] == "case"]
    assert len(set(begun)) == len(begun)
    assert set(begun) <= set(cases)
    assert len(cases) <= len(begun) + times
    tasks = {row.id: row for row in office.rows(sa.select(t.tasks))}
    answers = Counter(row.task for row in office.rows(sa.select(t.submissions.c.task)))
    completed = Counter(row.details["task"] for row in office.trail(None, "task_completed"))
    done = {task for task, row in tasks.items() if row.state == "done"}
    acknowledged_tasks = [one["task"] for one in acknowledged if one["did"] == "task"]
    assert len(set(acknowledged_tasks)) == len(acknowledged_tasks)
    assert set(acknowledged_tasks) <= done
    assert {task for task in answers if task} == done == set(completed)
    assert max(completed.values()) == 1
    assert all(answers[task] == 1 for task in done)
    pressed = Counter((row.case_id, row.details["element"]) for row in office.trail(None, "action_pressed"))
    for press, times_pressed in Counter((one["case"], one["action"]) for one in acknowledged if one["did"] == "press").items():
        assert times_pressed <= pressed[press] <= times_pressed + times

    # references are counted without a gap
    references = sorted(row.reference for row in cases.values())
    for series in ("PUR", "CLK"):
        own = [reference for reference in references if reference.startswith(series)]
        assert own == [f"{series}-2026-{number:03}" for number in range(1, len(own) + 1)]

    # every step is there, the last one opens, and its tasks are those people see
    for case, row in cases.items():
        assert [step.version for step in office.rows(sa.select(t.steps.c.version).where(t.steps.c.case_id == case).order_by(t.steps.c.version))] == list(
            range(1, row.version + 1))
        still_open = {task for task, one in tasks.items() if one.case_id == case and one.state == "open"}
        if row.ended_at is None:
            process = office.ask("hedy", lambda look, case=case: running(look, look.case_by_id(case)))
            assert {task.id for task in process.open_tasks()} == still_open
            assert still_open, "nobody can go on with this case"
        else:
            assert not still_open


def check_clocks(office: Board) -> None:
    """Each clock was breached at most once, each timer fired once, and in order."""
    breaches = Counter((row.case_id, row.details["deadline"], row.details["item"]) for row in office.trail(None, "deadline_breached"))
    rows = Counter((row.case_id, row.name, row.item) for row in office.rows(sa.select(t.deadlines).where(t.deadlines.c.breached_at.is_not(None))))
    assert breaches == rows
    fired = Counter(row.kind for row in office.rows(sa.select(t.timers.c.kind).where(t.timers.c.fired_at.is_not(None))))
    events = Counter(row.event for row in office.trail(None, "reminded", "escalated"))
    assert events["reminded"] == fired["remind"] + fired["chase"]
    assert events["escalated"] == fired["escalate"]
    seen: dict[tuple[str, str, str], str] = {}
    for row in office.trail(None, "reminded", "deadline_breached", "escalated"):
        clock = (row.case_id, row.details["deadline"], row.details["item"])
        if row.event == "escalated":
            assert seen.get(clock) in ("deadline_breached", "escalated", "reminded")
        seen[clock] = row.event
    assert office.one(sa.select(sa.func.count()).select_from(t.timers).where(t.timers.c.fired_at.is_(None), t.timers.c.due_at <= office.clock.now())) == 0
    assert office.incidents() == []


def finish_everything(office: Board) -> None:
    """Nobody is stuck: what is open can be done, until all cases have ended."""
    for _ in range(60):
        waiting = open_tasks(office)
        if not waiting:
            break
        seen: set[str] = set()
        for row in waiting:
            if row.case_id not in seen:
                seen.add(row.case_id)
                do_task(office, row)
    assert {row.ended_at is not None for row in office.rows(sa.select(t.cases.c.ended_at))} == {True}
    assert office.one(sa.select(sa.func.count()).select_from(t.timers).where(t.timers.c.fired_at.is_(None))) == 0


def killed(url: str, times: int, seed: int) -> None:
    acknowledged = lives(url, times, seed)
    office = board(url, at=MONDAY + timedelta(days=times))
    check_everything(office, acknowledged, times)
    alarm.sweep(office.engine)
    check_clocks(office)
    assert alarm.sweep(office.engine) == 0
    if office.engine.database.sqlite:
        with office.engine.database.reading() as db:
            assert db.exec_driver_sql("pragma integrity_check").scalar() == "ok"
            assert db.exec_driver_sql("pragma foreign_key_check").all() == []
    finish_everything(office)
    office.engine.close()


def test_killed_ten_times_and_started_again(make_database, database_kind):
    killed(make_database(database_kind, filled), 10, seed=1)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(20))
def test_killed_many_times_and_started_again(make_database, database_kind, seed):
    killed(make_database(database_kind, filled), 30, seed)
