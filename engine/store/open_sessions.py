"""Sessions as rows: found while they last, given a fresh token, ended."""
from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from engine.errors import NotFound
from engine.store import tables as t
from engine.store.accounts import may_come_in
from engine.store.database import new_id

if TYPE_CHECKING:
    from datetime import datetime

    from engine.settings import Sessions

#: So long may pass between the password and the code.
HALFWAY = timedelta(minutes=30)


class SignedIn(NamedTuple):
    """A session that began: its token, whose it is, and what is still wanted (“factor”, “setup”) before anything else can be done in it."""

    token: str
    person: str
    needs: str | None


def digest(token: str) -> str:
    """How a session's token, or a link's, is written down: who steals the table cannot use it."""
    return hashlib.sha256(token.encode()).hexdigest()


def begun(db: sa.Connection, person: str, now: datetime, needs: str | None, browser: str, proved_at: datetime | None) -> str:
    """The token of a new session, in which something may be needed still. `proved_at`: when the person last showed who they are."""
    token = secrets.token_urlsafe(32)
    db.execute(sa.insert(t.sessions).values(
        token=digest(token), id=new_id(), person=person, created_at=now, seen_at=now, proved_at=proved_at, needs=needs, browser=browser[:60]))
    return token


def needed(db: sa.Connection, person: str, limits: Sessions) -> str | None:
    """What a person has to show or set up still, after the first thing."""
    has_factor = db.scalar(sa.select(t.factors.c.id).where(t.factors.c.person == person).limit(1)) is not None
    return "factor" if has_factor else "setup" if limits.second_factor == "required" else None


def held_session(db: sa.Connection, token: str, now: datetime, *needs: str | None) -> Any:
    """The session with this token, locked, if it lasts, its account is open, and it needs one of these things still; else there is nothing here.

    What a session that needs nothing is worth by its age is asked with every request (queries.session_of)."""
    s = t.sessions
    row = db.execute(sa.select(s).join(t.people, t.people.c.id == s.c.person).where(
        s.c.token == digest(token), s.c.ended_at.is_(None), may_come_in(now.date())).with_for_update(of=s)).one_or_none()
    if row is None or row.needs not in needs or (row.needs is not None and now - row.created_at > HALFWAY):
        raise NotFound
    return row


def renewed(db: sa.Connection, row: Any, now: datetime) -> str:
    """A fresh token for this session, which needs nothing more: whoever has copied the cookie from before has nothing."""
    token = secrets.token_urlsafe(32)
    db.execute(sa.update(t.sessions).where(t.sessions.c.token == row.token).values(token=digest(token), needs=None, proved_at=now, seen_at=now))
    return token


def end_sessions(db: sa.Connection, person: str, now: datetime, *, but: str | None = None) -> int:
    """All sessions of this person are over, but for the one with this id; gives how many."""
    s = t.sessions
    query = sa.update(s).where(s.c.person == person, s.c.ended_at.is_(None)).values(ended_at=now)
    return db.execute(query if but is None else query.where(s.c.id != but)).rowcount
