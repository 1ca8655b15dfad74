"""How passwords are written down and compared. Slow on purpose: never inside a transaction that writes."""
from __future__ import annotations

import hashlib
import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from engine.errors import Refused

SHORTEST_PASSWORD = 12
HASHER = PasswordHasher()


def hashed(password: str) -> str:
    """How a password is written down (argon2id, RFC 9106); one that is too short is refused."""
    if len(password) < SHORTEST_PASSWORD:
        raise Refused(f"A password has at least {SHORTEST_PASSWORD} characters. Three or four words that only you would put together are easy to remember.")
    return HASHER.hash(password)


def matches(secret: str | None, password: str) -> bool:
    """Whether this password was written down so. Where there is nothing to compare with it takes as long, and is wrong."""
    try:
        return HASHER.verify(secret or _nobodys_password(), password[:1000])
    except (VerifyMismatchError, InvalidHashError):
        return False


def shadow(name: str) -> str:
    """A name that someone typed, for the trail: people type passwords into the name box, and it keeps none."""
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def as_signed_in(login: str) -> str:
    """A sign-in name however it was typed."""
    return login.strip().lower()[:200]


@cache
def _nobodys_password() -> str:
    return HASHER.hash(secrets.token_hex())
