"""What pages about a case are given: where it stands, what was answered, its papers and registers, its trail."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.queries.shapes.tasks import FormPage

if TYPE_CHECKING:
    from datetime import date, datetime

    from engine.queries.shapes.keeping import Keeping
    from engine.queries.shapes.tasks import TaskRow


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
    within: str = ""  # how long this case's release gives: “14 days”


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
    erased: bool = False
    agency_name: str | None = None  # whose case it is, for those who may open it


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
    pack: str
    pack_title: str
    release_number: int
    released_at: datetime
    newest_number: int  # of the pack: a later one than this case's own does not touch it
    newest_at: datetime
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
    picture: Diagram | None  # for those who see all of it
    incidents: list[IncidentRow]
    documents: list[DocumentRow]
    papers: list[MadeRow]
    figures: list[tuple[str, str]]
    may_see_trail: bool
    full: bool
    unsettled: list[UnsettledRow] = field(default_factory=list)
    held: tuple[str, ...] = ()  # what is held up at present, in words
    registers: list[RegisterRow] = field(default_factory=list)
    keeping: Keeping | None = None  # how long all of it is kept


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
class DocumentFile:
    """A document to download."""

    name: str
    kind: str
    content: bytes
