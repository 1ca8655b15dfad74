"""The trail as a chain: its heads, numbers, links and fingerprints. Mails to an address that is nobody's account."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Columns are only added to the trail: a table made anew would lose its triggers. Older rows are linked by the program, which has the key."""
    op.create_table(
        "heads",
        sa.Column("chain", sa.String(length=10), nullable=False),
        sa.Column("trail_number", sa.Integer(), nullable=False),
        sa.Column("trail_state", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_heads")),
    )
    op.add_column("cases", sa.Column("trail_number", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("cases", sa.Column("trail_state", sa.String(length=64), nullable=True))
    op.add_column("trail", sa.Column("sealed", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("trail", sa.Column("number", sa.Integer(), nullable=True))
    op.add_column("trail", sa.Column("link", sa.String(length=64), nullable=True))
    op.create_index("ix_trail_actor", "trail", ["actor", "id"])
    op.create_index("ix_trail_chain", "trail", ["case_id", "number"], unique=True)
    op.create_index("ix_trail_house", "trail", ["number"], unique=True, sqlite_where=sa.text("case_id is null"), postgresql_where=sa.text("case_id is null"))
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.alter_column("person", existing_type=sa.String(length=32), nullable=True)
