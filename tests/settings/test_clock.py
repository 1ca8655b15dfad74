from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine.clock import Clock, SetClock, SystemClock

NOON = datetime(2023, 7, 6, 12, tzinfo=ZoneInfo("Europe/London"))


def test_a_set_clock_stands_still_in_utc():
    clock: Clock = SetClock(NOON)

    assert clock.now() == clock.now() == datetime(2023, 7, 6, 11, tzinfo=UTC)
    assert clock.now().tzinfo is UTC


def test_a_set_clock_moves_on_and_not_back():
    clock = SetClock(NOON)
    clock.move_to(NOON + timedelta(days=1))

    with pytest.raises(ValueError, match="does not go back"):
        clock.move_to(NOON)
    assert clock.now() == NOON + timedelta(days=1)


def test_a_set_clock_goes_back_when_told():
    clock = SetClock(NOON)
    clock.move_to(NOON - timedelta(days=1), back=True)

    assert clock.now() == NOON - timedelta(days=1)


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="does not say in which time zone"):
        SetClock(datetime(2023, 7, 6, 12))
    with pytest.raises(ValueError, match="does not say in which time zone"):
        SetClock(NOON).move_to(datetime(2024, 7, 6, 12))


def test_the_machine_tells_its_time_in_utc():
    assert SystemClock().now().tzinfo is UTC
