"""The pages with a form on them: a start, a task, a case action."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import NotAllowed, NotFound
from engine.feel import data
from engine.forms import Row
from engine.packs import REASON
from engine.progress import mail
from engine.progress.answers import draft_place, judge, paths_of
from engine.progress.case_actions import is_for, may_press, waited_for
from engine.progress.looking import Looking
from engine.progress.names import ENGINE_NAMES, Names, outside_a_case
from engine.progress.open_tasks import asked_of, holders, not_barred, readable_row
from engine.queries.papers import papers_of
from engine.queries.shapes.tasks import BareForm, FormPage, Nutshell, Paper, TaskPage
from engine.queries.words import agency_names, doer, item_name, offered_in_words, person_names, readable
from engine.releases import newest
from engine.spiff import Place, Process
from engine.store import tables as t
from engine.work import saved_state

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from engine.forms import Form
    from engine.look import Look
    from engine.packs import Element, Start
    from engine.progress.answers import Asked
    from engine.work import Case


def start_page(look: Look, pack: str, start: str) -> FormPage:
    """The form that opens a case."""
    release = newest(look.db, pack)
    found = look.shelf.pack(look.db, release)
    beginning = found.starts.get(start)
    if beginning is None or not look.actor.roles().intersection(beginning.offer_to):
        raise NotFound
    options = {name: option.default for name, option in found.options.items()}
    names = outside_a_case(found, paths_of(found, beginning.at), look.db, look.settings, look.actor, options, look.today)
    form = found.forms[beginning.form or ""]
    draft, at = draft_of(look, draft_place(start=(pack, start)), None)
    return FormPage(title=beginning.label, help=beginning.help, form=form, names=names, values=draft if draft is not None else form.initial(names, look.now),
                    draft_at=at, confirm=beginning.confirm, pack=pack, element=start, clause=", ".join(beginning.at.clauses), case_id=None)


def action_page(look: Look, reference: str, action: str) -> FormPage:
    """The form of a button of the case."""
    case = look.case(reference)
    offered = case.pack.case_actions.get(action)
    if offered is None or not is_for(look.actor, offered, case):
        raise NotFound
    process = running(look, case)
    waiting = waited_for(case.pack, process.waiting_messages()).get(action) if process else None
    if process is None or waiting is None or (case.ended_at is not None and not offered.after_end):
        raise NotAllowed(f"“{offered.label}” is not possible now.")
    if not may_press(look.actor, offered, waiting.place, case):
        raise NotFound
    asked = asked_of(case, Names(look.db, case, look.settings, look.actor), offered.at, waiting.place, process.variables(waiting.task_id), None)
    draft, at = draft_of(look, draft_place(action=(case.id, action)), case)
    look.shows(case.id, f"action {action}")
    return FormPage(title=offered.label, help=offered.help, form=asked.form, names=asked.names,
                    values=draft if draft is not None else asked.form.initial(asked.names, look.now), draft_at=at, confirm=offered.confirm,
                    pack=case.pack.id, element=action, clause=", ".join(offered.at.clauses), case_id=case.id)


def task_page(look: Look, task: str) -> TaskPage:
    """A task with its form, why it is there and until when; once done, what was answered."""
    row = readable_row(look.db, look.actor, task)
    case = look.case_by_id(row.case_id)
    element = case.pack.tasks[row.element]
    place = Place(element=element.id, process=element.process, item=row.item, agency=row.agency)
    names = Names(look.db, case, look.settings, look.actor)
    variables = _variables(look, case, element, row)
    asked = asked_of(case, names, element, place, variables, task)
    draft, at = draft_of(look, draft_place(task=task), case)
    agencies = agency_names(look)
    offered = holders(look.db, task)
    done_for = sa.select(t.submissions.c.deputy_of).where(t.submissions.c.task == task)
    deputy_of = look.actor.deputy_for(offered) if row.state == "open" else look.db.scalar(done_for)
    people = person_names(look, (row.claimed_by, row.done_by, deputy_of, row.item))
    clocks, on_the_way_to = _clocks_of(look, case, element, row.item)
    due = row.due or on_the_way_to
    locked = judge(case.pack, element.gate, asked.names, look.now) if row.state == "open" and element.gate else []
    look.shows(case.id, f"task {element.id}")
    mine = row.claimed_by == look.actor.person
    is_open, for_me = row.state == "open", mine or look.actor.answers_to(offered)
    return TaskPage(
        title=element.name, help=element.documentation or element.help, form=asked.form, names=asked.names,
        values=draft if draft is not None else _opening(look, case, element, row, asked) if is_open else {}, draft_at=at, confirm=element.confirm,
        pack=case.pack.id, element=element.id, clause=", ".join(element.clauses), case_id=case.id, id=task, reference=case.reference,
        case=_nutshell(look, case, agencies), item=item_name(row.item, {**agencies, **people}, case.pack), agency_name=agencies.get(row.agency or ""), due=due,
        due_kind=clocks[0][2] if clocks else None, overdue_days=max(0, (look.today - due).days) if due and is_open else 0, clauses=clocks,
        state=row.state, done_by_name=people.get(row.done_by) if row.done_by else None, done_at=row.done_at, claimed_by=row.claimed_by,
        claimed_by_name=people.get(row.claimed_by) if row.claimed_by else None, can_claim=is_open and row.claimed_by is None and for_me,
        can_let_go=is_open and mine, can_hand_over=is_open and (row.claimed_by is None or mine or look.actor.may("hand_over", case.id)),
        colleagues=_colleagues(look, offered) if is_open else [], locked=locked,
        barred=_barred(look, case, element, row.item, for_me=for_me) if is_open else None,
        round=row.round, offered_to=offered_in_words(case.pack, offered, agencies), submitted=_submitted(look, case, row, asked.form, asked.names),
        papers=_papers(look, case, element, place, names, agencies) if is_open and for_me and not locked else [],
        deputy_of=people[deputy_of] if deputy_of else None, done=_done_of(look, row) if is_open and element.loop else None,
        made=papers_of(look, case, element.shows, row.item, offered=True) if is_open and for_me and not locked and element.shows else [])


def actions_to_press(look: Look, case: Case) -> list[Start]:
    """The buttons of this case that this person may press now."""
    process = running(look, case) if case.pack.case_actions else None
    waiting = waited_for(case.pack, process.waiting_messages()) if process else {}
    return [action for element, action in case.pack.case_actions.items()
            if element in waiting and (case.ended_at is None or action.after_end) and may_press(look.actor, action, waiting[element].place, case)]


def running(look: Look, case: Case) -> Process | None:
    """The case's process as it stands, to look at; None once it has ended for good."""
    listens = any(action.after_end for action in case.pack.case_actions.values())
    return None if case.ended_at is not None and not listens else Process.resume(case.program, saved_state(look.db, case), Looking(look, case))


def task_form(look: Look, task: str) -> BareForm:
    """What a post to a task is read with. It shows nothing of the case; whether the task may be done is the verb's to say."""
    row = readable_row(look.db, look.actor, task)
    case = look.case_by_id(row.case_id)
    element = case.pack.tasks[row.element]
    place = Place(element=element.id, process=element.process, item=row.item, agency=row.agency)
    variables = _variables(look, case, element, row)
    asked = asked_of(case, Names(look.db, case, look.settings, look.actor), element, place, variables, task)
    return BareForm(asked.form, asked.names, element.confirm)


def _variables(look: Look, case: Case, element: Element, row: Any) -> dict[str, Any]:
    """The process's variables that the form and the gate read; the process is only opened when they read any. Checks are for the verb."""
    form = case.pack.form_of(element.id)
    read = set(form.paths if form else ()).union(*(case.pack.tables[table].paths for table in element.gate))
    own = {path.partition(".")[0] for path in read} - ENGINE_NAMES
    if row.state != "open":
        return dict.fromkeys(own)  # the process has moved on: what it knew then is not known any more
    readonly = form is not None and any(field.readonly for _, field in form.questions())
    if not own and not readonly and not element.inputs:
        return {}
    process = Process.resume(case.program, saved_state(look.db, case), Looking(look, case))
    return process.variables(row.id)


def draft_of(look: Look, place: str, case: Case | None) -> tuple[dict[str, Any] | None, Any]:
    row = look.db.execute(sa.select(t.drafts).where(t.drafts.c.person == look.actor.person, t.drafts.c.place == place)).one_or_none()
    if row is None:
        return None, None
    if row.key is not None:
        return data.loads(look.vault.unwrap(row.key, "drafts", row.id).open(row.answers, "drafts", row.id)), row.at
    if case is None:
        return None, None
    return case.open(row.answers, "drafts", row.id), row.at


def _opening(look: Look, case: Case, element: Element, row: Any, asked: Asked) -> dict[str, Any]:
    """What the form opens with: its own defaults, and what was answered earlier where the task says so."""
    values = asked.form.initial(asked.names, look.now)
    s = t.submissions
    for source in element.opens_with:
        same = (s.c.case_id == case.id, s.c.element == source, sa.or_(s.c.item.is_(None), s.c.item == row.item))
        found = look.db.execute(sa.select(s.c.id, s.c.answers).where(*same).order_by(s.c.at.desc(), s.c.round.desc()).limit(1)).one_or_none()
        if found is not None:
            fixed = {item.key for _, item in asked.form.questions() if item.readonly}
            before = case.open(found.answers, "submissions", found.id)
            return values | {key: value for key, value in before.items() if key in values and key not in fixed}
    return values


def _clocks_of(look: Look, case: Case, element: Element, item: str | None) -> tuple[list[tuple[str, str, str]], date | None]:
    """The deadlines this task would meet: title, clause, kind. If it meets none, the soonest of its item, which it is on the way to, and its day."""
    d = t.deadlines
    rows = look.db.execute(sa.select(d.c.name, d.c.item, d.c.due).where(d.c.case_id == case.id, d.c.ended_at.is_(None)).order_by(d.c.due)).all()
    found = [(case.pack.deadlines[row.name], row) for row in rows if not row.item or row.item == item]
    met = [(rule, row) for rule, row in found if element.id in rule.ends]
    near = [] if met else [(rule, row) for rule, row in found if row.item and not rule.milestone][:1]
    return [(rule.title, rule.clause or "", rule.kind) for rule, _ in met or near], near[0][1].due if near else None


def _nutshell(look: Look, case: Case, agencies: dict[str, str]) -> Nutshell:
    return Nutshell(reference=case.reference, stage_title=case.pack.stages.get(case.stage or "", ""),
                    started=case.started_at.astimezone(look.settings.board.timezone).date(), agency_name=agencies.get(case.agency or ""))


def _done_of(look: Look, row: Any) -> tuple[int, int] | None:
    """How many of those who were asked at once have done it."""
    k = t.tasks
    query = sa.select(k.c.state, sa.func.count()).where(k.c.case_id == row.case_id, k.c.element == row.element, k.c.offered_at == row.offered_at)
    found: dict[str, int] = dict(look.db.execute(query.where(k.c.state != "cancelled").group_by(k.c.state)).all())
    several = sum(found.values())
    return (found.get("done", 0), several) if several > 1 else None


def _colleagues(look: Look, offered: list[str]) -> list[tuple[str, str]]:
    people = [person for person in mail.holders_of(look.db, offered, look.today) if person != look.actor.person]
    names = person_names(look, people)
    return sorted(((person, names[person]) for person in people), key=lambda one: one[1])


def _barred(look: Look, case: Case, element: Element, item: str | None, *, for_me: bool) -> str | None:
    if not for_me:
        return "This task is not yours to do. You can hand it to one of those it is offered to."
    try:
        not_barred(look.db, case, element, look.actor, item)
    except NotAllowed as refusal:
        return refusal.says[0]
    return None


def _submitted(look: Look, case: Case, row: Any, form: Form, names: Mapping[str, Any]) -> list[Row]:
    """What was answered, in words, for whoever may read it; with the reason, where a check asked for one."""
    s = t.submissions
    given = look.db.execute(sa.select(s.c.id, s.c.answers, s.c.reason).where(s.c.task == row.id)).one_or_none() if row.state == "done" else None
    if given is None:
        return []
    rows = form.plain(case.open(given.answers, "submissions", given.id), names, look.now)
    if given.reason:
        rows.append(Row(label="Reason for going on", text=case.open(given.reason, "submissions", given.id, "reason"), path=REASON))
    return readable(look.actor, case, rows, row.agency)


def _papers(look: Look, case: Case, element: Element, place: Place, names: Names, agencies: dict[str, str]) -> list[Paper]:
    """The latest answers of each task or start it shows, in words, for whoever may read them; of an item, each item's."""
    s, found = t.submissions, []
    for source in element.shows:
        if source not in case.pack.elements:
            continue  # a paper that a step has made: see `made`
        form, at = case.pack.form_of(source), case.pack.elements[source]
        columns = (s.c.id, s.c.item, s.c.answers, s.c.by, s.c.deputy_of, s.c.at, t.tasks.c.agency)
        rows = look.db.execute(sa.select(*columns).outerjoin(t.tasks, t.tasks.c.id == s.c.task)
                               .where(s.c.case_id == case.id, s.c.element == source).order_by(s.c.at, s.c.round)).all()
        latest = {row.item: row for row in rows if row.item is None or place.item in (None, row.item)}
        people = person_names(look, [one for row in latest.values() for one in (row.by, row.deputy_of)])
        for item, row in latest.items():
            words = form.plain(case.open(row.answers, "submissions", row.id), names.of(paths_of(case.pack, at), place), look.now) if form else []
            title = at.properties.get("label") or at.name
            found.append(Paper(f"{title} – {item_name(item, agencies)}" if item else title, doer(people, row), row.at,
                               readable(look.actor, case, words, row.agency)))
    return found


__all__ = ["action_page", "actions_to_press", "start_page", "task_form", "task_page"]
