"""Every rule of a pack, and the pack without it: what some story has to notice."""
from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from engine.feel import FeelError, evaluate
from engine.forms import Field, Group, List
from engine.packs.elements import GATEWAYS, split

if TYPE_CHECKING:
    from engine.feel.tables import Table
    from engine.forms import Form, Item
    from engine.packs import Pack
    from engine.packs.elements import Element, Flow, Process
    from engine.rules.deadlines import Deadline
    from engine.spiff import Program

#: The kinds of rules, in the order in which they are told.
KINDS = ("check", "decision", "gate", "not_by", "condition", "required", "deadline", "reminder")
#: What happened in a step at which a rule may be felt: a table that spoke, a task that was locked, an element that was passed …
Sign = tuple[str, str]
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # what a cell says plainly it says at any moment


@dataclass(frozen=True)
class Mutant:
    """One rule, and the pack without it."""

    kind: str
    id: str
    words: str
    file: str
    line: int | None
    clauses: tuple[str, ...]
    signs: frozenset[Sign]
    leave_out: Callable[[Pack], Pack] = field(repr=False, compare=False)
    way: Flow | None = None              # of a condition: the arrow that is then always taken

    def without(self, pack: Pack, program: Program) -> tuple[Pack, Program]:
        """The pack and what runs of it, without this rule. Both keep their digest, so that running cases go on with them."""
        pack = self.leave_out(pack)
        program = replace(program, tables=pack.tables)
        way = self.way
        return pack, program.always(way.parent or way.process, way.source, way.target, way.condition or "") if way else program


def mutants(pack: Pack) -> Iterator[Mutant]:
    """Every rule of a pack once, by kind."""
    for find in (_rows, _gates, _not_by, _conditions, _required, _deadlines, _reminders):
        yield from find(pack)


# ---- tables

def _rows(pack: Pack) -> Iterator[Mutant]:
    asked_at: dict[str, set[Sign]] = {}
    for element in pack.elements.values():
        if element.decision:
            asked_at.setdefault(element.decision, set()).add(("passed", element.id))
    for id, table in pack.tables.items():
        check = id in pack.check_ids
        signs = frozenset({("table", id)}) if check else frozenset(asked_at.get(id, ()))
        names = [output.name for output in table.outputs]
        for number, rule in enumerate(table.rules, 1):
            cells = dict(zip(names, rule.outputs, strict=True))
            says = _literal(cells.get("says", "")) if check else " → ".join((", ".join(rule.tests), ", ".join(rule.outputs)))
            yield Mutant("check" if check else "decision", f"{'check' if check else 'decision'}:{id}#{number}", says, table.file, rule.line,
                         split(_literal(cells.get("clause", ""))), signs, partial(_without_row, table=table, number=number))


def _without_row(pack: Pack, table: Table, number: int) -> Pack:
    here = pack.tables[table.id]  # of several rows that are left out at once the later ones have moved up, so they are known by what they are
    rules = tuple(rule for rule in here.rules if rule is not table.rules[number - 1])
    return replace(pack, tables={**pack.tables, table.id: replace(here, rules=rules)})


def _literal(text: str) -> str:
    """What a cell says, where it says the same whatever was answered."""
    try:
        return str(evaluate(text, {}, _NEVER))
    except FeelError:
        return text


# ---- what an element says of itself

def _gates(pack: Pack) -> Iterator[Mutant]:
    for element in pack.elements.values():
        for table in element.gate:
            yield _named_at(element, "gate", table, f"{element.label}: locked by “{pack.tables[table].name}”", ("gate", element.id))


def _not_by(pack: Pack) -> Iterator[Mutant]:
    for element in pack.elements.values():
        for other in element.not_by:
            yield _named_at(element, "not_by", other, f"{element.label}: not by who did “{pack.elements[other].label}”", ("not_by", element.id))


def _named_at(element: Element, kind: str, name: str, words: str, sign: Sign) -> Mutant:
    return Mutant(kind, f"{kind}:{element.id}/{name}", words, element.file, element.line, element.clauses, frozenset({sign}),
                  partial(_without_name, element=element.id, process=element.process, key=kind, name=name))


def _without_name(pack: Pack, element: str, process: str, key: str, name: str) -> Pack:
    scope = pack.processes[process]
    at = scope.elements[element]
    left = ", ".join(each for each in split(at.properties[key]) if each != name)
    changed = replace(at, properties={**at.properties, key: left})
    return replace(pack, processes={**pack.processes, process: replace(scope, elements={**scope.elements, element: changed})})


# ---- ways

def _conditions(pack: Pack) -> Iterator[Mutant]:
    for process in pack.processes.values():
        for flow in process.flows.values():
            source = process.elements.get(flow.source)
            if flow.condition and source is not None:
                to = process.elements[flow.target].label
                yield Mutant("condition", f"condition:{flow.id}", f"{source.label}: {flow.name or 'go on'} → {to} ({flow.condition})", flow.file, flow.line,
                             split(flow.properties.get("clause")) or source.clauses, frozenset(_before(process, source, set())), _as_it_is, way=flow)


def _before(process: Process, gateway: Element, seen: set[str]) -> Iterator[Sign]:
    """What is passed just before a gateway: of gateways themselves nobody is told."""
    seen.add(gateway.id)
    for flow in gateway.incoming:
        source = process.elements[process.flows[flow].source]
        if source.kind not in GATEWAYS:
            yield "passed", source.id
        elif source.id not in seen:
            yield from _before(process, source, seen)


def _as_it_is(pack: Pack) -> Pack:
    return pack


# ---- questions

def _required(pack: Pack) -> Iterator[Mutant]:
    for id, elements in _users(pack).items():  # a form that only names the columns of a register asks nobody
        form = pack.forms[id]
        file = pack.file_of("form", id)
        lines = pack.files[file].decode().splitlines()
        own = dict(_clauses_within(json.loads(pack.files[file]), ()))
        of_tasks = tuple(dict.fromkeys(clause for element in elements for clause in element.clauses))
        seen = Counter[str]()
        for path, item in form.walk():
            if (isinstance(item, Field) and item.required) or (isinstance(item, List) and item.min):
                seen[path] += 1
                line = next((at for at, text in enumerate(lines, 1) if f'"id": "{item.id}"' in text), None)
                yield Mutant("required", f"required:{id}.{path}" + (f"~{seen[path]}" if seen[path] > 1 else ""), item.label, file, line,
                             own.get(item.id) or of_tasks, frozenset({("asked", f"{id}.{path}")}), partial(_eased, form=id, item=item.id))


def _users(pack: Pack) -> Mapping[str, list[Element]]:
    found: dict[str, list[Element]] = {}
    for element in pack.elements.values():
        if element.form and element.form in pack.forms:
            found.setdefault(element.form, []).append(element)
    return found


def _clauses_within(part: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Component → its clauses, or else those of what it stands in."""
    for component in part.get("components", ()):
        own = split(str(component.get("properties", {}).get("clause") or "")) or above
        yield component.get("id", ""), own
        yield from _clauses_within(component, own)


def _eased(pack: Pack, form: str, item: str) -> Pack:
    here: Form = pack.forms[form]
    return replace(pack, forms={**pack.forms, form: replace(here, fields=_without_need(here.fields, item))})


def _without_need(items: tuple[Item, ...], id: str) -> tuple[Item, ...]:
    return tuple(
        replace(item, required=False) if isinstance(item, Field) and item.id == id
        else replace(item, min=0) if isinstance(item, List) and item.id == id
        else replace(item, items=_without_need(item.items, id)) if isinstance(item, Group | List)
        else item for item in items)


# ---- clocks

def _deadlines(pack: Pack) -> Iterator[Mutant]:
    for deadline in pack.deadlines.values():
        yield _clock(pack, deadline, "deadline", deadline.name, deadline.title, "title", partial(_changed, name=deadline.name, when="false"))


def _reminders(pack: Pack) -> Iterator[Mutant]:
    for deadline in pack.deadlines.values():
        for number, period in enumerate(deadline.remind, 1):
            yield _clock(pack, deadline, "reminder", f"{deadline.name}#{number}", f"{deadline.title}: reminder {number} of {len(deadline.remind)}", "remind",
                         partial(_unreminded, name=deadline.name, period=period))


def _clock(pack: Pack, deadline: Deadline, kind: str, id: str, words: str, key: str, leave_out: Callable[[Pack], Pack]) -> Mutant:
    file = pack.file_of("deadline", deadline.name)
    lines = pack.files[file].decode("utf-8-sig").splitlines()[deadline.line or 0:]
    line = next((at for at, text in enumerate(lines, (deadline.line or 0) + 1) if text.lstrip().startswith(key)), deadline.line)
    return Mutant(kind, f"{kind}:{id}", words, file, line, split(deadline.clause), frozenset({("clock", deadline.name)}), leave_out)


def _unreminded(pack: Pack, name: str, period: Any) -> Pack:
    return _changed(pack, name, remind=tuple(each for each in pack.deadlines[name].remind if each is not period))


def _changed(pack: Pack, name: str, **values: Any) -> Pack:
    return replace(pack, deadlines={**pack.deadlines, name: replace(pack.deadlines[name], **values)})
