"""What every kind of proposal is asked for, and what it must be able to do."""
from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.work import Work


@dataclass(frozen=True)
class Proposed:
    """What exactly would be done. `seen` is all that the proposer had before them: if any of it is otherwise later, this is not what was proposed."""

    what: Mapping[str, Any]
    seen: Mapping[str, Any]
    person: str | None = None              # whom it is about
    files: bytes | None = None
    on_the_trail: Mapping[str, Any] = field(default_factory=dict)  # role, agency, pack, digest


@dataclass(frozen=True)
class Agreed:
    """A proposal that a second person has just approved."""

    id: str
    by: str | None                         # who proposed it; none: whoever works on the machine itself
    proposed: Proposed


class Kind(ABC):
    """A change that takes two people."""

    name: ClassVar[str]
    permission: ClassVar[str]              # what both must hold, each in their own right
    asks: ClassVar[frozenset[str]]         # what a proposal says, exactly
    tells: ClassVar[str | None] = None     # the mail that whom it is about gets when it is proposed (progress.mail)

    @abstractmethod
    def look(self, work: Work, what: Mapping[str, Any], files: bytes | None) -> Proposed:
        """What this would do as things stand now. Refuses what cannot be done."""

    @abstractmethod
    def do(self, work: Work, agreed: Agreed) -> None:
        """Do it."""
