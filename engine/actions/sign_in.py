"""Signing in and out. Sessions live in the database, so that signing out ends them."""
from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import sqlalchemy as sa

from engine.rules.passwords import as_signed_in, origin, shadow
from engine.store import tables as t
from engine.store.tries import must_wait

if TYPE_CHECKING:
    from engine.work import Work


class Known(Protocol):
    """Someone whose password was found right (queries.whose_password), and how it was stored then."""

    @property
    def person(self) -> str: ...
    @property
    def secret(self) -> str: ...


def digest(token: str) -> str:
    """How a session is written down: who steals the table cannot use it."""
    return hashlib.sha256(token.encode()).hexdigest()


def sign_in(work: Work, login: str, proven: Known | None, address: str = "") -> tuple[str, str] | None:
    """A session's token and the person, or None when the password was not right or too many tries from this address have to wait."""
    name = as_signed_in(login)
    if must_wait(work.db, name, address, work.now, work.settings.sessions):
        return None  # and nothing counts: waiting ends by itself, whatever is tried meanwhile
    still = proven is not None and work.db.scalar(
        sa.select(t.people.c.id).where(t.people.c.id == proven.person, t.people.c.login == name, t.people.c.password == proven.secret, t.people.c.active))
    if proven is None or not still:  # the person may have left, or changed the password, while this one was compared
        work.record("sign_in_failed", name=shadow(name), address=shadow(origin(address)))
        return None
    token = secrets.token_urlsafe(32)
    work.db.execute(sa.insert(t.sessions).values(token=digest(token), person=proven.person, created_at=work.now, seen_at=work.now))
    work.record("signed_in", by=proven.person)
    return token, proven.person


def sign_out(work: Work, token: str) -> None:
    """The session ends, here and wherever its cookie was copied to."""
    work.db.execute(sa.update(t.sessions).where(t.sessions.c.token == digest(token), t.sessions.c.ended_at.is_(None)).values(ended_at=work.now))
    work.record("signed_out")


def touch_session(work: Work, token: str) -> None:
    """The session was used just now. One that has run out is not woken by it."""
    limits, session = work.settings.sessions, t.sessions
    work.db.execute(sa.update(session).where(
        session.c.token == digest(token), session.c.ended_at.is_(None),
        session.c.seen_at >= work.now - timedelta(minutes=limits.idle_minutes),
        session.c.created_at >= work.now - timedelta(minutes=limits.absolute_minutes)).values(seen_at=work.now))
