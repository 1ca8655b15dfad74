"""What is thrown: errors and escalations go outwards to the first that hears them, signals to all, terminate ends its scope."""
from __future__ import annotations

import pytest

from engine.errors import Incident
from tests.spiff.drawing import between, boundary, call, each, event, listener, path, person, simple, sub_process
from tests.spiff.story import Story


def two_activities(kind: str, around: str) -> tuple[str, ...]:
    """Two side by side, each with an end that throws and a boundary that hears."""
    bodies, called = '<startEvent id="s0"/><parallelGateway id="f"/>' + path("s0", "f"), []
    for number, name in enumerate(("one", "two"), 1):
        inside = simple(name, throws="" if kind == "message" else kind, prefix=name)
        activity = sub_process(f"n{name}", inside) if around == "embedded" else call(f"n{name}", f"p{number}")
        called.append(inside)
        bodies += (activity + boundary(f"x{name}", f"n{name}", event(kind)) + person(f"caught_{name}") + person(f"went_on_{name}")
                   + f'<endEvent id="z{name}"/><endEvent id="y{name}"/>' + path(f"x{name}", f"caught_{name}", f"z{name}")
                   + path("f", f"n{name}", f"went_on_{name}", f"y{name}"))
    return (bodies, *(called if around == "called" else []))


@pytest.mark.mend(13)
@pytest.mark.parametrize("kind", ["error", "escalation"])
@pytest.mark.parametrize("around", ["embedded", "called"])
def test_a_boundary_hears_its_own_activity_only(kind: str, around: str) -> None:
    story = Story(*two_activities(kind, around))

    assert story.do("one").open == "caught_one two"
    assert story.do("two").open == "caught_one caught_two"
    assert story.do("caught_one").do("caught_two").ended


@pytest.mark.parametrize("around", ["embedded", "called"])
def test_a_message_reaches_one_a_signal_all(around: str) -> None:
    story = Story(*two_activities("message", around))
    assert story.send("m")
    assert story.open == "caught_one two"

    assert Story(*two_activities("signal", around)).do("one").open == "caught_one caught_two"


@pytest.mark.parametrize("kind", ["error", "escalation"])
def test_an_event_sub_process_hears_what_comes_from_inside(kind: str) -> None:
    assert Story(between(sub_process("n", simple(throws=kind)), "n") + listener(kind)).do("a").open == "heard"
    assert Story(between(call("n"), "n") + listener(kind), simple(throws=kind)).do("a").open == "heard"
    story = Story(simple(throws=kind) + listener(kind))
    assert story.do("a").open == "heard"
    assert story.do("heard").ended


def test_who_names_an_error_comes_before_who_takes_any() -> None:
    caught = boundary("any", "n", event("any error")) + boundary("named", "n", event("error")) + person("a1") + person("a2")
    ends = '<endEvent id="z1"/><endEvent id="z2"/>' + path("any", "a1", "z1") + path("named", "a2", "z2")

    assert Story(between(sub_process("n", simple(throws="error")), "n") + caught + ends).do("a").open == "a2"
    other = simple().replace('<endEvent id="e">', f'<endEvent id="e">{event("error", "f")}')
    assert Story(between(sub_process("n", other), "n") + caught + ends).do("a").open == "a1"


@pytest.mark.mend(13)
def test_an_error_that_nothing_catches_is_an_incident() -> None:
    with pytest.raises(Incident, match="nothing catches the error E1") as raised:
        Story(simple(throws="error")).do("a")
    assert raised.value.element == "e"


def test_an_escalation_that_nobody_hears_is_heard_by_nobody() -> None:
    assert Story(simple(throws="escalation")).do("a").ended


@pytest.mark.mend(13)
def test_an_error_out_of_one_item_stops_the_others_and_leaves_no_orphans() -> None:
    body = between(call("n", loop=each(output="")) + boundary("x", "n", event("error")) + person("after"), "n", "after") + person("caught")
    story = Story(body + '<endEvent id="z"/>' + path("x", "caught", "z"), simple(throws="error") + listener("message", interrupting=False),
                  items=["A", "B", "C"])

    assert story.do("a@B").open == "caught"
    assert not story.process.waiting_messages()
    assert story.do("caught").ended


@pytest.mark.mend(2)
@pytest.mark.parametrize("interrupting", [True, False])
def test_a_signal_at_an_end_is_thrown(interrupting: bool) -> None:
    fork = f'<startEvent id="s0"/><parallelGateway id="f"/>{person("a")}{person("b")}<endEvent id="ea">{event("signal")}</endEvent><endEvent id="eb"/>'
    story = Story(fork + path("s0", "f", "a", "ea") + path("f", "b", "eb") + listener("signal", interrupting=interrupting))

    assert story.do("a").open == ("heard" if interrupting else "b heard")


def test_terminate_ends_everything_in_its_scope() -> None:
    fork = f'<startEvent id="s0"/><parallelGateway id="f"/>{person("a")}{call("b", loop=each(output=""))}'
    ends = f'<endEvent id="ea">{event("terminate")}</endEvent><endEvent id="eb"/>'
    story = Story(fork + ends + path("s0", "f", "a", "ea") + path("f", "b", "eb") + listener("message", interrupting=False), simple("inner"), items=["1", "2"])
    assert story.open == "a inner inner"

    assert story.do("a").ended
    assert not story.open
    assert not story.send("m")


def test_terminate_inside_ends_only_the_inside() -> None:
    inside = f'<startEvent id="i"/><parallelGateway id="f"/>{person("a")}{person("b")}<endEvent id="x">{event("terminate")}</endEvent><endEvent id="y"/>'
    story = Story(between(sub_process("n", inside + path("i", "f", "a", "x") + path("f", "b", "y")) + person("after"), "n", "after"))

    assert story.do("a").open == "after"
