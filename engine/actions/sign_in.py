"""Signing in and out. Sessions live in the database, so that signing out ends them."""
from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from engine.store import tables as t

if TYPE_CHECKING:
    from engine.work import Work

HASHER = PasswordHasher()


def digest(token: str) -> str:
    """How a session is written down: who steals the table cannot use it."""
    return hashlib.sha256(token.encode()).hexdigest()


@cache
def _nobodys_password() -> str:
    return HASHER.hash(secrets.token_hex())


def sign_in(work: Work, login: str, password: str) -> tuple[str, str] | None:
    """A session's token and the person, or None. Wrong names take as long as wrong passwords, and too many tries have to wait."""
    name = login.strip().lower()[:200]
    since = work.now - timedelta(minutes=work.settings.sessions.wait_minutes)
    failed = work.db.scalar(sa.select(sa.func.count()).select_from(t.trail).where(
        t.trail.c.event == "sign_in_failed", t.trail.c.at > since, t.trail.c.details["name"].as_string() == _shadow(name))) or 0
    if failed >= work.settings.sessions.tries:  # whoever tries without end shall not keep this machine hashing
        work.record("sign_in_failed", name=_shadow(name))
        return None
    person = work.db.execute(sa.select(t.people.c.id, t.people.c.password).where(t.people.c.login == name, t.people.c.active)).one_or_none()
    right = _matches(person.password if person and person.password else _nobodys_password(), password)
    if person is None or not right:
        work.record("sign_in_failed", name=_shadow(name))
        return None
    token = secrets.token_urlsafe(32)
    work.db.execute(sa.insert(t.sessions).values(token=digest(token), person=person.id, created_at=work.now, seen_at=work.now))
    work.record("signed_in", by=person.id)
    return token, person.id


def sign_out(work: Work, token: str) -> None:
    """The session ends, here and wherever its cookie was copied to."""
    work.db.execute(sa.update(t.sessions).where(t.sessions.c.token == digest(token), t.sessions.c.ended_at.is_(None)).values(ended_at=work.now))
    work.record("signed_out")


def _shadow(name: str) -> str:
    """People type passwords into the name box; the trail keeps none."""
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def _matches(secret: str, password: str) -> bool:
    try:
        return HASHER.verify(secret, password[:1000])
    except (VerifyMismatchError, InvalidHashError):
        return False


def touch_session(work: Work, token: str) -> None:
    """The session was used just now. One that has run out is not woken by it."""
    limits, session = work.settings.sessions, t.sessions
    work.db.execute(sa.update(session).where(
        session.c.token == digest(token), session.c.ended_at.is_(None),
        session.c.seen_at >= work.now - timedelta(minutes=limits.idle_minutes),
        session.c.created_at >= work.now - timedelta(minutes=limits.absolute_minutes)).values(seen_at=work.now))
