"""Event sub-processes: interrupting and not, wherever they are drawn."""
from __future__ import annotations

import pytest

from tests.spiff.drawing import between, call, event, listener, mapping, path, person, simple, sub_process
from tests.spiff.story import DUE, Ground, Story

WITHIN = {
    "main": lambda inside: (inside,),
    "embedded": lambda inside: (between(sub_process("n", inside), "n"),),
    "called": lambda inside: (between(call("n"), "n"), inside),
}


@pytest.mark.parametrize("kind", ["message", "timer"])
@pytest.mark.parametrize("where", [pytest.param(each, marks=pytest.mark.mend(2)) for each in WITHIN])
def test_an_interrupting_one_stops_its_scope(where: str, kind: str) -> None:
    story = Story(*WITHIN[where](simple() + listener(kind)), **DUE)

    story.send("m", word=1) if kind == "message" else story.wait(days=2)

    assert story.open == "heard"
    assert story.element("a")["cancelled"] == 1
    assert not story.ended
    assert story.do("heard").ended


@pytest.mark.parametrize("kind", ["message", "timer"])
@pytest.mark.parametrize("where", WITHIN)
def test_one_that_does_not_interrupt_runs_beside_its_scope(where: str, kind: str) -> None:
    story = Story(*WITHIN[where](simple() + listener(kind, interrupting=False)), **DUE)

    story.send("m") if kind == "message" else story.wait(days=2)

    assert story.open == "a heard"
    assert not story.do("a").ended
    assert story.do("heard").ended


@pytest.mark.parametrize("where", WITHIN)
def test_a_message_is_heard_as_often_as_it_comes(where: str) -> None:
    story = Story(*WITHIN[where](simple() + listener("message", interrupting=False)))

    assert story.send("m")
    assert story.send("m")
    assert story.open == "a heard heard"
    assert not story.do("a").do("heard").ended
    assert story.send("m"), "as long as its scope is open"
    assert story.do("heard").do("heard").ended


@pytest.mark.parametrize("interrupting", [True, False])
def test_nothing_happened_and_the_process_ends(interrupting: bool) -> None:
    story = Story(simple() + listener("message", interrupting=interrupting) + listener("timer", "late", interrupting=interrupting), **DUE)

    assert story.do("a").ended
    assert not story.process.waiting_moments()
    assert not story.send("m")


def test_a_moment_comes_once() -> None:
    story = Story(simple() + listener("timer", interrupting=False), **DUE)

    assert story.wait(days=2).wait(days=20).open == "a heard"


def test_what_the_message_brings_enters_by_its_output_mapping_only() -> None:
    inside = mapping(outputs={"reason": "=why", "known": "=why"})
    shown = simple() + listener("message", interrupting=False, inside=inside)
    story = Story(shown, known="nothing")

    story.send("m", why="two clocks", other=1)

    assert story.values == {"known": "two clocks"}, "a name that is there is changed where it is"
    assert story.process.variables(story.task("heard").id) == {"known": "two clocks", "reason": "two clocks"}


def test_two_at_once_keep_their_own_names_apart() -> None:
    story = Story(simple() + listener("message", interrupting=False, inside=mapping(outputs={"reason": "=why"})))

    story.send("m", why="one")
    story.send("m", why="two")

    assert [story.process.variables(task.id).get("reason") for task in story.process.open_tasks()] == [None, "one", "two"]


def test_it_listens_only_once_its_scope_has_begun_with_values() -> None:
    """Its moment may count from what the start brought."""
    body = f'<startEvent id="s"><extensionElements>{mapping(outputs={"due": "=day"})}</extensionElements>{event("message")}</startEvent>'
    story = Story(body + person("a") + '<endEvent id="e"/>' + path("s", "a", "e") + listener("timer"), start="s", payload={"day": DUE["due"]})

    assert story.wait(days=2).open == "heard"


def test_one_bound_to_a_deadline_follows_each_clock() -> None:
    ground = Ground()
    story = Story(simple() + listener("timer", "late", interrupting=False, timer="=deadlines.reply"), ground=ground)

    assert story.wait(days=9).open == "a"
    ground.clocks["reply"] = ground.now.replace(day=20)
    assert story.wait(days=30).open == "a late"
    assert story.wait(days=30).open == "a late", "once for each clock"
    ground.clocks["reply"] = ground.now
    assert story.wait(days=1).open == "a late late"


@pytest.mark.mend(2)
def test_interrupted_from_within_the_token_does_not_go_on() -> None:
    body = f'<startEvent id="s"/><intermediateThrowEvent id="t">{event("escalation")}</intermediateThrowEvent>{person("after")}<endEvent id="e"/>'
    story = Story(body + path("s", "t", "after", "e") + listener("escalation"))

    assert story.open == "heard"
