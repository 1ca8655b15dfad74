"""Who may read an answer, or a file that came with one. What people see, and what they may hand on as their own, is asked here."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine import feel
from engine.errors import Incident
from engine.progress.names import Names
from engine.progress.registers import rows_of
from engine.store import tables as t

if TYPE_CHECKING:
    from datetime import datetime

    from engine.forms import Field
    from engine.packs.manifest import Register
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


def reads_register(actor: Actor, case: Case, known: Register) -> bool:
    """May this person, who sees the case, read this register, if not all of its rows?"""
    return bool(actor.roles(case.id).intersection(known.visible_to)) if known.visible_to else actor.may("see_answers", case.id)


def reads_some_rows(actor: Actor, case: Case, known: Register) -> frozenset[str] | None:
    """The agencies whose rows this person reads before they are for every agency; None if they read all anyway."""
    if known.own_rows is None or not known.visible_to:
        return None
    reading = [held for held in actor.holdings if held.role in known.visible_to and held.case in (None, case.id)]
    if any(held.role in known.all_rows or held.role not in case.pack.roles or "agency" not in case.pack.roles[held.role].scope for held in reading):
        return None
    return frozenset(held.agency for held in reading if held.agency)


def rows_for(db: sa.Connection, actor: Actor, case: Case, known: Register, names: Names, now: datetime) -> list[dict[str, Any]]:
    """The rows of this register that this person, who may read it, may read: who reads for an agency, its own, and those that are for every agency."""
    rows = rows_of(db, case, [known.id])[known.id]
    agencies = reads_some_rows(actor, case, known)
    if agencies is None:
        return rows
    return [row for row in rows if _of(row.get(known.own_rows or ""), agencies) or _open(known, row, names, now)]


def _of(value: Any, agencies: frozenset[str]) -> bool:
    return not agencies.isdisjoint(value if isinstance(value, list) else [value])


def _open(known: Register, row: dict[str, Any], names: Names, now: datetime) -> bool:
    """Is this row for every agency? Where that cannot be told, it is not."""
    if known.open_when is None:
        return False
    try:
        return feel.evaluate(known.open_when, {**names.of(feel.paths(known.open_when)), "row": row}, now) is True
    except feel.FeelError as problem:
        raise Incident(str(problem), element=known.id) from problem
