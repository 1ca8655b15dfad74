"""Which days a board works: Monday to Friday without bank holidays, with its own exceptions."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

import holidays

from engine.settings import Calendar

_A_DAY = timedelta(days=1)


def is_working_day(day: date, calendar: Calendar) -> bool:
    """Whether the board works on `day`."""
    if day in calendar.opened:
        return True
    return day.weekday() < 5 and day not in calendar.closed and day not in _bank_holidays(calendar.country, calendar.subdivision, day.year)


def add_working_days(day: date, count: int, calendar: Calendar) -> date:
    """The `count`-th working day after `day` (before it when negative); `day` itself is day 0, working or not."""
    step = _A_DAY if count > 0 else -_A_DAY
    left = abs(count)
    while left:
        day += step
        left -= is_working_day(day, calendar)
    return day


def working_day_on_or_before(day: date, calendar: Calendar) -> date:
    """`day`, or the last working day before it."""
    while not is_working_day(day, calendar):
        day -= _A_DAY
    return day


def day_off(day: date, calendar: Calendar) -> str:
    """Why the board does not work on a day of the week; empty where it does, and for Saturdays and Sundays."""
    if day in calendar.opened or day.weekday() > 4:
        return ""
    closed = "the board does not work" if day in calendar.closed else ""
    return "bank holiday" if day in _bank_holidays(calendar.country, calendar.subdivision, day.year) else closed


@lru_cache(maxsize=512)
def _bank_holidays(country: str, subdivision: str | None, year: int) -> frozenset[date]:
    # `observed` adds the substitute days: a Christmas Day on Saturday gives the Monday after
    return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=year, observed=True))
