"""What happened."""
from __future__ import annotations

import sqlalchemy as sa

from engine.store.moments import Moment
from engine.store.tables.base import id_column, metadata, of_case

#: Written by `store.chain` and nobody else; the database refuses changes. Each case has a chain of its own, the rest is on that of the house.
trail = sa.Table(
    "trail", metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("actor", sa.String(32)),  # null: the system itself
    of_case(nullable=True),
    sa.Column("event", sa.String(40), nullable=False),
    sa.Column("details", sa.JSON, nullable=False),
    sa.Column("sealed", sa.JSON(none_as_null=True)),  # fingerprints of what the deed wrote; shown to nobody
    sa.Column("number", sa.Integer),  # in its chain; null: written before there were chains, and covered by the first link
    sa.Column("link", sa.String(64)),
    sa.Index("ix_trail_case", "case_id", "id"),
    sa.Index("ix_trail_event", "event", "at"),
    sa.Index("ix_trail_actor", "actor", "id"),
    sa.Index("ix_trail_chain", "case_id", "number", unique=True),
    sa.Index("ix_trail_house", "number", unique=True, sqlite_where=sa.text("case_id is null"), postgresql_where=sa.text("case_id is null")),
)

#: How far the chain of the house goes: one row, which whoever writes to that chain locks first. Those of cases stand in `cases`.
heads = sa.Table(
    "heads", metadata,
    sa.Column("chain", sa.String(10), primary_key=True),
    sa.Column("trail_number", sa.Integer, nullable=False),
    sa.Column("trail_state", sa.String(64)),
)

incidents = sa.Table(
    "incidents", metadata,
    id_column(),
    of_case(nullable=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("element", sa.String(100)),
    sa.Column("says", sa.Text, nullable=False),  # the rule and the place that failed; never an answer
    sa.Column("mended_at", Moment),
    sa.Index("ix_incidents_open", "mended_at", "at"),
)
