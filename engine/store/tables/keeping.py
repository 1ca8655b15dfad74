"""What keeps a case from being erased."""
from __future__ import annotations

import sqlalchemy as sa

from engine.store.moments import Moment
from engine.store.tables.base import id_column, metadata, of_case

#: Legal holds: while one is in force the case is not erased, whatever its date. The register of holds that a process keeps is something else.
legal_holds = sa.Table(
    "legal_holds", metadata,
    id_column(),
    of_case(),
    sa.Column("set_at", Moment, nullable=False),
    sa.Column("set_by", sa.ForeignKey("people.id"), nullable=False),
    sa.Column("reason", sa.LargeBinary, nullable=False),  # sealed
    sa.Column("lifted_at", Moment),
    sa.Column("lifted_by", sa.ForeignKey("people.id")),
    sa.Column("why_lifted", sa.LargeBinary),  # sealed
    sa.CheckConstraint("(lifted_at is null) = (lifted_by is null) and (lifted_at is null) = (why_lifted is null)", name="lifted"),
    sa.Index("ix_legal_holds_case", "case_id", "lifted_at"),
)
