"""Letting somebody in again who has an account: a link for a new password, what they have lost taken away, or another way to sign in.

Whoever has the link of an account and nothing beside it to show is that person. So one administrator alone does it only for an account by which nobody
has come in yet."""
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import InvalidAnswers, NotAllowed
from engine.progress import links, mail
from engine.proposals.accounts import roles_of
from engine.proposals.kind import Kind, Proposed
from engine.proposals.roles import account, as_known, permits, reason
from engine.store import tables as t
from engine.store.accounts import may_come_in
from engine.store.database import new_id
from engine.store.identities import address_mark, by_ourselves
from engine.store.open_sessions import end_sessions_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.proposals.kind import Agreed
    from engine.work import Work

PASSWORD, FACTORS = frozenset({"password", "both"}), frozenset({"factors", "both"})
WAYS = PASSWORD | FACTORS | {"provider"}


class LetInAgain(Kind):
    """Somebody has lost their password, or what they show beside it, or is to sign in with the council's provider from now on."""

    name, permission, asks, tells = "let_in_again", "manage_people", frozenset({"person", "way", "reason"}), "let_in_proposed"

    def look(self, work: Work, what: Mapping[str, Any], files: bytes | None) -> Proposed:
        """Bound to the person as they are, to what they have set up, and to what whoever comes in as them can do."""
        person, way = account(work, what["person"]), what["way"]
        if person.id == work.actor.person:
            raise NotAllowed("Nobody does this for themselves: change your own under “Your account”, or ask another administrator.")
        if way not in WAYS:
            raise InvalidAnswers({"way": "Choose what is to be done"})
        if work.db.scalar(sa.select(t.people.c.id).where(t.people.c.id == person.id, may_come_in(work.today))) is None:
            raise InvalidAnswers({"way": "This account is closed. It has to be opened again first"})
        f, r = t.factors, t.recovery_codes
        factors = [tuple(row) for row in work.db.execute(sa.select(f.c.id, f.c.kind, f.c.name).where(f.c.person == person.id).order_by(f.c.added_at, f.c.id))]
        if way in FACTORS and not factors:
            raise InvalidAnswers({"way": "This person has set up no authenticator app and no passkey"})
        title = work.settings.single_sign_on.title
        if way in PASSWORD and work.db.scalar(sa.select(t.people.c.id).where(t.people.c.id == person.id, by_ourselves(work.settings.single_sign_on))) is None:
            raise InvalidAnswers({"way": f"This account signs in with {title}, and no password opens it"})
        if way == "provider" and (why := why_not_expected(work, person)):
            raise InvalidAnswers({"way": why})
        codes = work.db.scalar(sa.select(sa.func.count()).select_from(r).where(r.c.person == person.id))
        mark = work.db.scalar(sa.select(t.people.c.password_mark).where(t.people.c.id == person.id))
        roles = roles_of(work, person.id)
        return Proposed(what={"person": person.id, "way": way, "reason": reason(what)}, person=person.id,
                        seen={**as_known(person), "roles": roles, "permits": permits(work, [role.partition("@")[0] for role in roles]), "password": mark,
                              "factors": [list(one) for one in factors], "codes": codes})

    def do(self, work: Work, agreed: Agreed) -> None:
        """They are told by mail what was done, to the address that was seen."""
        person, way = agreed.proposed.what["person"], agreed.proposed.what["way"]
        if way in FACTORS:
            forget_factors(work, person)
            end_sessions_of(work.db, person, work.now)
            work.record("factors_taken_away", person=person)
        if way in PASSWORD:
            links.send(work, person, "reset" if agreed.proposed.seen["password"] else "invitation")
        if way == "provider":
            expect(work, person)
        mail.note(work, f"let_in_{way}", [person], "/sign-in")


# ---- what is done

def forget_factors(work: Work, person: str) -> bool:
    """Authenticator apps, passkeys and recovery codes open nothing any more; whether there were any."""
    f, r = t.factors, t.recovery_codes
    theirs = list(work.db.scalars(sa.select(f.c.id).where(f.c.person == person)))
    work.db.execute(sa.delete(r).where(r.c.person == person))
    work.db.execute(sa.delete(f).where(f.c.person == person))
    for factor in theirs:
        work.removed("factors", factor, "secret", None)
    return bool(theirs)


def expect(work: Work, person: str) -> None:
    """From now on, and as long as a link is good, whoever comes from the provider with the verified address of this account is this person."""
    i, email = t.identities, work.db.scalar(sa.select(t.people.c.email).where(t.people.c.id == person)) or ""
    known = work.db.scalar(sa.select(i.c.id).where(i.c.person == person, i.c.ended_at.is_(None)))
    row, until = known or new_id(), (work.now + timedelta(days=work.settings.sessions.link_days)).replace(microsecond=0)
    says = {"expected_at": work.now, "expected_by": work.actor.person, "expires_at": until, "proof": address_mark(work.vault, row, person, email, until)}
    if known:
        work.write(sa.update(i).where(i.c.id == row).values(**says))
    else:
        work.write(sa.insert(i).values(id=row, person=person, **says))
    work.record("provider_expected", person=person)


# ---- what there is

def why_not_expected(work: Work, person: Any) -> str | None:
    """Why this person cannot come with the provider; None if they can."""
    provider, i = work.settings.single_sign_on, t.identities
    if not provider.on:
        return "There is no identity provider here"
    if not spoken_for(work, person.email):
        return f"{provider.title} does not speak for addresses such as {person.email}"
    bound = work.db.scalar(sa.select(i.c.id).where(i.c.person == person.id, i.c.ended_at.is_(None), i.c.subject.is_not(None)))
    return None if bound is None else "This person signs in that way already"


def spoken_for(work: Work, email: str) -> bool:
    """Whether the provider says who has an address such as this one."""
    return email.isascii() and email.rpartition("@")[2].lower() in work.settings.single_sign_on.domains
