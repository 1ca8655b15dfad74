"""Who stands in for whom: for me, by me, and for those who manage people all of it."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import NotFound
from engine.feel import data
from engine.forms import Field, Form, Option
from engine.queries.shapes.tasks import DeputiesPage, DeputyRow
from engine.queries.words import agency_names, person_names
from engine.releases import newest_of_all
from engine.store import tables as t

if TYPE_CHECKING:
    from engine.look import Look


def deputies(look: Look, of: str | None = None) -> DeputiesPage:
    """My periods and those I stand in for, soonest first; and the form to name one. `of`: for this person, for who manages people."""
    manages = look.actor.may("manage_people")
    whose = of or look.actor.person
    if whose is None or (whose != look.actor.person and not manages):
        raise NotFound
    people = look.db.execute(sa.select(t.people.c.id, t.people.c.name, t.people.c.agency).where(t.people.c.active).order_by(t.people.c.name)).all()
    if whose not in {row.id for row in people}:
        raise NotFound
    agencies, labels = agency_names(look), role_labels(look)
    d = t.deputies
    query = sa.select(d).order_by(d.c.since.desc(), d.c.named_at.desc())
    found = look.db.execute(query if manages else query.where(sa.or_(d.c.person == whose, d.c.deputy == whose))).all()
    names = person_names(look, [one for row in found for one in (row.person, row.deputy, row.named_by)])
    rows = [(row, _row(look, row, names, agencies, labels)) for row in found]
    h = t.holdings
    held = look.db.execute(sa.select(h.c.role, h.c.agency).where(
        h.c.person == whose, h.c.case_id.is_(None), h.c.until.is_(None)).order_by(h.c.role, h.c.agency)).all()
    roles = [Option(f"{row.role}@{row.agency}" if row.agency else row.role, in_words(row.role, row.agency, agencies, labels)) for row in held]
    def with_agency(row: Any) -> str:
        return f"{row.name}, {agencies[row.agency]}" if row.agency else row.name

    of_the_board = set(look.db.scalars(sa.select(h.c.person).where(h.c.agency.is_(None), h.c.case_id.is_(None), h.c.until.is_(None))))
    fit = [row for row in people if any(row.agency == one.agency or (one.agency is None and row.id in of_the_board) for one in held)]
    others = [Option(row.id, with_agency(row)) for row in fit if row.id not in (whose, look.actor.person)]
    return DeputiesPage(
        mine=[one for row, one in rows if row.person == whose], standing_in=[one for row, one in rows if row.deputy == whose],
        others=[one for row, one in rows if whose not in (row.person, row.deputy)],
        form=_form(roles, others) if roles else None, people=[(row.id, with_agency(row)) for row in people] if manages else [],
        of=whose, of_name=next(row.name for row in people if row.id == whose), for_another=whose != look.actor.person)


def standing_in(look: Look) -> list[DeputyRow]:
    """Those I stand in for today."""
    if not look.actor.is_deputy:
        return []
    d = t.deputies
    found = look.db.execute(sa.select(d).where(d.c.deputy == look.actor.person, d.c.ended_at.is_(None), d.c.since <= look.today, d.c.until >= look.today)).all()
    names, agencies, labels = person_names(look, [one for row in found for one in (row.person, row.deputy)]), agency_names(look), role_labels(look)
    return [_row(look, row, names, agencies, labels) for row in found]


def role_labels(look: Look) -> dict[str, str]:
    """What the newest releases call each role."""
    packs = (look.shelf.pack(look.db, release) for release in newest_of_all(look.db).values())
    return {role.id: role.label for pack in packs for role in pack.roles.values()}


def in_words(role: str, agency: str | None, agencies: dict[str, str], labels: dict[str, str]) -> str:
    """“Board representative, Northmere Housing”."""
    label = labels.get(role) or role.replace("_", " ").capitalize()
    return f"{label}, {agencies.get(agency, agency)}" if agency else label


def _row(look: Look, row: Any, names: dict[str | None, str], agencies: dict[str, str], labels: dict[str, str]) -> DeputyRow:
    over = row.ended_at is not None or row.until < look.today
    ended = row.ended_at.astimezone(look.settings.board.timezone).date() if row.ended_at is not None and row.ended_by is not None else None
    return DeputyRow(
        id=row.id, person=names[row.person], deputy=names[row.deputy], role=in_words(row.role, row.agency, agencies, labels), since=row.since, until=row.until,
        ended_on=ended, state="over" if over else "now" if row.since <= look.today else "to come",
        reason=data.loads(look.vault.open(row.reason, "deputies", row.id)),
        can_end=not over and (look.actor.may("manage_people") or look.actor.person in (row.person, row.deputy)))


def _form(roles: list[Option], people: list[Option]) -> Form:
    one = roles[0].value if len(roles) == 1 else None
    return Form(id="deputy", title="Name a deputy", fields=(
        Field(id="role", key="role", type="radio", label="In which role?", required=True, options=tuple(roles), default=one),
        Field(id="to", key="to", type="select", label="Who is to be the deputy?", required=True, options=tuple(people),
              hint="In a role of an agency: someone of the same agency. Is somebody not in the list? An administrator of the board can have them invited."),
        Field(id="from", key="from", type="datetime", subtype="date", label="First day", required=True),
        Field(id="until", key="until", type="datetime", subtype="date", label="Last day", required=True),
        Field(id="reason", key="reason", type="textfield", label="Why is a deputy needed?", required=True, max_length=2000,
              hint="For example annual leave. You, the deputy and the administrators can read it."),
    ))
