"""How often someone has just tried to come in and failed. It is counted in the database, so it holds across all processes."""
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.rules.passwords import origin, shadow
from engine.store import tables as t

if TYPE_CHECKING:
    from datetime import datetime

    from engine.settings import Sessions

PASSWORD, CODE = "sign_in_failed", "second_factor_failed"
#: An address may try so many times what one name may: a whole office can stand behind it.
PER_ADDRESS = 10
#: So many wrong codes for one person a day, from browsers that are not theirs: of a million, three are right at any moment.
CODES_A_DAY = 20
#: How a browser is written in place of an address that has signed in as this person before: it is never slowed by what others try.
KNOWN_BROWSER = "browser "


def must_wait(db: sa.Connection, login: str, address: str, now: datetime, limits: Sessions, event: str = PASSWORD) -> bool:
    """Whether there were too many wrong tries for this name from there, or for any names: who tries without end shall not keep this machine hashing.

    Tries from elsewhere do not count: nobody keeps the owner of a name out by trying it."""
    said = t.trail.c.details
    names = list(db.scalars(sa.select(said["name"].as_string()).where(
        t.trail.c.event == event, t.trail.c.at > now - timedelta(minutes=limits.wait_minutes),
        said["address"].as_string() == shadow(origin(address)))))
    return names.count(shadow(login)) >= limits.tries or len(names) >= limits.tries * PER_ADDRESS


def must_wait_with_codes(db: sa.Connection, person: str, address: str, now: datetime, limits: Sessions) -> bool:
    """The same of codes; and whoever tries one person's from many places waits until tomorrow, while that person's own browser does not."""
    if must_wait(db, person, address, now, limits, CODE):
        return True
    if address.startswith(KNOWN_BROWSER):
        return False
    said = t.trail.c.details
    query = sa.select(sa.func.count()).select_from(t.trail).where(
        t.trail.c.event == CODE, t.trail.c.at > now - timedelta(days=1), said["name"].as_string() == shadow(person))
    return (db.scalar(query) or 0) >= CODES_A_DAY
