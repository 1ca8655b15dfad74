"""What a clock will do of itself: remind, breach, chase, escalate. Rows of `timers`, written when it starts and taken back when it ends."""
from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.rules import deadlines as rules
from engine.store import tables as t
from engine.store.database import new_id

if TYPE_CHECKING:
    from datetime import datetime

    from engine.rules.deadlines import Deadline
    from engine.work import Case, Work


class Plans:
    """The timers of the clocks of one held case."""

    def __init__(self, work: Work, case: Case) -> None:
        self.work, self.case = work, case

    def make(self, deadline: Deadline, row: dict[str, Any], *, again: bool = False) -> None:
        """Everything it will do of itself; `again`: what has been done is not done twice."""
        board = self.work.settings.board
        planned: list[dict[str, Any]] = [{"kind": "breach", "due_at": row["breach_at"], "roles": ""}]
        planned += [{"kind": "remind", "due_at": at, "roles": ",".join(deadline.to)}
                    for at in rules.reminders(deadline, row["due"], self.work.now, board.calendar, board.reminder_hour, board.timezone)]
        planned += [{"kind": "escalate", "due_at": at, "roles": ",".join(roles)}
                    for at, roles in rules.escalations(deadline, row["due"], board.calendar, board.timezone)]
        if again:
            planned = self._not_told_yet(row, planned)
        if planned:
            self.work.db.execute(sa.insert(t.timers), [
                {"id": new_id(), "case_id": self.case.id, "deadline": row["id"], "event": None, **timer} for timer in planned])
        self.chase(deadline, row, after=max(self.work.now, row["breach_at"]) if again else None)

    def chase(self, deadline: Deadline, row: dict[str, Any], after: datetime | None) -> None:
        """The next time it is asked for again."""
        board = self.work.settings.board
        at = rules.next_chase(deadline, row["due"], after or row["breach_at"], board.calendar, board.reminder_hour, board.timezone)
        if at is not None:
            self.work.db.execute(sa.insert(t.timers).values(id=new_id(), case_id=self.case.id, deadline=row["id"], kind="chase", due_at=at,
                                                            roles=",".join(deadline.to)))

    def drop(self, row: dict[str, Any]) -> None:
        """Nothing more of it happens by itself."""
        self.work.db.execute(sa.delete(t.timers).where(
            t.timers.c.case_id == self.case.id, t.timers.c.deadline == row["id"], t.timers.c.fired_at.is_(None)))

    def _not_told_yet(self, row: dict[str, Any], planned: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """No reminder lies in the past; while it stays late, nobody is told a second time that it is."""
        k = t.timers
        told = Counter(self.work.db.scalars(sa.select(k.c.roles).where(
            k.c.case_id == self.case.id, k.c.deadline == row["id"], k.c.kind == "escalate", k.c.fired_at.is_not(None)))
                       if row["state"] == "breached" else ())
        left = []
        for timer in planned:
            if timer["kind"] == "escalate" and told[timer["roles"]] > 0:
                told[timer["roles"]] -= 1
            elif timer["kind"] == "escalate" or timer["due_at"] > self.work.now:
                left.append(timer)
        return left
