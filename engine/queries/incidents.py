"""What could not go on, and has not gone on since."""
from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.queries.shapes.cases import IncidentRow
from engine.store import tables as t

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.look import Look
    from engine.packs import Pack


def open_incidents(look: Look, cases: Mapping[str, Pack]) -> dict[str, list[IncidentRow]]:
    """Case → its incidents, oldest first. One is over when its element has been passed after all; one on a page, when the case took a step."""
    i, p, c = t.incidents, t.passed, t.cases
    passed = sa.exists().where(p.c.case_id == i.c.case_id, p.c.element == i.c.element, p.c.at > i.c.at)
    stepped = c.c.changed_at > i.c.at
    query = sa.select(i.c.case_id, i.c.at, i.c.element, i.c.says, passed.label("passed"), stepped.label("stepped")).join(c, c.c.id == i.c.case_id).where(
        i.c.case_id.in_(list(cases)), i.c.mended_at.is_(None)).order_by(i.c.at)
    found: dict[str, list[IncidentRow]] = defaultdict(list)
    for row in look.db.execute(query):
        element = cases[row.case_id].elements.get(row.element or "")
        over = row.passed if element is not None else row.stepped
        if not over:
            found[row.case_id].append(IncidentRow(row.at, element.name if element else row.element, row.says))
    return found
