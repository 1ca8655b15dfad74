"""Timers follow the clock of the surroundings."""
from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engine.errors import Incident
from tests.spiff.drawing import between, boundary, each, event, path, person, script, sub_process
from tests.spiff.story import NOW, Ground, Story

LONDON = ZoneInfo("Europe/London")


def waiting(what: str) -> str:
    return between(f'<intermediateCatchEvent id="t" name="Wait">{what}</intermediateCatchEvent>{person("after")}', "t", "after")


@pytest.mark.parametrize(("due", "moment"), [
    ("2024-05-02T10:00:00", datetime(2024, 5, 2, 10, tzinfo=LONDON)), ("2024-05-02", datetime(2024, 5, 2, tzinfo=LONDON)),
    (date(2024, 5, 2), datetime(2024, 5, 2, tzinfo=LONDON)), (datetime(2024, 5, 2, 9, tzinfo=UTC), datetime(2024, 5, 2, 10, tzinfo=LONDON)),
    ("2024-05-02T10:00:00+02:00", datetime(2024, 5, 2, 9, tzinfo=LONDON)),
])
def test_a_date_is_its_first_moment_and_without_a_zone_it_is_local(due: Any, moment: datetime) -> None:
    story = Story(waiting(event("timer")), due=due)
    assert [each.at for each in story.process.waiting_moments()] == [moment]

    story.ground.now = moment - timedelta(seconds=1)
    assert story.process.fire_due() == 0
    story.ground.now = moment
    assert story.process.fire_due() == 1
    assert story.open == "after"


@pytest.mark.parametrize(("length", "moment"), [
    ("PT90M", datetime(2024, 5, 1, 11, 30, tzinfo=LONDON)), ("P1M", datetime(2024, 6, 1, 10, tzinfo=LONDON)),
    ("=duration(&quot;P2D&quot;)", datetime(2024, 5, 3, 10, tzinfo=LONDON)), ("=long", datetime(2024, 11, 1, 10, tzinfo=LONDON)),
])
def test_a_duration_counts_from_when_waiting_begins(length: str, moment: datetime) -> None:
    story = Story(waiting(event("duration", timer=length)), long="P6M")

    assert [each.at for each in story.process.waiting_moments()] == [moment]


def test_months_end_where_they_end() -> None:
    ground = Ground(now=datetime(2023, 8, 31, 10, tzinfo=LONDON))
    story = Story(waiting(event("duration", timer="P6M")), ground=ground)

    assert [each.at for each in story.process.waiting_moments()] == [datetime(2024, 2, 29, 10, tzinfo=LONDON)]


@pytest.mark.mend(4)
def test_only_the_clock_of_the_surroundings_counts() -> None:
    """The machine's clock is years ahead of this one."""
    story = Story(waiting(event("timer")), due="2024-05-02T10:00:00")

    assert story.wait(hours=23).open == ""
    assert story.wait(hours=1).open == "after"


@pytest.mark.parametrize("due", ["soon", 7, None, "2024-02-30", ["2024-05-01"]])
def test_what_is_no_moment_is_an_incident(due: Any) -> None:
    with pytest.raises(Incident, match="“Wait”") as raised:
        Story(waiting(event("timer")), due=due)
    assert raised.value.element == "t"


@pytest.mark.parametrize("length", ["soon", "=7", "P1Q", "=null"])
def test_what_is_no_duration_is_an_incident(length: str) -> None:
    with pytest.raises(Incident, match="duration such as P6M"):
        Story(waiting(event("duration", timer=length)))


def test_a_moment_of_its_own_does_not_move() -> None:
    story = Story(waiting(event("timer", timer="=case.started")), ground=Ground(given={"case": {"started": date(2024, 5, 9)}}))
    story.ground.given["case"]["started"] = date(2025, 1, 1)

    assert story.wait(days=9).open == "after"


def test_all_that_is_due_fires_in_order_each_at_its_own_moment() -> None:
    body = between(person("a"), "a")
    for name, length in (("later", "P3D"), ("sooner", "P1D")):
        body += boundary(f"b_{name}", "a", event("duration", timer=length), interrupting=False) + script(f"note_{name}", "=now()", name)
        body += f'<intermediateCatchEvent id="w_{name}">{event("duration", timer="P1D")}</intermediateCatchEvent><endEvent id="z_{name}"/>'
        body += path(f"b_{name}", f"note_{name}", f"w_{name}", f"z_{name}")
    ground = Ground()
    story = Story(body, ground=ground)
    ground.now += timedelta(days=30)

    assert story.process.fire_due() == 4
    assert ground.passed == ["s0", "b_sooner", "note_sooner", "w_sooner", "z_sooner", "b_later", "note_later", "w_later", "z_later"]
    assert story.values == {"sooner": NOW + timedelta(days=1), "later": NOW + timedelta(days=3)}


def test_a_deadline_that_begins_at_an_element_exists_when_the_next_one_waits() -> None:
    """`happened` comes before the next element begins to wait."""
    ground = Ground()
    ground.on["a"] = lambda ground, _place, variables: ground.clocks.update(reply=ground.now + timedelta(days=variables()["days"]))
    body = between(person("a") + f'<intermediateCatchEvent id="x">{event("timer", timer="=deadlines.reply")}</intermediateCatchEvent>{person("after")}',
                   "a", "x", "after")
    story = Story(body, ground=ground).do("a", days=5)

    assert [(moment.at, moment.deadline) for moment in story.process.waiting_moments()] == [(NOW + timedelta(days=5), "reply")]
    assert story.wait(days=6).open == "after"


def test_a_deadline_of_an_item_is_asked_with_its_item() -> None:
    ground = Ground(clocks={"reply@A": NOW + timedelta(days=1), "reply@B": NOW + timedelta(days=5)})
    inside = f'<startEvent id="is"/>{person("a")}<endEvent id="ie"/>{path("is", "a", "ie")}' + boundary("b", "a", event("timer", timer="=deadlines.reply"))
    inside += person("chase") + '<endEvent id="iz"/>' + path("b", "chase", "iz")
    story = Story(between(sub_process("n", inside, loop=each(output="")), "n"), items=["A", "B"], ground=ground).wait(days=2)

    assert {(task.place.element, task.place.item) for task in story.process.open_tasks()} == {("a", "B"), ("chase", "A")}
