"""Where in a process something stands, and what the engine around it must answer for it."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

#: Names the engine gives to expressions, unless a process variable of that name hides them.
GIVEN = frozenset({"case", "options", "board", "answers", "history", "registers", "deadlines", "documents", "methods", "me"})


@dataclass(frozen=True, slots=True)
class Place:
    """An element, for one item of a multi-instance if it stands in one; items in items are “R2/HLT”."""

    element: str
    process: str
    item: str | None = None
    agency: str | None = None


class Surroundings(Protocol):
    """What a running process asks of the engine. It is never saved with the process."""

    @property
    def now(self) -> datetime:
        """The moment it is, aware; its zone is where dates are local."""

    def names(self, paths: frozenset[str], place: Place) -> dict[str, Any]:
        """Values for the engine-given names among what an expression reads, such as `answers.panel.agreed`."""

    def happened(self, place: Place, variables: Callable[[], dict[str, Any]]) -> None:
        """Told at once when an element completes, before the next one begins to wait."""

    def decided(self, place: Place, seen: dict[str, Any]) -> None:
        """Told when a gateway has chosen its ways, or a table or script has answered: with the variables that were read for it."""

    def due(self, deadline: str, place: Place) -> datetime | None:
        """The moment a deadline is breached; None while its clock does not run, and once this element has carried its breach."""

    def service(self, kind: str, headers: dict[str, str], variables: dict[str, Any], place: Place) -> dict[str, Any]:
        """Does what a service or send task asks for; the answer becomes variables."""


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A user task someone can do now."""

    id: str
    place: Place
    groups: tuple[str, ...]
    assignee: str | None
    inputs: dict[str, Any]
    due: Any = None
    follow_up: Any = None
    priority: Any = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event that waits for a message."""

    task_id: str
    place: Place
    message: str
    key: Any


@dataclass(frozen=True, slots=True)
class Moment:
    """An event that waits for a moment: `at` is None while the deadline it is bound to does not run."""

    task_id: str
    place: Place
    at: datetime | None
    deadline: str | None
