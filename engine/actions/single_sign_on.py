"""Coming in with the council's own identity provider. It makes nobody: an account is bound to whom it expects, once."""
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from engine.errors import NotAllowed, NotFound, Refused
from engine.progress import links
from engine.rules.access import SYSTEM, in_own_right
from engine.rules.id_tokens import LEEWAY
from engine.rules.passwords import origin, shadow
from engine.rules.proof import need_proof
from engine.store import tables as t
from engine.store.accounts import may_come_in
from engine.store.database import new_id
from engine.store.factors import spend
from engine.store.identities import bound_person, expected, proof, subject_of
from engine.store.open_sessions import SignedIn, begun, end_sessions, held_session, needed, renewed
from engine.store.tries import must_wait

if TYPE_CHECKING:
    from datetime import datetime

    from engine.rules.id_tokens import Shown
    from engine.work import Work

FAILED = "provider_sign_in_failed"


class Asked(NamedTuple):
    """What somebody was sent to the provider with: it is answered once, and until then."""

    state: str
    at: datetime
    until: datetime


class Failed(NamedTuple):
    """Why nobody came in: `unknown`, `closed`, `unverified`, `replayed`, `another`, `not_again`."""

    kind: str


def sign_in_with_provider(work: Work, shown: Shown, asked: Asked, address: str = "", browser: str = "") -> SignedIn | Failed:
    """A session for the account that is bound to whom the provider has shown; the first time, the account that expects them is bound."""
    person, kind = _whose(work, shown, asked)
    if person is None:
        _note(work, kind, asked.state, address)
        return Failed(kind)
    needs = None if shown.second_factor else needed(work.db, person, work.settings.sessions)
    token = begun(work.db, person, work.now, needs, browser, min(work.now, shown.authenticated_at) if shown.authenticated_at else None)
    if needs is None:
        work.record("signed_in", by=person)
    return SignedIn(token, person, needs)


def confirm_with_provider(work: Work, token: str, shown: Shown, asked: Asked, address: str = "") -> str | Failed:
    """The provider has asked again who it is, since we asked for it, and it is the same person: the session gets a fresh token."""
    row = held_session(work.db, token, work.now, None)
    kind = None
    if not _once(work, asked):
        kind = "replayed"
    elif bound_person(work.db, work.vault, shown) != row.person:
        kind = "another"
    elif shown.authenticated_at is None or shown.authenticated_at < asked.at - LEEWAY:
        kind = "not_again"
    if kind is not None:
        _note(work, kind, asked.state, address)
        return Failed(kind)
    work.record("identity_confirmed", by=row.person, how="provider")
    return renewed(work.db, row, work.now)


def note_failed_sign_in(work: Work, kind: str, state: str, address: str = "") -> None:
    """What came back from the provider, or as if from there, has let nobody in."""
    _note(work, kind, state, address)


def expect_with_provider(work: Work, person: str) -> None:
    """From now on, and as long as a link is good, whoever comes from the provider with the verified address of this account is this person."""
    _manages(work)
    provider, i = work.settings.single_sign_on, t.identities
    row = work.db.execute(sa.select(t.people).where(t.people.c.id == person, may_come_in(work.today)).with_for_update()).one_or_none()
    if row is None or not provider.on:
        raise NotFound
    if not _spoken_for(work, row.email):
        raise Refused(f"{provider.title} does not speak for addresses such as {row.email}.")
    known = work.db.execute(sa.select(i).where(i.c.person == person, i.c.ended_at.is_(None))).one_or_none()
    if known is not None and known.subject is not None:
        raise Refused("This person signs in that way already.")
    need_proof(work)
    until = (work.now + timedelta(days=work.settings.sessions.link_days)).replace(microsecond=0)
    if known is None:
        work.write_right(sa.insert(i).values(id=new_id(), person=person, expected_at=work.now, expected_by=work.actor.person, expires_at=until))
    else:
        work.write_right(sa.update(i).where(i.c.id == known.id).values(expected_at=work.now, expected_by=work.actor.person, expires_at=until))
    work.record("provider_expected", person=person)


def end_with_provider(work: Work, person: str) -> None:
    """This account signs in with the provider no longer: its sessions end, and whoever has no password is sent a link to choose one by an administrator."""
    _manages(work)
    i = t.identities
    row = work.db.execute(sa.select(i).where(i.c.person == person, i.c.ended_at.is_(None)).with_for_update()).one_or_none()
    if row is None:
        raise NotFound
    if person == work.actor.person:
        raise NotAllowed("Nobody does this for themselves. Ask another administrator.")
    need_proof(work)
    work.write_right(sa.update(i).where(i.c.id == row.id).values(ended_at=work.now))
    if row.subject is not None:
        end_sessions(work.db, person, work.now)
    work.record("provider_ended", person=person)


def _whose(work: Work, shown: Shown, asked: Asked) -> tuple[str | None, str]:
    """The person who has just been shown, or why it is nobody."""
    if not _once(work, asked):
        return None, "replayed"
    person = bound_person(work.db, work.vault, shown)
    if person is None:
        if shown.email is None:
            return None, "unverified"
        person = _bind(work, shown) if _spoken_for(work, shown.email) else None
    if person is None:
        return None, "unknown"
    may = work.db.scalar(sa.select(t.people.c.id).where(t.people.c.id == person, may_come_in(work.today))) is not None
    return (person, "") if may else (None, "closed")


def _bind(work: Work, shown: Shown) -> str | None:
    """The one account that waits for this address is theirs. What let anyone in before does so no longer."""
    found = expected(work.db, shown.email or "", work.now)
    if len(found) != 1:
        return None  # nobody, or two with one address: then nobody can say whose it is
    person, identity, i = found[0].id, found[0].identity or new_id(), t.identities
    if work.db.scalar(sa.select(t.people.c.id).where(t.people.c.id == person, may_come_in(work.today))) is None:
        return None
    subject = subject_of(work.vault, shown)
    values = {"subject": subject, "proof": proof(work.vault, identity, person, subject), "bound_at": work.now}
    work.write_right(sa.update(i).where(i.c.id == identity).values(**values) if found[0].identity else
                     sa.insert(i).values(id=identity, person=person, **values))
    links.end(work, person, "used")
    end_sessions(work.db, person, work.now)
    work.record("provider_bound", by=person, person=person)
    return str(person)


def _spoken_for(work: Work, email: str) -> bool:
    return email.isascii() and email.rpartition("@")[2].lower() in work.settings.single_sign_on.domains


def _once(work: Work, asked: Asked) -> bool:
    return work.now <= asked.until and spend(work.db, asked.state.encode(), asked.until, work.now)


def _note(work: Work, kind: str, state: str, address: str) -> None:
    """On the trail, unless it is full of such things from there: anyone can open that address without end."""
    name = shadow(state)
    if not must_wait(work.db, name, address, work.now, work.settings.sessions, FAILED):
        work.record(FAILED, kind=kind, name=name, address=shadow(origin(address)))


def _manages(work: Work) -> None:
    if work.actor is not SYSTEM and not in_own_right(work.actor, "manage_people", work.settings.roles):
        raise NotFound
