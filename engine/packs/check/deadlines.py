"""Deadlines: each names elements that are there, and each that binds is enforced by a timer event."""
from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import Fault
from engine.packs.check.places import all_read, at, elements, known, there

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.packs.pack import Pack


def faults(pack: Pack) -> Iterator[Fault]:
    """Deadlines that begin or end nowhere, and those that nothing enforces."""
    timed: set[str] = set()
    for _, element in elements(pack):
        name = element.event.deadline
        if name:
            timed.add(name)
            if not there(pack, "deadline", name):
                yield at(element, f"There is no deadline “{name}”: write [{name}] in deadlines.toml; {known(pack.deadlines)}.", element.event.line)
    items = {element.loop.item for _, element in elements(pack) if element.loop and element.loop.item}
    given = items | {row.target for _, element in elements(pack) for row in (*element.inputs, *element.outputs)}
    for name, deadline in pack.deadlines.items():
        file = pack.file_of("deadline", name)

        def fault(says: str, file: str = file, line: int | None = deadline.line, name: str = name, title: str = deadline.title) -> Fault:
            return Fault(file, line, name, title, says)

        if deadline.starts not in pack.elements and deadline.starts not in pack.registers and all_read(pack):
            yield fault(f"It starts at “{deadline.starts}”, which is no element of a diagram and no register.")
        for key, ids in (("ends", deadline.ends), ("cancelled_by", deadline.cancelled_by)):
            for id in ids:
                if id not in pack.elements and all_read(pack):
                    yield fault(f"{key} names “{id}”, which no diagram has: write the id of an element.")
                elif id in pack.elements and pack.elements[id].kind.endswith("Gateway"):
                    yield fault(f"{key} names “{id}”, a gateway: name a task, event or sub-process.")
        if deadline.starts in pack.elements and pack.elements[deadline.starts].kind.endswith("Gateway"):
            yield fault(f"It starts at “{deadline.starts}”, a gateway: name a task, event or sub-process.")
        if deadline.per and deadline.per not in given and deadline.starts not in pack.registers and all_read(pack):
            yield fault(f"per names “{deadline.per}”, over which nothing is repeated; {known(items)}.")
        if deadline.kind != "local" and name not in timed and all_read(pack):
            yield fault(f"This is a {deadline.kind}, but no timer event waits for it: draw one with the date =deadlines.{name} "
                        "that leads to the reason for delay.")
