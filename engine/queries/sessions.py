"""Who is behind a cookie, and what stands on the page “Your account”."""
from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.errors import NotFound
from engine.queries.shapes.accounts import Account, FactorRow, Session, SessionRow
from engine.store import tables as t
from engine.store.identities import is_bound

if TYPE_CHECKING:
    from engine.look import Look

#: For so long after a session ran out, what is posted with it is kept as a draft.
STILL_KEPT = timedelta(hours=2)

# Asked with every request, so built once. A session that waits for a second factor is none.
_SESSION = sa.select(t.sessions).where(t.sessions.c.token == sa.bindparam("token"), t.sessions.c.ended_at.is_(None), t.sessions.c.needs.is_(None))


def session_of(look: Look, token_digest: str) -> Session | None:
    """The live session of a token."""
    row = look.db.execute(_SESSION, {"token": token_digest}).one_or_none()
    if row is None:
        return None
    limits = look.settings.sessions
    if look.now - row.seen_at > timedelta(minutes=limits.idle_minutes) or look.now - row.created_at > timedelta(minutes=limits.absolute_minutes):
        return None
    return Session(row.id, row.person, row.proved_at, quiet=look.now - row.seen_at > timedelta(minutes=1))


def session_that_ran_out(look: Look, token_digest: str) -> str | None:
    """The person of a session that has run out within the last two hours: what they typed until then is still theirs. Never of one that was ended."""
    row = look.db.execute(_SESSION, {"token": token_digest}).one_or_none()
    if row is None:
        return None
    limits = look.settings.sessions
    ended: datetime = min(row.seen_at + timedelta(minutes=limits.idle_minutes), row.created_at + timedelta(minutes=limits.absolute_minutes))
    return row.person if ended < look.now <= ended + STILL_KEPT else None


def my_account(look: Look) -> Account:
    """Me: my sessions that last, newest first, and what I show beside my password."""
    p, s, f, r, me = t.people, t.sessions, t.factors, t.recovery_codes, look.actor.person
    row = look.db.execute(sa.select(p, t.agencies.c.name.label("at"), is_bound().label("bound")).outerjoin(
        t.agencies, t.agencies.c.key == p.c.agency).where(p.c.id == me)).one_or_none()
    if row is None:
        raise NotFound
    limits = look.settings.sessions
    sessions = look.db.execute(sa.select(s).where(
        s.c.person == me, s.c.ended_at.is_(None), s.c.needs.is_(None), s.c.seen_at >= look.now - timedelta(minutes=limits.idle_minutes),
        s.c.created_at >= look.now - timedelta(minutes=limits.absolute_minutes)).order_by(s.c.seen_at.desc(), s.c.id))
    factors = look.db.execute(sa.select(f).where(f.c.person == me).order_by(f.c.added_at, f.c.id))
    left = look.db.scalar(sa.select(sa.func.count()).select_from(r).where(r.c.person == me)) or 0
    return Account(
        login=row.login, name=row.name, email=row.email, agency=row.at, ends_on=row.ends_on, guest=row.guest, recovery_codes=left,
        sessions=[SessionRow(one.id, one.created_at, one.seen_at, one.browser, this=one.id == look.actor.session) for one in sessions],
        factors=[FactorRow(one.id, one.kind, one.name, one.added_at, one.used_at) for one in factors], required=limits.second_factor == "required",
        provider=look.settings.single_sign_on.on and bool(row.bound))
