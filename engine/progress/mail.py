"""Mails: to whom, and in which fixed words. Never anything of a case but its reference."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.feel.templates import render
from engine.rules.access import holder
from engine.store import tables as t
from engine.store.held import held, in_force

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from engine.work import Case, Work


def _answers_to() -> sa.Select[Any]:
    wanted: sa.BindParameter[Any] = sa.bindparam("wanted", expanding=True)
    h, p = held(sa.bindparam("day", type_=sa.Date), ("role", sa.bindparam("roles", expanding=True))), t.people
    at_agency = h.c.role + "@" + h.c.agency
    ways = sa.or_(
        sa.and_(h.c.case_id.is_(None), sa.or_(h.c.role.in_(wanted), at_agency.in_(wanted))),
        sa.and_(h.c.case_id.is_not(None), sa.or_((h.c.role + "#" + h.c.case_id).in_(wanted), (at_agency + "#" + h.c.case_id).in_(wanted))),
    )
    return sa.select(p.c.id, h.c.role, h.c.agency, h.c.case_id).join(h, h.c.person == p.c.id).where(p.c.active, ways)


_ANSWERS_TO = _answers_to()   # asked many times a step, so built once


def holders_of(db: sa.Connection, offered: Iterable[str], day: date) -> list[str]:
    """Everyone active who answers to one of these offers on this day, each once; deputies too."""
    return sorted({person for people in holders_by_offer(db, offered, day).values() for person in people})


def holders_by_offer(db: sa.Connection, offered: Iterable[str], day: date) -> dict[str, list[str]]:
    """Offer → everyone active who answers to it on this day, in one query however many offers there are."""
    wanted = sorted(set(offered))
    roles = sorted({offer.partition("#")[0].partition("@")[0] for offer in wanted})
    found: dict[str, set[str]] = {offer: set() for offer in wanted}
    for row in db.execute(_ANSWERS_TO, {"day": day, "roles": roles, "wanted": wanted}):
        for offer in {holder(row.role, row.agency, row.case_id), holder(row.role, None, row.case_id)} & found.keys():
            found[offer].add(row.id)
    return {offer: sorted(people) for offer, people in found.items()}


def deputies_of(db: sa.Connection, people: Iterable[str], offered: Iterable[str], day: date) -> list[str]:
    """Who stands in for these people on this day, in the roles of these offers."""
    d, roles = t.deputies, sorted({offer.partition("#")[0].partition("@")[0] for offer in offered})
    return list(db.scalars(sa.select(d.c.deputy).where(d.c.person.in_(sorted(people)), d.c.role.in_(roles), in_force(day))))


def holders_of_roles(work: Work, case: Case, roles: Iterable[str], agency: str | None) -> list[str]:
    """Everyone who holds these roles for this case: at the agency where the role belongs to one."""
    offered = []
    for name in roles:
        role = case.pack.roles.get(name)
        scope = role.scope if role else "board"
        if scope in ("agency", "case agency") and agency is None:
            offered += [holder(name, key) for key in work.db.scalars(sa.select(t.agencies.c.key))]
        else:
            offered.append(holder(name, agency if "agency" in scope else None, case.id if "case" in scope else None))
    return holders_of(work.db, offered, work.today)


def tell(work: Work, case: Case, message: str, people: Iterable[str], **words: Any) -> None:
    """Queue one mail for each of these people. `words`: due, days, task, link."""
    text = case.pack.messages[message]
    link = words.pop("link", None) or f"{work.settings.mail.base_url}/cases/{case.reference}"
    names = {"case": {"reference": case.reference}, "board": {"name": work.settings.board.name}, "link": link,
             "due": None, "days": None, "task": None} | words
    subject = body = None
    for person in dict.fromkeys(people):
        if subject is None or body is None:
            subject, body = render(text.subject, names, work.now), render(text.body, names, work.now)
        work.post(message, person, subject, body)
