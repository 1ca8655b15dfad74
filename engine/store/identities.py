"""Whom the identity provider's people are here: found, and kept so that who can write to the database binds nobody."""
from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.store import tables as t

if TYPE_CHECKING:
    from engine.rules.id_tokens import Shown
    from engine.settings import SingleSignOn
    from engine.store.sealing import Vault


def subject_of(vault: Vault, shown: Shown) -> str:
    """How someone of the provider is written down: it says nothing of them, and nobody makes it without the master key."""
    return vault.mark(shown.subject, "subject", shown.issuer)


def proof(vault: Vault, identity: str, person: str, subject: str) -> str:
    """That this row was written by us, for this person."""
    return vault.mark(subject, "identity", identity, person)


def bound_person(db: sa.Connection, vault: Vault, shown: Shown) -> str | None:
    """Who here this is; None if nobody is bound to them."""
    i, subject = t.identities, subject_of(vault, shown)
    row = db.execute(sa.select(i).where(i.c.subject == subject, i.c.ended_at.is_(None))).one_or_none()
    genuine = row is not None and hmac.compare_digest(row.proof, proof(vault, row.id, row.person, subject))
    return row.person if row is not None and genuine else None


def is_bound() -> sa.ColumnElement[bool]:
    """A condition on `people`: they sign in with the provider."""
    i = t.identities
    return sa.exists().where(i.c.person == t.people.c.id, i.c.subject.is_not(None), i.c.ended_at.is_(None)).correlate(t.people)


def by_ourselves(provider: SingleSignOn) -> sa.ColumnElement[bool]:
    """A condition on `people`: they may come in with a password or a passkey of ours, since nobody else answers for them."""
    return sa.not_(is_bound()) if provider.on and not provider.passwords_too else sa.true()


def expected(db: sa.Connection, email: str, now: Any) -> list[Any]:
    """Accounts with this address that wait for whoever the provider says has it: an administrator said so, or they were invited and have no password.

    Where a binding was ended an invitation is not enough: it may have been ended because somebody else has got hold of them there. Each is locked, with
    the row that says so, if there is one. Letters are compared as the 26 of ASCII; with any other one an address is nobody's."""
    i, k, p = t.identities, t.links, t.people
    was = t.identities.alias()
    once_bound = sa.exists().where(was.c.person == p.c.id, was.c.bound_at.is_not(None)).correlate(p)
    open_invitation = sa.exists().where(k.c.person == p.c.id, k.c.kind == "invitation", k.c.ended_at.is_(None), k.c.expires_at > now).correlate(p)
    invited = sa.and_(p.c.password.is_(None), open_invitation, sa.not_(once_bound))
    waiting = sa.and_(i.c.person == p.c.id, i.c.ended_at.is_(None))
    query = sa.select(p.c.id, p.c.email, i.c.id.label("identity")).outerjoin(i, waiting).where(
        sa.func.lower(p.c.email) == email.lower(), i.c.subject.is_(None), sa.or_(i.c.expires_at > now, invited)).with_for_update(of=p)
    return [row for row in db.execute(query) if row.email.isascii() and row.email.lower() == email.lower()] if email.isascii() else []
