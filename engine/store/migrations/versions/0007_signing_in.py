"""Second factors, one-time links, guests, and what is known of a session."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.moments import Moment

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Four tables; columns beside people and their sessions. Sessions that are open stay so, and count as proved when they began."""
    op.create_table(
        "factors",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("credential", sa.String(length=64), nullable=True),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("added_at", Moment(), nullable=False),
        sa.Column("used_at", Moment(), nullable=True),
        sa.CheckConstraint("kind in ('codes', 'passkey')", name=op.f("ck_factors_kind")),
        sa.CheckConstraint("(kind = 'passkey') = (credential is not null)", name=op.f("ck_factors_credential")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_factors_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_factors")),
        sa.UniqueConstraint("credential", name=op.f("uq_factors_credential")),
    )
    op.create_index(op.f("ix_factors_person"), "factors", ["person"])
    op.create_table(
        "recovery_codes",
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_recovery_codes_person")),
        sa.PrimaryKeyConstraint("person", "digest", name=op.f("pk_recovery_codes")),
    )
    op.create_table(
        "spent_challenges",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("until", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_spent_challenges")),
    )
    op.create_index(op.f("ix_spent_challenges_until"), "spent_challenges", ["until"])
    op.create_table(
        "links",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("made_by", sa.String(length=32), nullable=True),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("ending", sa.String(length=10), nullable=True),
        sa.CheckConstraint("kind in ('invitation', 'reset')", name=op.f("ck_links_kind")),
        sa.CheckConstraint("ending in ('used', 'withdrawn', 'replaced')", name=op.f("ck_links_ending")),
        sa.CheckConstraint("(ended_at is null) = (ending is null)", name=op.f("ck_links_ended")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_links_person")),
        sa.ForeignKeyConstraint(["made_by"], ["people.id"], name=op.f("fk_links_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_links")),
        sa.UniqueConstraint("digest", name=op.f("uq_links_digest")),
    )
    op.create_index(op.f("ix_links_person"), "links", ["person"])
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.add_column(sa.Column("guest", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("ends_on", sa.Date(), nullable=True))
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("id", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("proved_at", Moment(), nullable=True))
        batch_op.add_column(sa.Column("needs", sa.String(length=10), nullable=True))
        batch_op.add_column(sa.Column("browser", sa.String(length=60), nullable=False, server_default=""))
    op.execute(sa.text("update sessions set id = substr(token, 1, 32), proved_at = created_at"))
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.alter_column("id", existing_type=sa.String(length=32), nullable=False)
        batch_op.create_unique_constraint(batch_op.f("uq_sessions_id"), ["id"])
        batch_op.create_check_constraint(batch_op.f("ck_sessions_needs"), "needs in ('factor', 'setup')")
