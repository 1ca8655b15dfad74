"""Ids: one thing has one, no two things the same, and none that the engine keeps for itself."""
from __future__ import annotations

import re
from typing import TYPE_CHECKING

from engine.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.packs.pack import Pack

RESERVED = {"Start", "End", "Root"}
PAGES = {"deadlines", "releases", "sources"}     # /process/<pack>/<one of these> is a page of its own
#: Ids by which expressions, scenarios and deadlines name things: they must read as one name.
NAMED = {"process", "userTask", "serviceTask", "sendTask", "receiveTask", "scriptTask", "businessRuleTask", "callActivity", "subProcess",
         "startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent", "exclusiveGateway", "parallelGateway",
         "inclusiveGateway", "eventBasedGateway"}
GOOD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def faults(pack: Pack) -> Iterator[Fault]:
    """Ids that mean two things, or something else."""
    first: dict[str, tuple[str, int]] = {}
    for diagram in pack.diagrams:
        names = {element.id: element.name for process in diagram.processes for element in process.elements.values()}
        here: dict[str, int] = {}
        for id, tag, line in diagram.ids:
            name = names.get(id) or None
            if id in RESERVED:
                yield Fault(diagram.file, line, id, name, f"The id {id} is taken by the engine: choose another.")
            if tag == "process" and id in PAGES:
                yield Fault(diagram.file, line, id, name, f"The id {id} is the address of another page about this process: choose another.")
            if id in here:
                yield Fault(diagram.file, line, id, name, f"The id {id} is used twice in this file (line {here[id]}): choose another.")
            elif tag in NAMED - {"process"} and id in first:      # processes are told where the pack is read
                file, other = first[id]
                yield Fault(diagram.file, line, id, name, f"The id {id} is used in {file} too (line {other}): choose another, "
                                                          "so that answers and deadlines can tell them apart.")
            if tag in NAMED and not GOOD.fullmatch(id):
                yield Fault(diagram.file, line, id, name, f"The id {id} cannot be used in an expression: use letters, digits and _.")
            here.setdefault(id, line)
            if tag in NAMED:
                first.setdefault(id, (diagram.file, line))
