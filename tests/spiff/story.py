"""A process on a set clock, saved, parsed afresh and resumed after every action."""
from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Self
from zoneinfo import ZoneInfo

from engine.spiff import OpenTask, Place, Process, program
from tests.spiff.drawing import document

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2024, 5, 1, 10, tzinfo=ZoneInfo("Europe/London"))
DUE = {"due": "2024-05-02T10:00:00"}


@dataclass
class Ground:
    """The surroundings of a story: a clock, some names, deadlines, services, and a record of what was told."""

    now: datetime = NOW
    given: dict[str, Any] = field(default_factory=dict)
    clocks: dict[str, datetime] = field(default_factory=dict)      # deadline, or deadline@item → moment of breach
    services: dict[str, Callable[..., Any]] = field(default_factory=dict)
    passed: list[str] = field(default_factory=list)
    asked: list[frozenset[str]] = field(default_factory=list)
    told: set[tuple[str, datetime, Place]] = field(default_factory=set)
    decisions: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    on: dict[str, Callable[..., None]] = field(default_factory=dict)     # what to do when an element was passed

    def names(self, paths: frozenset[str], place: Place) -> dict[str, Any]:
        self.asked.append(paths)
        return {name: self.given[name] for name in {each.partition(".")[0] for each in paths} if name in self.given}

    def happened(self, place: Place, variables: Callable[[], dict[str, Any]]) -> None:
        self.passed.append(place.element + (f"@{place.item}" if place.item else ""))
        for name, due in self.clocks.items():
            if place.element in self._bound(name):
                self.told.add((name, due, place))
        if place.element in self.on:
            self.on[place.element](self, place, variables)

    def decided(self, place: Place, seen: dict[str, Any]) -> None:
        self.decisions.append((place.element, seen))

    def due(self, deadline: str, place: Place) -> datetime | None:
        for name in (f"{deadline}@{place.item}", deadline):
            if name in self.clocks:
                told = any(each == (name, self.clocks[name], place) for each in self.told)
                return None if told else self.clocks[name]
        return None

    def service(self, kind: str, headers: dict[str, str], variables: dict[str, Any], place: Place) -> dict[str, Any]:
        return self.services[kind](headers, variables, place) or {}

    def _bound(self, name: str) -> set[str]:
        return {"b", "ls_late", "ls_heard", "x"}                   # timer events that tests bind to deadlines


def pack(*files: bytes, tables: dict[str, Any] | None = None, main: str = "p0", digest: str | None = None) -> Any:
    """What `load` needs of a pack."""
    from lxml import etree

    processes = {}
    for xml in files:
        for node in etree.fromstring(xml).iter("{*}process"):
            processes[node.get("id")] = SimpleNamespace(id=node.get("id"), xml=xml, file="p.bpmn")
    return SimpleNamespace(digest=digest or str(hash(files)), main=processes.get(main, SimpleNamespace(id=main)), processes=processes, tables=tables or {})


class Story:
    """Plays a process."""

    def __init__(self, *bodies: str, start: str | None = None, payload: dict[str, Any] | None = None, cold: bool = True,
                 ground: Ground | None = None, tables: dict[str, Any] | None = None, files: tuple[bytes, ...] = (), **values: Any) -> None:
        self.pack, self.cold, self.ground = pack(*(files or (document(*bodies),)), tables=tables), cold, ground or Ground()
        self.program = program.load(self.pack)
        self.process = _begun(self.program, self.ground, start, payload or {}, values)
        self.again()

    def again(self) -> Self:
        """As if the server had been started anew."""
        if self.cold:
            program.forget()
        self.saved = self.process.save()
        self.program = program.load(self.pack)
        self.process = Process.resume(self.program, self.saved, self.ground)
        return self

    def task(self, name: str) -> OpenTask:
        """An open task: `write@HLT` for an item's."""
        element, _, item = name.partition("@")
        found = [task for task in self.process.open_tasks() if task.place.element == element and item in ("", task.place.item)]
        assert found, f"{name} is not open, but {self.open}"
        return found[0]

    def do(self, name: str, **answers: Any) -> Self:
        self.process.complete(self.task(name).id, answers)
        return self.again()

    def send(self, name: str, key: Any = None, **payload: Any) -> bool:
        heard = self.process.send(name, key, payload)
        self.again()
        return heard

    def wait(self, **time: float) -> Self:
        self.ground.now += timedelta(**time)
        self.process.fire_due()
        return self.again()

    @property
    def open(self) -> str:
        return " ".join(sorted(task.place.element for task in self.process.open_tasks()))

    @property
    def values(self) -> dict[str, Any]:
        return dict(self.process.case.data)

    @property
    def ended(self) -> bool:
        return self.process.ended

    def element(self, name: str) -> dict[str, int]:
        """The marks of an element."""
        return next(elements[name] for elements in self.process.marks().values() if name in elements)


def _begun(loaded: Any, ground: Ground, start: str | None, payload: dict[str, Any], values: dict[str, Any]) -> Process:
    """Begins with some variables already there, which diagrams get from output mappings."""
    first = start or loaded.main.plain_start
    spec = loaded.main.task_specs[first]
    kept = spec.settings
    if values:
        spec.settings = type(kept)(inputs=kept.inputs, outputs=(*kept.outputs, *((name, f"={name}") for name in values)), properties=kept.properties)
    try:
        return Process.begin(loaded, ground, first, {**payload, **values})
    finally:
        spec.settings = kept
