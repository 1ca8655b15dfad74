"""Values of columns as JSON and back, the same from both databases and for both."""
from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from engine.store.moments import Moment


@dataclass(frozen=True)
class Kind:
    """One kind of column: how its values are written and read, and as what it is written to a database."""

    write: Callable[[Any], Any]
    read: Callable[[Any], Any]
    type: Callable[[], sa.types.TypeEngine[Any]]


def _as_it_is(value: Any) -> Any:
    return value


KINDS: dict[str, Kind] = {
    "text": Kind(_as_it_is, _as_it_is, sa.Text),
    "whole": Kind(_as_it_is, _as_it_is, sa.BigInteger),
    "number": Kind(_as_it_is, _as_it_is, sa.Float),
    "yes_no": Kind(_as_it_is, _as_it_is, sa.Boolean),
    "json": Kind(_as_it_is, _as_it_is, lambda: sa.JSON(none_as_null=True)),
    "day": Kind(date.isoformat, date.fromisoformat, sa.Date),
    "moment": Kind(datetime.isoformat, datetime.fromisoformat, Moment),
    "bytes": Kind(lambda value: base64.b64encode(value).decode(), base64.b64decode, sa.LargeBinary),
}
_OF_TYPE: tuple[tuple[type[sa.types.TypeEngine[Any] | Moment], str], ...] = (
    (Moment, "moment"), (sa.Boolean, "yes_no"), (sa.Integer, "whole"), (sa.Float, "number"), (sa.JSON, "json"), (sa.LargeBinary, "bytes"),
    (sa.Date, "day"), (sa.String, "text"))


def kind_of(column: sa.Column[Any]) -> str:
    """What kind of value this column holds. A type that backups do not know is an error of ours, found by the tests."""
    for known, kind in _OF_TYPE:
        if isinstance(column.type, known):
            return kind
    message = f"backups do not know the type of {column}: {column.type!r}; engine/backup/values.py must be told"
    raise TypeError(message)


def written(row: Any, kinds: list[str]) -> list[Any]:
    """A row as JSON can hold it."""
    return [None if value is None else KINDS[kind].write(value) for value, kind in zip(row, kinds, strict=True)]


def as_read(row: list[Any], columns: list[tuple[str, str]]) -> dict[str, Any]:
    """The row again, by the names of its columns."""
    return {name: None if value is None else KINDS[kind].read(value) for value, (name, kind) in zip(row, columns, strict=True)}
