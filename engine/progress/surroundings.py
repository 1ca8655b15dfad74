"""What a running process sees of the engine, and what it tells it: names, clocks, services."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.errors import Incident
from engine.progress import services
from engine.progress.clocks import Clocks
from engine.progress.names import Names
from engine.progress.readings import Readings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from engine.spiff import Place, Process, Waiting
    from engine.work import Case, Work


class Here:
    """The surroundings of one case's process during one step (engine.spiff.Surroundings)."""

    def __init__(self, work: Work, case: Case) -> None:
        self.work, self.case = work, case
        self.looked_up = Names(work.db, case, work.settings, work.actor)
        self.readings = Readings(work, case)
        self.clocks = Clocks(work, case, self.looked_up, self.readings)
        self.passed: list[tuple[str, str | None]] = []
        self.now: datetime = work.now  # of this step, in the board's zone
        self.seen: Mapping[str, Any] = {}  # the variables that the service task being done sees

    def variables(self, task: str) -> dict[str, Any]:
        """All that an open task or a waiting event sees of the process."""
        return self._process.variables(task)

    def waiting_messages(self) -> list[Waiting]:
        """The messages that are waited for now."""
        return self._process.waiting_messages()

    @property
    def _process(self) -> Process:
        if self.case.process is None:
            raise Incident("The process was not resumed.")
        return self.case.process

    def names(self, paths: frozenset[str], place: Place) -> dict[str, Any]:
        """The engine's names an expression at this place reads."""
        return self.looked_up.of(paths, place)

    def happened(self, place: Place, variables: Callable[[], Mapping[str, Any]]) -> None:
        """An element was passed."""
        self.passed.append((place.element, place.item))
        self.clocks.happened(place, variables)

    def decided(self, place: Place, seen: Mapping[str, Any]) -> None:
        """A choice was made, or a table or script has answered."""
        self.readings.of_element(place, seen)

    def due(self, deadline: str, place: Place) -> datetime | None:
        """When a timer event on this deadline fires."""
        return self.clocks.due(deadline, place)

    def service(self, kind: str, headers: Mapping[str, Any], variables: Mapping[str, Any], place: Place) -> dict[str, Any]:
        """A send or service task. Nothing leaves from here: what it asks for becomes rows."""
        self.seen = variables
        return services.do(self, kind, headers, place)
