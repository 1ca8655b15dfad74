"""Whom the identity provider's people are here: found, and kept so that who can write to the database binds nobody."""
from __future__ import annotations

import hmac
from datetime import UTC
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.store import tables as t

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Protocol

    from engine.settings import SingleSignOn
    from engine.store.sealing import Vault

    class Named(Protocol):
        """Whom the provider names (rules.id_tokens)."""

        @property
        def issuer(self) -> str: ...
        @property
        def subject(self) -> str | None: ...


def subject_of(vault: Vault, shown: Named) -> str:
    """How someone of the provider is written down: it says nothing of them, and nobody makes it without the master key."""
    return vault.mark(shown.subject or "", "subject", shown.issuer)


def proof(vault: Vault, identity: str, person: str, subject: str) -> str:
    """That this row was written by us, for this person."""
    return vault.mark(subject, "identity", identity, person)


def provider_session(vault: Vault, issuer: str, name: str | None) -> str:
    """How a session at the provider is written down, so that it can be told to be over; one that was given no name is like every other."""
    return vault.mark(name or "", "provider session", issuer)


def address_mark(vault: Vault, row: str, person: str, email: str, until: datetime) -> str:
    """The proof that this row may bind this address to this person until it expires."""
    return vault.mark(email, "address", row, person, until.astimezone(UTC).isoformat())


def bound_person(db: sa.Connection, vault: Vault, shown: Named) -> str | None:
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


def expected(db: sa.Connection, vault: Vault, email: str, now: datetime) -> list[Any]:
    """Accounts with this address that wait for whoever the provider says has it: it was said that they do, or they were invited and have no password.

    Where a binding was ended an invitation is not enough: it may have been ended because somebody else has got hold of them there. Each is locked, with
    the row that says so, if there is one. Letters are compared as the 26 of ASCII; with any other one an address is nobody's."""
    if not email.isascii():
        return []
    i, k, p = t.identities, t.links, t.people
    waiting = sa.and_(i.c.person == p.c.id, i.c.ended_at.is_(None))
    query = sa.select(p.c.id, p.c.email, p.c.password, i.c.id.label("identity"), i.c.expires_at, i.c.proof).outerjoin(i, waiting).where(
        sa.func.lower(p.c.email) == email.lower(), i.c.subject.is_(None)).with_for_update(of=p)

    def waits(row: Any, name: str, until: datetime, mark: str | None) -> bool:
        return until > now and hmac.compare_digest(mark or "", address_mark(vault, name, row.id, row.email, until))

    def invited(row: Any) -> bool:
        if row.password is not None or db.scalar(sa.select(i.c.id).where(i.c.person == row.id, i.c.bound_at.is_not(None)).limit(1)) is not None:
            return False
        open_ones = db.execute(sa.select(k).where(k.c.person == row.id, k.c.kind == "invitation", k.c.ended_at.is_(None)))
        return any(waits(row, link.id, link.expires_at, link.address) for link in open_ones)

    return [row for row in db.execute(query).all() if row.email.isascii() and row.email.lower() == email.lower()
            and ((row.identity is not None and waits(row, row.identity, row.expires_at, row.proof)) or invited(row))]
