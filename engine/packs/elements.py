"""A diagram as plain values: processes, their elements and arrows, and where they are drawn."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TASKS = frozenset({"userTask", "serviceTask", "sendTask", "receiveTask", "scriptTask", "businessRuleTask"})
ACTIVITIES = TASKS | {"callActivity", "subProcess"}
EVENTS = frozenset({"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"})
GATEWAYS = frozenset({"exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway"})


#: The answer's own key for the reason that a check asks for; no form may use it.
REASON = "reason_for_going_on"
#: The question of a button that says whose item is meant, where one event waits for each of several agencies.
ITEM = "agency"


def split(text: str | None) -> tuple[str, ...]:
    """The ids of a list as owners write it: commas or spaces between them."""
    return tuple((text or "").replace(",", " ").split())


@dataclass(frozen=True)
class Mapped:
    """One row of an input or output mapping: `source` (“=FEEL”, or text) becomes the variable `target`."""

    target: str
    source: str
    line: int


@dataclass(frozen=True)
class Loop:
    """A multi-instance: once for each of `collection`, with `item` naming the current one."""

    collection: str                 # “=FEEL”
    item: str | None                # inputElement
    gathers: str | None             # outputCollection
    output: str | None              # outputElement, “=FEEL”
    until: str | None               # completionCondition, “=FEEL”
    sequential: bool
    line: int


@dataclass(frozen=True)
class Event:
    """What an event waits for, or throws."""

    kind: str                       # none | message | timer | signal | error | escalation | terminate
    name: str | None = None         # of the message, signal, error or escalation
    code: str | None = None         # of the error or escalation
    ref: str | None = None          # id of the message, signal …
    key: str | None = None          # correlation key of the message, “=FEEL”
    timer: str | None = None        # timeDate | timeDuration | timeCycle
    text: str | None = None         # what the timer says, “=deadlines.<name>”
    line: int = 0

    @property
    def deadline(self) -> str | None:
        """The name of the deadline whose breach this timer waits for."""
        text = (self.text or "").replace(" ", "")
        name = text.removeprefix("=deadlines.")
        return name if self.kind == "timer" and name != text and name.isidentifier() else None


NO_EVENT = Event("none")


@dataclass(frozen=True)
class Element:
    """Anything in a process that a token can stand on."""

    id: str
    kind: str                                    # the BPMN tag: userTask, boundaryEvent …
    name: str
    process: str
    file: str
    line: int
    parent: str | None = None                    # the sub-process it is drawn in
    documentation: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)
    form: str | None = None                      # of a user task, or of an event that is a button
    groups: str = ""                             # candidateGroups: role ids with commas, or “=FEEL”
    assignee: str | None = None
    due: str | None = None                       # taskSchedule, a picture for other tools: deadlines.toml says when
    follow_up: str | None = None
    priority: str | None = None
    inputs: tuple[Mapped, ...] = ()
    outputs: tuple[Mapped, ...] = ()
    called: str | None = None                    # id of the called process, or “=method.process”
    gives_all: bool = True                       # propagateAllParentVariables
    takes_all: bool = True                       # propagateAllChildVariables
    decision: str | None = None                  # id of the called decision table
    result: str | None = None                    # the variable a script or decision answers in
    script: str | None = None                    # “=FEEL”
    job: str | None = None                       # type of a service or send task
    headers: Mapping[str, str] = field(default_factory=dict)
    loop: Loop | None = None
    event: Event = NO_EVENT
    attached_to: str | None = None               # of a boundary event
    interrupting: bool = True                    # of a boundary event or the start of an event sub-process
    triggered: bool = False                      # an event sub-process
    default: str | None = None                   # the arrow taken when no condition holds
    incoming: tuple[str, ...] = ()               # ids of arrows
    outgoing: tuple[str, ...] = ()
    has_user_task: bool = False                  # zeebe:userTask

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles whose task this is, where they are written out."""
        return () if self.groups.startswith("=") else split(self.groups)

    @property
    def clauses(self) -> tuple[str, ...]:
        """The clauses of the statute or procedure this element carries."""
        return split(self.properties.get("clause"))

    @property
    def checks(self) -> tuple[str, ...]:
        return split(self.properties.get("checks"))

    @property
    def gate(self) -> tuple[str, ...]:
        return split(self.properties.get("gate"))

    @property
    def not_by(self) -> tuple[str, ...]:
        return split(self.properties.get("not_by"))

    @property
    def opens_with(self) -> tuple[str, ...]:
        """Earlier tasks or starts whose answers its form opens with, the first that has any."""
        return split(self.properties.get("opens_with"))

    @property
    def shows(self) -> tuple[str, ...]:
        """Earlier tasks or starts whose latest answers are shown beside its form."""
        return split(self.properties.get("shows"))

    @property
    def corrected_with(self) -> str | None:
        """The case action that changes what was answered here, because too much follows from it for a correction."""
        return self.properties.get("corrected_with")

    @property
    def offer_to(self) -> tuple[str, ...]:
        """The roles that see this event as a button; nobody means that it comes from outside."""
        return split(self.properties.get("offer_to"))

    @property
    def confirm(self) -> bool:
        return self.properties.get("confirm") == "true"

    @property
    def confirm_identity(self) -> bool:
        """Whether who does this must have shown lately that it is them."""
        return self.properties.get("confirm_identity") == "true"

    @property
    def help(self) -> str:
        return self.properties.get("help", "")

    @property
    def label(self) -> str:
        return self.properties.get("label") or self.name or self.id

    @property
    def stage(self) -> str | None:
        return self.properties.get("stage")

    @property
    def outcome(self) -> str | None:
        return self.properties.get("outcome")

    @property
    def catches(self) -> bool:
        """Whether a message, moment or signal can arrive here."""
        return self.kind in {"startEvent", "intermediateCatchEvent", "boundaryEvent", "receiveTask"}

    @property
    def waits(self) -> bool:
        """Whether a token rests here until a person, a moment or a message moves it on."""
        if self.kind in {"userTask", "receiveTask", "eventBasedGateway"}:
            return True
        return self.kind == "intermediateCatchEvent" and self.event.kind != "none"

    def expressions(self) -> Iterator[tuple[str, str, int]]:
        """Everything here that may be FEEL, as (what it is, the text as written, line)."""
        for each in self.inputs:
            yield f"the input “{each.target}”", each.source, each.line
        for each in self.outputs:
            yield f"the output “{each.target}”", each.source, each.line
        if self.loop:
            for what, text in (("the list it repeats over", self.loop.collection), ("the output of each round", self.loop.output),
                               ("the completion condition", self.loop.until)):
                if text:
                    yield what, text, self.loop.line
        for what, text in (("who does it", self.groups), ("the assignee", self.assignee), ("the due date", self.due),
                           ("the follow-up date", self.follow_up), ("the priority", self.priority), ("the process it calls", self.called),
                           ("the decision it calls", self.decision), ("the script", self.script), ("the timer", self.event.text),
                           ("the correlation key", self.event.key)):
            if text:
                yield what, text, self.event.line if what in {"the timer", "the correlation key"} and self.event.line else self.line
        for key, text in self.headers.items():
            yield f"the header “{key}”", text, self.line


@dataclass(frozen=True)
class Flow:
    """An arrow between two elements."""

    id: str
    name: str
    process: str
    file: str
    line: int
    source: str
    target: str
    condition: str | None = None                 # “=FEEL”
    parent: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Box:
    """A rectangle of the drawing."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Shape:
    element: str
    box: Box
    expanded: bool
    label: Box | None
    line: int


@dataclass(frozen=True)
class Edge:
    flow: str
    points: tuple[tuple[float, float], ...]
    label: Box | None
    line: int


@dataclass(frozen=True)
class Plane:
    """One page of the drawing: a process or collaboration, or the inside of a collapsed sub-process."""

    element: str
    shapes: Mapping[str, Shape]
    edges: Mapping[str, Edge]


@dataclass(frozen=True)
class Process:
    """One process of a diagram; elements and arrows inside its sub-processes are here too."""

    id: str
    name: str
    file: str
    line: int
    xml: bytes = field(repr=False, compare=False, hash=False)             # the whole file it stands in, as its owner wrote it
    elements: Mapping[str, Element] = field(repr=False)
    flows: Mapping[str, Flow] = field(repr=False)
    documentation: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)
    lanes: Mapping[str, str] = field(default_factory=dict, repr=False)    # element → lane
    lane_names: Mapping[str, str] = field(default_factory=dict, repr=False)
    executable: bool = True

    def within(self, parent: str | None) -> list[Element]:
        """The elements that stand directly in a sub-process, or (None) directly in the process."""
        return [element for element in self.elements.values() if element.parent == parent]

    def starts(self, parent: str | None = None) -> list[Element]:
        return [element for element in self.within(parent) if element.kind == "startEvent"]

    def around(self, element: Element) -> Iterator[Element]:
        """The sub-processes an element stands in, innermost first."""
        parent = element.parent
        while parent is not None:
            outer = self.elements[parent]
            yield outer
            parent = outer.parent

    def boundaries(self, host: str) -> list[Element]:
        return [element for element in self.elements.values() if element.attached_to == host]

    def after(self, element: Element) -> list[Element]:
        """The elements its arrows lead to."""
        found = (self.elements.get(self.flows[flow].target) for flow in element.outgoing)
        return [each for each in found if each is not None]
