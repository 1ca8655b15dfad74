"""What one person has proposed and another has to approve."""
from __future__ import annotations

import sqlalchemy as sa

from engine.store.moments import Moment
from engine.store.tables.base import id_column, metadata, states

#: One row a proposal. A row is never removed, and what was proposed never changes: it is sealed, and bound to its row.
approvals = sa.Table(
    "approvals", metadata,
    id_column(),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("person", sa.ForeignKey("people.id"), index=True),  # whom it is about; null: nobody who has an account
    sa.Column("details", sa.LargeBinary, nullable=False),  # sealed, with the key of the house
    sa.Column("files", sa.LargeBinary),  # of a release: every file of the pack, byte for byte
    sa.Column("proposed_at", Moment, nullable=False),
    sa.Column("proposed_by", sa.ForeignKey("people.id")),  # null: whoever works on the machine itself
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("ended_at", Moment),
    sa.Column("ended_by", sa.ForeignKey("people.id")),  # null: its time was over, or the machine
    sa.Column("reason", sa.LargeBinary),  # sealed, with the key of the house: why it was declined
    states("state", "waiting", "approved", "declined", "withdrawn", "expired"),
    states("kind", "release", "role_given", "role_taken", "account_made", "account_opened", "guest_made", "case_erased", "let_in_again"),
    sa.CheckConstraint("(state = 'waiting') = (ended_at is null)", name="ended"),
    sa.CheckConstraint("state <> 'approved' or (ended_by is not null and (proposed_by is null or ended_by <> proposed_by))", name="two_people"),
    sa.CheckConstraint("(kind = 'release') = (files is not null)", name="files"),
    sa.Index("ix_approvals_waiting", "expires_at", sqlite_where=sa.text("state = 'waiting'"), postgresql_where=sa.text("state = 'waiting'")),
)
