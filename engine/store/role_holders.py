"""Who holds which role on a day: in their own right, or as the deputy of someone who does."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.store import tables as t

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.sql.elements import KeyedColumnElement


def holders_on(day: date | sa.BindParameter[Any], *where: tuple[str, sa.BindParameter[Any]]) -> sa.Subquery:
    """Rows of person, role, agency, case_id and deputy_of. `where` narrows both kinds: a column's name and the parameter it must be, or be one of."""
    h, d = t.holdings, t.deputies
    own = sa.select(h.c.person, h.c.role, h.c.agency, h.c.case_id, sa.null().label("deputy_of")).where(h.c.until.is_(None))
    own_role = sa.and_(h.c.person == d.c.person, h.c.role == d.c.role, h.c.agency.is_not_distinct_from(d.c.agency), h.c.case_id.is_(None), h.c.until.is_(None))
    standing_in = sa.select(d.c.deputy.label("person"), d.c.role, d.c.agency, sa.null().label("case_id"), d.c.person.label("deputy_of")).where(
        in_force(day), sa.exists().where(own_role))
    for name, value in where:
        own = own.where(_is(h.c[name], value))
        standing_in = standing_in.where(_is(d.c.deputy if name == "person" else d.c[name], value))
    return sa.union_all(own, standing_in).subquery("held")


def in_force(day: date | sa.BindParameter[Any]) -> sa.ColumnElement[bool]:
    """A condition on `deputies`: standing in on this day."""
    d = t.deputies
    return sa.and_(d.c.ended_at.is_(None), d.c.since <= day, d.c.until >= day)


def _is(column: KeyedColumnElement[Any], value: sa.BindParameter[Any]) -> sa.ColumnElement[bool]:
    return column.in_(value) if value.expanding else column == value
