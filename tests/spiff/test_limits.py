"""Loops go on as long as people want, states stay small, and what never ends is stopped."""
from __future__ import annotations

from typing import Any

import pytest

from engine.errors import Incident
from tests.spiff.drawing import between, call, each, listener, mapping, path, person, script, service, simple, sub_process, when
from tests.spiff.story import Ground, Story

AGAIN = mapping(outputs={"again": "=again"})


def round_and_round(body: str, *names: str) -> str:
    return (f'<startEvent id="s0"/><exclusiveGateway id="m"/>{body}<exclusiveGateway id="x" default="x_m"/><endEvent id="e"/>'
            + path("s0", "m", *names, "x", "m") + when("=not(again)", "x", "e"))


@pytest.mark.mend(6)
def test_a_loop_of_400_rounds_goes_on_and_stays_small() -> None:
    story = Story(round_and_round(person("a", AGAIN), "a"), cold=False)
    sizes = []
    for number in range(400):
        story.process.complete(story.task("a").id, {"again": number < 399})
        sizes.append(len(story.process.save()))
        if number % 50 == 0:
            story.again()

    assert story.ended
    assert max(sizes[:-1]) < sizes[0] + 40
    assert story.element("a")["done"] == 400


@pytest.mark.mend(6)
def test_each_round_has_tasks_of_its_own() -> None:
    story = Story(round_and_round(call("n", loop=each(output="")) + person("a", AGAIN), "n", "a"), simple("inner") + listener("message", interrupting=False),
                  items=["x", "y"])
    seen, sizes = set(), []
    for number in range(20):
        seen |= {task.id for task in story.process.open_tasks()}
        story.do("inner@y").do("inner@x")
        sizes.append(len(story.saved))
        story.do("a", again=number < 19)

    assert len(seen) == 40
    assert story.ended
    assert max(sizes) < sizes[0] + 40


@pytest.mark.mend(6)
def test_one_action_may_set_off_more_than_a_thousand_steps() -> None:
    body = round_and_round(script("a", "=n + 1", "n") + script("b", "=n &lt; 700", "again"), "a", "b")
    on = body.replace('<endEvent id="e"/>', person("after") + '<endEvent id="e"/>').replace('targetRef="e"', 'targetRef="after"')
    story = Story(on + path("after", "e"), n=0)

    assert story.open == "after"
    assert story.values["n"] == 700


@pytest.mark.parametrize("inside", [sub_process, call])
def test_sub_processes_in_a_long_automatic_loop_hand_back_what_they_found(inside: Any) -> None:
    step = f'<startEvent id="is"/>{script("a", "=n + 1", "n")}<endEvent id="ie"/>{path("is", "a", "ie")}'
    called = sub_process("i", step) if inside is sub_process else call("i")
    story = Story(round_and_round(called + script("b", "=n &lt; 333", "again"), "i", "b"), step.replace('"is"', '"cs"'), n=0)

    assert story.ended
    assert story.values["n"] == 333


def test_a_process_that_calls_itself_without_end_is_an_incident() -> None:
    with pytest.raises(Incident, match="runs in circles"):
        Story(between(call("n", "p0"), "n"))


def test_what_cannot_be_kept_is_an_incident() -> None:
    ground = Ground(services={"record": lambda *_: {"number": 2**60}})
    with pytest.raises(Incident, match="cannot be kept"):
        Story(between(service("v") + person("a"), "v", "a"), ground=ground)


@pytest.mark.mend(7)
def test_an_endless_loop_is_an_incident_naming_the_element() -> None:
    turns: list[int] = []

    def count(*_: object) -> None:
        turns.append(1)
        if len(turns) > 6_000:
            raise RuntimeError("it still runs")

    with pytest.raises(Incident, match="runs in circles"):
        Story(round_and_round(service("again_and_again"), "again_and_again"), again=True, ground=Ground(services={"record": count}))


@pytest.mark.mend(5)
def test_the_state_does_not_grow_with_the_steps_done() -> None:
    names = [f"t{n}" for n in range(40)]
    story = Story(between("".join(person(name, mapping(inputs={"shown": "=text"})) for name in names), *names), text="long " * 5)
    first = len(story.saved)
    held = [len(story.process.case.tasks)]
    for name in names[:-1]:
        story.do(name)
        held.append(len(story.process.case.tasks))

    assert max(held) == held[0]
    assert {name: scope for task in story.process.case.tasks.values() for name, scope in task.data.items()} == {"shown": "long " * 5}
    assert len(story.saved) < first + 150, "what grows is the tally of the diagram"


def test_a_chain_of_a_thousand_elements_can_be_read_and_run() -> None:
    names = [f"t{n}" for n in range(1000)]
    ran: list[str] = []
    ground = Ground(services={"record": lambda _headers, _variables, place: ran.append(place.element)})
    story = Story(between("".join(service(name) for name in names) + person("after"), *names, "after"), ground=ground)

    assert story.open == "after"
    assert ran == names
