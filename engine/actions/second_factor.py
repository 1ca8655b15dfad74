"""Showing who one is beside the password: to come in at all, and again before what cannot be taken back."""
from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.rules import codes
from engine.rules.passwords import origin, shadow
from engine.store import tables as t
from engine.store.factors import accept_code, accept_passkey, accept_recovery_code
from engine.store.open_sessions import held_session, renewed
from engine.store.tries import CODE, must_wait, must_wait_with_codes

if TYPE_CHECKING:
    from typing import Protocol

    from engine.rules.passkeys import Here
    from engine.work import Work

    class Known(Protocol):
        """Someone whose password was found right, and how it was stored then."""

        @property
        def person(self) -> str: ...
        @property
        def secret(self) -> str: ...


def give_second_factor(work: Work, token: str, place: Here, *, code: str = "", passkey: str = "", address: str = "") -> str | None:
    """The session that waits for it is a whole one now, with a fresh token; None when code or passkey were not right, or one has to wait."""
    row = held_session(work.db, work.vault, token, work.now, "factor")
    if not _shown(work, row.person, place, code, passkey, address, recovery=True):
        return None
    work.record("signed_in", by=row.person)
    return renewed(work.db, work.vault, row, work.now)


def confirm_identity(work: Work, token: str, place: Here, *, proven: Known | None = None, code: str = "", passkey: str = "", address: str = "") -> str | None:
    """It is still the same person: the session gets a fresh token. None when password, code or passkey were not right, or one has to wait."""
    row = held_session(work.db, work.vault, token, work.now, None)
    how = "passkey" if passkey else "code" if code else "password"
    if how == "password":
        right = proven is not None and proven.person == row.person and work.db.scalar(
            sa.select(t.people.c.id).where(t.people.c.id == row.person, t.people.c.password == proven.secret)) is not None
        if not right:
            login = work.db.scalar(sa.select(t.people.c.login).where(t.people.c.id == row.person)) or ""
            if not must_wait(work.db, login, address, work.now, work.settings.sessions):
                work.record("sign_in_failed", by=row.person, name=shadow(login), address=shadow(origin(address)))
    else:
        right = _shown(work, row.person, place, code, passkey, address)
    if not right:
        return None
    work.record("identity_confirmed", by=row.person, how=how)
    return renewed(work.db, work.vault, row, work.now)


def _shown(work: Work, person: str, place: Here, code: str, passkey: str, address: str, *, recovery: bool = False) -> bool:
    """Whether this code or passkey is theirs, and good. What is wrong counts; while one has to wait, nothing does."""
    typed = codes.as_typed(code)
    if passkey:
        right = accept_passkey(work.db, work.vault, passkey, place, "show again", work.now, work.shut, of=person) is not None
    elif len(typed) == codes.LENGTH and recovery:
        if must_wait(work.db, person, address, work.now, work.settings.sessions, CODE):
            return False
        right = accept_recovery_code(work.db, work.vault, person, typed)
        if right:
            left = work.db.scalar(sa.select(sa.func.count()).select_from(t.recovery_codes).where(t.recovery_codes.c.person == person))
            work.record("recovery_code_used", by=person, left=left)
    else:
        if must_wait_with_codes(work.db, person, address, work.now, work.settings.sessions):
            return False
        right = accept_code(work.db, work.vault, person, typed, work.now, work.shut)
    if not right:
        work.record("second_factor_failed", by=person, name=shadow(person), address=shadow(origin(address)))
    return right
