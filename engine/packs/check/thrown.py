"""Errors, escalations and signals that are thrown: somebody must catch them, or they vanish."""
from __future__ import annotations

from typing import TYPE_CHECKING

from engine.packs.check.places import all_read, at, elements, main_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.errors import Fault
    from engine.packs.elements import Element, Event, Process
    from engine.packs.pack import Pack

THROW = {"endEvent", "intermediateThrowEvent"}


def faults(pack: Pack) -> Iterator[Fault]:
    """Events that nobody listens to."""
    if not all_read(pack) or not main_of(pack):
        return
    heard = {element.event.name for _, element in elements(pack) if element.event.kind == "signal" and element.kind not in THROW}
    for process in pack.processes.values():
        for element in process.elements.values():
            if element.kind not in THROW:
                continue
            if element.event.kind in {"error", "escalation"} and not _caught(pack, process, element, element.event, frozenset()):
                yield at(element, f"Nothing catches this {element.event.kind}: attach an event to the sub-process or call it happens in, or listen in an "
                                  "event sub-process.")
            elif element.event.kind == "signal" and element.event.name not in heard:
                yield at(element, f"Nothing waits for the signal “{element.event.name}”: let an event wait for it, or take it out.")


def _caught(pack: Pack, process: Process, element: Element, event: Event, seen: frozenset[str]) -> bool:
    """Whether every way outwards from an element, scope by scope and call by call, meets someone who catches the event."""
    scopes = [element.parent, *(scope.parent for scope in process.around(element))]
    for parent in scopes:
        listeners = [start for scope in process.within(parent) if scope.triggered for start in process.starts(scope.id)]
        on_edge = process.boundaries(parent) if parent else []
        if any(_same(each.event, event) for each in (*listeners, *on_edge)):
            return True
    callers = [(other, call) for other in pack.processes.values() for call in other.elements.values() if process.id in pack.called(call)]
    if not callers or process.id in seen:
        return False
    return all(any(_same(each.event, event) for each in other.boundaries(call.id)) or _caught(pack, other, call, event, seen | {process.id})
               for other, call in callers)


def _same(waits_for: Event, event: Event) -> bool:
    """Without a code or name, an event catches all of its kind."""
    if waits_for.kind != event.kind:
        return False
    return waits_for.ref is None or (waits_for.code or waits_for.name) == (event.code or event.name)
