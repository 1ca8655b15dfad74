"""Sensitive answers must not become the key of an item: keys stand in lists, links and mails."""
from __future__ import annotations

from typing import TYPE_CHECKING

from engine.forms import Field, Group, List
from engine.packs.check.places import at, elements, in_manifest
from engine.packs.check.scope import reads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.errors import Fault
    from engine.forms import Form, Item
    from engine.packs.pack import Pack


def faults(pack: Pack) -> Iterator[Fault]:
    """Multi-instances and registers whose keys would give something away."""
    for process, element in elements(pack):
        if element.loop is None:
            continue
        for path in sorted(reads(element.loop.collection.removeprefix("="))[0]):
            if name := _gives_away(pack, process.id, path):
                yield at(element, f"The answer “{name}” is sensitive, and would become the name of each round: repeat over something else, "
                                  "such as rows with a number as their key.", element.loop.line)
    for register in pack.registers.values():
        form = pack.forms.get(register.form)
        item = _item(form, register.key) if form and register.key else None
        if item is not None and getattr(item, "sensitive", False):
            yield in_manifest(pack, f"The key “{register.key}” of this register is a sensitive answer: choose another, such as a number.",
                              "registers", register.id)


def _gives_away(pack: Pack, process: str, path: str) -> str | None:
    """The sensitive answer that items of this path would be called by."""
    head, _, rest = path.partition(".")
    if head == "answers":
        task, _, key = rest.partition(".")
        form = pack.form_of(task)
        return _key_of(form, key) if form and key else None
    if rest or process not in pack.processes:
        return None
    for element in pack.processes[process].elements.values():        # a variable: follow it to the form it came from
        form = pack.form_of(element.id)
        for row in element.outputs:
            if form and row.target == head and row.source.startswith("="):
                for source in reads(row.source[1:])[0]:
                    if name := _key_of(form, source):
                        return name
    return None


def _key_of(form: Form, path: str) -> str | None:
    item = _item(form, path)
    if isinstance(item, List):
        keyed = [each for each in item.items if isinstance(each, Field) and each.key == "key"]
        # Without a key the whole row is what it is called by.
        return path if item.sensitive or any(each.sensitive for each in keyed or item.items if isinstance(each, Field)) else None
    return path if isinstance(item, Field) and item.sensitive else None


def _item(form: Form, path: str) -> Item | None:
    return next((item for there, item in form.walk() if there == path and not (isinstance(item, Group) and not item.path)), None)
