"""Writing a corrected value into a running process, wherever a scope still holds the one it was copied from."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.spiff.multi_instance import ForEach
from engine.spiff.steps import active
from engine.spiff.variables import fresh, place_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.spiff.scopes import Case


@dataclass(frozen=True)
class Rewritten:
    """A variable of one process that held `before` and shall hold `after`; with `entry`, a list that holds it among others."""

    process: str
    name: str
    before: Any
    after: Any
    entry: bool = False


def about(one: str | None, other: str | None) -> bool:
    """Can what belongs to one item be seen from another: are they the same, or one inside the other?"""
    if not one or not other:
        return True
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


def rewrite(case: Case, changes: Iterable[Rewritten], item: str | None) -> int:
    """How many variables were written anew. Scopes of other items are left alone, and so is every variable that holds something else by now."""
    by_process: dict[str, list[Rewritten]] = {}
    for change in changes:
        by_process.setdefault(change.process, []).append(change)
    written = 0
    for workflow in case.running():
        wanted = by_process.get(workflow.spec.process)
        if not wanted:
            continue
        owner = workflow.owner
        if about(item, place_of(owner).item if owner is not None else None):
            written += _in_scope(workflow.data, wanted)
        for task in active(workflow.tasks.values()):
            if about(item, place_of(task).item):
                written += _in_scope(task.data, wanted) + (_in_results(task, wanted) if isinstance(task.task_spec, ForEach) else 0)
    return written


def _in_scope(scope: dict[str, Any], changes: list[Rewritten]) -> int:
    written = 0
    for change in changes:
        held = scope.get(change.name, _NOTHING)
        if change.entry and isinstance(held, list) and change.before in held:
            at = held.index(change.before)
            scope[change.name] = [*held[:at], fresh(change.after), *held[at + 1:]]
        elif not change.entry and held is not _NOTHING and same(held, change.before):
            scope[change.name] = fresh(change.after)
        else:
            continue
        written += 1
    return written


def _in_results(task: Any, changes: list[Rewritten]) -> int:
    """What a multi-instance that still runs has gathered so far."""
    gathers, written = task.task_spec.settings.get("loopCharacteristics", "outputCollection"), 0
    results = task.internal_data.get("results") or []
    for change in changes:
        if change.entry and change.name == gathers and change.before in results:
            results[results.index(change.before)] = fresh(change.after)
            written += 1
    return written


def same(one: Any, other: Any) -> bool:
    """Equal, and of one kind: true is not 1."""
    return type(one) is type(other) and one == other


_NOTHING = object()
