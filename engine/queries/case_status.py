"""Where cases stand: the managers' list, and one case's page."""
from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import NotFound
from engine.look import sees_all_of
from engine.queries.forms_to_answer import actions_to_press
from engine.queries.incidents import open_incidents
from engine.queries.shapes import ActionRow, CaseList, CasePage, CaseRow, DiagramRow, DocumentRow, DoneRow
from engine.queries.words import agency_names, clock_row, item_name, may_read, offered_in_words, person_names, question, task_row
from engine.store import tables as t
from engine.store.seen import sees_case

if TYPE_CHECKING:
    from engine.look import Look
    from engine.packs import Pack
    from engine.queries.shapes import TaskRow
    from engine.work import Case


def all_cases(look: Look, state: str = "open", after: str | None = None, limit: int = 50) -> CaseList:
    """The cases this person may see, or for managers all of them, last changed first, with their clocks. No names, no answers.

    Who sees only a part of a case is shown the clocks and tasks of that part."""
    c = t.cases
    query = sa.select(c, sees_case(look.actor).label("can_open")).where(sa.true() if look.actor.may("see_status") else sees_case(look.actor))
    if state != "all":
        query = query.where(c.c.ended_at.is_(None) if state == "open" else c.c.ended_at.is_not(None))
    if after:
        query = query.where(sa.tuple_(c.c.changed_at, c.c.id) < _cursor(after))
    found = look.db.execute(query.order_by(c.c.changed_at.desc(), c.c.id.desc()).limit(limit + 1)).all()
    shown = found[:limit]
    ids = [row.id for row in shown]
    clocks, tasks = _clocks(look, ids), _next_tasks(look, ids)
    incidents = open_incidents(look, {row.id: look.shelf.pack(look.db, row.release) for row in shown})
    parts = {} if look.actor.may("see_status") else _parts(look, [case for case in ids if not sees_all_of(look, case)])
    agencies, rows = agency_names(look), []
    for row in shown:
        pack = look.shelf.pack(look.db, row.release)
        running = [clock_row(look, clock, pack, agencies) for clock in clocks[row.id] if row.id not in parts or _mine(look, clock, pack, parts[row.id])]
        if row.id in parts:
            own = {element for element, _ in parts[row.id]}
            tasks[row.id] = [element for element in tasks[row.id] if element in own]
        rows.append(CaseRow(
            reference=row.reference, stage_title=pack.stages.get(row.stage or "", ""), started=row.started_at.astimezone(look.settings.board.timezone).date(),
            ended_at=row.ended_at, outcome=row.outcome, outcome_title=pack.outcomes.get(row.outcome or ""), clocks=running,
            late=sum(1 for clock in running if clock.days < 0), open_tasks=len(tasks[row.id]), incidents=len(incidents.get(row.id, ())),
            next_tasks=[pack.tasks[element].name for element in dict.fromkeys(tasks[row.id])][:3], can_open=bool(row.can_open)))
    last = found[limit - 1] if len(found) > limit else None
    return CaseList(rows, f"{last.changed_at.isoformat()}|{last.id}" if last else None)


def case_page(look: Look, reference: str) -> CasePage:
    """One case: stage, deadlines, who has what, what was done, what can be pressed. An agency sees its own part of it."""
    case = look.case(reference)
    full = sees_all_of(look, case.id)
    part = set() if full else _parts(look, [case.id])[case.id]
    agencies = agency_names(look)
    open_tasks, done = _tasks(look, case, agencies, full=full)
    clocks = [clock_row(look, row, case.pack, agencies) for row in _clocks(look, [case.id], ended=True)[case.id]
              if full or _mine(look, row, case.pack, part)]
    zone = look.settings.board.timezone
    people = person_names(look, [case.started_by])
    number = look.db.scalar(sa.select(t.releases.c.number).where(t.releases.c.id == case.release)) or 0
    look.shows(case.id, "case")
    return CasePage(
        id=case.id, reference=case.reference, pack_title=case.pack.title, release_number=number, stage=case.stage, stages=_stages(look, case),
        started=case.started_at.astimezone(zone).date(), started_by_name=people.get(case.started_by, ""), agency_name=agencies.get(case.agency or ""),
        outcome=case.outcome, outcome_title=case.pack.outcomes.get(case.outcome or ""), ended_at=case.ended_at, clocks=clocks,
        open_tasks=open_tasks, done_tasks=done, actions=_actions(look, case), diagrams=_diagrams(look, case) if full else [],
        incidents=open_incidents(look, {case.id: case.pack}).get(case.id, []) if full else [],
        documents=_documents(look, case) if look.actor.may("see_answers", case.id) else [],
        figures=figures(look, case) if full else [], may_see_trail=look.actor.may("see_trail", case.id), full=full)


def figures(look: Look, case: Case) -> list[tuple[str, str]]:
    """The pack's figures that can be told already, in days."""
    return [(case.pack.figures[name].title, f"{days} days") for name, days in figures_of(look.db, case, look.settings.board.timezone).items()]


def figures_of(db: sa.Connection, case: Case, zone: Any) -> dict[str, int]:
    """Figure → days between the first passing of its two elements, by the board's calendar days."""
    wanted = {element for figure in case.pack.figures.values() for element in (figure.since, figure.until)}
    p = t.passed
    rows = db.execute(sa.select(p.c.element, sa.func.min(p.c.at).label("at")).where(p.c.case_id == case.id, p.c.element.in_(sorted(wanted)))
                      .group_by(p.c.element))
    days = {row.element: row.at.astimezone(zone).date() for row in rows}
    return {name: (days[figure.until] - days[figure.since]).days for name, figure in case.pack.figures.items() if figure.since in days and figure.until in days}


def _stages(look: Look, case: Case) -> list[tuple[str, str, str]]:
    """The stages in the pack's order: where it is now, which it has been through, and the rest."""
    entered = set(look.db.scalars(sa.select(t.trail.c.details["stage"].as_string()).where(t.trail.c.case_id == case.id, t.trail.c.event == "stage_entered")))
    found = []
    for stage, title in case.pack.stages.items():
        state = "now" if stage == case.stage and case.ended_at is None else "done" if stage in entered else "coming"
        found.append((stage, title, state))
    return found


def _clocks(look: Look, cases: list[str], *, ended: bool = False) -> dict[str, list[Any]]:
    d, rows = t.deadlines, defaultdict(list)
    query = sa.select(d).where(d.c.case_id.in_(cases))
    if not ended:
        query = query.where(d.c.ended_at.is_(None))
    for row in look.db.execute(query.order_by(d.c.due, d.c.name)):
        rows[row.case_id].append(row)
    return rows


def _parts(look: Look, cases: list[str]) -> dict[str, set[tuple[str, str | None]]]:
    """Case → the tasks (element and item) that were put to this person, or that they did."""
    task, offer = t.tasks, t.offers
    offered = sa.exists().where(offer.c.task == task.c.id, offer.c.holder.in_(sorted(look.actor.holders)))
    query = sa.select(task.c.case_id, task.c.element, task.c.item).where(
        task.c.case_id.in_(cases), sa.or_(offered, task.c.claimed_by == look.actor.person, task.c.done_by == look.actor.person))
    found: dict[str, set[tuple[str, str | None]]] = {case: set() for case in cases}
    for row in look.db.execute(query):
        found[row.case_id].add((row.element, row.item))
    return found


def _mine(look: Look, clock: Any, pack: Pack, part: set[tuple[str, str | None]]) -> bool:
    """Is this a clock of this person's agency, or one that a task of theirs would meet?"""
    if clock.item:
        return clock.item == look.actor.agency or any(
            element in pack.deadlines[clock.name].ends and f"{item or ''}/".startswith(f"{clock.item}/") for element, item in part)
    return any(element in pack.deadlines[clock.name].ends for element, _ in part)


def _cursor(after: str) -> Any:
    at, _, case = after.partition("|")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        raise NotFound from None
    if moment.tzinfo is None:
        raise NotFound
    return sa.tuple_(sa.literal(moment, t.cases.c.changed_at.type), sa.literal(case))


def _next_tasks(look: Look, cases: list[str]) -> dict[str, list[str]]:
    rows = defaultdict(list)
    query = sa.select(t.tasks.c.case_id, t.tasks.c.element).where(t.tasks.c.case_id.in_(cases), t.tasks.c.state == "open")
    due = sa.func.coalesce(t.tasks.c.due, sa.literal("9999-12-31")) if look.db.dialect.name == "sqlite" else t.tasks.c.due
    for row in look.db.execute(query.order_by(due, t.tasks.c.offered_at)):
        rows[row.case_id].append(row.element)
    return rows


def _tasks(look: Look, case: Case, agencies: dict[str, str], *, full: bool) -> tuple[list[TaskRow], list[DoneRow]]:
    task, offer = t.tasks, t.offers
    rows = look.db.execute(sa.select(task, sa.literal(case.reference).label("reference"), sa.literal(case.stage).label("stage"))
                           .where(task.c.case_id == case.id, task.c.state != "cancelled").order_by(task.c.due, task.c.offered_at)).all()
    offered: dict[str, list[str]] = defaultdict(list)
    for row in look.db.execute(sa.select(offer.c.task, offer.c.holder).where(offer.c.case_id == case.id)):
        offered[row.task].append(row.holder)
    mine = {row.id for row in rows if look.actor.answers_to(offered[row.id]) or look.actor.person in (row.claimed_by, row.done_by)}
    people = person_names(look, [person for row in rows for person in (row.claimed_by, row.done_by)])
    hands_over = look.actor.may("hand_over", case.id)
    open_rows = [task_row(look, row, case.pack, agencies, people, offered_in_words(case.pack, offered[row.id], agencies), can_open=hands_over or row.id in mine)
                 for row in rows if row.state == "open" and (full or row.id in mine)]
    done = [DoneRow(name=case.pack.tasks[row.element].name, item=item_name(row.item, agencies), who=people.get(row.done_by, ""), at=row.done_at,
                    task=row.id if row.id in mine or look.actor.may("see_answers", case.id) else None)
            for row in sorted((row for row in rows if row.state == "done"), key=lambda row: row.done_at, reverse=True) if full or row.id in mine]
    return sorted(open_rows, key=lambda row: (row.due is None, row.due, row.offered_at)), done


def _actions(look: Look, case: Case) -> list[ActionRow]:
    return [ActionRow(action.element, action.label, action.help) for action in actions_to_press(look, case)]


def _diagrams(look: Look, case: Case) -> list[DiagramRow]:
    """The main process, and every called one that this case has been in."""
    been = set(look.db.scalars(sa.select(t.passed.c.element).where(t.passed.c.case_id == case.id).distinct()))
    been |= set(look.db.scalars(sa.select(t.tasks.c.element).where(t.tasks.c.case_id == case.id)))
    drawn = [process for process in case.pack.processes.values() if process.id == case.pack.main.id or not been.isdisjoint(process.elements)]
    return [DiagramRow(process.id, process.name or process.id) for process in sorted(drawn, key=lambda process: process.id != case.pack.main.id)]


def _documents(look: Look, case: Case) -> list[DocumentRow]:
    d = t.documents
    rows = look.db.execute(sa.select(d.c.id, d.c.field, d.c.size, d.c.at, d.c.by, d.c.name, d.c.element).where(d.c.case_id == case.id).order_by(d.c.at)).all()
    people = person_names(look, (row.by for row in rows))
    return [DocumentRow(row.id, case.open(row.name, "documents", row.id, "name"),
                        _label(case, row.element, row.field), row.size, row.at, people.get(row.by, ""))
            for row in rows if may_read(look.actor, case, row.element, row.field)]


def _label(case: Case, element: str, path: str) -> str:
    field = question(case, element, path)
    return field.label if field else path
