"""Deadlines: each names elements that are there, and each that binds is enforced by a timer event."""
from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import Fault
from engine.packs.check.places import all_read, at, elements, known, there

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.packs.pack import Pack


def _reached(pack: Pack) -> set[str]:
    """The processes that a case can come to; of one that nothing calls yet, that is told elsewhere."""
    found, fresh = set[str](), {pack.manifest.main} & pack.processes.keys()
    while fresh:
        found |= fresh
        fresh = {called for id in fresh for element in pack.processes[id].elements.values() for called in pack.called(element)} & pack.processes.keys() - found
    return found


def faults(pack: Pack) -> Iterator[Fault]:
    """Deadlines that begin or end nowhere, and those that nothing enforces."""
    timed: set[str] = set()
    whole = _reached(pack)
    for process, element in elements(pack):
        name = element.event.deadline
        if name:
            timed.add(name)
            named = pack.deadlines.get(name)
            if named and named.register and process.id in whole and not pack.in_items(element):
                yield at(element, f"“{named.title}” has one clock for each row of “{named.register}”, and this stands outside of them, where it would never "
                                  "fire: put it into what is repeated over the rows.", element.event.line)
            if not there(pack, "deadline", name):
                yield at(element, f"There is no deadline “{name}”: write [{name}] in deadlines.toml; {known(pack.deadlines)}.", element.event.line)
    items = {element.loop.item for _, element in elements(pack) if element.loop and element.loop.item}
    given = items | {row.target for _, element in elements(pack) for row in (*element.inputs, *element.outputs)}
    for name, deadline in pack.deadlines.items():
        file = pack.file_of("deadline", name)

        def fault(says: str, file: str = file, line: int | None = deadline.line, name: str = name, title: str = deadline.title) -> Fault:
            return Fault(file, line, name, title, says)

        for start in deadline.starts if deadline.register is None else ():
            if start in pack.registers:
                yield fault(f"It starts at “{start}”, a register: write starts = \"registers.{start}\".")
            elif start not in pack.elements and all_read(pack):
                yield fault(f"It starts at “{start}”, which is no element of a diagram and no register.")
            elif start in pack.elements and pack.elements[start].kind.endswith("Gateway"):
                yield fault(f"It starts at “{start}”, a gateway: name a task, event or sub-process.")
        if deadline.register is not None and deadline.register not in pack.registers:
            yield fault(f"It starts from the register “{deadline.register}”, which pack.toml does not have; {known(pack.registers)}.")
        for key, ids in (("ends", deadline.ends), ("cancelled_by", deadline.cancelled_by)):
            for id in ids:
                if id not in pack.elements and all_read(pack):
                    yield fault(f"{key} names “{id}”, which no diagram has: write the id of an element.")
                elif id in pack.elements and pack.elements[id].kind.endswith("Gateway"):
                    yield fault(f"{key} names “{id}”, a gateway: name a task, event or sub-process.")
        for id in deadline.presses:
            if id not in pack.tasks and all_read(pack):
                yield fault(f"presses names “{id}”, which is no task of a diagram: write the id of a task, or of several.")
            elif id in deadline.ends:
                yield fault(f"presses names “{id}”, which ends it and wears its date already: take it out.")
        for id in deadline.ends if deadline.register is not None else ():
            if id in pack.elements and pack.elements[id].process in whole and not pack.in_items(pack.elements[id]):
                yield fault(f"ends names “{id}”, which is done once for all and would end the clocks of every row: write an expression over row, such as "
                            "ends = \"=row.released_on != null\", or name a step that is repeated over the rows.")
        if deadline.per and deadline.per not in given and all_read(pack):
            yield fault(f"per names “{deadline.per}”, over which nothing is repeated; {known(items)}.")
        if deadline.kind != "local" and name not in timed and all_read(pack):
            yield fault(f"This is a {deadline.kind}, but no timer event waits for it: draw one with the date =deadlines.{name} "
                        "that leads to the reason for delay.")
