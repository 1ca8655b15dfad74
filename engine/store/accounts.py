"""Which accounts may come in: conditions for queries, so that they cost no question of their own; and how a password is kept."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.store import tables as t

if TYPE_CHECKING:
    from datetime import date

    from engine.store.sealing import Vault


def may_come_in(day: date | sa.BindParameter[Any]) -> sa.ColumnElement[bool]:
    """A condition on `people`: the account is open on this day. A guest's is while one of the cases they have a role in runs, or a role beside it."""
    p = t.people
    return sa.and_(p.c.active, sa.or_(p.c.ends_on.is_(None), p.c.ends_on >= day), sa.or_(sa.not_(p.c.guest), _still_has_a_part()))


def is_over(day: date) -> sa.ColumnElement[bool]:
    """A condition on `people`: the account is marked open, and its time has passed."""
    p = t.people
    return sa.and_(p.c.active, sa.or_(p.c.ends_on < day, sa.and_(p.c.guest, sa.not_(_still_has_a_part()))))


def never_came() -> sa.ColumnElement[bool]:
    """A condition on `people`: nobody has ever come in by this account. It has no password, nothing to show beside one, and was never the provider's."""
    p, f, i = t.people, t.factors.alias(), t.identities.alias()
    return sa.and_(p.c.password.is_(None), sa.not_(sa.exists().where(f.c.person == p.c.id).correlate(p)),
                   sa.not_(sa.exists().where(i.c.person == p.c.id, i.c.bound_at.is_not(None)).correlate(p)))


def with_password(vault: Vault, person: str, secret: str | None) -> dict[str, str | None]:
    """The columns of somebody with this password (rules.passwords.hashed), or with none."""
    return {"password": secret, "password_mark": None if secret is None else password_mark(vault, person, secret)}


def password_mark(vault: Vault, person: str, secret: str) -> str:
    """That this password was given by this person to us: a digest that was put in from outside, or is somebody else's, opens nothing."""
    return vault.mark(secret, "password", person)


def _still_has_a_part() -> sa.ColumnElement[bool]:
    h, c = t.holdings.alias(), t.cases.alias()
    running = sa.exists().where(c.c.id == h.c.case_id, c.c.ended_at.is_(None)).correlate(h)
    return sa.exists().where(h.c.person == t.people.c.id, h.c.until.is_(None), sa.or_(h.c.case_id.is_(None), running)).correlate(t.people)
