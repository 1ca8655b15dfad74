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
EXPECT_KEYS = frozenset({
    "open", "only_open", "absent", "never", "locked", "ended", "stage", "held", "breaches", "mail_to", "not_mail_to", "public", "count", "values",
    "figures", "refusals", "deadlines", "reminders", "mail",
})


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
        for key in table.keys() - TOP_KEYS:
            self.fault(key, f"“{key}” means nothing at the top of a scenario; it may have: {', '.join(sorted(TOP_KEYS))}.")
        clock = self.moment(table.get("clock"), "clock")
        self.latest = clock
        rows = table.get("step", [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            self.fault("step", "Steps are written as [[step]].")
            rows = []
        steps = tuple(self.step(number, row) for number, row in enumerate(rows, 1))
        people = {key: value if isinstance(value, dict) else {} for key, value in table.get("people", {}).items()}
        if self.faults or clock is None:
            raise BadScenario(self.faults)
        return Scenario(self.file, str(table.get("title") or self.file.stem), table.get("pack"), clock, table.get("options", {}), table.get("agencies"),
                        people, steps, bool(table.get("exact")))

    def step(self, number: int, row: dict[str, Any]) -> Step:
        where = f"step {number}"
        for key in row.keys() - STEP_KEYS:
            self.fault(where, f"“{key}” means nothing in a step; it may have: {', '.join(sorted(STEP_KEYS))}.")
        deeds = [deed for deed in DEEDS if deed in row]
        if len(deeds) > 1:
            self.fault(where, f"A step does one thing; this one has {' and '.join(deeds)}.")
        at = self.moment(row["at"], where) if "at" in row else None
        if at is not None and self.latest is not None and at < self.latest:
            self.fault(where, f"Time never goes back: {row['at']} is before {self.latest:%Y-%m-%d %H:%M}.")
        self.latest = at or self.latest
        expect = row.get("expect", {})
        for key in expect.keys() - EXPECT_KEYS:
            self.fault(where, f"“{key}” means nothing in expect; it may have: {', '.join(sorted(EXPECT_KEYS))}.")
        refused = row.get("refused")
        deed = deeds[0] if deeds else None
        return Step(number, at, row.get("as"), deed, str(row[deed]) if deed else None, row.get("for"), row.get("case"), row.get("with", {}),
                    tuple([refused] if isinstance(refused, str) else refused) if refused is not None else None, expect)

    def moment(self, value: Any, where: str) -> datetime | None:
        """Local time of the board; one that does not exist is a fault, of a doubled one the first is meant."""
        if not isinstance(value, datetime) or value.tzinfo is not None:
            self.fault(where, f"“{value}” must be a local date and time, such as 2023-03-06T09:00:00.")
            return None
        local = value.replace(tzinfo=self.zone)
        if local.astimezone(UTC).astimezone(self.zone).replace(tzinfo=None) != value:
            self.fault(where, f"{value} does not exist: the clocks go forward then.")
        return local

