"""The catalogue of a pack: `clauses.toml`, the sentences of its source documents that it is to carry, in its owners' short words."""
from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.errors import Fault
from engine.packs.manifest import line_of, read_toml

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = "clauses.toml"
#: What a clause asks of the system.
KINDS = ("task", "timer", "rule", "paper", "message", "public", "report", "setting", "help", "role")
#: What carries a clause though no file of the pack can say so; `page` is one of the web, `permission` one of config/roles.toml.
CARRIERS = ("page", "permission", "stage", "outcome", "role", "register", "message", "document", "figure")
ID = re.compile(r"[A-Z]+[0-9]*-[0-9]+")
_CARRIER = re.compile(r"([a-z]+): *([A-Za-z0-9_.-]+)")


@dataclass(frozen=True)
class Source:
    """A document the clauses come from; one without a date is not a document but a list of the owners' own."""

    id: str
    title: str
    date: str = ""

    @property
    def is_document(self) -> bool:
        """Is it someone else's text?"""
        return bool(self.date)


@dataclass(frozen=True)
class Clause:
    """One sentence of a source, in short words."""

    id: str
    says: str
    section: str                            # the heading it stands under
    kinds: tuple[str, ...]
    source: Source
    carried_by: tuple[tuple[str, str], ...] = ()     # (kind, id) of what cannot say so itself
    proved_by: tuple[str, ...] = ()         # tests, where no scenario can show it: path::test
    line: int | None = None


@dataclass(frozen=True)
class Catalogue:
    """Every source and every clause, in the order of the file."""

    sources: tuple[Source, ...] = ()
    clauses: tuple[Clause, ...] = ()


def read_catalogue(data: bytes, file: str = FILE) -> tuple[Catalogue, list[Fault]]:
    """The catalogue as far as it can be read, and everything wrong with it."""
    raw, faults = read_toml(data, file)
    return (Catalogue(), faults) if faults else _Reader(data, file).catalogue(raw)


class _Reader:
    def __init__(self, data: bytes, file: str) -> None:
        self.data, self.file, self.faults = data, file, list[Fault]()

    def fault(self, says: str, *keys: str) -> None:
        self.faults.append(Fault(self.file, line_of(self.data, *keys), keys[1] if len(keys) > 1 else keys[0], None, says))

    def catalogue(self, raw: dict[str, Any]) -> tuple[Catalogue, list[Fault]]:
        for key in raw.keys() - {"sources", "clauses"}:
            self.fault(f"“{key}” means nothing here: there is [sources.<letter>] and [clauses.<id>].", key)
        sources = {id: self.source(id, body) for id, body in self.bodies(raw, "sources")}
        clauses = [self.clause(id, body, sources) for id, body in self.bodies(raw, "clauses")]
        return Catalogue(tuple(sources.values()), tuple(clause for clause in clauses if clause)), self.faults

    def bodies(self, raw: Mapping[str, Any], name: str) -> list[tuple[str, dict[str, Any]]]:
        table = raw.get(name, {})
        if not isinstance(table, dict) or not all(isinstance(body, dict) for body in table.values()):
            self.fault(f"Write each of “{name}” as a table of its own: [{name}.<id>].", name)
            return []
        return [(id, dict(body)) for id, body in table.items()]

    def source(self, id: str, body: dict[str, Any]) -> Source:
        where = ("sources", id)
        title, date, year = self.text(body, where, "title"), str(body.pop("date", "")), body.pop("year", "")
        self.over(body, where, "title, and date or year")
        return Source(id, title, date or str(year))

    def clause(self, id: str, body: dict[str, Any], sources: Mapping[str, Source]) -> Clause | None:
        where = ("clauses", id)
        source = sources.get(id.rstrip("0123456789").rstrip("-").rstrip("0123456789"))
        if not ID.fullmatch(id) or source is None:
            self.fault(f"“{id}” is no id of a clause: it begins with the letter of a source ({', '.join(sources) or 'there is none'}) and ends in its number, "
                       "such as H3-5.", *where)
            return None
        says, section = self.text(body, where, "says"), self.text(body, where, "section")
        kinds, carriers, tests = (self.texts(body, where, key) for key in ("kinds", "carried_by", "proved_by"))
        for kind in kinds:
            if kind not in KINDS:
                self.fault(f"“{kind}” is no kind of clause: use {', '.join(KINDS)}.", *where, "kinds")
        if not kinds:
            self.fault(f"Say what kind of clause it is: kinds = [\"rule\"], of {', '.join(KINDS)}.", *where)
        carried = [self.carrier(text, where) for text in carriers]
        for test in tests:
            if not re.fullmatch(r"tests/[\w/]+\.py::\w+", test):
                self.fault(f"“{test}” is no test: write tests/<folder>/<file>.py::<test>.", *where, "proved_by")
        self.over(body, where, "says, section, kinds, carried_by and proved_by")
        return Clause(id, says, section, kinds, source, tuple(found for found in carried if found), tests, line_of(self.data, *where))

    def carrier(self, text: str, where: tuple[str, str]) -> tuple[str, str] | None:
        parts = _CARRIER.fullmatch(text)
        if parts is None or parts[1] not in CARRIERS:
            self.fault(f"“{text}” names nothing that could carry a clause: write “kind: id”, and as kind {', '.join(CARRIERS)}.", *where, "carried_by")
            return None
        return parts[1], parts[2]

    def text(self, body: dict[str, Any], where: tuple[str, str], key: str) -> str:
        value = body.pop(key, None)
        if isinstance(value, str) and value.strip():
            return value.strip()
        self.fault(f"“{key}” is missing, or no text: add it.", *where)
        return ""

    def texts(self, body: dict[str, Any], where: tuple[str, str], key: str) -> tuple[str, ...]:
        value = body.pop(key, [])
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return tuple(value)
        self.fault(f"“{key}” must be a list of texts.", *where, key)
        return ()

    def over(self, body: dict[str, Any], where: tuple[str, str], known: str) -> None:
        for key in body:
            self.fault(f"“{key}” means nothing here: there is {known}.", *where, key)
