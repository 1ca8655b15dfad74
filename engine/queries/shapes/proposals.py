"""What the pages about proposals that wait for a second person are given."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


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
