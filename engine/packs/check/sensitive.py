"""What people write must not become the key of an item: keys stand in plain columns, in lists, links and mails."""
from __future__ import annotations

import re
from typing import TYPE_CHECKING

from engine.forms import Field, Group, List
from engine.packs.check.places import at, elements, in_manifest
from engine.packs.check.scope import keys_of, reads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.errors import Fault
    from engine.forms import Form, Item
    from engine.packs.pack import Pack

#: Questions whose answers a person types.
TYPED = frozenset({"textfield", "textarea"})
PLAIN = re.compile(r"(?P<path>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(?:\[[^\[\]]*\])?", re.ASCII)          # a name, maybe with a filter
MAPPED = re.compile(r"for (?P<row>\w+) in (?P<list>.+) return (?P<of>\w+)\.(?P<column>\w+)", re.ASCII)


def faults(pack: Pack) -> Iterator[Fault]:
    """Multi-instances and registers whose keys would give something away."""
    counted = {deadline.register: deadline.title for deadline in pack.deadlines.values() if deadline.register}
    for process, element in elements(pack):
        if element.loop is None:
            continue
        collection = element.loop.collection.removeprefix("=").strip()
        for name in sorted(_written_freely(pack, process.id, collection)):
            yield at(element, f"Each round would be called by what is written as “{name}”: repeat over the rows of a register, over agencies or people, or "
                              "over answers that are chosen.", element.loop.line)
        if keyless := _keyless(pack, process.id, collection):
            yield at(element, f"The rows of “{keyless}” have no key to call each round by: ask “key” in the list as a choice, or write the rows to a "
                              "register and repeat over that.", element.loop.line)
        if _register_of(collection) in pack.registers:
            counted.setdefault(_register_of(collection), element.name or element.id)
        for path in sorted(reads(element.loop.collection.removeprefix("="))[0]):
            if told := _gives_away(pack, process.id, path):
                yield at(element, f"The answer “{told}” is sensitive, and would become the name of each round: repeat over something else, "
                                  "such as rows with a number as their key.", element.loop.line)
    for register in pack.registers.values():
        form = pack.forms.get(register.form)
        item = _item(form, register.key) if form and register.key else None
        if item is not None and getattr(item, "sensitive", False):
            yield in_manifest(pack, f"The key “{register.key}” of this register is a sensitive answer: choose another, such as a number.",
                              "registers", register.id)
        elif register.id in counted and isinstance(item, Field) and not register.prefix and item.type in TYPED:
            yield in_manifest(pack, f"The key “{register.key}” of this register is written freely, and “{counted[register.id]}” would call its rounds or "
                                    "clocks by it: let it be chosen, or give the register a prefix.",
                              "registers", register.id)


def _register_of(collection: str) -> str:
    """The register whose rows are repeated over."""
    return next((path.partition(".")[2].partition(".")[0] for path in reads(collection)[0] if path.startswith("registers.")), "")


def _written_freely(pack: Pack, process: str, collection: str) -> set[str]:
    """The answers typed by a person that items of this list would be called by."""
    found = set()
    for form, path, column in _sources(pack, process, collection, frozenset()):
        item = _item(form, path)
        if isinstance(item, List):
            item = next((each for each in item.items if isinstance(each, Field) and each.key == (column or "key")), None)
        elif column:
            continue
        if isinstance(item, Field) and item.type in TYPED:
            found.add(item.key)
    return found


def _keyless(pack: Pack, process: str, collection: str) -> str | None:
    """A list of answers whose rows have no key."""
    for form, path, column in _sources(pack, process, collection, frozenset()):
        item = _item(form, path)
        if isinstance(item, List) and not column and "key" not in keys_of(item.items):
            return path
    return None


def _sources(pack: Pack, process: str, text: str, seen: frozenset[str]) -> Iterator[tuple[Form, str, str | None]]:
    """Where the items of a list come from, if it says so plainly: the form, the path of the answer, and the column that is taken of its rows."""
    mapped, column = MAPPED.fullmatch(text), None
    if mapped and mapped["row"] == mapped["of"]:
        text, column = mapped["list"], mapped["column"]
    plain = PLAIN.fullmatch(text)
    if plain is None or text in seen or process not in pack.processes:
        return
    head, _, rest = plain["path"].partition(".")
    if head == "answers":
        task, _, key = rest.partition(".")
        if (form := pack.form_of(task)) and key:
            yield form, key, column
        return
    if rest:
        return
    for element in pack.processes[process].elements.values():
        sources = [row.source for row in element.outputs if row.target == head] + ([element.script or ""] if element.result == head else [])
        for source in (source.removeprefix("=").strip() for source in sources if source.startswith("=")):
            form = pack.form_of(element.id)
            if form and _item(form, source):
                yield form, source, column
            elif column is None:
                yield from _sources(pack, process, source, seen | {text})
    for caller in pack.elements.values():
        if process in pack.called(caller) and column is None:
            for row in caller.inputs:
                if row.target == head and row.source.startswith("="):
                    yield from _sources(pack, caller.process, row.source[1:].strip(), seen | {text})


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
