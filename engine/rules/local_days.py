"""Days of a board as moments: when a local day begins, and a time of day on it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_A_SECOND = timedelta(seconds=1)


def first_moment(day: date, zone: ZoneInfo) -> datetime:
    """The moment, in UTC, from which on it is `day` or later in `zone`."""
    midnight = datetime.combine(day, time(), zone)
    early, late = sorted(midnight.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    # They differ only in nights when midnight is skipped (the day begins when the clock was put forward)
    # or comes twice (it begins at the first, unless the clock went back into the day before).
    while early < late and (late - _A_SECOND).astimezone(zone).date() >= day:
        late -= _A_SECOND
    return late


def at_hour(day: date, hour: int, zone: ZoneInfo) -> datetime:
    """`hour` o'clock on `day` in `zone`, in UTC: the first of two, and where it is skipped, as long after midnight."""
    return datetime.combine(day, time(hour), zone).astimezone(UTC)


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    """The local date at this moment."""
    return moment.astimezone(zone).date()
