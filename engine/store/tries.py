"""How often someone has just tried to sign in and failed."""
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.rules.passwords import shadow
from engine.store import tables as t

if TYPE_CHECKING:
    from datetime import datetime

    from engine.settings import Sessions


def must_wait(db: sa.Connection, login: str, now: datetime, limits: Sessions) -> bool:
    """Whether there were too many wrong tries for this name: who tries without end shall not keep this machine hashing."""
    failed = db.scalar(sa.select(sa.func.count()).select_from(t.trail).where(
        t.trail.c.event == "sign_in_failed", t.trail.c.at > now - timedelta(minutes=limits.wait_minutes),
        t.trail.c.details["name"].as_string() == shadow(login))) or 0
    return failed >= limits.tries
