"""Decision tables of DMN files: reading them, and deciding by them."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from engine.errors import Fault
from engine.feel.expressions import FeelError, Kind, PlacedError, evaluate, question, reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lxml import etree

POLICIES = ("UNIQUE", "ANY", "FIRST", "PRIORITY", "COLLECT", "RULE ORDER", "OUTPUT ORDER")
LISTS = ("COLLECT", "RULE ORDER", "OUTPUT ORDER")
AGGREGATIONS = ("SUM", "MIN", "MAX", "COUNT")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)     # allowed values are literals: when they are read makes no difference


class DecisionError(ValueError):
    """A table gave no answer, or too many."""

    def __init__(self, table: Table, says: str) -> None:
        self.table, self.says = table, says
        super().__init__(f"decision table “{table.name or table.id}”: {says}")


@dataclass(frozen=True)
class Input:
    """A column of conditions, and the expression its cells are asked about."""

    text: str
    label: str
    line: int


@dataclass(frozen=True)
class Output:
    """A column of answers; `allowed` are its values, best first."""

    name: str
    label: str
    allowed: tuple[Any, ...]
    default: str | None
    line: int


@dataclass(frozen=True)
class Rule:
    """A row: a test for each input, an expression for each output."""

    tests: tuple[str, ...]
    outputs: tuple[str, ...]
    note: str
    line: int


@dataclass(frozen=True)
class Table:
    """A decision table, whose cells were all understood."""

    id: str
    name: str
    file: str
    line: int
    policy: str
    aggregation: str | None
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rules: tuple[Rule, ...]

    @cached_property
    def paths(self) -> frozenset[str]:
        """Every dotted path the table reads."""
        read = [reading(text, kind) for kind, text in self._cells]
        return frozenset().union(*(each.paths | each.filtered for each in read))

    def decide(self, variables: Mapping[str, Any], now: datetime) -> Any:
        """One answer, or a list of them under C, R and O. An answer is a value, or a dict when the table has several outputs."""
        hits = self._hits(variables, now)
        if self.policy in ("PRIORITY", "OUTPUT ORDER"):
            hits.sort(key=lambda hit: self._rank(hit[1]))
        answers = [self._answer(values) for _, values in hits]
        if self.policy in LISTS:
            return self._aggregated(answers)
        if not answers:
            raise DecisionError(self, "no row matches. Add a row for this, or a default output")
        if self.policy == "UNIQUE" and len(hits) > 1:
            raise DecisionError(self, f"{self._rows(hits)} match, and only one may (hit policy Unique)")
        if self.policy == "ANY" and any(each != answers[0] for each in answers):
            raise DecisionError(self, f"{self._rows(hits)} match and disagree (hit policy Any)")
        return answers[0]

    def _hits(self, variables: Mapping[str, Any], now: datetime) -> list[tuple[int | None, list[Any]]]:
        try:
            (hits,) = question([("table", self._asked, variables, self._names)], now)
        except PlacedError as error:
            row, column = error.place
            where = f"decision table “{self.name or self.id}”, {_place(row, self._columns[column])}"
            raise FeelError(error.expression, f"{error.reason} ({where})", error.position) from None
        return [(row, values) for row, values in hits]

    @cached_property
    def _asked(self) -> dict[str, Any]:
        return {
            "called": self.name or self.id, "first": self.policy == "FIRST", "inputs": [each.text for each in self.inputs],
            "rules": [[rule.tests, rule.outputs] for rule in self.rules],
            "defaults": [each.default or "null" for each in self.outputs] if any(each.default for each in self.outputs) else None,
        }

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset().union(*(reading(text, kind).names for kind, text in self._cells))

    @property
    def _cells(self) -> Iterator[tuple[Kind, str]]:
        yield from (("expression", each.text) for each in self.inputs)
        yield from (("expression", each.default) for each in self.outputs if each.default)
        for rule in self.rules:
            yield from (("test", text) for text in rule.tests)
            yield from (("expression", text) for text in rule.outputs)

    @property
    def _columns(self) -> list[str]:
        return [each.label for each in self.inputs] + [each.label for each in self.outputs]

    def _answer(self, values: list[Any]) -> Any:
        return values[0] if len(values) == 1 else {output.name: each for output, each in zip(self.outputs, values, strict=True)}

    def _rank(self, values: list[Any]) -> list[int]:
        return [output.allowed.index(each) if each in output.allowed else len(output.allowed)
                for output, each in zip(self.outputs, values, strict=True)]

    def _aggregated(self, answers: list[Any]) -> Any:
        if self.policy != "COLLECT" or self.aggregation is None:
            return answers
        if self.aggregation == "COUNT":
            return len(answers)
        if self.aggregation == "SUM" and not all(isinstance(each, int | float) and not isinstance(each, bool) for each in answers):
            raise DecisionError(self, "only numbers can be summed")
        if self.aggregation == "SUM":
            return sum(answers)
        try:
            return (min if self.aggregation == "MIN" else max)(answers, default=None)
        except TypeError:
            raise DecisionError(self, "its answers are of different kinds, so none is the least or greatest") from None

    def _rows(self, hits: list[tuple[int | None, list[Any]]]) -> str:
        return "rows " + " and ".join(str(row + 1) for row, _ in hits if row is not None)


def read_tables(root: etree._Element, file: str) -> tuple[dict[str, Table], list[Fault]]:
    """Every decision table of a DMN file that could be read, by id, and every fault of the file. Cells are parsed, none is evaluated."""
    tables: dict[str, Table] = {}
    faults: list[Fault] = []
    decisions = list(root.iterfind(".//{*}decision"))
    if not decisions:
        faults.append(Fault(file, _line(root), None, None, "there is no decision in this file: draw a decision table, or remove the file"))
    for other in ("businessKnowledgeModel", "decisionService"):
        faults += [Fault(file, _line(each), each.get("id"), each.get("name"), f"a {other} is not supported: use decision tables only")
                   for each in root.iterfind(f".//{{*}}{other}")]
    for decision in decisions:
        reader = _Reader(decision, file)
        table = reader.table()
        faults += reader.faults
        if table is not None and table.id in tables:
            faults.append(Fault(file, table.line, table.id, table.name, "two decisions in this file have the same id"))
        elif table is not None:
            tables[table.id] = table
    return tables, faults


class _Reader:
    """Reads one decision, and keeps every fault it meets."""

    def __init__(self, decision: etree._Element, file: str) -> None:
        self.decision, self.file = decision, file
        self.id, self.name = decision.get("id") or "", decision.get("name") or ""
        self.faults: list[Fault] = []

    def table(self) -> Table | None:
        drawn = self.decision.find("{*}decisionTable")
        if not self.id:
            self._fault(self.decision, "a decision needs an id")
        if self.decision.find("{*}informationRequirement/{*}requiredDecision") is not None:
            self._fault(self.decision, "a decision that needs another is not supported: ask them one after the other in the diagram")
        if drawn is None:
            self._fault(self.decision, "only decision tables are supported: make this decision a table")
            return None
        policy, aggregation = drawn.get("hitPolicy", "UNIQUE"), drawn.get("aggregation")
        if policy not in POLICIES:
            self._fault(drawn, f"the hit policy “{policy}” is not known: choose one of {', '.join(POLICIES).title()}")
        if aggregation is not None and (policy != "COLLECT" or aggregation not in AGGREGATIONS):
            self._fault(drawn, f"the aggregation “{aggregation}” does not go with the hit policy {policy.title()}: remove it")
        inputs = [self._input(each, number) for number, each in enumerate(drawn.iterfind("{*}input"), 1)]
        outputs = [self._output(each, number) for number, each in enumerate(drawn.iterfind("{*}output"), 1)]
        if aggregation is not None and len(outputs) > 1:
            self._fault(drawn, "a table that aggregates has one output: remove the others, or the aggregation")
        if policy in ("PRIORITY", "OUTPUT ORDER") and not any(each.allowed for each in outputs):
            self._fault(drawn, f"the hit policy {policy.title()} ranks by the allowed values of an output, best first: list them")
        self._names_of(drawn, outputs)
        rules = [self._rule(each, row, inputs, outputs) for row, each in enumerate(drawn.iterfind("{*}rule"), 1)]
        if not rules:
            self._fault(drawn, "the table has no rows")
        if self.faults:
            return None
        return Table(self.id, self.name, self.file, _line(self.decision), policy, aggregation, tuple(inputs), tuple(outputs), tuple(rules))

    def _input(self, column: etree._Element, number: int) -> Input:
        text = _text(column, "{*}inputExpression")
        label = column.get("label") or text or f"input {number}"
        if not text:
            self._fault(column, f"column “{label}” has no expression: say what it is about")
        else:
            self._cell(column.find("{*}inputExpression"), text, "expression", f"column “{label}”")
        return Input(text, label, _line(column))

    def _output(self, column: etree._Element, number: int) -> Output:
        label = column.get("label") or column.get("name") or f"output {number}"
        values, default = _text(column, "{*}outputValues"), _text(column, "{*}defaultOutputEntry")
        allowed: list[Any] = []
        if values and self._cell(column.find("{*}outputValues"), f"[{values}]", "expression", f"allowed values of column “{label}”"):
            try:
                allowed = evaluate(f"[{values}]", {}, _EPOCH)
            except FeelError as problem:
                self._fault(column, f"allowed values of column “{label}”: {problem}")
        if default:
            self._cell(column.find("{*}defaultOutputEntry"), default, "expression", f"default of column “{label}”")
        return Output(column.get("name") or "", label, tuple(allowed), default or None, _line(column))

    def _names_of(self, drawn: etree._Element, outputs: list[Output]) -> None:
        if not outputs:
            self._fault(drawn, "the table has no output column")
        names = [each.name for each in outputs]
        if len(names) > 1 and not all(names):
            self._fault(drawn, "each output column needs a name when there are several")
        for name in sorted({name for name in names if name and names.count(name) > 1}):
            self._fault(drawn, f"two output columns are called “{name}”")

    def _rule(self, rule: etree._Element, row: int, inputs: list[Input], outputs: list[Output]) -> Rule:
        tests, answers = list(rule.iterfind("{*}inputEntry")), list(rule.iterfind("{*}outputEntry"))
        if len(tests) != len(inputs) or len(answers) != len(outputs):
            self._fault(rule, f"row {row} has {len(tests)} + {len(answers)} cells for {len(inputs)} + {len(outputs)} columns")
        asked = tuple(self._entry(cell, "test", row, column.label) for cell, column in zip(tests, inputs, strict=False))
        given = tuple(self._entry(cell, "expression", row, column.label) for cell, column in zip(answers, outputs, strict=False))
        note = _text(rule, "{*}annotationEntry") or (rule.findtext("{*}description") or "").strip()
        return Rule(asked, given, note, _line(rule))

    def _entry(self, cell: etree._Element, kind: Kind, row: int, column: str) -> str:
        text = _text(cell, ".") or ("-" if kind == "test" else "null")
        self._cell(cell, text, kind, f"row {row}, column “{column}”")
        return text

    def _cell(self, node: etree._Element | None, text: str, kind: Kind, where: str) -> bool:
        """Whether a cell can be understood; if not, the fault is noted."""
        node = self.decision if node is None else node
        language = (node.get("expressionLanguage") or "feel").lower()
        try:
            if not language.rstrip("/").endswith("feel"):
                raise FeelError(text, f"the language “{language}” is not supported, only FEEL is")
            reading(text, kind)
        except FeelError as problem:
            self._fault(node, f"{where}: {problem}")
            return False
        return True

    def _fault(self, node: etree._Element, says: str) -> None:
        self.faults.append(Fault(self.file, _line(node), self.id or None, self.name or None, says))


def _place(row: int | None, column: str) -> str:
    return f"row {row + 1}, column “{column}”" if row is not None else f"column “{column}”"


def _text(node: etree._Element, path: str) -> str:
    return (node.findtext(f"{path}/{{*}}text") or "").strip()


def _line(node: etree._Element) -> int:
    return node.sourceline or 0
