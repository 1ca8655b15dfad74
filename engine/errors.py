"""What can go wrong, in words for the person it happens to.

The docstring of a refusal is what the person reads, unless it was raised with words of its own."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime


@dataclass(frozen=True, order=True)
class Fault:
    """One mistake in a pack, in its owner's words: where it is and what to do about it."""

    file: str
    line: int | None
    element: str | None
    name: str | None
    says: str

    def __str__(self) -> str:
        place = self.file + (f":{self.line}" if self.line else "")
        who = f" {self.element}" if self.element else ""
        named = f" “{self.name}”" if self.name else ""
        return f"{place}:{who}{named}: {self.says}"


@dataclass(frozen=True)
class Hit:
    """One row of a check table that applies: its words, its source, and whether it refuses or asks for a reason."""

    check: str
    says: str
    clause: str
    effect: str


class Refused(Exception):
    """This cannot be done."""

    status = 409

    def __init__(self, *says: str) -> None:
        self.says: list[str] = list(says) or [(self.__doc__ or "").strip()]
        super().__init__(" ".join(self.says))

    @property
    def why(self) -> str:
        """The kind of refusal, for the trail: never what was answered."""
        return type(self).__name__


class Busy(Exception):
    """Too many want the same at this moment. Nothing was done, and nothing is noted: try again."""


class Unavailable(Exception):
    """The database cannot be reached, or cannot be written to, at this moment."""


class NotFound(Refused):
    """There is nothing here, or nothing you may see."""

    status = 404


class Erased(NotFound):
    """This case has been erased."""

    status = 410


class NotAllowed(Refused):
    """You may not do this."""

    status = 403


class ProveAgain(NotAllowed):
    """Show once more that it is you. Then this goes on."""


class AlreadyDone(Refused):
    """Someone has already completed this task."""

    status = 409

    def __init__(self, *says: str, by: str | None = None, at: datetime | None = None) -> None:
        super().__init__(*says)
        self.by, self.at = by, at


class Conflict(Refused):
    """Someone else changed this case at the same moment. Nothing was lost: try again."""

    status = 409


class InvalidAnswers(Refused):
    """Some answers need your attention."""

    status = 422

    def __init__(self, errors: Mapping[str, str], hits: Sequence[Hit] = ()) -> None:
        self.errors, self.hits = dict(errors), tuple(hits)  # hits: of checks that would refuse whatever the answers were
        super().__init__(*self.errors.values(), *(hit.says for hit in self.hits))


class ChecksRefuse(Refused):
    """A rule of the process does not allow this."""

    status = 422

    def __init__(self, hits: Sequence[Hit]) -> None:
        self.hits = tuple(hits)
        super().__init__(*(hit.says for hit in hits))


class ReasonNeeded(ChecksRefuse):
    """This needs a reason."""


class Locked(ChecksRefuse):
    """This task is locked for now."""

    status = 423


class PackFaults(Refused):
    """This pack has faults and cannot be released."""

    status = 422

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(*(str(fault) for fault in faults))


class Incident(Exception):
    """An automatic step could not go on. Nothing was lost, and what you wrote is kept as a draft."""

    def __init__(self, says: str, *, element: str | None = None, position: Any = None) -> None:
        super().__init__(says)
        self.says, self.element, self.position = says, element, position
