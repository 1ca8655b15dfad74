"""Whether a master key is the one that a database was written with."""
from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.store import tables as t
from engine.store.sealing import Broken

if TYPE_CHECKING:
    from engine.store.sealing import Vault

SOME = 20  # one alone could be damaged


def wrong_key(db: sa.Connection, vault: Vault) -> str | None:
    """What to say if the newest cases were sealed with another one. Of a database without cases nobody can tell."""
    c = t.cases.c
    newest = db.execute(sa.select(c.id, c.key).where(c.key.is_not(None)).order_by(c.started_at.desc()).limit(SOME)).all()
    for row in newest:
        with suppress(Broken):
            vault.unwrap(row.key, row.id)
            return None
    return ("environment: CASEREVIEW_MASTER_KEY is not the key that the cases in this database were sealed with. "
            "Set the one that was used before; no case can be read without it.") if newest else None
