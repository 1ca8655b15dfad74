"""What the pages about accounts, their roles, and proposals that wait for a second person are given."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime

    from engine.forms import Form


@dataclass(frozen=True)
class Change:
    """One file of a pack that a release has otherwise than the one before."""

    kind: str
    name: str
    state: str  # new | changed | gone
    says: list[str]


@dataclass(frozen=True)
class ProposalRow:
    """Something that waits for a second person, or did."""

    id: str
    kind: str
    title: str
    proposed_at: datetime
    until: datetime
    by: str
    state: str  # waiting | approved | declined | withdrawn | expired
    ended_at: datetime | None
    ended_by: str
    mine: bool
    for_me: bool


@dataclass(frozen=True)
class ProposalsPage:
    """What I can approve, what else waits, and what was decided lately."""

    for_me: list[ProposalRow]
    others: list[ProposalRow]
    over: list[ProposalRow]


@dataclass(frozen=True)
class ProposalPage:
    """One proposal, exactly."""

    row: ProposalRow
    facts: list[tuple[str, str]]
    permits: list[str]
    may: bool
    barred: str | None
    changes: list[Change]
    pack: str | None
    person: str | None
    declined: str


@dataclass(frozen=True)
class PersonRow:
    """An account in the list."""

    id: str
    name: str
    login: str
    agency_name: str | None
    roles: list[str]
    active: bool


@dataclass(frozen=True)
class PeoplePage:
    """Accounts by name."""

    rows: list[PersonRow]
    all: int
    words: str
    which: str
    alone: bool


@dataclass(frozen=True)
class HeldRow:
    """A role that someone holds or held, and who gave and took it."""

    text: str
    label: str
    since: date
    until: date | None
    given: str
    taken: str
    in_a_case: bool
    permits: list[str]


@dataclass(frozen=True)
class PersonPage:
    """One account."""

    id: str
    name: str
    login: str
    email: str
    agency_name: str | None
    active: bool
    since: date
    can_sign_in: bool
    held: list[HeldRow]
    past: list[HeldRow]
    waiting: list[ProposalRow]
    own: bool
    alone: bool


@dataclass(frozen=True)
class AccountForm:
    """What is asked for a change of an account that takes two people."""

    person: str | None  # none: a new one
    name: str
    form: Form
    alone: bool
