"""Who may read an answer, or a file that came with one. What people see, and what they may hand on as their own, is asked here."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.store import tables as t

if TYPE_CHECKING:
    from engine.forms import Field
    from engine.rules.access import Actor
    from engine.work import Case


def question(case: Case, element: str, path: str) -> Field | None:
    """The question of this element's form that was answered at this path."""
    form = case.pack.form_of(element)
    return next((field for at, field in form.questions() if at == path), None) if form else None


def may_read(actor: Actor, case: Case, element: str, path: str, agency: str | None) -> bool:
    """May this person, who may read answers here, read this one of this agency? Some are for certain roles alone."""
    field = question(case, element, path)
    return field is None or not field.visible_to or bool(actor.roles(case.id, agency).intersection(field.visible_to))


def reads_file(db: sa.Connection, actor: Actor, case: Case, row: Any) -> bool:
    """May this person, who sees the case, read this file? If they gave it, read answers here, or were offered the task it came with."""
    if row.by == actor.person:
        return True
    agency = db.scalar(sa.select(t.tasks.c.agency).where(t.tasks.c.id == row.task)) if row.task else None
    offered = list(db.scalars(sa.select(t.offers.c.holder).where(t.offers.c.task == row.task))) if row.task else []
    return (actor.may("see_answers", case.id) or actor.answers_to(offered)) and may_read(actor, case, row.element, row.field, agency)
