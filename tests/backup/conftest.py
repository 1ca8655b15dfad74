"""Boards to back up, and what must hold of one that was restored."""
from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from engine import SYSTEM, actions, queries
from engine.backup import Made, Restored, back_up, restore
from engine.progress.drafts import DraftPlace
from engine.queries.forms_to_answer import running
from engine.rules.passwords import hashed
from engine.store import tables as t
from tests.makers import Board, board, paper, settings

MASTER = settings("sqlite://").master_key


def copied(office: Board, to: Path) -> Made:
    return back_up(office.engine, to)


def restored(url: str, file: Path, identity: Path | None = None, **changed: Any) -> Restored:
    return restore(settings(url, **changed), file, identity)


def busy_day(office: Board) -> None:
    """Cases of every kind, at every step: begun, half done, over, held up, with papers, drafts, mail, breaches and a session."""
    office.request()
    bought = office.request("ruth", what="Zoë’s “pencils” – 5 £ \U0001f58d", suppliers=["QUI"], items=[{"name": "Ink", "pieces": 3}]).case
    office.approve(bought, "anna")
    office.quote(bought, "quin", "QUI")
    office.press(office.request().case, "withdraw", "rosa", reason="Enough")
    asked = office.begin("NOR", "SOU", paper=paper("On paper " * 9000))
    office.answer(asked.case, "NOR", "nora")
    office.press(asked.case, "decision_asked", asked_on="2026-03-02")
    office.do("saul", actions.save_draft, DraftPlace("task", office.task(asked.case, "answer", "SOU")), {"findings": "Half a sentence"})
    office.do("rosa", actions.save_draft, DraftPlace("start", "purchase", "request_made"), {"what": "Half a thing"})
    office.do("abel", actions.name_deputy, "approver", office.who("hedy").person, date(2026, 3, 3), date(2026, 3, 9), "Annual leave")
    office.do(None, actions.set_password, "rosa", hashed("four-fictional-words"))
    office.do(None, actions.sign_in, "rosa", office.engine.ask(SYSTEM, queries.whose_password, "rosa", "four-fictional-words"))


def everything(office: Board) -> dict[str, list[Any]]:
    """Every row of every table, in the order of its key."""
    return {table.name: [tuple(row) for row in office.rows(sa.select(table).order_by(*table.primary_key.columns))] for table in t.metadata.sorted_tables}


def rows_agree_with_processes(office: Board) -> None:
    """Every row opens; every case has all its steps, and the last one, resumed, waits for exactly the tasks and moments that stand in the tables."""
    assert office.engine.ask(SYSTEM, queries.verify) == []
    for case in office.rows(sa.select(t.cases)):
        versions = [row.version for row in office.rows(sa.select(t.steps.c.version).where(t.steps.c.case_id == case.id).order_by(t.steps.c.version))]
        assert versions == list(range(1, case.version + 1))
        open_tasks = {row.id for row in office.rows(sa.select(t.tasks.c.id).where(t.tasks.c.case_id == case.id, t.tasks.c.state == "open"))}
        if case.ended_at is None:
            process = office.ask("hedy", lambda look, case=case.id: running(look, look.case_by_id(case)))
            assert {task.id for task in process.open_tasks()} == open_tasks
        else:
            assert open_tasks == set()
    done = {row.id for row in office.rows(sa.select(t.tasks.c.id).where(t.tasks.c.state == "done"))}
    assert {row.details["task"] for row in office.trail(None, "task_completed")} == done
    assert {row.task for row in office.rows(sa.select(t.submissions.c.task).where(t.submissions.c.task.is_not(None)))} == done


__all__ = ["MASTER", "board", "busy_day", "copied", "everything", "restored", "rows_agree_with_processes"]
