"""A scenario file is read whole: every mistake in it is told at once, before anything is played."""
from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.rehearsal.scenario import BadScenario, read_scenario

SUMMER_BEGINS = "clock = 2026-03-28T12:00:00"     # the night after, 1:00 becomes 2:00
WINTER_BEGINS = "clock = 2026-10-24T12:00:00"     # the night after, 2:00 becomes 1:00


def test_a_story_is_its_title_clock_people_and_steps(read):
    story = read("""
        [people]
        ivy = { roles = ["requester@OFF"] }
        [[step]]
        at = 2026-03-02T10:00:00
        as = "ivy"
        start = "request_made"
        case = "a"
        with = { amount = 4 }
        [[step]]
        refused = "not yours"
        do = "approve"
        for = "QUI"
        [step.expect]
        open = ["approve"]
        """)

    first, second = story.steps
    assert (story.title, story.pack, story.clock.isoformat(), story.exact) == ("A story", None, "2026-03-02T09:00:00+00:00", False)
    assert (first.who, first.deed, first.name, first.case, first.answers, first.refused, first.expect) == (
        "ivy", "start", "request_made", "a", {"amount": 4}, None, {})
    assert (second.at, second.deed, second.item, second.refused, second.expect) == (None, "do", "QUI", ("not yours",), {"open": ["approve"]})


def test_times_are_the_boards_own(read):
    winter, summer = read("[[step]]\nat = 2026-03-28T12:00:00\n[[step]]\nat = 2026-03-29T12:00:00").steps

    assert [step.at.astimezone(UTC).hour for step in (winter, summer)] == [12, 11]


def test_a_local_time_that_does_not_exist_is_a_fault(faults):
    assert faults("[[step]]\nat = 2026-03-29T01:30:00", SUMMER_BEGINS) == ["step 1: 2026-03-29 01:30:00 does not exist: the clocks go forward then."]


def test_of_a_doubled_local_time_the_first_is_meant(read):
    [step] = read("[[step]]\nat = 2026-10-25T01:30:00", WINTER_BEGINS).steps

    assert step.at.astimezone(UTC) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_time_never_goes_back(faults, read):
    steps = "[[step]]\nat = 2026-03-03T09:00:00\n[[step]]\nat = 2026-03-02T10:00:00"

    assert faults(steps) == ["step 2: Time never goes back: 2026-03-02 10:00:00 is before 2026-03-03 09:00."]
    assert faults("[[step]]\nat = 2026-03-02T08:59:59") == ["step 1: Time never goes back: 2026-03-02 08:59:59 is before 2026-03-02 09:00."]
    assert len(read("[[step]]\nat = 2026-03-02T09:00:00\n[[step]]\nat = 2026-03-02T09:00:00").steps) == 2


@pytest.mark.parametrize("at", ["2026-03-02", "09:00:00", "2026-03-02T09:00:00Z", "2026-03-02T09:00:00+01:00", '"tomorrow"', "7"])
def test_a_moment_is_a_local_date_and_time(faults, at):
    [fault] = faults(f"[[step]]\nat = {at}")

    assert fault.endswith("must be a local date and time, such as 2023-03-06T09:00:00.")


def test_a_story_needs_a_clock(faults):
    assert faults("", "") == ["clock: “None” must be a local date and time, such as 2023-03-06T09:00:00."]


def test_everything_unknown_is_listed_at_once(faults):
    found = faults("""
        [people]
        ivy = { rolls = ["requester"] }
        [[step]]
        who = "ivy"
        do = "approve"
        start = "request_made"
        [step.expect]
        opened = ["approve"]
        deadlines = { approval = { dew = 2026-03-03 } }
        mail = [{ too = "ivy" }]
        """, "clock = 2026-03-02T09:00:00\nsetting = 1")

    said = "\n".join(found)
    assert len(found) == 7
    for slip in ("“setting” means nothing at the top of a scenario", "people.ivy: “rolls” means nothing in a person", "step 1: “who” means nothing in a step",
                 "A step does one thing; this one has start and do.", "“opened” means nothing in expect", "step 1, approval: “dew” means nothing of a deadline",
                 "“too” means nothing of a mail"):
        assert slip in said


@pytest.mark.parametrize(("slip", "says"), [
    ('[[step]]\nwith = "x"', "with must be a table, not 'x'."),
    ("[[step]]\nas = 7", "as must be text, not 7."),
    ('[[step]]\nexpect = ["x"]', "expect must be a table, not ['x']."),
    ('[[step]]\n[step.expect]\nopen = "approve"', "open must be a list of texts, not 'approve'."),
    ("[[step]]\n[step.expect]\nopen = [1]", "open must be a list of texts, not [1]."),
    ('[[step]]\n[step.expect]\nrefusals = "2"', "refusals must be a whole number, not '2'."),
    ("[[step]]\n[step.expect]\ndeadlines = { approval = 3 }", "“3” must be a table of: days, due, state."),
    ("[[step]]\n[step.expect]\nmail = 1", "Mails are written as [[step.expect.mail]]."),
    ('[[step]]\nrefused = "no"', "refused lists words that are shown when what the step does is refused: give the step a deed, and refused a list of texts."),
    ("[step]\ndo = 1", "Steps are written as [[step]]."),
    ("[agencies]\nOFF = 1", "“1” must be a table of: member, name."),
    ("[agencies]\nOFF = { member = false }", 'An agency is written KEY = "Name", or KEY = { name = "Name", member = false }.'),
    ("people = 1", "people must be a table, not 1."),
    ('exact = "yes"', "exact must be true or false, not 'yes'."),
])
def test_a_value_of_another_kind_is_a_fault_not_a_crash(faults, slip, says):
    assert any(fault.endswith(f": {says}") for fault in faults(slip))


@pytest.mark.parametrize("content", [b"title =", b"\xff\xfe"])
def test_a_file_that_is_no_toml_says_so(settings, tmp_path: Path, content: bytes):
    (tmp_path / "story.toml").write_bytes(content)

    with pytest.raises(BadScenario, match="This cannot be read"):
        read_scenario(tmp_path / "story.toml", settings.board.timezone)


def test_a_missing_file_says_so(settings, tmp_path: Path):
    with pytest.raises(BadScenario, match="This cannot be read"):
        read_scenario(tmp_path / "nowhere.toml", settings.board.timezone)


