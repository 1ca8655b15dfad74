"""A pack: one process as its owners wrote it, with the parts it shares folded in, as one immutable value."""
from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import Fault, PackFaults
from engine.feel.tables import read_tables
from engine.forms import read_form
from engine.packs.catalogue import FILE as CATALOGUE
from engine.packs.catalogue import Catalogue, read_catalogue
from engine.packs.diagram import Diagram, read_diagram
from engine.packs.documents import DocumentText, read_document
from engine.packs.manifest import Manifest, line_of, read_manifest, read_toml
from engine.packs.messages import MessageText, read_message
from engine.packs.stages import stages_of
from engine.packs.xml import DMN, UnsafeXml, parse
from engine.rules.deadlines import read_deadlines
from engine.settings import Agency

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.feel.tables import Table
    from engine.forms import Form
    from engine.packs.catalogue import Clause
    from engine.packs.elements import Element, Process
    from engine.packs.manifest import Figure, Method, Option, Register, Role
    from engine.rules.deadlines import Deadline

MOST_FILES = 2_000
MOST_BYTES = 50_000_000
MOST_KEPT = 16  # packs read before, by content
#: The kinds of things whose ids must differ within a pack, as an owner calls them.
WORDS = {"process": "process", "form": "form", "table": "decision table", "deadline": "deadline", "message": "message", "document": "paper"}


@dataclass(frozen=True)
class Start:
    """A button: a message event that a person sends by answering a form. Offered to nobody, it comes from outside."""

    element: str
    message: str
    form: str | None
    offer_to: tuple[str, ...]
    label: str
    at: Element = field(repr=False)

    @property
    def after_end(self) -> bool:
        """May it still be pressed when the case has its outcome?"""
        return self.at.properties.get("after_end") == "true"

    @property
    def checks(self) -> tuple[str, ...]:
        return self.at.checks

    @property
    def gate(self) -> tuple[str, ...]:
        return self.at.gate

    @property
    def not_by(self) -> tuple[str, ...]:
        return self.at.not_by

    @property
    def confirm(self) -> bool:
        return self.at.confirm

    @property
    def help(self) -> str:
        return self.at.documentation or self.at.help

    @property
    def group(self) -> str:
        """The heading that the button stands under."""
        return self.at.properties.get("group", "")


@dataclass(frozen=True, eq=False)
class Pack:
    """Everything a process is made of. Mistakes of its owners are in `faults`: what could not be read is left out."""

    files: Mapping[str, bytes] = field(repr=False)
    digest: str
    manifest: Manifest = field(repr=False)
    diagrams: tuple[Diagram, ...] = field(repr=False)
    processes: Mapping[str, Process] = field(repr=False)
    forms: Mapping[str, Form] = field(repr=False)
    tables: Mapping[str, Table] = field(repr=False)
    check_ids: frozenset[str] = field(repr=False)              # the tables in checks/
    deadlines: Mapping[str, Deadline] = field(repr=False)
    messages: Mapping[str, MessageText] = field(repr=False)
    documents: Mapping[str, DocumentText] = field(repr=False)    # papers that steps make
    catalogue: Catalogue = field(repr=False)                     # of the clauses it is to carry
    scenario_agencies: tuple[Agency, ...] = field(repr=False)
    origins: Mapping[tuple[str, str], str] = field(repr=False)   # (kind, id) → the file that holds it
    faults: tuple[Fault, ...] = field(repr=False)
    unread: frozenset[str] = field(repr=False)                   # files of which nothing could be made out

    @staticmethod
    def from_files(files: Mapping[str, bytes], faults: Iterable[Fault] = ()) -> Pack:
        """The pack in these files; those of a part have paths that begin with `parts/<part>/`. The same content is read once."""
        outside = list(faults)
        if outside:
            return _Reader(files, outside).pack()
        digest = _digest(files)
        if digest not in _read_before:
            while len(_read_before) >= MOST_KEPT:
                _read_before.pop(next(iter(_read_before)), None)
            _read_before[digest] = _Reader(files, []).pack()
        return _read_before[digest]

    # ---- what pack.toml says

    @property
    def id(self) -> str:
        return self.manifest.id

    @property
    def title(self) -> str:
        return self.manifest.title

    @property
    def reference(self) -> str:
        return self.manifest.reference

    @property
    def roles(self) -> Mapping[str, Role]:
        return self.manifest.roles

    @property
    def options(self) -> Mapping[str, Option]:
        return self.manifest.options

    @property
    def registers(self) -> Mapping[str, Register]:
        return self.manifest.registers

    @property
    def stages(self) -> Mapping[str, str]:
        return self.manifest.stages

    @property
    def outcomes(self) -> Mapping[str, str]:
        return self.manifest.outcomes

    @cached_property
    def clauses(self) -> Mapping[str, Clause]:
        """The clauses it is to carry, by id; none where its owners list none."""
        return {clause.id: clause for clause in self.catalogue.clauses}

    @property
    def figures(self) -> Mapping[str, Figure]:
        return self.manifest.figures

    @property
    def methods(self) -> Mapping[str, Method]:
        return self.manifest.methods

    def methods_named(self) -> list[dict[str, str]]:
        """The methods as expressions see them."""
        return [{"key": method.id, "title": method.title, "process": method.process} for method in self.methods.values()]

    def columns(self, register: str) -> frozenset[str] | None:
        """The columns of a register: what its form asks, and its key; None if that form is not there."""
        form = self.forms.get(self.registers[register].form)
        return None if form is None else form.keys | {"number", "key", self.registers[register].called}

    def assigns(self, register: str) -> bool:
        """Whether the engine gives the rows their keys, rather than whoever fills the form in."""
        known, form = self.registers[register], self.forms.get(self.registers[register].form)
        return bool(known.prefix) or form is None or known.called not in form.keys

    # ---- what the diagrams hold

    def called(self, element: Element) -> tuple[str, ...]:
        """The processes that a call activity calls, or may call: of a method, each of them."""
        if (element.called or "").startswith("="):
            return tuple(dict.fromkeys(method.process for method in self.methods.values()))
        return (element.called,) if element.called else ()

    @property
    def main(self) -> Process:
        """The process a case is; a pack without one has faults."""
        if self.manifest.main not in self.processes:
            raise PackFaults(self.faults)
        return self.processes[self.manifest.main]

    @cached_property
    def elements(self) -> Mapping[str, Element]:
        """Every element of every process, by id."""
        return {id: element for process in self.processes.values() for id, element in process.elements.items()}

    @cached_property
    def tasks(self) -> Mapping[str, Element]:
        """Every user task of every process."""
        return {id: element for id, element in self.elements.items() if element.kind == "userTask"}

    @cached_property
    def starts(self) -> Mapping[str, Start]:
        """The message start events of the main process: how a case begins."""
        main = self.processes.get(self.manifest.main)
        found = main.starts() if main else []
        return {element.id: _button(element) for element in found if element.event.kind == "message"}

    @cached_property
    def case_actions(self) -> Mapping[str, Start]:
        """The message events of a running case that are offered to someone as a button."""
        return {id: _button(element) for id, element in self.elements.items()
                if element.catches and element.event.kind == "message" and id not in self.starts and element.offer_to}

    @cached_property
    def stages_of(self) -> Mapping[str, tuple[str, ...]]:
        """Element → the stages it belongs to; what can come at any time belongs to none."""
        return stages_of(self)

    def form_of(self, element: str) -> Form | None:
        """The form of a task, start or case action."""
        there = self.elements.get(element)
        return self.forms.get(there.form) if there and there.form else None

    def file_of(self, kind: str, id: str) -> str:
        """The file that holds a form, table, deadline, message or process."""
        return self.origins.get((kind, id), "pack.toml")


_read_before: dict[str, Pack] = {}


def read_pack(folder: Path) -> Pack:
    """The pack in a folder, with the parts it names from the folders beside it. Never raises for what its owner wrote."""
    faults: list[Fault] = []
    files = _files(folder, "", faults)
    manifest, _ = read_manifest(files.get("pack.toml", b""))
    for part in manifest.parts:
        beside = folder.parent / part
        if not any(path.startswith(f"parts/{part}/") for path in files) and beside.is_dir():
            files |= _files(beside, f"parts/{part}/", faults)
    return Pack.from_files(files, faults)


def own_path(path: str) -> str:
    """The path inside the pack or part that a file belongs to."""
    return path.split("/", 2)[2] if path.startswith("parts/") and path.count("/") >= 2 else path


def _button(element: Element) -> Start:
    return Start(element.id, element.event.name or "", element.form, element.offer_to, element.label, element)


def _files(folder: Path, prefix: str, faults: list[Fault]) -> dict[str, bytes]:
    """Every file in a folder, except hidden ones; a link could lead anywhere, so it is refused."""
    found: dict[str, bytes] = {}
    size = 0
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(where, name)
            relative = prefix + path.relative_to(folder).as_posix()
            if name.startswith(".") or name.endswith("~"):
                continue
            if path.is_symlink() or not path.is_file():
                faults.append(Fault(relative, None, None, None, "This is a link, not a file: put the file itself here."))
                continue
            size += path.stat().st_size
            if len(found) >= MOST_FILES or size > MOST_BYTES:
                faults.append(Fault(relative, None, None, None, f"The folder holds more than {MOST_FILES:,} files or {MOST_BYTES // 1_000_000} MB: "
                                                                "keep only what the process needs."))
                return found
            found[relative] = path.read_bytes()
    return found


class _Reader:
    """Reads file after file; the second thing with an id is a fault, the first stands."""

    def __init__(self, files: Mapping[str, bytes], faults: list[Fault]) -> None:
        self.files, self.faults = dict(sorted(files.items())), faults
        self.origins: dict[tuple[str, str], str] = {}
        self.found: dict[str, dict[str, Any]] = {kind: {} for kind in WORDS}
        self.diagrams: list[Diagram] = []
        self.check_ids: set[str] = set()
        self.unread: set[str] = set()
        self.catalogue = Catalogue()

    def pack(self) -> Pack:
        manifest = self.manifest()
        for path, data in self.files.items():
            own = own_path(path)
            if own.startswith("scenarios/"):
                continue
            if own.endswith(".bpmn"):
                self.diagram(data, path)
            elif own.endswith(".dmn"):
                self.decisions(data, path)
            elif own.endswith(".form"):
                self.form(data, path)
            elif own == "deadlines.toml":
                deadlines, faults = read_deadlines(data, path)
                self.note(path, deadlines, faults)
                for name, deadline in deadlines.items():
                    self.add("deadline", name, deadline, path, deadline.line, deadline.title)
            elif path == CATALOGUE:
                self.catalogue, faults = read_catalogue(data, path)
                self.note(path, self.catalogue.clauses, faults)
            elif own.startswith("messages/") and own.endswith(".md"):
                message, faults = read_message(data, path)
                self.note(path, message, faults)
                if message:
                    self.add("message", message.id, message, path, message.line)
            elif own.startswith("documents/") and own.endswith(".md"):
                document, faults = read_document(data, path)
                self.note(path, document, faults)
                if document:
                    self.add("document", document.id, document, path, 1, document.title)
        found = self.found
        return Pack(files=self.files, digest=_digest(self.files), manifest=manifest, diagrams=tuple(self.diagrams), processes=found["process"],
                    forms=found["form"], tables=found["table"], check_ids=frozenset(self.check_ids), deadlines=found["deadline"],
                    messages=found["message"], documents=found["document"], catalogue=self.catalogue, scenario_agencies=self.agencies(),
                    origins=self.origins, faults=tuple(self.faults), unread=frozenset(self.unread))

    def manifest(self) -> Manifest:
        if "pack.toml" not in self.files:
            self.faults.append(Fault("pack.toml", None, None, None, "There is no pack.toml: it says what the pack is called and where it begins."))
            return Manifest()
        manifest, faults = read_manifest(self.files["pack.toml"])
        self.faults += faults
        there = {path.split("/")[1] for path in self.files if path.startswith("parts/") and path.count("/") >= 2}
        for part in manifest.parts:
            if part not in there:
                self.faults.append(Fault("pack.toml", line_of(self.files["pack.toml"], "parts"), part, None,
                                         f"The part “{part}” is not there: put its folder beside this pack, or take it out of parts."))
            if f"parts/{part}/pack.toml" in self.files:
                self.faults.append(Fault(f"parts/{part}/pack.toml", 1, part, None,
                                         "This is a pack of its own, not a part: a part has no pack.toml."))
        for part in sorted(there - set(manifest.parts)):
            self.faults.append(Fault(f"parts/{part}", None, part, None, "pack.toml does not name this part: add it to parts, or remove the folder."))
        return manifest

    def note(self, path: str, anything: object, faults: Iterable[Fault]) -> None:
        """The faults of a file, and whether anything could be made of it."""
        before = len(self.faults)
        self.faults += faults
        if len(self.faults) > before and not anything:
            self.unread.add(path)

    def add(self, kind: str, id: str, thing: Any, path: str, line: int | None, name: str | None = None) -> None:
        if id in self.found[kind]:
            where = self.origins[kind, id]
            self.faults.append(Fault(path, line, id, name, f"There is already a {WORDS[kind]} “{id}” in {where}: give one of them another id."))
        else:
            self.found[kind][id], self.origins[kind, id] = thing, path

    def diagram(self, data: bytes, path: str) -> None:
        diagram = read_diagram(data, path)
        self.diagrams.append(diagram)
        self.note(path, diagram.root is not None, diagram.faults)
        for process in diagram.processes:
            if process.elements or len(diagram.processes) == 1:      # an empty pool is a picture
                self.add("process", process.id, process, path, process.line, process.name)

    def form(self, data: bytes, path: str) -> None:
        form, faults = read_form(data, path)
        self.note(path, form, faults)
        stem = path.rpartition("/")[2].removesuffix(".form")
        if form is None:
            return
        if form.id != stem:
            self.faults.append(Fault(path, None, form.id, None, f"The file is called {stem}.form, but the form in it “{form.id}”: make them the same."))
        self.add("form", form.id, form, path, None)

    def decisions(self, data: bytes, path: str) -> None:
        try:
            root = parse(data, DMN)
        except UnsafeXml as problem:
            self.note(path, None, [Fault(path, problem.line, None, None, problem.says)])
            return
        tables, faults = read_tables(root, path)
        self.note(path, tables, faults)
        for id, table in tables.items():
            self.add("table", id, table, path, table.line, table.name or None)
            if own_path(path).startswith("checks/"):
                self.check_ids.add(id)

    def agencies(self) -> tuple[Agency, ...]:
        """The fictional agencies of scenarios/board.toml."""
        path = "scenarios/board.toml"
        if path not in self.files:
            return ()
        table, faults = read_toml(self.files[path], path)
        found = []
        agencies = table.get("agencies", {})
        if not isinstance(agencies, dict):
            faults.append(Fault(path, 1, "agencies", None, "Write the agencies as rows below [agencies]: KEY = \"Name\"."))
            agencies = {}
        for key, given in agencies.items():
            body = {"name": given} if isinstance(given, str) else given
            if not isinstance(body, dict) or not isinstance(body.get("name"), str) or not isinstance(body.get("member", True), bool):
                faults.append(Fault(path, line_of(self.files[path], "agencies", key), key, None,
                                    'Write an agency as KEY = "Name", or KEY = { name = "Name", member = false }.'))
            else:
                found.append(Agency(key, body["name"], body.get("member", True)))
        self.faults += faults
        return tuple(found)


def _digest(files: Mapping[str, bytes]) -> str:
    """The same for the same content, whatever the machine or the moment."""
    whole = hashlib.sha256()
    for path in sorted(files):
        whole.update(f"{len(path.encode())}:{path}:{len(files[path])}:".encode())
        whole.update(files[path])
    return whole.hexdigest()
