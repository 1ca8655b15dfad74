"""What comes after a step: the arrows followed to the next ones that wait for somebody or something, with the conditions on the way."""
from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.packs.in_words import offered, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.packs.elements import Element, Process
    from engine.packs.pack import Pack

FURTHEST = 40        # steps that happen of themselves between one task and the next
#: The questions asked on a way, each with the answer and how many answers there are.
Way = tuple[tuple[str, str, int], ...]


@dataclass(frozen=True)
class Follows:
    """What comes after a step."""

    element: str
    kind: str                             # task | button | wait | mail | paper | end | on (where it was called from)
    words: str
    roles: tuple[str, ...] = ()           # whose it is, or who gets the mail
    when: tuple[tuple[str, ...], ...] = ()    # ways that lead there, each the conditions on it; none: always
    joined: bool = False                  # what others do has to be done too


@dataclass(frozen=True)
class _Found:
    element: str
    kind: str
    words: str
    roles: tuple[str, ...]
    way: Way
    joined: bool


@dataclass(frozen=True)
class _Way:
    been: frozenset[str]
    asked: Way = ()
    joined: bool = False


def comes_next(pack: Pack, element: Element) -> list[Follows]:
    """What follows when this is done: tasks of people, mails and papers on the way, what is waited for, an end.

    What has to wait for others too is told only where nothing else follows."""
    walk = _Walk(pack)
    found = list(walk.after(element))
    if found and not all(one.joined for one in found):
        found = [one for one in found if not one.joined]
    ways: dict[tuple[str, str], tuple[_Found, set[Way]]] = {}
    for one in found:
        ways.setdefault((one.element, one.kind), (one, set()))[1].add(one.way)
    return [Follows(one.element, one.kind, one.words, one.roles, tuple(tuple(f"“{asked}” {said}" for asked, said, _ in way) for way in _fewer(all_ways)),
                  joined=one.joined) for one, all_ways in ways.values()]


def _fewer(ways: set[Way]) -> list[Way]:
    """The same ways with fewer conditions: a question that leads there whatever is answered need not be asked. None: always."""
    while True:
        for way in ways:
            for place, (asked, _, branches) in enumerate(way):
                same = {other for other in ways if len(other) == len(way) and other[:place] == way[:place] and other[place + 1:] == way[place + 1:]
                        and other[place][0] == asked}
                if len(same) == branches:
                    ways = (ways - same) | {(*way[:place], *way[place + 1:])}
                    break
            else:
                continue
            break
        else:
            return [] if () in ways else sorted(ways, key=lambda way: (len(way), way))


class _Walk:
    """Follows the arrows from a step to the next ones that wait for somebody or something."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack

    def after(self, element: Element) -> Iterator[_Found]:
        yield from self._on(element, _Way(frozenset({element.id})))

    def _on(self, element: Element, way: _Way) -> Iterator[_Found]:
        process = self.pack.processes[element.process]
        flows = [flow for flow in (process.flows[id] for id in element.outgoing) if flow.target in process.elements]
        asks = element.kind in {"exclusiveGateway", "inclusiveGateway"} and len(flows) > 1
        if element.loop:
            way = replace(way, joined=True)
        for flow in flows:
            said = [answer for asked, answer, _ in way.asked if asked == element.name]
            if asks and said and said[0] != flow.name:       # asked before, and answered otherwise
                continue
            further = replace(way, asked=(*way.asked, (element.name, flow.name or "otherwise", len(flows)))) if asks and not said else way
            yield from self._at(process.elements[flow.target], further)
        if not flows:
            yield from self._out(process, element, way)

    def _out(self, process: Process, element: Element, way: _Way) -> Iterator[_Found]:
        """At the end of a part: on with what stands around or calls it."""
        if element.parent is not None:
            outer = process.elements[element.parent]
            if not outer.triggered:
                yield from self._on(outer, way)
            elif all(start.interrupting for start in process.starts(outer.id)):      # it took the place of what ran here
                yield from self._out(process, outer, way)
            return
        callers = [each for each in self.pack.elements.values() if process.id in self.pack.called(each)]
        if len(callers) > 2:
            yield _Found(process.id, "on", "", (), way.asked, way.joined)
            return
        for caller in callers:
            yield from self._on(caller, way)

    def _at(self, element: Element, way: _Way) -> Iterator[_Found]:
        if element.id in way.been or len(way.been) > FURTHEST:
            return
        way = replace(way, been=way.been | {element.id})
        process = self.pack.processes[element.process]
        if element.kind == "userTask" or (element.catches and element.kind != "startEvent"):
            if element.event.kind != "signal":               # what parts of the process tell each other is nobody's to wait for
                yield self._waits(element, way)
            return
        yield from self._of_itself(element, way)
        if element.kind == "parallelGateway" and len(element.incoming) > 1:
            way = replace(way, joined=True)
        inside = self._inside(process, element)
        for start in inside:
            yield from self._at(start, way)
        if not inside:
            yield from self._on(element, way)

    def _inside(self, process: Process, element: Element) -> list[Element]:
        """Where a part begins: in a sub-process, or in what is called."""
        if element.kind == "subProcess":
            return [each for each in process.starts(element.id) if each.event.kind == "none"]
        called = [self.pack.processes[id] for id in self.pack.called(element) if id in self.pack.processes]
        return [each for other in called for each in other.starts() if each.event.kind == "none"]

    def _waits(self, element: Element, way: _Way) -> _Found:
        kind, words, roles = "wait", element.name, element.offer_to
        deadline = self.pack.deadlines.get(element.event.deadline or "")
        if element.kind == "userTask":
            kind, roles = "task", offered(self.pack, element)
        elif deadline:
            words = deadline.title
        elif element.offer_to:
            kind, words = "button", element.label
        return _Found(element.id, kind, words, roles, way.asked, way.joined)

    def _of_itself(self, element: Element, way: _Way) -> Iterator[_Found]:
        if element.job == "mail":
            yield _Found(element.id, "mail", "", told(self.pack, element), way.asked, way.joined)
        elif element.job == "document" and element.headers.get("document") in self.pack.documents:
            yield _Found(element.id, "paper", self.pack.documents[element.headers["document"]].title, (), way.asked, way.joined)
        if element.outcome:
            yield _Found(element.id, "end", self.pack.outcomes.get(element.outcome, element.name), (), way.asked, way.joined)
