"""Signing in and out. Sessions live in the database, so that signing out ends them."""
from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import sqlalchemy as sa

from engine.rules.passwords import as_signed_in, origin, shadow
from engine.store import tables as t
from engine.store.accounts import may_come_in
from engine.store.factors import accept_passkey, factors_of
from engine.store.identities import by_ourselves
from engine.store.open_sessions import SignedIn, begun, end_sessions, found, lasts_until, needed, seen
from engine.store.tries import must_wait

if TYPE_CHECKING:
    from engine.rules.passkeys import Here
    from engine.work import Work


class Known(Protocol):
    """Someone whose password was found right (queries.whose_password), and how it was stored then."""

    @property
    def person(self) -> str: ...
    @property
    def secret(self) -> str: ...


def sign_in(work: Work, login: str, proven: Known | None, address: str = "", browser: str = "") -> SignedIn | None:
    """A session, or None when the password was not right or too many tries from this address have to wait.

    `address`: where from, or a browser that has signed in as this person before. `browser`: its kind, in words."""
    name = as_signed_in(login)
    if must_wait(work.db, name, address, work.now, work.settings.sessions):
        return None  # and nothing counts: waiting ends by itself, whatever is tried meanwhile
    p, provider = t.people, work.settings.single_sign_on
    still = None if proven is None else work.db.scalar(sa.select(p.c.id).where(
        p.c.id == proven.person, p.c.login == name, p.c.password == proven.secret, may_come_in(work.today), by_ourselves(provider)))
    if proven is None or still is None:  # the person may have left, or changed the password, while this one was compared
        work.record("sign_in_failed", name=shadow(name), address=shadow(origin(address)))
        return None
    return _begin(work, proven.person, needed(work.db, proven.person, work.settings.sessions), browser)


def sign_in_with_passkey(work: Work, answer: str, place: Here, address: str = "", browser: str = "") -> SignedIn | None:
    """A session for who unlocked a passkey: it is something they have, and the finger, face or PIN is the second thing."""
    person = accept_passkey(work.db, work.vault, answer, place, "sign in", work.now, work.shut)
    may = may_come_in(work.today), by_ourselves(work.settings.single_sign_on)
    if person is None or work.db.scalar(sa.select(t.people.c.id).where(t.people.c.id == person, *may)) is None:
        work.record("sign_in_failed", name=shadow("a passkey"), address=shadow(origin(address)))
        return None
    return _begin(work, person, None, browser)


def sign_out(work: Work, token: str) -> None:
    """The session ends, here and wherever its cookie was copied to."""
    row = found(work.db, work.vault, token, hold=True)
    if row is not None:
        end_sessions(work.db, work.now, t.sessions.c.id == row.id)
    work.record("signed_out")


def touch_session(work: Work, token: str) -> None:
    """The session was used just now. One that has run out is not woken by it."""
    row = found(work.db, work.vault, token, hold=True)
    if row is not None and work.now <= lasts_until(row, work.settings):
        seen(work.db, work.vault, token, row, work.now)


def _begin(work: Work, person: str, needs: str | None, browser: str) -> SignedIn:
    token = begun(work.db, work.vault, person, work.now, needs, browser, work.now)
    if needs is None:
        work.record("signed_in", by=person)
    for kind in ("codes", "passkey") if needs == "factor" else ():
        factors_of(work.db, work.vault, person, kind, shut=work.shut)   # what does not open is told now, also if nothing else can be tried
    return SignedIn(token, person, needs)
