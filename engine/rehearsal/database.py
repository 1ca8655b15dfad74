"""The database of one story: thrown away with its folder, and it counts what is written, so that “nothing changed” costs nothing to ask."""
from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from engine.store import tables as t
from engine.store.database import Database

if TYPE_CHECKING:
    import sqlalchemy as sa

#: What a refusal may add to: the trail, and what the trail is about.
MAY_CHANGE = frozenset({"trail", "heads", "sessions", "incidents"})
#: Columns that say how far the trail goes.
HEAD = "trail_"
_COUNT = "update changes set made = made + 1;"


def thrown_away(folder: str, name: str = "rehearsal") -> Database:
    """A new database in this folder, with all tables."""
    database = Database(f"sqlite:///{folder}/{name}.db", durable=False, like=_first())
    t.metadata.create_all(database.pool)
    with database.writing() as db:
        db.exec_driver_sql("create table changes (made integer not null)")
        db.exec_driver_sql("insert into changes values (0)")
        for table in t.metadata.sorted_tables:
            if table.name not in MAY_CHANGE:
                columns = ", ".join(column.name for column in table.columns if not column.name.startswith(HEAD))
                for deed in ("insert", f"update of {columns}", "delete"):
                    trigger = f"create trigger {table.name}_{deed[:6]}_counted after {deed} on {table.name} begin {_COUNT} end"
                    db.exec_driver_sql(trigger)   # allowed: raw-sql - our own names
    return database


@cache
def _first() -> Database:
    """What the databases of this process share; nothing is ever written to it."""
    return Database("sqlite://", durable=False)


def changes(db: sa.Connection) -> int:
    """How many rows a refusal must leave alone have been written so far. What was rolled back was not written."""
    return int(db.exec_driver_sql("select made from changes").scalar_one())
