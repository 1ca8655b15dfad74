"""Check tables: every row says what is wrong, by which clause, and whether it refuses or asks for a reason."""
from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import Fault
from engine.packs.pack import own_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.feel.expressions import Kind
    from engine.feel.tables import Table
    from engine.packs.pack import Pack

COLUMNS = ("says", "clause", "effect")
EFFECTS = {'"refuse"', '"reason"'}


def faults(pack: Pack) -> Iterator[Fault]:
    """Checks that do not have the shape of a check."""
    for id in sorted(pack.check_ids):
        table = pack.tables[id]
        stem = own_path(table.file).removeprefix("checks/").removesuffix(".dmn")
        if stem != id:
            yield Fault(table.file, table.line, id, table.name or None, f"The file is called {stem}.dmn, but the check in it “{id}”: make them the same.")
        yield from shape(table)


def texts(table: Table) -> Iterator[tuple[int, str, Kind]]:
    """Everything in a table that may read a name: its line, its text, and whether it is an expression or a test."""
    for column in table.inputs:
        yield column.line, column.text, "expression"
    for output in table.outputs:
        if output.default:
            yield output.line, output.default, "expression"
    for rule in table.rules:
        for test in rule.tests:
            yield rule.line, test, "test"
        for text in rule.outputs:
            yield rule.line, text, "expression"


def shape(table: Table) -> Iterator[Fault]:
    """What keeps a table from being a check."""
    if table.policy != "COLLECT" or table.aggregation:
        yield Fault(table.file, table.line, table.id, table.name or None, "A check shows every row that applies: set its hit policy to Collect, "
                                                                          "without aggregation.")
    names = [output.name for output in table.outputs]
    if sorted(names) != sorted(COLUMNS):
        yield Fault(table.file, table.line, table.id, table.name or None,
                    f"A check has the output columns {', '.join(COLUMNS)}, and this has {', '.join(names) or 'none'}.")
        return
    for rule in table.rules:
        row = dict(zip(names, rule.outputs, strict=True))
        if row["effect"].strip() not in EFFECTS:
            yield Fault(table.file, rule.line, table.id, table.name or None, "The effect of a row is \"refuse\" or \"reason\", in quotes.")
        if row["says"].strip() in {"", '""', "null"}:
            yield Fault(table.file, rule.line, table.id, table.name or None, "This row says nothing to the person it stops: write what to do.")
