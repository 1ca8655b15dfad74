"""What pages about the process itself are given: its releases, diagrams, deadlines, sources and roles."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from engine.queries.shapes.cases import DiagramRow


@dataclass(frozen=True)
class RoleRow:
    """A role of a process, for the list of who does what."""

    pack: str
    pack_title: str
    role: str
    label: str
    sentence: str
    scope: str
    mine: bool


@dataclass(frozen=True)
class ClockRule:
    """A deadline as a release has it, in words."""

    name: str
    title: str
    kind: str
    clause: str
    rule: str  # “14 days from the day of …”
    only: str  # where it does not run in every case: when it does
    starts: list[str]
    ends: list[str]
    presses: list[str]
    to: str
    reminded: str
    escalated: list[str]
    milestone: bool


@dataclass(frozen=True)
class NextStep:
    """What follows a step, in words."""

    kind: str  # task | button | wait | paper | end | on
    words: str
    who: str = ""
    process: str = ""
    element: str = ""


@dataclass(frozen=True)
class Ahead:
    """What comes after a step: the ways that lead there (each with its conditions; none: always), and what is there."""

    ways: list[tuple[tuple[tuple[str, ...], ...], list[NextStep]]]
    told: str  # who gets a mail on the way
    joined: bool  # only when what runs beside it is done too


@dataclass(frozen=True)
class RoleStep:
    """A start, task or button that is put to a role."""

    element: str
    kind: str  # start | task | button
    name: str
    stage: str
    also_in: list[str]  # further stages
    help: str
    process: str
    process_name: str
    with_others: str
    clocks: list[ClockRule]
    on_the_way: list[ClockRule]
    ahead: Ahead
    clauses: tuple[str, ...]
    questions: list[tuple[int, str, bool]]
    limits: list[str]
    checked: list[tuple[str, bool]]  # what is said to answers that will not do; True: a reason lets them pass


@dataclass(frozen=True)
class RoleGuide:
    """What one role does in a process."""

    pack: str
    pack_title: str
    role: str
    label: str
    sentence: str
    scope: str
    stages: list[tuple[str, list[RoleStep]]]
    must_not: list[tuple[str, list[tuple[str, str]]]]  # a sentence, and the steps it is about: element, name
    registers: list[str]
    papers: list[str]
    may: list[str]
    mine: bool


@dataclass(frozen=True)
class ReleaseRow:
    """A release of a process; how many cases run on it is for whoever sees where cases stand."""

    id: str
    number: int
    at: datetime
    by: str
    note: str
    newest: bool
    cases: tuple[int, int] | None = None  # open, ended


@dataclass(frozen=True)
class ProcessRow:
    """A diagram in the list of a process: how deep it is called, and from where."""

    process: str
    name: str
    help: str
    depth: int
    also_in: list[DiagramRow]  # other diagrams that call it


@dataclass(frozen=True)
class Released:
    """A process as one release has it."""

    pack: str
    title: str
    release: ReleaseRow
    newest: int
    diagrams: list[ProcessRow] = field(default_factory=list)
    clocks: list[ClockRule] = field(default_factory=list)
    releases: list[ReleaseRow] = field(default_factory=list)


@dataclass(frozen=True)
class DrawnElement:
    """Anything in a diagram that says something, in words."""

    id: str
    kind: str
    name: str
    help: str
    who: str
    form: str
    questions: list[tuple[int, str, bool]]
    clocks: list[ClockRule]
    clauses: tuple[str, ...]
    limits: list[str]
    ahead: Ahead | None
    called: DiagramRow | None


@dataclass(frozen=True)
class ProcessPage:
    """One diagram of a release, and the same as a list."""

    pack: str
    pack_title: str
    release: ReleaseRow
    newest: int
    process: str
    name: str
    help: str
    clauses: tuple[str, ...]
    parents: list[DiagramRow]
    elements: list[DrawnElement]
    calls: dict[str, DiagramRow]


@dataclass(frozen=True)
class Place:
    """Where a clause is carried, in words, with the diagram or page that shows it."""

    kind: str
    words: str
    process: str = ""
    element: str = ""
    page: str = ""


@dataclass(frozen=True)
class ClauseRow:
    """A clause of a source and what becomes of it."""

    id: str
    says: str
    kinds: tuple[str, ...]
    places: list[Place]
    stories: list[str]
    tests: tuple[str, ...]


@dataclass(frozen=True)
class SourceSection:
    """The clauses under one heading of a source."""

    source: str
    source_title: str
    title: str
    clauses: list[ClauseRow]


@dataclass(frozen=True)
class SourcesPage:
    """How a process meets its sources."""

    pack: str
    pack_title: str
    release: ReleaseRow
    newest: int
    sources: list[tuple[str, str]]
    kinds: list[str]
    sections: list[SourceSection]
    shown: int
    met: int
    all: int
