"""How often someone has just tried to sign in and failed."""
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.rules.passwords import origin, shadow
from engine.store import tables as t

if TYPE_CHECKING:
    from datetime import datetime

    from engine.settings import Sessions

#: An address may try so many times what one name may: a whole office can stand behind it.
PER_ADDRESS = 10


def must_wait(db: sa.Connection, login: str, address: str, now: datetime, limits: Sessions) -> bool:
    """Whether there were too many wrong tries for this name from there, or for any names: who tries without end shall not keep this machine hashing.

    Tries from elsewhere do not count: nobody keeps the owner of a name out by trying it."""
    said = t.trail.c.details
    names = list(db.scalars(sa.select(said["name"].as_string()).where(
        t.trail.c.event == "sign_in_failed", t.trail.c.at > now - timedelta(minutes=limits.wait_minutes),
        said["address"].as_string() == shadow(origin(address)))))
    return names.count(shadow(login)) >= limits.tries or len(names) >= limits.tries * PER_ADDRESS
