"""Reading a scenario: a story a pack must satisfy, as TOML."""
from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

DEEDS = ("start", "do", "message", "perform", "look")
STEP_KEYS = frozenset({"at", "as", "for", "case", "with", "refused", "expect", *DEEDS})
TOP_KEYS = frozenset({"title", "pack", "clock", "options", "agencies", "people", "step", "exact", "clauses"})
PERSON_KEYS = frozenset({"name", "agency", "roles"})
AGENCY_KEYS = frozenset({"name", "member"})
EXPECT_KEYS = frozenset({
    "open", "only_open", "absent", "never", "locked", "ended", "stage", "held", "breaches", "mail_to", "not_mail_to", "public", "count", "values",
    "figures", "refusals", "deadlines", "reminders", "mail", "task_due",
})
DEADLINE_KEYS = frozenset({"due", "state", "days"})
MAIL_KEYS = frozenset({"to", "message", "has", "lacks"})
#: What is written as anything but text.
LISTS = frozenset({"clauses", "open", "only_open", "absent", "never", "locked", "held", "breaches", "mail_to", "not_mail_to", "public", "roles", "has",
                   "lacks"})
TABLES = frozenset({"options", "agencies", "people", "with", "expect", "count", "values", "figures", "deadlines", "reminders", "task_due"})
ANYTHING = frozenset({"clock", "at", "for", "refused", "step", "mail", "due"})  # judged where they are read


class NotThere(Exception):
    """The story speaks of something that is not there; the words say what is."""


class BadScenario(Exception):
    """This scenario cannot be read."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(fault.says for fault in faults))
        self.faults = faults


@dataclass(frozen=True)
class Step:
    """One thing someone does, and what is expected after it."""

    number: int
    at: datetime | None
    who: str | None
    deed: str | None  # start | do | message | perform | look
    name: str | None
    item: str | None
    case: str | None
    answers: Mapping[str, Any]
    refused: tuple[str, ...] | None
    expect: Mapping[str, Any]

    def __str__(self) -> str:
        deed = f"{self.deed} {self.name}" if self.deed else "time passes"
        return f"step {self.number} ({deed}{f' for {self.item}' if self.item else ''}{f' as {self.who}' if self.who else ''})"


@dataclass(frozen=True)
class Scenario:
    """A story: who there is, when it begins, and its steps."""

    file: Path
    title: str
    pack: str | None
    clock: datetime
    options: Mapping[str, Any] = field(default_factory=dict)
    agencies: Mapping[str, Any] | None = None
    people: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    exact: bool = False
    clauses: tuple[str, ...] = ()     # that it says it shows


def read_scenario(file: Path, zone: ZoneInfo, text: str | None = None) -> Scenario:
    """The scenario in this file, or every fault of it at once."""
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8") if text is None else text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise BadScenario([Fault(file.name, None, None, None, f"This cannot be read: {problem}.")]) from problem
    return _Reader(file, zone).scenario(table)


class _Reader:
    def __init__(self, file: Path, zone: ZoneInfo) -> None:
        self.file, self.zone, self.faults = file, zone, list[Fault]()
        self.latest: datetime | None = None

    def fault(self, where: str, says: str) -> None:
        self.faults.append(Fault(self.file.name, None, None, where, says))

    def scenario(self, table: dict[str, Any]) -> Scenario:
        table = self.table(table, TOP_KEYS, "top", "at the top of a scenario")
        for key, row in table.get("agencies", {}).items():
            if not isinstance(row, str) and "name" not in self.table(row, AGENCY_KEYS, f"agencies.{key}", "in an agency"):
                self.fault(f"agencies.{key}", 'An agency is written KEY = "Name", or KEY = { name = "Name", member = false }.')
        clock = self.moment(table.get("clock"), "clock")
        self.latest = clock
        rows = table.get("step", [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            self.fault("step", "Steps are written as [[step]].")
            rows = []
        steps = tuple(self.step(number, row) for number, row in enumerate(rows, 1))
        people = {key: self.table(value, PERSON_KEYS, f"people.{key}", "in a person") for key, value in table.get("people", {}).items()}
        if self.faults or clock is None:
            raise BadScenario(self.faults)
        return Scenario(self.file, str(table.get("title") or self.file.stem), table.get("pack"), clock, table.get("options", {}), table.get("agencies"),
                        people, steps, bool(table.get("exact")), tuple(table.get("clauses", ())))

    def step(self, number: int, row: dict[str, Any]) -> Step:
        where = f"step {number}"
        row = self.table(row, STEP_KEYS, where, "in a step")
        deeds = [deed for deed in DEEDS if deed in row]
        if len(deeds) > 1:
            self.fault(where, f"A step does one thing; this one has {' and '.join(deeds)}.")
        at = self.moment(row["at"], where) if "at" in row else None
        if at is not None and self.latest is not None and at < self.latest:
            self.fault(where, f"Time never goes back: {row['at']} is before {self.latest:%Y-%m-%d %H:%M}.")
        self.latest = at or self.latest
        refused = row.get("refused")
        refused = [refused] if isinstance(refused, str) else refused
        if refused is not None and not (deeds and isinstance(refused, list) and all(isinstance(text, str) for text in refused)):
            self.fault(where, "refused lists words that are shown when what the step does is refused: give the step a deed, and refused a list of texts.")
            refused = None
        deed = deeds[0] if deeds else None
        item = row.get("for")
        return Step(number, at, row.get("as"), deed, row[deed] if deed else None, None if item is None else str(item), row.get("case"), row.get("with", {}),
                    tuple(refused) if refused is not None else None, self.expected(row.get("expect", {}), where))

    def expected(self, row: dict[str, Any], where: str) -> dict[str, Any]:
        row = self.table(row, EXPECT_KEYS, where, "in expect")
        for name, one in row.get("deadlines", {}).items():
            self.table(one, DEADLINE_KEYS, f"{where}, {name}", "of a deadline")
        mails = row.get("mail", [])
        if not isinstance(mails, list):
            self.fault(where, "Mails are written as [[step.expect.mail]].")
            return {}
        for one in mails:
            self.table(one, MAIL_KEYS, where, "of a mail")
        return row

    def table(self, row: Any, known: frozenset[str], where: str, place: str) -> dict[str, Any]:
        """The rows of a table that are as they should be; every other one is a fault."""
        if not isinstance(row, dict):
            self.fault(where, f"“{row}” must be a table of: {', '.join(sorted(known))}.")
            return {}
        found = {}
        for key, value in row.items():
            if key not in known:
                self.fault(where, f"“{key}” means nothing {place}; it may have: {', '.join(sorted(known))}.")
            elif key not in ANYTHING and not _is_a(key, value):
                self.fault(where, f"{key} must be {_kind(key)}, not {value!r}.")
            else:
                found[key] = value
        return found

    def moment(self, value: Any, where: str) -> datetime | None:
        """Local time of the board; one that does not exist is a fault, of a doubled one the first is meant."""
        if not isinstance(value, datetime) or value.tzinfo is not None:
            self.fault(where, f"“{value}” must be a local date and time, such as 2023-03-06T09:00:00.")
            return None
        local = value.replace(tzinfo=self.zone)
        if local.astimezone(UTC).astimezone(self.zone).replace(tzinfo=None) != value:
            self.fault(where, f"{value} does not exist: the clocks go forward then.")
        return local


def _kind(key: str) -> str:
    if key in LISTS:
        return "a list of texts"
    if key in TABLES:
        return "a table"
    return {"exact": "true or false", "member": "true or false", "refusals": "a whole number", "days": "a whole number"}.get(key, "text")


def _is_a(key: str, value: Any) -> bool:
    if key in LISTS:
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    return isinstance(value, {"a table": dict, "true or false": bool, "a whole number": int, "text": str}[_kind(key)])
