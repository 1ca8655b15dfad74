"""Erasing a case whose time is over."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import InvalidAnswers, Refused
from engine.proposals.kind import Kind, Proposed
from engine.proposals.roles import reason
from engine.rules.retention import counted_from, why_not_erased
from engine.store import tables as t
from engine.store.erasing import erase, held_since
from engine.store.seen import sees_case

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.proposals.kind import Agreed
    from engine.work import Work


class CaseErased(Kind):
    """What was written in a case is to be destroyed, for good."""

    name, permission, asks = "case_erased", "keep_cases", frozenset({"case", "reason"})

    def look(self, work: Work, what: Mapping[str, Any], files: bytes | None) -> Proposed:
        """Bound to the case, to the day its time is counted from, and to how long it was to be kept."""
        c, p, zone = t.cases, t.published, work.zone
        given = what["case"].strip().upper() if isinstance(what["case"], str) else ""
        row = work.db.execute(sa.select(c.c.id, c.c.reference, c.c.key, c.c.ended_at, c.c.outcome).where(
            c.c.reference == given, sees_case(work.actor)).with_for_update(of=c)).one_or_none()
        if row is None:
            raise InvalidAnswers({"case": "There is no case with this reference"})
        if row.key is None:
            raise Refused("This case has been erased already.")
        at = work.db.scalar(sa.select(p.c.published_at).where(p.c.reference == row.reference))
        ended, published = (moment.astimezone(zone).date() if moment else None for moment in (row.ended_at, at))
        kept = work.settings.retention["case_content"]
        if says := why_not_erased(kept, ended, published, held_since(work.db, row.id, zone), work.today):
            raise Refused(says)
        since = counted_from(kept, ended, published)
        return Proposed(what={"case": row.reference, "reason": reason(what)},
                        seen={"id": row.id, "outcome": row.outcome, "since": since.isoformat() if since else "", "kept": str(kept.span)})

    def do(self, work: Work, agreed: Agreed) -> None:
        """It stands on the trail of the case, which stays. Nothing else of this deed belongs to the case: mails about it are sealed by the house."""
        case = work.hold(agreed.proposed.seen["id"])
        work.record("case_erased", proposal=agreed.id, rows=erase(work.db, case.id))
        work.live.pop(case.id, None)
        work.case = None
