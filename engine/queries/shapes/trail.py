"""The trail as pages show it: who did what and when, and who looked."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True)
class Chosen:
    """Which rows of a trail are wanted; whatever is empty leaves nothing out."""

    person: str = ""
    kind: str = ""              # one of queries.case_trail.KINDS
    since: date | None = None
    until: date | None = None   # the last day
    words: str = ""             # that stand in the sentence

    @property
    def any(self) -> bool:
        """Is anything left out?"""
        return any((self.person, self.kind, self.since, self.until, self.words))


@dataclass(frozen=True)
class TrailRow:
    """One thing that happened, in words."""

    at: datetime
    who: str
    words: str
    person: str | None
    reference: str | None       # of the case, where rows of several are shown


@dataclass(frozen=True)
class TrailPage:
    """What happened in a case, or what one person did, newest first."""

    title: str                  # the reference of the case, or the name of the person
    rows: list[TrailRow]
    next: int | None
    people: list[tuple[str, str]]   # who stands on it: id and name
    may_see_people: bool        # what each of them did elsewhere


@dataclass(frozen=True)
class Looker:
    """Someone who looked at a case, and how."""

    person: str | None
    name: str
    agency: str | None
    times: int
    first: datetime
    last: datetime
    pages: list[tuple[str, int]]    # at what, and how often; what was looked at most comes first


@dataclass(frozen=True)
class Lookers:
    """Everyone who looked at a case, who looked last comes first; and what was tried and refused, also by people who have no business there."""

    reference: str
    people: list[Looker]
    refused: list[TrailRow]
    may_see_people: bool


@dataclass(frozen=True)
class Watched:
    """Someone whose trail can be looked at."""

    person: str
    name: str
    agency: str | None
    active: bool


@dataclass(frozen=True)
class Evidence:
    """The whole trail of a case, oldest first."""

    reference: str
    case: str
    board: str
    made_at: datetime
    made_by: str
    rows: list[dict[str, Any]]
