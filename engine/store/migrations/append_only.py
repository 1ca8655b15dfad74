"""Tables that the database itself keeps from being rewritten: the trail, the steps, and the head of the house."""
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

SQLITE = """
create trigger {table}_no_{verb} before {verb} on {table}
begin select raise(abort, '{table} is append-only'); end
"""
POSTGRESQL = """
create trigger {table}_no_{verb} before {verb} on {table} for each statement execute function append_only()
"""
REPLACING = """
create trigger {table}_no_replacing before insert on {table} when exists (select 1 from {table} where {same})
begin select raise(abort, '{table} is append-only'); end
"""


def refuse_changes(table: str, *verbs: str) -> None:
    """From now on the database refuses these verbs on this table, whoever asks."""
    kind = op.get_bind().dialect.name
    if kind == "postgresql" and "delete" in verbs:
        verbs = (*verbs, "truncate")
    for verb in verbs:
        op.execute(sa.text((SQLITE if kind == "sqlite" else POSTGRESQL).format(table=table, verb=verb)))   # allowed: raw-sql - names that migrations write


def refuse_replacing(table: str, *key: str) -> None:
    """From now on SQLite refuses an insert for a row that is there: `insert or replace` would take that away, and no trigger hears of it."""
    if op.get_bind().dialect.name == "sqlite":
        same = " and ".join(f"{column} = new.{column}" for column in key)
        op.execute(sa.text(REPLACING.format(table=table, same=same)))   # allowed: raw-sql - names that migrations write


def prepare() -> None:
    """The function that PostgreSQL's triggers call."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.text("create function append_only() returns trigger language plpgsql as "
                           "$$ begin raise exception '% is append-only', tg_table_name; end $$"))
