"""Complete a task with its form's answers."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine import progress
from engine.errors import NotFound
from engine.progress.answers import draft_place, forget_draft, keep, locked, take
from engine.progress.open_tasks import asked_of, holders, not_barred, still_open, task_row
from engine.rules.proof import need_proof
from engine.spiff import Place
from engine.store import tables as t

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.work import Work

_DONE = sa.update(t.tasks).where(t.tasks.c.id == sa.bindparam("this"))
_OFFERED_NO_MORE = sa.update(t.offers).where(t.offers.c.task == sa.bindparam("this"))


def submit_task(work: Work, task: str, answers: Mapping[str, Any]) -> str:
    """The task is done, and the process has gone on. Gives the id of its case."""
    if work.actor.person is None:
        raise NotFound
    case = work.hold_case_of(task)
    row = task_row(work.db, work.actor, task)
    still_open(row, work.actor)
    element = case.pack.tasks[row.element]
    not_barred(work.db, case, element, work.actor, row.item)

    here = progress.resume(work, case)
    place = Place(element=element.id, process=element.process, item=row.item, agency=row.agency)
    asked = asked_of(case, here.looked_up, element, place, here.variables(task), task)
    locked(case.pack, element.gate, asked.names, work.now)
    taken = take(work, case.pack, asked, answers)
    if element.confirm_identity:
        need_proof(work)

    values = keep(work, case, asked, taken, work.actor.deputy_for(holders(work.db, task)) if work.actor.is_deputy else None)
    here.looked_up.forget(element.id)
    work.db.execute(_DONE, {"this": task, "state": "done", "done_at": work.now, "done_by": work.actor.person})
    work.db.execute(_OFFERED_NO_MORE, {"this": task, "open": False})
    forget_draft(work, draft_place(task=task))
    work.record("task_completed", task=task, element=element.id, item=row.item, round=row.round)
    progress.complete(here, task, values)
    return case.id
