"""Rows that a step of the process wrote, and what ended a clock."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """A row without a submission; a column beside the clocks."""
    with op.batch_alter_table("register_rows", schema=None) as batch_op:
        batch_op.alter_column("submission", existing_type=sa.String(length=32), nullable=True)
    with op.batch_alter_table("deadlines", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ended_by", sa.String(length=100), nullable=True))
