"""A BPMN file as plain values. What is not supported is told by name, never dropped in silence and never an exception."""
from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from engine.errors import Fault
from engine.packs.drawing import read_planes
from engine.packs.elements import NO_EVENT, Box, Edge, Element, Event, Flow, Loop, Mapped, Plane, Process, Shape
from engine.packs.xml import BPMN, UnsafeXml, parse
from engine.packs.zeebe import namespace, read_loop, read_settings, tag

if TYPE_CHECKING:
    from lxml import etree

__all__ = ["Box", "Diagram", "Edge", "Element", "Event", "Flow", "Loop", "Mapped", "Plane", "Process", "Shape", "read_diagram"]

B = f"{{{BPMN}}}"
MODELER = "{http://camunda.org/schema/modeler/1.0}"

NODES = {"userTask", "serviceTask", "sendTask", "receiveTask", "scriptTask", "businessRuleTask", "callActivity", "subProcess", "startEvent",
         "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent", "exclusiveGateway", "parallelGateway",
         "inclusiveGateway", "eventBasedGateway"}
PICTURES = {"laneSet", "dataObject", "dataObjectReference", "dataStoreReference", "textAnnotation", "group", "association"}
AT_THE_TOP = {"process", "message", "signal", "error", "escalation", "collaboration", "category", "dataStore", "extensionElements", "documentation"}
INSIDE_A_NODE = {"documentation", "extensionElements", "incoming", "outgoing", "dataInputAssociation", "dataOutputAssociation", "property"}
EVENT_KINDS = {f"{kind}EventDefinition": kind for kind in ("message", "timer", "signal", "error", "escalation", "terminate")}
INSTEAD = {
    "manualTask": "A manual task does nothing here. Say who does this: make it a user task.",
    "task": "An undefined task does nothing here. Say who does this: make it a user task.",
    "transaction": "A transaction is not supported: make it a sub-process.",
    "adHocSubProcess": "An ad-hoc sub-process is not supported: draw the tasks in the order they may be done.",
    "complexGateway": "A complex gateway is not supported: use an exclusive, inclusive or parallel gateway.",
    "standardLoopCharacteristics": "A loop marker is not supported: draw the loop with a gateway, or repeat over a list.",
    "linkEventDefinition": "A link event is not supported: draw the arrow, or call another process.",
    "compensateEventDefinition": "A compensation event is not supported: draw what is to be undone as a task.",
    "conditionalEventDefinition": "A conditional event is not supported: use a gateway, a message or a deadline.",
    "cancelEventDefinition": "A cancel event is not supported: use an error or escalation event.",
    "potentialOwner": "A potential owner is not supported: name roles in the candidate groups.",
    "ioSpecification": "An input/output specification is not supported: use input and output mappings.",
}


@dataclass(frozen=True)
class Diagram:
    """One BPMN file."""

    file: str
    root: etree._Element | None = field(default=None, repr=False, compare=False)
    processes: tuple[Process, ...] = ()
    planes: tuple[Plane, ...] = ()
    messages: dict[str, tuple[str, str | None, int]] = field(default_factory=dict)     # id → name, correlation key, line
    ids: tuple[tuple[str, str, int], ...] = ()                                         # every id of the model: id, tag, line
    pools: tuple[str, ...] = ()                                                        # ids of participants
    platform: str | None = None
    faults: tuple[Fault, ...] = ()


def read_diagram(data: bytes, file: str) -> Diagram:
    """The diagram in a BPMN file, with what could not be read among its faults."""
    try:
        root = parse(data, BPMN)
    except UnsafeXml as problem:
        return Diagram(file, faults=(Fault(file, problem.line, None, None, problem.says),))
    return _Reader(data, root, file).diagram()


class _Reader:
    def __init__(self, data: bytes, root: etree._Element, file: str) -> None:
        self.data, self.root, self.file = data, root, file
        self.faults: list[Fault] = []
        self.ids: list[tuple[str, str, int]] = []
        self.things: dict[str, dict[str, etree._Element]] = {kind: {} for kind in ("message", "signal", "error", "escalation")}
        self.keys: dict[str, str | None] = {}

    def fault(self, node: etree._Element, says: str, owner: etree._Element | None = None) -> None:
        owner = node if owner is None else owner
        self.faults.append(Fault(self.file, node.sourceline, owner.get("id"), owner.get("name"), says))

    def diagram(self) -> Diagram:
        for node in self.root:
            if namespace(node) != BPMN:
                continue                                   # the drawing, read below
            if tag(node) not in AT_THE_TOP:
                self.fault(node, f"bpmn:{tag(node)} is not supported: take it out")
            elif tag(node) in self.things:
                self.identify(node)
                self.things[tag(node)][node.get("id", "")] = node
                self.keys[node.get("id", "")] = read_settings(node, self.file, self.faults).get("subscription", "correlationKey")
        pools = list(self.root.iterfind(f"{B}collaboration/{B}participant"))
        for pool in pools:
            self.identify(pool)
        processes = tuple(self.process(node) for node in self.root.iterfind(f"{B}process"))
        messages = {id: (node.get("name", ""), self.keys[id], node.sourceline or 0) for id, node in self.things["message"].items()}
        planes = read_planes(self.root, self.file, self.faults)
        return Diagram(self.file, self.root, processes, planes, messages, tuple(self.ids), tuple(node.get("id", "") for node in pools),
                       self.root.get(f"{MODELER}executionPlatform"), tuple(self.faults))

    def identify(self, node: etree._Element) -> None:
        """Everything has an id, and one that nothing else has."""
        id = node.get("id")
        if not id:
            self.fault(node, f"bpmn:{tag(node)} has no id: give it one")
        else:
            self.ids.append((id, tag(node), node.sourceline or 0))

    def process(self, node: etree._Element) -> Process:
        self.identify(node)
        settings = read_settings(node, self.file, self.faults)
        elements: dict[str, Element] = {}
        flows: dict[str, Flow] = {}
        self.inside(node, node, None, elements, flows)
        for flow in flows.values():
            for end, arrows in ((flow.source, "outgoing"), (flow.target, "incoming")):
                if end in elements:
                    there = elements[end]
                    now = (*there.outgoing, flow.id) if arrows == "outgoing" else (*there.incoming, flow.id)
                    elements[end] = replace(there, outgoing=now) if arrows == "outgoing" else replace(there, incoming=now)
                else:
                    self.faults.append(Fault(self.file, flow.line, flow.id, flow.name or None,
                                             "An arrow begins or ends nowhere: connect both its ends."))
        lanes, lane_names = {}, {}
        for lane in node.iter(f"{B}lane"):
            self.identify(lane)
            lane_names[lane.get("id", "")] = lane.get("name", "")
            for member in lane.iterfind(f"{B}flowNodeRef"):
                lanes[(member.text or "").strip()] = lane.get("id", "")
        return Process(id=node.get("id", ""), name=node.get("name") or self.pool_name(node), file=self.file, line=node.sourceline or 0, xml=self.data,
                       elements=elements, flows=flows, documentation=_documentation(node), properties=settings.properties, lanes=lanes,
                       lane_names=lane_names, executable=node.get("isExecutable") == "true")

    def pool_name(self, node: etree._Element) -> str:
        pools = self.root.iterfind(f"{B}collaboration/{B}participant")
        return next((pool.get("name", "") for pool in pools if pool.get("processRef") == node.get("id")), "")

    def inside(self, scope: etree._Element, process: etree._Element, parent: str | None, elements: dict[str, Element],
               flows: dict[str, Flow]) -> None:
        for node in scope:
            kind = tag(node)
            if namespace(node) != BPMN or kind in PICTURES:
                continue
            if kind == "sequenceFlow":
                self.identify(node)
                condition = (node.findtext(f"{B}conditionExpression") or "").strip()
                settings = read_settings(node, self.file, self.faults)
                flows[node.get("id", "")] = Flow(
                    id=node.get("id", ""), name=_words(node.get("name")), process=process.get("id", ""), file=self.file, line=node.sourceline or 0,
                    source=node.get("sourceRef", ""), target=node.get("targetRef", ""), condition=condition or None, parent=parent,
                    properties=settings.properties)
            elif kind in NODES:
                self.identify(node)
                elements[node.get("id", "")] = self.element(node, process, parent)
                if kind == "subProcess":
                    self.inside(node, process, node.get("id", ""), elements, flows)
            elif not (scope is process and kind in {"extensionElements", "documentation"}) and not (scope is not process and _known(scope, kind)):
                self.fault(node, _unsupported(kind), node if node.get("id") else scope)

    def element(self, node: etree._Element, process: etree._Element, parent: str | None) -> Element:
        kind = tag(node)
        settings = read_settings(node, self.file, self.faults)
        loop: Loop | None = None
        for child in node:
            if namespace(child) != BPMN:
                continue
            if tag(child) == "multiInstanceLoopCharacteristics":
                loop = read_loop(child, node, self.file, self.faults)
            elif kind != "subProcess" and not _known(node, tag(child)) and tag(child) not in EVENT_KINDS:
                self.fault(child, _unsupported(tag(child)), node)
        if node.get("isForCompensation") == "true":
            self.fault(node, INSTEAD["compensateEventDefinition"])
        get = settings.get
        return Element(
            id=node.get("id", ""), kind=kind, name=_words(node.get("name")), process=process.get("id", ""), file=self.file, line=node.sourceline or 0,
            parent=parent, documentation=_documentation(node), properties=settings.properties,
            form=get("formDefinition", "formId") if kind == "userTask" else settings.properties.get("form"),
            groups=get("assignmentDefinition", "candidateGroups") or "", assignee=get("assignmentDefinition", "assignee"),
            due=get("taskSchedule", "dueDate"), follow_up=get("taskSchedule", "followUpDate"),
            priority=get("priorityDefinition", "priority"), inputs=settings.inputs, outputs=settings.outputs,
            called=get("calledElement", "processId"), gives_all=get("calledElement", "propagateAllParentVariables") != "false",
            takes_all=get("calledElement", "propagateAllChildVariables") != "false", decision=get("calledDecision", "decisionId"),
            result=get("script", "resultVariable") or get("calledDecision", "resultVariable"), script=get("script", "expression"),
            job=get("taskDefinition", "type"), headers=settings.headers, loop=loop, event=self.event(node), attached_to=node.get("attachedToRef"),
            interrupting=node.get("cancelActivity" if kind == "boundaryEvent" else "isInterrupting") != "false",
            triggered=node.get("triggeredByEvent") == "true", default=node.get("default"), has_user_task="userTask" in settings.found)

    def event(self, node: etree._Element) -> Event:
        """What the event waits for or throws: one thing."""
        definitions = [child for child in node if namespace(child) == BPMN and tag(child) in EVENT_KINDS]
        if tag(node) == "receiveTask" and node.get("messageRef"):
            definitions.append(node)                       # a receive task names its message itself
        if len(definitions) > 1:
            self.fault(node, "An event waits for one thing: draw an event for each.")
        if not definitions:
            return NO_EVENT
        definition = definitions[0]
        kind = EVENT_KINDS.get(tag(definition), "message")
        line = definition.sourceline or 0
        if kind == "timer":
            timers = [child for child in definition if namespace(child) == BPMN and tag(child) in {"timeDate", "timeDuration", "timeCycle"}]
            if not timers:
                return Event(kind, line=line)
            return Event(kind, timer=tag(timers[0]), text=(timers[0].text or "").strip() or None, line=timers[0].sourceline or line)
        ref = definition.get(f"{kind}Ref")
        thing = self.things.get(kind, {}).get(ref or "")
        if thing is None:
            return Event(kind, ref=ref, line=line)
        return Event(kind, name=thing.get("name") or None, code=thing.get(f"{kind}Code"), ref=ref, key=self.keys.get(ref or ""), line=line)


def _known(node: etree._Element, kind: str) -> bool:
    """Whether this tag may stand in that element."""
    return kind in INSIDE_A_NODE or (kind == "multiInstanceLoopCharacteristics" and tag(node) in NODES and not tag(node).endswith(("Event", "Gateway")))


def _unsupported(kind: str) -> str:
    return INSTEAD.get(kind, f"bpmn:{kind} is not supported: draw it another way, or take it out")


def _documentation(node: etree._Element) -> str:
    return "\n\n".join((each.text or "").strip() for each in node.iterfind(f"{B}documentation"))


def _words(name: str | None) -> str:
    """A name on one line, as it is shown in lists."""
    return " ".join((name or "").split())


