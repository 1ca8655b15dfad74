"""What the pages about one's own account, and about those of others, are given."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime


@dataclass(frozen=True)
class Session:
    """The live session behind a cookie."""

    id: str
    person: str
    proved_at: datetime | None
    quiet: bool  # time to note that they were here


@dataclass(frozen=True)
class Halfway:
    """A session whose password was right, and what it still needs: “factor”, or “setup” of one."""

    id: str
    person: str
    needs: str
    passkey: str | None  # what a passkey of theirs is asked to sign, as JSON
    codes: bool          # an authenticator app of theirs shows codes


@dataclass(frozen=True)
class SessionRow:
    """One of mine."""

    id: str
    began: datetime
    seen: datetime
    browser: str
    this: bool


@dataclass(frozen=True)
class FactorRow:
    """An authenticator app or a passkey of mine."""

    id: str
    kind: str
    name: str
    added: datetime
    used: datetime | None


@dataclass(frozen=True)
class Account:
    """My account."""

    login: str
    name: str
    email: str
    agency: str | None
    ends_on: date | None
    guest: bool
    sessions: list[SessionRow]
    factors: list[FactorRow]
    recovery_codes: int
    required: bool
    provider: bool  # signs in with the identity provider
    roles: list[str]  # in words, with the agency, the case, and whose deputy one is


@dataclass(frozen=True)
class NewAuthenticator:
    """An authenticator app to be: what it reads, what one types where it cannot, and the same sealed for the post that brings its code."""

    address: str
    secret: str
    sealed: bytes


@dataclass(frozen=True)
class ToConfirm:
    """With what someone who is signed in can show again that it is them."""

    login: str
    passkey: str | None
    codes: bool
    provider: bool


@dataclass(frozen=True)
class ProviderAccount:
    """An open account, and whether it signs in with the identity provider, or is expected to."""

    person: str
    name: str
    email: str
    bound: datetime | None
    expected: datetime | None  # until when
    could: bool  # the provider speaks for its address, and it is not of who asks
    never_came: bool  # nobody has come in by the account yet: then one administrator says that they will with the provider


@dataclass(frozen=True)
class LinkPage:
    """A one-time link that can be used: whose it is."""

    person: str
    kind: str
    name: str
    login: str
    expires: datetime


@dataclass(frozen=True)
class LinkRow:
    """The newest link that somebody was sent."""

    person: str
    name: str
    email: str
    kind: str
    sent: datetime
    expires: datetime
    state: str  # waiting | used | withdrawn | expired
    never_came: bool  # nobody has come in by the account yet: then one administrator sends another


@dataclass(frozen=True)
class InvitationsPage:
    """Links, and everyone who has come in and may have lost access."""

    links: list[LinkRow]
    people: list[tuple[str, str]]
