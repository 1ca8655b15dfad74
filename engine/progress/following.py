"""Where the values of one answer have gone: through output mappings, calls, scripts and collections, process by process.

Output mappings of what was answered are worked out twice, with the answers as they were and as they are now. From there a value is
followed where another mapping hands it on by its name, or by an expression over such values alone; scripts and tables are asked again
with what they had read. Where something else wrote a variable later, it is not followed past that."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine import feel
from engine.errors import Incident
from engine.progress.readings import heads_of
from engine.spiff.rewriting import Rewritten, about, same
from engine.store import tables as t

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from engine.packs import Element
    from engine.work import Case

PROBLEMS = (feel.FeelError, Incident)
Pair = tuple[Any, Any]
FOREVER = 1 << 62


@dataclass(frozen=True)
class Followed:
    """A variable of a process that held `before` because of the answer, and would hold `after`."""

    before: Any
    after: Any
    entry: bool        # of a list: one entry of it
    decided: bool      # a table answered it: it is looked at by what follows, and never rewritten
    until: int         # the step from which on something else has written it


@dataclass
class Trace:
    """Everything one correction changes among the variables."""

    case: Case
    element: Element
    item: str | None
    begins: int                                                   # the step in which it was answered
    ends: int                                                     # the step in which it was answered again
    passes: dict[str, list[tuple[int, str | None]]]
    known: dict[tuple[str, str], Followed] = field(default_factory=dict)
    copiers: set[str] = field(default_factory=set)

    def add(self, process: str, name: str, pair: Pair, *, entry: bool = False, decided: bool = False, by: str | None = None) -> None:
        """A variable that differs, written `by` this element."""
        self.copiers.add(by or self.element.id)
        if not same(*pair) and (process, name) not in self.known:
            self.known[process, name] = Followed(*pair, entry, decided, min(self.ends, self._written_again(process, name)))

    def corrected(self, process: str, seen: Mapping[str, Any], version: int, item: str | None) -> dict[str, Any]:
        """What was read there, with the right values in place of the wrong ones."""
        found = dict(seen)
        for name, held in seen.items():
            one = self.known.get((process, name))
            if one is None or not (self.begins <= version < one.until) or not about(self.item, item):
                continue
            if one.entry and isinstance(held, list) and one.before in held:
                at = held.index(one.before)
                found[name] = [*held[:at], one.after, *held[at + 1:]]
            elif not one.entry and same(held, one.before):
                found[name] = one.after
        return found

    def rewritten(self) -> list[Rewritten]:
        """What the running process has to hold from now on; what tables decided stays as it was decided."""
        return [Rewritten(process, name, one.before, one.after, one.entry)
                for (process, name), one in self.known.items() if one.until == FOREVER and not one.decided]

    def spread(self, now: datetime) -> None:
        """Follow every value through calls and mappings, as far as it goes."""
        before = -1
        while len(self.known) != before:
            before = len(self.known)
            for element in self.case.pack.elements.values():
                self._through(element, now)

    def _through(self, element: Element, now: datetime) -> None:
        inside = self.case.pack.called(element)
        for row in element.inputs:
            for process in (element.process, *inside):
                self._copy(element, row.source, element.process, process, row.target, now)
        for callee in inside:
            if element.gives_all:
                self._hand_on(element.process, callee)
            for row in element.outputs:
                self._copy(element, row.source, callee, element.process, row.target, now)
            if element.takes_all and not element.outputs and element.loop is None:
                self._hand_on(callee, element.process)
        if element.loop and element.loop.gathers and element.loop.output and inside:
            self._copy(element, element.loop.output, element.process, element.process, element.loop.gathers, now, entry=True)

    def _hand_on(self, source: str, target: str) -> None:
        for (process, name), one in list(self.known.items()):
            if process == source and (target, name) not in self.known:
                self.known[target, name] = one

    def _copy(self, element: Element, text: str, source: str, target: str, name: str, now: datetime, *, entry: bool = False) -> None:
        if (target, name) in self.known:
            return
        heads = heads_of([text])
        values = {head: self.known[source, head] for head in heads if (source, head) in self.known}
        if not values or len(values) != len(heads) or any(one.entry for one in values.values()):
            return
        try:
            pair = (feel.value(text, {head: one.before for head, one in values.items()}, now),
                    feel.value(text, {head: one.after for head, one in values.items()}, now))
        except PROBLEMS:
            return
        self.add(target, name, pair, entry=entry, decided=any(one.decided for one in values.values()), by=element.id)

    def _written_again(self, process: str, name: str) -> int:
        """The first later step in which something else wrote this variable."""
        writers = [element.id for element in self.case.pack.elements.values() if element.id not in self.copiers and (
            element.process == process and (element.result == name or (element.loop and element.loop.gathers == name)
                                             or any(row.target == name for row in element.outputs)))]
        later = [version for writer in writers for version, item in self.passes.get(writer, ()) if version > self.begins and about(self.item, item)]
        return min(later, default=FOREVER)


def passes_of(db: sa.Connection, case: str) -> dict[str, list[tuple[int, str | None]]]:
    """Element → the steps in which it was passed, in order, and for which item."""
    p = t.passed
    found: dict[str, list[tuple[int, str | None]]] = {}
    for row in db.execute(sa.select(p.c.element, p.c.version, p.c.item).where(p.c.case_id == case).order_by(p.c.id)):
        found.setdefault(row.element, []).append((row.version, row.item))
    return found
