"""One-time links by which people choose a password: made, mailed, found, ended."""
from __future__ import annotations

import hmac
import re
import secrets
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.progress import mail
from engine.store import tables as t
from engine.store.accounts import may_come_in
from engine.store.database import new_id
from engine.store.identities import address_mark

if TYPE_CHECKING:
    from datetime import datetime

    from engine.store.sealing import Vault
    from engine.work import Work


def make(work: Work, person: str, kind: str) -> str:
    """The address of a fresh link (an “invitation”, or a “reset” of the password). One from before is worth nothing any more.

    Only a digest is kept, bound to person, kind and end: who can write to the database neither makes a link nor turns one on somebody else."""
    end(work, person, "replaced")
    secret, until = secrets.token_urlsafe(32), (work.now + timedelta(days=work.settings.sessions.link_days)).replace(microsecond=0)
    link, email = new_id(), work.db.scalar(sa.select(t.people.c.email).where(t.people.c.id == person)) or ""
    work.db.execute(sa.insert(t.links).values(
        id=link, digest=_digest(work.vault, person, kind, until, secret), kind=kind, person=person, made_at=work.now, made_by=work.actor.person,
        expires_at=until, address=address_mark(work.vault, link, person, email, until)))
    work.record("link_sent", person=person, kind=kind)
    return f"{work.settings.mail.base_url}/sign-in/link/{person}{secret}"


def send(work: Work, person: str, kind: str) -> None:
    """The same, by mail, to the address of the account."""
    mail.send_link(work, person, kind, make(work, person, kind))


def end(work: Work, person: str, ending: str) -> bool:
    """Whatever link somebody has cannot be used any more; whether there was one."""
    k = t.links
    return bool(work.db.execute(sa.update(k).where(k.c.person == person, k.c.ended_at.is_(None)).values(**over(work.now, ending))).rowcount)


def over(now: datetime, ending: str) -> dict[str, Any]:
    """The columns of a link that is over: nothing is left of it that could be used again."""
    return {"ended_at": now, "ending": ending, "digest": t.links.c.id}


def found(db: sa.Connection, vault: Vault, token: str, now: datetime) -> Any:
    """The link with its person's name and login, locked, if it can be used now; else None."""
    if not re.fullmatch(r"[0-9a-f]{32}[\w-]{20,80}", token, re.ASCII):
        return None
    person, secret, k, p = token[:32], token[32:], t.links, t.people
    rows = db.execute(sa.select(k, p.c.name, p.c.login).join(p, p.c.id == k.c.person).where(
        k.c.person == person, k.c.ended_at.is_(None), k.c.expires_at > now, may_come_in(now.date())).with_for_update(of=k))
    return next((row for row in rows if hmac.compare_digest(row.digest, _digest(vault, person, row.kind, row.expires_at, secret))), None)


def _digest(vault: Vault, person: str, kind: str, until: datetime, secret: str) -> str:
    return vault.mark(secret, "link", person, kind, until.astimezone(UTC).isoformat())
