"""How passwords are written down and compared. Slow on purpose: never inside a transaction that writes."""
from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from functools import cache
from ipaddress import IPv6Address, IPv6Network, ip_address
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from engine.errors import Busy, Refused
from engine.rules.guessable import guessable

SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 1000
HASHER = PasswordHasher()
#: So many passwords are compared at once in this process, and so many seconds one more waits for its turn: the others shall still get their pages.
COMPARING = BoundedSemaphore(2)
PATIENCE = 2.0


def hashed(password: str, known: Iterable[str] = ()) -> str:
    """How a password is written down (argon2id, RFC 9106). One that is too short is refused, and one that others try first.

    `known`: words that anyone would think of here, such as the person's name and the board's."""
    if len(password) < SHORTEST_PASSWORD:
        raise Refused(f"A password has at least {SHORTEST_PASSWORD} characters. Three or four words that only you would put together are easy to remember.")
    if len(password) > LONGEST_PASSWORD:
        raise Refused(f"A password has at most {LONGEST_PASSWORD} characters.")
    if why := guessable(password, known):
        raise Refused(why)
    return HASHER.hash(password)


def matches(secret: str | None, password: str) -> bool:
    """Whether this password was written down so. Where there is nothing to compare with it takes as long, and is wrong."""
    if not COMPARING.acquire(timeout=PATIENCE):
        raise Busy
    try:
        return HASHER.verify(secret or _nobodys_password(), password[:LONGEST_PASSWORD])
    except (VerifyMismatchError, InvalidHashError):
        return False
    finally:
        COMPARING.release()


def shadow(name: str) -> str:
    """A name that someone typed, for the trail: people type passwords into the name box, and it keeps none."""
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def origin(address: str) -> str:
    """Where someone asks from, for counting: of IPv6 the network, since whoever has one address of it has them all."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or IPv6Network((int(found) >> 64 << 64, 64)))
    return str(found)


def as_signed_in(login: str) -> str:
    """A sign-in name however it was typed."""
    return login.strip().lower()[:200]


@cache
def _nobodys_password() -> str:
    return HASHER.hash(secrets.token_hex())
