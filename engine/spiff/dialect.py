"""Reads Camunda 8 diagrams into SpiffWorkflow's specs, in the style of its parser. What it does not know it refuses by name."""
from __future__ import annotations

from typing import Any, ClassVar

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.parser.node_parser import DEFAULT_NSMAP
from SpiffWorkflow.bpmn.parser.ProcessParser import ProcessParser
from SpiffWorkflow.bpmn.parser.TaskParser import TaskParser
from SpiffWorkflow.bpmn.parser.util import full_tag

from engine.spiff import activities, events, gateways, mends
from engine.spiff.multi_instance import ForEach
from engine.spiff.scopes import Scope
from engine.spiff.settings import ZEEBE, NotRunnable, Settings, expression, read
from engine.spiff.timers import Timer

#: Pictures: they say nothing to the engine.
_PICTURES = frozenset({"extensionElements", "documentation", "laneSet", "textAnnotation", "association", "group", "dataObject",
                       "dataObjectReference", "dataStoreReference", "sequenceFlow", "incoming", "outgoing",
                       "multiInstanceLoopCharacteristics", "standardLoopCharacteristics"})
_RESERVED = frozenset({"Start", "End", "Root"})
_NEEDS = {"scriptTask": (("script", "expression"), ("script", "resultVariable")),
          "businessRuleTask": (("calledDecision", "decisionId"), ("calledDecision", "resultVariable")),
          "callActivity": (("calledElement", "processId"),), "serviceTask": (("taskDefinition", "type"),),
          "sendTask": (("taskDefinition", "type"),)}
_AT = {"startEvent": ("message", "timer", "signal", "error", "escalation"), "intermediateCatchEvent": ("message", "timer", "signal"),
       "boundaryEvent": ("message", "timer", "signal", "error", "escalation"),
       "intermediateThrowEvent": ("message", "signal", "escalation"), "endEvent": ("message", "signal", "error", "escalation", "terminate")}


def tag(node: Any) -> str:
    """The name of a BPMN tag."""
    name: str = etree.QName(node).localname
    return name


class ElementParser(TaskParser):
    """Any element of a process."""

    def parse_node(self) -> Any:
        """The spec of this element, not yet connected."""
        self.settings = read(self.node)
        for setting, attribute in _NEEDS.get(tag(self.node), ()):
            if not self.settings.get(setting, attribute):
                raise NotRunnable(f"{tag(self.node)} needs zeebe:{setting} with {attribute}", node=self.node)
        if self.xpath("./bpmn:standardLoopCharacteristics"):
            raise NotRunnable("a loop marker is not supported: draw the loop", node=self.node)
        loops = self.xpath("./bpmn:multiInstanceLoopCharacteristics")
        spec = self._named(self.create_task(), self.settings)
        return self._for_each(spec, loops[0]) if loops else spec

    def create_task(self) -> Any:
        return self.spec_class(self.spec, self.bpmn_id, **self.attributes)

    @property
    def attributes(self) -> dict[str, Any]:
        """What SpiffWorkflow keeps of an element; data objects are pictures in Camunda 8."""
        return {"lane": self.lane, "bpmn_name": self.node.get("name")}

    def _named(self, spec: Any, settings: Settings) -> Any:
        spec.element, spec.settings, spec.extensions = self.bpmn_id, settings, {}
        return spec

    def _for_each(self, instance: Any, loop: Any) -> Any:
        settings = read(loop)
        if not settings.get("loopCharacteristics", "inputCollection"):
            raise NotRunnable("a multi-instance needs an input collection", node=self.node)
        del self.spec.task_specs[instance.name]
        instance.name = f"{self.bpmn_id}[]"
        self.spec.task_specs[instance.name] = instance
        whole = ForEach(self.spec, self.bpmn_id, bpmn_name=self.node.get("name"))
        whole.instance, whole.sequential = instance.name, loop.get("isSequential") == "true"
        whole.grows = self.settings.properties.get("grows") == "true"
        if whole.grows and whole.sequential:
            raise NotRunnable("only a parallel multi-instance can grow", node=self.node)
        condition = loop.findtext(full_tag("completionCondition"))
        whole.condition = expression(condition, self.node) if condition and condition.strip() else None
        return self._named(whole, Settings(properties=self.settings.properties, found=settings.found))

    def connect(self, source: Any, target: Any, flow: Any, *, is_default: bool) -> None:
        """An arrow from this element."""
        if mends.on(2) and self.parse_condition(flow) is not None:
            raise NotRunnable("a condition needs a gateway: only exclusive and inclusive gateways choose", node=flow)
        source.connect(target)


class NobodyParser(ElementParser):
    """Tasks that do not say who does them."""

    def create_task(self) -> Any:
        if mends.on(13):
            raise NotRunnable("say who does this: make it a user task", node=self.node)
        return super().create_task()


class InsideParser(ElementParser):
    """Sub-processes, event sub-processes and call activities."""

    def create_task(self) -> Any:
        if tag(self.node) == "callActivity":
            called = self.settings.get("calledElement", "processId")
            return self.spec_class(self.spec, self.bpmn_id, subworkflow_spec=called, **self.attributes)
        self.process_parser.parser.create_parser(self.node, filename=self.filename, lane=self.lane)
        listens = self.node.get("triggeredByEvent") == "true" if mends.on(2) else bool(self.attribute("triggeredByEvent"))
        if not listens:
            return self.spec_class(self.spec, self.bpmn_id, subworkflow_spec=self.bpmn_id, **self.attributes)
        return self._listener()

    def _listener(self) -> Any:
        starts = self.xpath("./bpmn:startEvent")
        if len(starts) != 1:
            raise NotRunnable("an event sub-process begins with exactly one start event", node=self.node)
        listener = events.Listener(self.spec, self.bpmn_id, subworkflow_spec=self.bpmn_id, **self.attributes)
        listener.start, listener.interrupting = starts[0].get("id"), starts[0].get("isInterrupting") != "false"
        parser = EventParser(self.process_parser, events.StartEvent, starts[0], self.nsmap)
        listener.event_definition = parser.definition()
        if isinstance(listener.event_definition, events.Nothing):
            raise NotRunnable("the start event of an event sub-process waits for something", node=starts[0])
        self.spec.listeners += (self.bpmn_id,)
        return listener


class GatewayParser(ElementParser):
    """Gateways without conditions."""

    def create_task(self) -> Any:
        attributes = self.attributes
        if tag(self.node) == "eventBasedGateway":
            attributes["event_definition"] = events.Nothing()
        return self.spec_class(self.spec, self.bpmn_id, **attributes)


class ConditionParser(ElementParser):
    """Gateways that choose."""

    def connect(self, source: Any, target: Any, flow: Any, *, is_default: bool) -> None:
        condition = self.parse_condition(flow)
        if is_default or (condition is None and len(self.process_parser.get_outgoing_sequence_flows(self.bpmn_id)) == 1):
            source.connect(target)
        elif condition is None:
            raise NotRunnable("this way out needs a condition, or must be the default", node=flow)
        else:
            source.connect_if(gateways.Condition(expression(condition, flow)), target)


class EventParser(ElementParser):
    """All events; SpiffWorkflow's parsers miss some kinds at some places, and turn those into empty events."""

    def create_task(self) -> Any:
        attributes, kind = self.attributes, tag(self.node)
        if kind == "boundaryEvent":
            attributes["cancel_activity"] = self.node.get("cancelActivity") != "false"
        definition = self.definition()
        if kind in {"boundaryEvent", "intermediateCatchEvent", "receiveTask"} and isinstance(definition, events.Nothing):
            raise NotRunnable("this event waits for nothing: say what for", node=self.node)
        sends = kind in {"intermediateThrowEvent", "endEvent"} and isinstance(definition, events.Message)
        if sends and not self.settings.get("taskDefinition", "type"):
            raise NotRunnable("sending a message needs zeebe:taskDefinition with type", node=self.node)
        return self.spec_class(self.spec, self.bpmn_id, event_definition=definition, **attributes)

    def definition(self) -> Any:
        """What the event waits for or throws."""
        kind = tag(self.node)
        if kind == "receiveTask":
            return self._message(self.node)
        found = []
        for definition in self.xpath("./*[contains(local-name(), 'EventDefinition')]"):
            what = tag(definition).removesuffix("EventDefinition")
            if what not in _AT[kind]:
                if mends.on(2):
                    raise NotRunnable(f"{tag(definition)} is not supported at a {kind}", node=self.node)
                continue
            found.append(getattr(self, f"_{what}")(definition))
        if len(found) > 1:
            raise NotRunnable("an event waits for one thing", node=self.node)
        return found[0] if found else events.Nothing()

    def _timer(self, definition: Any) -> Any:
        settings = [each for each in definition if tag(each) in {"timeDate", "timeDuration", "timeCycle"}]
        if len(settings) != 1 or not (settings[0].text or "").strip():
            raise NotRunnable("a timer needs a date or a duration", node=self.node)
        if tag(settings[0]) == "timeCycle":
            raise NotRunnable("timeCycle is not supported: let a deadline repeat, or draw the loop", node=self.node)
        return Timer(self.bpmn_id, settings[0].text.strip(), duration=tag(settings[0]) == "timeDuration")

    def _message(self, definition: Any) -> Any:
        message = self._referred(definition, "message", "messageRef")
        if message is None or not message.get("name"):
            raise NotRunnable("a message event names its message", node=self.node)
        return events.Message(message.get("name"), read(message).get("subscription", "correlationKey"))

    def _signal(self, definition: Any) -> Any:
        signal = self._referred(definition, "signal", "signalRef")
        if signal is None or not signal.get("name"):
            raise NotRunnable("a signal event names its signal", node=self.node)
        return events.Signal(signal.get("name"))

    def _error(self, definition: Any) -> Any:
        return self._coded(definition, "error", events.Error)

    def _escalation(self, definition: Any) -> Any:
        return self._coded(definition, "escalation", events.Escalation)

    def _coded(self, definition: Any, what: str, kind: type[Any]) -> Any:
        referred = self._referred(definition, what, f"{what}Ref")
        code = None if referred is None else referred.get(f"{what}Code")
        if code is None and tag(self.node) in {"endEvent", "intermediateThrowEvent"}:
            raise NotRunnable(f"what throws an {what} names its code", node=self.node)
        return kind("" if referred is None else referred.get("name", ""), code)

    def _terminate(self, _definition: Any) -> Any:
        return events.Terminate()

    def _referred(self, definition: Any, what: str, attribute: str) -> Any:
        """What an event refers to, in its own file: ids of two files may be the same."""
        wanted = definition.get(attribute)
        root = self.node.getroottree().getroot()
        return next((each for each in root.iterfind(f".//{full_tag(what)}") if wanted and each.get("id") == wanted), None)


class ScopeParser(ProcessParser):
    """A process, or what is inside a sub-process."""

    spec: Scope

    def create_spec(self) -> Scope:
        scope = Scope(name=self.bpmn_id, description=self.get_name(), filename=self.filename)
        outermost = self.node
        while tag(outermost) != "process":
            outermost = outermost.getparent()
        scope.process = outermost.get("id")
        return scope

    def _parse(self) -> None:
        self.spec = self.create_spec()
        self.add_tasks()

    def add_tasks(self) -> None:
        """Every element, then every arrow: SpiffWorkflow follows the arrows, and misses what none of them reaches."""
        parsers = {}
        for node in self.node:
            if not isinstance(node.tag, str) or not node.tag.startswith(full_tag("")) or tag(node) in _PICTURES:
                continue
            parser, spec_class = self.parser._get_parser_class(node.tag)
            if parser is None:
                raise NotRunnable(f"{tag(node)} is not supported", node=node)
            if mends.on(2) and node.get("id") in _RESERVED:
                raise NotRunnable(f"the id {node.get('id')} is taken: choose another", node=node)
            if node.get("id") in self.spec.task_specs:
                raise NotRunnable(f"the id {node.get('id')} is there twice", node=node)
            parsers[node.get("id")] = made = parser(self, spec_class, node, self.nsmap, lane=self.lane)
            made.parse_node()
        self._attach()
        self._connect(parsers)
        self._begin()

    def _attach(self) -> None:
        for node in self.node.iterchildren(full_tag("boundaryEvent")):
            activity = self.spec.task_specs.get(node.get("attachedToRef"))
            if not isinstance(activity, activities.Activity):
                raise NotRunnable("this boundary event is not attached to an activity", node=node)
            activity.boundaries += (node.get("id"),)

    def _connect(self, parsers: dict[str, Any]) -> None:
        specs = self.spec.task_specs
        for flow in self.node.iterchildren(full_tag("sequenceFlow")):
            source, target = specs.get(flow.get("sourceRef")), specs.get(flow.get("targetRef"))
            if source is None or target is None:
                raise NotRunnable("this arrow does not connect two elements", node=flow)
            if isinstance(source, gateways.EventGateway) and not isinstance(target, events.CatchEvent):
                raise NotRunnable("an event-based gateway leads to events that are waited for", node=flow)
            parser = parsers[flow.get("sourceRef")]
            parser.connect(source, target, flow, is_default=parser.node.get("default") == flow.get("id"))

    def _begin(self) -> None:
        inside_event = tag(self.node) == "subProcess" and self.node.get("triggeredByEvent") == "true"
        starts = list(self.node.iterchildren(full_tag("startEvent")))
        for node in starts:
            definition = self.spec.task_specs[node.get("id")].event_definition
            message = definition.name if isinstance(definition, events.Message) else None
            if not inside_event and not isinstance(definition, events.Message | events.Nothing):
                raise NotRunnable("a process begins plainly or with a message", node=node)
            self.spec.starts[node.get("id")] = message
        if tag(self.node) == "subProcess" and (len(starts) != 1 or (not inside_event and self.spec.plain_start is None)):
            raise NotRunnable("a sub-process begins with exactly one start event, without a trigger", node=self.node)
        if not starts:
            raise NotRunnable("there is no start event", node=self.node)


class ZeebeParser(BpmnParser):
    """Parses diagrams of the Camunda 8 dialect, and nothing else."""

    PARSER_CLASSES: ClassVar[dict[str, Any]] = {}
    PROCESS_PARSER_CLASS = ScopeParser
    OVERRIDE_PARSER_CLASSES: ClassVar[dict[str, Any]] = {full_tag(name): classes for name, classes in {
        "userTask": (ElementParser, activities.UserTask), "manualTask": (NobodyParser, activities.PlainTask),
        "task": (NobodyParser, activities.PlainTask), "serviceTask": (ElementParser, activities.ServiceTask),
        "sendTask": (ElementParser, activities.ServiceTask), "scriptTask": (ElementParser, activities.ScriptTask),
        "businessRuleTask": (ElementParser, activities.RuleTask), "receiveTask": (EventParser, events.ReceiveTask),
        "callActivity": (InsideParser, activities.CallActivity), "subProcess": (InsideParser, activities.SubProcess),
        "startEvent": (EventParser, events.StartEvent), "endEvent": (EventParser, events.EndEvent),
        "boundaryEvent": (EventParser, events.BoundaryEvent), "intermediateCatchEvent": (EventParser, events.CatchEvent),
        "intermediateThrowEvent": (EventParser, events.ThrowEvent), "exclusiveGateway": (ConditionParser, gateways.ExclusiveGateway),
        "inclusiveGateway": (ConditionParser, gateways.InclusiveGateway), "parallelGateway": (GatewayParser, gateways.ParallelGateway),
        "eventBasedGateway": (GatewayParser, gateways.EventGateway)}.items()}

    def __init__(self) -> None:
        super().__init__(namespaces={**DEFAULT_NSMAP, "zeebe": ZEEBE})

    def add_bpmn_xml(self, bpmn: Any, filename: str | None = None) -> None:
        """Its processes; messages, errors and the like are looked up where they are referred to."""
        self._add_diagram_indexes(bpmn)
        self._add_processes(bpmn, filename)
