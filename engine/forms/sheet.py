"""A form as it stands with some answers in it: which questions show, and what can be chosen."""
from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from engine import feel
from engine.errors import Incident
from engine.forms.items import Field, Group, Item, List, Option, Separator
from engine.forms.names import Level, dig, variables
from engine.forms.single import Wrong, read
from engine.forms.uploads import Upload
from engine.forms.words import inner, lead

ROWS_LIMIT = 200
Question = tuple[Literal["expression"], str, dict[str, Any]]


@dataclass
class Node:
    """One item where it stands: in a list, once for each row."""

    item: Item
    path: str
    level: Level
    parent: Node | None
    value: Any = None
    wrong: str | None = None
    hidden: bool = False
    unasked: dict[str, str] | None = None  # keys given inside it that the form does not ask
    rows: tuple[Any, ...] = ()             # of a list: its rows as they were given


def empty(item: Item) -> Any:
    """What stands for an answer that was not given."""
    if isinstance(item, List): return []
    if isinstance(item, Group): return blank(item.items)
    if isinstance(item, Field) and item.many: return []
    return False if isinstance(item, Field) and item.type == "checkbox" else None


def keyed(items: tuple[Item, ...]) -> Iterator[tuple[str, Field | Group | List]]:
    """The items that own a key at this level; groups without a path are seen through."""
    for item in items:
        if isinstance(item, Group) and item.path is None: yield from keyed(item.items)
        elif isinstance(item, Field | Group | List): yield item.name, item


def blank(items: tuple[Item, ...]) -> dict[str, Any]:
    """Every key of these items, unanswered."""
    return {key: empty(item) for key, item in keyed(items)}


class Sheet:
    """A form's items laid out over raw answers, every value read, and hidden what its conditions hide."""

    def __init__(self, items: tuple[Item, ...], raw: Mapping[Any, Any], names: Mapping[str, Any], now: datetime, *,
                 tidy: bool, settled: bool = True, before: Sheet | None = None) -> None:
        self.now = now
        self.nodes: list[Node] = []
        self._tidy = tidy                 # leave out rows in which nothing was answered
        self.known: dict[tuple[str, str], Any] = before.known if before else {}  # of the same form at the same moment
        self.root = Level(None, names)
        self.unasked = _unasked(items, raw, "")
        self._lay(items, raw, self.root, None, "", names)
        if settled:
            self._set_defaults()
            self._hide()

    # -- laying out

    def _lay(self, items: tuple[Item, ...], raw: Mapping[Any, Any], level: Level, parent: Node | None, prefix: str, given: Any) -> None:
        for item in items:
            node = Node(item, prefix + item.name, level, parent)
            self.nodes.append(node)
            if isinstance(item, Field): self._lay_field(node, item, raw, given)
            elif isinstance(item, Group): self._lay_group(node, item, raw, prefix, given)
            elif isinstance(item, List): self._lay_list(node, item, raw, given)

    def _lay_field(self, node: Node, item: Field, raw: Mapping[Any, Any], given: Any) -> None:
        node.value = empty(item)
        if item.readonly:  # what a person sent for it is not looked at
            known = isinstance(given, Mapping) and item.key in given
            node.value = given[item.key] if known else self._default(item, node.value)
        else:
            try:
                node.value = read(item, raw.get(item.key), self.now)
            except Wrong as wrong:
                node.wrong = str(wrong)
        node.level.answers[item.key] = told(node.value)

    def _default(self, item: Field, otherwise: Any) -> Any:
        if item.default is None: return otherwise
        return item.default if _computed(item.default) else read(item, item.default, self.now)

    def _lay_group(self, node: Node, item: Group, raw: Mapping[Any, Any], prefix: str, given: Any) -> None:
        if item.path is None:
            self._lay(item.items, raw, node.level, node, prefix, given)
            return
        inside = raw.get(item.path)
        if inside is None or inside == "": inside = {}
        if not isinstance(inside, Mapping):
            node.wrong, inside = f"{lead(item.label or item.path)} must be a set of answers: what was sent is wrongly typed", {}
        node.unasked = _unasked(item.items, inside, f"{node.path}.")
        level = Level(node.level, self.root.names)
        node.level.answers[item.path] = level.answers
        self._lay(item.items, inside, level, node, f"{node.path}.", given.get(item.path) if isinstance(given, Mapping) else None)

    def _lay_list(self, node: Node, item: List, raw: Mapping[Any, Any], given: Any) -> None:
        rows, known = raw.get(item.path), given.get(item.path) if isinstance(given, Mapping) and item.fixed else None
        node.level.answers[item.path] = node.value = []
        if rows is None or rows == "": rows = []
        if not isinstance(rows, list | tuple):
            node.wrong = f"{lead(item.label)} must be a list of rows: what was sent is wrongly typed"
            return
        limit = min(item.max or ROWS_LIMIT, ROWS_LIMIT)
        if item.fixed:
            limit = len(known) if isinstance(known, list | tuple) else item.start
            rows = [*rows, *({} for _ in range(limit - len(rows)))]
        if len(rows) > limit:
            node.wrong = f"{lead(item.label)} must have {limit} row{'' if limit == 1 else 's'} or fewer"
            return
        node.rows = tuple(rows)
        laid = [self._lay_row(node, item, at, row, known[at] if isinstance(known, list | tuple) else None) for at, row in enumerate(rows)]
        spare = max(item.min - sum(1 for nodes in laid if _answered(nodes)), 0)
        for nodes in laid:
            if self._tidy and not item.fixed and not _answered(nodes):
                if not spare: continue
                spare -= 1
            self.nodes.extend(nodes)
            node.value.append(nodes[0].level.answers)

    def _lay_row(self, node: Node, item: List, at: int, row: Any, given: Any) -> list[Node]:
        level = Level(node.level, self.root.names)
        head = Node(Separator(f"{at}"), f"{node.path}.{at}", level, node)  # stands for the row, so that its faults have a place
        if not isinstance(row, Mapping):
            head.wrong, row = f"Row {at + 1} of {inner(item.label)} must be a set of answers: what was sent is wrongly typed", {}
        head.unasked = _unasked(item.items, row, f"{head.path}.")
        before, self.nodes = self.nodes, [head]
        self._lay(item.items, row, level, head, f"{head.path}.", given)
        laid, self.nodes = self.nodes, before
        return laid

    # -- asking

    def ask(self, questions: list[Question], about: list[str]) -> list[Any]:
        """The answers of expressions, all in one call; the same expression over the same values is asked once."""
        keys = [(text, repr(seen)) for _, text, seen in questions]
        fresh = {key: question for key, question in zip(keys, questions, strict=True) if key not in self.known}
        if fresh:
            try:
                answers = feel.many(list(fresh.values()), self.now)
            except feel.FeelError as fault:
                element = next((name for name, key in zip(about, keys, strict=True) if key[0] == fault.expression), None)
                raise Incident(str(fault), element=element, position=fault.position) from fault
            self.known.update(zip(fresh, answers, strict=True))
        return [self.known[key] for key in keys]

    def question(self, text: str, level: Level) -> Question:
        return "expression", text, variables(text, level.find)

    def _set_defaults(self) -> None:
        nodes = [node for node in self.nodes if isinstance(node.item, Field) and node.item.readonly and _computed(node.value)]
        asked = [self.question(node.value[1:], node.level.without(node.item.name)) for node in nodes]
        for node, value in zip(nodes, self.ask(asked, [node.item.name for node in nodes]), strict=True):
            node.value = node.level.answers[node.item.name] = value

    def _hide(self) -> None:
        """Settle what is hidden. A hidden question counts as unanswered for the others, so it may take a few rounds."""
        asked = [node for node in self.nodes if node.item.hide]
        for _ in range(len(asked) + 2):
            before = [node.hidden for node in self.nodes]
            due = [node for node in asked if node.parent is None or not node.parent.hidden]
            answers = self.ask([self.question(node.item.hide or "", node.level) for node in due], [node.item.name for node in due])
            hides = {id(node): self._sure(node, answer) for node, answer in zip(due, answers, strict=True)}
            for node in self.nodes:  # outer before inner
                node.hidden = (node.parent is not None and node.parent.hidden) or hides.get(id(node), bool(node.item.hide))
                self._note(node)
            if [node.hidden for node in self.nodes] == before: return
        raise Incident("The conditions of this form depend on each other in a circle")

    @staticmethod
    def _sure(node: Node, answer: Any) -> bool:
        if isinstance(answer, bool): return answer
        raise Incident(f"The condition that hides “{node.path}” is neither true nor false: {node.item.hide}", element=node.item.name)

    @staticmethod
    def _note(node: Node) -> None:
        if isinstance(node.item, Field | List):
            node.level.answers[node.item.name] = empty(node.item) if node.hidden else told(node.value)

    # -- choosing

    def options(self, nodes: list[Node], extra: list[Question]) -> tuple[dict[str, list[Option]], list[Any]]:
        """What can be chosen in each of these questions, by path, and the answers to `extra`: one call for both."""
        asking = [node for node in nodes if isinstance(node.item, Field) and node.item.options_expression]
        questions = [self.question(node.item.options_expression or "", node.level) for node in asking if isinstance(node.item, Field)]
        answers = self.ask(questions + extra, [node.item.name for node in asking] + [""] * len(extra))
        found = {node.path: answer for node, answer in zip(asking, answers, strict=False)}
        return {node.path: self._options(node, node.item, found) for node in nodes if isinstance(node.item, Field)}, answers[len(asking):]

    @staticmethod
    def _options(node: Node, item: Field, found: dict[str, Any]) -> list[Option]:
        if item.options_expression: given = found[node.path]
        elif item.options_key: given = dig(item.options_key, node.level.without(item.key).find)
        elif item.picker == "person": given = node.level.names.get("people")
        elif item.picker == "agency": given = dig("board.agencies", Level(None, node.level.names).find)
        else: return list(item.options)
        if given is None: return []
        if not isinstance(given, list | tuple):
            raise Incident(f"The options of “{node.path}” are not a list", element=item.name)
        return [_option(one, node) for one in given]


def _option(one: Any, node: Node) -> Option:
    value, label = one, None
    if isinstance(one, Mapping):
        value = one.get("value", one.get("key"))
        label = one.get("label", one.get("name"))
        if "label" not in one and one.get("agency_name"): label = f"{label}, {one['agency_name']}"   # many people have the same name
    if isinstance(value, date): value = value.isoformat()
    if not isinstance(value, str | bool | int | float):
        raise Incident(f"An option of “{node.path}” has no value that could be stored", element=node.item.name)
    return Option(value, str(value if label is None else label))


def _unasked(items: tuple[Item, ...], raw: Mapping[Any, Any], prefix: str) -> dict[str, str]:
    """Keys that were given but are no question here; `csrf_token` and buttons are the web's to take out."""
    asked = {key for key, _ in keyed(items)}
    strays = [key for key in raw if key not in asked]
    return {prefix + _safe(key): f"“{_safe(key)}” is not asked here" for key in strays[:20]}


def _safe(key: Any) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in str(key)[:60])


def _answered(nodes: list[Node]) -> bool:
    """Whether a person put anything into this row: what is empty, or stands there by default, does not count."""
    for node in nodes:
        if node.wrong or node.unasked: return True
        item = node.item
        if isinstance(item, List) and node.value: return True
        if isinstance(item, Field) and not item.readonly and node.value != empty(item) and node.value != item.default: return True
    return False


def told(value: Any) -> Any:
    """A value as an expression sees it: of a file, however deep, that it is there, its name, and what only the same content has."""
    if isinstance(value, Upload): return {"document": None, "name": value.name, "digest": hashlib.sha256(value.content).hexdigest()}
    if isinstance(value, Mapping): return {key: told(one) for key, one in value.items()}
    return [told(one) for one in value] if isinstance(value, list) else value


def _computed(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("=")
