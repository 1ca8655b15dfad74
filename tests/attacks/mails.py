"""What waits in the outbox, opened."""
from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.outside.post import open_mail
from engine.store import tables as t

if TYPE_CHECKING:
    from engine import Engine


def waiting(engine: Engine) -> list[dict[str, str]]:
    """Every mail that was ever queued."""
    query = sa.select(t.outbox, t.cases.c.key).outerjoin(t.cases, t.cases.c.id == t.outbox.c.case_id)
    with engine.database.reading() as db:
        return [open_mail(engine, row) for row in db.execute(query)]
