"""Gateways: where tokens part and meet."""
from __future__ import annotations

import pytest

from engine.errors import Incident
from tests.spiff.drawing import mapping, path, person, script, when
from tests.spiff.story import Story

ENDS = "".join(f'<endEvent id="e{n}"/>' for n in range(3))


def choice(kind: str, default: str = "", third: str = "=n &gt; 100") -> str:
    return (f'<startEvent id="s0"/><{kind}Gateway id="g"{default}/>{person("a")}{person("b")}{person("c")}{ENDS}' + path("s0", "g")
            + when("=n &gt; 1", "g", "a") + when("=n &gt; 2", "g", "b") + (path("g", "c") if default else when(third, "g", "c"))
            + path("a", "e0") + path("b", "e1") + path("c", "e2"))


@pytest.mark.parametrize(("n", "default", "expected"), [(1, ' default="g_c"', "c"), (2, ' default="g_c"', "a"), (3, "", "a")])
def test_an_exclusive_gateway_takes_the_first_that_holds_else_the_default(n: int, default: str, expected: str) -> None:
    assert Story(choice("exclusive", default), n=n).open == expected


@pytest.mark.parametrize(("n", "default", "expected"), [(1, ' default="g_c"', "c"), (2, ' default="g_c"', "a"), (3, "", "a b"), (101, "", "a b c")])
def test_an_inclusive_gateway_takes_all_that_hold_else_the_default(n: int, default: str, expected: str) -> None:
    assert Story(choice("inclusive", default), n=n).open == expected


@pytest.mark.parametrize("kind", ["exclusive", "inclusive"])
def test_no_condition_and_no_default_is_an_incident(kind: str) -> None:
    with pytest.raises(Incident, match="no condition holds and there is no default") as raised:
        Story(choice(kind), n=0)
    assert raised.value.element == "g"


def test_a_parallel_gateway_waits_for_every_way() -> None:
    body = (f'<startEvent id="s0"/><parallelGateway id="f"/>{person("a")}{person("b")}<parallelGateway id="j"/>{person("after")}<endEvent id="e"/>'
            + path("s0", "f", "a", "j", "after", "e") + path("f", "b", "j"))
    story = Story(body)
    assert story.open == "a b"
    assert story.do("b").open == "a"
    assert story.element("j")["waiting"] == 1
    assert story.do("a").open == "after"


def looped(kind: str) -> str:
    """Fork and join in a loop that is gone through as often as wanted."""
    conditions = when("=true", "f", "a") + when("=true", "f", "b") if kind == "inclusive" else path("f", "a") + path("f", "b")
    again = mapping(outputs={"again": "=again"})
    return (f'<startEvent id="s0"/><exclusiveGateway id="m"/><{kind}Gateway id="f"/>{person("a")}{person("b")}<{kind}Gateway id="j"/>{person("ask", again)}'
            '<exclusiveGateway id="x" default="x_m"/><endEvent id="e"/>' + path("s0", "m", "f") + conditions
            + path("a", "j", "ask", "x", "m") + path("b", "j") + when("=not(again)", "x", "e"))


@pytest.mark.parametrize("kind", ["parallel", "inclusive"])
def test_tokens_meet_in_every_round_of_a_loop(kind: str) -> None:
    story = Story(looped(kind))
    for number in range(5):
        assert story.open == "a b"
        story.do("ab"[number % 2])
        assert story.open == "ba"[number % 2]
        story.do("ba"[number % 2])
        assert story.open == "ask"
        story.do("ask", again=number < 4)
    assert story.ended


@pytest.mark.parametrize(("n", "expected"), [(2, "a"), (3, "a b")])
def test_an_inclusive_gateway_waits_for_what_can_still_come(n: int, expected: str) -> None:
    body = (f'<startEvent id="s0"/><inclusiveGateway id="f" default="f_c"/>{person("a")}{person("b")}{person("c")}'
            f'<inclusiveGateway id="j"/>{person("after")}<endEvent id="e"/>'
            + path("s0", "f", "c", "j", "after", "e") + path("a", "j") + path("b", "j") + when("=n &gt; 1", "f", "a") + when("=n &gt; 2", "f", "b"))
    story = Story(body, n=n)
    assert story.open == expected
    for name in expected.split():
        story.do(name)
    assert story.open == "after"


def test_two_tokens_on_one_way_are_two_rounds() -> None:
    body = (f'<startEvent id="s0"/><parallelGateway id="f"/>{person("a")}{person("b")}{person("c")}{person("d")}'
            f'<exclusiveGateway id="m"/><exclusiveGateway id="n"/><parallelGateway id="j"/>{person("after")}<endEvent id="e"/>'
            + path("s0", "f") + "".join(path("f", each) for each in "abcd")
            + path("a", "m") + path("b", "m") + path("c", "n") + path("d", "n") + path("m", "j", "after", "e") + path("n", "j"))
    story = Story(body).do("a").do("b")
    assert story.open == "c d"
    assert story.do("c").open == "after d"
    assert story.do("d").open == "after after"


@pytest.mark.mend(6)
def test_a_process_that_stands_still_is_an_incident() -> None:
    body = (f'<startEvent id="s0"/><exclusiveGateway id="f" default="f_b"/>{person("a")}{person("b")}<parallelGateway id="j"/><endEvent id="e"/>'
            + path("s0", "f", "b", "j", "e") + when("=false", "f", "a") + path("a", "j"))
    with pytest.raises(Incident, match="stands still") as raised:
        Story(body).do("b")
    assert raised.value.element == "j"


def test_several_arrows_out_of_a_task_are_several_tokens() -> None:
    body = f'<startEvent id="s0"/>{script("x", "=1", "y")}{person("a")}{person("b")}{ENDS}' + path("s0", "x", "a", "e0") + path("x", "b", "e1")

    assert Story(body).open == "a b"
