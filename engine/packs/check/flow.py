"""Arrows: conditions, defaults, dead ends, what nothing leads to, and circles in which nobody is ever asked."""
from __future__ import annotations

from typing import TYPE_CHECKING

from engine.packs.check.places import at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.errors import Fault
    from engine.packs.elements import Element, Process
    from engine.packs.pack import Pack

CHOOSE = {"exclusiveGateway", "inclusiveGateway"}


def faults(pack: Pack) -> Iterator[Fault]:
    """Ways through a process that cannot be gone, or never end."""
    waiting = _waiting_processes(pack)
    for diagram in pack.diagrams:
        for process in diagram.processes:
            yield from _arrows(process)
            for element in process.elements.values():
                yield from _gateway(process, element)
                yield from _ends(process, element)
            yield from _unreachable(process)
            yield from _endless(process, waiting)


def _arrows(process: Process) -> Iterator[Fault]:
    for flow in process.flows.values():
        source, target = process.elements.get(flow.source), process.elements.get(flow.target)
        if source is None or target is None:
            continue                                             # told when the diagram was read
        if flow.condition is not None and (source.kind not in CHOOSE or len(source.outgoing) < 2):
            yield at(flow, "A condition needs a gateway: draw an exclusive gateway before this arrow, or take the condition out.")
        elif flow.condition is not None and not flow.condition.startswith("="):
            yield at(flow, "The condition must be a FEEL expression: begin it with =.")
        if source.parent != target.parent:
            yield at(flow, "This arrow crosses the border of a sub-process: let it begin and end on the same side.")


def _gateway(process: Process, element: Element) -> Iterator[Fault]:
    out = [process.flows[flow] for flow in element.outgoing]
    if element.default and element.default not in element.outgoing:
        yield at(element, "The default arrow does not leave this element: choose another.")
    if element.kind in CHOOSE and len(out) > 1:
        if not element.default:
            yield at(element, "No arrow is the default: say which way to go when no condition holds.")
        bare = [flow for flow in out if not flow.condition]
        for flow in out if element.default or len(bare) > 1 else ():     # a single one without a condition is the default meant
            if flow.id == element.default and flow.condition:
                yield at(flow, "The default arrow is taken when no other condition holds: take its condition out.")
            elif flow.id != element.default and not flow.condition:
                yield at(flow, "This arrow has no condition: write when it is taken, or make it the default.")
    elif element.kind == "eventBasedGateway":
        if len(out) < 2:
            yield at(element, "An event-based gateway waits for the first of several events: draw at least two.")
        for target in process.after(element):
            if target.kind != "receiveTask" and not (target.kind == "intermediateCatchEvent" and target.event.kind != "none"):
                yield at(target, "After an event-based gateway only events that wait may stand: message, timer or signal.")
    elif len(out) > 1 and element.kind not in {"parallelGateway", *CHOOSE}:
        yield at(element, "Several arrows leave this: draw a gateway that says whether all are taken or one.")
    elif element.default and element.kind not in CHOOSE:
        yield at(element, "A default arrow has no meaning here: take it out.")


def _ends(process: Process, element: Element) -> Iterator[Fault]:
    """Where tokens may come in and go out."""
    if element.incoming and (element.kind in {"startEvent", "boundaryEvent"} or element.triggered):
        yield at(element, "An arrow leads to an event that begins by itself: let it lead to what comes next.")
    if element.outgoing and (element.kind == "endEvent" or element.triggered):
        yield at(element, "An arrow leaves here, where nothing goes on: take it out.")
    if not element.outgoing and element.kind != "endEvent" and not element.triggered:
        yield at(element, "Nothing comes after this: draw an arrow to what follows, or to an end event.")


def _unreachable(process: Process) -> Iterator[Fault]:
    reached = {element.id for element in process.elements.values() if element.kind == "startEvent" or element.triggered}
    fresh = list(reached)
    while fresh:
        here = process.elements[fresh.pop()]
        for there in [*process.after(here), *process.boundaries(here.id)]:
            if there.id not in reached:
                reached.add(there.id)
                fresh.append(there.id)
    for element in process.elements.values():
        if element.id not in reached and element.kind != "boundaryEvent":
            yield at(element, "Nothing leads here: draw an arrow to it, or take it out.")


def _endless(process: Process, waiting: set[str]) -> Iterator[Fault]:
    """Circles without a person, a moment or a message in them: found by taking away all that waits."""
    runs_on = {id: element for id, element in process.elements.items() if not _waits(process, element, waiting)}
    after = {id: [there.id for there in [*process.after(element), *process.boundaries(id)] if there.id in runs_on]
             for id, element in runs_on.items()}
    told: set[str] = set()
    for start, first in runs_on.items():
        if start not in told and (circle := _circle(start, after)):
            told.update(circle)
            names = ", ".join(runs_on[id].name or id for id in circle)
            yield at(first, f"This goes round in a circle for ever ({names}): put a task, a message or a deadline into it.")


def _circle(start: str, after: dict[str, list[str]]) -> list[str] | None:
    """The shortest way from `start` back to it."""
    came: dict[str, str] = {}
    queue = [start]
    while queue:
        here = queue.pop(0)
        for there in after[here]:
            if there == start:
                way = [here]
                while way[-1] != start:
                    way.append(came[way[-1]])
                return way[::-1]
            if there not in came:
                came[there] = here
                queue.append(there)
    return None


def _waits(process: Process, element: Element, waiting: set[str]) -> bool:
    if element.kind == "callActivity":
        return (element.called or "").startswith("=") or element.called in waiting
    if element.kind == "subProcess":
        return any(_waits(process, inside, waiting) for inside in process.within(element.id) if not inside.triggered)
    return element.waits


def _waiting_processes(pack: Pack) -> set[str]:
    """The processes in which something waits, if only in one they call. One that is not there may well wait."""
    waiting: set[str] = set()
    called = {element.called for process in pack.processes.values() for element in process.elements.values() if element.called}
    waiting |= {id for id in called if id not in pack.processes}
    while fresh := {id for id, process in pack.processes.items() if id not in waiting and any(
            _waits(process, element, waiting) for element in process.within(None) if not element.triggered)}:
        waiting |= fresh
    return waiting
