"""Sizes beyond what a person can read or an engine should be asked to run."""
from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import Fault
from engine.packs.check.places import in_form
from engine.packs.xml import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.packs.pack import Pack

MOST_IN_A_DIAGRAM = 250
MOST_IN_A_PACK = 3_000
MOST_QUESTIONS = 300
LONGEST_EXPRESSION = 5_000


def faults(pack: Pack) -> Iterator[Fault]:
    """Diagrams, forms and expressions that are too large."""
    whole = 0
    for diagram in pack.diagrams:
        count = sum(len(process.elements) for process in diagram.processes)
        whole += count
        if count > MOST_IN_A_DIAGRAM:
            yield Fault(diagram.file, 1, None, None, f"There are {count} elements in this diagram, more than {MOST_IN_A_DIAGRAM}: "
                                                     "move some into a process of their own and call it.")
        for process in diagram.processes:
            for element in process.elements.values():
                for what, text, line in element.expressions():
                    if len(text) > LONGEST_EXPRESSION:
                        yield Fault(diagram.file, line, element.id, element.name or None,
                                    f"{what[:1].upper()}{what[1:]} is longer than {LONGEST_EXPRESSION:,} characters: make it a decision table.")
    if whole > MOST_IN_A_PACK:
        yield Fault("pack.toml", 1, None, None, f"There are {whole:,} elements in this pack, more than {MOST_IN_A_PACK:,}: make two packs of it.")
    for id, form in pack.forms.items():
        count = sum(1 for _ in form.questions())
        if count > MOST_QUESTIONS:
            yield in_form(pack, id, None, f"There are {count} questions in this form, more than {MOST_QUESTIONS}: ask in several steps.")
    for path, data in pack.files.items():
        if path.endswith((".form", ".toml", ".md")) and len(data) > MAX_BYTES:
            yield Fault(path, None, None, None, f"The file is larger than {MAX_BYTES // 1_000_000} MB.")
