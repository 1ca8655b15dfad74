"""Answers in words, for a summary page, a case page or a letter."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from engine.errors import Incident
from engine.forms.items import Field, Group, Item, List
from engine.forms.sheet import Sheet
from engine.forms.uploads import Upload
from engine.forms.words import NOT_ANSWERED, number, shown


class _HasFields(Protocol):
    @property
    def fields(self) -> tuple[Item, ...]: ...


@dataclass(frozen=True)
class Row:
    """One answer: its label and its text; a group or a list has `rows` instead, one inner group for each row of the list.

    Who shows rows leaves out what is `sensitive` where that matters, and what `visible_to` does not name the reader for."""

    label: str
    text: str
    path: str
    sensitive: bool = False
    visible_to: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()


def plain(form: _HasFields, values: Mapping[str, Any], names: Mapping[str, Any] | None = None, now: datetime | None = None) -> list[Row]:
    """The answers in the order of the form; questions that were hidden have no key in `values` and no row.

    With `names` and `now`, answers chosen from options that come from outside read as their labels too."""
    labels = _labels(form.fields, values, names, now) if names is not None and now is not None else {}
    return _rows(form.fields, values, "", labels)


def _labels(items: tuple[Item, ...], values: Mapping[str, Any], names: Mapping[str, Any], now: datetime) -> dict[str, dict[Any, str]]:
    try:
        sheet = Sheet(items, values, names, now, tidy=False, settled=False)
        options, _none = sheet.options([node for node in sheet.nodes if isinstance(node.item, Field) and node.item.chosen], [])
    except Incident:
        return {}  # what an answer was chosen from is gone by now: better its bare value than no page
    return {path: {option.value: option.label for option in found} for path, found in options.items()}


def _rows(items: tuple[Item, ...], values: Mapping[str, Any], prefix: str, labels: dict[str, dict[Any, str]]) -> list[Row]:
    out: list[Row] = []
    for item in items:
        path = prefix + item.name
        if isinstance(item, Group) and item.path is None:
            inside = _rows(item.items, values, prefix, labels)
            if inside and item.label: out.append(Row(item.label, "", path, rows=tuple(inside)))
            else: out.extend(inside)
        elif isinstance(item, Field | Group | List) and item.name in values:
            out.append(_row(item, values[item.name], path, labels))
    return out


def _row(item: Field | Group | List, value: Any, path: str, labels: dict[str, dict[Any, str]]) -> Row:
    if isinstance(item, Field): return Row(item.label, text(item, value, labels.get(path)), path, item.sensitive, item.visible_to)
    if isinstance(item, Group):
        inside = _rows(item.items, value if isinstance(value, Mapping) else {}, f"{path}.", labels)
        return Row(item.label, "", path, rows=tuple(inside))
    rows = tuple(Row(f"{item.label} {at + 1}", "", f"{path}.{at}", item.sensitive, item.visible_to,
                     tuple(_rows(item.items, row, f"{path}.{at}.", labels))) for at, row in enumerate(value or []))
    return Row(item.label, "" if rows else NOT_ANSWERED, path, item.sensitive, item.visible_to, rows)


def text(item: Field, value: Any, labels: Mapping[Any, str] | None = None) -> str:
    """One answer in words."""
    if value is None or value in ("", []): return NOT_ANSWERED
    if isinstance(value, list): return ", ".join(text(item, one, labels) for one in value)
    if isinstance(value, Upload): return value.name
    if item.chosen:
        known = {option.value: option.label for option in item.options} | dict(labels or {})
        if value in known: return known[value]
    if item.type == "number" and not isinstance(value, bool) and isinstance(value, int | float):
        figure = f"{value:.{item.digits}f}" if item.digits else number(value)
        before = item.prefix if len(item.prefix) < 2 else f"{item.prefix} "
        return f"{before}{figure}{f' {item.suffix}' if item.suffix else ''}"
    return shown(value)
