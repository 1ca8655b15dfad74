"""The whole trail of a case, to be handed on as evidence."""
from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.queries.case_trail import in_words, whose_trail
from engine.queries.shapes.trail import Evidence
from engine.rules.proof import need_proof
from engine.store import tables as t

if TYPE_CHECKING:
    from engine.look import Look
    from engine.queries.shapes.trail import TrailRow

_ROWS_AT_A_TIME = 1000


def evidence(look: Look, reference: str) -> Evidence:
    """Every row of the trail with all that it says and its link, oldest first. That somebody took it stands on the trail from then on."""
    need_proof(look)
    case = whose_trail(look, reference)
    look.shows(case.id, "evidence")
    query = sa.select(t.trail, t.cases.c.reference, t.cases.c.release).join(t.cases, t.cases.c.id == t.trail.c.case_id).where(
        t.trail.c.case_id == case.id).order_by(t.trail.c.id)
    rows: list[dict[str, Any]] = []
    for some in look.db.execute(query).partitions(_ROWS_AT_A_TIME):
        rows += [_row(row, told) for row, told in zip(some, in_words(look, some), strict=True)]
    return Evidence(reference, case.id, look.settings.board.name, look.now, look.actor.name, rows)


def _row(row: Any, told: TrailRow) -> dict[str, Any]:
    return {"id": row.id, "number": row.number, "at": row.at.astimezone(UTC).isoformat(timespec="microseconds"), "person": row.actor, "name": told.who,
            "event": row.event, "details": row.details, "words": told.words, "wrote": row.sealed, "link": row.link}
