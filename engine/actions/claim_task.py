"""Take a task, so that colleagues know that it is being done."""
from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.errors import NotFound
from engine.progress.open_tasks import not_barred, still_open, task_row
from engine.store import tables as t

if TYPE_CHECKING:
    from engine.work import Work


def claim_task(work: Work, task: str) -> None:
    """The task is yours until you do it, let it go or hand it over."""
    row = task_row(work.db, work.actor, task)
    case = work.hold(row.case_id)
    row = task_row(work.db, work.actor, task)
    if work.actor.person is None:
        raise NotFound
    still_open(row, work.actor)
    not_barred(work.db, case, case.pack.tasks[row.element], work.actor, row.item)
    work.write(sa.update(t.tasks).where(t.tasks.c.id == task).values(claimed_by=work.actor.person))
    work.record("task_claimed", task=task, element=row.element, item=row.item)
