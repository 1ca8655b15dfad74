"""Who there is: people, their roles, and the agencies of the board."""
from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import NotAllowed, NotFound, Refused
from engine.releases import newest_of_all
from engine.rules.access import SYSTEM
from engine.store import tables as t
from engine.store.database import new_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.work import Work

LONGEST_NAME = 200


def _manages(work: Work) -> None:
    if work.actor is not SYSTEM and not work.actor.may("manage_people"):
        raise NotAllowed("Only an administrator may do this.")


def add_person(work: Work, login: str, name: str, email: str, agency: str | None, roles: Iterable[str],
               secret: str | None = None) -> str:
    """A new account, with roles written “role” or “role@AGENCY”; `secret` is the password as rules.passwords.hashed gives it. Gives its id."""
    _manages(work)
    login = login.strip().lower()  # as people sign in
    if not re.fullmatch(r"[^\s@<>,;:\"]+@[^\s@<>,;:\"]+", email):
        raise Refused("This is not an e-mail address. Write one such as name@example.org.")
    if any(not text or len(text) > LONGEST_NAME for text in (login, name, email)):
        raise Refused(f"Names and addresses have between 1 and {LONGEST_NAME} characters.")
    if work.db.scalar(sa.select(t.people.c.id).where(t.people.c.login == login)) is not None:
        raise Refused(f"There is already an account called {login}.")
    known = set(work.db.scalars(sa.select(t.agencies.c.key)))
    if agency is not None and agency not in known:
        raise Refused(f"No agency is called {agency}. The agencies are: {', '.join(sorted(known))}.")
    person = new_id()
    work.db.execute(sa.insert(t.people).values(id=person, login=login, name=name, email=email, agency=agency, password=secret, created_at=work.now))
    rows: list[dict[str, Any]] = []
    known_roles = _roles(work)
    for text in roles:
        role, _, at = text.partition("@")
        if role not in known_roles:
            raise Refused(f"No role is called {role}. The roles are: {', '.join(sorted(known_roles))}.")
        if at and at not in known:
            raise Refused(f"No agency is called {at}.")
        rows.append({"id": new_id(), "person": person, "role": role, "agency": at or None, "since": work.now})
    if rows:
        work.db.execute(sa.insert(t.holdings), rows)
    work.record("person_changed", person=person, what="added")
    return person


def _roles(work: Work) -> set[str]:
    """Every role that the settings or a released pack name."""
    packs = (work.shelf.pack(work.db, release) for release in newest_of_all(work.db).values())
    return set(work.settings.roles).union(*(pack.roles for pack in packs))


def set_password(work: Work, login: str, secret: str) -> None:
    """A new password, as rules.passwords.hashed gives it; every session of that person ends."""
    _manages(work)
    person = work.db.scalar(sa.select(t.people.c.id).where(t.people.c.login == login.strip().lower()))
    if person is None:
        raise NotFound(f"There is no account called {login}.")
    work.db.execute(sa.update(t.people).where(t.people.c.id == person).values(password=secret))
    work.db.execute(sa.update(t.sessions).where(t.sessions.c.person == person, t.sessions.c.ended_at.is_(None)).values(ended_at=work.now))
    work.record("person_changed", person=person, what="password")


def set_agencies(work: Work, agencies: Iterable[Mapping[str, Any]]) -> None:
    """The board's agencies, in the order they are listed; one that is no longer named stays for the cases that know it."""
    _manages(work)
    known = set(work.db.scalars(sa.select(t.agencies.c.key)))
    for place, agency in enumerate(agencies):
        values = {"name": agency["name"], "member": agency.get("member", True), "place": place}
        if agency["key"] in known:
            work.db.execute(sa.update(t.agencies).where(t.agencies.c.key == agency["key"]).values(**values))
        else:
            work.db.execute(sa.insert(t.agencies).values(key=agency["key"], **values))
