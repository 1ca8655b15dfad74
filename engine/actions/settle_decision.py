"""Settle a decision that a corrected answer would have made otherwise."""
from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.errors import AlreadyDone, InvalidAnswers, NotAllowed, NotFound
from engine.store import tables as t
from engine.store.seen import visible_case

if TYPE_CHECKING:
    from engine.work import Work

LONGEST_NOTE = 20_000


def settle_decision(work: Work, decision: str, note: str) -> str:
    """A person has seen to it, and says what was done. The process is not touched. Gives the id of the case."""
    u = t.unsettled
    found = work.db.scalar(sa.select(u.c.case_id).where(u.c.id == decision))
    if found is None:
        raise NotFound
    visible_case(work.db, work.actor, found)
    case = work.hold(found)
    row = work.db.execute(sa.select(u, t.people.c.name.label("who")).outerjoin(t.people, t.people.c.id == u.c.settled_by).where(u.c.id == decision)).one()
    if work.actor.person is None or not work.actor.may("correct_answers", case.id):
        raise NotAllowed("This is settled by someone with the permission, such as the Business Manager.")
    if row.settled_at is not None:
        raise AlreadyDone(f"{'You have' if row.settled_by == work.actor.person else f'{row.who} has'} already settled this.", by=row.who, at=row.settled_at)
    words = note.strip() if isinstance(note, str) else ""
    if not words:
        raise InvalidAnswers({"note": "Say what was done about it, or why nothing needs to be done"})
    if len(words) > LONGEST_NOTE or "\0" in words:
        raise InvalidAnswers({"note": f"The note must be text of at most {LONGEST_NOTE:,} characters"})
    work.db.execute(sa.update(u).where(u.c.id == decision).values(
        settled_at=work.now, settled_by=work.actor.person, note=case.seal(words, "unsettled", decision, "note")))
    work.record("decision_settled", kind=row.kind, name=row.name, item=row.item)
    return case.id
