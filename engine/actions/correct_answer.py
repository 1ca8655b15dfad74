"""Correct an answer that was given, with a reason; what was answered before stays beside it."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine import progress
from engine.errors import Conflict, NotFound, Refused
from engine.progress.answers import keep_files, whose_case
from engine.progress.correcting import answer_of, judged
from engine.progress.drafts import forget_draft
from engine.progress.effects import Given, effects_of
from engine.store import tables as t
from engine.store.database import new_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.progress import Here
    from engine.progress.correcting import Answer, Corrected
    from engine.progress.effects import Effects
    from engine.work import Work


def correct_answer(work: Work, task: str, answers: Mapping[str, Any], reason: str, since: int | None = None) -> str:
    """The answer given to this task, or with this start or button (the id of its submission), is right from now on. Gives the id of its case.

    `answers` name only what changes. The whole answer is cleaned by its form and judged by its checks again; what the person may not read stays.
    Refused: a change of nothing, of rows in registers, of appointments, and of a day that something happened on to one that has not come.

    What counts from it follows. The output mapping of the task is worked out with the old and the new answers; a variable that differs is
    written anew in every scope of the running process that still holds the old value (of the same item; handed on by calls too), unless something
    else has written it since. Each deadline is asked again for its dates, with what it had read when it started or ended: due, timers and unsent
    reminders move, a breach is made or undone, and the trail keeps the old date. Papers made from the answer are out of date from now on.
    Choices, tables, conditions of deadlines and timer events that would have gone otherwise are listed for a person to settle: nothing is run again.

    `since` is how many corrections the person had seen: whoever comes second looks first."""
    s = t.submissions
    found = work.db.execute(sa.select(s.c.id, s.c.case_id).where(sa.or_(s.c.id == task, s.c.task == task))).one_or_none()
    if found is None:
        raise NotFound
    case = work.hold(found.case_id)
    answer = answer_of(work.db, case, work.settings, work.actor, found.id)
    if since is not None and since != answer.corrections:
        raise Refused("Someone has corrected this answer while you were writing. Open it again and look at what stands there now.")
    right = judged(answer, answers, reason, work.now)
    here = progress.Here(work, case) if case.ended_at is not None else progress.resume(work, case)
    values = keep_files(work, case, answer.asked, right.values, answer.values)
    given = Given(answer.row, answer.element, answer.before, answer.asked.form.filled(values), answer.seen)
    effects = effects_of(work.db, case, here.looked_up, work.settings, given, work.now)
    correction = _write(work, answer, right, values)
    whose_case(work, case, answer.asked.form, values)
    here.looked_up.forget(answer.element.id)
    _follow(here, answer, effects, correction)
    forget_draft(work, answer.asked.draft)
    if case.ended_at is None:
        progress.correct(here, effects.variables, answer.row.item)
    return case.id


def _write(work: Work, answer: Answer, right: Corrected, values: dict[str, Any]) -> str:
    case, row, correction = answer.case, answer.row, new_id()
    before = {"answers": answer.values, "reason": answer.reason}
    work.db.execute(sa.insert(t.corrections).values(
        id=correction, case_id=case.id, submission=row.id, number=answer.corrections + 1, version=case.version, at=work.now, by=work.actor.person,
        before=case.seal(before, "corrections", correction, "before"), reason=case.seal(right.why, "corrections", correction, "reason")))
    changed = work.db.execute(sa.update(t.submissions).where(t.submissions.c.id == row.id).values(
        answers=case.seal(values, "submissions", row.id),
        reason=case.seal(right.reason, "submissions", row.id, "reason") if right.reason else None))
    if changed.rowcount != 1:
        raise Conflict
    if answer.reason and not right.reason:
        work.removed("submissions", row.id, "reason", case.id)
    work.record("answer_corrected", element=row.element, item=row.item, round=row.round)
    if right.hits:
        work.record("reason_given", element=row.element, checks=sorted({hit.check for hit in right.hits}))
    return correction


def _follow(here: Here, answer: Answer, effects: Effects, correction: str) -> None:
    work, case, d = here.work, answer.case, t.documents
    clocks = {row["id"]: row for row in here.clocks.rows}
    for one in effects.clocks:
        here.clocks.recount(clocks[one.row["id"]], one.counted_from, one.due, one.ended_on)
    for paper in effects.papers:
        row = work.db.execute(sa.update(d).where(d.c.id == paper).values(out_of_date_since=work.now).returning(d.c.field, d.c.element)).one()
        work.record("document_out_of_date", document=paper, field=row.field, element=row.element)
    u, note = t.unsettled, "The answer was corrected again, and this has changed with it."
    for moot in effects.moot:
        work.db.execute(sa.update(u).where(u.c.id == moot.id).values(
            settled_at=work.now, settled_by=work.actor.person, note=case.seal(note, "unsettled", moot.id, "note")))
        work.record("decision_settled", kind=moot.kind, name=moot.name, item=moot.item)
    for doubt in effects.doubts:
        work.db.execute(sa.insert(t.unsettled).values(
            id=new_id(), case_id=case.id, correction=correction, kind=doubt.kind, name=doubt.name, item=doubt.item, was=list(doubt.was),
            would=list(doubt.would), at=work.now))
        work.record("decision_unsettled", kind=doubt.kind, name=doubt.name, item=doubt.item)
