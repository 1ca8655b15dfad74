"""Which stages of the process each element belongs to: its own, that of what it is drawn in or called from, or that which it leads to."""
from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.packs.elements import Element, Process
    from engine.packs.pack import Pack


def stages_of(pack: Pack) -> dict[str, tuple[str, ...]]:
    """Element → its stages in the pack's order: several where a process is called from several.

    What can come at any time, such as an event sub-process, belongs to none and is not here."""
    found: dict[str, set[str]] = {}
    ways: list[tuple[str, str | None]] = [(pack.main.id, None)]
    for name, above in ways:   # grows as it goes
        process = pack.processes.get(name)
        if process is None:
            continue
        for element in process.elements.values():
            stage = (_ahead if element.kind == "startEvent" and element.parent is None and above is None else _own)(process, element, above)
            if stage:
                found.setdefault(element.id, set()).add(stage)
            ways += [way for called in pack.called(element) if (way := (called, stage)) not in ways]
    order = list(pack.stages)
    return {element: tuple(sorted(stages, key=order.index)) for element, stages in found.items() if stages <= pack.stages.keys()}


def _own(process: Process, element: Element, above: str | None) -> str | None:
    at: Element | None = element
    while at is not None:
        if at.stage:
            return at.stage
        if at.triggered and above is None:
            return None
        at = process.elements.get(at.attached_to or at.parent or "")
    return above


def _ahead(process: Process, start: Element, above: str | None) -> str | None:
    """The first stage that the arrows lead to from here."""
    ways = [start]
    for at in ways:   # grows as it goes
        if stage := _own(process, at, above):
            return stage
        ahead = (process.elements.get(process.flows[flow].target) for flow in at.outgoing)
        ways += [target for target in ahead if target is not None and target not in ways]
    return None



__all__ = ["stages_of"]
