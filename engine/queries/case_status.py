"""Where cases stand: the managers' list, and one case's page."""
from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import Erased, NotFound
from engine.look import sees_all_of
from engine.progress.held import held as held_up
from engine.progress.held import in_words
from engine.progress.readers import may_read, question
from engine.queries.corrections import done_rows
from engine.queries.diagram import marked
from engine.queries.forms_to_answer import actions_to_press
from engine.queries.incidents import open_incidents
from engine.queries.keeping import erased_case, keeping_of
from engine.queries.papers import papers_of
from engine.queries.registers import registers_of
from engine.queries.shapes.cases import ActionRow, CaseList, CasePage, CaseRow, DiagramRow, DocumentRow
from engine.queries.unsettled import unsettled_of
from engine.queries.words import agency_names, clock_row, offered_in_words, person_names, task_row
from engine.store import tables as t
from engine.store.seen import sees_case
from engine.work import case_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.look import Look
    from engine.packs import Pack
    from engine.queries.shapes.keeping import ErasedCase
    from engine.queries.shapes.tasks import TaskRow
    from engine.work import Case


MOST_WORDS = 100


def all_cases(look: Look, state: str = "open", after: str | None = None, words: str = "", limit: int = 50) -> CaseList:
    """The cases this person may see, or for managers all of them, last changed first, with their clocks. No names, no answers.

    Who sees only a part of a case is shown the clocks and tasks of that part; whether anything is `late` in all of it is for managers. `words` are looked
    for in references, and in the agencies of cases that this person may open."""
    c = t.cases
    query = sa.select(c, sees_case(look.actor).label("can_open")).where(sa.true() if look.actor.may("see_status") else sees_case(look.actor))
    if state == "late" and not look.actor.may("see_status"):
        raise NotFound
    if state != "all":
        query = query.where(c.c.ended_at.is_not(None) if state == "ended" else c.c.ended_at.is_(None))
    if state == "late":
        d = t.deadlines
        query = query.where(sa.exists().where(d.c.case_id == c.c.id, d.c.ended_at.is_(None), d.c.due < look.today))
    if words := words.strip()[:MOST_WORDS]:
        of_agency = sa.select(t.agencies.c.key).where(t.agencies.c.name.icontains(words, autoescape=True))
        query = query.where(sa.or_(c.c.reference.icontains(words, autoescape=True), sa.and_(sees_case(look.actor), c.c.agency.in_(of_agency))))
    if after:
        query = query.where(sa.tuple_(c.c.changed_at, c.c.id) < _cursor(after))
    found = look.db.execute(query.order_by(c.c.changed_at.desc(), c.c.id.desc()).limit(limit + 1)).all()
    shown = found[:limit]
    ids = [row.id for row in shown]
    clocks, tasks = _clocks(look, ids), _next_tasks(look, ids)
    incidents = open_incidents(look, {row.id: look.shelf.pack(look.db, row.release) for row in shown})
    parts = {} if look.actor.may("see_status") else _parts(look, [case for case in ids if not sees_all_of(look, case)])
    agencies, rows, held = agency_names(look), [], _held(look, shown)
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
            next_tasks=[pack.tasks[element].name for element in dict.fromkeys(tasks[row.id])][:3], can_open=bool(row.can_open), erased=row.key is None,
            held=held.get(row.id, ()), agency_name=agencies.get(row.agency or "") if row.can_open else None))
    last = found[limit - 1] if len(found) > limit else None
    return CaseList(rows, f"{last.changed_at.isoformat()}|{last.id}" if last else None)


def case_page(look: Look, reference: str) -> CasePage | ErasedCase:
    """One case: stage, deadlines, who has what, what was done, what can be pressed. An agency sees its own part of it. Of one that was erased, what is left."""
    try:
        case = look.case(reference)
    except Erased:
        return erased_case(look, reference)
    full = sees_all_of(look, case.id)
    part = set() if full else _parts(look, [case.id])[case.id]
    agencies = agency_names(look)
    been = _been(look, case)
    entered = _entered(look, case, been)
    clocks = [clock_row(look, row, case.pack, agencies) for row in _clocks(look, [case.id], ended=True)[case.id]
              if full or _mine(look, row, case.pack, part)]
    tasks = _Tasks(look, case, agencies)
    zone = look.settings.board.timezone
    people = person_names(look, [case.started_by])
    releases = look.db.execute(sa.select(t.releases.c.id, t.releases.c.number, t.releases.c.released_at).where(t.releases.c.pack == case.pack.id)
                               .order_by(t.releases.c.number.desc())).all()
    own = next(row for row in releases if row.id == case.release)
    look.shows(case.id, "case")
    return CasePage(
        id=case.id, reference=case.reference, pack=case.pack.id, pack_title=case.pack.title, release_number=own.number, released_at=own.released_at,
        newest_number=releases[0].number, newest_at=releases[0].released_at, stage=case.stage, stages=_stages(case, entered, tasks.waiting),
        started=case.started_at.astimezone(zone).date(), started_by_name=people.get(case.started_by, ""), agency_name=agencies.get(case.agency or ""),
        outcome=case.outcome, outcome_title=case.pack.outcomes.get(case.outcome or ""), ended_at=case.ended_at, clocks=clocks,
        open_tasks=tasks.open(full=full), done_tasks=done_rows(look, case, tasks.mine, agencies, entered, full=full),
        actions=_actions(look, case), diagrams=_diagrams(case, been) if full else [], picture=marked(look, case) if full else None,
        incidents=open_incidents(look, {case.id: case.pack}).get(case.id, []) if full else [],
        documents=_documents(look, case) if look.actor.may("see_answers", case.id) else [],
        papers=papers_of(look, case), figures=figures(look, case) if full else [], may_see_trail=look.actor.may("see_trail", case.id), full=full,
        unsettled=unsettled_of(look, case) if full else [], held=in_words(case, held_up(look.db, case, look.now)),
        registers=registers_of(look, case), keeping=keeping_of(look, case) if full else None)


def coming_next(look: Look, reference: str, most: int = 5) -> list[TaskRow]:
    """The soonest tasks that a case waits for, as far as this person may know: what they are called, whose they are, until when."""
    case = look.case(reference)
    return _Tasks(look, case, agency_names(look)).open(full=sees_all_of(look, case.id))[:most]


def _held(look: Look, cases: Sequence[Any]) -> dict[str, tuple[str, ...]]:
    """Case → what is held up in it at present; only cases that have rows are opened for it."""
    r = t.register_rows
    having = set(look.db.scalars(sa.select(r.c.case_id).where(r.c.case_id.in_([row.id for row in cases])).distinct()))
    found = {}
    for row in cases:
        pack = look.shelf.pack(look.db, row.release)
        if row.id in having and row.key is not None and any(register.held for register in pack.registers.values()):
            case = case_of(row, look.vault, pack, look.shelf.program(look.db, row.release))
            found[row.id] = in_words(case, held_up(look.db, case, look.now))
    return found


def figures(look: Look, case: Case) -> list[tuple[str, str]]:
    """The pack's figures that can be told already, in days."""
    return [(case.pack.figures[name].title, f"{days} days") for name, days in figures_of(look.db, case, look.settings.board.timezone).items()]


def figures_of(db: sa.Connection, case: Case, zone: Any) -> dict[str, int]:
    """Figure → days between its two moments, by the board's calendar days."""
    wanted = {moment for figure in case.pack.figures.values() for moment in (figure.since, figure.until)}
    p, d = t.passed, t.deadlines
    rows = db.execute(sa.select(p.c.element, sa.func.min(p.c.at).label("at")).where(p.c.case_id == case.id, p.c.element.in_(sorted(wanted)))
                      .group_by(p.c.element))
    days = {row.element: row.at.astimezone(zone).date() for row in rows}
    for row in db.execute(sa.select(d.c.name, d.c.counted_from, d.c.ended_on).where(d.c.case_id == case.id, d.c.nth == 1, d.c.item == "")):
        days |= {f"deadlines.{row.name}.{what}": on for what, on in (("from", row.counted_from), ("ended", row.ended_on)) if on}
    return {name: (days[figure.until] - days[figure.since]).days for name, figure in case.pack.figures.items() if figure.since in days and figure.until in days}


def _been(look: Look, case: Case) -> set[str]:
    """The elements that were passed or wait for someone."""
    p, k = t.passed, t.tasks
    return set(look.db.scalars(sa.union(sa.select(p.c.element).where(p.c.case_id == case.id), sa.select(k.c.element).where(k.c.case_id == case.id))))


def _entered(look: Look, case: Case, been: set[str]) -> set[str]:
    """The stages it has been in: those it moved to, and those that went on beside them."""
    moved = look.db.scalars(sa.select(t.trail.c.details["stage"].as_string()).where(t.trail.c.case_id == case.id, t.trail.c.event == "stage_entered"))
    return set(moved) | {stages[0] for element in been if len(stages := case.pack.stages_of.get(element, ())) == 1}


def _stages(case: Case, entered: set[str], waiting: set[str]) -> list[tuple[str, str, str]]:
    """The stages in the pack's order: where it is now, which it has been through, and the rest. It is in several where tasks of several are open."""
    now = set() if case.ended_at is not None else {case.stage} | {
        stages[0] for element in waiting if (stages := [one for one in case.pack.stages_of.get(element, ()) if one in entered])}
    return [(stage, title, "now" if stage in now else "done" if stage in entered else "coming") for stage, title in case.pack.stages.items()]


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
    """Is this a clock of this person's agency, or one that presses on a task of theirs?"""
    if clock.item:
        return look.actor.agency in clock.item.split("/") or any(
            element in pack.deadlines[clock.name].presses_on and f"/{clock.item}/" in f"/{item or ''}/" for element, item in part)
    return any(element in pack.deadlines[clock.name].presses_on for element, _ in part)


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


class _Tasks:
    """The tasks of one case, and which of them are this person's."""

    def __init__(self, look: Look, case: Case, agencies: dict[str, str]) -> None:
        self.look, self.case, self.agencies = look, case, agencies
        task, offer = t.tasks, t.offers
        self.rows = look.db.execute(sa.select(task, sa.literal(case.reference).label("reference"), sa.literal(case.stage).label("stage"))
                                    .where(task.c.case_id == case.id, task.c.state != "cancelled").order_by(task.c.due, task.c.offered_at)).all()
        self.offered: dict[str, list[str]] = defaultdict(list)
        for row in look.db.execute(sa.select(offer.c.task, offer.c.holder).where(offer.c.case_id == case.id)):
            self.offered[row.task].append(row.holder)
        self.mine = {row.id for row in self.rows if look.actor.answers_to(self.offered[row.id]) or look.actor.person in (row.claimed_by, row.done_by)}

    @property
    def waiting(self) -> set[str]:
        """The elements that wait for anyone."""
        return {row.element for row in self.rows if row.state == "open"}

    def open(self, *, full: bool) -> list[TaskRow]:
        """What is open, soonest first."""
        look, case = self.look, self.case
        people = person_names(look, [person for row in self.rows for person in (row.claimed_by, row.done_by, row.item)])
        together = Counter((row.element, row.offered_at, state) for row in self.rows if case.pack.tasks[row.element].loop for state in (row.state, "all"))
        hands_over = look.actor.may("hand_over", case.id)
        found = [task_row(look, row, case.pack, self.agencies, people, offered_in_words(case.pack, self.offered[row.id], self.agencies),
                          can_open=hands_over or row.id in self.mine, for_me=row.id in self.mine, done=_done_of(together, row))
                 for row in self.rows if row.state == "open" and (full or row.id in self.mine)]
        return sorted(found, key=lambda row: (row.due is None, row.due, row.offered_at))


def _done_of(together: Counter[tuple[str, datetime, str]], row: Any) -> tuple[int, int] | None:
    """How many of those who were asked at once have done it."""
    several = together[(row.element, row.offered_at, "all")]
    return (together[(row.element, row.offered_at, "done")], several) if several > 1 else None


def _actions(look: Look, case: Case) -> list[ActionRow]:
    """Each under its heading: its own, else the name of the called process it belongs to."""
    found = []
    for action in actions_to_press(look, case):
        process = case.pack.processes[action.at.process]
        found.append(ActionRow(action.element, action.label, action.help, action.group or ("" if process.id == case.pack.main.id else process.name or "")))
    return found


def _diagrams(case: Case, been: set[str]) -> list[DiagramRow]:
    """The main process, and every called one that this case has been in."""
    drawn = [process for process in case.pack.processes.values() if process.id == case.pack.main.id or not been.isdisjoint(process.elements)]
    return [DiagramRow(process.id, process.name or process.id) for process in sorted(drawn, key=lambda process: process.id != case.pack.main.id)]


def _documents(look: Look, case: Case) -> list[DocumentRow]:
    d = t.documents
    rows = look.db.execute(sa.select(d.c.id, d.c.field, d.c.size, d.c.at, d.c.by, d.c.name, d.c.element, t.tasks.c.agency).outerjoin(
        t.tasks, t.tasks.c.id == d.c.task).where(d.c.case_id == case.id, d.c.made_from.is_(None)).order_by(d.c.at)).all()
    people = person_names(look, (row.by for row in rows))
    return [DocumentRow(row.id, case.open(row.name, "documents", row.id, "name"),
                        _label(case, row.element, row.field), row.size, row.at, people.get(row.by, ""))
            for row in rows if may_read(look.actor, case, row.element, row.field, row.agency)]


def _label(case: Case, element: str, path: str) -> str:
    field = question(case, element, path)
    return field.label if field else path
