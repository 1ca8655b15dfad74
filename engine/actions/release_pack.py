"""Freeze a pack by content; cases begin on its newest release and stay on theirs."""
from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.errors import NotAllowed, PackFaults, Refused
from engine.packs import Pack, check
from engine.releases import bundle
from engine.rules.access import SYSTEM
from engine.store import tables as t
from engine.store.database import new_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.work import Work


def release_pack(work: Work, files: Mapping[str, bytes], note: str = "") -> tuple[str, int]:
    """The release's id and number. A pack with faults cannot be released; the same content twice is the same release."""
    if work.actor is not SYSTEM and not work.actor.may("release_pack"):
        raise NotAllowed
    pack = Pack.from_files(files)
    if faults := check(pack):
        raise PackFaults(faults)
    r = t.releases
    last = work.db.execute(sa.select(r.c.id, r.c.number, r.c.digest).where(r.c.pack == pack.id).order_by(r.c.number.desc()).limit(1)).one_or_none()
    if last is not None and last.digest == pack.digest:
        raise Refused(f"This is release {last.number} of {pack.id} already: nothing has changed since.")
    release, number = new_id(), (last.number if last else 0) + 1
    work.db.execute(sa.insert(r).values(id=release, pack=pack.id, number=number, digest=pack.digest, files=bundle(files), note=note,
                                        released_at=work.now, released_by=work.actor.person))
    work.record("pack_released", pack=pack.id, release=number, digest=pack.digest)
    return release, number
