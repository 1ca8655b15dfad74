"""What the register of what is kept says is over, taken away by itself: sent mails, drafts nobody came back to, sessions, one-time links."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import NotAllowed
from engine.rules.access import SYSTEM
from engine.rules.retention import older_than
from engine.store import tables as t
from engine.store.erasing import under_hold

if TYPE_CHECKING:
    from engine.work import Work

#: Rows of a kind taken away in one transaction.
BATCH = 500


def thin(work: Work) -> dict[str, int]:
    """Up to `BATCH` rows of each kind whose time is over are gone; gives how many of each. Nothing of a case under legal hold, and never the trail.

    What was sealed is said on the trail to be gone; it stands there, too, that this was done today."""
    if work.actor is not SYSTEM:
        raise NotAllowed
    o, d, s, k = t.outbox.c, t.drafts.c, t.sessions.c, t.links.c
    gone = {
        "mails": _gone(work, "mails", t.outbox, sa.func.coalesce(o.sent_at, o.queued_at), o.next_at.is_(None), sealed="mail"),
        "drafts": _gone(work, "drafts", t.drafts, d.at, sealed="answers"),
        "sessions": _gone(work, "sessions", t.sessions, sa.func.coalesce(s.ended_at, s.seen_at)),
        "links": _gone(work, "links", t.links, sa.func.coalesce(k.ended_at, k.expires_at)),
    }
    work.record("thinned", mails=gone["mails"], drafts=gone["drafts"], sessions=gone["sessions"], links=gone["links"])
    return gone


def _gone(work: Work, kind: str, table: sa.Table, last: Any, *where: sa.ColumnElement[bool], sealed: str = "") -> int:
    before = older_than(work.settings.retention[kind], work.now)
    if before is None:
        return 0
    of_case = table.c.get("case_id")
    free = [] if of_case is None else [sa.or_(of_case.is_(None), sa.not_(under_hold(of_case)))]
    query = sa.select(table.c.id).where(last < sa.literal(before, t.cases.c.started_at.type), *where, *free).order_by(table.c.id).limit(BATCH)
    rows = list(work.db.scalars(query.with_for_update(skip_locked=True)))
    if rows and sealed and of_case is not None:
        for row in work.db.execute(sa.select(table.c.id, of_case).where(table.c.id.in_(rows))).all():
            work.removed(table.name, row.id, sealed, row.case_id)
    if rows:
        work.db.execute(sa.delete(table).where(table.c.id.in_(rows)))
    return len(rows)
