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
    done: tuple[int, int] | None  # of several people or items asked at once: how many have done it, of how many
    deputy_of: str | None  # the name of whom this person stands in for here; once it is done, of whom it was done for


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
