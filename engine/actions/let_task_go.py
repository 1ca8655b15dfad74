"""Give a task back to the team."""
from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.errors import NotAllowed
from engine.progress.open_tasks import still_open, task_row
from engine.store import tables as t

if TYPE_CHECKING:
    from engine.work import Work


def let_task_go(work: Work, task: str) -> None:
    """Anyone it is offered to may take it again. What was saved as a draft stays with its writer."""
    row = task_row(work.db, work.actor, task)
    work.hold(row.case_id)
    row = task_row(work.db, work.actor, task)
    still_open(row, work.actor)
    if row.claimed_by is None:
        raise NotAllowed("Nobody has taken this task.")
    work.write(sa.update(t.tasks).where(t.tasks.c.id == task).values(claimed_by=None))
    work.record("task_let_go", task=task, element=row.element, item=row.item)
