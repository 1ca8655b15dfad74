"""What pack.toml says: the title of a process, its roles, options, registers, stages, outcomes and figures."""
from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from engine.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

SCOPES = ("board", "agency", "case", "case agency")
ID = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
PREFIX = re.compile(r"([A-Za-z][A-Za-z0-9_-]*[A-Za-z_-]|[A-Za-z])?")   # a figure at its end would run into the number
FOLDER = re.compile(r"[a-z0-9][a-z0-9-]*")
_TABLE = re.compile(r"\s*\[+\s*([^\]]*?)\s*\]+")
_ROW = re.compile(r"""\s*("[^"]*"|'[^']*'|[^\s=."'#\[]+)\s*[=.]""")
TEXT, LIST, YES = "a text", "a list of texts", "true or false"


@dataclass(frozen=True)
class Role:
    """Who does what; its scope says where someone holds it."""

    id: str
    label: str
    scope: str                     # board | agency | case | case agency
    outside: bool = False          # a body without sign-in
    clause: str = ""
    help: str = ""                 # one sentence for people: what this role is there for
    line: int | None = None


@dataclass(frozen=True)
class Option:
    """A switch of the process; a case keeps the values it started with."""

    id: str
    default: Any
    title: str
    clause: str = ""
    kind: str = "text"             # yes or no | number | date | text
    choices: tuple[Any, ...] = ()
    line: int | None = None


@dataclass(frozen=True)
class Register:
    """A named list of rows that outlives the step that wrote it; its form says what a row holds."""

    id: str
    title: str
    form: str
    key: str | None = None         # the column that a row is known by; None: its number
    prefix: str = ""               # “H” makes the engine's own keys H1, H2 …
    held: str | None = None        # FEEL without “=” over `row`: the words of what this row holds up
    visible_to: tuple[str, ...] = ()
    own_rows: str | None = None    # the column of agencies: a role of an agency reads only the rows of its own
    all_rows: tuple[str, ...] = () # but these of its roles read all of them
    open_when: str | None = None   # FEEL without “=” over `row`: a row that is then for every agency
    clause: str = ""
    line: int | None = None

    @property
    def called(self) -> str:
        """The column that holds a row's key."""
        return self.key or "number"


@dataclass(frozen=True)
class Figure:
    """The days between two moments, for reports.

    Each is an element, for the day it was first passed; or a date of a deadline's first clock, whatever day it was recorded:
    “deadlines.<name>.from” that it counts from, “deadlines.<name>.ended” that met it."""

    id: str
    title: str
    since: str
    until: str
    clause: str = ""
    line: int | None = None


@dataclass(frozen=True)
class Method:
    """One way of doing a step: a process of its own, chosen in the case."""

    id: str
    title: str
    process: str
    clause: str = ""
    line: int | None = None


@dataclass(frozen=True)
class Manifest:
    """All that pack.toml says."""

    id: str = ""
    title: str = ""
    main: str = ""
    reference: str = ""
    parts: tuple[str, ...] = ()
    edition: str | None = None
    stages: Mapping[str, str] = field(default_factory=dict)
    outcomes: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=dict)
    options: Mapping[str, Option] = field(default_factory=dict)
    registers: Mapping[str, Register] = field(default_factory=dict)
    figures: Mapping[str, Figure] = field(default_factory=dict)
    methods: Mapping[str, Method] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


def read_toml(data: bytes, file: str) -> tuple[dict[str, Any], list[Fault]]:
    """A TOML file as a dict; one that cannot be read is empty, with the fault."""
    try:
        return tomllib.loads(data.decode("utf-8-sig")), []
    except UnicodeDecodeError:
        return {}, [Fault(file, None, None, None, "This is not a text in UTF-8: save it as UTF-8.")]
    except tomllib.TOMLDecodeError as problem:
        place = re.search(r"\(at line (\d+), column (\d+)\)", str(problem))
        words = re.sub(r"\s*\(at .*\)", "", str(problem))
        return {}, [Fault(file, int(place[1]) if place else None, None, None, f"This is not readable TOML: {words}.")]
    except RecursionError:
        return {}, [Fault(file, None, None, None, "This is nested too deep: write it flat.")]


def line_of(data: bytes, *keys: str) -> int | None:
    """The line where a table or key stands, for people who look for a fault: “roles”, “author” finds [roles.author]."""
    lines = _lines(data)
    table, key = ".".join(keys[:-1]), keys[-1]
    found = [line for place in ((".".join(keys), None), (table, key)) if (line := lines.get(place))]
    return min(found) if found else line_of(data, *keys[:-1]) if table else None


@lru_cache(maxsize=4)
def _lines(data: bytes) -> dict[tuple[str, str | None], int]:
    """Table, and key in it (none: the table itself) → the line where it first stands."""
    lines: dict[tuple[str, str | None], int] = {}
    table = ""
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        if header := _TABLE.match(line):
            table = header[1]
            lines.setdefault((table, None), number)
        elif row := _ROW.match(line):
            lines.setdefault((table, row[1].strip("\"'")), number)
    return lines


def read_manifest(data: bytes, file: str = "pack.toml") -> tuple[Manifest, list[Fault]]:
    """What pack.toml says, as far as it can be read, and everything wrong with it."""
    raw, faults = read_toml(data, file)
    return (Manifest(), faults) if faults else _Reader(data, file, raw).manifest()


class _Reader:
    """Reads known keys out of the file, and reports those that are left over."""

    def __init__(self, data: bytes, file: str, raw: dict[str, Any]) -> None:
        self.data, self.file, self.raw = data, file, raw
        self.faults: list[Fault] = []

    def fault(self, says: str, *keys: str) -> None:
        self.faults.append(Fault(self.file, line_of(self.data, *keys) if keys else 1, keys[-1] if keys else None, None, says))

    def manifest(self) -> tuple[Manifest, list[Fault]]:
        rest = dict(self.raw)
        one = {key: self.one(rest, (key,), TEXT, required=True) or "" for key in ("id", "title", "main")}
        reference = self.one(rest, ("reference",), TEXT) or ""
        parts = tuple(self.one(rest, ("parts",), LIST) or ())
        for part in [one["id"]] if one["id"] else []:
            if not FOLDER.fullmatch(part):
                self.fault(f"“{part}” cannot be an id: use small letters, digits and hyphens.", "id")
        for part in parts:
            if not FOLDER.fullmatch(part):
                self.fault(f"“{part}” cannot be the name of a part: use small letters, digits and hyphens.", "parts")
        edition = self.one(self.table(rest, "edition"), ("edition", "default"), TEXT) if "edition" in rest else None
        rest.pop("edition", None)
        stages, outcomes = self.titles(rest, "stages"), self.titles(rest, "outcomes")
        roles = {id: self.role(id, body) for id, body in self.bodies(rest, "roles")}
        options = {id: self.option(id, body) for id, body in self.bodies(rest, "options")}
        registers = {id: self.register(id, body) for id, body in self.bodies(rest, "registers")}
        figures = {id: self.figure(id, body) for id, body in self.bodies(rest, "figures")}
        methods = {id: self.method(id, body) for id, body in self.bodies(rest, "methods")}
        for key in rest:
            self.fault(f"“{key}” means nothing in pack.toml: take it out.", key)
        return Manifest(one["id"], one["title"], one["main"], reference, tuple(p for p in parts if FOLDER.fullmatch(p)), edition, stages, outcomes,
                        roles, options, registers, figures, methods, self.raw), self.faults

    def role(self, id: str, body: dict[str, Any]) -> Role:
        where = ("roles", id)
        label = self.one(body, (*where, "label"), TEXT, required=True) or id
        scope = self.one(body, (*where, "scope"), TEXT) or "board"
        outside = self.one(body, (*where, "outside"), YES) or False
        clause = self.one(body, (*where, "clause"), TEXT) or ""
        help = self.one(body, (*where, "help"), TEXT) or ""
        if scope not in SCOPES:
            self.fault(f"“{scope}” is no scope of a role: write one of {', '.join(SCOPES)}.", *where, "scope")
        self.over(body, where)
        return Role(id, label, scope if scope in SCOPES else "board", outside, clause, help, line_of(self.data, *where))

    def option(self, id: str, body: dict[str, Any]) -> Option:
        where = ("options", id)
        default, choices = body.pop("default", None), body.pop("choices", [])
        kinds = [(bool, "yes or no"), (int, "number"), (float, "number"), (datetime, "moment"), (date, "date"), (str, "text")]
        kind = next((name for type_, name in kinds if isinstance(default, type_)), None)
        if kind is None:
            self.fault("An option needs a default: true, false, a number, a date or a text.", *where)
        if not isinstance(choices, list) or (choices and default not in choices):
            self.fault("The default of an option must be one of its choices.", *where, "choices")
            choices = []
        title = self.one(body, (*where, "title"), TEXT, required=True) or id
        clause = self.one(body, (*where, "clause"), TEXT) or ""
        self.over(body, where)
        return Option(id, default, title, clause, kind or "text", tuple(choices), line_of(self.data, *where))

    def register(self, id: str, body: dict[str, Any]) -> Register:
        where = ("registers", id)
        title = self.one(body, (*where, "title"), TEXT) or id.replace("_", " ").capitalize()
        form = self.one(body, (*where, "form"), TEXT, required=True) or ""
        key = self.one(body, (*where, "key"), TEXT)
        if key is not None and not ID.fullmatch(key):
            self.fault(f"“{key}” cannot be a key: name one column, with letters, digits and _.", *where, "key")
            key = None
        prefix = self.one(body, (*where, "prefix"), TEXT) or ""
        if not PREFIX.fullmatch(prefix):
            self.fault(f"“{prefix}” cannot be a prefix: use letters, such as H for H1, H2 …", *where, "prefix")
        held = self.one(body, (*where, "held"), TEXT)
        if held is not None and not held.startswith("="):
            self.fault('“held” must be an expression over row that gives words: "=if row.released_on = null then row.effects else []".', *where, "held")
            held = None
        visible = tuple(self.one(body, (*where, "visible_to"), LIST) or ())
        own_rows = self.one(body, (*where, "own_rows"), TEXT)
        all_rows = tuple(self.one(body, (*where, "all_rows"), LIST) or ())
        open_when = self.one(body, (*where, "open_when"), TEXT)
        if open_when is not None and not open_when.startswith("="):
            self.fault('“open_when” must be an expression over row that is true or false: "=row.decision != null".', *where, "open_when")
            open_when = None
        clause = self.one(body, (*where, "clause"), TEXT) or ""
        self.over(body, where)
        return Register(id, title, form, key, prefix, held[1:].strip() if held else None, visible, own_rows, all_rows,
                        open_when[1:].strip() if open_when else None, clause, line_of(self.data, *where))

    def figure(self, id: str, body: dict[str, Any]) -> Figure:
        where = ("figures", id)
        title, since, until = (self.one(body, (*where, key), TEXT, required=True) or "" for key in ("title", "since", "until"))
        clause = self.one(body, (*where, "clause"), TEXT) or ""
        self.over(body, where)
        return Figure(id, title, since, until, clause, line_of(self.data, *where))

    def method(self, id: str, body: dict[str, Any]) -> Method:
        where = ("methods", id)
        title, process = (self.one(body, (*where, key), TEXT, required=True) or "" for key in ("title", "process"))
        clause = self.one(body, (*where, "clause"), TEXT) or ""
        self.over(body, where)
        return Method(id, title, process, clause, line_of(self.data, *where))

    # ---- taking things out

    def one(self, table: dict[str, Any], keys: tuple[str, ...], kind: str, *, required: bool = False) -> Any:
        value = table.pop(keys[-1], None)
        if value is None:
            if required:
                self.fault(f"“{keys[-1]}” is missing: add it.", *(keys[:-1] or ()))
            return None
        fits = {TEXT: isinstance(value, str), YES: isinstance(value, bool),
                LIST: isinstance(value, list) and all(isinstance(each, str) for each in value)}[kind]
        if not fits or (kind == TEXT and required and not value.strip()):
            self.fault(f"“{keys[-1]}” must be {kind}.", *keys)
            return None
        return value

    def table(self, rest: dict[str, Any], name: str) -> dict[str, Any]:
        value = rest.pop(name, {})
        if isinstance(value, dict):
            return dict(value)
        self.fault(f"“{name}” must be a table: write [{name}] above its rows.", name)
        return {}

    def titles(self, rest: dict[str, Any], name: str) -> dict[str, str]:
        found = {}
        for key, title in self.table(rest, name).items():
            if isinstance(title, str) and title.strip():
                found[key] = title
            else:
                self.fault(f"“{key}” needs a title.", name, key)
        return found

    def bodies(self, rest: dict[str, Any], name: str) -> list[tuple[str, dict[str, Any]]]:
        found = []
        for id, body in self.table(rest, name).items():
            if not isinstance(body, dict):
                self.fault(f"“{id}” must be a table: write [{name}.{id}] above its rows.", name, id)
            elif not ID.fullmatch(id):
                self.fault(f"“{id}” cannot be an id: use letters, digits and _.", name, id)
            else:
                found.append((id, dict(body)))
        return found

    def over(self, body: dict[str, Any], where: tuple[str, ...]) -> None:
        for key in body:
            self.fault(f"“{key}” means nothing here: take it out.", *where, key)
