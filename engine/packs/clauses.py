"""Which clauses of a statute or procedure a pack carries, and where: what a coverage report counts."""
from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.packs.elements import split

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.packs.pack import Pack


@dataclass(frozen=True, order=True)
class Carried:
    """One clause at one place."""

    clause: str
    kind: str              # the BPMN tag, or: process, flow, question, check, deadline, option
    id: str
    name: str
    file: str
    line: int | None


def carried(pack: Pack) -> list[Carried]:
    """Every clause a pack names, by clause."""
    return sorted(set(_drawn(pack)) | set(_written(pack)), key=lambda each: (each.clause, each.file, each.line or 0, each.id))


def _drawn(pack: Pack) -> Iterator[Carried]:
    for process in pack.processes.values():
        for clause in split(process.properties.get("clause")):
            yield Carried(clause, "process", process.id, process.name, process.file, process.line)
        for element in process.elements.values():
            for clause in element.clauses:
                yield Carried(clause, element.kind, element.id, element.name, element.file, element.line)
        for flow in process.flows.values():
            for clause in split(flow.properties.get("clause")):
                yield Carried(clause, "flow", flow.id, flow.name, flow.file, flow.line)


def _written(pack: Pack) -> Iterator[Carried]:
    for name, deadline in pack.deadlines.items():
        for clause in split(deadline.clause):
            yield Carried(clause, "deadline", name, deadline.title, pack.file_of("deadline", name), deadline.line)
    for option in pack.options.values():
        for clause in split(option.clause):
            yield Carried(clause, "option", option.id, option.title, "pack.toml", option.line)
    for id in sorted(pack.check_ids):
        table = pack.tables[id]
        columns = [output.name for output in table.outputs]
        for rule in table.rules:
            text = dict(zip(columns, rule.outputs, strict=True)).get("clause", "").strip().strip('"')
            for clause in split(text):
                yield Carried(clause, "check", id, table.name, table.file, rule.line)
    for id in pack.forms:
        file = pack.file_of("form", id)
        for component in _components(json.loads(pack.files[file])):
            for clause in _clause(component):
                name = str(component.get("label") or component.get("dateLabel") or "")
                yield Carried(clause, "question", f"{id}.{component.get('key') or component.get('path') or component.get('id')}", name, file, None)


def _clause(component: dict[str, Any]) -> tuple[str, ...]:
    properties = component.get("properties")
    return split(str(properties.get("clause") or "")) if isinstance(properties, dict) else ()


def _components(part: Any) -> Iterator[dict[str, Any]]:
    inside = part.get("components") if isinstance(part, dict) else None
    for component in inside if isinstance(inside, list) else []:
        if isinstance(component, dict):
            yield component
            yield from _components(component)
