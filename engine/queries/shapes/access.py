"""What is found for somebody who asks what is kept about them."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True)
class Passage:
    """A place in a case where the words stand."""

    id: str
    case: str          # its id
    reference: str
    where: str         # in which answer, register, file or paper
    label: str         # the question, the column, the heading
    at: datetime | None
    text: str


@dataclass(frozen=True)
class Passages:
    """All such places in the cases that were looked through."""

    words: str
    looked_through: list[str]
    not_read: list[str]      # asked for, and not to be read by this person
    found: list[Passage]


@dataclass(frozen=True)
class AccountData:
    """Everything that is kept about someone with an account."""

    person: str
    name: str
    records: dict[str, list[dict[str, Any]]]   # by table
    trail: list[dict[str, Any]]                # what they did and looked at, and what was done to them, newest first


@dataclass(frozen=True)
class AccessPage:
    """Whom and what can be looked for."""

    people: list[tuple[str, str]]
    cases: list[str]         # that this person may read
