"""The last line of a backup: which key it belongs to, and a signature over every byte before it.

It stands in the ZIP's comment, which is the end of the file. A file that was cut short, changed by a bit or made by someone
without the key does not match, and nothing in it is looked at."""
from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Any

from engine.errors import Refused

if TYPE_CHECKING:
    from pathlib import Path

_LINE = re.compile(rb"casereview backup 1, key ([0-9a-f]{16}), signed ([0-9a-f]{64})\n")
LENGTH = len(f"casereview backup 1, key {'0' * 16}, signed {'0' * 64}\n")
_CHUNK = 1024 * 1024


class Damaged(Refused):
    """This backup is damaged: it was cut short or changed. Nothing of it was used. Take another one."""


class OtherKey(Refused):
    """This backup was made with another master key."""


def fingerprint(master: bytes) -> str:
    """Tells master keys apart and nothing about them: to be written beside the copy of the key and in operators' notes."""
    return hmac.new(master, b"casereview fingerprint", hashlib.sha256).hexdigest()[:16]


def line(master: bytes, signature: str = "0" * 64) -> bytes:
    """The last line of a backup."""
    return f"casereview backup 1, key {fingerprint(master)}, signed {signature}\n".encode()


def sign(file: Path, master: bytes) -> None:
    """Write the signature over the place that was kept for it."""
    signature = _signature(file, master)
    with file.open("r+b") as out:
        out.seek(-LENGTH, 2)
        out.write(line(master, signature))


class Signing:
    """Passes on what is written, with the signature in the place that is kept for it at the end: so that the output need not be seekable."""

    def __init__(self, out: Any, master: bytes) -> None:
        self._out, self._master, self._last = out, master, b""
        self._signing = _signing(master)

    def write(self, part: bytes) -> int:
        """All but the last line goes on at once."""
        self._last += part
        if len(self._last) > LENGTH:
            ready, self._last = self._last[:-LENGTH], self._last[-LENGTH:]
            self._signing.update(ready)
            self._out.write(ready)
        return len(part)

    def flush(self) -> None:
        """Nothing waits here but the last line."""

    def end(self) -> None:
        """Write the last line."""
        self._out.write(line(self._master, self._signing.hexdigest()))


def check(file: Path, master: bytes) -> None:
    """Refuse, in words, whatever is not as it was written with this key."""
    size = file.stat().st_size
    with file.open("rb") as source:
        source.seek(max(0, size - LENGTH))
        found = _LINE.fullmatch(source.read())
    if found is None:
        raise Damaged("This is no backup of casereview, or one that was cut short. Nothing of it was used. Take another one.")
    key, signature = (part.decode() for part in found.groups())
    if hmac.compare_digest(_signature(file, master), signature):
        return
    if key != fingerprint(master):
        raise OtherKey(f"This backup belongs to another master key (its fingerprint is {key}; that of CASEREVIEW_MASTER_KEY is {fingerprint(master)}). "
                       "Set the key that was used when it was made: without it no case in it can be read. Nothing was written.")
    raise Damaged


def _signing(master: bytes) -> hmac.HMAC:
    return hmac.new(hmac.digest(master, b"casereview backup signature", "sha256"), digestmod=hashlib.sha256)


def _signature(file: Path, master: bytes) -> str:
    signing = _signing(master)
    left = file.stat().st_size - LENGTH
    with file.open("rb") as source:
        while left > 0:
            chunk = source.read(min(_CHUNK, left))
            if not chunk:
                break
            signing.update(chunk)
            left -= len(chunk)
    return signing.hexdigest()
