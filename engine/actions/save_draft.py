"""Keep unfinished answers, exactly as they were typed."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import NotFound
from engine.feel import data
from engine.forms import Upload
from engine.progress.answers import draft_place, forget_draft
from engine.progress.correcting import answer_of
from engine.progress.open_tasks import task_row
from engine.releases import newest
from engine.store import tables as t
from engine.store.database import new_id
from engine.store.seen import visible_case

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.work import Work


def save_draft(work: Work, answers: Mapping[str, Any], task: str | None = None, start: tuple[str, str] | None = None,
               action: tuple[str, str] | None = None, correction: tuple[str, str] | None = None) -> None:
    """One draft a person and place; the newest stands. Files are not kept in drafts. Also for a task that someone else has done
    meanwhile: what was typed is never lost."""
    person = work.actor.person
    if person is None:
        raise NotFound
    case_id, element = None, ""
    if task:
        row = task_row(work.db, work.actor, task)
        case_id, element = row.case_id, row.element
    elif action:
        case_id, element = action
        visible_case(work.db, work.actor, case_id)
        _offered(work, work.hold(case_id).pack.case_actions, element, case_id)
    elif correction:
        case_id = correction[0]
        visible_case(work.db, work.actor, case_id)
        element = answer_of(work.db, work.hold(case_id), work.settings, work.actor, correction[1]).element.id
    elif start:
        element = start[1]
        _offered(work, work.shelf.pack(work.db, newest(work.db, start[0])).starts, element)
    place, d, draft = draft_place(task=task, start=start, action=action, correction=correction), t.drafts, new_id()
    forget_draft(work, place)
    content, wrapped = data.dumps(_without_files(dict(answers))), None
    if case_id:
        case = work.hold(case_id)
        sealed = case.key.seal(content, case.id, "drafts", draft)
    else:
        key, wrapped = work.vault.new_key("drafts", draft)
        sealed = key.seal(content, "drafts", draft)
    work.db.execute(sa.insert(d).values(id=draft, person=person, place=place, case_id=case_id, key=wrapped, at=work.now, answers=sealed))
    work.record("draft_saved", element=element)


def discard_draft(work: Work, draft: str) -> None:
    """One's own draft is thrown away."""
    gone = work.db.execute(sa.delete(t.drafts).where(t.drafts.c.id == draft, t.drafts.c.person == work.actor.person).returning(t.drafts.c.case_id)).first()
    if gone is None:
        raise NotFound
    work.removed("drafts", draft, "answers", gone.case_id)


def _offered(work: Work, buttons: Mapping[str, Any], element: str, case: str | None = None) -> None:
    """The trail and the list of drafts name the form, so it has to be one, and this person's."""
    if element not in buttons or not work.actor.roles(case).intersection(buttons[element].offer_to):
        raise NotFound


def _without_files(value: Any) -> Any:
    if isinstance(value, Upload):
        return None
    if isinstance(value, dict):
        return {key: _without_files(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_files(one) for one in value]
    return value
