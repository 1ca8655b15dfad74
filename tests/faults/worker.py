"""Someone at work, to be killed: does what there is to do on a board, and says on stdout what has been done.

Started once; for each line on stdin (address, moment, seed) it forks a worker, so that a life begins in tenths of a second."""
from __future__ import annotations

import json
import os
import random
import sys
import threading
from contextlib import suppress
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine import actions, alarm
from engine.errors import Refused
from engine.store import tables as t
from tests.makers import Board, board

ANSWERS: dict[str, tuple[str, dict[str, Any]]] = {
    "approve": ("abel", {"decision": "approve"}), "give_reason": ("abel", {"reason": "Snow"}), "quote": ("", {"price": 3, "delivery_on": "2026-05-01"}),
    "answer": ("", {"findings": "Nothing"}), "explain": ("", {"why": "Snow"}), "decide": ("olga", {"decided_on": "2026-03-05", "decision": "Yes"})}
OF_AGENCY = {"QUI": "quin", "INK": "inez", "NOR": "nora", "SOU": "saul"}


def told(**deed: Any) -> None:
    os.write(1, json.dumps(deed).encode() + b"\n")  # one write: whole or not at all


def do_task(office: Board, row: Any) -> None:
    """One open task is done by whoever may do it."""
    login, answers = ANSWERS[row.element]
    office.do(login or OF_AGENCY[row.item], actions.submit_task, task=row.id, answers=answers)


def open_tasks(office: Board) -> list[Any]:
    k = t.tasks
    return office.rows(sa.select(k.c.id, k.c.element, k.c.item, k.c.case_id).where(k.c.state == "open").order_by(k.c.id))


def one_deed(office: Board, chance: random.Random) -> None:
    """Something happens, and only then is it told."""
    waiting = open_tasks(office)
    deed = chance.choice(["request", "begin", "task", "task", "task", "task", "withdraw", "ask"])
    if deed == "request" or not waiting:
        told(did="case", case=office.request().case)
    elif deed == "begin":
        told(did="case", case=office.begin("NOR", "SOU").case)
    elif deed == "task":
        row = chance.choice(waiting)
        do_task(office, row)
        told(did="task", task=row.id, case=row.case_id)
    else:
        row = chance.choice(waiting)
        bought = row.element in ("approve", "quote", "give_reason")
        if bought and deed == "withdraw":
            office.press(row.case_id, "withdraw", "rosa", reason="Enough")
            told(did="press", case=row.case_id, action="withdraw")
        elif not bought:
            office.press(row.case_id, "decision_asked", asked_on="2026-03-02")
            told(did="press", case=row.case_id, action="decision_asked")


def live(url: str, at: str, seed: int) -> None:
    """Work until killed; beside it another thread fires what has fallen due."""
    office, chance = board(url, at=datetime.fromisoformat(at)), random.Random(seed)
    told(did="woke")
    threading.Thread(target=lambda: told(did="swept", fired=alarm.sweep(office.engine)), daemon=True).start()
    while True:
        with suppress(Refused):  # the other thread was quicker
            one_deed(office, chance)


def main() -> None:
    for line in sys.stdin:
        url, at, seed = json.loads(line)
        child = os.fork()
        if child == 0:
            try:
                live(url, at, seed)
            except BaseException as problem:  # noqa: BLE001 - told to whoever started this
                told(did="failed", why=f"{type(problem).__name__}: {problem}"[:400])
            os._exit(1)
        told(did="born", pid=child)
        os.waitpid(child, 0)
        told(did="died")


if __name__ == "__main__":
    main()
