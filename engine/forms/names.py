"""Which of the names around it an expression gets to see, and only those: what it does not read is never copied."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.feel.expressions import reading

MISSING: Any = object()

#: What the engine gives to every form by these names; a process variable of that name would hide them.
ENGINE_NAMES = frozenset({"case", "options", "board", "answers", "history", "registers", "deadlines", "documents", "methods", "me", "people"})


@dataclass
class Level:
    """The answers that stand side by side: the form's own, a group's, or one row's; `outer` is what surrounds them."""

    outer: Level | None
    names: Mapping[str, Any]             # what the form was given from outside
    answers: dict[str, Any] = field(default_factory=dict)

    def find(self, name: str) -> Any:
        """The nearest value of that name, or MISSING: the row's first, then the form's, then what was given."""
        level: Level | None = self
        while level is not None:
            if name in level.answers: return level.answers[name]
            level = level.outer
        if name in self.names: return self.names[name]
        if name == "this": return self.answers
        if name == "parent" and self.outer is not None: return self.outer.answers
        return MISSING

    def without(self, name: str) -> Level:
        """The same level without one answer, which then cannot hide an outer name."""
        return Level(self.outer, self.names, {key: value for key, value in self.answers.items() if key != name})


def variables(text: str, find: Callable[[str], Any]) -> dict[str, Any]:
    """What an expression gets to see: the names it mentions, cut down to the branches it reads."""
    read = reading(text)
    if "[" in text:  # a filter reads columns that no path shows
        return {name: value for name in sorted(read.names) if (value := find(name)) is not MISSING}
    return pick(read.paths, find)


def pick(paths: Iterable[str], find: Callable[[str], Any]) -> dict[str, Any]:
    """The variables of these dotted paths, each branch cut down to what the paths need."""
    wanted = sorted(set(paths), key=lambda path: (path.count("."), path))
    out: dict[str, Any] = {}
    whole: set[str] = set()
    for path in wanted:
        parts = path.split(".")
        if any(".".join(parts[:n]) in whole for n in range(1, len(parts))): continue
        whole.add(path)
        value = find(parts[0])
        if value is not MISSING: _graft(out, parts, value)
    return out


def _graft(into: dict[str, Any], parts: list[str], value: Any) -> None:
    head, rest = parts[0], parts[1:]
    if not rest or not isinstance(value, Mapping):
        into[head] = dict(value) if isinstance(value, Mapping) else value
        return
    branch = into.setdefault(head, {})
    if rest[0] in value: _graft(branch, rest, value[rest[0]])


def dig(path: str, find: Callable[[str], Any]) -> Any:
    """The value at a dotted path, or None."""
    head, *rest = path.split(".")
    value = find(head)
    for part in rest:
        value = value.get(part) if isinstance(value, Mapping) else None
    return None if value is MISSING else value
