"""Tables that the database itself keeps from being rewritten: the trail and the steps."""
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


def refuse_changes(table: str, *verbs: str) -> None:
    """From now on the database refuses these verbs on this table, whoever asks."""
    kind = op.get_bind().dialect.name
    if kind == "postgresql" and "delete" in verbs:
        verbs = (*verbs, "truncate")
    for verb in verbs:
        op.execute(sa.text((SQLITE if kind == "sqlite" else POSTGRESQL).format(table=table, verb=verb)))   # allowed: raw-sql - names that migrations write


def prepare() -> None:
    """The function that PostgreSQL's triggers call."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.text("create function append_only() returns trigger language plpgsql as "
                           "$$ begin raise exception '% is append-only', tg_table_name; end $$"))
