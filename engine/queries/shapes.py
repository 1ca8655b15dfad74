"""What pages are given: plain values, already decided."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from engine.errors import Hit
    from engine.forms import Form


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
    draft_at: datetime | None
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


@dataclass(frozen=True)
class ClockRow:
    """A deadline in words and figures."""

    name: str
    title: str
    item: str | None
    item_name: str | None
    kind: str
    clause: str
    started: date
    due: date
    state: str  # running | met | breached | cancelled
    days: int  # left; below nought: over
    ended_on: date | None
    ended: bool
    held: str | None = None
    milestone: bool = False  # it is waited for, not missed


@dataclass(frozen=True)
class CaseRow:
    """A case in the managers' list. Nothing here says what happened to whom."""

    reference: str
    stage_title: str
    started: date
    ended_at: datetime | None
    outcome: str | None
    outcome_title: str | None
    clocks: list[ClockRow]
    late: int
    open_tasks: int
    incidents: int
    next_tasks: list[str]
    can_open: bool  # some see in the list where a case stands, and nothing more
    held: tuple[str, ...] = ()  # what is held up at present, in words


@dataclass(frozen=True)
class CaseList:
    """A page of cases."""

    rows: list[CaseRow]
    next: str | None


@dataclass(frozen=True)
class CorrectionRow:
    """An answer that was put right: by whom, when and why, and what it was."""

    who: str
    at: datetime
    reason: str | None                        # None: it speaks of what the reader may not read
    changes: list[tuple[str, str, str]]       # question, before, after


@dataclass(frozen=True)
class DoneRow:
    """A task that was done, or a start or button that was used."""

    name: str
    item: str | None
    who: str
    at: datetime
    task: str | None
    answer: str | None = None                 # the id of what was answered, for whoever may read it
    can_correct: bool = False
    corrections: list[CorrectionRow] = field(default_factory=list)
    stage: str = ""                           # the title of the stage it belongs to; none: it can come at any time


@dataclass(frozen=True)
class UnsettledRow:
    """Something that a corrected answer would have decided otherwise."""

    id: str
    reference: str
    title: str
    words: str
    item: str | None
    answer: str                               # the step whose answer was corrected
    at: datetime
    can_settle: bool
    settled_by_name: str | None = None
    settled_at: datetime | None = None
    note: str | None = None


@dataclass(frozen=True)
class ClockMove:
    """A deadline that a correction would move."""

    title: str
    item: str | None
    before: date
    after: date
    words: str                                # what becomes of it beside that


@dataclass(frozen=True)
class CorrectionPage(FormPage):
    """An answer to correct: its form with what was answered, for whoever may."""

    answer: str
    reference: str
    item: str | None
    who: str
    at: datetime
    since: int
    kept_back: bool                           # a part of it is not theirs to read

    @property
    def form_keys(self) -> frozenset[str]:
        """The names its answers stand under."""
        return frozenset(self.form.filled({}))


@dataclass(frozen=True)
class CorrectionPreview:
    """What a correction would change, before it is made."""

    changes: list[tuple[str, str, str]]
    clocks: list[ClockMove]
    papers: list[str]
    doubts: list[tuple[str, str]]             # title, words


@dataclass(frozen=True)
class AnswerPage:
    """One answer that was given, in words, with its corrections."""

    id: str
    reference: str
    title: str
    item: str | None
    who: str
    at: datetime
    rows: list[Any]
    corrections: list[CorrectionRow]
    can_correct: bool
    task: str | None


@dataclass(frozen=True)
class ActionRow:
    """A button of the case."""

    element: str
    label: str
    help: str
    group: str = ""  # the heading it stands under


@dataclass(frozen=True)
class DiagramRow:
    """A diagram of the case's process."""

    process: str
    name: str


@dataclass(frozen=True)
class RegisterRow:
    """A register of the case that this person may read."""

    name: str
    title: str
    rows: int
    holds: bool  # its rows say what is held up


@dataclass(frozen=True)
class RegisterLine:
    """A row of a register in words."""

    key: str
    cells: tuple[str, ...]  # one for each head


@dataclass(frozen=True)
class RegisterPage:
    """A register of a case, as one person may read it: the rows as expressions see them, and the same in words."""

    title: str
    rows: list[dict[str, Any]]
    reference: str = ""
    heads: tuple[str, ...] = ()
    lines: list[RegisterLine] = field(default_factory=list)
    empty: tuple[str, ...] = ()  # questions that no row answers


@dataclass(frozen=True)
class IncidentRow:
    """Something that could not go on."""

    at: datetime
    element: str | None
    says: str


@dataclass(frozen=True)
class DocumentRow:
    """A file of the case."""

    id: str
    name: str
    field: str
    size: int
    at: datetime
    who: str


@dataclass(frozen=True)
class MadeRow:
    """A paper that a step has made, in its newest version."""

    id: str
    name: str
    kinds: list[str]  # docx, pdf
    at: datetime
    readers: str  # in words
    out_of_date: date | None  # the day on which an answer it was made from was corrected
    before: list[MadeRow]  # earlier versions, newest first


@dataclass(frozen=True)
class CasePage:
    """Where a case stands."""

    id: str
    reference: str
    pack_title: str
    release_number: int
    stage: str | None
    stages: list[tuple[str, str, str]]  # id, title, done | now | coming
    started: date
    started_by_name: str
    agency_name: str | None
    outcome: str | None
    outcome_title: str | None
    ended_at: datetime | None
    clocks: list[ClockRow]
    open_tasks: list[TaskRow]
    done_tasks: list[DoneRow]
    actions: list[ActionRow]
    diagrams: list[DiagramRow]
    incidents: list[IncidentRow]
    documents: list[DocumentRow]
    papers: list[MadeRow]
    figures: list[tuple[str, str]]
    may_see_trail: bool
    full: bool
    unsettled: list[UnsettledRow] = field(default_factory=list)
    held: tuple[str, ...] = ()  # what is held up at present, in words
    registers: list[RegisterRow] = field(default_factory=list)


@dataclass(frozen=True)
class Marks:
    """How often an element was passed, and whether it is waited for now."""

    done: int = 0
    now: int = 0
    late: bool = False
    cancelled: int = 0


@dataclass(frozen=True)
class Diagram:
    """A diagram with the case marked on it, and the same as a list."""

    reference: str
    process: str
    name: str
    marks: dict[str, Marks]
    rows: list[tuple[str, str, str, datetime | None]]  # name, kind, state, when
    parents: list[DiagramRow]
    calls: dict[str, DiagramRow]
    full: bool = True


@dataclass(frozen=True)
class TrailRow:
    """One thing that happened, in words."""

    at: datetime
    who: str
    words: str


@dataclass(frozen=True)
class TrailPage:
    """What happened in a case, newest first."""

    reference: str
    rows: list[TrailRow]
    next: int | None


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


@dataclass(frozen=True)
class DocumentFile:
    """A document to download."""

    name: str
    kind: str
    content: bytes
