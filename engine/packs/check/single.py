"""One file by itself, also outside a pack: what it refers to in a pack is then not looked for."""
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import Fault
from engine.feel.tables import read_tables
from engine.forms import read_form
from engine.packs.catalogue import FILE as CATALOGUE
from engine.packs.catalogue import read_catalogue
from engine.packs.check import dialect, expressions, flow, ids, layout, messages, scenarios, sizes, starts, tables
from engine.packs.documents import read_document
from engine.packs.manifest import read_manifest, read_toml
from engine.packs.messages import read_message
from engine.packs.reading import pack_of
from engine.packs.xml import DMN, MAX_BYTES, UnsafeXml, parse
from engine.rules.deadlines import read_deadlines

if TYPE_CHECKING:
    from collections.abc import Iterable

KINDS = ".bpmn, .dmn, .form, .toml or .md"


def sort(faults: Iterable[Fault]) -> list[Fault]:
    """By file and line, each once."""
    return sorted(set(faults), key=lambda fault: (fault.file, fault.line or 0, fault.element or "", fault.name or "", fault.says))


def check_file(path: Path) -> list[Fault]:
    """Every fault of a single file."""
    file = str(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            return [Fault(file, None, None, None, f"The file is larger than {MAX_BYTES // 1_000_000} MB.")]
        data = path.read_bytes()
    except OSError as problem:
        return [Fault(file, None, None, None, f"The file cannot be opened: {problem.strerror or problem}.")]
    return sort(_faults(data, path, file))


def _faults(data: bytes, path: Path, file: str) -> Iterable[Fault]:
    if path.suffix == ".bpmn":
        return _diagram(data, file)
    if path.suffix == ".dmn":
        return _decisions(data, path, file)
    if path.suffix == ".form":
        form, faults = read_form(data, file)
        if form is not None and form.id != path.stem:
            faults.append(Fault(file, None, form.id, None, f"The file is called {path.name}, but the form in it “{form.id}”: make them the same."))
        return faults
    if path.suffix == ".toml":
        return _toml(data, path, file)
    if path.suffix == ".md":
        is_mail = path.parent.name == "messages" or data.startswith(b"# ")
        if path.parent.name == "documents" or (data.lstrip().startswith(b"+++") and not is_mail):
            return read_document(data, file)[1]
        message, faults = read_message(data, file) if is_mail else (None, [])
        return [*faults, *(messages.of_message(message) if message else ())]
    return [Fault(file, None, None, None, f"This is no file of a pack: give one that ends in {KINDS}.")]


def _diagram(data: bytes, file: str) -> Iterable[Fault]:
    pack = pack_of({"alone.bpmn": data})
    found = [fault for fault in pack.faults if fault.file != "pack.toml"]
    for rule in (dialect, starts, flow, ids, expressions, layout, sizes):
        found += rule.faults(pack)
    return [Fault(file, fault.line, fault.element, fault.name, fault.says.replace("alone.bpmn", path_name(file))) for fault in found]


def path_name(file: str) -> str:
    """The name of a file without its folders."""
    return Path(file).name


def _decisions(data: bytes, path: Path, file: str) -> Iterable[Fault]:
    try:
        found, faults = read_tables(parse(data, DMN), file)
    except UnsafeXml as problem:
        return [Fault(file, problem.line, None, None, problem.says)]
    if path.parent.name == "checks":
        for table in found.values():
            faults += tables.shape(table)
    return faults


def _toml(data: bytes, path: Path, file: str) -> Iterable[Fault]:
    if path.name == "pack.toml":
        return read_manifest(data, file)[1]
    if path.name == "deadlines.toml":
        deadlines, faults = read_deadlines(data, file)
        found = list(faults)
        for deadline in deadlines.values():
            found += expressions.of_deadline(deadline, file)
        return found
    if path.name == CATALOGUE:
        return read_catalogue(data, file)[1]
    if path.name == "board.toml":
        return read_toml(data, file)[1]
    return list(scenarios.of_scenario(data, file))
