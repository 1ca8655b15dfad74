"""One's own authenticator apps, passkeys and recovery codes: added, named, removed; and taken away on the machine when they are lost."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import InvalidAnswers, NotAllowed, NotFound, Refused
from engine.proposals.let_in import forget_factors
from engine.rules import codes, passkeys
from engine.rules.access import SYSTEM
from engine.rules.proof import need_proof
from engine.store import tables as t
from engine.store.factors import MOST_FACTORS, keep_authenticator, keep_passkey, offered_secret, spend
from engine.store.factors import new_recovery_codes as fresh_codes
from engine.store.open_sessions import end_sessions_of, held_session, renewed

if TYPE_CHECKING:
    from engine.rules.passkeys import Here
    from engine.work import Work

LONGEST_NAME = 60


@dataclass(frozen=True)
class Added:
    """The first of all makes recovery codes too, to be shown once. A session that had to set one up is whole, with a fresh token."""

    token: str | None = None
    recovery_codes: list[str] = field(default_factory=list)


def add_authenticator(work: Work, token: str, offered: bytes, code: str, name: str = "") -> Added:
    """The app that was offered (queries.new_authenticator) is theirs, since it shows the right code."""
    row = _session(work, token)
    secret = offered_secret(work.vault, offered, row.person)
    step = codes.step_of(secret, codes.as_typed(code), work.now, 0)
    if step is None:
        raise InvalidAnswers({"code": "This is not the code that the app shows now. Check that the phone’s clock is right, and enter the newest code"})
    _room(work, row.person)
    keep_authenticator(work.db, work.vault, row.person, _named(name, "Authenticator app"), secret, step, work.now)
    return _added(work, row, "codes")


def add_passkey(work: Work, token: str, answer: str, place: Here, name: str = "") -> Added:
    """The passkey that the browser has just made (queries.new_passkey) is theirs."""
    row = _session(work, token)
    challenge = passkeys.challenge_in(answer)
    until = passkeys.until_when(work.vault.mark, challenge, f"register {row.person}", work.now) if challenge else None
    found = passkeys.registered(answer, place, challenge) if challenge and until else None
    if challenge is None or until is None or found is None or not spend(work.db, challenge, until, work.now):
        raise InvalidAnswers({"passkey": "The passkey could not be added. Try once more"})
    if work.db.scalar(sa.select(t.factors.c.id).where(t.factors.c.credential == passkeys.digest(found.id))) is not None:
        raise InvalidAnswers({"passkey": "This passkey is known here already"})
    _room(work, row.person)
    keep_passkey(work.db, work.vault, row.person, _named(name, "Passkey"), found, work.now)
    return _added(work, row, "passkey")


def name_factor(work: Work, factor: str, name: str) -> None:
    """What its owner calls it from now on."""
    f = t.factors
    if not work.db.execute(sa.update(f).where(f.c.id == factor, f.c.person == work.actor.person).values(name=_named(name, ""))).rowcount:
        raise NotFound


def remove_factor(work: Work, factor: str) -> None:
    """It opens nothing any more. Where a second factor is required the last one stays."""
    f = t.factors
    work.db.execute(sa.select(t.people.c.id).where(t.people.c.id == work.actor.person).with_for_update())  # two last ones at once: one after the other
    mine = {row.id: row.kind for row in work.db.execute(sa.select(f.c.id, f.c.kind).where(f.c.person == work.actor.person))}
    if factor not in mine:
        raise NotFound
    if len(mine) == 1 and work.settings.sessions.second_factor == "required":
        raise Refused("This is the only one you have, and one is required here. Add another first, then remove this one.")
    need_proof(work)
    if len(mine) == 1:
        forget_factors(work, str(work.actor.person))
    else:
        work.db.execute(sa.delete(f).where(f.c.id == factor))
        work.removed("factors", factor, "secret", None)
    work.record("factor_removed", kind=mine[factor])


def make_recovery_codes(work: Work) -> list[str]:
    """Ten fresh ones, told once. Those from before are worth nothing any more."""
    if work.db.scalar(sa.select(t.factors.c.id).where(t.factors.c.person == work.actor.person).limit(1)) is None:
        raise Refused("Recovery codes are for the day on which you cannot use your authenticator app or passkey. Add one of those first.")
    need_proof(work)
    work.record("recovery_codes_made")
    return fresh_codes(work.db, work.vault, str(work.actor.person), work.now)


def take_away_factors(work: Work, person: str) -> None:
    """Someone has lost phone and recovery codes: all of them are gone, and every session with them. They set up new ones after their password.

    On the machine itself; on a page it takes two (`proposals.let_in`)."""
    if work.actor is not SYSTEM:
        raise NotAllowed("This is done on the machine itself, or proposed and approved by another administrator.")
    if work.db.scalar(sa.select(t.people.c.id).where(t.people.c.id == person)) is None:
        raise NotFound
    if not forget_factors(work, person):
        raise Refused("This person has set up none.")
    end_sessions_of(work.db, person, work.now)
    work.record("factors_taken_away", person=person)


def _session(work: Work, token: str) -> Any:
    """The actor's session: one that has to set one up, or a whole one in which they have shown lately who they are."""
    row = held_session(work.db, work.vault, token, work.now, "setup", None)
    if row.person != work.actor.person:
        raise NotFound
    if row.needs is None:
        need_proof(work)
    return row


def _room(work: Work, person: str) -> None:
    if (work.db.scalar(sa.select(sa.func.count()).select_from(t.factors).where(t.factors.c.person == person)) or 0) >= MOST_FACTORS:
        raise Refused(f"You have {MOST_FACTORS} already. Remove one first.")


def _added(work: Work, row: Any, kind: str) -> Added:
    work.record("factor_added", kind=kind)
    first = work.db.scalar(sa.select(t.recovery_codes.c.digest).where(t.recovery_codes.c.person == row.person).limit(1)) is None
    made = fresh_codes(work.db, work.vault, row.person, work.now) if first else []
    if row.needs is None:
        return Added(recovery_codes=made)
    work.record("signed_in")
    return Added(renewed(work.db, work.vault, row, work.now), made)


def _named(name: str, otherwise: str) -> str:
    words = " ".join(name.split())
    if len(words) > LONGEST_NAME or not words.isprintable():
        raise InvalidAnswers({"name": f"A name has at most {LONGEST_NAME} characters"})
    if not words and not otherwise:
        raise InvalidAnswers({"name": "Enter a name, such as “Work phone”"})
    return words or otherwise
