"""Who signs in with an identity provider."""
from __future__ import annotations

import sqlalchemy as sa

from engine.store.moments import Moment
from engine.store.tables.base import id_column, metadata

#: Either expected (no subject yet: who comes with the verified address of this account until then, is this person), or bound. An ended row stays.
identities = sa.Table(
    "identities", metadata,
    id_column(),
    sa.Column("person", sa.ForeignKey("people.id"), nullable=False),
    sa.Column("subject", sa.String(64)),  # a digest, made with the master key, of whom the provider calls so
    sa.Column("proof", sa.String(64)),  # the same over row, person and subject, or over whose address is expected: who can write here binds nobody
    sa.Column("expected_at", Moment),
    sa.Column("expected_by", sa.ForeignKey("people.id")),  # null: by an invitation, or on the machine itself
    sa.Column("expires_at", Moment),
    sa.Column("bound_at", Moment),
    sa.Column("ended_at", Moment),
    sa.CheckConstraint("(subject is null) = (bound_at is null) and (subject is null or proof is not null)", name="bound"),
    sa.CheckConstraint("subject is not null or expires_at is not null", name="expected"),
    sa.Index("ix_identities_person", "person", unique=True, sqlite_where=sa.text("ended_at is null"), postgresql_where=sa.text("ended_at is null")),
    sa.Index("ix_identities_subject", "subject", unique=True, sqlite_where=sa.text("ended_at is null"), postgresql_where=sa.text("ended_at is null")),
)
