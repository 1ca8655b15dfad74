"""Sealed columns: what people wrote, readable only with the case's key and only in the place it was written for.

AES-256-GCM (NIST SP 800-38D). Every sealed value is bound to its table, case, row and column, so one that was swapped with
another or changed by a bit does not open; a state is bound to its version too, and does not open when it was rolled back. A value that was put
back to what stood there before opens: that is found by the trail (store.written). Each case has a key of its own, wrapped by the master key
from the environment: destroying the wrapped key erases the case.

The place of a value of a case is (case, table, row), of one that belongs to no case (table, row); the column follows where the row has several."""
from __future__ import annotations

import copy
import hashlib
import hmac
import os
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from engine.errors import Incident

if TYPE_CHECKING:
    from collections.abc import Callable

    Hears = Callable[[tuple[Any, ...], bytes], None]  # told each place that something was sealed for, with the sealed value

_NONCE = 12


class Broken(Incident):
    """This cannot be opened: it was changed outside the program, or belongs somewhere else, or the master key is another one. It is not used."""

    def __init__(self) -> None:
        super().__init__((self.__doc__ or "").strip())


class Key:
    """Seals and opens values of one case."""

    def __init__(self, secret: bytes, hears: Hears | None = None) -> None:
        self._cipher, self._hears = AESGCM(secret), hears

    def seal(self, plain: bytes, *place: Any) -> bytes:
        """The sealed form of `plain`, bound to `place`."""
        nonce = os.urandom(_NONCE)
        sealed = nonce + self._cipher.encrypt(nonce, plain, _bound_to(place))
        if self._hears:
            self._hears(place, sealed)
        return sealed

    def open(self, sealed: bytes, *place: Any) -> bytes:
        """What was sealed here, or Broken."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], _bound_to(place))
        except (InvalidTag, ValueError, TypeError):  # TypeError: there is nothing, or something that is no bytes
            raise Broken from None


class Vault:
    """Makes and unwraps keys with the master key, which lives in the environment and nowhere else."""

    def __init__(self, master: str | bytes) -> None:
        self._material = master.encode() if isinstance(master, str) else master
        self._wrapping = Key(hashlib.sha256(b"casereview wrapping key\0" + self._material).digest())
        self.hears: Hears | None = None

    def heard_by(self, hears: Hears) -> Vault:
        """The same vault, telling whatever it and the keys it gives seal."""
        heard = copy.copy(self)
        heard.hears = hears
        return heard

    def derived(self, purpose: str) -> bytes:
        """32 secret bytes for another purpose, from which neither the master key nor those of other purposes can be told (HKDF, RFC 5869)."""
        return HKDF(SHA256(), 32, salt=None, info=f"casereview {purpose}".encode()).derive(self._material)

    def seal(self, plain: bytes, *place: Any) -> bytes:
        """Sealed under no case: for the little that belongs to none."""
        sealed = self._wrapping.seal(plain, "no case", *place)
        if self.hears:
            self.hears(place, sealed)
        return sealed

    def open(self, sealed: bytes, *place: Any) -> bytes:
        """What was sealed under no case, at this place."""
        return self._wrapping.open(sealed, "no case", *place)

    def mark(self, text: str, *place: Any) -> str:
        """A digest of a text in this place that nobody makes without the master key (HMAC-SHA256)."""
        return hmac.new(self.derived("marks"), _bound_to((*place, text)), hashlib.sha256).hexdigest()

    def new_key(self, *place: Any) -> tuple[Key, bytes]:
        """A fresh key, and its wrapped form for the database."""
        secret = AESGCM.generate_key(256)
        return Key(secret, self.hears), self._wrapping.seal(secret, "key", *place)

    def unwrap(self, wrapped: bytes, *place: Any) -> Key:
        """The key that was wrapped for this place."""
        return Key(self._wrapping.open(wrapped, "key", *place), self.hears)


def _bound_to(place: tuple[Any, ...]) -> bytes:
    return "\x1f".join(str(part) for part in place).encode()
