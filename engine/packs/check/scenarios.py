"""Scenario files that a rehearsal could not even begin with; what their steps say, the rehearsal itself judges."""
from __future__ import annotations

import re
from typing import TYPE_CHECKING

from engine.errors import Fault
from engine.packs.manifest import line_of, read_toml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.packs.pack import Pack

KEYS = {"title", "pack", "clock", "options", "agencies", "people", "step", "exact", "clauses"}
STEP = {"at", "as", "start", "do", "message", "perform", "look", "for", "case", "with", "refused", "expect"}
DOES = ("start", "do", "message", "perform", "look")


def faults(pack: Pack) -> Iterator[Fault]:
    """Scenarios that cannot be read."""
    for path, data in pack.files.items():
        if path.startswith("scenarios/") and path.endswith(".toml") and path != "scenarios/board.toml":
            yield from of_scenario(data, path)


def of_scenario(data: bytes, file: str) -> Iterator[Fault]:
    """What is wrong with one scenario file."""
    table, unread = read_toml(data, file)
    if unread:
        yield from unread
        return
    if not isinstance(table.get("title"), str):
        yield Fault(file, 1, None, None, "The scenario has no title: say in a sentence what must happen.")
    for key in sorted(table.keys() - KEYS):
        yield Fault(file, line_of(data, key), key, None, f"“{key}” means nothing in a scenario: use {', '.join(sorted(KEYS))}.")
    steps = table.get("step", [])
    if not isinstance(steps, list) or not steps or not all(isinstance(step, dict) for step in steps):
        yield Fault(file, 1, None, None, "The scenario has no steps: begin each with [[step]].")
        return
    lines = [number for number, line in enumerate(data.decode("utf-8-sig").splitlines(), 1) if re.match(r"\s*\[\[\s*step\s*\]\]", line)]
    for number, step in enumerate(steps):
        line = lines[number] if number < len(lines) else None
        for key in sorted(step.keys() - STEP):
            yield Fault(file, line, f"step {number + 1}", None, f"“{key}” means nothing in a step: use {', '.join(sorted(STEP))}.")
        if len(done := [key for key in DOES if key in step]) > 1:
            yield Fault(file, line, f"step {number + 1}", None, f"A step does one thing, and this one has {' and '.join(done)}: make it two.")
