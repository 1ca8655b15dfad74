"""Guests: people from outside with a part in one case, whose account ends with it."""
from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import InvalidAnswers
from engine.progress import links
from engine.proposals.accounts import MOST_ROLES, named
from engine.proposals.kind import Kind, Proposed
from engine.proposals.roles import permits, reason, tell_of
from engine.rules.access import holder
from engine.store import tables as t
from engine.store.database import new_id
from engine.store.eyes import everywhere, may_write

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.proposals.kind import Agreed
    from engine.work import Work


class GuestMade(Kind):
    """Someone is to have an account for one case. They sign in with their e-mail address."""

    name, permission, asks = "guest_made", "manage_people", frozenset({"name", "email", "agency", "roles", "case", "ends_on", "reason"})

    def look(self, work: Work, what: Mapping[str, Any], files: bytes | None) -> Proposed:
        """Bound to the case, and to what the roles permit in it."""
        try:
            login, name, email = named(work, what["email"], what["name"], what["email"])
        except InvalidAnswers as wrong:
            errors = {"email" if key == "login" else key: says for key, says in wrong.errors.items()}
            raise InvalidAnswers(errors) from wrong
        agency, ends_on = what["agency"] or None, _day(what["ends_on"])
        if agency is not None and work.db.scalar(sa.select(t.agencies.c.key).where(t.agencies.c.key == agency)) is None:
            raise InvalidAnswers({"agency": "Choose an agency of the list"})
        if ends_on is not None and ends_on < work.today:
            raise InvalidAnswers({"ends_on": "The last day must be today or later"})
        case, roles = _part(work, what["case"], what["roles"], agency)
        return Proposed(
            what={"login": login, "name": name, "email": email, "agency": agency, "case": what["case"].strip().upper(),
                  "roles": [role for role, _ in roles], "ends_on": ends_on.isoformat() if ends_on else None, "reason": reason(what)},
            seen={"permits": permits(work, [role for role, _ in roles]), "case": case, "held": [holder(*role) for role in roles]})

    def do(self, work: Work, agreed: Agreed) -> None:
        """A link goes to them, to choose a password with."""
        what, case, person = agreed.proposed.what, agreed.proposed.seen["case"], new_id()
        work.write(sa.insert(t.people).values(
            id=person, login=what["login"], name=what["name"], email=what["email"], agency=what["agency"], created_at=work.now, guest=True,
            ends_on=_day(what["ends_on"])))
        roles = [text.partition("@") for text in agreed.proposed.seen["held"]]
        may_write(work.db, case)
        work.write(sa.insert(t.holdings).values([
            {"id": new_id(), "person": person, "role": role, "agency": at or None, "case_id": case, "since": work.now, "given_with": agreed.id}
            for role, _, at in roles]))
        work.record("person_changed", person=person, what="invited as a guest")
        for role, _, at in roles:
            work.record("role_given", person=person, role=role, agency=at or None, proposal=agreed.id)
        tell_of(work, person, [role for role, _, _ in roles])
        links.send(work, person, "invitation")


def _part(work: Work, reference: Any, roles: Any, agency: str | None) -> tuple[str, list[tuple[str, str | None]]]:
    """The case's id, and the roles in it, each with the agency it is held for."""
    c = t.cases
    with everywhere(work.db):    # who manages people sees no case
        row = work.db.execute(sa.select(c.c.id, c.c.release).where(
            c.c.reference == (reference.strip().upper() if isinstance(reference, str) else ""), c.c.ended_at.is_(None))).one_or_none()
    if row is None:
        raise InvalidAnswers({"case": "No case that is running has this reference"})
    if not isinstance(roles, list) or not roles or len(roles) > MOST_ROLES:
        raise InvalidAnswers({"roles": "Choose at least one role"})
    known, found = work.shelf.pack(work.db, row.release).roles, []
    for role in dict.fromkeys(roles):
        scope = known[role].scope if isinstance(role, str) and role in known and not known[role].outside else None
        if scope not in ("case", "case agency"):
            raise InvalidAnswers({"roles": "A guest has roles that are held in one case, and no others"})
        if scope == "case agency" and agency is None:
            raise InvalidAnswers({"agency": "One of these roles is held for an agency: choose which"})
        found.append((role, agency if scope == "case agency" else None))
    return row.id, found


def _day(text: Any) -> date | None:
    if isinstance(text, date):
        return text
    try:
        return date.fromisoformat(text) if text else None
    except (TypeError, ValueError):
        raise InvalidAnswers({"ends_on": "Enter the last day, or leave it empty"}) from None
