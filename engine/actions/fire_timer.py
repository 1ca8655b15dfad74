"""Something falls due: a reminder, a breach, an escalation, or a moment in the diagram."""
from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine import progress
from engine.errors import NotAllowed
from engine.rules.access import SYSTEM
from engine.store import tables as t

if TYPE_CHECKING:
    from engine.work import Work


def fire_timer(work: Work, timer: str) -> bool:
    """Fire it once. False when another was quicker or it was taken back meanwhile."""
    if work.actor is not SYSTEM:
        raise NotAllowed
    found = work.db.scalar(sa.select(t.timers.c.case_id).where(t.timers.c.id == timer))
    if found is None:
        return False
    if work.db.scalar(sa.select(t.cases.c.key).where(t.cases.c.id == found)) is None:  # an erased case keeps no appointments
        return bool(work.db.execute(sa.update(t.timers).where(t.timers.c.id == timer, t.timers.c.fired_at.is_(None)).values(fired_at=work.now)).rowcount)
    case = work.hold(found)
    row = work.db.execute(sa.select(t.timers).where(t.timers.c.id == timer)).one_or_none()
    if row is None or row.fired_at is not None or row.due_at > work.now:
        return False
    work.db.execute(sa.update(t.timers).where(t.timers.c.id == timer).values(fired_at=work.now))
    here = progress.Here(work, case) if row.kind in ("remind", "chase", "escalate") else progress.resume(work, case)
    clock = next((clock for clock in here.clocks.rows if clock["id"] == row.deadline), None)
    if row.kind == "breach" and clock is not None:
        if clock["state"] == "running":
            here.clocks.fall_due(clock)
        progress.fire(here, row.due_at)
    elif row.kind == "event":
        progress.fire(here, row.due_at)
    elif clock is not None and clock["ended_at"] is None:
        here.clocks.remind(clock, row.kind, [role for role in (row.roles or "").split(",") if role])
    return True
