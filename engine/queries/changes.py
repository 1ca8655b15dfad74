"""What changed between two releases of a pack, in its owner's words: nothing of a case is in it."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any

from engine.packs import in_words
from engine.queries.shapes.proposals import Change

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.feel.tables import Rule, Table
    from engine.packs import Element, Pack

KINDS = {".bpmn": "Diagram", ".dmn": "Decision table", ".form": "Form", "messages/": "Mail", "documents/": "Paper", "scenarios/": "Scenario",
         "pack.toml": "Roles, options and registers", "deadlines.toml": "Deadlines", "clauses.toml": "Clauses", "CHANGES.md": "Notes of what changed"}
MOST_SAID = 40
Things = Mapping[Any, tuple[Any, str]]  # by what tells them apart: the thing, and what people call it


def changes(before: Pack | None, after: Pack) -> list[Change]:
    """Every file that is new, changed or gone, and what in it is otherwise as far as words can say it."""
    old = before.files if before else {}
    found = []
    for path in sorted(set(old) | set(after.files)):
        if old.get(path) != after.files.get(path):
            state = "new" if path not in old else "gone" if path not in after.files else "changed"
            says = _said(before, after, path) if state == "changed" and before is not None else []
            found.append(Change(_kind(path), _name(after if path in after.files else before, path), state, says[:MOST_SAID]))
    return sorted(found, key=lambda change: (list(KINDS.values()).index(change.kind) if change.kind in KINDS.values() else len(KINDS), change.name))


def _kind(path: str) -> str:
    return next((kind for mark, kind in KINDS.items() if path.endswith(mark) or (f"/{mark}" in f"/{path}" and mark.endswith("/"))), "File")


def _name(pack: Pack | None, path: str) -> str:
    """What people call the thing in this file; what has no name of its own, by its path."""
    assert pack is not None  # noqa: S101 - a path stands in one of the two
    process = next((one for diagram in pack.diagrams if diagram.file == path for one in diagram.processes), None)
    if process is not None:
        return process.name or process.id
    kind, own = next((of for of, file in pack.origins.items() if file == path and of[0] in ("form", "table", "document")), ("", ""))
    called = {"form": lambda: pack.forms[own].title, "table": lambda: pack.tables[own].name, "document": lambda: pack.documents[own].title}
    return (called[kind]() if kind else "") or path


def _said(before: Pack, after: Pack, path: str) -> list[str]:
    if path.endswith(".bpmn"):
        return _of_diagram(before, after, path) or ["Where things are drawn, or what is noted beside them"]
    kind = "form" if path.endswith(".form") else "table" if path.endswith(".dmn") else ""
    own = next((id for (kinds, id), file in after.origins.items() if kinds == kind and file == path), "")
    if own in before.forms and own in after.forms:
        return _differ("question", before, after, lambda pack: {key: (field, field.label) for key, field in pack.forms[own].questions()}) or [
            "Words beside the questions"]
    if own in before.tables and own in after.tables:
        return _differ("row", before, after, lambda pack: {(rule.tests, rule.outputs): (rule.outputs, _row(pack.tables[own], rule))
                                                           for rule in pack.tables[own].rules}) or ["Its columns, or words beside it"]
    if path == "deadlines.toml":
        return _differ("deadline", before, after, lambda pack: {name: (deadline, deadline.title) for name, deadline in pack.deadlines.items()},
                       lambda name: _rule(before, after, name))
    return _of_manifest(before, after) if path == "pack.toml" else []


def _of_diagram(before: Pack, after: Pack, path: str) -> list[str]:
    """Steps and arrows by their ids."""
    def there(pack: Pack) -> Things:
        processes = [process for diagram in pack.diagrams if diagram.file == path for process in diagram.processes]
        steps = {step: (element, f"{in_words.KINDS.get(element.kind, 'Junction')}: {element.label if element.label != step else 'without a name'}")
                 for process in processes for step, element in process.elements.items()}
        ends = {step: f"“{name.partition(': ')[2]}”" for step, (_, name) in steps.items()}
        return {**steps, **{way: (flow, f"Way from {ends.get(flow.source)} to {ends.get(flow.target)}{f', {flow.name}' if flow.name else ''}")
                            for process in processes for way, flow in process.flows.items()}}

    return _differ("", before, after, there, lambda step: _of_element(before, after, step))


def _of_element(before: Pack, after: Pack, step: str) -> list[str]:
    """What people notice of a step that is otherwise."""
    if step not in before.elements or step not in after.elements:
        return []   # an arrow
    was, now = before.elements[step], after.elements[step]
    about: list[tuple[str, Callable[[Element, Pack], str]]] = [
        ("called", lambda one, _: one.label), ("put to", lambda one, pack: in_words.who(pack, in_words.offered(pack, one))),
        ("not by whoever did", lambda one, pack: "; ".join(pack.elements[other].label for other in one.not_by if other in pack.elements)),
        ("tested by", lambda one, _: ", ".join((*one.gate, *one.checks))), ("form", lambda one, _: one.form or ""),
        ("waits for", lambda one, _: one.event.text or "")]
    return [f"{word} “{tell(now, after) or 'nothing'}” (before: “{tell(was, before) or 'nothing'}”)"
            for word, tell in about if tell(was, before) != tell(now, after)]


def _of_manifest(before: Pack, after: Pack) -> list[str]:
    def option(name: str) -> list[str]:
        was, now = ({True: "on", False: "off"}.get(pack.options[name].default, pack.options[name].default) for pack in (before, after))
        return [f"set to {now} (before: {was})"] if was != now else []

    return [*_differ("role", before, after, lambda pack: {name: (role, role.label) for name, role in pack.roles.items()}),
            *_differ("option", before, after, lambda pack: {name: (one, one.title) for name, one in pack.options.items()}, option),
            *_differ("register", before, after, lambda pack: {name: (one, one.title) for name, one in pack.registers.items()})]


def _rule(before: Pack, after: Pack, name: str) -> list[str]:
    was, now = (in_words.date_rule(pack, pack.deadlines[name]) for pack in (before, after))
    return [f"{now} (before: {was})"] if was != now else []


def _row(table: Table, rule: Rule) -> str:
    return in_words.row_says(table, rule).get("says") or rule.note or ", ".join(rule.outputs)


def _differ(word: str, before: Pack, after: Pack, there: Callable[[Pack], Things], more: Callable[[Any], list[str]] = lambda _: []) -> list[str]:
    """What is new, gone or otherwise. On which line it stands does not count."""
    def told(state: str, key: Any, name: str) -> str:
        says = "; ".join(more(key)) if state == "Changed" else ""
        return f"{state}{f' {word}' if word else ''}: {name}{f': {says}' if says else ''}"

    old, new = there(before), there(after)
    found = [told("Gone", key, name) for key, (_, name) in old.items() if key not in new]
    for key, (thing, name) in new.items():
        if key not in old:
            found.append(told("New", key, name))
        elif _bare(old[key][0]) != _bare(thing):
            found.append(told("Changed", key, name))
    return found


def _bare(thing: Any) -> Any:
    """A thing as plain values without the lines it stood on, and of a step without the arrows: they are told of by themselves."""
    def without(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: without(inner) for key, inner in value.items() if key not in ("line", "file", "incoming", "outgoing")}
        return [without(inner) for inner in value] if isinstance(value, list | tuple) else value

    return without(asdict(thing) if is_dataclass(thing) and not isinstance(thing, type) else thing)
