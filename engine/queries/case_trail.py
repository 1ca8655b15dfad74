"""What happened in a case, in words. The trail holds ids and names of steps; this makes sentences of them."""
from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import NotFound
from engine.progress.readers import question
from engine.queries.shapes.cases import TrailPage, TrailRow
from engine.queries.unsettled import doubt_title
from engine.queries.words import agency_names, item_name, person_names
from engine.store import tables as t

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.look import Look
    from engine.packs import Pack
    from engine.work import Case

SENTENCES = {
    "case_started": "opened the case with “{start}”",
    "case_ended": "The case ended: {outcome}",
    "stage_entered": "The case moved to “{stage}”",
    "task_offered": "“{element}” was offered{item}",
    "task_completed": "completed “{element}”{item}",
    "answer_corrected": "corrected the answers to “{element}”{item}",
    "decision_unsettled": "“{name}”{item} would have been decided otherwise: to be settled",
    "decision_settled": "settled “{name}”{item}",
    "document_out_of_date": "The document “{field}” is out of date: an answer it was made from was corrected",
    "task_cancelled": "“{element}” was no longer needed{item}",
    "task_claimed": "took “{element}”{item}",
    "task_let_go": "gave back “{element}”{item}",
    "task_handed_over": "handed “{element}”{item} to {to}",
    "acted_as_deputy": "did “{element}” as deputy for {person}",
    "draft_saved": "saved a draft of “{element}”",
    "action_pressed": "used “{element}”",
    "reason_given": "gave a reason for going on with “{element}”",
    "appointed": "appointed {person} as {role}",
    "deadline_started": "Deadline “{deadline}”{item} began: due {due}",
    "deadline_moved": "Deadline “{deadline}”{item} moved from {before} to {due}",
    "deadline_met": "Deadline “{deadline}”{item} was met on {ended}{late_record}",
    "deadline_breached": "Deadline “{deadline}”{item} was missed: it was due {due}",
    "deadline_cancelled": "Deadline “{deadline}”{item} no longer applies",
    "reminded": "A reminder of “{deadline}”{item} was sent",
    "escalated": "“{deadline}”{item} was escalated",
    "mail_queued": "Mail to {to}: {message}",
    "document_added": "added a document to “{element}”",
    "document_opened": "opened a document",
    "viewed": "looked at the {page}",
    "refused": "tried something that was refused",
    "incident": "Something could not go on at “{element}”",
}


def case_trail(look: Look, reference: str, before: int | None = None, limit: int = 100) -> TrailPage:
    """The newest things first; `next` asks for older ones."""
    case = look.case(reference)
    if not look.actor.may("see_trail", case.id):
        raise NotFound
    query = sa.select(t.trail).where(t.trail.c.case_id == case.id)
    if before is not None:
        query = query.where(t.trail.c.id < before)
    found = look.db.execute(query.order_by(t.trail.c.id.desc()).limit(limit + 1)).all()
    people = person_names(look, [row.actor for row in found] + [row.details.get(key) for row in found for key in ("to", "person")])
    agencies = agency_names(look)
    look.shows(case.id, "trail")
    files = _files(look, case, [row.details["page"] for row in found if row.event == "viewed"], agencies)
    rows = [TrailRow(row.at, people.get(row.actor, "Someone"), _words(row, case.pack, people, agencies, files)) for row in found[:limit]]
    return TrailPage(reference, rows, found[limit - 1].id if len(found) > limit else None)


def _files(look: Look, case: Case, pages: Iterable[str], agencies: dict[str, str]) -> dict[str, str]:
    """Id of a file that was looked at → the question it answers. Its own name is not for everyone who may read the trail."""
    d, wanted = t.documents, {page.removeprefix("document ") for page in pages if page.startswith("document ")}
    rows = look.db.execute(sa.select(d.c.id, d.c.element, d.c.field, d.c.item).where(d.c.id.in_(sorted(wanted)))).all() if wanted else []
    found = {}
    for row in rows:
        asked = question(case, row.element, row.field)
        found[row.id] = (asked.label if asked else row.field) + (f" – {item_name(row.item, agencies, case.pack)}" if row.item else "")
    return found


def _words(row: Any, pack: Pack, people: dict[str | None, str], agencies: dict[str, str], files: dict[str, str]) -> str:
    """One sentence; what a pack no longer knows by name is shown by its id."""
    says: dict[str, Any] = dict(row.details)
    for key in ("element", "start"):
        if says.get(key) in pack.elements:
            element = pack.elements[says[key]]
            says[key] = element.properties.get("label") or element.name
    if "name" in says:
        says["name"] = doubt_title(pack, says["kind"], says["name"])
    says["item"] = f" ({item_name(says['item'], agencies, pack)})" if says.get("item") else ""
    says["deadline"] = pack.deadlines[says["deadline"]].title if says.get("deadline") in pack.deadlines else says.get("deadline")
    says["stage"] = pack.stages.get(says.get("stage", ""), says.get("stage"))
    says["outcome"] = pack.outcomes.get(says.get("outcome") or "", says.get("outcome"))
    says["late_record"] = " (recorded late)" if says.get("late_record") else ""
    says["role"] = pack.roles[says["role"]].label if says.get("role") in pack.roles else says.get("role")
    for key in ("to", "person"):
        says[key] = people.get(says.get(key), says.get(key))
    for key in ("due", "before", "ended"):
        if says.get(key):
            day = date.fromisoformat(says[key])
            says[key] = f"{day.day} {day:%B %Y}"
    says["message"] = str(says.get("message", "")).replace("_", " ")
    if row.event == "viewed":
        page, _, which = str(says.get("page")).partition(" ")
        says["page"] = f"{page} “{files.get(which) or _name(pack, which)}”" if which else f"{page} page" if page == "case" else page
    return SENTENCES.get(str(row.event), str(row.event)).format_map(says)


def _name(pack: Pack, which: str) -> str:
    """What people call an element, register or diagram."""
    if which in pack.elements:
        return pack.elements[which].properties.get("label") or pack.elements[which].name or which
    if which in pack.registers:
        return pack.registers[which].title
    if which in pack.documents:
        return pack.documents[which].title
    return pack.processes[which].name or which if which in pack.processes else which
