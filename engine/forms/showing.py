"""What a page needs to draw a form: what is hidden, what can be chosen, the texts and the tables."""
from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.errors import Incident
from engine.feel import templates
from engine.forms.items import Field, Group, Item, List, Table, Text
from engine.forms.names import ENGINE_NAMES, pick
from engine.forms.sheet import Node, Sheet, empty, keyed
from engine.forms.words import shown as in_words

MARKS = re.compile(r"[!-/:-@\[-`{-~]")  # ASCII punctuation: every character that could mean something


@dataclass(frozen=True)
class Shown:
    """A form with some answers in it, by path (`people.0.name`)."""

    hidden: frozenset[str]
    choices: dict[str, list[tuple[Any, str]]]
    texts: dict[str, str]                # markdown, its placeholders filled in
    tables: dict[str, list[list[str]]]
    values: dict[str, Any]               # readonly answers, and whatever else could be read
    rows: dict[str, int]                 # how many rows each list has


def show(items: tuple[Item, ...], raw: Mapping[str, Any], names: Mapping[str, Any], now: datetime) -> Shown:
    """Lay the form out with these answers, right or wrong. Rows without an answer are kept: a person is about to fill them in."""
    sheet = Sheet(items, raw, names, now, tidy=False)
    visible = [node for node in sheet.nodes if not node.hidden]
    options, sources = sheet.options([node for node in visible if isinstance(node.item, Field) and node.item.chosen],
                                     [sheet.question(node.item.source, node.level) for node in visible if isinstance(node.item, Table)])
    tables = [(node, node.item) for node in visible if isinstance(node.item, Table)]
    return Shown(
        hidden=frozenset(node.path for node in sheet.nodes if node.hidden),
        choices={path: [(option.value, option.label) for option in found] for path, found in options.items()},
        texts={node.path: _words(node, node.item, now) for node in visible if isinstance(node.item, Text)},
        tables={node.path: _rows(table, source) for (node, table), source in zip(tables, sources, strict=True)},
        values={node.path: node.value for node in sheet.nodes if isinstance(node.item, Field)},
        rows={node.path: len(node.value) for node in sheet.nodes if isinstance(node.item, List)},
    )


def _words(node: Node, item: Text, now: datetime) -> str:
    if "{{" not in item.markdown: return item.markdown
    return templates.render(item.markdown, pick(templates.paths_of(item.markdown), node.level.find), now, show=_unmarked)


def _unmarked(value: Any) -> str:
    """A value in words that markdown leaves alone: what people typed is text, and keeps its lines (CommonMark 2.4, 6.7)."""
    lines = [line.strip() for line in templates.in_words(value).splitlines()]
    return "\\\n".join(MARKS.sub(r"\\\g<0>", line) for line in lines if line)


def _rows(table: Table, source: Any) -> list[list[str]]:
    if source is None: return []
    if not isinstance(source, list): raise Incident(f"The rows of “{table.label or table.id}” are not a list", element=table.id)
    return [[in_words(row.get(key)) if isinstance(row, Mapping) else "" for key, _ in table.columns] for row in source]


def initial(items: tuple[Item, ...], names: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What the form opens with: for each key the variable of that name, or its default, or nothing."""
    variables = {key: value for key, value in names.items() if key not in ENGINE_NAMES}
    opened = _opened(items, variables)
    sheet = Sheet(items, opened, names, now, tidy=False)
    asked = [(node, node.item) for node in sheet.nodes if isinstance(node.item, Field) and _due(node.item, node.value)]
    questions = [sheet.question(item.default[1:], node.level.without(item.key)) for node, item in asked]
    for (node, item), value in zip(asked, sheet.ask(questions, [item.key for _, item in asked]), strict=True):
        node.level.answers[item.key] = value
    return sheet.root.answers


def _due(item: Field, value: Any) -> bool:
    return not item.readonly and isinstance(item.default, str) and item.default.startswith("=") and value == empty(item)


def _opened(items: tuple[Item, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, item in keyed(items):
        there = given.get(key)
        if isinstance(item, Field):
            literal = None if isinstance(item.default, str) and item.default.startswith("=") else item.default
            out[key] = there if there is not None else literal
        elif isinstance(item, Group):
            out[key] = _opened(item.items, there if isinstance(there, Mapping) else {})
        else:
            rows = there if isinstance(there, list) else [{}] * max(item.start, item.min)
            out[key] = [_opened(item.items, row if isinstance(row, Mapping) else {}) for row in rows]
    return out


def filled(items: tuple[Item, ...], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with every key these items have."""
    out: dict[str, Any] = {}
    for key, item in keyed(items):
        there = values.get(key)
        if isinstance(item, Field): out[key] = empty(item) if there is None else there
        elif isinstance(item, Group): out[key] = filled(item.items, there if isinstance(there, Mapping) else {})
        else: out[key] = [filled(item.items, row) for row in there if isinstance(row, Mapping)] if isinstance(there, list) else []
    return out
