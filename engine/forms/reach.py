"""Which names the expressions of a form reach: its own questions, and what must be given from outside."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from engine.feel import RESERVED, templates
from engine.feel.expressions import reading
from engine.forms.items import Field, Group, Item, List, Table, Text
from engine.forms.sheet import keyed


class Teller(Protocol):
    """Where faults go."""

    def fault(self, component: Any, says: str) -> None: ...
    def checked(self, c: Any, text: str) -> str | None: ...


@dataclass(frozen=True)
class Scope:
    """The keys an expression sees by their plain names: its own level's, then those around it."""

    keys: dict[str, Field | Group | List]
    outer: Scope | None = None

    @classmethod
    def of(cls, items: tuple[Item, ...], outer: Scope | None = None) -> Scope:
        return cls(dict(keyed(items)), outer)

    def own(self, path: str) -> tuple[Field | Group | List, list[str]] | None:
        """The question a dotted path starts at, with the rest of the path; None when its first name is not the form's."""
        head, *rest = path.split(".")
        scope: Scope | None = self
        while scope is not None:
            if head in scope.keys: return scope.keys[head], rest
            scope = scope.outer
        if rest and head == "this": return Scope(self.keys).own(".".join(rest))
        if rest and head == "parent" and self.outer is not None: return Scope(self.outer.keys).own(".".join(rest))
        return None


def expressions(item: Item) -> list[str]:
    """The expressions of an item, placeholders of its text aside."""
    found = [item.hide]
    if isinstance(item, Field):
        found += [item.options_expression, item.default[1:] if isinstance(item.default, str) and item.default.startswith("=") else None]
    if isinstance(item, Table): found.append(item.source)
    if isinstance(item, Group): found.append(item.row)
    return [text for text in found if text]


def place(items: tuple[Item, ...], teller: Teller) -> tuple[Item, ...]:
    """The same items, each knowing the `paths` it reads from outside the form; names that lead nowhere are told."""
    return _place(items, Scope.of(items), "", teller)


def _place(items: tuple[Item, ...], scope: Scope, prefix: str, teller: Teller) -> tuple[Item, ...]:
    out: list[Item] = []
    for item in items:
        paths = _outside(item, scope, prefix, teller)
        if isinstance(item, Group):
            inner, under = (Scope.of(item.items, scope), f"{prefix}{item.path}.") if item.path else (scope, prefix)
            out.append(replace(item, paths=paths, items=_place(item.items, inner, under, teller)))
        elif isinstance(item, List):
            out.append(replace(item, paths=paths, items=_place(item.items, Scope.of(item.items, scope), f"{prefix}{item.path}.", teller)))
        else:
            out.append(replace(item, paths=paths))
    return tuple(out)


def _outside(item: Item, scope: Scope, prefix: str, teller: Teller) -> frozenset[str]:
    found: set[str] = set()
    if isinstance(item, Text): found |= _beyond(item, templates.paths_of(item.markdown), scope, teller)
    if isinstance(item, Field):
        aside = Scope({key: one for key, one in scope.keys.items() if key != item.key}, scope.outer)
        computed = item.default[1:] if isinstance(item.default, str) and item.default.startswith("=") else None
        if computed is not None and teller.checked(item, computed) is None: return frozenset()
        if item.options_key: found |= _beyond(item, [item.options_key], aside, teller)
        if item.picker and not item.options_expression and not item.options_key:
            found.add("people" if item.picker == "person" else "board.agencies")
        if item.readonly and item.default is None: found.add(prefix + item.key)
    for text in expressions(item):
        read = reading(text)
        for name in sorted(read.names & RESERVED):
            if f"{name}(" in text.replace(" ", "") and scope.own(name):
                teller.fault(item, f"the question “{name}” hides the function {name}() here: give it another key")
        itself = isinstance(item, Field) and text != item.hide
        found |= _beyond(item, read.paths | read.filtered, aside if itself else scope, teller)
    return frozenset(found)


def _beyond(item: Item, paths: Iterable[str], scope: Scope, teller: Teller) -> set[str]:
    """Those paths that do not lead to a question of this form."""
    out: set[str] = set()
    for path in sorted(paths):
        own = scope.own(path)
        if own is None:
            if path.split(".")[0] not in ("this", "parent"): out.add(path)
        elif (lost := _lost(*own)) is not None:
            teller.fault(item, f"“{path}” leads nowhere: there is no question “{lost}” there")
    return out


def _lost(found: Field | Group | List, rest: list[str]) -> str | None:
    """The first name of the rest that is no question; what stands after a question is the value's own affair."""
    while rest and isinstance(found, Group | List):
        inside = dict(keyed(found.items))
        if rest[0] not in inside: return rest[0]
        found, rest = inside[rest[0]], rest[1:]
    return None
