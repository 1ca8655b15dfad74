"""Whether every clause of a pack has a place and is exercised: judged, and told in words or as data."""
from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.packs import clauses_of
from engine.packs.pack import own_path

if TYPE_CHECKING:
    from engine.packs import Carried, Pack, Tied, Told
    from engine.rehearsal.several import Played


@dataclass(frozen=True)
class Judged:
    """One clause: what carries it, the stories and tests that show it, and what is wrong, in words."""

    tied: Tied
    shown_by: tuple[Told, ...]
    tests: tuple[str, ...]
    faults: tuple[str, ...]

    @property
    def fine(self) -> bool:
        """Has it a place, and does something exercise it?"""
        return bool(self.tied.places and (self.shown_by or self.tests))


@dataclass(frozen=True)
class Coverage:
    """All clauses of a pack, and the stories that do not come true."""

    clauses: tuple[Judged, ...]
    failed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def faults(self) -> list[str]:
        """Everything that is wrong."""
        return [fault for one in self.clauses for fault in one.faults] + [
            f"{file} does not come true: {failure}" for file, failures in self.failed.items() for failure in failures]


def judge(pack: Pack, played: Iterable[Played], root: Path) -> Coverage:
    """Each clause held against what the stories used. Tests are looked for below `root`, and believed where it has none."""
    by_file = {f"scenarios/{one.file.name}": one for one in played}
    used = {file: one.seen or frozenset() for file, one in by_file.items()}
    clauses = tuple(_judged(tied, used, root) for tied in clauses_of(pack))
    return Coverage(clauses, {file: one.failures for file, one in by_file.items() if one.failures})


def _judged(tied: Tied, used: Mapping[str, frozenset[Carried]], root: Path) -> Judged:
    id, faults = tied.clause.id, list[str]()
    shown = tuple(story for story in tied.stories if not used.get(story.file, frozenset()).isdisjoint(tied.places))
    tests = tuple(test for test in tied.clause.proved_by if _is_there(test, root))
    if not tied.places:
        faults.append(f"{id}: nothing carries it. Give what does its property “clause”.")
    if not shown and not tests:
        faults.append(f"{id}: no scenario and no test shows it.")
    faults += [f"{id}: {story.file} says it shows it, but uses nothing that carries it." for story in tied.stories if story not in shown]
    faults += [f"{id}: there is no test {test}." for test in tied.clause.proved_by if test not in tests]
    return Judged(tied, shown, tests, tuple(faults))


def _is_there(test: str, root: Path) -> bool:
    file, _, name = test.partition("::")
    return not (root / "tests").is_dir() or name in _tests_in(root / file)


@cache
def _tests_in(file: Path) -> frozenset[str]:
    if not file.is_file():
        return frozenset()
    return frozenset(node.name for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


# ---- telling

def in_words(coverage: Coverage) -> str:
    """By source and section, a line a clause: its id, its words, what carries it, what shows it; then the sum, and last what is wrong."""
    lines, source, section = list[str](), "", ""
    for one in coverage.clauses:
        clause = one.tied.clause
        if clause.source.id != source:
            lines += ["", clause.source.title + (f" ({clause.source.date})" if clause.source.date else "")]
            source, section = clause.source.id, ""
        if clause.section != section:
            section = clause.section
            lines.append(f"  {section}")
        places = "; ".join(dict.fromkeys(_place(place) for place in one.tied.places)) or "nothing carries it"
        shown = ", ".join([*(story.file.removeprefix("scenarios/") for story in one.shown_by), *one.tests]) or "nothing shows it"
        lines.append(f"    {clause.id:<6} {clause.says} | {places} | {shown}")
    return "\n".join([*lines, "", _sum(coverage), *coverage.faults]).strip("\n")


def as_data(coverage: Coverage) -> list[dict[str, Any]]:
    """The same as plain values, an object a clause."""
    return [{
        "id": clause.id, "says": clause.says, "source": clause.source.title, "section": clause.section, "kinds": list(clause.kinds),
        "places": [{"kind": place.kind, "id": place.id, "name": place.name, "file": own_path(place.file), "line": place.line} for place in one.tied.places],
        "scenarios": [{"title": story.title, "file": story.file} for story in one.shown_by], "tests": list(one.tests), "faults": list(one.faults),
    } for one in coverage.clauses for clause in [one.tied.clause]]


def _place(place: Carried) -> str:
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", place.kind).lower()
    return f"{kind} {place.name or place.id} · {own_path(place.file)}"


def _sum(coverage: Coverage) -> str:
    """How many of each source: of the documents together, and of each list of the owners' own."""
    groups: dict[str, list[Judged]] = {}
    for one in coverage.clauses:
        source = one.tied.clause.source
        groups.setdefault("clauses" if source.is_document else f"of “{source.title}”", []).append(one)
    parts = [f"{sum(one.fine for one in group)} of {len(group)} {name}" for name, group in groups.items()]
    return f"{'; '.join(parts)} have a place and are exercised."
