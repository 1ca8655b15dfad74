"""Deputies, and in whose place an answer was given."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.moments import Moment

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """A table of periods; a column beside the answers."""
    op.create_table(
        "deputies",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=60), nullable=False),
        sa.Column("agency", sa.String(length=16), nullable=True),
        sa.Column("deputy", sa.String(length=32), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("named_at", Moment(), nullable=False),
        sa.Column("named_by", sa.String(length=32), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("ended_by", sa.String(length=32), nullable=True),
        sa.CheckConstraint("since <= until", name=op.f("ck_deputies_days")),
        sa.CheckConstraint("person <> deputy", name=op.f("ck_deputies_another")),
        sa.CheckConstraint("ended_by is null or ended_at is not null", name=op.f("ck_deputies_ended")),
        sa.ForeignKeyConstraint(["agency"], ["agencies.key"], name=op.f("fk_deputies_agency")),
        sa.ForeignKeyConstraint(["deputy"], ["people.id"], name=op.f("fk_deputies_deputy")),
        sa.ForeignKeyConstraint(["ended_by"], ["people.id"], name=op.f("fk_deputies_ended_by")),
        sa.ForeignKeyConstraint(["named_by"], ["people.id"], name=op.f("fk_deputies_named_by")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_deputies_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deputies")),
    )
    with op.batch_alter_table("deputies", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deputies_person"), ["person"], unique=False)
        batch_op.create_index(batch_op.f("ix_deputies_deputy"), ["deputy"], unique=False)
        batch_op.create_index("ix_deputies_open", ["until"], unique=False, sqlite_where=sa.text("ended_at is null"),
                              postgresql_where=sa.text("ended_at is null"))
    with op.batch_alter_table("submissions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("deputy_of", sa.String(length=32), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_submissions_deputy_of"), "people", ["deputy_of"], ["id"])
