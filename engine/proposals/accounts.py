"""Accounts: made, opened again, and closed."""
from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import InvalidAnswers
from engine.progress import links
from engine.proposals.kind import Kind, Proposed
from engine.proposals.roles import account, as_known, fitting, let_go, permits, reason, tell_of
from engine.rules.access import holder
from engine.store import tables as t
from engine.store.accounts import with_password
from engine.store.database import new_id
from engine.store.open_sessions import end_sessions_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.look import Look
    from engine.proposals.kind import Agreed
    from engine.work import Work

LONGEST = 200
WORDS = {"login": "a name to sign in with", "name": "a name", "email": "an e-mail address"}
MOST_ROLES = 50


class AccountMade(Kind):
    """Someone is to have an account: they are invited by mail to choose a password, and sign in with their address."""

    name, permission, asks = "account_made", "manage_people", frozenset({"name", "email", "agency", "roles", "ends_on", "reason"})

    def look(self, work: Work, what: Mapping[str, Any], files: bytes | None) -> Proposed:
        """The proposal lapses if what these roles permit changes before it is approved."""
        errors: dict[str, str] = {}
        login = name = email = ""
        try:
            login, name, email = named(work, what["email"], what["name"], what["email"])
        except InvalidAnswers as wrong:
            errors |= {"email" if key == "login" else key: says for key, says in wrong.errors.items()}
        agency, ends_on = what["agency"] or None, what["ends_on"]
        if agency is not None and work.db.scalar(sa.select(t.agencies.c.key).where(t.agencies.c.key == agency)) is None:
            errors["agency"] = "Choose an agency, or none for someone of the board itself"
        if ends_on is not None and (not isinstance(ends_on, date) or isinstance(ends_on, datetime) or ends_on < work.today):
            errors["ends_on"] = "The last day must be today or later"
        roles = list(dict.fromkeys(what["roles"])) if isinstance(what["roles"], list) and all(isinstance(one, str) for one in what["roles"]) else []
        held: list[tuple[str, str | None]] = []
        if not roles or len(roles) > MOST_ROLES:
            errors["roles"] = "Choose at least one role"
        else:
            try:
                held = [fitting(work, role, agency) for role in roles]
            except InvalidAnswers as wrong:
                errors["roles"] = wrong.errors["role"]
        if errors:
            raise InvalidAnswers(errors)
        return Proposed(what={"login": login, "name": name, "email": email, "agency": agency, "roles": [holder(*one) for one in held],
                              "ends_on": ends_on, "reason": reason(what)},
                        seen={"permits": permits(work, [role for role, _ in held])})

    def do(self, work: Work, agreed: Agreed) -> None:
        """They are sent a link to choose a password."""
        what = agreed.proposed.what
        held = [text.partition("@") for text in what["roles"]]
        person = make(work, what["login"], what["name"], what["email"], what["agency"], [(role, at or None) for role, _, at in held], with_=agreed.id,
                      ends_on=what["ends_on"])
        links.send(work, person, "invitation")


class AccountOpened(Kind):
    """A closed account is to be used again."""

    name, permission, asks = "account_opened", "manage_people", frozenset({"person", "reason"})

    def look(self, work: Work, what: Mapping[str, Any], files: bytes | None) -> Proposed:
        """Bound to the roles that come back with it."""
        person = account(work, what["person"])
        if person.active:
            raise InvalidAnswers({"person": "This account is open"})
        if person.ends_on is not None and person.ends_on < work.today:
            raise InvalidAnswers({"person": "The last day of this account has passed. Make a new one"})
        roles = roles_of(work, person.id)
        return Proposed(what={"person": person.id, "reason": reason(what)},
                        seen={**as_known(person), "roles": roles, "permits": permits(work, [role.partition("@")[0] for role in roles])}, person=person.id)

    def do(self, work: Work, agreed: Agreed) -> None:
        """With the password and the roles they had."""
        reopen(work, agreed.proposed.what["person"])


# ---- what is done

def make(work: Work, login: str, name: str, email: str, agency: str | None, roles: Sequence[tuple[str, str | None]], *, secret: str | None = None,
         with_: str | None = None, ends_on: date | None = None) -> str:
    """A new account; gives its id."""
    person = new_id()
    work.write(sa.insert(t.people).values(id=person, login=login, name=name, email=email, agency=agency, created_at=work.now, ends_on=ends_on,
                                                **with_password(work.vault, person, secret)))
    if roles:
        work.write(sa.insert(t.holdings).values([
            {"id": new_id(), "person": person, "role": role, "agency": at, "since": work.now, "given_with": with_} for role, at in roles]))
    work.record("person_changed", person=person, what="added" if with_ is None else "invited")
    tell_of(work, person, [role for role, _ in roles])
    return person


def reopen(work: Work, person: str) -> None:
    """A closed account can be used again."""
    work.write(sa.update(t.people).where(t.people.c.id == person).values(active=True))
    work.record("person_changed", person=person, what="opened")
    tell_of(work, person, [role.partition("@")[0] for role in roles_of(work, person)])


def close(work: Work, person: str) -> None:
    """Nobody comes in by this account any more: sessions end, tasks go back to the others, and nothing that they proposed is approved."""
    a = t.approvals
    work.write(sa.update(t.people).where(t.people.c.id == person).values(active=False))
    end_sessions_of(work.db, person, work.now)
    links.end(work, person, "withdrawn")
    let_go(work, person)
    for row in work.db.execute(sa.select(a.c.id, a.c.kind, a.c.person).where(a.c.proposed_by == person, a.c.state == "waiting").with_for_update()).all():
        work.write(sa.update(a).where(a.c.id == row.id).values(state="withdrawn", ended_at=work.now, ended_by=work.actor.person))
        work.record("proposal_withdrawn", proposal=row.id, kind=row.kind, person=row.person)
    work.record("person_changed", person=person, what="closed")
    tell_of(work, person, [role.partition("@")[0] for role in roles_of(work, person)])


# ---- what there is

def named(work: Work, login: Any, name: Any, email: Any) -> tuple[str, str, str]:
    """A sign-in name that is free, a name and an address, as they are kept; or what is wrong with each."""
    given = {key: value.strip() if isinstance(value, str) else "" for key, value in (("login", login), ("name", name), ("email", email))}
    given["login"] = given["login"].lower()  # as people sign in
    errors = {key: f"Enter {WORDS[key]} in 1 to {LONGEST} characters on one line" for key, text in given.items()
              if not text or len(text) > LONGEST or not text.isprintable()}
    if "login" not in errors and not re.fullmatch(r"\S+", given["login"]):
        errors["login"] = "A name to sign in with has no spaces"
    if "email" not in errors and not re.fullmatch(r"[^\s@<>()\[\]\\,;:\"]+@[^\s@<>()\[\]\\,;:\"]+", given["email"]):
        errors["email"] = "This is not an e-mail address. Write one such as name@example.org"
    if "login" not in errors and work.db.scalar(sa.select(t.people.c.id).where(t.people.c.login == given["login"])) is not None:
        errors["login"] = f"There is already an account called {given['login']}"
    if errors:
        raise InvalidAnswers(errors)
    return given["login"], given["name"], given["email"]


def roles_of(work: Work | Look, person: str) -> list[str]:
    """The roles this person holds of the board or at an agency, written “role” or “role@AGENCY”."""
    h = t.holdings
    rows = work.db.execute(sa.select(h.c.role, h.c.agency).where(h.c.person == person, h.c.case_id.is_(None), h.c.until.is_(None)).distinct()).all()
    return sorted(holder(row.role, row.agency) for row in rows)

