"""Sessions as rows: found while they last, given a fresh token, ended. Who can write to the database opens none.

What a browser holds is the row's id and a secret. The row keeps neither: its proof, made with the master key, is over the secret and over everything by
which the row lets somebody in. One that was put in, given to somebody else or made to last longer is no session."""
from __future__ import annotations

import hmac
import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from engine.errors import NotFound
from engine.store import tables as t
from engine.store.accounts import may_come_in
from engine.store.database import new_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.settings import Sessions, Settings
    from engine.store.sealing import Vault

#: So long may pass between the password and the code.
HALFWAY = timedelta(minutes=30)
_TOKEN = re.compile(r"([0-9a-f]{32})([\w-]{43})", re.ASCII)
# Asked with every request, so built once.
_OPEN = sa.select(t.sessions).where(t.sessions.c.id == sa.bindparam("id"), t.sessions.c.ended_at.is_(None))


class SignedIn(NamedTuple):
    """A session that began: its token, whose it is, and what is still wanted (“factor”, “setup”) before anything else can be done in it."""

    token: str
    person: str
    needs: str | None


def begun(db: sa.Connection, vault: Vault, person: str, now: datetime, needs: str | None, browser: str, proved_at: datetime | None,
          provider: str | None = None) -> str:
    """The token of a new session, in which something may be needed still. `proved_at`: when the person last showed who they are; `provider`: as what
    the provider's session they came from is written down here (store.identities)."""
    session, secret = new_id(), secrets.token_urlsafe(32)
    row = {"id": session, "person": person, "created_at": now, "seen_at": now, "proved_at": proved_at, "needs": needs, "provider": provider}
    db.execute(sa.insert(t.sessions).values(**row, browser=browser[:60], proof=_proof(vault, secret, row)))
    return session + secret


def found(db: sa.Connection, vault: Vault, token: str, *, hold: bool = False) -> Any:
    """The session with this token, if it was not ended and is what we wrote; how long it lasts is another question (`lasts_until`)."""
    parts = _TOKEN.fullmatch(token)
    if parts is None:
        return None
    row = db.execute(_OPEN.with_for_update() if hold else _OPEN, {"id": parts[1]}).one_or_none()
    return row if row is not None and hmac.compare_digest(row.proof, _proof(vault, parts[2], row._asdict())) else None


def lasts_until(row: Any, settings: Settings) -> datetime:
    """When a session is over that nobody ends: after its rest, and in any case. One that the provider began lasts no longer than the settings let it."""
    limits, provider = settings.sessions, settings.single_sign_on
    whole = timedelta(minutes=limits.absolute_minutes)
    if row.provider is not None:
        whole = min(whole, timedelta(hours=provider.session_hours))
    ends: datetime = min(row.seen_at + timedelta(minutes=limits.idle_minutes), row.created_at + whole)
    return ends


def needed(db: sa.Connection, person: str, limits: Sessions) -> str | None:
    """What a person has to show or set up still, after the first thing."""
    has_factor = db.scalar(sa.select(t.factors.c.id).where(t.factors.c.person == person).limit(1)) is not None
    return "factor" if has_factor else "setup" if limits.second_factor == "required" else None


def held_session(db: sa.Connection, vault: Vault, token: str, now: datetime, *needs: str | None) -> Any:
    """The session with this token, locked, if its account is open, and it needs one of these things still; else there is nothing here.

    What a session that needs nothing is worth by its age is asked with every request (queries.session_of)."""
    row = found(db, vault, token, hold=True)
    if row is None or row.needs not in needs or (row.needs is not None and now - row.created_at > HALFWAY):
        raise NotFound
    if db.scalar(sa.select(t.people.c.id).where(t.people.c.id == row.person, may_come_in(now.date()))) is None:
        raise NotFound
    return row


def renewed(db: sa.Connection, vault: Vault, row: Any, now: datetime) -> str:
    """A fresh token for this session, which needs nothing more: whoever has copied the cookie from before has nothing."""
    secret = secrets.token_urlsafe(32)
    _write(db, vault, secret, row, needs=None, proved_at=now, seen_at=now)
    return str(row.id) + secret


def seen(db: sa.Connection, vault: Vault, token: str, row: Any, now: datetime) -> None:
    """The session with this token was used just now."""
    _write(db, vault, token.removeprefix(row.id), row, seen_at=now)


def end_sessions(db: sa.Connection, now: datetime, *which: sa.ColumnElement[bool]) -> int:
    """The sessions that are open and of which this is true are over; gives how many. Nothing of them is left that could be opened again."""
    s = t.sessions
    return db.execute(sa.update(s).where(s.c.ended_at.is_(None), *which).values(ended_at=now, proof="")).rowcount


def end_sessions_of(db: sa.Connection, person: str, now: datetime, *, but: str | None = None) -> int:
    """All sessions of this person are over, but for the one with this id; gives how many."""
    return end_sessions(db, now, t.sessions.c.person == person, *([] if but is None else [t.sessions.c.id != but]))


def _write(db: sa.Connection, vault: Vault, secret: str, row: Any, **changed: Any) -> None:
    after = {**row._asdict(), **changed}
    db.execute(sa.update(t.sessions).where(t.sessions.c.id == row.id).values(**changed, proof=_proof(vault, secret, after)))


def _proof(vault: Vault, secret: str, row: Mapping[str, Any]) -> str:
    moments = (at.astimezone(UTC).isoformat() if at else "" for at in (row["created_at"], row["seen_at"], row["proved_at"]))
    return vault.mark(secret, "session", row["id"], row["person"], *moments, row["needs"] or "", row["provider"] or "")
