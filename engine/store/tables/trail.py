"""What happened."""
from __future__ import annotations

import sqlalchemy as sa

from engine.store.moments import Moment
from engine.store.tables.base import id_column, metadata, of_case

trail = sa.Table(
    "trail", metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("actor", sa.String(32)),  # null: the system itself
    of_case(nullable=True),
    sa.Column("event", sa.String(40), nullable=False),
    sa.Column("details", sa.JSON, nullable=False),
    sa.Index("ix_trail_case", "case_id", "id"),
    sa.Index("ix_trail_event", "event", "at"),
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
