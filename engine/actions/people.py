"""Who there is: people, their roles, and the agencies of the board."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from argon2 import PasswordHasher

from engine.errors import NotAllowed, NotFound, Refused
from engine.rules.access import SYSTEM
from engine.store import tables as t
from engine.store.database import new_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.work import Work

SHORTEST_PASSWORD = 12
HASHER = PasswordHasher()


def _manages(work: Work) -> None:
    if work.actor is not SYSTEM and not work.actor.may("manage_people"):
        raise NotAllowed("Only an administrator may do this.")


def add_person(work: Work, login: str, name: str, email: str, agency: str | None, roles: Iterable[str], password: str | None = None,
               *, secret: str | None = None) -> str:
    """A new account, with roles written “role” or “role@AGENCY”; `secret` is a password hashed already. Gives its id."""
    _manages(work)
    if work.db.scalar(sa.select(t.people.c.id).where(t.people.c.login == login)) is not None:
        raise Refused(f"There is already an account called {login}.")
    known = set(work.db.scalars(sa.select(t.agencies.c.key)))
    if agency is not None and agency not in known:
        raise Refused(f"No agency is called {agency}. The agencies are: {', '.join(sorted(known))}.")
    person = new_id()
    secret = hashed(password) if password else secret
    work.db.execute(sa.insert(t.people).values(id=person, login=login, name=name, email=email, agency=agency, password=secret, created_at=work.now))
    rows: list[dict[str, Any]] = []
    for text in roles:
        role, _, at = text.partition("@")
        if at and at not in known:
            raise Refused(f"No agency is called {at}.")
        rows.append({"id": new_id(), "person": person, "role": role, "agency": at or None, "since": work.now})
    if rows:
        work.db.execute(sa.insert(t.holdings), rows)
    work.record("person_changed", person=person, what="added")
    return person


def set_password(work: Work, login: str, password: str) -> None:
    """A new password; every session of that person ends."""
    _manages(work)
    person = work.db.scalar(sa.select(t.people.c.id).where(t.people.c.login == login))
    if person is None:
        raise NotFound(f"There is no account called {login}.")
    work.db.execute(sa.update(t.people).where(t.people.c.id == person).values(password=hashed(password)))
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


def hashed(password: str) -> str:
    """How a password is written down (argon2id, RFC 9106); one that is too short is refused."""
    if len(password) < SHORTEST_PASSWORD:
        raise Refused(f"A password has at least {SHORTEST_PASSWORD} characters. Three or four words that only you would put together are easy to remember.")
    return HASHER.hash(password)
