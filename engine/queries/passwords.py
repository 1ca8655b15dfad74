"""Whether a name and a password belong together: asked before signing in, so that no transaction that writes waits for it."""
from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.rules.passwords import as_signed_in, matches
from engine.store import tables as t
from engine.store.accounts import may_come_in, password_mark
from engine.store.identities import by_ourselves
from engine.store.tries import must_wait

if TYPE_CHECKING:
    from engine.look import Look


@dataclass(frozen=True)
class Proven:
    """Someone who gave the right password, with the form it was stored in at that moment."""

    person: str
    secret: str


def someone_can_sign_in(look: Look) -> bool:
    """Whether there is anyone with a password, or with a link to choose one."""
    k = t.links
    has_link = sa.exists().where(k.c.person == t.people.c.id, k.c.ended_at.is_(None), k.c.expires_at > look.now)
    return look.db.scalar(sa.select(t.people.c.id).where(t.people.c.active, sa.or_(t.people.c.password.is_not(None), has_link)).limit(1)) is not None


def known_words(look: Look, person: str) -> list[str]:
    """What is no part of this person's password: their own names, and those of the board and its agencies."""
    p, board = t.people, look.settings.board
    row = look.db.execute(sa.select(p.c.login, p.c.name, p.c.email).where(p.c.id == person)).one_or_none()
    return [*(row or ()), board.name, board.short, *look.db.scalars(sa.select(t.agencies.c.name)), *look.db.scalars(sa.select(t.agencies.c.key))]


def whose_password(look: Look, login: str, password: str, address: str = "") -> Proven | None:
    """Whose sign-in name and password these are. Wrong names take as long as wrong passwords; too many tries from an address have to wait."""
    name = as_signed_in(login)
    if must_wait(look.db, name, address, look.now, look.settings.sessions):
        return None
    row = look.db.execute(sa.select(t.people.c.id, t.people.c.password, t.people.c.password_mark).where(
        t.people.c.login == name, may_come_in(look.today), by_ourselves(look.settings.single_sign_on))).one_or_none()
    genuine = row is not None and row.password and hmac.compare_digest(row.password_mark or "", password_mark(look.vault, row.id, row.password))
    secret: str | None = row.password if row and genuine else None
    right = matches(secret, password)
    return Proven(row.id, secret) if row and secret and right else None
