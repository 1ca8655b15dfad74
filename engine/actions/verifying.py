"""The nightly verification of all trails: which process does it, and telling whoever has to know what it found."""
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.errors import NotAllowed
from engine.progress import mail
from engine.proposals.roles import who_may
from engine.rules.access import SYSTEM
from engine.store import tables as t
from engine.store.chain import last_of, lock_house, was_on
from engine.store.incidents import note_incident

if TYPE_CHECKING:
    from engine.queries.verify import Verified
    from engine.work import Work

#: Whoever began and was not heard of for so long has died.
LONGEST = timedelta(hours=6)
ELEMENT = "verify"
NOT_ENDED = "The nightly verification of all trails did not come to its end. Whether they are whole is not known."


def begin_verifying(work: Work) -> bool | None:
    """Of several processes one does what is done at night. Whether it is to verify, too: not if one began today and never came to an end. None: it is
    another's."""
    if work.actor is not SYSTEM:
        raise NotAllowed
    lock_house(work.db)
    if was_on(work.db, "verify_begun", work.now):
        return None if work.now - last_of(work.db, "verify_begun").at < LONGEST else False
    work.record("verify_begun")
    return True


def note_verified(work: Work, found: Verified | None) -> None:
    """What verifying has found stands on the trail and, until a later one finds everything whole, among the incidents. Whoever manages people is told
    by mail when that is new. None: it did not come to its end."""
    if work.actor is not SYSTEM:
        raise NotAllowed
    if found is None:
        work.record("verify_failed")
    else:
        work.record("verified", rows=found.rows, chains=found.chains, broken=len(found.broke))
    if found is not None and not found.broke:
        i = t.incidents
        work.db.execute(sa.update(i).where(i.c.case_id.is_(None), i.c.element == ELEMENT, i.c.mended_at.is_(None)).values(mended_at=work.now))
    elif note_incident(work.db, work.now, None, ELEMENT, NOT_ENDED if found is None else f"The nightly verification of all trails: {_wrong(found)}"):
        work.record("incident", element=ELEMENT, kind="note_verified")
        mail.note(work, "trail_not_whole", who_may(work, "manage_people"), "/service")


def in_words(found: Verified | None) -> str:
    """The outcome in words that name no case."""
    if found is None:
        return NOT_ENDED
    looked = f"{found.rows:,} rows of {found.chains:,} trails, and what they tell of"
    return f"NOT whole: {_wrong(found)} Looked at: {looked}." if found.broke else f"Verified: {looked}. Everything is as it was written."


def _wrong(found: Verified) -> str:
    """What is told once, until it is mended or something else is wrong: how much, and the first row by its table and id."""
    many = "1 thing is" if len(found.broke) == 1 else f"{len(found.broke):,} things are"
    return f"{many} not as written. First bad row: {found.broke[0].table} {found.broke[0].row}."
