"""What the surroundings are told, and what the diagram, the stage and the outcome say."""
from __future__ import annotations

import pytest

from tests.spiff.drawing import between, boundary, call, each, event, listener, mapping, path, person, properties, script, settings, simple, sub_process
from tests.spiff.story import Ground, Story


def test_everything_but_gateways_is_told_in_order() -> None:
    inside = f'<startEvent id="is"/>{script("x", "=1", "y")}<endEvent id="ie"/>{path("is", "x", "ie")}'
    body = f'<startEvent id="s0"/><exclusiveGateway id="g"/>{sub_process("n", inside)}{call("c")}<endEvent id="e0"/>' + path("s0", "g", "n", "c", "e0")
    story = Story(body, simple()).do("a")

    assert story.ground.passed == ["s0", "is", "x", "ie", "n", "s", "a", "e", "c", "e0"]


def test_it_is_told_with_the_variables_as_they_are_then() -> None:
    seen: list[dict[str, object]] = []
    ground = Ground(on={"a": lambda _ground, _place, variables: seen.append(variables())})
    Story(between(person("a", mapping(inputs={"shown": "=1"}, outputs={"kept": "=said"})), "a"), ground=ground).do("a", said=2)

    assert seen == [{"shown": 1, "said": 2, "kept": 2}]


def test_an_event_sub_process_is_told_as_its_start_then_as_a_whole() -> None:
    story = Story(simple() + listener("message", interrupting=False))
    assert [waiting.place.element for waiting in story.process.waiting_messages()] == ["ls_heard"]
    story.send("m")
    story.do("heard")

    assert story.ground.passed == ["s", "ls_heard", "heard", "le_heard", "l_heard"]


def test_the_stage_is_that_of_the_activity_of_the_main_process_entered_last() -> None:
    inside = f'<startEvent id="is"/>{person("b", properties(stage="inside"))}<endEvent id="ie"/>{path("is", "b", "ie")}'
    body = between(person("a", properties(stage="referral")) + sub_process("n", inside) + call("c", inside=properties(stage="gathering")), "a", "n", "c")
    story = Story(body, between(person("d", properties(stage="elsewhere")), "d"))

    assert story.process.stage == "referral"
    assert story.do("a").process.stage == "inside"
    assert story.do("b").process.stage == "gathering"
    assert story.do("d").process.stage == "gathering"


def ending(name: str, outcome: str, what: str = "") -> str:
    return f'<endEvent id="{name}">{settings(properties(outcome=outcome))}{what}</endEvent>'


def test_the_outcome_is_that_of_the_end_event_reached() -> None:
    body = (f'<startEvent id="s0"/>{person("a")}{ending("e0", "E-a")}' + path("s0", "a", "e0")
            + listener("message").replace('<endEvent id="le_heard"></endEvent>', ending("le_heard", "E-c")))
    assert Story(body).process.outcome is None
    assert Story(body).do("a").process.outcome == "E-a"

    story = Story(body)
    story.send("m")
    assert story.process.outcome is None
    assert story.do("heard").process.outcome == "E-c"


def test_an_end_of_a_called_process_is_no_outcome() -> None:
    assert Story(between(call("c"), "c"), f'<startEvent id="s"/>{person("a")}{ending("e", "E-x")}' + path("s", "a", "e")).do("a").process.outcome is None


def test_marks_count_what_was_done_is_there_and_waits() -> None:
    body = (between(person("a", loop=each(output="")) + call("c") + person("z"), "a", "c", "z") + boundary("b", "a", event("message"), interrupting=False)
            + script("x", "=1", "y") + '<endEvent id="bz"/>' + path("b", "x", "bz") + listener("signal"))
    story = Story(body, simple("d"), items=["1", "2", "3"]).do("a@2")
    story.send("m")
    story.send("m")

    marks = story.process.marks()["p0"]
    assert marks["a"] == {"done": 1, "now": 2, "cancelled": 0, "waiting": 0}
    assert marks["b"] == {"done": 2, "now": 0, "cancelled": 0, "waiting": 1}
    assert marks["ls_heard"]["waiting"] == 1
    assert marks["x"]["done"] == 2

    story.do("a@1").do("a@3")
    marks = story.process.marks()
    assert marks["p0"]["a"] == {"done": 3, "now": 0, "cancelled": 0, "waiting": 0}
    assert marks["p0"]["b"] == {"done": 2, "now": 0, "cancelled": 0, "waiting": 0}
    assert marks["p0"]["c"]["now"] == 1
    assert marks["p1"]["d"]["now"] == 1
    story.do("d").do("z")
    assert story.process.marks()["p1"] == {each: {"done": 1, "now": 0, "cancelled": 0, "waiting": 0} for each in "sde"}


@pytest.mark.parametrize("items", [[], ["1"]])
def test_a_multi_instance_is_marked_by_its_instances(items: list[str]) -> None:
    story = Story(between(person("a", loop=each(output="")) + person("z"), "a", "z"), items=items)
    if items:
        story.do("a")

    assert story.element("a")["done"] == 1


def test_a_process_can_be_kept_and_put_into_new_surroundings() -> None:
    story = Story(simple(), cold=False)
    other = Ground()
    story.process.bind(other).complete(story.task("a").id, {})

    assert other.passed == ["a", "e"]
    assert story.ground.passed == ["s"]
