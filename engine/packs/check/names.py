"""Names in expressions: each must be given by somebody, and none may hide what FEEL or the engine calls so."""
from __future__ import annotations

from typing import TYPE_CHECKING

from engine import feel
from engine.errors import Fault
from engine.forms import Field, Group, List
from engine.forms.names import ENGINE_NAMES
from engine.packs.check.places import at, elements, in_form, known
from engine.packs.check.scope import COUNTERS, PERSONAL, Scope, reads
from engine.packs.check.tables import texts as table_texts
from engine.packs.elements import ITEM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from engine.packs.elements import Element, Flow, Process
    from engine.packs.pack import Pack

    #: Makes the fault, at the right place, of words that say what is wrong.
    Tell = Callable[[str], Fault]


def faults(pack: Pack) -> Iterator[Fault]:
    """Names that nobody gives, and names that are taken."""
    scope = Scope(pack)
    yield from _taken(pack)
    for process in pack.processes.values():
        for element in process.elements.values():
            yield from _element(scope, process, element)
        for flow in process.flows.values():
            if flow.condition and flow.source in process.elements:
                names = scope.given[process.id] | scope.local(process, process.elements[flow.source])
                yield from unknown(scope, flow.condition, names, _tell(flow, "the condition"))
    yield from _forms(scope)
    yield from _tables(scope)
    yield from _deadlines(scope)


def unknown(scope: Scope, text: str, names: set[str] | None, tell: Tell, *, personal: bool = False) -> Iterator[Fault]:
    """What an expression (with its “=”) reads and nobody gives; `names` None if anything may be given."""
    if text.startswith("="):
        paths, in_filters = reads(text[1:])
        yield from unknown_paths(scope, paths, in_filters, names, tell, personal=personal)


def unknown_paths(scope: Scope, paths: frozenset[str], in_filters: frozenset[str], names: set[str] | None, tell: Tell, *,
                  personal: bool) -> Iterator[Fault]:
    """The same for paths already read."""
    for path in sorted(paths):
        head = path.partition(".")[0]
        if names is not None and head in names:
            continue
        if head in ENGINE_NAMES and (personal or head not in PERSONAL):
            if says := scope.engine_fault(path):
                yield tell(says)
        elif head in PERSONAL:
            yield tell(f"“{head}” is known in forms and checks only: a diagram goes on without anyone looking.")
        elif names is not None and scope.whole and path not in in_filters and head != "?":
            yield tell(f"Nothing gives “{head}”: let a step before write it with an output mapping, or correct the name.")


def _tell(thing: Element | Flow, what: str, line: int | None = None) -> Tell:
    return lambda says: at(thing, f"In {what}: {says}", line)


def _tell_in(file: str, line: int | None, id: str, name: str | None, before: str) -> Tell:
    return lambda says: Fault(file, line, id, name, before + says)


def _element(scope: Scope, process: Process, element: Element) -> Iterator[Fault]:
    outside = scope.given[process.id].union(*(scope.local(process, each) for each in process.around(element)))
    here = scope.variables(process, element)
    own = scope.answers(element)
    for what, text, line in element.expressions():
        names: set[str] | None = here
        if what.startswith("the output “"):
            names = None if own is None else here | own
        elif what == "the list it repeats over":
            names = outside
        elif what == "the completion condition":
            names = here | COUNTERS
        elif what == "the process it calls" and scope.pack.methods:
            names = here | ({"method"} & scope.given[process.id])
        yield from unknown(scope, text, names, _tell(element, what, line))


def _forms(scope: Scope) -> Iterator[Fault]:
    """A form may use what is known wherever it is shown."""
    pack = scope.pack
    shown: dict[str, list[Element]] = {id: [] for id in pack.forms}
    for _, element in elements(pack):
        if element.form in shown:
            shown[element.form].append(element)
    for id, form in pack.forms.items():
        for _, item in form.walk():
            for path in sorted(item.paths):
                if says := _form_fault(scope, path, shown[id]):
                    yield in_form(pack, id, item, says)


def _form_fault(scope: Scope, path: str, shown: list[Element]) -> str | None:
    head = path.partition(".")[0]
    if head in ENGINE_NAMES:
        return scope.engine_fault(path)
    for element in shown if scope.whole else ():
        process = scope.pack.processes.get(element.process)
        if process is not None and (element.id in scope.pack.starts or head not in scope.variables(process, element)):
            return f"Nothing gives “{head}” where “{element.label}” shows this form: let a step before write it, or correct the name."
    return None


def _tables(scope: Scope) -> Iterator[Fault]:
    """A table may use what is known wherever it is asked; a check sees the answers, a gate is asked before there are any."""
    pack = scope.pack
    for process in pack.processes.values():
        for element in process.elements.values():
            here = scope.variables(process, element) if element.id not in pack.starts else set()
            form = set(scope.trees.get(element.form or "", {}))
            asked = [(id, here | form, True) for id in element.checks] + [(id, here, True) for id in element.gate]
            if element.decision:
                asked.append((element.decision, here, False))
            for id, names, personal in asked:
                table = pack.tables.get(id)
                if table is None or (element.form and element.form not in scope.trees and id in element.checks):
                    continue
                for line, text, kind in table_texts(table):
                    tell = _tell_in(table.file, line, id, table.name or None, f"Where “{element.name or element.id}” asks this table: ")
                    yield from unknown_paths(scope, *reads(text, kind), names, tell, personal=personal)


def _deadlines(scope: Scope) -> Iterator[Fault]:
    pack = scope.pack
    for name, deadline in pack.deadlines.items():
        file = pack.file_of("deadline", name)
        for key, text, where in (("from", deadline.from_, deadline.starts), ("on", deadline.on, deadline.starts), ("when", deadline.when, deadline.starts),
                                 ("ends", deadline.ends_when, ()), ("ended", deadline.ended, deadline.ends), ("cancelled", deadline.cancelled, ())):
            if not text:
                continue
            tell = _tell_in(file, deadline.line, name, deadline.title, f"In “{key}”: ")
            told: set[str] = set()                               # of several elements, each must know it; the same is told once
            if deadline.register is not None:
                yield from unknown(scope, f"={text}", {"row"}, tell)
                yield from of_row(pack, text, deadline.register, tell)
                continue
            for id in where:
                element = pack.elements.get(id)
                if element is None:
                    continue
                names = {*([deadline.per] if deadline.per else []), *scope.variables(pack.processes[element.process], element)}
                for fault in unknown(scope, f"={text}", names, tell):
                    if fault.says not in told:
                        told.add(fault.says)
                        yield fault


def of_row(pack: Pack, text: str, register: str, tell: Tell) -> Iterator[Fault]:
    """Columns that an expression reads of a row, and its register does not have."""
    columns = pack.columns(register) if register in pack.registers else None
    for path in sorted(reads(text)[0]):
        head, _, rest = path.partition(".")
        column = rest.partition(".")[0]
        if head == "row" and columns is not None and column and column not in columns:
            yield tell(f"The register “{register}” has no column “{column}”; {known(columns)}.")


def _taken(pack: Pack) -> Iterator[Fault]:
    """Variables that would hide a function of FEEL or a name of the engine."""
    for _, element in elements(pack):
        rows = [(each.target, each.line) for each in (*element.inputs, *element.outputs)]
        if element.result:
            rows.append((element.result, element.line))
        if element.loop:
            rows += [(name, element.loop.line) for name in (element.loop.item, element.loop.gathers) if name]
        for name, line in rows:
            if says := _name_fault(name.partition(".")[0]):
                yield at(element, says, line)
    for id, form in pack.forms.items():
        for _, item in form.walk():
            answered = isinstance(item, Field | List) or (isinstance(item, Group) and item.path)
            if answered and (says := _name_fault(item.name)):
                yield in_form(pack, id, item, says)
    for id in sorted({action.form or "" for action in pack.case_actions.values()} & pack.forms.keys()):
        asked = next((item for path, item in pack.forms[id].walk() if path == ITEM), None)
        if asked is not None and not (isinstance(asked, Field) and asked.picker == "agency" and not asked.many):
            yield in_form(pack, id, asked, f"In the form of a button “{ITEM}” says which agency is meant, where the button waits for each of several: let one "
                                           "agency be picked there, or choose another name.")


def _name_fault(name: str) -> str | None:
    if name in feel.KEYWORDS:
        return f"“{name}” is a word of FEEL: choose another name."
    if name in feel.RESERVED:
        return f"“{name}” is a function of FEEL, which a variable would hide: choose another name."
    if name in ENGINE_NAMES:
        return f"“{name}” is a name the engine gives: choose another name."
    if not name.isidentifier() or not name.isascii():
        return f"“{name}” cannot be a name in an expression: use letters, digits and _."
    return None
