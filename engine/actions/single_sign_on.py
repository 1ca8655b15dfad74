"""Coming in with the council's own identity provider. It makes nobody: an account is bound to whom it expects, once."""
from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from engine.errors import NotAllowed, NotFound, Refused
from engine.progress import links
from engine.proposals.let_in import expect, spoken_for, why_not_expected
from engine.rules.access import SYSTEM, in_own_right
from engine.rules.id_tokens import LEEWAY
from engine.rules.passwords import origin, shadow
from engine.rules.proof import need_proof
from engine.store import tables as t
from engine.store.accounts import may_come_in, never_came
from engine.store.database import new_id
from engine.store.factors import spend
from engine.store.identities import bound_person, expected, proof, provider_session, subject_of
from engine.store.open_sessions import SignedIn, begun, end_sessions, end_sessions_of, held_session, needed, renewed
from engine.store.tries import must_wait

if TYPE_CHECKING:
    from datetime import datetime

    from engine.rules.id_tokens import LoggedOut, Shown
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
    token = begun(work.db, work.vault, person, work.now, needs, browser, min(work.now, shown.authenticated_at) if shown.authenticated_at else None,
                  provider_session(work.vault, shown.issuer, shown.session))
    if needs is None:
        work.record("signed_in", by=person)
    return SignedIn(token, person, needs)


def confirm_with_provider(work: Work, token: str, shown: Shown, asked: Asked, address: str = "") -> str | Failed:
    """The provider has asked again who it is, since we asked for it, and it is the same person: the session gets a fresh token."""
    row = held_session(work.db, work.vault, token, work.now, None)
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
    return renewed(work.db, work.vault, row, work.now)


def sign_out_by_provider(work: Work, told: LoggedOut) -> bool:
    """The sessions here that came from one at the provider that is over, or from any of somebody’s, are over too; False if the token was used before."""
    if not spend(work.db, f"logout {told.issuer} {told.id}".encode(), told.until + LEEWAY, work.now):
        return False
    s, person = t.sessions, None if told.subject is None else bound_person(work.db, work.vault, told)
    which = [s.c.provider.is_not(None)] if told.session is None else [
        s.c.provider.in_([provider_session(work.vault, told.issuer, name) for name in ((told.session, None) if person else (told.session,))])]
    ended = 0 if told.subject is not None and person is None else end_sessions(
        work.db, work.now, *which, *([] if person is None else [s.c.person == person]))
    work.record("provider_signed_out", person=person, sessions=ended)
    return True


def note_failed_sign_in(work: Work, kind: str, state: str, address: str = "") -> None:
    """What came back from the provider, or as if from there, has let nobody in."""
    _note(work, kind, state, address)


def expect_with_provider(work: Work, person: str) -> None:
    """From now on, and as long as a link is good, whoever comes from the provider with the verified address of this account is this person."""
    _manages(work)
    row = work.db.execute(sa.select(t.people).where(t.people.c.id == person, may_come_in(work.today)).with_for_update()).one_or_none()
    if row is None or not work.settings.single_sign_on.on:
        raise NotFound
    if why := why_not_expected(work, row):
        raise Refused(f"{why}.")
    if work.actor is not SYSTEM and work.db.scalar(sa.select(t.people.c.id).where(t.people.c.id == person, never_came())) is None:
        raise Refused("Somebody comes in by this account already. That they do so another way from now on takes two administrators: propose it under “People”.")
    need_proof(work)
    expect(work, person)


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
    work.write(sa.update(i).where(i.c.id == row.id).values(ended_at=work.now, proof=""))
    if row.subject is not None:
        end_sessions_of(work.db, person, work.now)
    work.record("provider_ended", person=person)


def _whose(work: Work, shown: Shown, asked: Asked) -> tuple[str | None, str]:
    """The person who has just been shown, or why it is nobody."""
    if not _once(work, asked):
        return None, "replayed"
    person = bound_person(work.db, work.vault, shown)
    if person is None:
        if shown.email is None:
            return None, "unverified"
        person = _bind(work, shown) if spoken_for(work, shown.email) else None
    if person is None:
        return None, "unknown"
    may = work.db.scalar(sa.select(t.people.c.id).where(t.people.c.id == person, may_come_in(work.today))) is not None
    return (person, "") if may else (None, "closed")


def _bind(work: Work, shown: Shown) -> str | None:
    """The one account that waits for this address is theirs. What let anyone in before does so no longer."""
    found = expected(work.db, work.vault, shown.email or "", work.now)
    if len(found) != 1:
        return None  # nobody, or two with one address: then nobody can say whose it is
    person, identity, i = found[0].id, found[0].identity or new_id(), t.identities
    if work.db.scalar(sa.select(t.people.c.id).where(t.people.c.id == person, may_come_in(work.today))) is None:
        return None
    subject = subject_of(work.vault, shown)
    values = {"subject": subject, "proof": proof(work.vault, identity, person, subject), "bound_at": work.now}
    if found[0].identity:
        work.write(sa.update(i).where(i.c.id == identity).values(**values))
    else:
        work.write(sa.insert(i).values(id=identity, person=person, **values))
    links.end(work, person, "used")
    end_sessions_of(work.db, person, work.now)
    work.record("provider_bound", by=person, person=person)
    return str(person)


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
