"""What a person may see, as conditions for queries: every query about cases goes through one of these. And as the eyes PostgreSQL holds them to."""
from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.errors import NotFound
from engine.rules.access import SYSTEM
from engine.store import tables as t
from engine.store.eyes import ALL, MACHINE, OF_A_PERSON, Eyes

if TYPE_CHECKING:
    from engine.rules.access import Actor


def sees_case(actor: Actor) -> sa.ColumnElement[bool]:
    """A condition on `cases`: need to know, and nothing more.

    Whoever may see all cases; else whoever started it, was ever offered a task of it, is appointed in it, or sees the cases of the agency whose
    case it is: matched holding by holding, so that a role at another agency opens nothing."""
    if actor is SYSTEM or actor.may("see_all_cases"):
        return sa.true()
    offered = sa.exists().where(t.offers.c.case_id == t.cases.c.id, t.offers.c.holder.in_(sorted(actor.holders)))
    appointed = [held.case for held in actor.holdings if held.case]
    return sa.or_(t.cases.c.started_by == actor.person, offered, t.cases.c.id.in_(appointed), t.cases.c.agency.in_(sorted(actor.sees_agencies)))


def visible_case(db: sa.Connection, actor: Actor, case: str) -> None:
    """Refuse, in the words for what is not there, a case this person may not see."""
    if db.scalar(sa.select(t.cases.c.id).where(t.cases.c.id == case, sees_case(actor))) is None:
        raise NotFound


def eyes_of(actor: Actor) -> Eyes:
    """What the database itself lets this actor read, if a query forgets to ask. A person writes to cases that are held, and to no others."""
    if actor is SYSTEM:
        return MACHINE
    return Eyes(reads=ALL if actor.may("see_all_cases") else OF_A_PERSON, person=actor.person or "", holders=actor.holders, agencies=actor.sees_agencies,
                may=[word for word in ("see_status", "manage_people") if actor.may(word)])
