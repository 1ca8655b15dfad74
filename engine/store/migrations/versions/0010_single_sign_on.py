"""Who signs in with an identity provider."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.moments import Moment

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """One table; nobody is in it yet."""
    op.create_table(
        "identities",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=True),
        sa.Column("proof", sa.String(length=64), nullable=True),
        sa.Column("expected_at", Moment(), nullable=True),
        sa.Column("expected_by", sa.String(length=32), nullable=True),
        sa.Column("expires_at", Moment(), nullable=True),
        sa.Column("bound_at", Moment(), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.CheckConstraint("(subject is null) = (bound_at is null) and (subject is null) = (proof is null)", name=op.f("ck_identities_bound")),
        sa.CheckConstraint("subject is not null or expires_at is not null", name=op.f("ck_identities_expected")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_identities_person")),
        sa.ForeignKeyConstraint(["expected_by"], ["people.id"], name=op.f("fk_identities_expected_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identities")),
    )
    for column in ("person", "subject"):
        op.create_index(f"ix_identities_{column}", "identities", [column], unique=True, sqlite_where=sa.text("ended_at is null"),
                        postgresql_where=sa.text("ended_at is null"))
