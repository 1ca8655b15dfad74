"""Who is appointed in a case by an answer, and whose appointment ends by one."""
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.forms import Field, Group, List
from engine.progress import mail
from engine.store import tables as t
from engine.store.database import new_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.forms import Item
    from engine.progress.asked import Asked
    from engine.work import Case, Work

_HELD = sa.select(t.holdings.c.id, t.holdings.c.person).where(
    t.holdings.c.case_id == sa.bindparam("case"), t.holdings.c.role == sa.bindparam("role"), t.holdings.c.until.is_(None),
    t.holdings.c.agency.is_not_distinct_from(sa.bindparam("agency")))


def settle(work: Work, case: Case, asked: Asked, values: Mapping[str, Any]) -> None:
    """Appoint whoever these answers appoint to a role in this case, and end what they replace or end."""
    for field, answers, agency in _people(asked.form.fields, values, None):
        role = field.appoints or field.ends_appointment or ""
        people = _named(answers.get(field.key))
        for one in people:
            at = _agency(work, case, role, agency or asked.place.agency, one)
            held = {row.person: row.id for row in work.db.execute(_HELD, {"case": case.id, "role": role, "agency": at})}
            if field.ends_appointment:
                gone = {one: held[one]} if one in held else {}
            else:
                gone = {person: id for person, id in held.items() if person not in people} if field.replaces else {}
            for person, holding in gone.items():
                _end(work, case, person, holding, role, asked.at.id)
            if field.appoints and one not in held:
                work.write(sa.insert(t.holdings).values(id=new_id(), person=one, role=role, agency=at, case_id=case.id, since=work.now))
                work.record("appointed", person=one, role=role, element=asked.at.id)


def _end(work: Work, case: Case, person: str, holding: str, role: str, element: str) -> None:
    """They hold it no longer; what they had taken as its holder is open to those who hold it now."""
    work.write(sa.update(t.holdings).where(t.holdings.c.id == holding).values(until=work.now))
    work.record("appointment_ended", person=person, role=role, element=element)
    k, o = t.tasks, t.offers
    taken = work.db.execute(sa.select(k.c.id, o.c.holder).join(o, o.c.task == k.c.id).where(
        k.c.case_id == case.id, k.c.state == "open", k.c.claimed_by == person)).all()
    able = mail.holders_by_offer(work.db, {row.holder for row in taken}, work.today) if taken else {}
    for task in {row.id for row in taken}:
        if not any(person in able[row.holder] for row in taken if row.id == task):
            work.write(sa.update(k).where(k.c.id == task).values(claimed_by=None))


def _agency(work: Work, case: Case, role: str, agency: str | None, person: str) -> str | None:
    """Where the role is held: at the agency this is about, else at the person's own."""
    if "agency" not in case.pack.roles[role].scope:
        return None
    return agency or work.db.scalar(sa.select(t.people.c.agency).where(t.people.c.id == person))


def _people(items: tuple[Item, ...], values: Any, agency: str | None) -> Iterator[tuple[Field, Mapping[str, Any], str | None]]:
    """Every question that appoints or ends an appointment, with the answers around it and the agency that is asked for beside it."""
    if not isinstance(values, Mapping):
        return
    beside = next((values.get(item.key) for item in items if isinstance(item, Field) and item.picker == "agency" and not item.many), None) or agency
    for item in items:
        if isinstance(item, Field) and (item.appoints or item.ends_appointment):
            yield item, values, beside
        elif isinstance(item, Group):
            yield from _people(item.items, values.get(item.path) if item.path else values, beside)
        elif isinstance(item, List):
            for row in values.get(item.path) or ():
                yield from _people(item.items, row, beside)


def _named(value: Any) -> list[str]:
    if value is None:
        return []
    return [one for one in value if one] if isinstance(value, list) else [value]
