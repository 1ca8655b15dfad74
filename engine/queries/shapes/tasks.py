"""What pages about work to do are given: lists of tasks, forms to answer, who stands in for whom."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from engine.errors import Hit
    from engine.forms import Form
    from engine.progress.drafts import DraftPlace
    from engine.queries.shapes.cases import MadeRow, UnsettledRow


@dataclass(frozen=True)
class TaskRow:
    """A task in a list."""

    id: str
    name: str
    reference: str
    stage_title: str
    agency_name: str | None
    item: str | None
    due: date | None
    overdue_days: int  # 0: in time
    offered_at: datetime
    claimed_by: str | None
    claimed_by_name: str | None
    mine: bool
    round: int
    who: str = ""  # to whom it is offered, in words
    can_open: bool = True
    for_me: bool = False  # it was put to this person, or they have taken it
    done: tuple[int, int] | None = None  # of several people or items asked at once: how many have done it, of how many


@dataclass(frozen=True)
class StartRow:
    """A way to begin a case that this person may use."""

    pack: str
    pack_title: str
    start: str
    label: str
    help: str


@dataclass(frozen=True)
class Home:
    """What I owe, soonest first, and what my team owes."""

    mine: list[TaskRow]
    team: list[TaskRow]
    more_mine: bool
    more_team: bool
    drafts: int
    starts: list[StartRow]
    unsettled: list[UnsettledRow] = field(default_factory=list)
    standing_in: list[DeputyRow] = field(default_factory=list)
    to_approve: int = 0                       # what others proposed and I could approve
    processes: list[tuple[str, str]] = field(default_factory=list)   # pack and title, for who looks after them


@dataclass(frozen=True)
class DeputyRow:
    """A time in which someone stands in for another, in words."""

    id: str
    person: str
    deputy: str
    role: str
    since: date
    until: date                               # the last day
    ended_on: date | None                     # it was ended early
    state: str                                # now | to come | over
    reason: str
    can_end: bool


@dataclass(frozen=True)
class DeputiesPage:
    """Who stands in for this person, and for whom they stand in; `others`: the rest, for who manages people."""

    mine: list[DeputyRow]
    standing_in: list[DeputyRow]
    others: list[DeputyRow]
    form: Form | None                         # none: this person holds no role that could be given
    people: list[tuple[str, str]]             # whom one may name a deputy for
    of: str
    of_name: str
    for_another: bool


@dataclass(frozen=True)
class TaskList:
    """A page of tasks; `next` asks for the one after."""

    rows: list[TaskRow]
    next: str | None


@dataclass(frozen=True)
class FormPage:
    """A form to answer."""

    title: str
    help: str
    form: Form
    names: Mapping[str, Any]
    values: dict[str, Any]
    draft: DraftPlace    # where it is kept until it is finished
    draft_at: datetime | None
    draft_id: str | None  # changes each time it is saved
    confirm: bool
    pack: str
    element: str
    clause: str
    case_id: str | None  # none yet where it opens a case


@dataclass(frozen=True)
class BareForm:
    """A form with what it takes to read a post to it, and nothing that only a page shows."""

    form: Form
    names: Mapping[str, Any]
    confirm: bool


@dataclass(frozen=True)
class Nutshell:
    """The case in a few words, beside a task."""

    reference: str
    stage_title: str
    started: date
    agency_name: str | None
    facts: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Paper:
    """What someone answered earlier, to be read before a task is done."""

    title: str
    who: str
    at: datetime
    rows: list[Any]  # forms' rows in words


@dataclass(frozen=True)
class TaskPage(FormPage):
    """A task: its form, why and until when, and who has it."""

    id: str
    reference: str
    case: Nutshell
    item: str | None
    agency_name: str | None
    due: date | None
    due_kind: str | None
    overdue_days: int
    clauses: list[tuple[str, str, str]]  # deadline, clause, kind
    state: str
    done_by_name: str | None
    done_at: datetime | None
    claimed_by: str | None
    claimed_by_name: str | None
    can_claim: bool
    can_let_go: bool
    can_hand_over: bool
    colleagues: list[tuple[str, str]]
    locked: list[Hit]
    barred: str | None
    round: int
    offered_to: str  # in words
    submitted: list[Any]  # forms' rows in words, once it is done
    papers: list[Paper]  # what it is decided on
    made: list[MadeRow]  # of the same, what steps have made
    done: tuple[int, int] | None  # of several people or items asked at once: how many have done it, of how many
    deputy_of: str | None  # the name of whom this person stands in for here; once it is done, of whom it was done for
    begun_by_other: datetime | None  # when whom this person stands in for last wrote at it: their draft stays theirs
    to_correct: str | None  # the answer that was given, where this person may correct it


@dataclass(frozen=True)
class DraftRow:
    """Something I began to write."""

    id: str
    title: str
    reference: str | None
    at: datetime
    kind: str  # task | start | action | correction
    task: str | None = None
    pack: str | None = None
    start: str | None = None
    action: str | None = None
    answer: str | None = None
    done_meanwhile: bool = False
