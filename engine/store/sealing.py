"""Sealed columns: what people wrote, readable only with the case's key and only in the place it was written for.

AES-256-GCM (NIST SP 800-38D). Every sealed value is bound to its table, case, row and column, so one that was swapped with
another or changed by a bit does not open; a state is bound to its version too, and does not open when it was rolled back. Each case
has a key of its own, wrapped by the master key from the environment: destroying the wrapped key erases the case."""
from __future__ import annotations

import hashlib
import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from engine.errors import Incident

_NONCE = 12


class Broken(Incident):
    """This cannot be opened: it was changed outside the program, or belongs somewhere else, or the master key is another one. It is not used."""

    def __init__(self) -> None:
        super().__init__((self.__doc__ or "").strip())


class Key:
    """Seals and opens values of one case."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(secret)

    def seal(self, plain: bytes, *place: Any) -> bytes:
        """The sealed form of `plain`, bound to `place`."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, plain, _bound_to(place))

    def open(self, sealed: bytes, *place: Any) -> bytes:
        """What was sealed here, or Broken."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], _bound_to(place))
        except (InvalidTag, ValueError, TypeError):  # TypeError: there is nothing, or something that is no bytes
            raise Broken from None


class Vault:
    """Makes and unwraps keys with the master key, which lives in the environment and nowhere else."""

    def __init__(self, master: str | bytes) -> None:
        material = master.encode() if isinstance(master, str) else master
        self._wrapping = Key(hashlib.sha256(b"casereview wrapping key\0" + material).digest())

    def seal(self, plain: bytes, *place: Any) -> bytes:
        """Sealed under no case: for the little that belongs to none."""
        return self._wrapping.seal(plain, "no case", *place)

    def open(self, sealed: bytes, *place: Any) -> bytes:
        """What was sealed under no case, at this place."""
        return self._wrapping.open(sealed, "no case", *place)

    def new_key(self, *place: Any) -> tuple[Key, bytes]:
        """A fresh key, and its wrapped form for the database."""
        secret = AESGCM.generate_key(256)
        return Key(secret), self._wrapping.seal(secret, "key", *place)

    def unwrap(self, wrapped: bytes, *place: Any) -> Key:
        """The key that was wrapped for this place."""
        return Key(self._wrapping.open(wrapped, "key", *place))


def _bound_to(place: tuple[Any, ...]) -> bytes:
    return "\x1f".join(str(part) for part in place).encode()
