"""The only validation there is: raw answers, from a browser, the API or a rehearsal, made values or refused in words."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.forms.items import Field, Group, Item, List, Option
from engine.forms.sheet import Node, Question, Sheet, empty
from engine.forms.single import missing
from engine.forms.words import ask, lead

MATCHES = "matches(given, pattern)"  # asked of the sandbox: a pattern that never ends must not hold up a case


@dataclass(frozen=True)
class Cleaned:
    """What came of some answers: `values` of the questions that show, `errors` by path, in the order of the form."""

    values: dict[str, Any]
    errors: dict[str, str]

    @property
    def ok(self) -> bool:
        return not self.errors


def clean(items: tuple[Item, ...], raw: Any, names: Mapping[str, Any], now: datetime) -> Cleaned:
    """Read and judge the answers to these items."""
    if not isinstance(raw, Mapping):
        return Cleaned({}, {"": "The answers must be a set of names and values: what was sent is wrongly typed"})
    sheet = Sheet(items, raw, names, now, tidy=True)
    shown = [node for node in sheet.nodes if not node.hidden]
    chosen = [node for node in shown if isinstance(node.item, Field) and node.item.chosen and not node.item.readonly]
    patterned = [(node, item) for node in shown if (item := _patterned(node)) is not None]
    questions: list[Question] = [("expression", MATCHES, {"given": node.value, "pattern": item.pattern}) for node, item in patterned]
    options, matched = sheet.options(chosen, questions)
    for (node, item), fits in zip(patterned, matched, strict=True):
        if fits is not True: node.wrong = item.pattern_says or f"{lead(item.label)} is not in the right format"
    errors: dict[str, str] = {}
    for node in shown:
        if isinstance(node.item, Field): _judge(node, node.item, options.get(node.path, []))
        elif isinstance(node.item, List) and not node.wrong: _count(node, node.item)
        if node.wrong: errors[node.path] = node.wrong
        errors.update(node.unasked or {})
    return Cleaned(_kept(sheet, shown), errors | sheet.unasked)


def _patterned(node: Node) -> Field | None:
    item = node.item
    asked = isinstance(item, Field) and item.pattern and not item.readonly and isinstance(node.value, str) and not node.wrong
    return item if asked and isinstance(item, Field) else None


def _judge(node: Node, item: Field, options: list[Option]) -> None:
    if node.wrong or item.readonly: return
    if item.chosen: _choose(node, item, options)
    if item.required and not node.wrong and node.value == empty(item): node.wrong = item.when_empty or missing(item)


def _choose(node: Node, item: Field, options: list[Option]) -> None:
    given = node.value if item.many else [] if node.value is None else [node.value]
    chosen = {at for one in given if (at := _place(one, options)) is not None}
    if len(chosen) < len({repr(one) for one in given}):
        node.value = [] if item.many else None
        node.wrong = f"{ask('Select', item.label)} from the options given"
        return
    values = [options[at].value for at in sorted(chosen)]  # in the order of the form, however they were sent
    node.value = values if item.many else values[0] if values else None


def _place(given: Any, options: list[Option]) -> int | None:
    """Where an answer stands among the options; a browser sends every value as text."""
    for at, option in enumerate(options):
        if type(option.value) is type(given) and option.value == given: return at
    for at, option in enumerate(options):
        if isinstance(given, str) and token(option.value) == given: return at
    return None


def token(value: Any) -> str:
    """An option's value as a page carries it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _count(node: Node, item: List) -> None:
    if len(node.value) >= item.min: return
    least = "one row" if item.min == 1 else f"{item.min} rows"
    node.wrong = (item.when_empty if not node.value else None) or f"Add at least {least} to “{item.label}”"


def _kept(sheet: Sheet, shown: list[Node]) -> dict[str, Any]:
    """The values of what shows and is not wrong, nested as the form is."""
    values: dict[str, Any] = {}
    homes = {id(sheet.root.answers): values}
    for node in shown:  # outer before inner, so every home is there when it is needed
        item, answers = node.item, node.level.answers
        if node.parent is not None and isinstance(node.parent.item, List):  # the head of a row
            row = homes[id(answers)] = {}
            homes[id(node.parent.level.answers)][node.parent.item.path].append(row)
        elif isinstance(item, Field):
            if not node.wrong: homes[id(answers)][item.key] = node.value
        elif isinstance(item, Group) and item.path is not None:
            homes[id(answers[item.path])] = homes[id(answers)][item.path] = {}
        elif isinstance(item, List):
            homes[id(answers)][item.path] = []
    return values
