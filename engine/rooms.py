"""Optional packages, such as engine.review, that add types of service tasks. This list is the only place that names them."""
from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Each holds `SERVICES`, a tuple of `Service` that can be done.
ROOMS = ("engine.review",)


class Does(Protocol):
    """Does what a service task asks for, inside the step; what it gives becomes variables. `here` is progress.Here."""

    def __call__(self, here: Any, headers: Mapping[str, Any], place: Any) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Service:
    """A kind of work that a service or send task can ask for by its type."""

    kind: str
    needs: Mapping[str, str] = field(default_factory=dict)     # header → what to write there, in an owner's words
    may: Mapping[str, str] = field(default_factory=dict)       # the same for headers that can be left out
    does: Does | None = None                                   # None: the engine's own, which engine.progress.services does


@cache
def services() -> dict[str, Service]:
    """What the rooms can do, by type."""
    there = [name for name in ROOMS if find_spec(name) is not None]
    return {service.kind: service for name in there for service in import_module(name).SERVICES}
