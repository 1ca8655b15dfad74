"""The board's date rules, row by row, on machines anywhere."""

import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.rules import deadlines
from engine.rules.local_days import first_moment
from engine.rules.periods import BadPeriod, Period, after, parse_period
from engine.rules.working_days import add_working_days, day_off, is_working_day, working_day_on_or_before
from engine.settings import ENGLAND_AND_WALES, Calendar

SCRIPT = Path(__file__).with_name("reckon.py")
spec = importlib.util.spec_from_file_location("reckon", SCRIPT)
reckon = importlib.util.module_from_spec(spec)
spec.loader.exec_module(reckon)
DAYS = st.dates(date(2000, 1, 1), date(2060, 12, 31))


@pytest.mark.parametrize(("kind", "row"), reckon.ROWS, ids=[f"{kind}-{row[0]}-{row[-1]}" for kind, row in reckon.ROWS])
def test_each_row_of_the_table_holds(kind, row):
    assert reckon.reckon(kind, row) == row[-2]


def test_the_table_is_long_enough_to_trust():
    assert len(reckon.ROWS) >= 60


@pytest.mark.parametrize("zone", ["UTC", "Europe/London", "America/New_York"])
def test_the_zone_of_the_machine_changes_nothing(zone):
    root = Path(__file__).parents[2]
    there = {**os.environ, "TZ": zone, "PYTHONPATH": str(root)}
    ran = subprocess.run([sys.executable, SCRIPT], cwd=root, env=there, capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == [row[-2] for _, row in reckon.ROWS]


def test_an_overdue_notice_follows_the_last_one():
    late = reckon.a_deadline(chase=["1 day", "every 7 days"])
    due = date(2023, 3, 20)

    def next_after(moment):
        return deadlines.next_chase(late, due, moment, ENGLAND_AND_WALES, 8, reckon.LONDON)

    first = next_after(deadlines.breach_moment(due, reckon.LONDON))
    assert first == datetime(2023, 3, 21, 8, tzinfo=UTC)
    assert next_after(first) == datetime(2023, 3, 28, 7, tzinfo=UTC)
    assert next_after(datetime(2024, 3, 20, tzinfo=UTC)) == datetime(2024, 3, 26, 8, tzinfo=UTC)


def test_there_is_no_overdue_notice_after_the_last():
    once, sent = reckon.a_deadline(chase=["1 day"]), datetime(2023, 3, 21, 8, tzinfo=UTC)

    assert deadlines.next_chase(once, date(2023, 3, 20), sent, ENGLAND_AND_WALES, 8, reckon.LONDON) is None


def test_escalations_come_in_order():
    steps = (deadlines.Escalation(Period(14, "day"), ("agency_head",)), deadlines.Escalation(Period(0, "day"), ("board_rep",)))
    higher = deadlines.Deadline(name="d", title="D", kind="local", starts=("s",), escalate=steps)

    told = deadlines.escalations(higher, date(2023, 3, 20), ENGLAND_AND_WALES, reckon.LONDON)
    assert [roles for _, roles in told] == [("board_rep",), ("agency_head",)]


def test_only_a_repeating_clock_has_a_second_round():
    with pytest.raises(ValueError, match="does not repeat"):
        deadlines.due_date(reckon.a_deadline(within="14 days"), date(2023, 3, 20), ENGLAND_AND_WALES, nth=2)


@pytest.mark.parametrize(("ended", "today", "state", "late"), [
    (None,               date(2023, 3, 20), "running",  0),
    (None,               date(2023, 3, 21), "breached", 1),
    (date(2023, 3, 20),  date(2023, 3, 20), "met",      0),
    (date(2023, 3, 20),  date(2023, 3, 29), "met",      0),   # done in time, recorded late
    (date(2023, 3, 23),  date(2023, 3, 29), "breached", 3),
    (None,               date(2023, 4, 20), "breached", 31),
])
def test_what_is_done_by_the_due_date_is_met(ended, today, state, late):
    assert deadlines.state_of(date(2023, 3, 20), ended, today) == state
    assert deadlines.days_late(date(2023, 3, 20), ended, today) == late


def test_a_board_has_exceptions_to_the_bank_holidays():
    worked = frozenset({date(2026, 12, 28), date(2026, 12, 26)})
    board = Calendar("northmere", "GB", "ENG", closed=frozenset({date(2026, 12, 24)}), opened=worked)

    assert not is_working_day(date(2026, 12, 24), board)
    assert is_working_day(date(2026, 12, 28), board)
    assert is_working_day(date(2026, 12, 26), board)   # a Saturday it works
    assert working_day_on_or_before(date(2026, 12, 25), board) == date(2026, 12, 23)
    assert not is_working_day(date(2026, 12, 28), ENGLAND_AND_WALES)


def test_scotland_keeps_other_days():
    scotland = Calendar("scotland", "GB", "SCT")

    assert not is_working_day(date(2023, 1, 3), scotland)   # 2 January fell to its substitute day
    assert is_working_day(date(2023, 1, 3), ENGLAND_AND_WALES)
    assert is_working_day(date(2023, 4, 10), scotland)      # no Easter Monday


@pytest.mark.parametrize(("text", "period", "again"), [
    ("14 days",         Period(14, "day"),             "14 days"),
    ("1 day",           Period(1, "day"),              "1 day"),
    (" 5  working days", Period(5, "working day"),     "5 working days"),
    ("2 weeks",         Period(2, "week"),             "2 weeks"),
    ("1 month",         Period(1, "month"),            "1 month"),
    ("every 7 days",    Period(7, "day", every=True),  "every 7 days"),
    ("every week",      Period(1, "week", every=True), "every 1 week"),
])
def test_periods_are_read_as_people_write_them(text, period, again):
    assert parse_period(text, may_repeat=True) == period
    assert str(period) == again


@pytest.mark.parametrize(("text", "says"), [
    ("two weeks",    "“two weeks” is not a period; write one such as “14 days”"),
    ("1 year",       "A year is “12 months”"),
    ("24 hours",     "whole days"),
    ("-3 days",      "is not a period"),
    ("1.5 days",     "is not a period"),
    ("99999 days",   "is not a period"),
    ("",             "is not a period"),
    ("days",         "is not a period"),
    ("7days",        "is not a period"),
    ("P14D",         "is not a period"),
    ("every 7 days", "repeats, and this happens once"),
])
def test_what_is_no_period_is_refused_in_words(text, says):
    with pytest.raises(BadPeriod) as refused:
        parse_period(text)

    assert says in str(refused.value)


def test_a_series_must_move():
    with pytest.raises(BadPeriod, match="would never end"):
        parse_period("every 0 days", may_repeat=True)


@given(DAYS, st.integers(0, 60), st.integers(0, 60))
@settings(max_examples=60, deadline=None)
def test_working_days_add_up(day, some, more):
    both = add_working_days(day, some + more, ENGLAND_AND_WALES)

    assert add_working_days(add_working_days(day, some, ENGLAND_AND_WALES), more, ENGLAND_AND_WALES) == both
    assert some + more == 0 or is_working_day(both, ENGLAND_AND_WALES)


@given(DAYS, st.integers(0, 120))
@settings(max_examples=100, deadline=None)
def test_a_month_on_is_the_same_day_or_the_last(day, months):
    there = after(Period(months, "month"), day, ENGLAND_AND_WALES)

    assert (there.year * 12 + there.month) - (day.year * 12 + day.month) == months
    assert there.day == day.day or (there.day < day.day and (there + timedelta(days=1)).day == 1)


@given(DAYS, st.sampled_from(["Europe/London", "America/Havana", "America/Sao_Paulo", "America/St_Johns", "Asia/Beirut"]))
@settings(max_examples=150, deadline=None)
def test_a_day_ends_where_the_next_begins(day, zone):
    zone = reckon.ZoneInfo(zone)
    begins = first_moment(day, zone)

    assert begins.astimezone(zone).date() >= day
    assert (begins - timedelta(seconds=1)).astimezone(zone).date() < day


@pytest.mark.parametrize(("every", "start", "after_day", "due"), [
    ("8 weeks", date(2026, 3, 2), date(2026, 3, 2), date(2026, 4, 27)),
    ("8 weeks", date(2026, 3, 2), date(2026, 4, 26), date(2026, 4, 27)),
    ("8 weeks", date(2026, 3, 2), date(2026, 4, 27), date(2026, 6, 22)),     # on the day itself it is the next that is still to come
    ("8 weeks", date(2026, 3, 2), date(2026, 9, 1), date(2026, 10, 12)),     # two rounds were missed
    ("1 month", date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)),    # the 31st stays the 31st
])
def test_the_next_round_is_the_first_multiple_still_to_come(every, start, after_day, due):
    clock = reckon.a_deadline(every=every)

    assert deadlines.next_due(clock, start, after_day, ENGLAND_AND_WALES) == due


def test_a_milestone_comes_as_its_day_begins_and_anything_else_is_late_as_it_ends():
    day, zone = date(2026, 3, 29), reckon.LONDON                              # the clocks go forward on this day
    awaited = deadlines.Deadline(name="d", title="D", kind="local", starts=("s",), milestone=True)

    assert deadlines.due_moment(awaited, day, zone) == datetime(2026, 3, 29, 0, 0, tzinfo=UTC)
    assert deadlines.due_moment(reckon.a_deadline(within="1 day"), day, zone) == datetime(2026, 3, 29, 23, 0, tzinfo=UTC)


def test_a_due_day_on_which_nobody_works_says_why():
    board = replace(ENGLAND_AND_WALES, closed=frozenset({date(2026, 12, 29)}), opened=frozenset({date(2026, 5, 4)}))

    assert day_off(date(2026, 4, 6), board) == "bank holiday"
    assert day_off(date(2026, 12, 29), board) == "the board does not work"
    assert [day_off(date(2026, 5, 4), board), day_off(date(2026, 4, 7), board), day_off(date(2026, 4, 4), board)] == ["", "", ""]
