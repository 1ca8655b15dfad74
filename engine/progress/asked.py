"""A form where it is asked, of a task, a button or a start: with all that it may use. And where an answer that was given belongs."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.progress.case_actions import offers
from engine.progress.drafts import DraftPlace
from engine.progress.names import outside_a_case
from engine.progress.open_tasks import holders
from engine.progress.readings import heads_of
from engine.spiff import Place
from engine.store import tables as t

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.forms import Form
    from engine.look import Look
    from engine.packs import Button, Element, Pack
    from engine.progress.names import Names
    from engine.rules.access import Holding
    from engine.spiff import Waiting
    from engine.work import Case, Work

#: Answers that were given, each with the agency of its task.
ANSWERS = sa.select(t.submissions, t.tasks.c.agency).outerjoin(t.tasks, t.tasks.c.id == t.submissions.c.task)


@dataclass(frozen=True)
class Asked:
    """What `answers.take` and `keep` need to know of a form, so that no verb can leave any of it out."""

    form: Form
    at: Element                # with its gate, its checks, and whether one must have shown lately who one is
    place: Place
    names: Mapping[str, Any]   # all that its expressions and checks may use
    draft: DraftPlace          # where it lies until it is finished
    task: str | None = None
    seen: Mapping[str, Any] = field(default_factory=dict)  # the process's variables among the names, kept for a later correction
    deputy_of: str | None = None   # in whose place this person answers


def asked_of_task(names: Names, row: Any, variables: Mapping[str, Any]) -> Asked:
    """The form of a task (a row of `open_tasks`), with what it sees of the process."""
    case, actor = names.case, names.actor
    deputy_of = actor.deputy_for(holders(names.db, row.id)) if actor.is_deputy else None
    return _asked(names, case.pack.tasks[row.element], place_of(case, row), variables, DraftPlace("task", row.id), deputy_of, row.id)


def asked_of_action(names: Names, action: Button, waiting: Waiting, variables: Mapping[str, Any]) -> Asked:
    """The form of a button of the case, at the event that waits for it."""
    deputy_of = names.actor.deputy_for(offers(action, waiting.place, names.case))
    return _asked(names, action.at, waiting.place, variables, DraftPlace("action", names.case.id, action.element), deputy_of)


def gate_of_action(names: Names, action: Button, waiting: Waiting, variables: Mapping[str, Any]) -> dict[str, Any]:
    """What the gate of a button may use, without its form."""
    found = names.of({path for table in action.at.gate for path in names.case.pack.tables[table].paths}, waiting.place)
    if "me" in found:
        found["me"] |= {"deputy_of": names.actor.deputy_for(offers(action, waiting.place, names.case))}
    return {**found, **variables}


def asked_of_start(at: Look | Work, pack: Pack, start: Button, held: Holding, options: Mapping[str, Any]) -> Asked:
    """The form that opens a case, for who may open one because they hold this role."""
    names = outside_a_case(pack, paths_of(pack, start.at), at.db, at.settings, at.actor, dict(options), at.today)
    place = Place(start.element, start.at.process, agency=held.agency or at.actor.agency)
    return Asked(pack.forms[start.form or ""], start.at, place, names, DraftPlace("start", pack.id, start.element), deputy_of=held.deputy_of)


def _asked(names: Names, element: Element, place: Place, variables: Mapping[str, Any], draft: DraftPlace, deputy_of: str | None,
           task: str | None = None) -> Asked:
    pack = names.case.pack
    form, paths = pack.forms[element.form or ""], paths_of(pack, element)
    sources = [row.source for row in element.outputs] + ([element.loop.output] if element.loop else [])
    wanted = {path.partition(".")[0] for path in paths} | heads_of(sources)
    wanted |= {path.partition(".")[0] for path, question in form.questions() if question.readonly}
    found = names.of(paths, place)
    if "me" in found:
        found["me"] |= {"deputy_of": deputy_of}
    return Asked(form, element, place, {**found, **variables}, draft, task, {name: variables[name] for name in sorted(wanted) if name in variables}, deputy_of)


def paths_of(pack: Pack, element: Element) -> set[str]:
    """Every name that the form and the tables of this element read."""
    form = pack.form_of(element.id)
    return set(form.paths if form else ()).union(*(pack.tables[table].paths for table in (*element.checks, *element.gate)))


def place_of(case: Case, row: Any) -> Place:
    """Where a task stands (a row of `open_tasks`), or an answer was given (of `ANSWERS`). What no task asked for belongs to the agency whose case it is."""
    element = case.pack.elements[row.element]
    return Place(element.id, element.process, row.item, row.agency if row.task else case.agency)


def names_at(names: Names, row: Any, besides: Iterable[str] = ()) -> dict[str, Any]:
    """What the form of an answer (a row of `ANSWERS`) may use, and these names besides: looked up where it was given."""
    pack = names.case.pack
    return names.of(paths_of(pack, pack.elements[row.element]).union(besides), place_of(names.case, row))


__all__ = ["ANSWERS", "Asked", "asked_of_action", "asked_of_start", "asked_of_task", "gate_of_action", "names_at", "paths_of", "place_of"]
