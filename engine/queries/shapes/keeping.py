"""What the pages about keeping and erasing are given."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date


@dataclass(frozen=True)
class KeptRow:
    """One kind of record, in words."""

    kind: str
    title: str
    holds: str
    why: str
    how_long: str
    then: str


@dataclass(frozen=True)
class HoldRow:
    """A legal hold on a case; its reasons only for whoever keeps cases."""

    id: str
    since: date
    by: str
    reason: str | None
    lifted_on: date | None
    lifted_by: str
    why_lifted: str | None


@dataclass(frozen=True)
class Keeping:
    """How long this case is kept."""

    how_long: str            # in words
    why_not: str | None      # why it may not be erased today; none: it may
    holds: list[HoldRow]     # those in force first
    may_keep: bool

    @property
    def held(self) -> list[HoldRow]:
        """The holds in force."""
        return [hold for hold in self.holds if hold.lifted_on is None]


@dataclass(frozen=True)
class CaseKeeping:
    """The page on which a case is held, and its erasure proposed."""

    reference: str
    keeping: Keeping
    goes: list[tuple[str, int]]   # what would go, and how much of it
    published: bool
    may_erase: bool
    waiting: str | None           # a proposal that waits already


@dataclass(frozen=True)
class KeepingRow:
    """A case in the lists of what may be erased and what is held."""

    reference: str
    process: str
    outcome: str
    ended: date | None
    until: date | None
    held_since: date | None
    erased_on: date | None


@dataclass(frozen=True)
class KeepingPage:
    """Which cases may be erased, are held, come next, and were erased."""

    may_go: list[KeepingRow]
    held: list[KeepingRow]
    next: list[KeepingRow]
    erased: list[KeepingRow]


@dataclass(frozen=True)
class ErasedCase:
    """What is left of a case that was erased."""

    reference: str
    process: str
    started: date
    ended: date | None
    outcome: str
    erased_on: date | None
    proposed_by: str
    approved_by: str
    published: bool
    may_see_trail: bool
    final_on: date | None         # when the last backup from before is gone
