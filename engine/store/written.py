"""What a deed wrote: a fingerprint of every sealed value and of every row that decides rights, to stand on the trail.

A sealed value that is put back to its own earlier form opens again, and a plain column is believed as it stands. So each deed says on the trail,
which is a chain, what it wrote where; `standing` tells what stands there now, and `verify` compares the two."""
from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.store import tables as t

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Where a value stands: table, key of the row, column.
Place = tuple[str, str, str]

#: Binary columns that are not sealed: wrapped keys, and what is for anyone, or for owners of processes, to read.
PLAIN = frozenset({("cases", "key"), ("drafts", "key"), ("releases", "files"), ("approvals", "files"), ("published_files", "content")})
#: Table → its sealed columns, in order. The first is meant where a place names none.
SEALED = {table.name: columns for table in t.metadata.sorted_tables
          if (columns := tuple(column.name for column in table.columns
                               if isinstance(column.type, sa.LargeBinary) and (table.name, column.name) not in PLAIN))}
#: Rows that decide who may do what, and which of their columns say so.
RIGHTS = {
    "people": ("login", "email", "agency", "password", "active", "guest", "ends_on"),
    "releases": ("pack", "number", "digest", "files"),
    "holdings": ("person", "role", "agency", "case_id", "until"),
    "deputies": ("person", "role", "agency", "deputy", "since", "until", "ended_at"),
    "identities": ("person", "subject", "expires_at", "ended_at"),
}
#: Of rows with sealed values, what says whose and what they are: two that were changed round would open as each other's.
FRAMES = {
    "submissions": ("element", "item", "round", "task", "at", "by", "deputy_of"),
    "corrections": ("submission", "number", "version", "at", "by"),
    "register_rows": ("register", "number", "submission"),
    "documents": ("element", "field", "item", "agency", "task", "kind", "size", "at", "by"),
}
_COLUMNS = RIGHTS | FRAMES
#: Stands for those columns together.
WHOLE = "*"
_ROWS_AT_A_TIME = 8     # one may be an uploaded file


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


def whole_rows(db: sa.Connection, table: str, rows: Iterable[str]) -> Iterator[tuple[str | None, Place, str]]:
    """The fingerprints of these rows, each with the case it is for."""
    yield from _whole(db, t.metadata.tables[table], t.metadata.tables[table].c.id.in_(sorted(rows)))


def standing(db: sa.Connection, case: str | None) -> Iterator[tuple[Place, str]]:
    """Everything that stands there of this case, or of none, with its fingerprint."""
    for name, columns in SEALED.items():
        table = t.metadata.tables[name]
        if (mine := _of(table, case)) is None:
            continue
        key = row_key(table)
        query = sa.select(key.label("row_key"), *(table.c[column] for column in columns)).where(mine).order_by(key)
        for row in db.execute(query.execution_options(yield_per=_ROWS_AT_A_TIME)):
            for column in columns:
                if (value := getattr(row, column)) is not None:
                    yield (name, str(row.row_key), column), fingerprint(value)
    for name in _COLUMNS:
        table = t.metadata.tables[name]
        if (mine := _of(table, case)) is not None:
            yield from ((place, print_) for _, place, print_ in _whole(db, table, mine))


def row_key(table: sa.Table) -> sa.Column[Any]:
    """The column that tells the rows of one case apart."""
    return next(column for column in table.primary_key.columns if column.name != "case_id")


def _of(table: sa.Table, case: str | None) -> sa.ColumnElement[bool] | None:
    """Which rows are of this case, or of none; nothing where the table has no such rows."""
    if "case_id" in table.c:
        return table.c.case_id == case if case else table.c.case_id.is_(None)
    return sa.true() if case is None else None


def _whole(db: sa.Connection, table: sa.Table, where: sa.ColumnElement[bool]) -> Iterator[tuple[str | None, Place, str]]:
    case = [table.c.case_id] if "case_id" in table.c else []
    query = sa.select(table.c.id, *(table.c[column] for column in _COLUMNS[table.name] if column not in ("id", "case_id")), *case)
    for row in db.execute(query.where(where).order_by(table.c.id)):
        says = json.dumps([_plain(getattr(row, column)) for column in _COLUMNS[table.name]])
        yield getattr(row, "case_id", None), (table.name, row.id, WHOLE), fingerprint(says.encode())


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, bytes):
        return fingerprint(value)
    return value.isoformat() if isinstance(value, date) else value
