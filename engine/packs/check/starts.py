"""How things begin: a case by a message to the main process, a called process by one plain start, a listener by its event."""
from __future__ import annotations

from typing import TYPE_CHECKING

from engine.packs.check.places import at, main_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.errors import Fault
    from engine.packs.elements import Element, Process
    from engine.packs.pack import Pack

LISTENS = {"message", "timer", "signal", "error", "escalation"}


def faults(pack: Pack) -> Iterator[Fault]:
    """Starts that would never happen, or that two could claim."""
    for diagram in pack.diagrams:
        for process in diagram.processes:
            if process.elements:
                yield from _process(pack, process)
                for scope in [each for each in process.elements.values() if each.kind == "subProcess"]:
                    yield from _listener(process, scope) if scope.triggered else _sub_process(process, scope)


def _process(pack: Pack, process: Process) -> Iterator[Fault]:
    starts = process.starts()
    main = process.id == main_of(pack)
    if not main_of(pack):
        main = any(start.event.kind == "message" for start in starts)      # a diagram by itself, or a main process that is not there
    if not starts:
        yield at(process, "This process has no start: draw a message start event." if main else "This process has no start: draw a plain start event.")
    if main:
        seen: dict[str, Element] = {}
        for start in starts:
            if start.event.kind == "none":
                yield at(start, "A case begins with a message: make this a message start event, with form, offer_to and label if a person begins it.")
            elif start.event.kind != "message":
                yield at(start, f"A case cannot begin with a {start.event.kind}: make this a message start event.")
            elif start.event.name in seen:
                yield at(start, f"“{seen[start.event.name].label}” begins with the message “{start.event.name}” too: give this one another message.")
            else:
                seen[start.event.name or ""] = start
        return
    for start in starts:
        if start.event.kind != "none":
            yield at(start, f"A called process begins when it is called; a {start.event.kind} start would never happen: make it a plain start event.")
    if len(starts) > 1:
        for start in starts[1:]:
            yield at(start, "A called process has one start: take this one out, or make it a process of its own.")


def _sub_process(process: Process, scope: Element) -> Iterator[Fault]:
    starts = process.starts(scope.id)
    if not starts:
        yield at(scope, "This sub-process has no start: draw a plain start event in it.")
    for number, start in enumerate(starts):
        if start.event.kind != "none":
            yield at(start, f"A sub-process begins by itself; a {start.event.kind} start would never happen: make it a plain start event.")
        elif number:
            yield at(start, "A sub-process has one start: take this one out.")


def _listener(process: Process, scope: Element) -> Iterator[Fault]:
    starts = process.starts(scope.id)
    if len(starts) != 1:
        yield at(scope, "An event sub-process has exactly one start event: what it listens for.")
    for start in starts:
        if start.event.kind not in LISTENS:
            yield at(start, "An event sub-process begins with an event: make this a message, timer, signal, error or escalation start.")
        if start.event.kind == "error" and not start.interrupting:
            yield at(start, "An error always interrupts: make this start interrupting.")
