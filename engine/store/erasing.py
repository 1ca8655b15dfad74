"""Taking away what was written in a case: every row that holds something sealed. Its frame, its trail and what was published stay."""
from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.store import tables as t
from engine.store.written import SEALED

if TYPE_CHECKING:
    from datetime import date, datetime, tzinfo

#: The tables of a case that hold something sealed, those first that name rows of others. A table that is added tomorrow is among them.
CONTENT = tuple(table for table in reversed(t.metadata.sorted_tables) if table.name in SEALED and "case_id" in table.c)


def erase(db: sa.Connection, case: str) -> int:
    """The case's rows are deleted, then the wrapped key is destroyed: a copy of them from elsewhere does not open any more. Gives how many rows."""
    gone = sum(db.execute(sa.delete(table).where(table.c.case_id == case)).rowcount for table in CONTENT)
    db.execute(sa.delete(t.timers).where(t.timers.c.case_id == case, t.timers.c.fired_at.is_(None)))
    db.execute(sa.update(t.cases).where(t.cases.c.id == case).values(key=None))
    return gone


def under_hold(case: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """A condition: this case is under legal hold."""
    return sa.exists().where(t.legal_holds.c.case_id == case, t.legal_holds.c.lifted_at.is_(None))


def held_since(db: sa.Connection, case: str, zone: tzinfo) -> date | None:
    """The day on which the oldest hold in force was set; none if no hold is."""
    h = t.legal_holds
    first: datetime | None = db.scalar(sa.select(sa.func.min(h.c.set_at, type_=h.c.set_at.type)).where(h.c.case_id == case, h.c.lifted_at.is_(None)))
    return first.astimezone(zone).date() if first else None
