"""What is mine: drafts, and documents I may open. And figures for those who run this."""
from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import NotFound
from engine.progress.drafts import DraftPlace
from engine.progress.readers import reads_file
from engine.queries.papers import file_of, is_reader, shown_with_a_task
from engine.queries.shapes.cases import DocumentFile
from engine.queries.shapes.tasks import DraftRow
from engine.releases import newest
from engine.store import tables as t
from engine.store.chain import last_of
from engine.store.seen import sees_case

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.look import Look


def my_drafts(look: Look) -> list[DraftRow]:
    """Everything I began to write, newest first; also what others have done meanwhile."""
    d = t.drafts
    rows = look.db.execute(sa.select(d.c.id, d.c.place, d.c.at, t.cases.c.reference, t.cases.c.release).outerjoin(t.cases, t.cases.c.id == d.c.case_id)
                           .where(d.c.person == look.actor.person).order_by(d.c.at.desc())).all()
    places = [DraftPlace.read(row.place) for row in rows]
    k, s = t.tasks.c, t.submissions.c
    tasks = {row.id: row for row in look.db.execute(sa.select(k.id, k.element, k.state).where(k.id.in_([at.of for at in places if at.kind == "task"])))}
    given = {row.id: row for row in look.db.execute(sa.select(s.id, s.element).where(s.id.in_([at.name for at in places if at.kind == "correction"])))}
    return [_draft_row(look, row, place, tasks, given) for row, place in zip(rows, places, strict=True)]


def _draft_row(look: Look, row: Any, place: DraftPlace, tasks: Mapping[str, Any], given: Mapping[str, Any]) -> DraftRow:
    kind, of, name = place
    if kind == "start":
        found = look.shelf.pack(look.db, newest(look.db, of))
        return DraftRow(row.id, found.starts[name].label if name in found.starts else name, None, row.at, kind, pack=of, start=name)
    pack = look.shelf.pack(look.db, row.release)
    if kind == "task":
        task = tasks[of]
        return DraftRow(row.id, pack.tasks[task.element].name, row.reference, row.at, kind, task=of, done_meanwhile=task.state != "open")
    if kind == "correction":
        corrected = pack.elements[given[name].element]
        return DraftRow(row.id, f"Correct: {corrected.properties.get('label') or corrected.name}", row.reference, row.at, kind, answer=name)
    return DraftRow(row.id, pack.case_actions[name].label, row.reference, row.at, kind, action=name)


def document(look: Look, document_id: str, kind: str | None = None) -> DocumentFile:
    """A document of a case I may see, if I may read answers there, gave it, or was offered the task it came with; a paper that a step
    has made, if it is for me or was shown to me with a task, as Word or PDF."""
    d = t.documents
    row = look.db.execute(sa.select(d, t.cases.c.reference).join(t.cases, t.cases.c.id == d.c.case_id)
                          .where(d.c.id == document_id, sees_case(look.actor))).one_or_none()
    if row is None:
        raise NotFound
    if row.made_from is not None:
        case = look.case(row.reference)
        text = case.pack.documents.get(row.field)
        if text is None or not (is_reader(look.actor, case, text, row.agency) or shown_with_a_task(look, case, row)):
            raise NotFound
        look.shows(case.id, f"document {row.field}")
        return file_of(look, case, row, kind)
    if kind is not None:
        raise NotFound
    case = look.case(row.reference)
    if not reads_file(look.db, look.actor, case, row):
        raise NotFound
    look.shows(case.id, f"document {row.id}")
    return DocumentFile(case.open(row.name, "documents", row.id, "name"), row.kind, case.key.open(row.content, case.id, "documents", row.id, "content"))


def ready(look: Look) -> bool:
    """The database answers."""
    return look.db.scalar(sa.select(sa.literal(1))) == 1


def counts(look: Look) -> dict[str, int]:
    """Numbers for the people who run this; nothing of any case."""
    def count(table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
        return look.db.scalar(sa.select(sa.func.count()).select_from(table).where(*where)) or 0
    running = (t.deadlines.c.ended_at.is_(None), t.deadlines.c.state.in_(("running", "breached")))
    return {
        "cases_open": count(t.cases, t.cases.c.ended_at.is_(None)), "tasks_open": count(t.tasks, t.tasks.c.state == "open"),
        "clocks_running": count(t.deadlines, *running), "clocks_overdue": count(t.deadlines, *running, t.deadlines.c.breached_at.is_not(None)),
        "sessions_open": count(t.sessions, t.sessions.c.ended_at.is_(None),
                               t.sessions.c.seen_at > look.now - timedelta(minutes=look.settings.sessions.idle_minutes)),
        "incidents_open": count(t.incidents, t.incidents.c.mended_at.is_(None)), "mails_waiting": count(t.outbox, t.outbox.c.next_at.is_not(None)),
        "mails_given_up": count(t.outbox, t.outbox.c.next_at.is_(None), t.outbox.c.sent_at.is_(None)),
        "trail_broken": 0 if (done := last_of(look.db, "verified")) is None else done.details["broken"],
        "timers_overdue": count(t.timers, t.timers.c.fired_at.is_(None), t.timers.c.due_at < look.now - timedelta(minutes=5)),
    }


def moments(look: Look) -> dict[str, datetime | None]:
    """When things last happened that the people who run this wait for; None where they never did."""
    def last(column: sa.Column[datetime], *where: sa.ColumnElement[bool], first: bool = False) -> datetime | None:
        found: datetime | None = look.db.scalar(sa.select((sa.func.min if first else sa.func.max)(column, type_=column.type)).where(*where))
        return found
    return {
        "oldest_mail_waiting": last(t.outbox.c.queued_at, t.outbox.c.next_at.is_not(None), first=True),
        "oldest_timer_due": last(t.timers.c.due_at, t.timers.c.fired_at.is_(None), t.timers.c.due_at <= look.now, first=True),
        "last_backup": last(t.trail.c.at, t.trail.c.event == "backed_up"),
        "last_head": last(t.trail.c.at, t.trail.c.event == "head_sent"), "last_verified": last(t.trail.c.at, t.trail.c.event == "verified"),
    }
