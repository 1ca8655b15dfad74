"""Lists of tasks: what I owe, soonest first, and what my team owes."""
from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import NotFound
from engine.queries.approvals import waiting_for_me
from engine.queries.deputies import standing_in
from engine.queries.shapes.tasks import Home, StartRow, TaskList, TaskRow
from engine.queries.unsettled import unsettled_anywhere
from engine.queries.words import agency_names, person_names, task_row
from engine.releases import newest_of_all
from engine.store import tables as t

if TYPE_CHECKING:
    from engine.look import Look

FAR = date(9999, 12, 31)  # tasks without a due date come last


def home(look: Look, limit: int = 25) -> Home:
    """Everything the first page shows. Costs the same however many cases are open."""
    mine, team = _page(look, "mine", None, limit), _page(look, "team", None, limit)
    drafts = look.db.scalar(sa.select(sa.func.count()).select_from(t.drafts).where(t.drafts.c.person == look.actor.person)) or 0
    return Home(mine=mine.rows, team=team.rows, more_mine=mine.next is not None, more_team=team.next is not None, drafts=drafts, starts=starts(look),
                unsettled=unsettled_anywhere(look), standing_in=standing_in(look), to_approve=waiting_for_me(look), processes=_processes(look))


def task_list(look: Look, which: str = "mine", after: str | None = None, limit: int = 50) -> TaskList:
    """One page of my tasks (those I took) or my team's (those anyone of us may take)."""
    return _page(look, "mine" if which == "mine" else "team", after, limit)


def starts(look: Look) -> list[StartRow]:
    """The ways to begin a case that this person may use."""
    found = []
    for pack_id, release in newest_of_all(look.db).items():
        pack = look.shelf.pack(look.db, release)
        found += [StartRow(pack=pack_id, pack_title=pack.title, start=start.element, label=start.label, help=start.help)
                  for start in pack.starts.values() if look.actor.roles().intersection(start.offer_to)]
    return found


def _processes(look: Look) -> list[tuple[str, str]]:
    """Id and title of each process, for who looks after them."""
    if not look.actor.may("release_pack"):
        return []
    return [(pack, look.shelf.pack(look.db, release).title) for pack, release in newest_of_all(look.db).items()]


def _page(look: Look, which: str, after: str | None, limit: int) -> TaskList:
    """Keyset paging by (due, offered): no offset, no exact count, so that a long list costs what a short one does."""
    task = t.tasks
    columns = (task.c.id, task.c.element, task.c.item, task.c.agency, task.c.round, task.c.claimed_by, task.c.offered_at, task.c.due,
               t.cases.c.reference, t.cases.c.stage, t.cases.c.release)
    if which == "mine":
        due, offered = sa.func.coalesce(task.c.due, FAR), task.c.offered_at
        query = sa.select(*columns).where(task.c.claimed_by == look.actor.person, task.c.state == "open")
        if after:
            query = query.where(sa.tuple_(due, offered, task.c.id) > _cursor(after))
        query = query.join(t.cases, t.cases.c.id == task.c.case_id).order_by(due, offered, task.c.id).limit(limit + 1)
        found = look.db.execute(query).all()
    else:
        found = _of_team(look, columns, after, limit)
    agencies = agency_names(look)
    people = person_names(look, (row.claimed_by for row in found))
    rows: list[TaskRow] = [task_row(look, row, look.shelf.pack(look.db, row.release), agencies, people) for row in found[:limit]]
    last = found[limit - 1] if len(found) > limit else None
    return TaskList(rows, f"{(last.due or FAR).isoformat()}|{last.offered_at.isoformat()}|{last.id}" if last else None)


def _of_team(look: Look, columns: tuple[Any, ...], after: str | None, limit: int) -> list[Any]:
    """The soonest of each kind of offer this person answers to, then the soonest of those; none that they have taken already."""
    task, offer = t.tasks, t.offers
    due = sa.func.coalesce(offer.c.due, FAR)
    taken = sa.exists().where(task.c.id == offer.c.task, task.c.claimed_by == look.actor.person)
    parts = []
    for holder in sorted(look.actor.holders):
        part = sa.select(offer.c.task, due.label("due"), offer.c.offered_at).where(offer.c.holder == holder, offer.c.open, ~taken)
        if after:
            part = part.where(sa.tuple_(due, offer.c.offered_at, offer.c.task) > _cursor(after))
        for dated in (offer.c.due.is_not(None), offer.c.due.is_(None)):  # each half reads its index in order and stops early
            parts.append(part.where(dated).order_by(offer.c.due, offer.c.offered_at, offer.c.task).limit(limit + 1).subquery())
    if not parts:
        return []
    soonest = sa.union(*(sa.select(part) for part in parts)).subquery()
    query = sa.select(*columns).join(soonest, soonest.c.task == task.c.id).join(t.cases, t.cases.c.id == task.c.case_id)
    return list(look.db.execute(query.order_by(soonest.c.due, soonest.c.offered_at, task.c.id).limit(limit + 1)))


def _cursor(after: str) -> Any:
    try:
        due, offered, task = after.split("|")
        day, moment = date.fromisoformat(due), datetime.fromisoformat(offered)
    except ValueError:
        raise NotFound from None
    if moment.tzinfo is None:
        raise NotFound
    return sa.tuple_(sa.literal(day, sa.Date), sa.literal(moment, t.tasks.c.offered_at.type), sa.literal(task))
