"""Deadlines: what deadlines.toml says, and the dates and moments that follow from it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import takewhile
from typing import Any, Literal
from zoneinfo import ZoneInfo

from engine.errors import Fault
from engine.rules.local_days import at_hour, first_moment
from engine.rules.periods import BadPeriod, Period, after, before, parse_period
from engine.rules.working_days import working_day_on_or_before
from engine.settings import Calendar

ROWS = "registers."     # what begins a start that is the rows of a register
KINDS = ("statutory guidance", "seed target", "local")


@dataclass(frozen=True)
class Escalation:
    """Who is told when it is overdue by so long; "0 days" is the breach itself."""

    after: Period
    to: tuple[str, ...]


@dataclass(frozen=True)
class Messages:
    """The mails a deadline sends, as ids in messages/."""

    reminder: str = "reminder"
    overdue: str = "overdue"
    escalation: str = "escalation"


@dataclass(frozen=True)
class Deadline:
    """A named due moment with its reminders and escalation; expressions are FEEL without the leading "="."""

    name: str
    title: str
    kind: str
    starts: tuple[str, ...]                     # element ids, or one register: “registers.holds”
    line: int | None = field(compare=False, default=None)
    clause: str | None = None
    when: str | None = None                     # starts only if this is true
    from_: str | None = None                    # the date it counts from; None: the moment of `starts`
    within: Period | None = None
    on: str | None = None
    before: Period | None = None
    every: Period | None = None
    ends: tuple[str, ...] = ()
    ends_when: str | None = None                # over `row`: the row itself says that it is done
    presses: tuple[str, ...] = ()               # the tasks on the way to its end, which wear its date as those that end it do
    ended: str | None = None                    # the date that counts; None: the moment of `ends`
    cancelled_by: tuple[str, ...] = ()
    cancelled: str | None = None                # over `row`: the row itself says that it is no longer needed
    milestone: bool = False                     # a moment that is waited for, not missed: it comes as the due day begins
    per: str | None = None
    to: tuple[str, ...] = ()                    # who is reminded; none: whoever holds an open task it presses on
    remind: tuple[Period, ...] = ()
    chase: tuple[Period, ...] = ()
    escalate: tuple[Escalation, ...] = ()
    message: Messages = Messages()

    @property
    def presses_on(self) -> tuple[str, ...]:
        """What has to be done by it: what ends it, and the tasks it presses on."""
        return (*self.ends, *self.presses)

    @property
    def register(self) -> str | None:
        """The register whose rows it runs for, one clock a row."""
        first = self.starts[0] if self.starts else ""
        return first.removeprefix(ROWS) if first.startswith(ROWS) else None


# Reckoning --------------------------------------------------------------------------------------------------------------------------


def due_date(deadline: Deadline, from_date: date, calendar: Calendar, *, nth: int = 1) -> date:
    """The last day on which it is in time; `nth` counts the rounds of a repeating clock, all from the first start.

    With `on`, `from_date` is that date itself.
    """
    if nth != 1 and deadline.every is None:
        raise ValueError(f"“{deadline.name}” does not repeat.")
    if deadline.every is not None:
        return after(deadline.every, from_date, calendar, nth)
    if deadline.before is not None:
        return before(deadline.before, from_date, calendar)
    return from_date if deadline.within is None else after(deadline.within, from_date, calendar)


def breach_moment(due: date, zone: ZoneInfo) -> datetime:
    """The first moment, in UTC, at which it is late: when the day after `due` begins in `zone`."""
    return first_moment(due + timedelta(days=1), zone)


def due_moment(deadline: Deadline, due: date, zone: ZoneInfo) -> datetime:
    """When something happens of itself: a milestone comes as its day begins, anything else is late as its day ends."""
    return first_moment(due, zone) if deadline.milestone else breach_moment(due, zone)


def next_due(deadline: Deadline, counted_from: date, after_day: date, calendar: Calendar) -> date:
    """The first due date of a repeating clock later than `after_day`: always a multiple from the first start, so that lateness does not creep."""
    nth = 1
    while (due := due_date(deadline, counted_from, calendar, nth=nth)) <= after_day:
        nth += 1
    return due


def reminders(deadline: Deadline, due: date, started: datetime, calendar: Calendar, hour: int, zone: ZoneInfo) -> list[datetime]:
    """When to remind: one a day at `hour`, on the working day before if the board does not work, never before the start."""
    days = {working_day_on_or_before(before(period, due, calendar), calendar) for period in deadline.remind}
    return [moment for day in sorted(days) if (moment := at_hour(day, hour, zone)) >= started]


def chases(deadline: Deadline, due: date, calendar: Calendar, hour: int, zone: ZoneInfo) -> Iterator[datetime]:
    """When to say that it is overdue, in order; endless when the last of them repeats.

    These are not moved off weekends: the working day before could lie before the breach.
    """
    for day in _chase_days(deadline, due, calendar):
        yield at_hour(day, hour, zone)


def next_chase(deadline: Deadline, due: date, after: datetime, calendar: Calendar, hour: int, zone: ZoneInfo) -> datetime | None:
    """The first overdue notice later than `after`; None when there are no more."""
    return next((moment for moment in chases(deadline, due, calendar, hour, zone) if moment > after), None)


def escalations(deadline: Deadline, due: date, calendar: Calendar, zone: ZoneInfo) -> list[tuple[datetime, tuple[str, ...]]]:
    """When it goes higher and to which roles, in order: so long after the due date, as that day ends."""
    told = [(breach_moment(after(each.after, due, calendar), zone), each.to) for each in deadline.escalate]
    return sorted(told, key=lambda each: each[0])


def state_of(due: date, ended_on: date | None, today: date) -> Literal["running", "met", "breached"]:
    """How a clock stands: done by the due date is met, whenever it was recorded."""
    if ended_on is not None:
        return "met" if ended_on <= due else "breached"
    return "breached" if today > due else "running"


def days_late(due: date, ended_on: date | None, today: date) -> int:
    """By how many days it is late, or was when it was done; 0 when in time."""
    return max(0, ((ended_on or today) - due).days)


def _chase_days(deadline: Deadline, due: date, calendar: Calendar) -> Iterator[date]:
    fixed = sorted({after(period, due, calendar) for period in deadline.chase if not period.every})
    yield from fixed
    last = fixed[-1] if fixed else due   # where the series begins
    series = next((period for period in deadline.chase if period.every), None)
    times = 1
    while series is not None:
        yield after(series, last, calendar, times)
        times += 1


# Reading ----------------------------------------------------------------------------------------------------------------------------


def read_deadlines(data: bytes, file: str) -> tuple[dict[str, Deadline], list[Fault]]:
    """The deadlines in a deadlines.toml that have no fault, and the faults of the others, all of them."""
    try:
        text = data.decode("utf-8-sig")
        tables = tomllib.loads(text)
    except UnicodeDecodeError:
        return {}, [Fault(file, None, None, None, "This file is not text in UTF-8.")]
    except (tomllib.TOMLDecodeError, RecursionError) as why:
        at = re.search(r"at line (\d+)", str(why))
        return {}, [Fault(file, int(at[1]) if at else text.count("\n") + 1, None, None, f"This cannot be read as TOML: {why}.")]
    found: dict[str, Deadline] = {}
    faults: list[Fault] = []
    for name, table in tables.items():
        table_of = _Table(file, name, table, text.splitlines(), [])
        deadline = table_of.deadline()
        faults += table_of.faults
        if deadline is not None and not table_of.faults:
            found[name] = deadline
    return found, sorted(faults, key=lambda fault: fault.line or 0)


_KEYS = ("title", "kind", "clause", "starts", "when", "from", "within", "on", "before", "every", "milestone", "ends", "presses", "ended",
         "cancelled_by", "cancelled", "per", "to", "remind", "chase", "escalate", "message")
_MESSAGES = ("reminder", "overdue", "escalation")


@dataclass
class _Table:
    """One table of the file while it is read."""

    file: str
    name: str
    table: Any
    lines: list[str]
    faults: list[Fault]

    def deadline(self) -> Deadline | None:
        if not isinstance(self.table, dict):
            self.fault(None, f"“{self.name}” stands outside a deadline: begin each with its name in brackets, such as [chair_decision].")
            return None
        if not re.fullmatch(r"[a-z][a-z0-9_]*", self.name):
            self.fault(None, f"“{self.name}” cannot stand in deadlines.name: a deadline's name is small letters, digits and _.")
        for key in self.table:
            if key not in _KEYS:
                self.fault(key, f"“{key}” means nothing in a deadline; it may have: {', '.join(_KEYS)}.")
        kind = self.text("kind", needed=f"one of: {', '.join(KINDS)}")
        if kind and kind not in KINDS:
            self.fault("kind", f"kind is “{kind}”; it must be one of: {', '.join(KINDS)}.")
        ends, ends_when = self.ends()
        deadline = Deadline(
            name=self.name, line=self.line_of(None), kind=kind or KINDS[-1],
            title=self.text("title", needed="what people read") or self.name,
            starts=self.starts(), clause=self.text("clause"),
            when=self.formula("when"), from_=self.formula("from"), within=self.period("within"), on=self.formula("on"),
            before=self.period("before"), every=self.period("every", may_repeat=True), milestone=self.flag("milestone"),
            ends=ends, ends_when=ends_when, presses=self.names("presses"), ended=self.formula("ended"),
            cancelled_by=self.names("cancelled_by"), cancelled=self.formula("cancelled"), per=self.text("per"), to=self.names("to"),
            remind=self.periods("remind"), chase=self.periods("chase", may_repeat=True), escalate=self.escalations(),
            message=self.messages(),
        )
        self.one_way_to_be_due()
        self.sensible_chase(deadline.chase)
        self.sensible_milestone()
        self.sensible_rows(deadline)
        return deadline

    def one_way_to_be_due(self) -> None:
        ways = [key for key in ("within", "on", "before", "every") if key in self.table]
        if not ways:
            self.fault(None, 'Say when it is due: within = "14 days", on = "=…", before = "7 days" or every = "8 weeks".')
        elif len(ways) > 1:
            self.fault(ways[1], f"{' and '.join(ways)} are both given; a deadline has one of within, on, before, every.")
        if ways == ["before"] and "from" not in self.table:
            self.fault("before", 'before needs the date it lies before: from = "=…".')

    def sensible_milestone(self) -> None:
        for key in ("chase", "escalate", "ended") if self.table.get("milestone") is True else ():
            if key in self.table:
                self.fault(key, f"A milestone is waited for and cannot be missed: take {key} out.")

    def sensible_rows(self, deadline: Deadline) -> None:
        rows = [start for start in deadline.starts if start.startswith(ROWS)]
        if rows and len(deadline.starts) > 1:
            self.fault("starts", f"{rows[0]} starts one clock for each row: let nothing else start this deadline, or write another.")
        if rows and deadline.per:
            self.fault("per", "A deadline that starts from a register has one clock for each row already: take per out.")
        for key, formula in (("ends", deadline.ends_when), ("cancelled", deadline.cancelled)):
            if formula and not rows:
                self.fault(key, f"{key} can be an expression only where the deadline starts from a register, of whose row it speaks.")

    def starts(self) -> tuple[str, ...]:
        if self.table.get("starts", []) == []:
            self.fault("starts" if "starts" in self.table else None, "starts is missing: the id of the element or register that starts it.")
        return self.names("starts")

    def ends(self) -> tuple[tuple[str, ...], str | None]:
        """The elements that end it, and the expression among them."""
        named = self.names("ends")
        conditions = [name for name in named if name.startswith("=")]
        if len(conditions) > 1:
            self.fault("ends", "ends has one expression at most: join them with or.")
        return tuple(name for name in named if name not in conditions), conditions[0][1:].strip() if conditions else None

    def flag(self, key: str) -> bool:
        value = self.table.get(key, False)
        if not isinstance(value, bool):
            self.fault(key, f"{key} must be true or false.")
        return value is True

    def sensible_chase(self, chase: tuple[Period, ...]) -> None:
        if any(period.every for period in chase[:-1]):
            self.fault("chase", "Only the last of chase may repeat: what follows it would never be reached.")
        if any(period.count == 0 for period in chase):
            self.fault("chase", "chase counts from the due date: “0 days” after it is still in time. Begin with “1 day”.")

    def escalations(self) -> tuple[Escalation, ...]:
        rows = self.table.get("escalate", [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            self.fault("escalate", 'escalate is a list such as [{ after = "0 days", to = ["business_manager"] }].')
            return ()
        found = []
        for row in rows:
            if unknown := set(row) - {"after", "to"}:
                self.fault("escalate", f"“{', '.join(sorted(unknown))}” means nothing in escalate; each has after and to.")
            to = self.as_names(row.get("to"), "escalate")
            if not to:
                self.fault("escalate", 'Each escalation says to which roles it goes: to = ["business_manager"].')
            if (period := self.as_period(row.get("after", "0 days"), "escalate")) is not None:
                found.append(Escalation(period, to))
        return tuple(found)

    def messages(self) -> Messages:
        given = self.table.get("message", {})
        if not isinstance(given, dict) or set(given) - set(_MESSAGES) or not all(isinstance(value, str) for value in given.values()):
            self.fault("message", 'message names mails: { reminder = "…", overdue = "…", escalation = "…" }, each if you like.')
            return Messages()
        return Messages(**given)

    def text(self, key: str, needed: str | None = None) -> str | None:
        value = self.table.get(key)
        if isinstance(value, str) and value.strip():
            return value.strip()
        if key in self.table:
            self.fault(key, f"{key} must be text in quotes, and not empty.")
        elif needed:
            self.fault(None, f"{key} is missing: {needed}.")
        return None

    def formula(self, key: str) -> str | None:
        value = self.text(key)
        if value is not None and not value.startswith("="):
            self.fault(key, f'{key} must be an expression that begins with =, such as "=answers.receive_referral.received_on".')
        return value[1:].strip() if value else None

    def names(self, key: str) -> tuple[str, ...]:
        return self.as_names(self.table.get(key, []), key)

    def as_names(self, value: Any, key: str) -> tuple[str, ...]:
        values = [value] if isinstance(value, str) else value
        if isinstance(values, list) and all(isinstance(each, str) and each.strip() for each in values):
            return tuple(each.strip() for each in values)
        if value is not None:
            self.fault(key, f'{key} must be a name or a list of names in quotes, such as ["chair_decision"].')
        return ()

    def period(self, key: str, *, may_repeat: bool = False) -> Period | None:
        return self.as_period(self.table[key], key, may_repeat=may_repeat) if key in self.table else None

    def periods(self, key: str, *, may_repeat: bool = False) -> tuple[Period, ...]:
        value = self.table.get(key, [])
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list):
            self.fault(key, f'{key} must be a list of periods, such as ["4 days", "1 day"].')
            return ()
        return tuple(period for each in values if (period := self.as_period(each, key, may_repeat=may_repeat)) is not None)

    def as_period(self, value: Any, key: str, *, may_repeat: bool = False) -> Period | None:
        try:
            if not isinstance(value, str):
                raise BadPeriod(f"“{value}” is not a period; write one in quotes, such as “14 days”.")
            period = parse_period(value, may_repeat=may_repeat)
            if key == "every" and period.count == 0:
                raise BadPeriod(f"“{value}” would never end; write one such as “8 weeks”.")
        except BadPeriod as why:
            self.fault(key, f"{key}: {why}")
            return None
        return period

    def fault(self, key: str | None, says: str) -> None:
        title = self.table.get("title") if isinstance(self.table, dict) else None
        self.faults.append(Fault(self.file, self.line_of(key), self.name, title if isinstance(title, str) else None, says))

    def line_of(self, key: str | None) -> int | None:
        """The line of `key` in this table, else of the table's heading."""
        name = rf"[\"']?{re.escape(self.name)}[\"']?"
        heading = re.compile(rf"\s*\[\[?\s*{name}\s*[\].]|\s*{name}\s*[.=]")
        at = next((number for number, line in enumerate(self.lines, 1) if heading.match(line)), None)
        if at is None or key is None:
            return at
        own = takewhile(lambda numbered: not re.match(r"\s*\[[^\[\]]*\]\s*(#.*)?$", numbered[1]), enumerate(self.lines[at:], at + 1))
        return next((number for number, line in own if re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[.=]", line)), at)
