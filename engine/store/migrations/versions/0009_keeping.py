"""Legal holds, and erasing a case as something that takes two people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.moments import Moment

revision = "0009"
down_revision = "0008"

KINDS = ("release", "role_given", "role_taken", "account_made", "account_opened", "guest_made", "case_erased")


def upgrade() -> None:
    """A table of legal holds, and one more kind of proposal."""
    op.create_table(
        "legal_holds",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("set_at", Moment(), nullable=False),
        sa.Column("set_by", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("lifted_at", Moment(), nullable=True),
        sa.Column("lifted_by", sa.String(length=32), nullable=True),
        sa.Column("why_lifted", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("(lifted_at is null) = (lifted_by is null) and (lifted_at is null) = (why_lifted is null)", name=op.f("ck_legal_holds_lifted")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_legal_holds_case_id")),
        sa.ForeignKeyConstraint(["set_by"], ["people.id"], name=op.f("fk_legal_holds_set_by")),
        sa.ForeignKeyConstraint(["lifted_by"], ["people.id"], name=op.f("fk_legal_holds_lifted_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_holds")),
    )
    op.create_index("ix_legal_holds_case", "legal_holds", ["case_id", "lifted_at"])
    with op.batch_alter_table("approvals", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_approvals_kind"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_approvals_kind"), f"kind in ({', '.join(map(repr, KINDS))})")
