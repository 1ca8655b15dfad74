"""Make the rows of tasks, offers, timers and the case agree with its process."""
from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import Incident
from engine.progress import mail
from engine.rules.access import offered_to
from engine.store import tables as t
from engine.store.database import new_id
from engine.store.written import told

if TYPE_CHECKING:
    from datetime import date

    from engine.progress.surroundings import Here
    from engine.spiff import OpenTask

NEW_TASK = "task_offered"
#: The open tasks of a case, and earlier rounds of those that the process waits for now.
_TASKS = sa.select(t.tasks.c.id, t.tasks.c.element, t.tasks.c.item, t.tasks.c.due, t.tasks.c.state).where(
    t.tasks.c.case_id == sa.bindparam("case"), sa.or_(t.tasks.c.state == "open", t.tasks.c.element.in_(sa.bindparam("elements", expanding=True))))

_NEW_TASKS, _NEW_OFFERS = told(sa.insert(t.tasks)), told(sa.insert(t.offers))


def agree(here: Here) -> None:
    """After this, what people see is what the process waits for."""
    process = here.case.process
    if process is None:
        raise Incident("The process was not resumed.")
    _tasks(here, {task.id: task for task in process.open_tasks()})
    _case(here)
    _moments(here)
    if here.passed:
        here.work.db.execute(sa.insert(t.passed), [
            {"case_id": here.case.id, "version": here.case.version + 1, "element": element, "item": item, "at": here.work.now}
            for element, item in here.passed])
        here.passed = []
    here.readings.write()


def _tasks(here: Here, wanted: dict[str, OpenTask]) -> None:
    work, case = here.work, here.case
    rows = work.db.execute(_TASKS, {"case": case.id, "elements": sorted({task.place.element for task in wanted.values()})}).all()
    known = {row.id: row for row in rows if row.state == "open"}
    gone = known.keys() - wanted.keys()
    if gone:
        work.write(sa.update(t.tasks).where(t.tasks.c.id.in_(gone)).values(state="cancelled"))
        work.write(sa.update(t.offers).where(t.offers.c.task.in_(gone)).values(open=False))
        for task in sorted(gone, key=lambda task: (known[task].element, known[task].item or "")):
            work.record("task_cancelled", task=task, element=known[task].element, item=known[task].item)
    fresh = [wanted[task] for task in wanted if task not in known]
    if fresh:
        _offer(here, fresh, rounds=Counter((row.element, row.item) for row in rows))
    if here.clocks.moved:
        for task, row in known.items():
            due = _due_of(here, row.element, row.item)
            if task in wanted and due != row.due:
                work.write(sa.update(t.tasks).where(t.tasks.c.id == task).values(due=due))
                work.write(sa.update(t.offers).where(t.offers.c.task == task).values(due=due))


def _offer(here: Here, fresh: list[OpenTask], rounds: Counter[tuple[str, str | None]]) -> None:
    work, case = here.work, here.case
    rows: list[dict[str, Any]] = []
    offers: list[dict[str, Any]] = []
    for task in fresh:
        place, due = task.place, _due_of(here, task.place.element, task.place.item)
        rounds[(place.element, place.item)] += 1
        rows.append({"id": task.id, "case_id": case.id, "element": place.element, "process": place.process, "item": place.item, "agency": place.agency,
                     "round": rounds[(place.element, place.item)], "state": "open", "offered_at": work.now, "due": due, "claimed_by": task.assignee})
        holders = _holders(here, task)
        if task.assignee and holders and task.assignee not in mail.holders_of(work.db, holders, work.today):
            raise Incident("This task is meant for someone it is not offered to.", element=place.element)
        offers += [{"task": task.id, "holder": who, "case_id": case.id, "open": True, "due": due, "offered_at": work.now} for who in holders]
        work.record("task_offered", task=task.id, element=place.element, item=place.item)
    work.write(_NEW_TASKS, rows)
    if offers:
        work.write(_NEW_OFFERS, offers)
    if NEW_TASK in case.pack.messages:
        _tell(here, fresh, rows, offers)


def _tell(here: Here, fresh: list[OpenTask], rows: list[dict[str, Any]], offers: list[dict[str, Any]]) -> None:
    """A mail to whoever can do one of these new tasks."""
    people = mail.holders_by_offer(here.work.db, (offer["holder"] for offer in offers), here.work.today) if offers else {}
    for task, row in zip(fresh, rows, strict=True):
        meant = [task.assignee] if task.assignee else sorted({one for offer in offers if offer["task"] == task.id for one in people[offer["holder"]]})
        mail.tell(here.work, here.case, NEW_TASK, meant, due=row["due"], task=here.case.pack.tasks[task.place.element].name,
                  link=f"{here.work.settings.mail.base_url}/tasks/{task.id}")


def _holders(here: Here, task: OpenTask) -> list[str]:
    """To whom a task goes. A task that nobody could ever do is an incident, not a silence."""
    found = []
    for name in task.groups:
        role = here.case.pack.roles.get(name)
        if role is None:
            raise Incident(f"No role is called “{name}”.", element=task.place.element)
        try:
            found.append(offered_to(name, role.scope, task.place.agency, here.case.id))
        except ValueError as problem:
            raise Incident(str(problem), element=task.place.element) from problem
    if not found and not task.assignee:
        raise Incident("This task is offered to nobody.", element=task.place.element)
    return list(dict.fromkeys(found))


def _due_of(here: Here, element: str, item: str | None) -> date | None:
    """The soonest clock that presses on this task."""
    dates = [row["due"] for row in here.clocks.rows
             if row["ended_at"] is None and element in here.case.pack.deadlines[row["name"]].presses_on
             and (not row["item"] or not item or f"/{row['item']}/" in f"/{item}/")]
    return min(dates, default=None)


def _case(here: Here) -> None:
    work, case, process = here.work, here.case, here.case.process
    if process is None:
        return
    if process.stage and process.stage != case.stage:
        case.stage = process.stage
        work.record("stage_entered", stage=case.stage)
    if process.ended and case.ended_at is None:
        _ends(here, process.outcome)
    elif (outcome := _outcome_passed(here)) and outcome != case.outcome:
        _ends(here, outcome)


def _outcome_passed(here: Here) -> str | None:
    """The outcome at an event passed in this step: the case has ended, though its process still listens for what may come after."""
    passed = [here.case.pack.elements[element] for element, _ in here.passed if element in here.case.pack.elements]
    return next((element.outcome for element in reversed(passed) if element.outcome and element.kind == "intermediateThrowEvent"), None)


def _ends(here: Here, outcome: str | None) -> None:
    case = here.case
    case.outcome = outcome
    if case.ended_at is None:
        case.ended_at = here.work.now
        here.clocks.end_all()
    here.work.record("case_ended", outcome=outcome)


def _moments(here: Here) -> None:
    """Timers that no deadline owns: one row for each waiting event, written when it begins to wait and taken back when it does not."""
    work, case, process = here.work, here.case, here.case.process
    if process is None or not case.pack.has_own_timers:
        return
    wanted = {moment.task_id: moment.at for moment in process.waiting_moments() if moment.deadline is None and moment.at is not None}
    known = {row.event: row.id for row in work.db.execute(
        sa.select(t.timers.c.event, t.timers.c.id).where(t.timers.c.case_id == case.id, t.timers.c.kind == "event", t.timers.c.fired_at.is_(None)))}
    if gone := [known[event] for event in known.keys() - wanted.keys()]:
        work.db.execute(sa.delete(t.timers).where(t.timers.c.id.in_(gone)))
    if fresh := [{"id": new_id(), "case_id": case.id, "kind": "event", "event": event, "due_at": wanted[event]} for event in wanted.keys() - known.keys()]:
        work.db.execute(sa.insert(t.timers), fresh)
