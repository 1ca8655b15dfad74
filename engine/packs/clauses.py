"""Which clauses of a statute or procedure a pack carries, and where, and which stories say that they show one: what a coverage report counts."""
from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from engine.packs.catalogue import FILE
from engine.packs.elements import split
from engine.packs.manifest import read_toml
from engine.settings import PERMISSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.packs.catalogue import Clause
    from engine.packs.pack import Pack

SCENARIOS = "scenarios/"
LONGEST_NAME = 60   # of a text without a label
_FIRST_TABLE = re.compile(rb"^[ \t]*\[\[?[ \t]*[A-Za-z]", re.MULTILINE)


@dataclass(frozen=True, order=True)
class Carried:
    """One clause at one place."""

    clause: str
    kind: str              # the BPMN tag, or: process, flow, question, check, deadline, option … what catalogue.CARRIERS names
    id: str
    name: str
    file: str
    line: int | None
    process: str = ""      # of what is drawn: the process it is drawn in


@dataclass(frozen=True)
class Told:
    """A scenario that says it shows a clause."""

    title: str
    file: str


@dataclass(frozen=True)
class Tied:
    """A clause with all that carries it and every story that says it shows it."""

    clause: Clause
    places: tuple[Carried, ...]
    stories: tuple[Told, ...]


@lru_cache(maxsize=4)
def clauses_of(pack: Pack) -> tuple[Tied, ...]:
    """Every clause of the pack's catalogue, in its order. Nothing is played: whether a story really shows it, `casereview coverage` says."""
    places: dict[str, list[Carried]] = {}
    for each in carried(pack):
        places.setdefault(each.clause, []).append(each)
    stories: dict[str, list[Told]] = {}
    for path, table in told_stories(pack):
        for clause in dict.fromkeys(claims_of(table)):
            stories.setdefault(clause, []).append(Told(str(table.get("title") or path), path))
    return tuple(Tied(clause, tuple(places.get(clause.id, ())), tuple(stories.get(clause.id, ()))) for clause in pack.catalogue.clauses)


def told_stories(pack: Pack) -> Iterator[tuple[str, dict[str, Any]]]:
    """What stands at the top of every scenario of a pack that can be read, above its first table, with its file."""
    for path, data in pack.files.items():
        if path.startswith(SCENARIOS) and path.endswith(".toml") and path != f"{SCENARIOS}board.toml":
            table, unread = read_toml(_FIRST_TABLE.split(data, 1)[0], path)
            if not unread:
                yield path, table


def claims_of(story: dict[str, Any]) -> list[str]:
    """The clauses that a scenario says it shows."""
    claims = story.get("clauses", [])
    return [clause for clause in claims if isinstance(clause, str)] if isinstance(claims, list) else []


def carried(pack: Pack) -> list[Carried]:
    """Every clause a pack names, by clause."""
    found = {*_drawn(pack), *_written(pack), *_asked(pack), *_listed(pack)}
    return sorted(found, key=lambda each: (each.clause, each.file, each.line or 0, each.id))


def _drawn(pack: Pack) -> Iterator[Carried]:
    for process in pack.processes.values():
        for clause in split(process.properties.get("clause")):
            yield Carried(clause, "process", process.id, process.name, process.file, process.line, process.id)
        for element in process.elements.values():
            for clause in element.clauses:
                yield Carried(clause, element.kind, element.id, element.name, element.file, element.line, process.id)
        for flow in process.flows.values():
            for clause in split(flow.properties.get("clause")):
                yield Carried(clause, "flow", flow.id, flow.name, flow.file, flow.line, process.id)


def _written(pack: Pack) -> Iterator[Carried]:
    for name, deadline in pack.deadlines.items():
        for clause in split(deadline.clause):
            yield Carried(clause, "deadline", name, deadline.title, pack.file_of("deadline", name), deadline.line)
    for option in pack.options.values():
        for clause in split(option.clause):
            yield Carried(clause, "option", option.id, option.title, "pack.toml", option.line)
    for kind, titled in (("register", pack.registers), ("figure", pack.figures), ("method", pack.methods)):
        for one in titled.values():
            for clause in split(one.clause):
                yield Carried(clause, kind, one.id, one.title, "pack.toml", one.line)
    for role in pack.roles.values():
        for clause in split(role.clause):
            yield Carried(clause, "role", role.id, role.label, "pack.toml", role.line)
    for message in pack.messages.values():
        for clause in split(message.clause):
            yield Carried(clause, "message", message.id, message.subject, message.file, message.line)
    for document in pack.documents.values():
        for clause in split(document.clause):
            yield Carried(clause, "document", document.id, document.title, document.file, 1)


def _asked(pack: Pack) -> Iterator[Carried]:
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
                name = str(component.get("label") or component.get("dateLabel") or _heading(component))
                yield Carried(clause, "question", f"{id}.{component.get('key') or component.get('path') or component.get('id')}", name, file, None)


def _listed(pack: Pack) -> Iterator[Carried]:
    """What the catalogue itself says carries a clause."""
    for clause in pack.catalogue.clauses:
        for kind, id in clause.carried_by:
            yield Carried(clause.id, kind, id, named(pack, kind, id) or id, FILE, clause.line)


def named(pack: Pack, kind: str, id: str) -> str | None:
    """What a thing that the catalogue names is called; None: there is none. Pages are the web's, so each is believed here."""
    if kind == "page":
        return id
    if kind == "permission":
        return id if id in PERMISSIONS else None
    if kind in ("stage", "outcome"):
        return {"stage": pack.stages, "outcome": pack.outcomes}[kind].get(id)
    if kind == "role":
        return pack.roles[id].label if id in pack.roles else None
    if kind == "message":
        return pack.messages[id].subject if id in pack.messages else None
    titled: Any = {"register": pack.registers, "document": pack.documents, "figure": pack.figures}[kind].get(id)
    return None if titled is None else str(titled.title)


def _clause(component: dict[str, Any]) -> tuple[str, ...]:
    properties = component.get("properties")
    return split(str(properties.get("clause") or "")) if isinstance(properties, dict) else ()


def _heading(component: dict[str, Any]) -> str:
    """The first words of a text that stands in a form."""
    words = next(iter(str(component.get("text") or "").split("\n")), "").replace("**", "").strip("# ")
    return words if len(words) <= LONGEST_NAME else words[:LONGEST_NAME].rpartition(" ")[0] + " …"


def _components(part: Any) -> Iterator[dict[str, Any]]:
    inside = part.get("components") if isinstance(part, dict) else None
    for component in inside if isinstance(inside, list) else []:
        if isinstance(component, dict):
            yield component
            yield from _components(component)
