"""Roles that people hold of the board or at their agency: given, and taken. Appointments to a case are made by answers of the process."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import InvalidAnswers
from engine.progress import mail
from engine.proposals.kind import Kind, Proposed
from engine.releases import newest_of_all
from engine.rules.access import WIDE, holder, permissions_of
from engine.store import tables as t
from engine.store.accounts import may_come_in
from engine.store.database import new_id
from engine.store.eyes import everywhere, may_write

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.look import Look
    from engine.proposals.kind import Agreed
    from engine.work import Work

LONGEST_REASON = 2_000


class RoleGiven(Kind):
    """Someone is to hold a role."""

    name, permission, asks = "role_given", "manage_people", frozenset({"person", "role", "reason"})

    def look(self, work: Work, what: Mapping[str, Any], files: bytes | None) -> Proposed:
        """Bound to the person as they are, and to what the role permits."""
        person = account(work, what["person"])
        role, agency = fitting(work, what["role"], person.agency)
        if not person.active:
            raise InvalidAnswers({"role": "This account is closed. Open it first"})
        if _held(work, person.id, role, agency):
            raise InvalidAnswers({"role": "This person holds this role already"})
        return Proposed(what={"person": person.id, "role": holder(role, agency), "reason": reason(what)},
                        seen={**as_known(person), "permits": permits(work, [role])}, person=person.id, on_the_trail={"role": role, "agency": agency})

    def do(self, work: Work, agreed: Agreed) -> None:
        """They hold it from now on."""
        role, _, agency = agreed.proposed.what["role"].partition("@")
        give(work, agreed.proposed.what["person"], role, agency or None, with_=agreed.id)


class RoleTaken(Kind):
    """Someone is to hold a role no longer."""

    name, permission, asks = "role_taken", "manage_people", frozenset({"person", "role", "reason"})

    def look(self, work: Work, what: Mapping[str, Any], files: bytes | None) -> Proposed:
        """Bound to this holding of it."""
        person = account(work, what["person"])
        role, _, agency = what["role"].partition("@") if isinstance(what["role"], str) else ("", "", "")
        held = _held(work, person.id, role, agency or None)
        if not held:
            raise InvalidAnswers({"role": "This person does not hold this role"})
        return Proposed(what={"person": person.id, "role": holder(role, agency), "reason": reason(what)},
                        seen={**as_known(person), "holding": held[0]}, person=person.id, on_the_trail={"role": role, "agency": agency or None})

    def do(self, work: Work, agreed: Agreed) -> None:
        """It ends now."""
        role, _, agency = agreed.proposed.what["role"].partition("@")
        take(work, agreed.proposed.what["person"], role, agency or None, with_=agreed.id)


# ---- what is done

def give(work: Work, person: str, role: str, agency: str | None, with_: str | None = None) -> None:
    """This person holds this role from now on."""
    work.write(sa.insert(t.holdings).values(id=new_id(), person=person, role=role, agency=agency, since=work.now, given_with=with_))
    work.record("role_given", person=person, role=role, agency=agency, proposal=with_)
    tell_of(work, person, [role])


def take(work: Work, person: str, role: str, agency: str | None, with_: str | None = None) -> None:
    """This person holds this role no longer; what they had taken as its holder is open to the others again."""
    work.write(sa.update(t.holdings).where(t.holdings.c.id.in_(_held(work, person, role, agency))).values(until=work.now, taken_with=with_))
    work.record("role_taken", person=person, role=role, agency=agency, proposal=with_)
    let_go(work, person)
    tell_of(work, person, [role])


def let_go(work: Work, person: str) -> None:
    """Nothing stays with someone who can no longer do it."""
    k, o = t.tasks, t.offers
    with everywhere(work.db):    # who manages people sees no case
        taken = work.db.execute(sa.select(k.c.id, k.c.case_id, o.c.holder).join(o, o.c.task == k.c.id).where(
            k.c.state == "open", k.c.claimed_by == person)).all()
        able = mail.holders_by_offer(work.db, {row.holder for row in taken}, work.today) if taken else {}
    stuck = {row.id for row in taken} - {row.id for row in taken if person in able[row.holder]}
    if stuck:
        for case in sorted({row.case_id for row in taken if row.id in stuck}):
            may_write(work.db, case)
        work.write(sa.update(k).where(k.c.id.in_(sorted(stuck)), k.c.state == "open", k.c.claimed_by == person).values(claimed_by=None))


def tell_of(work: Work, person: str, roles: Iterable[str]) -> None:
    """Whoever manages people hears that an account with wide permissions was made or changed."""
    if not WIDE.isdisjoint(permits(work, roles)):
        mail.note(work, "account_changed", sorted(set(who_may(work, "manage_people")) - {person}), f"/people/{person}")


# ---- what there is

def who_may(work: Work | Look, permission: str) -> list[str]:
    """Everyone active who has this permission in their own right, of the board or at an agency."""
    h, p = t.holdings, t.people
    roles = sorted(role for role, given in work.settings.roles.items() if permission in given)
    return list(work.db.scalars(sa.select(p.c.id).distinct().join(h, h.c.person == p.c.id).where(
        may_come_in(work.today), h.c.role.in_(roles), h.c.case_id.is_(None), h.c.until.is_(None)).order_by(p.c.id)))


def account(work: Work, person: Any) -> Any:
    """The row of this person, locked: two who change one account at once do it one after the other."""
    p = t.people
    query = sa.select(p.c.id, p.c.login, p.c.name, p.c.email, p.c.agency, p.c.active, p.c.ends_on).where(p.c.id == person).with_for_update(of=p)
    row = work.db.execute(query).one_or_none() if isinstance(person, str) else None
    if row is None:
        raise InvalidAnswers({"person": "There is no such account"})
    return row


def as_known(person: Any) -> dict[str, Any]:
    """Whom the proposer had before them."""
    return {"login": person.login, "name": person.name, "email": person.email, "agency": person.agency}


def permits(work: Work | Look, roles: Iterable[str]) -> list[str]:
    """All that these roles permit here."""
    return sorted(permissions_of(roles, work.settings.roles))


def scopes(work: Work | Look) -> dict[str, str]:
    """Every role that can be given → where it is held: “board” or “agency”. What is held in one case is an appointment, and not here."""
    found = {role: "board" for role, permits in work.settings.roles.items() if permits}  # of no pack and without a permission, it would be nothing
    for release in newest_of_all(work.db).values():
        found |= {role.id: "outside" if role.outside else role.scope for role in work.shelf.pack(work.db, release).roles.values()}
    return {role: scope for role, scope in found.items() if scope in ("board", "agency")}


def fitting(work: Work, text: Any, agency: str | None) -> tuple[str, str | None]:
    """A role written “role” or “role@AGENCY”, if someone of this agency can hold it so. Without an agency, a role of one is held at theirs."""
    role, _, at = text.partition("@") if isinstance(text, str) else ("", "", "")
    scope = scopes(work).get(role)
    at = at or (agency or "" if scope == "agency" else "")
    if scope is None:
        raise InvalidAnswers({"role": "Choose a role"})
    if scope == "board" and at:
        raise InvalidAnswers({"role": "This role is one of the board, not of an agency"})
    if scope == "agency" and (not at or at != agency):
        raise InvalidAnswers({"role": "A role of an agency is held by someone of that agency"})
    return role, at or None


def reason(what: Mapping[str, Any]) -> str:
    """Why it is proposed, for whoever is to approve it."""
    words = what["reason"].strip() if isinstance(what["reason"], str) else ""
    if not words:
        raise InvalidAnswers({"reason": "Say why, for whoever is to approve it"})
    if len(words) > LONGEST_REASON or "\0" in words:
        raise InvalidAnswers({"reason": f"The reason must be text of at most {LONGEST_REASON:,} characters"})
    return words


def _held(work: Work, person: str, role: str, agency: str | None) -> list[str]:
    h = t.holdings
    return list(work.db.scalars(sa.select(h.c.id).where(h.c.person == person, h.c.role == role, h.c.agency.is_not_distinct_from(agency),
                                                        h.c.case_id.is_(None), h.c.until.is_(None)).order_by(h.c.since)))
