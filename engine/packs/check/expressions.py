"""FEEL in diagrams and deadlines that cannot be understood, with the place in it. Forms, tables and mails are parsed when read."""
from __future__ import annotations

from typing import TYPE_CHECKING

from engine import feel
from engine.errors import Fault
from engine.packs.check.places import at, elements

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.packs.pack import Pack
    from engine.rules.deadlines import Deadline


def faults(pack: Pack) -> Iterator[Fault]:
    """Expressions that are not FEEL."""
    for _, element in elements(pack):
        for what, text, line in element.expressions():
            if says := broken(text, what):
                yield at(element, says, line)
    for diagram in pack.diagrams:
        for process in diagram.processes:
            for flow in process.flows.values():
                if flow.condition and (says := broken(flow.condition, "the condition")):
                    yield at(flow, says)
    for name, deadline in pack.deadlines.items():
        yield from of_deadline(deadline, pack.file_of("deadline", name))


def of_deadline(deadline: Deadline, file: str) -> Iterator[Fault]:
    """The same for one deadline."""
    for key, formula in (("from", deadline.from_), ("on", deadline.on), ("when", deadline.when), ("ends", deadline.ends_when),
                         ("ended", deadline.ended), ("cancelled", deadline.cancelled)):
        if formula and (says := broken(f"={formula}", f"“{key}”")):
            yield Fault(file, deadline.line, deadline.name, deadline.title, says)


def broken(text: str, what: str) -> str | None:
    """What is wrong with an expression as written; a text without “=” is no expression."""
    if not text.startswith("="):
        return None
    if not text[1:].strip():
        return f"There is nothing behind the = of {what}: write an expression, or take the = out."
    try:
        feel.check(text[1:])
    except feel.FeelError as problem:
        place = f" at character {problem.position[0] + 1}" if problem.position else ""
        return f"FEEL cannot read {what} “{text[1:].strip()}”{place}: {problem.reason}."
    return None
