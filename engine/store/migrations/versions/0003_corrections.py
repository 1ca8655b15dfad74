"""Corrections of answers, what was read when something was decided, and what a correction leaves for a person to settle."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.moments import Moment

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """A column beside the answers; three tables."""
    with op.batch_alter_table("submissions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("seen", sa.LargeBinary(), nullable=True))

    op.create_table(
        "corrections",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("submission", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("by", sa.String(length=32), nullable=False),
        sa.Column("before", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["people.id"], name=op.f("fk_corrections_by")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_corrections_case_id")),
        sa.ForeignKeyConstraint(["submission"], ["submissions.id"], name=op.f("fk_corrections_submission")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
        sa.UniqueConstraint("submission", "number", name=op.f("uq_corrections_submission_number")),
    )
    with op.batch_alter_table("corrections", schema=None) as batch_op:
        batch_op.create_index("ix_corrections_case", ["case_id", "submission"], unique=False)

    op.create_table(
        "readings",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("clock", sa.String(length=32), nullable=True),
        sa.Column("element", sa.String(length=100), nullable=False),
        sa.Column("process", sa.String(length=100), nullable=False),
        sa.Column("item", sa.String(length=200), nullable=True),
        sa.Column("agency", sa.String(length=16), nullable=True),
        sa.Column("seen", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("kind in ('choice', 'table', 'script', 'when', 'from', 'on', 'ended')", name=op.f("ck_readings_kind")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_readings_case_id")),
        sa.ForeignKeyConstraint(["clock"], ["deadlines.id"], name=op.f("fk_readings_clock")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_readings")),
        sa.UniqueConstraint("case_id", "version", "place", name=op.f("uq_readings_case_id_version_place")),
    )

    op.create_table(
        "unsettled",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("correction", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("item", sa.String(length=200), nullable=True),
        sa.Column("was", sa.JSON(), nullable=False),
        sa.Column("would", sa.JSON(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("settled_at", Moment(), nullable=True),
        sa.Column("settled_by", sa.String(length=32), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("kind in ('choice', 'table', 'runs', 'timer')", name=op.f("ck_unsettled_kind")),
        sa.CheckConstraint("(settled_at is null) = (settled_by is null) and (settled_at is null) = (note is null)", name=op.f("ck_unsettled_settled")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_unsettled_case_id")),
        sa.ForeignKeyConstraint(["correction"], ["corrections.id"], name=op.f("fk_unsettled_correction")),
        sa.ForeignKeyConstraint(["settled_by"], ["people.id"], name=op.f("fk_unsettled_settled_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unsettled")),
    )
    with op.batch_alter_table("unsettled", schema=None) as batch_op:
        batch_op.create_index("ix_unsettled_case", ["case_id", "settled_at"], unique=False)
        batch_op.create_index("ix_unsettled_open", ["at"], unique=False, sqlite_where=sa.text("settled_at is null"),
                              postgresql_where=sa.text("settled_at is null"))
