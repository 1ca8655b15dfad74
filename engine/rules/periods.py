"""Lengths of time as process owners write them: "14 days", "5 working days", "1 month", "every 7 days"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from engine.rules.working_days import add_working_days
from engine.settings import Calendar

UNITS = ("day", "working day", "week", "month")


class BadPeriod(ValueError):
    """This is not a length of time; the words say how to write one."""


@dataclass(frozen=True)
class Period:
    """A whole number of days, working days, weeks or months; `every` when it repeats."""

    count: int
    unit: str
    every: bool = False

    def __str__(self) -> str:
        return f"{'every ' if self.every else ''}{self.count} {self.unit}{'' if self.count == 1 else 's'}"


def parse_period(text: str, *, may_repeat: bool = False) -> Period:
    """The period in `text`, or BadPeriod saying how to write it."""
    found = re.fullmatch(r"\s*(every\s)?\s*(?:(\d{1,4})\s+)?(working\s+day|day|week|month)s?\s*", text)
    every, count, unit = found.groups() if found else (None, None, "")
    if not found or (count is None and not every):
        raise BadPeriod(f"“{text}” is not a period; write one such as {_examples(may_repeat=may_repeat)}{_hint(text)}")
    if every and not may_repeat:
        raise BadPeriod(f"“{text}” repeats, and this happens once; write one such as {_examples(may_repeat=False)}")
    if every and count is not None and int(count) == 0:
        raise BadPeriod(f"“{text}” would never end; write one such as “every 7 days”.")
    return Period(int(count or 1), " ".join(unit.split()), bool(every))


def after(period: Period, day: date, calendar: Calendar, times: int = 1) -> date:
    """The day `times` periods after `day`, which is day 0.

    Months are reckoned from `day` in one go: the 31st stays the 31st wherever the month has one.
    """
    count = period.count * times
    if period.unit == "month":
        return day + relativedelta(months=count)
    if period.unit == "working day":
        return add_working_days(day, count, calendar)
    return day + timedelta(days=count * (7 if period.unit == "week" else 1))


def before(period: Period, day: date, calendar: Calendar) -> date:
    """The day one period before `day`."""
    return after(period, day, calendar, times=-1)


def _examples(*, may_repeat: bool) -> str:
    return "“14 days”, “5 working days”, “2 weeks”, “1 month”" + (" or “every 7 days”." if may_repeat else ".")


def _hint(text: str) -> str:
    if re.search(r"\byears?\b", text):
        return " A year is “12 months”."
    if re.search(r"\b(hours?|minutes?)\b", text):
        return " Deadlines run in whole days."
    return ""
