"""Who looked at a case, and whose trail can be looked at."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import NotFound
from engine.queries.case_trail import in_words, sees_people, where, whose_trail
from engine.queries.shapes.trail import Chosen, Looker, Lookers, TrailRow, Watched
from engine.queries.words import agency_names
from engine.store import tables as t

if TYPE_CHECKING:
    from engine.look import Look

#: Refusals that are shown, newest first.
MOST_REFUSED = 100


def who_looked(look: Look, reference: str, chosen: Chosen | None = None) -> Lookers:
    """Everyone who looked at this case, how often, when and at what; and what was tried and refused. `chosen`: on which days."""
    case, when = whose_trail(look, reference), where(look, chosen or Chosen())
    look.shows(case.id, "trail")
    return Lookers(reference, _lookers(look, case, when), _refused(look, case, when), sees_people(look))


def watched(look: Look) -> list[Watched]:
    """Everyone there is, for whoever may see what people did."""
    if not sees_people(look):
        raise NotFound
    p, a = t.people, t.agencies
    rows = look.db.execute(sa.select(p.c.id, p.c.name, p.c.active, a.c.name.label("agency")).outerjoin(a, a.c.key == p.c.agency).order_by(p.c.name, p.c.id))
    return [Watched(row.id, row.name, row.agency, row.active) for row in rows]


def _lookers(look: Look, case: Any, when: list[sa.ColumnElement[bool]]) -> list[Looker]:
    r = t.trail
    page, at = r.c.details["page"].as_string(), sa.func.max(r.c.at, type_=r.c.at.type)
    rows = look.db.execute(sa.select(
        r.c.actor, page.label("page"), sa.func.count().label("times"), sa.func.min(r.c.at, type_=r.c.at.type).label("first"), at.label("last"),
        sa.func.max(r.c.id).label("id")).where(r.c.case_id == case.id, r.c.event == "viewed", *when).group_by(r.c.actor, page)).all()
    newest = look.db.execute(sa.select(r, t.cases.c.reference, t.cases.c.release).join(t.cases, t.cases.c.id == r.c.case_id).where(
        r.c.id.in_([row.id for row in rows]))).all()
    told = {row.id: words for row, words in zip(newest, in_words(look, newest), strict=True)}
    agencies = agency_names(look)
    belongs = dict(look.db.execute(sa.select(t.people.c.id, t.people.c.agency).where(t.people.c.id.in_({row.actor for row in rows if row.actor}))).all())
    found = [_looker([row for row in rows if row.actor == person], told, agencies.get(belongs.get(person) or "")) for person in {row.actor for row in rows}]
    return sorted(found, key=lambda one: one.last, reverse=True)


def _looker(rows: list[Any], told: dict[int, TrailRow], agency: str | None) -> Looker:
    pages: dict[str, int] = {}
    for row in rows:
        words = told[row.id].words.removeprefix("looked at the ")
        pages[words] = pages.get(words, 0) + row.times
    return Looker(rows[0].actor, told[rows[0].id].who, agency, sum(row.times for row in rows), min(row.first for row in rows), max(row.last for row in rows),
                  sorted(pages.items(), key=lambda one: (-one[1], one[0])))


def _refused(look: Look, case: Any, when: list[sa.ColumnElement[bool]]) -> list[TrailRow]:
    """In the case, and by people who are no part of it: those stand on the trail of the house, with the row they asked for."""
    r, tried = t.trail, t.trail.c.details["row"].as_string()
    mine = sa.or_(tried.in_((case.id, case.reference)), *(
        tried.in_(sa.select(table.c.id).where(table.c.case_id == case.id)) for table in (t.tasks, t.documents, t.submissions, t.unsettled, t.drafts)))
    query = sa.select(r, t.cases.c.reference, t.cases.c.release).outerjoin(t.cases, t.cases.c.id == r.c.case_id).where(
        r.c.event == "refused", *when, sa.or_(r.c.case_id == case.id, sa.and_(r.c.case_id.is_(None), mine))).order_by(r.c.id.desc()).limit(MOST_REFUSED)
    return in_words(look, look.db.execute(query).all())
