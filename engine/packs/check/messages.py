"""Mails carry no case content: a subject and a body may name the reference, a link, a date, and nothing else."""
from __future__ import annotations

import re
from typing import TYPE_CHECKING

from engine.errors import Fault
from engine.feel import templates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.packs.messages import MessageText
    from engine.packs.pack import Pack

ALLOWED = frozenset({"case.reference", "link", "due", "days", "task", "board.name"})


def faults(pack: Pack) -> Iterator[Fault]:
    """Mails that cannot be filled in, or that would say too much."""
    for message in pack.messages.values():
        yield from of_message(message)


def of_message(message: MessageText) -> Iterator[Fault]:
    """What is wrong with one mail."""
    for text, line in ((message.subject, message.line), (message.body, message.body_line)):
        if broken := templates.check_template(text, message.file):
            for each in broken:
                yield Fault(message.file, line + (each.line or 1) - 1, message.id, message.subject, f"A placeholder cannot be read: {each.says}")
            continue
        for path in sorted(templates.paths_of(text) - ALLOWED):
            yield Fault(message.file, _line(text, line, path), message.id, message.subject,
                        f"A mail carries nothing of the case: “{path}” may not stand in it; only {', '.join(sorted(ALLOWED))} may.")


def _line(text: str, first: int, wanted: str) -> int:
    """The line on which a placeholder mentions something."""
    found = re.search(r"\{\{[^}]*" + re.escape(wanted), text)
    return first + text.count("\n", 0, found.start() if found else 0)
