"""Dates, moments, times and durations, on any machine."""
import os
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from engine import feel

LONDON = ZoneInfo("Europe/London")
NOW = datetime(2024, 5, 1, 10, tzinfo=LONDON)


def give(text, now=NOW, **names):
    return feel.evaluate(text, names, now)


@pytest.mark.parametrize(("text", "gives"), [
    ('x < date("2024-01-01")', True), ("x + duration(\"P1M\")", date(2023, 4, 6)), ("x = date(\"2023-03-06\")", True), ("x.year", 2023),
    ("x.month", 3), ("x + 0", feel.FeelError),
    ('date("2023-08-31") + duration("P6M")', date(2024, 2, 29)), ('date("2024-01-31") + duration("P1M")', date(2024, 2, 29)),
    ('date("2023-01-31") + duration("P1M")', date(2023, 2, 28)),
    ('date("2024-02-29") + duration("P1Y")', date(2025, 2, 28)), ('date("2024-03-31") - duration("P1M")', date(2024, 2, 29)),
    ('date("2024-02-28") + duration("P1D")', date(2024, 2, 29)),
    ("today()", date(2024, 5, 1)), ('today() = date("2024-05-01")', True), ("today() > x", True), ('(date("2024-03-01") - date("2023-03-01")).days', 366),
    ('(date("2024-10-28") - date("2024-10-26")).days', 2), ("day of week(x)", "Monday"), ('month of year(x)', "March"), ("string(x)", "2023-03-06"),
    ("date(2024, 2, 29)", date(2024, 2, 29)),
    ('x in [date("2023-01-01")..date("2023-12-31")]', True), ('x between date("2023-01-01") and date("2023-03-06")', True),
    ("years and months duration(x, today()).months", 1),
])
def test_dates_are_days(text, gives):
    if isinstance(gives, type):
        with pytest.raises(gives):
            give(text, x=date(2023, 3, 6))
    else:
        assert give(text, x=date(2023, 3, 6)) == gives


def test_a_moment_keeps_its_instant_and_comes_back_in_the_zone_of_now():
    moment = datetime(2024, 1, 15, 9, 30, tzinfo=timezone(timedelta(hours=-5)))
    back = give("it", it=moment)
    assert back == moment == give('it + duration("PT0H")', it=moment)
    assert give('it + duration("PT0H")', it=moment).tzinfo is LONDON


@pytest.mark.parametrize(("text", "gives"), [
    ("now()", NOW), ("it = now()", True), ('date and time("2024-05-01T09:00:00Z") = now()', True), ('date and time("2024-05-01T10:00:00") = now()', True),
    ('now() - duration("PT3H")', datetime(2024, 5, 1, 7, tzinfo=LONDON)), ("date(now())", date(2024, 5, 1)), ("time(now())", time(10)),
    ('date and time("2024-05-01T00:00:00Z")', datetime(2024, 5, 1, 1, tzinfo=LONDON)),
    ('date and time(date("2024-05-01"), time("09:30:00"))', datetime(2024, 5, 1, 9, 30, tzinfo=LONDON)),
    ('now() + duration("P1M")', datetime(2024, 6, 1, 10, tzinfo=LONDON)),
    ('date and time("2024-03-30T10:00:00") + duration("P1D")', datetime(2024, 3, 31, 10, tzinfo=LONDON)),
    ('date and time("2024-03-30T10:00:00@America/New_York")', datetime(2024, 3, 30, 14, tzinfo=LONDON)),
    ('time("09:30:00") < time("10:00:00")', True), ("at", time(8, 15)), ('at + duration("PT1H")', time(9, 15)),
    ("string(now())", "2024-05-01T10:00:00"), ("now() > today()", True),
])
def test_moments_are_instants_told_in_our_zone(text, gives):
    assert give(text, it=NOW.astimezone(UTC), at=time(8, 15)) == gives


def test_after_midnight_in_summer_it_is_the_new_day_here():
    late = datetime(2024, 5, 2, 0, 30, tzinfo=LONDON)           # still the first of May in Greenwich
    assert give("today()", late) == date(2024, 5, 2) == give("date(now())", late)
    assert give('now() >= date("2024-05-02")', late) is True
    assert give('now() < date("2024-05-02")', late) is False
    assert give('(now() - date("2024-05-02")).minutes', late) == 30


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Auckland", "Europe/Dublin", "Asia/Kathmandu", "UTC"])
def test_another_board_has_its_own_days_and_times(zone):
    now = datetime(2024, 7, 1, 23, 45, tzinfo=ZoneInfo(zone))
    assert give("today()", now) == date(2024, 7, 1)
    assert give("now()", now) == now
    assert give('date and time("2024-01-05T09:00:00")', now) == datetime(2024, 1, 5, 9, tzinfo=ZoneInfo(zone))
    assert give('time("09:30:00")', now) == time(9, 30) == give("at", now, at=time(9, 30))
    assert give('date and time(date("2024-01-05"), at)', now, at=time(9, 30)) == datetime(2024, 1, 5, 9, 30, tzinfo=ZoneInfo(zone))


def test_a_zone_without_a_name_is_an_offset():
    now = datetime(2024, 1, 1, 1, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert give("today()", now) == date(2024, 1, 1)
    assert give("now()", now) == now


@pytest.mark.parametrize(("text", "gives"), [
    ('duration("P1M")', "P1M"), ('duration("P14M")', "P1Y2M"), ('duration("PT36H")', "P1DT12H"), ('date("2024-03-01") - date("2023-01-01")', "P425D"),
    ('duration("P1D") - duration("P1D")', "P0D"),
    ('date("2024-01-01") - date("2024-01-03")', "P-2D"), ('duration("P2M") + duration("P3D")', "P2M3D"),
])
def test_durations_come_back_as_iso_text_and_go_in_again(text, gives):
    duration = give(text)

    assert isinstance(duration, feel.Duration)
    assert duration == gives
    assert give("it", it=duration) == duration
    assert give("date(\"2024-01-01\") + it - it >= date(\"2023-12-01\")", it=duration) is True


def test_two_moments_differ_by_real_hours_and_two_dates_by_whole_days():
    assert give('date and time("2024-03-31T12:00:00") - date and time("2024-03-30T12:00:00")') == "PT23H"
    assert give('date("2024-03-31") - date("2024-03-30")') == "P1D"


def test_a_date_beyond_the_calendar_is_an_error():
    with pytest.raises(feel.FeelError, match="years 1 to 9999"):
        give('date("9999-12-31") + duration("P1D")')


SCRIPT = """
from datetime import date, datetime, time
from zoneinfo import ZoneInfo
from engine import feel
for zone in ("Europe/London", "Australia/Sydney"):
    now = datetime(2024, 7, 2, 0, 30, tzinfo=ZoneInfo(zone))
    for text in ('today()', 'now()', 'date(now())', 'date and time("2024-12-01T10:00:00")', 'time("09:30:00")', 'day of week(today())', 'string(now())',
                 'date and time(date("2024-05-01"), time("09:30:00"))', 'date("2024-01-31") + duration("P1M")', 'now() > date("2024-07-02")',
                 'x < today()', 'time(now())'):
        print(text, repr(feel.evaluate(text, {"x": date(2024, 7, 1)}, now)))
"""


def test_the_zone_and_language_of_the_machine_change_nothing():
    def told(**machine):
        return subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=240, check=True, env={**os.environ, **machine}).stdout

    here = told(TZ="UTC")
    assert here.count("\n") == 24
    assert told(TZ="America/New_York", LANG="de_DE.UTF-8", LC_ALL="de_DE.UTF-8") == here == told(TZ="Pacific/Auckland")
