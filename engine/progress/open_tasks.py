"""Finding an open task and whether this person may do it: asked in the same words by every verb and page."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import AlreadyDone, NotAllowed, NotFound
from engine.store import tables as t
from engine.store.seen import sees_case

if TYPE_CHECKING:
    from engine.packs import Element
    from engine.rules.access import Actor
    from engine.work import Case

_OFFERED = sa.exists().where(t.offers.c.task == t.tasks.c.id, t.offers.c.holder.in_(sa.bindparam("holders", expanding=True)))
_TASK = sa.select(t.tasks, t.tasks.c.id.label("task"), t.people.c.name.label("done_by_name")).outerjoin(t.people, t.people.c.id == t.tasks.c.done_by).where(
    t.tasks.c.id == sa.bindparam("task"))
_OFFERED_TASK = _TASK.add_columns(_OFFERED.label("offered"))


def task_row(db: sa.Connection, actor: Actor, task: str) -> Any:
    """The task's row with who it is offered to; for an outsider there is no such task."""
    row = db.execute(_OFFERED_TASK, {"task": task, "holders": sorted(actor.holders)}).one_or_none()
    if row is None or not (row.offered or actor.person in (row.claimed_by, row.done_by)):
        raise NotFound
    return row


def readable_row(db: sa.Connection, actor: Actor, task: str) -> Any:
    """Like `task_row`, for reading: also done tasks for readers of answers, and open ones for those who may hand over, in cases they see."""
    try:
        return task_row(db, actor, task)
    except NotFound:
        row = db.execute(_TASK.join(t.cases, t.cases.c.id == t.tasks.c.case_id).where(sees_case(actor)), {"task": task}).one_or_none()
        needed = {"done": "see_answers", "open": "hand_over"}.get(row.state if row else "")
        if row is None or needed is None or not actor.may(needed, row.case_id):
            raise
        return row


def holders(db: sa.Connection, task: str) -> list[str]:
    """The holder strings a task is offered to."""
    return list(db.scalars(sa.select(t.offers.c.holder).where(t.offers.c.task == task)))


def still_open(row: Any, actor: Actor) -> None:
    """Refuse what is done, gone, or taken by a colleague other than one they stand in for."""
    if row.state == "done":
        who = "You have" if row.done_by == actor.person else f"{row.done_by_name} has"
        raise AlreadyDone(f"{who} already completed this task.", by=row.done_by_name, at=row.done_at)
    if row.state == "cancelled":
        raise AlreadyDone("This task is no longer needed: the process has moved on.")
    if row.claimed_by not in (None, actor.person) and not actor.stands_in_for(row.claimed_by):
        raise NotAllowed("A colleague has taken this task. Ask them to let it go, or to hand it over to you.")


def not_barred(db: sa.Connection, case: Case, element: Element, actor: Actor, item: str | None) -> None:
    """Refuse whoever did the task that this one must be independent of (property `not_by`)."""
    if actor.person and (name := barred_from(db, case, element, actor.person, item)):
        raise NotAllowed(f"You cannot check your own work: you did “{name}”. Someone else has to do this task.")


def barred_from(db: sa.Connection, case: Case, element: Element, person: str, item: str | None) -> str | None:
    """The task this person did that this one must be independent of, by its name."""
    for other in element.not_by:
        rows = db.execute(sa.select(t.submissions.c.by, t.submissions.c.item).where(
            t.submissions.c.case_id == case.id, t.submissions.c.element == other).order_by(t.submissions.c.round.desc())).all()
        if any(row.by == person and (row.item is None or row.item == item) for row in rows):
            return case.pack.elements[other].name or other
    return None


__all__ = ["barred_from", "holders", "not_barred", "readable_row", "still_open", "task_row"]
