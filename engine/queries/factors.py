"""What a browser or an app is handed to show who someone is: things to sign, and secrets to be. None of these writes a row."""
from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.errors import NotFound
from engine.queries.shapes.accounts import Halfway, NewAuthenticator, ToConfirm
from engine.rules import codes, passkeys
from engine.store import tables as t
from engine.store.accounts import may_come_in
from engine.store.factors import factors_of, offered_secret
from engine.store.identities import is_bound
from engine.store.open_sessions import HALFWAY, found

if TYPE_CHECKING:
    from engine.look import Look
    from engine.rules.passkeys import Here


def passkey_to_sign_in(look: Look, place: Here) -> str:
    """What any passkey is asked to sign on the sign-in page, as JSON."""
    return passkeys.to_sign(place, passkeys.new_challenge(look.vault.mark, "sign in", look.now), alone=True)


def halfway(look: Look, token: str, place: Here) -> Halfway | None:
    """The session whose password was right and that needs something still; None if there is none, or it took too long."""
    row = found(look.db, look.vault, token)
    if row is None or row.needs is None or look.now - row.created_at > HALFWAY:
        return None
    may = look.db.scalar(sa.select(t.people.c.id).where(t.people.c.id == row.person, may_come_in(look.today))) is not None
    return None if not may else Halfway(row.id, row.person, row.needs, _to_show_again(look, row.person, place), _has_codes(look, row.person))


def to_confirm(look: Look, place: Here) -> ToConfirm:
    """With what I can show again that it is me."""
    me = str(look.actor.person)
    row = look.db.execute(sa.select(t.people.c.login, is_bound().label("bound")).where(t.people.c.id == me)).one_or_none()
    if row is None:
        raise NotFound
    return ToConfirm(row.login, _to_show_again(look, me, place), _has_codes(look, me), look.settings.single_sign_on.on and bool(row.bound))


def new_authenticator(look: Look) -> NewAuthenticator:
    """A secret for an authenticator app of mine; it counts once the app has shown a code of it (add_authenticator)."""
    me, secret = look.actor.person, codes.new_secret()
    login = look.db.scalar(sa.select(t.people.c.login).where(t.people.c.id == me))
    if login is None:
        raise NotFound
    return _offered(look, secret, login)


def same_authenticator(look: Look, sealed: bytes) -> NewAuthenticator:
    """The secret that was offered before, for the page that says the code was wrong."""
    secret = offered_secret(look.vault, sealed, look.actor.person or "")
    return _offered(look, secret, look.db.scalar(sa.select(t.people.c.login).where(t.people.c.id == look.actor.person)) or "")


def new_passkey(look: Look, place: Here) -> str:
    """What my browser is asked to make, as JSON."""
    me = str(look.actor.person)
    login = look.db.scalar(sa.select(t.people.c.login).where(t.people.c.id == me))
    if login is None:
        raise NotFound
    known = [factor.passkey for factor in factors_of(look.db, look.vault, me, "passkey")]
    challenge = passkeys.new_challenge(look.vault.mark, f"register {me}", look.now)
    return passkeys.to_register(place, challenge, board=look.settings.board.short, person=me, login=login, name=look.actor.name, known=known)


def _offered(look: Look, secret: str, login: str) -> NewAuthenticator:
    sealed = look.vault.seal(secret.encode(), "offered authenticator", look.actor.person)
    return NewAuthenticator(codes.address_for_app(secret, login, look.settings.board.short), secret, sealed)


def _to_show_again(look: Look, person: str, place: Here) -> str | None:
    known = [factor.passkey for factor in factors_of(look.db, look.vault, person, "passkey")]
    return passkeys.to_sign(place, passkeys.new_challenge(look.vault.mark, "show again", look.now), known) if known else None


def _has_codes(look: Look, person: str) -> bool:
    return bool(factors_of(look.db, look.vault, person, "codes"))
