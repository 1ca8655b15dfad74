"""Open a case with the form of one of the process's starts."""
from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine import progress
from engine.errors import NotAllowed, NotFound, Refused
from engine.progress.answers import keep, take
from engine.progress.asked import asked_of_start
from engine.releases import newest
from engine.rules.references import reference
from engine.store import tables as t
from engine.store.database import new_id
from engine.store.eyes import may_write

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.work import Work


@dataclass(frozen=True)
class Started:
    """What the person who started a case is told."""

    case: str
    reference: str
    before: bool = False   # the same page was sent once before: this is the case that it opened then


def start_case(work: Work, pack: str, start: str, answers: Mapping[str, Any], options: Mapping[str, Any] | None = None, once: str = "") -> Started:
    """A new case on the pack's newest release. `once`: the key of the page it was asked on, for which there is one case, however often it is sent."""
    release = newest(work.db, pack)
    found = work.shelf.pack(work.db, release)
    beginning = found.starts.get(start)
    if beginning is None:
        raise NotFound
    held = work.actor.holding(beginning.offer_to)
    if held is None or work.actor.person is None:
        raise NotAllowed(f"Starting with “{beginning.label}” is for: {', '.join(found.roles[role].label for role in beginning.offer_to)}.")
    if unknown := sorted(set(options or {}) - set(found.options)):
        raise Refused(f"“{found.title}” has no option called {', '.join(unknown)}.")
    case_id = _id_for(work.actor.person, once)
    if once and (before := _opened_before(work, case_id)):
        return before
    chosen = {name: option.default for name, option in found.options.items()} | dict(options or {})
    asked = asked_of_start(work, found, beginning, held, chosen)
    taken = take(work, found, asked, answers)

    _, wrapped = work.vault.new_key(case_id)
    row = {
        "id": case_id, "reference": _next_reference(work, found.reference), "release": release, "key": wrapped, "start": start,
        "started_at": work.now, "started_by": work.actor.person, "agency": asked.place.agency, "options": chosen, "stage": None, "version": 0,
        "changed_at": work.now, "trail_state": work.chain.begun(case_id),
    }
    may_write(work.db, case_id)
    work.db.execute(sa.insert(t.cases).values(row))
    inserted = work.db.execute(sa.select(t.cases).where(t.cases.c.id == case_id)).one()
    case = work.began(inserted)
    work.record("case_started", start=start, release=release)
    here = progress.Here(work, case)
    progress.begin(here, keep(here, taken))
    return Started(case.id, case.reference)


def _id_for(person: str, once: str) -> str:
    """The same for the same person and page: so the database itself sees to it that there is one case, whichever process is asked, and keeps no more."""
    return hashlib.sha256(f"{person} {once}".encode()).hexdigest()[:32] if once else new_id()


def _opened_before(work: Work, case_id: str) -> Started | None:
    found = work.db.scalar(sa.select(t.cases.c.reference).where(t.cases.c.id == case_id))
    return Started(case_id, found, before=True) if found else None


def _next_reference(work: Work, pattern: str) -> str:
    """Counted per series and year; the counter's row is locked first, so no number is given twice or left out."""
    year, c = work.today.year, t.counters
    where = (c.c.series == pattern, c.c.year == year)
    last = work.db.scalar(sa.select(c.c.last).where(*where).with_for_update())
    if last is None:
        work.db.execute(sa.insert(c).values(series=pattern, year=year, last=1))
        return reference(pattern, year, 1)
    work.db.execute(sa.update(c).where(*where).values(last=last + 1))
    return reference(pattern, year, last + 1)
