"""What is mine: drafts, and documents I may open. And figures for those who run this."""
from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.errors import NotFound
from engine.progress.readers import reads_file
from engine.queries.papers import file_of, is_reader, shown_with_a_task
from engine.queries.shapes.cases import DocumentFile
from engine.queries.shapes.tasks import DraftRow
from engine.releases import newest
from engine.store import tables as t
from engine.store.seen import sees_case

if TYPE_CHECKING:
    from engine.look import Look


def my_drafts(look: Look) -> list[DraftRow]:
    """Everything I began to write, newest first; also what others have done meanwhile."""
    d = t.drafts
    rows = look.db.execute(sa.select(d, t.cases.c.reference, t.cases.c.release).outerjoin(t.cases, t.cases.c.id == d.c.case_id)
                           .where(d.c.person == look.actor.person).order_by(d.c.at.desc())).all()
    return [_draft_row(look, row) for row in rows]


def _draft_row(look: Look, row: sa.Row[tuple[object, ...]]) -> DraftRow:
    kind, _, rest = row.place.partition(" ")
    if kind == "task":
        task = look.db.execute(sa.select(t.tasks.c.element, t.tasks.c.state).where(t.tasks.c.id == rest)).one()
        title = look.shelf.pack(look.db, row.release).tasks[task.element].name
        return DraftRow(row.id, title, row.reference, row.at, kind, task=rest, done_meanwhile=task.state != "open")
    if kind == "start":
        pack, start = rest.split(" ")
        found = look.shelf.pack(look.db, newest(look.db, pack))
        return DraftRow(row.id, found.starts[start].label if start in found.starts else start, None, row.at, kind, pack=pack, start=start)
    if kind == "correction":
        answer = rest.split(" ")[1]
        name = look.db.scalar(sa.select(t.submissions.c.element).where(t.submissions.c.id == answer)) or ""
        corrected = look.shelf.pack(look.db, row.release).elements[name]
        return DraftRow(row.id, f"Correct: {corrected.properties.get('label') or corrected.name}", row.reference, row.at, kind, answer=answer)
    action = rest.split(" ")[1]
    label = look.shelf.pack(look.db, row.release).case_actions[action].label
    return DraftRow(row.id, label, row.reference, row.at, kind, action=action)


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
        return file_of(case, row, kind)
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
        "last_head": last(t.trail.c.at, t.trail.c.event == "head_sent"),
    }
