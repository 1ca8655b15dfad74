"""One's own sessions, and one's own password."""
from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import sqlalchemy as sa

from engine.errors import InvalidAnswers, NotFound
from engine.store import tables as t
from engine.store.accounts import with_password
from engine.store.open_sessions import end_sessions, end_sessions_of, held_session, renewed

if TYPE_CHECKING:
    from engine.work import Work


class Known(Protocol):
    """Someone whose password was found right (queries.whose_password), and how it was stored then."""

    @property
    def person(self) -> str: ...
    @property
    def secret(self) -> str: ...


def end_session(work: Work, session: str) -> None:
    """One of one's own sessions ends, wherever its cookie is."""
    s = t.sessions
    if not end_sessions(work.db, work.now, s.c.id == session, s.c.person == work.actor.person):
        raise NotFound
    work.record("session_ended", session=session)


def end_other_sessions(work: Work) -> int:
    """All of one's sessions but this one; gives how many."""
    if work.actor.person is None:
        raise NotFound
    many = end_sessions_of(work.db, work.actor.person, work.now, but=work.actor.session)
    work.record("session_ended", session="others")
    return many


def change_password(work: Work, token: str, proven: Known | None, secret: str) -> str:
    """A new password (rules.passwords.hashed) for who gave the old one. Every other session ends, and this one gets a fresh token."""
    row = held_session(work.db, work.vault, token, work.now, None)
    p = t.people
    still = proven is not None and work.db.scalar(sa.select(p.c.id).where(p.c.id == proven.person, p.c.password == proven.secret).with_for_update())
    if not still or not still == row.person == work.actor.person:
        raise InvalidAnswers({"old": "This is not your password, or there were too many wrong tries and you have to wait"})
    work.write(sa.update(p).where(p.c.id == row.person).values(**with_password(work.vault, row.person, secret)))
    end_sessions_of(work.db, row.person, work.now, but=row.id)
    work.record("person_changed", person=row.person, what="password")
    return renewed(work.db, work.vault, row, work.now)
