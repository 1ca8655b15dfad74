"""Which accounts may come in: a condition for queries, so that it costs no question of its own."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.store import tables as t

if TYPE_CHECKING:
    from datetime import date


def may_come_in(day: date | sa.BindParameter[Any]) -> sa.ColumnElement[bool]:
    """A condition on `people`: the account is open on this day. A guest's is while one of the cases they have a role in runs, or a role beside it."""
    p = t.people
    return sa.and_(p.c.active, sa.or_(p.c.ends_on.is_(None), p.c.ends_on >= day), sa.or_(sa.not_(p.c.guest), _still_has_a_part()))


def is_over(day: date) -> sa.ColumnElement[bool]:
    """A condition on `people`: the account is marked open, and its time has passed."""
    p = t.people
    return sa.and_(p.c.active, sa.or_(p.c.ends_on < day, sa.and_(p.c.guest, sa.not_(_still_has_a_part()))))


def _still_has_a_part() -> sa.ColumnElement[bool]:
    h, c = t.holdings.alias(), t.cases.alias()
    running = sa.exists().where(c.c.id == h.c.case_id, c.c.ended_at.is_(None)).correlate(h)
    return sa.exists().where(h.c.person == t.people.c.id, h.c.until.is_(None), sa.or_(h.c.case_id.is_(None), running)).correlate(t.people)
