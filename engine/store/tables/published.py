"""What the public sees."""
from __future__ import annotations

import sqlalchemy as sa

from engine.store.moments import Moment
from engine.store.tables.base import metadata

#: What was published: not sealed, for anyone may read it, and known by its public reference only.
published = sa.Table(
    "published", metadata,
    sa.Column("reference", sa.String(40), primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("summary", sa.Text, nullable=False),
    sa.Column("published_at", Moment, nullable=False),
    sa.Column("changed_at", Moment, nullable=False),
    sa.Column("taken_down_at", Moment),
    sa.Column("reason", sa.Text),  # for taking it down
    sa.CheckConstraint("(taken_down_at is null) = (reason is null)", name="reason"),
)

published_files = sa.Table(
    "published_files", metadata,
    sa.Column("reference", sa.ForeignKey("published.reference"), primary_key=True),
    sa.Column("name", sa.String(60), primary_key=True),
    sa.Column("place", sa.Integer, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("file_name", sa.String(300), nullable=False),
    sa.Column("kind", sa.String(100), nullable=False),  # media type
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("content", sa.LargeBinary),  # null: it was taken down
)
