"""What a deed wrote: a fingerprint of every sealed value and of every plain row that is believed, to stand on the trail.

A sealed value that is put back to its own earlier form opens again, and a plain column is believed as it stands. So each deed says on the trail,
which is a chain, what it wrote where; `standing` tells what stands there now, and `verify` compares the two.

Plain rows come from two sides. Those of `ROWS` are written by `work.write`, which has the database give back what it wrote: saying it asks nothing
more. Those of `FRAMES` have sealed values, which are heard of, and are read back once for each table. A case is known by the row that is held."""
from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.store import tables as t

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    Writes = sa.Insert | sa.Update | sa.Delete

#: Where a value stands: table, key of the row, column.
Place = tuple[str, str, str]

#: Binary columns that are not sealed: wrapped keys, and what is for anyone, or for owners of processes, to read.
PLAIN = frozenset({("cases", "key"), ("drafts", "key"), ("releases", "files"), ("approvals", "files"), ("published_files", "content")})
#: Table → its sealed columns, in order. The first is meant where a place names none.
SEALED = {table.name: columns for table in t.metadata.sorted_tables
          if (columns := tuple(column.name for column in table.columns
                               if isinstance(column.type, sa.LargeBinary) and (table.name, column.name) not in PLAIN))}
#: Plain rows that are believed as they stand, and which of their columns: who may do what, who is asked for what and by when, what was published.
ROWS = {
    "people": ("login", "email", "agency", "password", "active", "guest", "ends_on"),
    "releases": ("pack", "number", "digest", "files"),
    "holdings": ("person", "role", "agency", "case_id", "until"),
    "deputies": ("person", "role", "agency", "deputy", "since", "until", "ended_at"),
    "identities": ("person", "subject", "expires_at", "ended_at"),
    "offers": ("holder", "open", "due", "offered_at"),
    "tasks": ("element", "process", "item", "agency", "round", "state", "offered_at", "due", "claimed_by", "done_at", "done_by"),
    "deadlines": ("name", "item", "nth", "started_at", "counted_from", "due", "breach_at", "state", "breached_at", "ended_at", "ended_on", "ended_by", "told"),
    "approvals": ("kind", "person", "proposed_at", "proposed_by", "expires_at", "state", "ended_at", "ended_by", "files"),
    "published": ("title", "summary", "published_at", "changed_at", "taken_down_at", "reason"),
    "published_files": ("name", "place", "title", "file_name", "kind", "size", "digest", "content"),
}
#: Of rows with sealed values, what says whose and what they are: two that were changed round would open as each other's.
FRAMES = {
    "submissions": ("element", "item", "round", "task", "at", "by", "deputy_of"),
    "corrections": ("submission", "number", "version", "at", "by"),
    "register_rows": ("register", "number", "submission"),
    "documents": ("element", "field", "item", "agency", "task", "kind", "size", "at", "by"),
    "legal_holds": ("set_at", "set_by", "lifted_at", "lifted_by"),
}
#: Of a case, what says whose and what it is, and how far it came. Its key is wrapped for its id, and its version is that of its newest step.
CASE = ("reference", "release", "start", "started_at", "started_by", "agency", "options", "stage", "outcome", "ended_at")
_COLUMNS = ROWS | FRAMES | {"cases": CASE}
EVERYTHING = frozenset(SEALED.keys() | _COLUMNS.keys())
#: What trails from earlier releases say nothing of, until they are widened (store.chain).
WIDER = frozenset({"offers", "tasks", "deadlines", "approvals", "published", "published_files", "legal_holds", "cases"})
#: Stands for those columns together.
WHOLE = "*"
#: Tables of which several rows have one key: they are written all together, and have one fingerprint.
_TOGETHER = frozenset(name for name in ROWS if len(t.metadata.tables[name].primary_key.columns) > 1)
#: Tables of which one row may be a file: they are read a few rows at a time. All others of a case are read at once, which asks the database less often.
_LARGE = frozenset({"documents", "published_files", "releases", "approvals"})
_ROWS_AT_A_TIME = 8


def fingerprint(value: bytes) -> str:
    """Sixteen bytes that tell this value from every other; of a sealed one they tell nothing else."""
    return hashlib.sha256(value).hexdigest()[:32]


def owner_and_place(where: tuple[Any, ...]) -> tuple[str | None, Place]:
    """The case (None: of no case) and the place of something that was sealed there (store.sealing)."""
    parts = [str(part) for part in where]
    case = None if parts[0] in SEALED else parts.pop(0) or None
    if len(parts) < 2 or parts[0] not in SEALED:
        message = f"sealed for a place that is no row: {parts[:1]}"
        raise ValueError(message)
    return case, (parts[0], parts[1], parts[2] if len(parts) > 2 else SEALED[parts[0]][0])


def told(statement: Writes) -> Any:
    """The same statement, giving back what it wrote as `prints` reads it. Made once of a statement of every step, for building it costs something."""
    return statement if statement._returning else statement.returning(*_read(t.metadata.tables[written_to(statement)]))  # noqa: SLF001 - nothing else tells


def written_to(statement: Writes) -> str:
    """The name of the table that this statement writes to."""
    return str(statement.entity_description["name"])


def prints(table: str, rows: Iterable[Any]) -> Iterator[tuple[str | None, Place, str]]:
    """The fingerprints of these rows, each with the case it is for; several that have one key have one."""
    if table in _TOGETHER:
        rows = sorted(rows, key=itemgetter(0))
    for key, same in groupby(rows, key=itemgetter(0)):
        cases, says = zip(*((row[1], [_plain(value) for value in row[2:]]) for row in same), strict=True)
        yield cases[0], (table, str(key), WHOLE), _print(sorted(says, key=json.dumps) if table in _TOGETHER else says[0])


def whole_rows(db: sa.Connection, table: str, rows: Iterable[str]) -> Iterator[tuple[str | None, Place, str]]:
    """The fingerprints of these rows as they stand, each with the case it is for."""
    yield from prints(table, db.execute(_these(t.metadata.tables[table]), {"rows": sorted(rows)}))


def print_of_case(case: Any) -> str:
    """The fingerprint of a case: of its row, or of what is held of it."""
    return _print([_plain(getattr(case, column)) for column in CASE])


def standing(db: sa.Connection, case: str | None, among: Collection[str] = EVERYTHING) -> Iterator[tuple[Place, str]]:
    """Everything that stands there of this case, or of none, with its fingerprint; `among` these tables."""
    for name, columns in SEALED.items():
        table = t.metadata.tables[name]
        if name not in among or (mine := _of(table, case)) is None:
            continue
        key = row_key(table)
        query = sa.select(key.label("row_key"), *(table.c[column] for column in columns)).where(mine).order_by(key)
        for row in db.execute(few_at_a_time(table, query)):
            for column in columns:
                if (value := getattr(row, column)) is not None:
                    yield (name, str(row.row_key), column), fingerprint(value)
    for name in _COLUMNS:
        table = t.metadata.tables[name]
        if name in among and (mine := _of(table, case)) is not None:
            whole = few_at_a_time(table, sa.select(*_read(table)).where(mine).order_by(row_key(table)))
            yield from ((place, print_) for _, place, print_ in prints(name, db.execute(whole)))


def few_at_a_time(table: sa.Table, query: sa.Select[Any]) -> sa.Select[Any]:
    """The query, so that it never holds more than a few files in memory."""
    return query.execution_options(yield_per=_ROWS_AT_A_TIME) if table.name in _LARGE else query


def row_key(table: sa.Table) -> sa.Column[Any]:
    """The column that tells the rows of one case apart."""
    return next(column for column in table.primary_key.columns if column.name != "case_id")


def _of(table: sa.Table, case: str | None) -> sa.ColumnElement[bool] | None:
    """Which rows are of this case, or of none; nothing where the table has no such rows."""
    if (of_case := _case_of(table)) is not None:
        return of_case == case if case else of_case.is_(None)
    return sa.true() if case is None else None


def _case_of(table: sa.Table) -> sa.Column[Any] | None:
    return table.c.id if table is t.cases else table.c.get("case_id")


@cache
def _read(table: sa.Table) -> tuple[sa.ColumnElement[Any], ...]:
    """The key, the case, and the columns that are believed."""
    of_case = _case_of(table)
    return (row_key(table).label("row_key"), (sa.null() if of_case is None else of_case).label("of_case"),
            *(table.c[column].label(f"believed_{column}") for column in _COLUMNS[table.name]))


@cache
def _these(table: sa.Table) -> sa.Select[Any]:
    """Asked in every step, so built once."""
    return sa.select(*_read(table)).where(row_key(table).in_(sa.bindparam("rows", expanding=True))).order_by(row_key(table))


def _print(says: list[Any]) -> str:
    return fingerprint(json.dumps(says, sort_keys=True).encode())


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, bytes):
        return fingerprint(value)
    return value.isoformat() if isinstance(value, date) else value
