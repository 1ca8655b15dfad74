"""Papers that a step makes from a text of the pack, and what was published."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.moments import Moment

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """More about documents; two tables for the public."""
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.add_column(sa.Column("item", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("agency", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("digest", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("made_from", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("out_of_date_since", Moment(), nullable=True))
        batch_op.alter_column("by", existing_type=sa.String(length=32), nullable=True)
        batch_op.create_foreign_key(op.f("fk_documents_agency"), "agencies", ["agency"], ["key"])
        batch_op.create_check_constraint(op.f("ck_documents_by"), "(made_from is null) = (by is not null)")

    op.create_table(
        "published",
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("published_at", Moment(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.Column("taken_down_at", Moment(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("(taken_down_at is null) = (reason is null)", name=op.f("ck_published_reason")),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_published")),
    )
    op.create_table(
        "published_files",
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("file_name", sa.String(length=300), nullable=False),
        sa.Column("kind", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["reference"], ["published.reference"], name=op.f("fk_published_files_reference")),
        sa.PrimaryKeyConstraint("reference", "name", name=op.f("pk_published_files")),
    )
