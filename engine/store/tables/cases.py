"""What is run: releases of packs, cases, and the steps they took."""
from __future__ import annotations

import sqlalchemy as sa

from engine.store.moments import Moment
from engine.store.tables.base import id_column, metadata, of_case

releases = sa.Table(
    "releases", metadata,
    id_column(),
    sa.Column("pack", sa.String(100), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("files", sa.LargeBinary, nullable=False),  # every file of the pack, byte for byte
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("released_at", Moment, nullable=False),
    sa.Column("released_by", sa.String(32)),  # who proposed it; null: on the machine itself
    sa.Column("approved_by", sa.String(32)),  # null: released without a second person
    sa.UniqueConstraint("pack", "number"),
)

counters = sa.Table(
    "counters", metadata,
    sa.Column("series", sa.String(100), primary_key=True),
    sa.Column("year", sa.Integer, primary_key=True),
    sa.Column("last", sa.Integer, nullable=False),
)

cases = sa.Table(
    "cases", metadata,
    id_column(),
    sa.Column("reference", sa.String(40), nullable=False, unique=True),
    sa.Column("release", sa.ForeignKey("releases.id"), nullable=False),
    sa.Column("key", sa.LargeBinary),  # the case's own key, wrapped; destroying it erases the case
    sa.Column("start", sa.String(100), nullable=False),
    sa.Column("started_at", Moment, nullable=False),
    sa.Column("started_by", sa.ForeignKey("people.id"), nullable=False),
    sa.Column("agency", sa.ForeignKey("agencies.key")),
    sa.Column("options", sa.JSON, nullable=False),
    sa.Column("stage", sa.String(60)),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("changed_at", Moment, nullable=False),
    sa.Column("outcome", sa.String(20)),
    sa.Column("ended_at", Moment),
    sa.Column("trail_number", sa.Integer, nullable=False, server_default="0"),  # how far its trail goes (store.chain)
    sa.Column("trail_state", sa.String(64)),  # null: its trail is from before there were chains
    sa.CheckConstraint("outcome is null or ended_at is not null", name="outcome"),
    # For lists, last changed first. PostgreSQL reads an index in order only if what comes before is equal, and null is equal to nothing.
    sa.Index("ix_cases_open", "changed_at", "id", sqlite_where=sa.text("ended_at is null"), postgresql_where=sa.text("ended_at is null")),
    sa.Index("ix_cases_changed", "changed_at", "id"),
)

#: One row a step, never updated: the saved process. Its key is the optimistic lock.
steps = sa.Table(
    "steps", metadata,
    of_case(primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("release", sa.ForeignKey("releases.id"), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("actor", sa.String(32)),
    sa.Column("verb", sa.String(40), nullable=False),
    sa.Column("state", sa.LargeBinary, nullable=False),  # sealed
)

#: What the process went through, element by element: the picture's “done”, and what figures are reckoned from.
passed = sa.Table(
    "passed", metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    of_case(),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("element", sa.String(100), nullable=False),
    sa.Column("item", sa.String(200)),
    sa.Column("at", Moment, nullable=False),
    sa.Index("ix_passed_case", "case_id", "element"),
)
