"""Surroundings for a process that is only looked at: it may ask, and nothing may happen."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.progress.names import Names

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from engine.look import Look
    from engine.spiff import Place
    from engine.work import Case


class Looking:
    """What a page hands to `Process.resume`."""

    def __init__(self, look: Look, case: Case) -> None:
        self._names = Names(look.db, case, look.settings, look.actor)
        self.now: datetime = look.now

    def names(self, paths: frozenset[str], place: Place) -> dict[str, Any]:
        """The engine's names that an expression reads."""
        return self._names.of(paths, place)

    def happened(self, place: Place, variables: Callable[[], dict[str, Any]]) -> None:
        """Nothing happens here."""
        raise AssertionError(place, variables)

    def decided(self, place: Place, seen: dict[str, Any]) -> None:
        """Nothing is decided here."""
        raise AssertionError(place, seen)

    def due(self, deadline: str, place: Place) -> datetime | None:
        """No event fires while one looks."""
        del deadline, place
        return None

    def service(self, kind: str, headers: dict[str, str], variables: dict[str, Any], place: Place) -> dict[str, Any]:
        """Nothing is sent either."""
        raise AssertionError(kind, headers, variables, place)
