"""Open a case with the form of one of the process's starts."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine import progress
from engine.errors import NotAllowed, NotFound, Refused
from engine.progress.answers import Asked, draft_place, forget_draft, keep, locked, paths_of, take
from engine.progress.names import outside_a_case
from engine.releases import newest
from engine.rules.proof import need_proof
from engine.rules.references import reference
from engine.store import tables as t
from engine.store.database import new_id
from engine.work import case_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.work import Work


@dataclass(frozen=True)
class Started:
    """What the person who started a case is told."""

    case: str
    reference: str


def start_case(work: Work, pack: str, start: str, answers: Mapping[str, Any], options: Mapping[str, Any] | None = None) -> Started:
    """A new case on the pack's newest release."""
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
    chosen = {name: option.default for name, option in found.options.items()} | dict(options or {})
    agency = held.agency or work.actor.agency
    names = outside_a_case(found, paths_of(found, beginning.at), work.db, work.settings, work.actor, chosen, work.today)
    asked = Asked(form=found.forms[beginning.form or ""], element=start, checks=beginning.checks, names=names, agency=agency)
    locked(found, beginning.gate, names, work.now)
    taken = take(work, found, asked, answers)
    if beginning.at.confirm_identity:
        need_proof(work)

    case_id = new_id()
    _, wrapped = work.vault.new_key(case_id)
    row = {
        "id": case_id, "reference": _next_reference(work, found.reference), "release": release, "key": wrapped, "start": start,
        "started_at": work.now, "started_by": work.actor.person, "agency": agency, "options": chosen, "stage": None, "version": 0,
        "changed_at": work.now, "trail_state": work.chain.begun(case_id),
    }
    work.db.execute(sa.insert(t.cases).values(row))
    inserted = work.db.execute(sa.select(t.cases).where(t.cases.c.id == case_id)).one()
    case = work.case = case_of(inserted, work.vault, found, work.shelf.program(work.db, release))
    work.record("case_started", start=start, release=release)
    values = keep(work, case, asked, taken, held.deputy_of)
    forget_draft(work, draft_place(start=(pack, start)))
    progress.begin(work, case, values)
    return Started(case.id, case.reference)


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
