"""What corrected answers would have decided otherwise, in words: for a person to settle."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.queries.shapes.cases import UnsettledRow
from engine.queries.words import agency_names, item_name, person_names
from engine.store import tables as t
from engine.store.seen import sees_case

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.look import Look
    from engine.packs import Pack
    from engine.work import Case

OTHERWISE = {
    "table": "With the right answer this would have come out otherwise.",
    "runs": "Whether this deadline runs at all hangs on the answer: with the right one it would be otherwise.",
}
MISSED_ALL_THE_SAME = "By the right dates the deadline was missed, and what follows from that has not been done."
NOT_MISSED = "This happened because a deadline was missed. By the right dates it was not missed then."


def doubt_title(pack: Pack, kind: str, name: str) -> str:
    """What people call the gateway, table, deadline or timer event."""
    if kind == "runs":
        return pack.deadlines[name].title if name in pack.deadlines else name
    element = pack.elements.get(name)
    if element is None:
        return name
    return element.name or f"A choice in “{pack.processes[element.process].name or element.process}”"


def doubt_words(pack: Pack, kind: str, was: Sequence[str], would: Sequence[str]) -> str:
    """What would have been otherwise, by the names of arrows; never by what was answered."""
    if kind == "timer":
        return MISSED_ALL_THE_SAME if would else NOT_MISSED
    if kind != "choice":
        return OTHERWISE[kind]
    before, after = _ways(pack, was), _ways(pack, would)
    return f"It went {before or 'no way'}. With the right answer it would have gone {after or 'no way that is drawn'}."


def unsettled_of(look: Look, case: Case) -> list[UnsettledRow]:
    """Those of one case, what is open first."""
    u = t.unsettled
    rows = look.db.execute(_query().where(u.c.case_id == case.id).order_by(u.c.settled_at.is_not(None), u.c.at, u.c.name, u.c.id)).all()
    return _rows(look, rows, {case.id: case})


def to_settle(look: Look, reference: str, decision: str) -> UnsettledRow | None:
    """One of a case that this person may settle; None once somebody has."""
    case, u = look.case(reference), t.unsettled
    rows = look.db.execute(_query().where(u.c.case_id == case.id, u.c.id == decision)).all()
    found = next((row for row in _rows(look, rows, {case.id: case}) if row.can_settle), None)
    if found is not None:
        look.shows(case.id, f"decision {rows[0].name}")
    return found


def unsettled_anywhere(look: Look, limit: int = 25) -> list[UnsettledRow]:
    """Those that this person may settle, oldest first; of most people there is nothing to ask."""
    u, actor = t.unsettled, look.actor
    mine = [case for case, permitted in actor.in_cases.items() if "correct_answers" in permitted]
    if not mine and "correct_answers" not in actor.permissions:
        return []
    query = _query().where(u.c.settled_at.is_(None), sees_case(actor))
    if "correct_answers" not in actor.permissions:
        query = query.where(u.c.case_id.in_(mine))
    rows = look.db.execute(query.order_by(u.c.at, u.c.name, u.c.id).limit(limit)).all()
    return _rows(look, rows, {})


def _query() -> sa.Select[Any]:
    u, c, s = t.unsettled, t.corrections, t.submissions
    return sa.select(u, s.c.element.label("answered"), t.cases.c.reference, t.cases.c.release).join(c, c.c.id == u.c.correction).join(
        s, s.c.id == c.c.submission).join(t.cases, t.cases.c.id == u.c.case_id)


def _rows(look: Look, rows: Sequence[Any], cases: dict[str, Case]) -> list[UnsettledRow]:
    agencies = agency_names(look) if rows else {}
    people = person_names(look, [row.settled_by for row in rows])
    found = []
    for row in rows:
        pack, case = look.shelf.pack(look.db, row.release), cases.get(row.case_id)
        answered = pack.elements[row.answered]
        reads = case is not None and row.note is not None and look.actor.may("see_answers", row.case_id)
        found.append(UnsettledRow(
            id=row.id, reference=row.reference, title=doubt_title(pack, row.kind, row.name), words=doubt_words(pack, row.kind, row.was, row.would),
            item=item_name(row.item, agencies), answer=answered.properties.get("label") or answered.name, at=row.at,
            can_settle=row.settled_at is None and look.actor.may("correct_answers", row.case_id),
            settled_by_name=people.get(row.settled_by) if row.settled_by else None, settled_at=row.settled_at,
            note=case.open(row.note, "unsettled", row.id, "note") if reads and case else None))
    return found


def _ways(pack: Pack, flows: Sequence[str]) -> str:
    named = []
    for process in pack.processes.values():
        for flow in process.flows.values():
            if flow.id in flows:
                target = process.elements.get(flow.target)
                named.append(f"“{flow.name or (target.name if target else '') or flow.target}”")
    return " and ".join(named)
