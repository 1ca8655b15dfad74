"""What the pages about accounts and their roles are given."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from engine.forms import Form
    from engine.queries.shapes.proposals import ProposalRow


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
    alone: list[str] | None  # nobody else could approve: the one other administrator, whom it is about, or no name; none: there is somebody


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
    came: bool  # somebody has come in by it
    held: list[HeldRow]
    past: list[HeldRow]
    waiting: list[ProposalRow]
    own: bool
    alone: list[str] | None  # nobody else could approve: the one other administrator, whom it is about, or no name; none: there is somebody


@dataclass(frozen=True)
class AccountForm:
    """What is asked for a change of an account that takes two people."""

    person: str | None  # none: a new one
    name: str
    form: Form
    alone: list[str] | None  # nobody else could approve: the one other administrator, whom it is about, or no name; none: there is somebody
