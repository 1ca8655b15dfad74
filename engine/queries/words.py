"""Words that several lists share: names of agencies, of people, of who is offered what."""
from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.packs.in_words import within
from engine.queries.shapes.cases import ClockRow
from engine.queries.shapes.tasks import TaskRow
from engine.store import tables as t

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.forms import Row
    from engine.look import Look
    from engine.packs import Pack
    from engine.rules.access import Actor
    from engine.work import Case


def agency_names(look: Look) -> dict[str, str]:
    """Key → name."""
    return {row.key: row.name for row in look.db.execute(sa.select(t.agencies.c.key, t.agencies.c.name))}


def person_names(look: Look, people: Iterable[str | None]) -> dict[str | None, str]:
    """Id → name; who is nobody is the system."""
    wanted = sorted({person for person in people if person})
    rows = look.db.execute(sa.select(t.people.c.id, t.people.c.name).where(t.people.c.id.in_(wanted))) if wanted else ()
    found: dict[str | None, str] = {row.id: row.name for row in rows}
    return {None: "The system", **found}


def doer(people: dict[str | None, str], row: Any) -> str:
    """Who gave an answer, and in whose place; `people` has the names."""
    who = people.get(row.by, "")
    return f"{who}, as deputy for {people.get(row.deputy_of, 'someone')}" if row.deputy_of else who


def item_name(item: str | None, agencies: Mapping[Any, str], pack: Pack | None = None) -> str | None:
    """The item of a multi-instance in words: agencies (and whoever else `agencies` names) by their names, also inside (“CSC report”), a deadline by
    its title; anything else as it is."""
    if not item:
        return None
    if pack is not None and item in pack.deadlines:
        return pack.deadlines[item].title
    return " / ".join(re.sub(r"[^\s-]+", lambda found: agencies.get(found[0], found[0]), part) for part in item.split("/"))


def readable(actor: Actor, case: Case, rows: Iterable[Row], agency: str | None) -> list[Row]:
    """The answers of this agency that this person, who may read answers here, may read: also inside groups and lists. What is left empty goes too."""
    found = []
    for row in rows:
        if row.visible_to and not actor.roles(case.id, agency).intersection(row.visible_to):
            continue
        inside = tuple(readable(actor, case, row.rows, agency))
        if inside or not row.rows:
            found.append(replace(row, rows=inside))
    return found


def offered_in_words(pack: Pack, holders: Iterable[str], agencies: dict[str, str]) -> str:
    """“Board representative, Northmere Housing”."""
    words = []
    for one in sorted(holders):
        role, _, rest = one.partition("#")[0].partition("@")
        label = pack.roles[role].label if role in pack.roles else role
        words.append(f"{label}, {agencies.get(rest, rest)}" if rest else label)
    return " or ".join(words)


def task_row(look: Look, row: Any, pack: Pack, agencies: dict[str, str], people: dict[str | None, str], who: str = "",
             *, can_open: bool = True, for_me: bool = False, done: tuple[int, int] | None = None) -> TaskRow:
    """A row of `tasks` joined with its case's reference and stage."""
    element, due = pack.tasks[row.element], row.due
    return TaskRow(
        id=row.id, name=element.name, reference=row.reference, stage_title=pack.stages.get(row.stage or "", ""),
        agency_name=agencies.get(row.agency or ""), item=item_name(row.item, {**agencies, **people}, pack), due=due,
        overdue_days=max(0, (look.today - due).days) if due else 0, offered_at=row.offered_at, claimed_by=row.claimed_by,
        claimed_by_name=people.get(row.claimed_by) if row.claimed_by else None, mine=row.claimed_by == look.actor.person,
        round=row.round, who=who, can_open=can_open, for_me=for_me, done=done)


def clock_row(look: Look, row: Any, pack: Pack, agencies: dict[str, str]) -> ClockRow:
    """A row of `deadlines`."""
    rule = pack.deadlines[row.name]
    until = row.ended_on or look.today
    return ClockRow(
        name=row.name, title=rule.title, item=row.item or None, item_name=item_name(row.item, agencies), kind=rule.kind, clause=rule.clause or "",
        started=row.counted_from, due=row.due, state=row.state, days=(row.due - until).days, ended_on=row.ended_on, ended=row.ended_at is not None,
        milestone=rule.milestone, within=within(rule))
