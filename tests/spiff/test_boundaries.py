"""Events on boundaries: they live as long as their activity."""
from __future__ import annotations

from datetime import timedelta

import pytest

from tests.spiff.drawing import between, boundary, call, each, event, mapping, path, person, simple
from tests.spiff.story import DUE, Ground, Story


def reminded(what: str, *, interrupting: bool, activity: str = person("a")) -> str:
    return (between(activity + person("after"), "a", "after") + boundary("b", "a", what, interrupting=interrupting) + person("remind")
            + '<endEvent id="z"/>' + path("b", "remind", "z"))


def test_one_that_interrupts_takes_the_token() -> None:
    story = Story(reminded(event("timer"), interrupting=True), **DUE)

    assert story.wait(days=2).open == "remind"
    assert story.do("remind").ended
    assert story.element("a")["cancelled"] == 1


def test_one_that_does_not_interrupt_adds_one() -> None:
    story = Story(reminded(event("message"), interrupting=False))

    assert story.send("m")
    assert story.send("m")
    assert story.open == "a remind remind"
    assert story.do("a").open == "after remind remind"
    assert not story.send("m"), "it waits only as long as its activity"


def test_done_in_time_it_never_fires() -> None:
    story = Story(reminded(event("timer"), interrupting=False), **DUE).do("a")

    assert not story.process.waiting_moments()
    assert story.wait(days=9).open == "after"


def test_a_deadline_that_moves_moves_it() -> None:
    ground = Ground()
    ground.clocks["reply"] = ground.now + timedelta(days=3)
    story = Story(reminded(event("timer", timer="=deadlines.reply"), interrupting=False), ground=ground)
    assert [(moment.at, moment.deadline, moment.place.element) for moment in story.process.waiting_moments()] == [(ground.clocks["reply"], "reply", "b")]

    ground.clocks["reply"] += timedelta(days=9)
    assert story.wait(days=4).open == "a"
    assert story.wait(days=9).open == "a remind"
    assert story.wait(days=9).open == "a remind"


def test_a_deadline_that_does_not_run_waits_quietly() -> None:
    story = Story(reminded(event("timer", timer="=deadlines.reply"), interrupting=True))

    assert [moment.at for moment in story.process.waiting_moments()] == [None]
    assert story.wait(days=999).open == "a"


def test_a_fired_boundary_is_told_before_what_follows_begins() -> None:
    ground = Ground()
    ground.clocks["reply"] = ground.now
    following = reminded(event("timer", timer="=deadlines.reply"), interrupting=False)
    story = Story(following, ground=ground).wait(days=1)

    assert ground.passed == ["s0", "b"]
    assert story.open == "a remind"


@pytest.mark.parametrize("loop", ["", pytest.param(each(output=""), marks=pytest.mark.mend(13))])
def test_what_is_interrupted_leaves_nothing_behind(loop: str) -> None:
    inside = simple("inner") + boundary("late", "inner", event("timer"), interrupting=False) + person("chase")
    inside += '<endEvent id="z1"/>' + path("late", "chase", "z1")
    story = Story(reminded(event("message"), interrupting=True, activity=call("a", loop=loop)), inside, items=["x", "y"], **DUE)
    assert story.process.waiting_moments()

    assert story.send("m")
    assert story.open == "remind"
    assert not story.process.waiting_moments()
    assert story.do("remind").ended


def test_it_sees_the_inputs_of_its_activity_while_its_key_is_fixed() -> None:
    story = Story(reminded(event("message", "k"), interrupting=True, activity=person("a", mapping(inputs={"key": "=who"}))), who="north")

    assert [(waiting.message, waiting.key) for waiting in story.process.waiting_messages()] == [("k", "north")]
    assert not story.send("k", "south")
    assert story.send("k", "north")
