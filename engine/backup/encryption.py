"""Backups encrypted to a key that is not on the machine, in the age format (age-encryption.org/v1): any `age` opens them.

Whatever is written goes through a pipe: neither the whole backup nor a part of it is on the disk unencrypted, nor in memory."""
from __future__ import annotations

import os
import tempfile
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyrage import DecryptError, IdentityError, decrypt_io, encrypt_io, x25519

from engine.backup.signature import Damaged
from engine.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

ENDING = ".age"
_BEGINS = b"age-encryption.org/v1\n"
_SECRET = "AGE-SECRET-KEY-"  # nosec B105 # noqa: S105 - how a line with one begins


class Locked(Refused):
    """This backup is encrypted, and what was given does not open it. Nothing was written."""


@contextmanager
def encrypted(out: Any, recipient: str) -> Iterator[Any]:
    """A file to write to; what is written arrives in `out` encrypted to this public key. The end of the block is the end of the file."""
    reading, writing = os.pipe()
    went_wrong: list[BaseException] = []

    def pass_on() -> None:
        try:
            with os.fdopen(reading, "rb") as source:
                encrypt_io(source, out, [x25519.Recipient.from_str(recipient)])
        except BaseException as problem:  # noqa: BLE001 - told to whoever writes
            went_wrong.append(problem)

    other = threading.Thread(target=pass_on)
    other.start()
    try:
        with suppress(BrokenPipeError), os.fdopen(writing, "wb") as sink:  # the other side broke off, and says why below
            yield sink
    finally:
        other.join()
    if went_wrong:
        raise went_wrong[0]


def is_encrypted(file: Path) -> bool:
    """Whether this is a file that `age` has written."""
    with file.open("rb") as source:
        return source.read(len(_BEGINS)) == _BEGINS


@contextmanager
def opened(file: Path, identity: Path | None, folder: Path) -> Iterator[Path]:
    """The backup itself, for as long as the block lasts: in a file of this folder that nobody else may read, if it was encrypted."""
    if not is_encrypted(file):
        yield file
        return
    if identity is None:
        raise Locked("This backup is encrypted. Bring the file with the private key to this machine, and name it: --identity FILE. Nothing was written.")
    keys = _keys(identity)
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".restoring-") as plain:
        with file.open("rb") as source:
            try:
                decrypt_io(source, plain, keys)
            except DecryptError as problem:
                if "No matching keys" in str(problem):
                    raise Locked("This backup is encrypted to another key than that in the file given with --identity. Nothing was written.") from None
                raise Damaged from None
            except OSError as problem:
                if problem.errno is not None:   # the disk, not what is on it
                    raise
                raise Damaged from None
        plain.flush()
        yield Path(plain.name)


def new_key(file: Path) -> str:
    """Write a new private key to this file, as `age-keygen` does; gives its public half."""
    key = x25519.Identity.generate()
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(f"# public key: {key.to_public()}\n{key}\n")
    return str(key.to_public())


def _keys(identity: Path) -> list[x25519.Identity]:
    lines = identity.read_text("utf-8", "replace").splitlines()
    try:
        found = [x25519.Identity.from_str(line.strip()) for line in lines if line.startswith(_SECRET)]
    except IdentityError:
        found = []
    if not found:
        raise Locked(f"There is no private key of age in {identity.name}: it has a line that begins with {_SECRET}. "
                     "One that is locked with a passphrase is opened first, by `age --decrypt`. Nothing was written.")
    return found
