"""Hand a task to a particular colleague."""
from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine import progress
from engine.errors import NotAllowed, NotFound
from engine.progress import mail
from engine.progress.open_tasks import barred_from, holders, still_open
from engine.store import tables as t
from engine.store.seen import sees_case

if TYPE_CHECKING:
    from engine.work import Work


def hand_over_task(work: Work, task: str, to: str) -> None:
    """The task is theirs. Whoever has it may do this, and a manager with the permission, also past an absent colleague."""
    found = work.db.scalar(sa.select(t.tasks.c.case_id).where(t.tasks.c.id == task))
    if found is None:
        raise NotFound
    case = work.hold(found)
    offered = holders(work.db, task)
    row = work.db.execute(sa.select(t.tasks, t.people.c.name.label("done_by_name")).outerjoin(t.people, t.people.c.id == t.tasks.c.done_by)
                          .where(t.tasks.c.id == task)).one()
    visible = work.db.scalar(sa.select(t.cases.c.id).where(t.cases.c.id == case.id, sees_case(work.actor))) is not None
    if not (visible and work.actor.may("hand_over", case.id)):
        if not (row.claimed_by == work.actor.person or work.actor.answers_to(offered)):
            raise NotFound
        still_open(row, work.actor)
    elif row.state != "open":
        still_open(row, work.actor)
    colleagues = mail.holders_of(work.db, offered, work.today)
    if to not in colleagues:
        raise NotAllowed("This task can only be handed to someone it is offered to.")
    element = case.pack.tasks[row.element]
    if barred_from(work.db, case, element, to, row.item) is not None:
        raise NotAllowed("This colleague did the task it has to be independent of. Choose someone else.")
    work.write(sa.update(t.tasks).where(t.tasks.c.id == task).values(claimed_by=to))
    work.record("task_handed_over", task=task, element=row.element, item=row.item, to=to)
    if progress.NEW_TASK in case.pack.messages:
        mail.tell(work, case, progress.NEW_TASK, [to], due=row.due, task=element.name,
                  link=f"{work.settings.mail.base_url}/tasks/{task}")
