"""Who there is: people, their roles, and the agencies of the board. What takes two people is proposed (`approvals`); whoever works on the
machine itself can do it there at once."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import InvalidAnswers, NotAllowed, NotFound, Refused
from engine.proposals import accounts
from engine.proposals import roles as held
from engine.releases import newest_of_all
from engine.rules.access import SYSTEM, in_own_right
from engine.rules.proof import need_proof
from engine.store import tables as t
from engine.store.accounts import with_password
from engine.store.open_sessions import end_sessions_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.work import Work


def add_person(work: Work, login: str, name: str, email: str, agency: str | None, roles: Iterable[str],
               secret: str | None = None) -> str:
    """A new account, with roles written “role” or “role@AGENCY”; `secret` is the password as rules.passwords.hashed gives it. Gives its id."""
    _on_the_machine(work)
    try:
        login, name, email = accounts.named(work, login, name, email)
    except InvalidAnswers as wrong:
        raise Refused(*(f"{says}." for says in wrong.says)) from wrong
    known = set(work.db.scalars(sa.select(t.agencies.c.key)))
    if agency is not None and agency not in known:
        raise Refused(f"No agency is called {agency}. The agencies are: {', '.join(sorted(known))}.")
    return accounts.make(work, login, name, email, agency, [_role(work, text, known) for text in roles], secret=secret)


def give_role(work: Work, login: str, role: str) -> None:
    """This person holds this role too, written “role” or “role@AGENCY”."""
    _on_the_machine(work)
    person = _called(work, login)
    name, agency = _role(work, role, set(work.db.scalars(sa.select(t.agencies.c.key))))
    if role in accounts.roles_of(work, person.id):
        raise Refused(f"{login} holds this role already.")
    held.give(work, person.id, name, agency)


def take_role(work: Work, login: str, role: str) -> None:
    """This person holds this role no longer."""
    _on_the_machine(work)
    person = _called(work, login)
    if role not in accounts.roles_of(work, person.id):
        raise Refused(f"{login} does not hold this role.")
    name, _, agency = role.partition("@")
    held.take(work, person.id, name, agency or None)


def open_account(work: Work, login: str) -> None:
    """A closed account can be used again."""
    _on_the_machine(work)
    person = _called(work, login)
    if person.active:
        raise Refused(f"The account of {login} is open.")
    accounts.reopen(work, person.id)


def close_account(work: Work, login: str) -> None:
    """Nobody comes in by this account any more, at once. It takes one administrator, and not the owner: so there is always one left."""
    if work.actor is not SYSTEM and not in_own_right(work.actor, "manage_people", work.settings.roles):
        raise NotFound
    person = _called(work, login)
    if person.id == work.actor.person:
        raise NotAllowed("Nobody closes their own account. Ask another administrator.")
    if not person.active:
        raise Refused("This account is closed already.")
    need_proof(work)
    accounts.close(work, person.id)


def set_password(work: Work, login: str, secret: str) -> None:
    """A new password, as rules.passwords.hashed gives it; every session of that person ends. On the machine alone: who knows another's
    password is that other."""
    _on_the_machine(work)
    person = _called(work, login).id
    work.write(sa.update(t.people).where(t.people.c.id == person).values(**with_password(work.vault, person, secret)))
    end_sessions_of(work.db, person, work.now)
    work.record("person_changed", person=person, what="password")


def set_agencies(work: Work, agencies: Iterable[Mapping[str, Any]]) -> None:
    """The board's agencies, in the order they are listed; one that is no longer named stays for the cases that know it."""
    _on_the_machine(work)
    known = set(work.db.scalars(sa.select(t.agencies.c.key)))
    for place, agency in enumerate(agencies):
        values = {"name": agency["name"], "member": agency.get("member", True), "place": place}
        if agency["key"] in known:
            work.db.execute(sa.update(t.agencies).where(t.agencies.c.key == agency["key"]).values(**values))
        else:
            work.db.execute(sa.insert(t.agencies).values(key=agency["key"], **values))


def _on_the_machine(work: Work) -> None:
    if work.actor is not SYSTEM:
        raise NotAllowed("This is done on the machine itself.")


def _called(work: Work, login: str) -> Any:
    p = t.people
    row = work.db.execute(sa.select(p.c.id, p.c.active).where(p.c.login == login.strip().lower()).with_for_update()).one_or_none()
    if row is None:
        raise NotFound(f"There is no account called {login}.")
    return row


def _role(work: Work, text: str, agencies: set[str]) -> tuple[str, str | None]:
    """A role that the settings or a released pack name, at an agency that there is."""
    role, _, at = text.partition("@")
    known = set(work.settings.roles).union(*(work.shelf.pack(work.db, release).roles for release in newest_of_all(work.db).values()))
    if role not in known:
        raise Refused(f"No role is called {role}. The roles are: {', '.join(sorted(known))}.")
    if at and at not in agencies:
        raise Refused(f"No agency is called {at}.")
    return role, at or None
