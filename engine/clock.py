"""What time it is: the machine's clock, or one that a test or rehearsal sets."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Whatever can be asked for the present moment."""

    def now(self) -> datetime:
        """The present moment, aware and in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class SetClock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime) -> None:
        self._at = in_utc(at)

    def now(self) -> datetime:
        return self._at

    def move_to(self, at: datetime, *, back: bool = False) -> None:
        """Set the clock; it goes back only when told that it may."""
        at = in_utc(at)
        if at < self._at and not back:
            raise ValueError(f"The clock stands at {self._at:%Y-%m-%d %H:%M:%S} UTC and does not go back to {at:%Y-%m-%d %H:%M:%S} UTC.")
        self._at = at


def in_utc(at: datetime) -> datetime:
    """The same moment in UTC; a time that does not say its zone is refused."""
    if at.utcoffset() is None:
        raise ValueError(f"{at.isoformat()} does not say in which time zone it is.")
    return at.astimezone(UTC)
