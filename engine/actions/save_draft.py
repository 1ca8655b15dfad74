"""Keep unfinished answers, exactly as they were typed."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import Conflict, NotFound
from engine.feel import data
from engine.progress.correcting import answer_of
from engine.progress.drafts import DraftPlace, forget_draft, packed
from engine.progress.open_tasks import task_row
from engine.releases import newest
from engine.store import tables as t
from engine.store.database import new_id
from engine.store.seen import visible_case

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.packs import Button
    from engine.work import Case, Work


def save_draft(work: Work, place: DraftPlace, answers: Mapping[str, Any], over: str | None = None) -> str:
    """One draft a person and place; the newest stands. Gives its id, which is another one each time. `over`: only in place of the draft with this id;
    one that was saved meanwhile is not written over. Also for a task that someone else has done meanwhile: what was typed, and the files that
    were chosen, are never lost."""
    if work.actor.person is None:
        raise NotFound
    case, element = _form_at(work, place)
    gone = forget_draft(work, place)
    if over and gone not in (None, over):
        raise Conflict
    draft, content, wrapped = new_id(), data.dumps(packed(dict(answers))), None
    if case is not None:
        sealed = case.key.seal(content, case.id, "drafts", draft)
    else:
        key, wrapped = work.vault.new_key("drafts", draft)
        sealed = key.seal(content, "drafts", draft)
    work.db.execute(sa.insert(t.drafts).values(
        id=draft, person=work.actor.person, place=str(place), case_id=case.id if case else None, key=wrapped, at=work.now, answers=sealed))
    work.record("draft_saved", element=element)
    return draft


def discard_draft(work: Work, draft: str) -> None:
    """One's own draft is thrown away."""
    which = (t.drafts.c.id == draft, t.drafts.c.person == work.actor.person)
    gone = work.db.execute(sa.select(t.drafts.c.case_id).where(*which)).first()
    if gone is None:
        raise NotFound
    if gone.case_id:
        work.hold(gone.case_id)
    work.db.execute(sa.delete(t.drafts).where(*which))
    work.removed("drafts", draft, "answers", gone.case_id)


def _form_at(work: Work, place: DraftPlace) -> tuple[Case | None, str]:
    """The case that is written in, if there is one yet, and the form: it has to be there, and this person's, for the trail and the list of drafts
    name it."""
    match place:
        case DraftPlace("task", task):
            row = task_row(work.db, work.actor, task)
            return work.hold(row.case_id), row.element
        case DraftPlace("start", pack, start):
            return None, _offered(work, work.shelf.pack(work.db, newest(work.db, pack)).starts, start)
        case DraftPlace("action", case, action):
            visible_case(work.db, work.actor, case)
            held = work.hold(case)
            return held, _offered(work, held.pack.case_actions, action, case)
        case DraftPlace("correction", case, answer):
            visible_case(work.db, work.actor, case)
            held = work.hold(case)
            return held, answer_of(work.db, held, work.settings, work.actor, answer).element.id
        case _:
            raise NotFound


def _offered(work: Work, buttons: Mapping[str, Button], name: str, case: str | None = None) -> str:
    if name not in buttons or not work.actor.roles(case).intersection(buttons[name].offer_to):
        raise NotFound
    return name
