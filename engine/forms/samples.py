"""Plain answers that a form accepts, so that a story need only name what matters to it."""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import datetime, time, timedelta
from typing import Any

from engine.forms.items import Field, Item, List, Option, Separator, Table, Text
from engine.forms.sheet import Node, Sheet, empty
from engine.forms.single import Wrong, read
from engine.forms.uploads import Upload

DAYS = re.compile(r"([+-][0-9]{1,4}) days?")
ROUNDS = 100  # more than questions that bring each other up


def sample(items: tuple[Item, ...], names: Mapping[str, Any], now: datetime, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """An answer to every required question that shows, the same each time; what is there by default, or given, stays as it is."""
    answers: dict[str, Any] = deepcopy(dict(given or {}))
    kept = frozenset(_paths(answers, ""))
    begun = kept | {path[:at] for path in kept for at, letter in enumerate(path) if letter == "."}  # a date comes in three parts
    sheet = None
    for _ in range(ROUNDS):  # an answer may bring up further questions
        sheet = Sheet(items, answers, names, now, tidy=False, before=sheet)
        shown = [node for node in sheet.nodes if not node.hidden]
        options, _none = sheet.options([node for node in shown if isinstance(node.item, Field) and node.item.chosen], [])
        changes = [_fill(node, answers, options.get(node.path, []), now) for node in shown
                   if node.path not in (begun if isinstance(node.item, Field) else kept)]
        if not any(changes): break
    for node in sheet.nodes if sheet else ():  # what later answers have hidden again
        if node.hidden and not isinstance(node.item, Text | Table | Separator): _take_out(answers, node.path)
    return answers


def _take_out(answers: Any, path: str) -> None:
    *way, last = path.split(".")
    for part in way:
        if isinstance(answers, list): answers = answers[int(part)] if int(part) < len(answers) else None
        elif isinstance(answers, dict): answers = answers.get(part)
    if isinstance(answers, dict): answers.pop(last, None)


def _paths(value: Any, path: str) -> Iterator[str]:
    """Where something was given, be it empty on purpose; rows and groups are looked into."""
    if isinstance(value, Mapping):
        for key, inner in value.items(): yield from _paths(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value and all(isinstance(row, Mapping) for row in value):
        for number, row in enumerate(value): yield from _paths(row, f"{path}.{number}")
    else:
        yield path


def _fill(node: Node, answers: dict[str, Any], options: list[Option], now: datetime) -> bool:
    """Answer one question if that is needed; whether anything changed."""
    item = node.item
    if isinstance(item, List):
        lacking = item.min - len(node.rows) if not item.fixed else 0
        rows = None if (home := _home(answers, node.path)) is None or lacking <= 0 else home.setdefault(item.path, [])
        if isinstance(rows, list): rows.extend({} for _ in range(lacking))
        return isinstance(rows, list)
    if not isinstance(item, Field) or item.readonly: return False
    if item.chosen and not _fits(node.value, options): node.value = empty(item)  # the options have changed since
    elif node.value != empty(item): return False
    if not item.required and item.default is None: return False
    value = one(item, options, now)
    home = _home(answers, node.path)
    if home is None or value == empty(item) or home.get(item.key) == value: return False
    home[item.key] = value
    return True


def _fits(value: Any, options: list[Option]) -> bool:
    given = value if isinstance(value, list) else [] if value is None else [value]
    return all(any(option.value == single for option in options) for single in given)


def _home(answers: dict[str, Any], path: str) -> dict[str, Any] | None:
    """Where the answer at this path belongs, made if it is not there yet; None when something else was given in its place."""
    home: Any = answers
    parts = path.split(".")[:-1]
    for at, part in enumerate(parts):
        if part.isdigit() and isinstance(home, list):
            while len(home) <= int(part): home.append({})
            home = home[int(part)]
        elif isinstance(home, dict):
            home = home.setdefault(part, [] if at + 1 < len(parts) and parts[at + 1].isdigit() else {})
        else:
            return None
    return home if isinstance(home, dict) else None


def one(item: Field, options: list[Option], now: datetime) -> Any:
    """A plain answer to one question."""
    if item.type == "filepicker":
        upload = file(item)
        return [upload] if item.multiple else upload
    if item.sample is not None: return _given(item, item.sample, now)
    if item.default is not None and not (isinstance(item.default, str) and item.default.startswith("=")): return item.default
    if item.chosen:
        first = options[0].value if options else None
        return ([] if first is None else [first]) if item.many else first
    if item.type == "checkbox": return True
    if item.type == "number": return _number(item)
    if item.type == "datetime": return _when(item, now)
    return _text(item)


def _given(item: Field, sample: str, now: datetime) -> Any:
    """The owner's own sample, as a value where it is one; of a date also how many days from today, like “+14 days”."""
    if item.subtype == "date" and (days := DAYS.fullmatch(sample)): return now.date() + timedelta(days=int(days[1]))
    try:
        return read(item, [part.strip() for part in sample.split(",")] if item.many else sample, now)
    except Wrong:
        return sample  # the form's faults tell


def _text(item: Field) -> str:
    if item.validation == "email": return "sample@example.org"
    if item.validation == "phone": return "01632 960 001"
    text = f"Sample {item.label}"
    if item.max_length: text = text[:item.max_length].strip()
    return text.ljust(item.min_length or 0, "x")


def _number(item: Field) -> float | int:
    low, high = item.min, item.max
    if (low is None or low <= 1) and (high is None or high >= 1): return 1
    value = low if low is not None else high if high is not None else 1
    return int(value) if value == int(value) else value


def _when(item: Field, now: datetime) -> Any:
    if item.subtype == "time": return time(9, 0)
    return now.replace(second=0, microsecond=0) if item.subtype == "datetime" else now.date()


def file(item: Field) -> Upload:
    """A small file that this question accepts."""
    ending = next((kind for kind in item.accept if kind.startswith(".")), None)
    kind = next((kind for kind in item.accept if "/" in kind), None)
    type_ = kind.replace("/*", "/sample") if kind and not ending else "application/octet-stream" if ending else "text/plain"
    return Upload(item.sample or f"sample{ending or '.txt'}", b"Sample", type_)
