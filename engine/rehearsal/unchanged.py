"""Whether a deed changed anything: counted by the database itself, so that asking costs nothing and nothing slips by."""
from __future__ import annotations

import sqlalchemy as sa

from engine.store import tables as t

#: What a refusal may add to: the trail, and what the trail is about.
MAY_CHANGE = frozenset({"trail", "sessions", "incidents"})
_COUNT = "update changes set made = made + 1;"


def count_changes(db: sa.Connection) -> None:
    """From now on this thrown-away database counts every row that is written to a table a refusal must leave alone."""
    db.exec_driver_sql("create table changes (made integer not null)")
    db.exec_driver_sql("insert into changes values (0)")
    for table in t.metadata.sorted_tables:
        if table.name not in MAY_CHANGE:
            for deed in ("insert", "update", "delete"):
                trigger = f"create trigger {table.name}_{deed}_counted after {deed} on {table.name} begin {_COUNT} end"
                db.exec_driver_sql(trigger)   # allowed: raw-sql - our own names


def changes(db: sa.Connection) -> int:
    """How many rows have been written since it counts. What was rolled back was not written."""
    return int(db.exec_driver_sql("select made from changes").scalar_one())
