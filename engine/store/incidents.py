"""What went wrong and somebody has to mend."""
from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.store import tables as t
from engine.store.database import new_id

if TYPE_CHECKING:
    from datetime import datetime


def note_incident(db: sa.Connection, at: datetime, case: str | None, element: str | None, says: str) -> bool:
    """Keep it until it is mended; whether it is new."""
    i = t.incidents
    same = sa.select(i.c.id).where(i.c.case_id.is_not_distinct_from(case), i.c.element.is_not_distinct_from(element), i.c.says == says, i.c.mended_at.is_(None))
    if db.scalar(same.limit(1)) is not None:
        return False
    db.execute(sa.insert(i).values(id=new_id(), case_id=case, at=at, element=element, says=says))
    return True
