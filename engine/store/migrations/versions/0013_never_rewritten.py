"""The head of the house is never taken away; and on SQLite no row of trail or steps is replaced by an insert, which asks no other trigger."""

from __future__ import annotations

from engine.store.migrations.append_only import refuse_changes, refuse_replacing

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Triggers only."""
    refuse_changes("heads", "delete")
    refuse_replacing("trail", "id")
    refuse_replacing("steps", "case_id", "version")
