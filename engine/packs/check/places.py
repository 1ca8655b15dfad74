"""Saying where a fault is: at an element, an arrow, a row of pack.toml."""
from __future__ import annotations

import re
from typing import TYPE_CHECKING

from engine.errors import Fault
from engine.packs.manifest import line_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.forms import Item
    from engine.packs.elements import Element, Flow, Process
    from engine.packs.pack import Pack


def at(thing: Element | Flow | Process, says: str, line: int | None = None) -> Fault:
    """A fault of something drawn."""
    return Fault(thing.file, line or thing.line, thing.id, thing.name or None, says)


def in_manifest(pack: Pack, says: str, *keys: str) -> Fault:
    """A fault of pack.toml."""
    return Fault("pack.toml", line_of(pack.files.get("pack.toml", b""), *keys), keys[-1] if keys else None, None, says)


def in_form(pack: Pack, form: str, item: Item | None, says: str) -> Fault:
    """A fault of a form, or of one question in it."""
    file, key = pack.file_of("form", form), form if item is None else item.id
    found = re.search(rb'"id"\s*:\s*"' + re.escape(key.encode()) + rb'"', pack.files.get(file, b""))
    line = pack.files[file].count(b"\n", 0, found.start()) + 1 if found else None
    name = getattr(item, "label", "") or pack.forms[form].title
    return Fault(file, line, key, name or None, says)


def known(ids: Iterable[str]) -> str:
    """What there is to choose from, for the end of a sentence."""
    names = sorted(ids)
    if not names:
        return "there is none yet"
    return f"there is {', '.join(names[:12])}{' …' if len(names) > 12 else ''}"


def there(pack: Pack, kind: str, id: str) -> bool:
    """Whether there is such a thing, if only in a file with faults of its own: one mistake should not be told as two."""
    if id in {"process": pack.processes, "form": pack.forms, "table": pack.tables, "deadline": pack.deadlines, "message": pack.messages,
              "document": pack.documents}[kind]:
        return True
    ending = {"process": ".bpmn", "table": ".dmn", "form": f"/{id}.form", "deadline": "deadlines.toml", "message": f"messages/{id}.md",
              "document": f"documents/{id}.md"}[kind]
    if any(path.endswith(ending) for path in pack.unread):
        return True
    broken = {fault.file for fault in pack.faults}
    text = id.encode() if kind == "deadline" else f'id="{id}"'.encode()
    return any(path in broken and path.endswith(ending) and text in pack.files[path] for path in pack.files)


def main_of(pack: Pack) -> str:
    """The id of the main process, or nothing if that is not known."""
    return pack.manifest.main if pack.manifest.main in pack.processes else ""


def all_read(pack: Pack) -> bool:
    """Whether every diagram could be read, so that what no diagram names is named nowhere."""
    return not any(path.endswith(".bpmn") for path in pack.unread)


def elements(pack: Pack) -> Iterable[tuple[Process, Element]]:
    """Every element with its process, also of a process whose id is taken by another."""
    for diagram in pack.diagrams:
        for process in diagram.processes:
            for element in process.elements.values():
                yield process, element
