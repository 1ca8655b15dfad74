"""Service and send tasks: somebody must know how to do what they ask for."""
from __future__ import annotations

from typing import TYPE_CHECKING

from engine.packs.check.places import at, elements, known

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.errors import Fault
    from engine.packs.pack import Pack


def faults(pack: Pack, known_types: frozenset[str]) -> Iterator[Fault]:
    """Types of work that nobody does."""
    for _, element in elements(pack):
        if element.job and element.job not in known_types:
            yield at(element, f"Nothing here can do “{element.job}”: choose another type; {known(known_types)}.")
