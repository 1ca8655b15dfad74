"""Service and send tasks: somebody must know how to do what they ask for."""
from __future__ import annotations

from typing import TYPE_CHECKING

from engine.packs.check.places import at, elements
from engine.packs.check.places import known as choice
from engine.packs.services import known

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.errors import Fault
    from engine.packs.pack import Pack


def faults(pack: Pack, known_types: frozenset[str]) -> Iterator[Fault]:
    """Types of work that nobody does, and headers that are missing or mean nothing."""
    services = known()
    for _, element in elements(pack):
        if not element.job or element.job in known_types:
            continue
        service = services.get(element.job)
        if service is None:
            yield at(element, f"Nothing here can do “{element.job}”: choose another type; {choice(services)}.")
            continue
        if element.job == "mail":
            continue                                             # told where the words of a mail are judged
        for header, what in service.needs.items():
            if not element.headers.get(header):
                yield at(element, f"The type “{element.job}” needs the header “{header}”: {what}.")
        for header in element.headers.keys() - service.needs.keys() - service.may.keys():
            yield at(element, f"The type “{element.job}” has no header “{header}”: it has {', '.join([*service.needs, *service.may])}.")
