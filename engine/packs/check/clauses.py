"""The catalogue of clauses and what names one of it: a clause that no source has, and a carrier that is not there."""
from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import Fault
from engine.packs.catalogue import FILE
from engine.packs.clauses import carried, claims_of, named, told_stories
from engine.packs.manifest import line_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.packs.pack import Pack


def faults(pack: Pack) -> Iterator[Fault]:
    """Nothing is asked of a pack whose owners keep no catalogue."""
    if FILE not in pack.files or FILE in pack.unread:
        return
    for clause in pack.catalogue.clauses:
        for kind, id in clause.carried_by:
            if named(pack, kind, id) is None:
                yield Fault(FILE, clause.line, clause.id, None, f"There is no {kind} “{id}” that could carry it: correct carried_by.")
    for place in carried(pack):
        if place.clause not in pack.clauses:
            yield Fault(place.file, place.line, place.id, place.name or None, _unknown(place.clause))
    for path, story in told_stories(pack):
        for claim in claims_of(story):
            if claim not in pack.clauses:
                yield Fault(path, line_of(pack.files[path], "clauses"), "clauses", None, _unknown(claim))


def _unknown(clause: str) -> str:
    return f"There is no clause “{clause}” in {FILE}: add it there, or correct its id here."
