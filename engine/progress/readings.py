"""What choices and deadlines read of the process, kept so that a correction can ask them again with the right answer.

A finished part of a process is forgotten with its variables. What a gateway, a decision table, a script or a deadline read there is
kept beside it, sealed; answers and the engine's other names are not: they can be looked up again."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine import feel
from engine.store import tables as t
from engine.store.database import new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from engine.spiff import Place
    from engine.work import Case, Work

KINDS = {"exclusiveGateway": "choice", "inclusiveGateway": "choice", "businessRuleTask": "table", "scriptTask": "script"}


class Readings:
    """Those of one step, written with it."""

    def __init__(self, work: Work, case: Case) -> None:
        self.work, self.case = work, case
        self._rows: list[dict[str, Any]] = []

    def of_element(self, place: Place, seen: Mapping[str, Any]) -> None:
        """A gateway has chosen, a table or a script has answered."""
        self._add(KINDS[self.case.pack.elements[place.element].kind], place.element, None, place, seen)

    def of_clock(self, kind: str, deadline: str, clock: str | None, text: str, place: Place, variables: Callable[[], Mapping[str, Any]]) -> None:
        """A deadline was asked for its date (`from`, `on`, `ended`), or whether it runs (`when`)."""
        heads = {path.partition(".")[0] for path in feel.paths(text)}
        known = variables()
        self._add(kind, deadline, clock, place, {name: known[name] for name in heads if name in known})

    def write(self) -> None:
        """Put them beside the step that is about to be saved."""
        if self._rows:
            for at, row in enumerate(self._rows):
                row |= {"version": self.case.version + 1, "place": at}
            self.work.db.execute(sa.insert(t.readings), self._rows)
            self._rows = []

    def _add(self, kind: str, name: str, clock: str | None, place: Place, seen: Mapping[str, Any]) -> None:
        reading = new_id()
        self._rows.append({
            "id": reading, "case_id": self.case.id, "at": self.work.now, "kind": kind, "name": name, "clock": clock, "element": place.element,
            "process": place.process, "item": place.item, "agency": place.agency, "seen": self.case.seal(dict(seen), "readings", reading, "seen")})


def heads_of(texts: Iterable[str | None]) -> set[str]:
    """The first names of all paths these settings read: “=FEEL” or plain text."""
    return {path.partition(".")[0] for text in texts if text and text.startswith("=") for path in feel.paths(text[1:])}
