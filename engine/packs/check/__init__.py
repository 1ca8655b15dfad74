"""Everything that is wrong with a pack, at once and in its owner's words. One module for each kind of rule."""
from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from engine.errors import Fault
from engine.packs.check import (
    calls,
    clauses,
    deadlines,
    dialect,
    expressions,
    flow,
    ids,
    layout,
    messages,
    names,
    papers,
    references,
    registers,
    roles,
    scenarios,
    sensitive,
    services,
    sizes,
    starts,
    tables,
    thrown,
)
from engine.packs.check.single import check_file, sort

if TYPE_CHECKING:
    from engine.packs.pack import Pack

__all__ = ["check", "check_file"]

RULES = (dialect, starts, flow, ids, expressions, names, references, registers, calls, roles, deadlines, messages, papers, tables, thrown,
         sensitive, scenarios, clauses, sizes, layout)


def check(pack: Pack, known_types: frozenset[str] = frozenset()) -> list[Fault]:
    """Every fault of a pack, those of reading it included, in the order of its files and lines. A pack with any cannot be released.

    `known_types`: what service tasks may ask for besides what engine.packs.services knows."""
    return list(_found(pack, known_types))


@lru_cache(maxsize=16)
def _found(pack: Pack, known_types: frozenset[str]) -> tuple[Fault, ...]:
    """A pack is one immutable value: what is wrong with it needs finding once."""
    found: list[Fault] = list(pack.faults)
    for rule in RULES:
        found += rule.faults(pack)
    found += services.faults(pack, known_types)
    return tuple(sort(found))
