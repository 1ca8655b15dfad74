"""What each element must say for itself: who, which form, which script, which message. Nothing here looks beyond the element."""
from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import Fault
from engine.packs.check.places import at, elements
from engine.packs.elements import ACTIVITIES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.packs.elements import Element, Flow, Process
    from engine.packs.pack import Pack

PLATFORM = "Camunda Cloud"
THROWS = {"intermediateThrowEvent": {"none", "message", "signal", "escalation"},
          "endEvent": {"none", "message", "signal", "error", "escalation", "terminate"}}
CATCHES = {"intermediateCatchEvent": {"message", "timer", "signal"}, "boundaryEvent": {"message", "timer", "signal", "error", "escalation"},
           "receiveTask": {"message"}}
#: Properties of ours, and the kinds of elements that may have them; nobody reads any other.
BUTTONS = {"startEvent", "intermediateCatchEvent", "boundaryEvent", "receiveTask"}
PROPERTIES: dict[str, set[str] | None] = {
    "form": BUTTONS, "offer_to": BUTTONS, "label": BUTTONS, "group": BUTTONS, "after_end": BUTTONS, "stage": None,
    "outcome": {"endEvent", "intermediateThrowEvent"}, "clause": None,
    "checks": {"userTask", *BUTTONS}, "gate": {"userTask", *BUTTONS}, "not_by": {"userTask", *BUTTONS}, "confirm": {"userTask", *BUTTONS},
    "confirm_identity": {"userTask", *BUTTONS},
    "help": {"userTask", *BUTTONS}, "opens_with": {"userTask"}, "corrected_with": {"userTask"}, "shows": {"userTask"}, "grows": {*ACTIVITIES},
}


def faults(pack: Pack) -> Iterator[Fault]:
    """Elements that do not say enough, or say what has no meaning."""
    for diagram in pack.diagrams:
        if diagram.root is not None and diagram.platform != PLATFORM:
            drawn = f"is drawn for “{diagram.platform}”" if diagram.platform else "does not say what it is drawn for"
            yield Fault(diagram.file, 1, None, None, f"The diagram {drawn}: draw it for Camunda 8 (executionPlatform “{PLATFORM}”).")
        if diagram.root is not None and not diagram.processes:
            yield Fault(diagram.file, 1, None, None, "There is no process in this diagram: draw one, or remove the file.")
        for process in diagram.processes:
            if process.elements and not process.executable:
                yield at(process, "The process is not executable: tick “Executable” in its properties.")
            things: list[Process | Flow] = [process, *process.flows.values()]
            for thing in things:
                for name in thing.properties:
                    if name != "clause":
                        yield at(thing, f"The property “{name}” has no meaning here: take it out.")
    for process, element in elements(pack):
        yield from _element(element)
        yield from _event(process, element)
        yield from _loop(element)
        yield from _properties(element)


def _element(element: Element) -> Iterator[Fault]:
    if element.kind == "userTask":
        if not element.has_user_task:
            yield at(element, "This is an old kind of user task: choose “Camunda user task” as its implementation.")
        if not element.form:
            yield at(element, "This task has no form: link one by its id.")
        if not element.groups and not element.assignee:
            yield at(element, "Nobody is asked to do this task: name roles in the candidate groups.")
        for what, text in (("due", element.due), ("follow-up", element.follow_up)):
            if text and not (text.replace(" ", "").startswith("=deadlines.") and text.replace(" ", "")[11:].isidentifier()):
                yield at(element, f"A {what} date ({text}) is drawn into the diagram: put it into deadlines.toml and write =deadlines.<name>, or leave it "
                                  "empty.")
    elif element.kind in {"serviceTask", "sendTask"} or (element.kind in THROWS and element.event.kind == "message"):
        if not element.job:
            yield at(element, "This does not say what to do: give it a task definition with a type, such as mail.")
        elif element.job == "mail":
            for header, what in (("message", "the mail to send (messages/<id>.md)"), ("to", "the roles it goes to")):
                if not element.headers.get(header):
                    yield at(element, f"A mail needs the header “{header}”: {what}.")
            for header in element.headers.keys() - {"message", "to"}:
                yield at(element, f"A mail has no header “{header}”: it has message and to.")
    elif element.job and element.kind in THROWS:
        yield at(element, "A task definition has no meaning on this event: make it a message event or a send task, or take it out.")
    elif element.kind == "scriptTask":
        if not element.script or not element.result:
            yield at(element, "A script needs a FEEL expression and a result variable.")
        elif not element.script.startswith("="):
            yield at(element, "The script must be a FEEL expression: begin it with =.")
    elif element.kind == "businessRuleTask":
        if not element.decision or not element.result:
            yield at(element, "A business rule task needs the id of a decision table and a result variable.")
        elif element.decision.startswith("="):
            yield at(element, "The decision must be named, not computed: write the id of the table.")
    elif element.kind == "callActivity":
        if not element.called:
            yield at(element, "This calls no process: name the one to call.")
        elif element.called.startswith("=") and element.called.replace(" ", "") != "=method.process":
            yield at(element, "The called process must be named, or be =method.process (the methods are in pack.toml).")


def _event(process: Process, element: Element) -> Iterator[Fault]:
    event, kind = element.event, element.event.kind
    allowed = THROWS.get(element.kind) or CATCHES.get(element.kind)
    if allowed and kind not in allowed:
        if kind == "none":
            yield at(element, "This event does not say what it waits for: make it a message or timer event.")
        else:
            yield at(element, f"A {kind} event is not supported here: it can be {', '.join(sorted(allowed))}.")
    if kind == "message" and element.catches:
        if not event.name:
            yield at(element, "This does not say which message it waits for: choose one and give it a name.")
        elif not event.key and not (element.kind == "startEvent" and element.parent is None):
            yield at(element, f"The message “{event.name}” has no correlation key: write =case.reference.", event.line)
    if kind in {"signal", "error", "escalation"} and not event.name and not event.code and not (element.catches and kind != "signal"):
        yield at(element, f"This does not say which {kind} it means: choose one and give it a name.")
    if kind == "timer":
        yield from _timer(element)
    if element.kind == "boundaryEvent":
        host = process.elements.get(element.attached_to or "")
        if host is None or host.kind.endswith(("Event", "Gateway")):
            yield at(element, "This event hangs on nothing: attach it to a task or sub-process.")
        if kind == "error" and not element.interrupting:
            yield at(element, "An error always interrupts: make this boundary event interrupting.")


def _timer(element: Element) -> Iterator[Fault]:
    event = element.event
    if not event.text:
        yield at(element, "This timer does not say when: choose Date and write =deadlines.<name>.", event.line)
    elif event.timer != "timeDate":
        what = "A repetition" if event.timer == "timeCycle" else "A duration"
        yield at(element, f"{what} ({event.text}) is drawn into the diagram: put it into deadlines.toml, choose Date here and write "
                          "=deadlines.<name>.", event.line)
    elif event.deadline is None:
        yield at(element, f"A timer waits for a deadline, not for {event.text}: put the date into deadlines.toml and write =deadlines.<name>.", event.line)


def _loop(element: Element) -> Iterator[Fault]:
    loop = element.loop
    if loop is None:
        return
    if element.triggered:
        yield at(element, "An event sub-process cannot be repeated: take the multi-instance marker off.", loop.line)
    if not loop.collection.startswith("="):
        yield at(element, "This is repeated over nothing: write the list as a FEEL expression in the input collection.", loop.line)
    if not loop.item:
        yield at(element, "The one at hand has no name: write it in the input element, such as agency.", loop.line)
    if bool(loop.gathers) != bool(loop.output):
        yield at(element, "The output collection and the output element belong together: fill in both, or neither.", loop.line)
    for what, text in (("output element", loop.output), ("completion condition", loop.until)):
        if text and not text.startswith("="):
            yield at(element, f"The {what} must be a FEEL expression: begin it with =.", loop.line)


def _properties(element: Element) -> Iterator[Fault]:
    for name in element.properties:
        where = PROPERTIES.get(name, set())
        if name not in PROPERTIES:
            yield at(element, f"“{name}” is no property we know: use one of {', '.join(sorted(PROPERTIES))}.")
        elif where is not None and element.kind not in where:
            yield at(element, f"The property “{name}” has no meaning here: take it out.")
    button = element.catches and element.event.kind == "message"
    if element.kind in BUTTONS and not button:
        for name in ("form", "offer_to", "label", "group"):
            if name in element.properties:
                yield at(element, f"The property “{name}” makes a button, which only a message event can be.")
    if button and element.form and not element.offer_to:
        yield at(element, "This has a form, but is offered to nobody: name roles in the property offer_to, or take the form out.")
    if button and element.offer_to and not element.form:
        yield at(element, "This button has no form: name one in the property form.")
    for name in ("confirm", "confirm_identity", "grows"):
        if element.properties.get(name, "true") not in {"true", "false"}:
            yield at(element, f"The property “{name}” is true or false.")
    if element.properties.get("grows") == "true" and (element.loop is None or element.loop.sequential):
        yield at(element, "Only a parallel multi-instance can grow while it runs: give it that marker, or take the property “grows” out.")
