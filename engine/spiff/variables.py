"""Variables live in scopes, as in Camunda 8: a process, an activity, an item; never in a copy for each step."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.spiff import mends
from engine.spiff.places import Place

if TYPE_CHECKING:
    from collections.abc import Iterator


def _copied(value: Any) -> Any:
    """The same value in lists and dicts of its own."""
    if isinstance(value, dict):
        return {name: _copied(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_copied(each) for each in value]
    return value


def _shared(value: Any) -> Any:
    return value


fresh = _copied if mends.on(12) else _shared


def is_instance(task: Any) -> bool:
    """Is this one of the instances of a multi-instance activity?"""
    return "item" in task.internal_data


def scopes(task: Any) -> Iterator[dict[str, Any]]:
    """The scopes a task sees, nearest first, as far as the process that was called or started."""
    while True:
        yield task.data
        yield task.workflow.data
        task = task.workflow.owner
        if task is None or task.task_spec.called:
            return


def variables(task: Any) -> dict[str, Any]:
    """All that a task sees; near names hide far ones."""
    seen: dict[str, Any] = {}
    for scope in reversed(list(scopes(task))):
        seen.update(scope)
    return seen


def lookup(task: Any, name: str) -> Any:
    """One variable as the task sees it, None if there is none."""
    return next((scope[name] for scope in scopes(task) if name in scope), None)


def assign(task: Any, values: dict[str, Any], *, home: dict[str, Any] | None = None) -> None:
    """Put each value where the name already is, nearest first, else into `home`: left out, the outermost scope.

    What an instance of a multi-instance writes stays in the instance; only the output collection leaves it."""
    if not values:
        return
    reachable = [task.data] if is_instance(task) else list(_outwards(task))
    for name, value in values.items():
        target = next((scope for scope in reachable if name in scope), reachable[-1] if home is None else home)
        target[name] = fresh(value)


def _outwards(task: Any) -> Iterator[dict[str, Any]]:
    while True:
        yield task.workflow.data
        task = task.workflow.owner
        if task is None or task.task_spec.called:
            return
        yield task.data
        if is_instance(task):
            return


def place_of(task: Any, element: str | None = None) -> Place:
    """Where a task stands: its element, its process, its item (nested from outside in) and its agency."""
    agency = lookup(task, "agency")
    if isinstance(agency, dict):
        agency = agency.get("key")
    items = [each.internal_data["item"] for each in _holders(task) if is_instance(each)]
    return Place(element or task.task_spec.element, task.workflow.spec.process, "/".join(reversed(items)) or None,
                 agency if isinstance(agency, str) else None)


def _holders(task: Any) -> Iterator[Any]:
    while task is not None:
        yield task
        task = task.workflow.owner
