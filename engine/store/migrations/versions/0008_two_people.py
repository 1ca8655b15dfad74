"""What waits for a second person, and with which proposal a role was given or a release made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.moments import Moment

revision = "0008"
down_revision = "0007"

STATES = ("waiting", "approved", "declined", "withdrawn", "expired")
KINDS = ("release", "role_given", "role_taken", "account_made", "account_opened", "guest_made")


def upgrade() -> None:
    """A table of proposals; columns beside the roles people hold, and beside the releases."""
    op.create_table(
        "approvals",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=True),
        sa.Column("details", sa.LargeBinary(), nullable=False),
        sa.Column("files", sa.LargeBinary(), nullable=True),
        sa.Column("proposed_at", Moment(), nullable=False),
        sa.Column("proposed_by", sa.String(length=32), nullable=True),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("ended_by", sa.String(length=32), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(f"state in ({', '.join(map(repr, STATES))})", name=op.f("ck_approvals_state")),
        sa.CheckConstraint(f"kind in ({', '.join(map(repr, KINDS))})", name=op.f("ck_approvals_kind")),
        sa.CheckConstraint("(state = 'waiting') = (ended_at is null)", name=op.f("ck_approvals_ended")),
        sa.CheckConstraint("state <> 'approved' or (ended_by is not null and (proposed_by is null or ended_by <> proposed_by))",
                           name=op.f("ck_approvals_two_people")),
        sa.CheckConstraint("(kind = 'release') = (files is not null)", name=op.f("ck_approvals_files")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_approvals_person")),
        sa.ForeignKeyConstraint(["proposed_by"], ["people.id"], name=op.f("fk_approvals_proposed_by")),
        sa.ForeignKeyConstraint(["ended_by"], ["people.id"], name=op.f("fk_approvals_ended_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    with op.batch_alter_table("approvals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_approvals_person"), ["person"], unique=False)
        batch_op.create_index("ix_approvals_waiting", ["expires_at"], unique=False, sqlite_where=sa.text("state = 'waiting'"),
                              postgresql_where=sa.text("state = 'waiting'"))
    with op.batch_alter_table("holdings", schema=None) as batch_op:
        for name in ("given_with", "taken_with"):
            batch_op.add_column(sa.Column(name, sa.String(length=32), nullable=True))
            batch_op.create_foreign_key(batch_op.f(f"fk_holdings_{name}"), "approvals", [name], ["id"])
    with op.batch_alter_table("releases", schema=None) as batch_op:
        batch_op.add_column(sa.Column("approved_by", sa.String(length=32), nullable=True))
