"""Processes that call processes: each called one is there, and none calls itself in the end."""
from __future__ import annotations

from typing import TYPE_CHECKING

from engine.packs.check.places import all_read, at, elements, known, main_of, there

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.errors import Fault
    from engine.packs.pack import Pack


def faults(pack: Pack) -> Iterator[Fault]:
    """Calls that lead nowhere or for ever round, and processes that nobody calls."""
    calls: dict[str, set[str]] = {id: set() for id in pack.processes}
    for process, element in elements(pack):
        if element.kind != "callActivity" or not element.called:
            continue
        if element.called.startswith("="):
            if not pack.methods and element.called.replace(" ", "") == "=method.process":
                yield at(element, "This calls the method of the case, but pack.toml has no methods: write [methods.<id>] with title and process.")
            calls.get(process.id, set()).update(pack.called(element))
        elif element.called == pack.manifest.main and process.id != pack.manifest.main:
            yield at(element, "This calls the main process, which only begins a case: call another.")
        elif not there(pack, "process", element.called):
            yield at(element, f"There is no process “{element.called}”; {known(set(pack.processes) - {pack.manifest.main})}.")
        else:
            calls.get(process.id, set()).add(element.called)
    for id, process in pack.processes.items():
        if main_of(pack) and id != main_of(pack) and all_read(pack) and not any(id in called for called in calls.values()):
            yield at(process, "Nothing calls this process: call it from another, or remove it.")
    for process, element in elements(pack):
        ways = (_way(calls, called, process.id) for called in pack.called(element) if called in pack.processes)
        if way := next((way for way in ways if way), None):
            yield at(element, f"The calls go round in a circle ({' → '.join([process.id, *way])}): let one of them not call the next.")


def _way(calls: dict[str, set[str]], start: str, end: str) -> list[str] | None:
    """The shortest chain of calls from one process to another."""
    came: dict[str, str] = {}
    queue, seen = [start], {start}
    while queue:
        here = queue.pop(0)
        if here == end:
            way = [here]
            while way[-1] != start:
                way.append(came[way[-1]])
            return way[::-1]
        for called in sorted(calls.get(here, ())):
            if called not in seen:
                seen.add(called)
                came[called] = here
                queue.append(called)
    return None
