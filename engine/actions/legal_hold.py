"""Legal hold: a case that must not be erased, whatever its date, because a court, an inquiry or the police may ask for it."""
from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.errors import AlreadyDone, InvalidAnswers, NotAllowed, NotFound
from engine.rules.proof import need_proof
from engine.store import tables as t
from engine.store.database import new_id
from engine.store.seen import sees_case

if TYPE_CHECKING:
    from engine.work import Case, Work

LONGEST_REASON = 2_000


def hold_case(work: Work, reference: str, reason: str) -> str:
    """From now on this case is not erased, and its mails and drafts stay. Gives the id of the hold: there may be several."""
    case, words = _held(work, reference), _why(reason)
    hold = new_id()
    work.db.execute(sa.insert(t.legal_holds).values(id=hold, case_id=case.id, set_at=work.now, set_by=work.actor.person,
                                                    reason=case.seal(words, "legal_holds", hold, "reason")))
    work.record("legal_hold_set", hold=hold)
    return hold


def lift_hold(work: Work, reference: str, hold: str, reason: str) -> None:
    """This hold is over. If it was the last one, the case may be erased once its time is over."""
    case, words, h = _held(work, reference), _why(reason), t.legal_holds
    row = work.db.execute(sa.select(h.c.lifted_at).where(h.c.id == hold, h.c.case_id == case.id)).one_or_none()
    if row is None:
        raise NotFound
    if row.lifted_at is not None:
        raise AlreadyDone("This hold was lifted already.")
    need_proof(work)
    work.db.execute(sa.update(h).where(h.c.id == hold).values(lifted_at=work.now, lifted_by=work.actor.person,
                                                              why_lifted=case.seal(words, "legal_holds", hold, "why_lifted")))
    work.record("legal_hold_lifted", hold=hold)


def _held(work: Work, reference: str) -> Case:
    """The case, locked, if this person sees it and may keep cases."""
    found = work.db.scalar(sa.select(t.cases.c.id).where(t.cases.c.reference == reference, sees_case(work.actor)))
    if found is None or work.actor.person is None:
        raise NotFound
    if not work.actor.may("keep_cases", found):
        raise NotAllowed
    return work.hold(found)


def _why(reason: str) -> str:
    words = reason.strip() if isinstance(reason, str) else ""
    if not words:
        raise InvalidAnswers({"reason": "Say why, for whoever looks at this later"})
    if len(words) > LONGEST_REASON or "\0" in words:
        raise InvalidAnswers({"reason": f"The reason must be text of at most {LONGEST_REASON:,} characters"})
    return words
