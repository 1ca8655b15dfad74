"""Registers: somebody writes each, and every row has the columns of its register and a key."""
from __future__ import annotations

from typing import TYPE_CHECKING

from engine.forms import Field, Group, List
from engine.forms.items import walk
from engine.packs.check.expressions import broken
from engine.packs.check.names import of_row, unknown
from engine.packs.check.places import all_read, at, elements, in_form, in_manifest, known
from engine.packs.check.scope import Scope, keys_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.errors import Fault
    from engine.packs.elements import Element
    from engine.packs.manifest import Register
    from engine.packs.pack import Pack


def faults(pack: Pack) -> Iterator[Fault]:
    """Registers that nobody writes or that cannot be written, and rows that fit none."""
    written: set[str] = set()
    used = {element.form for _, element in elements(pack) if element.form}
    for id, form in pack.forms.items():
        for path, item in form.walk():
            if isinstance(item, Group | List) and item.register:
                if id in used:
                    written.add(item.register)
                yield from _rows(pack, id, path, item, item.register)
    for _, element in elements(pack):
        if element.job == "register":
            written.add(element.headers.get("register", ""))
            yield from _service(pack, element)
    scope = Scope(pack)
    for register in pack.registers.values():
        yield from _register(scope, register)
        if register.id not in written and all_read(pack) and not any(path.endswith(".form") for path in pack.unread):
            yield in_manifest(pack, f"Nothing writes this register: give a group or list of a form the property register = {register.id}, or take it out.",
                              "registers", register.id)


def _register(scope: Scope, register: Register) -> Iterator[Fault]:
    pack, where = scope.pack, ("registers", register.id)
    form = pack.forms.get(register.form)
    if form is not None:
        if register.called != "number" and not register.prefix and register.called not in form.keys:
            yield in_manifest(pack, f"The key “{register.key}” of this register is no question of the form “{register.form}”; for keys of the engine's own "
                                    'give it a prefix, such as prefix = "H".', *where)
        if register.called != "key" and "key" in form.keys:
            yield in_manifest(pack, f"The form “{register.form}” asks “key”, which names the key of a row: make it the key of this register, or give the "
                                    "question another key.", *where)
        key = next((item for path, item in form.walk() if path == register.called), None)
        if isinstance(key, List | Group) or (isinstance(key, Field) and key.many):
            yield in_manifest(pack, f"The key “{register.called}” of this register has more than one value: choose a question with one answer.", *where)
    yield from _rows_of_agencies(pack, register)
    for named, formula in (("held", register.held), ("open_when", register.open_when)):
        if formula is None:
            continue

        def tell(says: str, named: str = named) -> Fault:
            return in_manifest(pack, f"In “{named}”: {says}", *where, named)

        if says := broken(f"={formula}", f"“{named}”"):
            yield tell(says)
        else:
            yield from unknown(scope, f"={formula}", {"row"}, tell)
            yield from of_row(pack, formula, register.id, tell)


def _rows_of_agencies(pack: Pack, register: Register) -> Iterator[Fault]:
    """Agencies that read a register read their own rows, unless it says when they read all."""
    form, where = pack.forms.get(register.form), ("registers", register.id)
    if register.own_rows is not None and form is not None and not any(path == register.own_rows and isinstance(item, Field) for path, item in form.walk()):
        yield in_manifest(pack, f"“own_rows” names the column that says which agency’s a row is, and “{register.own_rows}” is no question of the form "
                                f"“{register.form}”.", *where, "own_rows")
    of_agencies = [role for role in register.visible_to if role in pack.roles and "agency" in pack.roles[role].scope]
    if register.own_rows is not None and not of_agencies:
        yield in_manifest(pack, "“own_rows” is for roles of an agency, and none of them reads this register: take it out.", *where, "own_rows")
    if other := sorted(set(register.all_rows) - set(of_agencies if register.own_rows else ())):
        yield in_manifest(pack, f"“all_rows” is for roles of an agency that read this register and would read only their agency’s rows; {', '.join(other)} "
                                "would not: take it out.", *where, "all_rows")
    if register.open_when is not None and register.own_rows is None:
        yield in_manifest(pack, "“open_when” says when a row is for every agency: say with “own_rows” whose it is until then, or take it out.",
                          *where, "open_when")
    if register.own_rows is None and form is not None and of_agencies and (
            column := next((path for path, item in form.walk() if isinstance(item, Field) and item.picker == "agency" and path in form.keys), None)):
        yield in_manifest(pack, f"Every agency would read the rows of all the others, as {', '.join(of_agencies)}: write own_rows = \"{column}\", and with "
                                "open_when when a row is for all.", *where)


def _rows(pack: Pack, form: str, path: str, item: Group | List, register: str) -> Iterator[Fault]:
    """A group or list that writes rows."""
    if register not in pack.registers:
        yield in_form(pack, form, item, f"There is no register “{register}” in pack.toml; {known(pack.registers)}.")
        return
    columns, called = pack.columns(register), pack.registers[register].called
    for name in sorted(keys_of(item.items) - (columns or keys_of(item.items))):
        yield in_form(pack, form, item, f"The register “{register}” has no column “{name}”: add the question to the form "
                                        f"“{pack.registers[register].form}”, or take it out here.")
    key = next((inner for inner_path, inner in walk(item.items) if inner_path in {called, "key"} and isinstance(inner, Field)), None)
    if isinstance(item, Group) and item.row:
        if key is not None:
            yield in_form(pack, form, item, f"row says already which row this is: take the question “{called}” out of the group.")
    elif not pack.assigns(register):
        if key is None:
            yield in_form(pack, form, item, f"Rows of “{register}” are known by their “{called}”: ask it here, or say with the property row which row it is.")
        elif not key.required and not key.readonly:
            yield in_form(pack, form, key, f"Rows of “{register}” are known by this: make it required.")
    if isinstance(item, Group) and any(isinstance(around, List) and path.startswith(f"{at_path}.") for at_path, around in pack.forms[form].walk()):
        yield in_form(pack, form, item, "A group inside a list cannot be a row: give the list the property register.")


def _service(pack: Pack, element: Element) -> Iterator[Fault]:
    register, rows = element.headers.get("register", ""), element.headers.get("rows", "")
    if register.startswith("="):
        yield at(element, "The register must be named, not computed: write its id in the header “register”.")
    elif register and register not in pack.registers:
        yield at(element, f"There is no register “{register}” in pack.toml; {known(pack.registers)}.")
    if rows and not rows.startswith("="):
        yield at(element, "The header “rows” must be a FEEL expression that gives the rows: begin it with =.")
