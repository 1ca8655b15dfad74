"""Reading a pack: file after file, from a folder or a release, with everything that is wrong with them."""
from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import Fault
from engine.feel.tables import read_tables
from engine.forms import read_form
from engine.packs.catalogue import FILE as CATALOGUE
from engine.packs.catalogue import Catalogue, read_catalogue
from engine.packs.diagram import Diagram, read_diagram
from engine.packs.documents import read_document
from engine.packs.manifest import Manifest, line_of, read_manifest, read_toml
from engine.packs.messages import read_message
from engine.packs.pack import Pack, own_path
from engine.packs.xml import DMN, UnsafeXml, parse
from engine.rules.deadlines import read_deadlines
from engine.settings import Agency

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST_FILES = 2_000
MOST_BYTES = 50_000_000
MOST_KEPT = 16  # packs read before, by content
#: The kinds of things whose ids must differ within a pack, as an owner calls them.
WORDS = {"process": "process", "form": "form", "table": "decision table", "deadline": "deadline", "message": "message", "document": "paper"}


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
    return pack_of(files, faults)


def pack_of(files: Mapping[str, bytes], faults: Iterable[Fault] = ()) -> Pack:
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
