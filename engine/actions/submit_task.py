"""Complete a task with its form's answers."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine import progress
from engine.errors import NotFound
from engine.progress.answers import keep, take
from engine.progress.asked import asked_of_task
from engine.progress.open_tasks import not_barred, still_open, task_row
from engine.store import tables as t
from engine.store.written import told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.work import Work

_DONE = told(sa.update(t.tasks).where(t.tasks.c.id == sa.bindparam("this")).values(state="done"))
_OFFERED_NO_MORE = told(sa.update(t.offers).where(t.offers.c.task == sa.bindparam("this")).values(open=False))


def submit_task(work: Work, task: str, answers: Mapping[str, Any]) -> str:
    """The task is done, and the process has gone on. Gives the id of its case."""
    if work.actor.person is None:
        raise NotFound
    case = work.hold_case_of(task)
    row = task_row(work.db, work.actor, task)
    still_open(row, work.actor)
    not_barred(work.db, case, case.pack.tasks[row.element], work.actor, row.item)

    here = progress.resume(work, case)
    asked = asked_of_task(here.looked_up, row, here.variables(task))
    values = keep(here, take(work, case.pack, asked, answers))
    work.write(_DONE, {"this": task, "done_at": work.now, "done_by": work.actor.person})
    work.write(_OFFERED_NO_MORE, {"this": task})
    work.record("task_completed", task=task, element=row.element, item=row.item, round=row.round)
    progress.complete(here, task, values)
    return case.id
