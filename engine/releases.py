"""Released packs: frozen by content, read once, shared by all cases that run on them."""
from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import sqlalchemy as sa
import zstandard

from engine.errors import NotFound
from engine.packs import Pack, pack_of
from engine.spiff import Program, load
from engine.store import tables as t

if TYPE_CHECKING:
    from collections.abc import Mapping


def bundle(files: Mapping[str, bytes]) -> bytes:
    """The files of a pack as one value, byte for byte and the same for the same files."""
    plain = json.dumps({path: base64.b64encode(files[path]).decode() for path in sorted(files)})
    return zstandard.compress(plain.encode(), 3)


def unbundle(content: bytes) -> dict[str, bytes]:
    """The files again."""
    return {path: base64.b64decode(text) for path, text in json.loads(zstandard.decompress(content)).items()}


class Shelf:
    """Every release that was asked for so far. A release never changes, so this needs no emptying."""

    def __init__(self) -> None:
        self._packs: dict[str, Pack] = {}
        self._programs: dict[str, Program] = {}

    def lay(self, release: str, pack: Pack, program: Program) -> None:
        """Replace a release in memory only: `coverage --mutate` plays stories against a changed pack."""
        self._packs[release], self._programs[release] = pack, program

    def pack(self, db: sa.Connection, release: str) -> Pack:
        """The pack as it was released."""
        if release not in self._packs:
            content = db.scalar(sa.select(t.releases.c.files).where(t.releases.c.id == release))
            if content is None:
                raise NotFound
            self._packs[release] = pack_of(unbundle(content))
        return self._packs[release]

    def program(self, db: sa.Connection, release: str) -> Program:
        """The same, ready to run."""
        if release not in self._programs:
            self._programs[release] = load(self.pack(db, release))
        return self._programs[release]


def newest(db: sa.Connection, pack: str) -> str:
    """The id of a pack's newest release: where new cases begin."""
    found: str | None = db.scalar(sa.select(t.releases.c.id).where(t.releases.c.pack == pack).order_by(t.releases.c.number.desc()).limit(1))
    if found is None:
        raise NotFound(f"No release of {pack} is here yet.")
    return found


def newest_of_all(db: sa.Connection) -> dict[str, str]:
    """Pack → the id of its newest release."""
    last = sa.select(t.releases.c.pack, sa.func.max(t.releases.c.number).label("number")).group_by(t.releases.c.pack).subquery()
    query = sa.select(t.releases.c.pack, t.releases.c.id).join(
        last, sa.and_(last.c.pack == t.releases.c.pack, last.c.number == t.releases.c.number)).order_by(t.releases.c.pack)
    return {row.pack: row.id for row in db.execute(query)}
