"""Releases: a pack frozen by its content."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import PackFaults, Refused
from engine.packs import Pack, check, pack_of
from engine.proposals.kind import Kind, Proposed
from engine.releases import bundle, unbundle
from engine.store import tables as t
from engine.store.database import new_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.proposals.kind import Agreed
    from engine.work import Work

LONGEST_NOTE = 2_000


class Release(Kind):
    """A new release of a pack that has one already."""

    name, permission, asks = "release", "release_pack", frozenset({"note"})

    def look(self, work: Work, what: Mapping[str, Any], files: bytes | None) -> Proposed:
        """Bound to the content of the pack, and to the release it comes after."""
        note = what["note"]
        if not isinstance(note, str) or len(note) > LONGEST_NOTE or "\0" in note:
            raise Refused(f"A note has at most {LONGEST_NOTE:,} characters.")
        pack = sound(unbundle(files or bundle({})))
        last = before(work, pack)
        after = {"number": last.number, "digest": last.digest} if last else None
        return Proposed(what={"note": note}, seen={"pack": pack.id, "digest": pack.digest, "after": after}, files=files,
                        on_the_trail={"pack": pack.id, "digest": pack.digest})

    def do(self, work: Work, agreed: Agreed) -> None:
        """Released by who proposed it; who approved it stands beside."""
        pack = pack_of(unbundle(agreed.proposed.files or b""))
        freeze(work, pack, agreed.proposed.what["note"], by=agreed.by, approved_by=work.actor.person)


def sound(files: Mapping[str, bytes]) -> Pack:
    """The pack in these files; one with faults is refused."""
    pack = pack_of(files)
    if faults := check(pack):
        raise PackFaults(faults)
    return pack


def before(work: Work, pack: Pack) -> Any:
    """The newest release of this pack until now, or none. The same content twice is the same release."""
    r = t.releases
    last = work.db.execute(sa.select(r.c.id, r.c.number, r.c.digest).where(r.c.pack == pack.id).order_by(r.c.number.desc()).limit(1)).one_or_none()
    if last is not None and last.digest == pack.digest:
        raise Refused(f"This is release {last.number} of {pack.id} already: nothing has changed since.")
    return last


def freeze(work: Work, pack: Pack, note: str, *, by: str | None, approved_by: str | None = None) -> tuple[str, int]:
    """Make it the newest release; gives its id and number. Of two who do so at once, the second is refused by its number."""
    last = before(work, pack)
    release, number = new_id(), (last.number if last else 0) + 1
    work.write(sa.insert(t.releases).values(id=release, pack=pack.id, number=number, digest=pack.digest, files=bundle(pack.files), note=note,
                                                  released_at=work.now, released_by=by, approved_by=approved_by))
    work.record("pack_released", pack=pack.id, release=number, digest=pack.digest)
    return release, number
