"""The pages with a form on them: a start, a task, a case action."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import NotAllowed, NotFound
from engine.feel import data
from engine.forms import Row
from engine.packs import REASON
from engine.progress import mail
from engine.progress.answers import judge
from engine.progress.asked import ANSWERS, asked_of_action, asked_of_start, asked_of_task, gate_of_action, names_at
from engine.progress.case_actions import is_for, may_press, waited_for
from engine.progress.correcting import changed_with, may_correct
from engine.progress.drafts import unpacked
from engine.progress.looking import Looking
from engine.progress.names import ENGINE_NAMES, Names
from engine.progress.open_tasks import holders, not_barred, readable_row
from engine.queries.papers import papers_of
from engine.queries.shapes.tasks import BareForm, FormPage, Nutshell, Paper, TaskPage
from engine.queries.words import agency_names, doer, item_name, offered_in_words, person_names, readable
from engine.releases import newest
from engine.spiff import Process
from engine.store import tables as t
from engine.store.eyes import everywhere
from engine.work import saved_state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.errors import Hit
    from engine.forms import Form
    from engine.look import Look
    from engine.packs import Button, Element
    from engine.progress.asked import Asked
    from engine.progress.drafts import DraftPlace
    from engine.spiff import Place
    from engine.work import Case


def start_page(look: Look, pack: str, start: str) -> FormPage:
    """The form that opens a case."""
    release = newest(look.db, pack)
    found = look.shelf.pack(look.db, release)
    beginning = found.starts.get(start)
    held = look.actor.holding(beginning.offer_to) if beginning else None
    if beginning is None or held is None:
        raise NotFound
    options = {name: option.default for name, option in found.options.items()}
    asked = asked_of_start(look, found, beginning, held, options)
    return _button_page(look, beginning, asked, pack, None)


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
    asked = asked_of_action(Names(look.db, case, look.settings, look.actor), offered, waiting, process.variables(waiting.task_id))
    look.shows(case.id, f"action {action}")
    return _button_page(look, offered, asked, case.pack.id, case)


def _button_page(look: Look, button: Button, asked: Asked, pack: str, case: Case | None) -> FormPage:
    draft, at, draft_id = draft_of(look, asked.draft, case)
    return FormPage(title=button.label, help=button.help, form=asked.form, names=asked.names,
                    values=draft if draft is not None else asked.form.initial(asked.names, look.now), draft=asked.draft, draft_at=at, draft_id=draft_id,
                    confirm=button.confirm, pack=pack, element=button.element, clause=", ".join(button.at.clauses), case_id=case.id if case else None)


def task_page(look: Look, task: str) -> TaskPage:
    """A task with its form, why it is there and until when; once done, what was answered."""
    row, names, asked = _task(look, task)
    case, element = names.case, asked.at
    draft, at, draft_id = draft_of(look, asked.draft, case)
    agencies = agency_names(look)
    offered = holders(look.db, task)
    done_for = sa.select(t.submissions.c.deputy_of).where(_of_task(row))
    deputy_of = look.actor.deputy_for(offered) if row.state == "open" else look.db.scalar(done_for)
    people = person_names(look, (row.claimed_by, row.done_by, deputy_of, row.item))
    clocks, due = _clocks_of(look, case, element, row.item), row.due
    locked = judge(case.pack, element.gate, asked.names, look.now) if row.state == "open" and element.gate else []
    look.shows(case.id, f"task {element.id}")
    mine = row.claimed_by == look.actor.person
    is_open, for_me = row.state == "open", mine or look.actor.answers_to(offered)
    return TaskPage(
        title=element.name, help=element.documentation or element.help, form=asked.form, names=asked.names,
        values=draft if draft is not None else _opening(look, case, element, row, asked) if is_open else {},
        draft=asked.draft, draft_at=at, draft_id=draft_id, confirm=element.confirm, pack=case.pack.id, element=element.id, clause=", ".join(element.clauses),
        case_id=case.id, id=task, reference=case.reference,
        case=_nutshell(look, case, agencies), item=item_name(row.item, {**agencies, **people}, case.pack), agency_name=agencies.get(row.agency or ""), due=due,
        due_kind=clocks[0][2] if clocks else None, overdue_days=max(0, (look.today - due).days) if due and is_open else 0, clauses=clocks,
        state=row.state, done_by_name=people.get(row.done_by) if row.done_by else None, done_at=row.done_at, claimed_by=row.claimed_by,
        claimed_by_name=people.get(row.claimed_by) if row.claimed_by else None, can_claim=is_open and row.claimed_by is None and for_me,
        can_let_go=is_open and mine, can_hand_over=is_open and (row.claimed_by is None or mine or look.actor.may("hand_over", case.id)),
        colleagues=_colleagues(look, offered) if is_open else [], locked=locked,
        barred=_barred(look, case, element, row.item, for_me=for_me) if is_open else None,
        round=row.round, offered_to=offered_in_words(case.pack, offered, agencies), submitted=_submitted(look, case, row, asked.form, asked.names),
        papers=_papers(look, element, asked.place, names, agencies) if is_open and for_me and not locked else [],
        deputy_of=people[deputy_of] if deputy_of else None, begun_by_other=_begun(look, asked, deputy_of) if is_open and deputy_of else None,
        to_correct=_to_correct(look, case, row), done=_done_of(look, row) if is_open and element.loop else None,
        made=papers_of(look, case, element.shows, row.item, offered=True) if is_open and for_me and not locked and element.shows else [])


def actions_to_press(look: Look, case: Case) -> list[Button]:
    """The buttons of this case that this person may press now; none whose gate is shut, as there is nothing yet to press it for."""
    process = running(look, case) if case.pack.case_actions else None
    if process is None:
        return []
    waiting = waited_for(case.pack, process.waiting_messages())
    theirs = [action for element, action in case.pack.case_actions.items()
              if element in waiting and (case.ended_at is None or action.after_end) and may_press(look.actor, action, waiting[element].place, case)]
    names = Names(look.db, case, look.settings, look.actor)

    def is_shut(action: Button) -> bool:
        at = waiting[action.element]
        return bool(judge(case.pack, action.at.gate, gate_of_action(names, action, at, process.variables(at.task_id)), look.now))

    return [action for action in theirs if not action.at.gate or not is_shut(action)]


def running(look: Look, case: Case) -> Process | None:
    """The case's process as it stands, to look at, opened once in a look; None once it has ended for good."""
    listens = any(action.after_end for action in case.pack.case_actions.values())
    if case.process is None and (case.ended_at is None or listens):
        case.process = Process.resume(case.program, saved_state(look.db, case), Looking(look, case))
    return case.process


def task_form(look: Look, task: str) -> BareForm:
    """What a post to a task is read with. It shows nothing of the case; whether the task may be done is the verb's to say."""
    *_, asked = _task(look, task)
    return BareForm(asked.form, asked.names, asked.at.confirm)


def task_checks(look: Look, task: str, answers: Mapping[str, Any]) -> list[Hit]:
    """What the task's tables have against these answers as things stand, refusals and asked reasons, so that it is said before they are looked over.
    Whoever may not see the task is told the same as everywhere; answers that are not clean have no hits yet. The verb asks once more."""
    row, names, asked = _task(look, task, checks=True)
    cleaned = asked.form.clean(answers, asked.names, look.now)
    if row.state != "open" or cleaned.errors:
        return []
    return judge(names.case.pack, asked.at.checks, {**asked.names, **asked.form.told(cleaned.values)}, look.now)


def _task(look: Look, task: str, *, checks: bool = False) -> tuple[Any, Names, Asked]:
    """Its row, the names of its case, and its form with all that it may use; with what its checks read, too."""
    row = readable_row(look.db, look.actor, task)
    case = look.case_by_id(row.case_id)
    names = Names(look.db, case, look.settings, look.actor)
    return row, names, asked_of_task(names, row, _variables(look, case, case.pack.tasks[row.element], row, checks=checks))


def _variables(look: Look, case: Case, element: Element, row: Any, *, checks: bool) -> dict[str, Any]:
    """The process's variables that the form and the gate read; the process is only opened when they read any. Checks are for the verb."""
    form = case.pack.form_of(element.id)
    read = set(form.paths if form else ()).union(*(case.pack.tables[table].paths for table in (*element.gate, *(element.checks if checks else ()))))
    own = {path.partition(".")[0] for path in read} - ENGINE_NAMES
    if row.state != "open":
        return dict.fromkeys(own)  # the process has moved on: what it knew then is not known any more
    readonly = form is not None and any(field.readonly for _, field in form.questions())
    if not own and not readonly and not element.inputs:
        return {}
    process = Process.resume(case.program, saved_state(look.db, case), Looking(look, case))
    return process.variables(row.id)


def draft_of(look: Look, place: DraftPlace, case: Case | None) -> tuple[dict[str, Any] | None, Any, str | None]:
    """What this person began to write there, when, and the id of this state of it."""
    row = look.db.execute(sa.select(t.drafts).where(t.drafts.c.person == look.actor.person, t.drafts.c.place == str(place))).one_or_none()
    if row is None or (row.key is None and case is None):
        return None, None, None
    if row.key is not None:
        return unpacked(data.loads(look.vault.unwrap(row.key, "drafts", row.id).open(row.answers, "drafts", row.id))), row.at, row.id
    assert case is not None  # noqa: S101 - seen above
    return unpacked(case.open(row.answers, "drafts", row.id)), row.at, row.id


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


def _clocks_of(look: Look, case: Case, element: Element, item: str | None) -> list[tuple[str, str, str]]:
    """The deadlines that press on this task, the soonest first: title, clause, kind."""
    d = t.deadlines
    rows = look.db.execute(sa.select(d.c.name, d.c.item).where(d.c.case_id == case.id, d.c.ended_at.is_(None)).order_by(d.c.due)).all()
    found = (case.pack.deadlines[row.name] for row in rows if not row.item or not item or f"/{row.item}/" in f"/{item}/")
    return [(rule.title, rule.clause or "", rule.kind) for rule in found if element.id in rule.presses_on]


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


def _of_task(row: Any) -> sa.ColumnElement[bool]:
    """The submission of a task, told in the order of the index."""
    s = t.submissions
    return sa.and_(s.c.case_id == row.case_id, s.c.element == row.element, s.c.task == row.id)


def _begun(look: Look, asked: Asked, person: str) -> Any:
    d = t.drafts
    with everywhere(look.db):   # when it was written, and nothing of what
        return look.db.scalar(sa.select(d.c.at).where(d.c.person == person, d.c.place == str(asked.draft)))


def _to_correct(look: Look, case: Case, row: Any) -> str | None:
    """The submission of a task that is done, where this person may correct it."""
    if row.state != "done" or changed_with(case, case.pack.elements[row.element]):
        return None
    s = t.submissions
    given = look.db.execute(sa.select(s.c.id, s.c.by, s.c.deputy_of).where(_of_task(row))).one_or_none()
    return given.id if given is not None and may_correct(look.actor, case, given.by, given.deputy_of) else None


def _submitted(look: Look, case: Case, row: Any, form: Form, names: Mapping[str, Any]) -> list[Row]:
    """What was answered, in words, for whoever may read it; with the reason, where a check asked for one."""
    s = t.submissions
    given = look.db.execute(sa.select(s.c.id, s.c.answers, s.c.reason).where(_of_task(row))).one_or_none() if row.state == "done" else None
    if given is None:
        return []
    rows = form.plain(case.open(given.answers, "submissions", given.id), names, look.now)
    if given.reason:
        rows.append(Row(label="Reason for going on", text=case.open(given.reason, "submissions", given.id, "reason"), path=REASON))
    return readable(look.actor, case, rows, row.agency)


def _papers(look: Look, element: Element, place: Place, names: Names, agencies: dict[str, str]) -> list[Paper]:
    """The latest answers of each task or start it shows, in words, for whoever may read them; of an item, each item's."""
    s, case, found = t.submissions, names.case, []
    for source in element.shows:
        if source not in case.pack.elements:
            continue  # a paper that a step has made: see `made`
        form, at = case.pack.form_of(source), case.pack.elements[source]
        rows = look.db.execute(ANSWERS.where(s.c.case_id == case.id, s.c.element == source).order_by(s.c.at, s.c.round)).all()
        latest = {row.item: row for row in rows if row.item is None or place.item in (None, row.item)}
        people = person_names(look, [one for row in latest.values() for one in (row.by, row.deputy_of)])
        for item, row in latest.items():
            words = form.plain(case.open(row.answers, "submissions", row.id), names_at(names, row), look.now) if form else []
            title = at.properties.get("label") or at.name
            found.append(Paper(f"{title} – {item_name(item, agencies)}" if item else title, doer(people, row), row.at,
                               readable(look.actor, case, words, row.agency)))
    return found


__all__ = ["action_page", "actions_to_press", "start_page", "task_checks", "task_form", "task_page"]
