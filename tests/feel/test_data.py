"""The codec gives back what it was given, or refuses."""
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from engine.feel import DataError, Duration, dumps, evaluate, loads

NOW = datetime(2024, 5, 1, 10, tzinfo=ZoneInfo("Europe/London"))
KEYS = some.text(max_size=8) | some.sampled_from(["$date", "$moment", "$time", "$duration", "$$date", "$", "$$"])
PLAIN = (some.none() | some.booleans() | some.integers(-(2**53) + 1, 2**53 - 1) | some.floats(allow_nan=False, allow_infinity=False) | some.text()
         | some.dates() | some.times()
         | some.datetimes(min_value=datetime(1900, 1, 2), timezones=some.sampled_from([UTC, timezone(timedelta(hours=-3, minutes=-30))]))
         | some.sampled_from([Duration("P1M"), Duration("P3DT4H")]))
VALUES = some.recursive(PLAIN, lambda inside: some.lists(inside, max_size=4) | some.dictionaries(KEYS, inside, max_size=4), max_leaves=12)


@given(VALUES)
def test_what_goes_in_comes_out(value):
    back = loads(dumps(value))

    assert back == value
    assert type(back) is type(value)


@settings(max_examples=60, deadline=None)
@given(some.recursive(
    some.none() | some.booleans() | some.integers(-(2**53) + 1, 2**53 - 1) | some.text() | some.dates(min_value=date(1900, 1, 2))
    | some.times().map(lambda it: it.replace(microsecond=0))
    | some.datetimes(min_value=datetime(1902, 1, 1), timezones=some.just(UTC)).map(lambda it: it.replace(microsecond=0)),
    lambda inside: some.lists(inside, max_size=3) | some.dictionaries(KEYS.filter(lambda key: key != "__proto__"), inside, max_size=3), max_leaves=8))
def test_what_crosses_into_the_sandbox_comes_back(value):
    assert evaluate("[it][1]" if not isinstance(value, list) else "if true then it else null", {"it": value}, NOW) == value


def test_dates_are_tagged():
    assert dumps({"a": date(2023, 3, 6)}) == b'{"a":{"$date":"2023-03-06"}}'
    assert dumps(datetime(2023, 3, 6, 10, tzinfo=UTC)) == b'{"$moment":"2023-03-06T10:00:00+00:00"}'
    assert dumps(time(9, 30)) == b'{"$time":"09:30:00"}'


def test_subclasses_are_kept_as_what_they_are_at_heart():
    class Colour(StrEnum):
        RED = "red"

    assert loads(dumps({"a": Colour.RED, "b": type("Names", (dict,), {})(c=1), "d": (1, 2)})) == {"a": "red", "b": {"c": 1}, "d": [1, 2]}


@pytest.mark.parametrize(("value", "words"), [
    (datetime(2024, 1, 1), "no time zone"), (float("nan"), "not a number"), ([{"a": float("inf")}], "infinite"), (2**53, "keep it as text"),
    (b"x", "bytes"), ({1, 2}, "set"),
    ({1: 2}, "str"), ("\ud800", "half a character"),
])
def test_what_would_come_back_as_something_else_is_refused(value, words):
    with pytest.raises(DataError, match=words):
        dumps(value)


def test_a_duration_is_checked():
    assert Duration("P1Y2M3DT4H5M6.5S") == "P1Y2M3DT4H5M6.5S"
    for wrong in ("1 month", "P", "PT", "P1X", ""):
        with pytest.raises(DataError):
            Duration(wrong)
