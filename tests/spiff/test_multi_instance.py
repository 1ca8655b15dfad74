"""Multi-instance activities: one instance for each item."""
from __future__ import annotations

from datetime import date

import pytest

from engine.errors import Incident
from tests.spiff.drawing import between, boundary, call, each, event, mapping, path, person, properties, script, service, simple, sub_process
from tests.spiff.story import Ground, Story

ANSWER = mapping(outputs={"answer": "=answer"})
HANDED = {"propagateAllChildVariables": "false"}


def answering(name: str, prefix: str = "") -> str:
    return f'<startEvent id="{prefix}s"/>{person(name, ANSWER)}<endEvent id="{prefix}e"/>{path(f"{prefix}s", name, f"{prefix}e")}'


def around(kind: str, *, sequential: bool = False, until: str = "") -> tuple[str, ...]:
    loop = each(sequential=sequential, until=until)
    if kind == "task":
        return (between(person("a", ANSWER, loop=loop) + person("after"), "a", "after"),)
    if kind == "embedded":
        return (between(sub_process("n", answering("a", "i"), loop=loop) + person("after"), "n", "after"),)
    return (between(call("n", inside=ANSWER, loop=loop) + person("after"), "n", "after"), answering("a"))


@pytest.mark.mend(11)
@pytest.mark.parametrize("sequential", [True, False])
@pytest.mark.parametrize("kind", ["task", "embedded", "called"])
def test_each_item_is_done_and_gathered(kind: str, sequential: bool) -> None:
    story = Story(*around(kind, sequential=sequential), items=["x", "y", "z"], answer="outer")

    for number, item in enumerate("xyz"):
        assert story.open == " ".join(["a"] * (1 if sequential else 3 - number))
        assert not story.process.case.data.get("results")
        story.do(f"a@{item}", answer=number)

    assert story.open == "after"
    assert story.values == {"items": ["x", "y", "z"], "answer": "outer", "results": [["x", 0], ["y", 1], ["z", 2]]}


@pytest.mark.parametrize("sequential", [True, False])
def test_results_keep_the_order_of_the_items(sequential: bool) -> None:
    story = Story(*around("task", sequential=sequential), items=["x", "y"], answer=None)
    for item in "xy" if sequential else "yx":
        story.do(f"a@{item}", answer=item)

    assert story.values["results"] == [["x", "x"], ["y", "y"]]


@pytest.mark.parametrize("kind", ["task", "embedded", "called"])
def test_no_items_no_instances(kind: str) -> None:
    story = Story(*around(kind), items=[], answer=None)

    assert story.open == "after"
    assert story.values["results"] == []


@pytest.mark.mend(10)
@pytest.mark.parametrize("kind", ["task", "embedded", "called"])
def test_enough_is_enough(kind: str) -> None:
    until = "=numberOfCompletedInstances &gt;= 2 and numberOfInstances = 3 and numberOfActiveInstances = 1 and numberOfTerminatedInstances = 0"
    story = Story(*around(kind, until=until), items=["x", "y", "z"], answer=None)

    assert story.do("a@z", answer=1).do("a@x", answer=2).open == "after"
    assert story.values["results"] == [["x", 2], None, ["z", 1]]


@pytest.mark.mend(10)
def test_an_instance_knows_its_number() -> None:
    numbered = person("a", mapping(inputs={"shown": "=loopCounter"}), loop=each(output=""))
    story = Story(between(numbered, "a"), items=["x", "y"])

    assert [task.inputs for task in story.process.open_tasks()] == [{"loopCounter": 1, "item": "x", "shown": 1}, {"loopCounter": 2, "item": "y", "shown": 2}]


def test_an_instance_keeps_what_it_writes() -> None:
    asks = person("a", mapping(outputs={"note": "=said", "seen": "=said"}))
    inside = f'<startEvent id="is"/>{asks}{person("b")}<endEvent id="ie"/>{path("is", "a", "b", "ie")}'
    story = Story(between(sub_process("n", inside, loop=each(output="=note")), "n"), items=["x", "y"], seen="before")

    story.do("a@x", said="for x").do("a@y", said="for y")
    assert [story.process.variables(story.task(f"b@{item}").id)["note"] for item in "xy"] == ["for x", "for y"]

    assert story.do("b@x").do("b@y").ended
    assert story.values == {"items": ["x", "y"], "seen": "before", "results": ["for x", "for y"]}


@pytest.mark.parametrize(("items", "keys"), [
    ([{"key": "HLT", "name": "Health"}, {"key": "POL"}], ["HLT", "POL"]), ([1, 2.0], ["1", "2"]), ([date(2024, 5, 1)], ["2024-05-01"]),
])
def test_the_key_of_an_item_is_its_field_key_else_the_item(items: list[object], keys: list[str]) -> None:
    story = Story(between(person("a", loop=each(output="")), "a"), items=items)

    assert [task.place.item for task in story.process.open_tasks()] == keys


@pytest.mark.parametrize(("items", "says"), [
    (["x", "x"], "two items have the key “x”"), ([{"name": "x"}], "an item needs a key"), ([None], "an item needs a key"), ([["x"]], "an item needs a key"),
    ([True], "an item needs a key"), (["a/b"], "holds a stroke"), ("x", "is not a list"), (None, "is not a list"),
])
def test_items_that_cannot_be_told_apart_are_an_incident(items: object, says: str) -> None:
    with pytest.raises(Incident, match=says) as raised:
        Story(between(person("a", loop=each(output="")), "a"), items=items)
    assert raised.value.element == "a"


def test_nested_items_have_nested_keys() -> None:
    inner = sub_process("n", f'<startEvent id="is"/>{person("a", loop=each("=item.agencies", output=""))}<endEvent id="ie"/>{path("is", "a", "ie")}',
                        loop=each(output=""))
    story = Story(between(inner, "n"), items=[{"key": "R1", "agencies": ["HLT", "POL"]}, {"key": "R2", "agencies": ["HLT"]}])

    assert [task.place.item for task in story.process.open_tasks()] == ["R1/HLT", "R1/POL", "R2/HLT"]
    story.do("a@R1/POL").do("a@R2/HLT").do("a@R1/HLT")
    assert story.ended
    assert [each for each in story.ground.passed if each.startswith("n")] == ["n@R2", "n@R1", "n"]


def test_the_whole_is_told_after_its_instances() -> None:
    story = Story(between(person("a", loop=each(output="")), "a"), items=["x", "y"]).do("a@y").do("a@x")

    assert story.ground.passed == ["s0", "a@y", "a@x", "a", "e0"]


def test_an_item_that_is_an_agency_is_the_agency_of_its_tasks() -> None:
    loop = each(output="").replace('inputElement="item"', 'inputElement="agency"')
    story = Story(between(person("a", loop=loop) + person("after"), "a", "after"), items=["HLT", {"key": "POL"}], agency="BRD")

    assert [task.place.agency for task in story.process.open_tasks()] == ["HLT", "POL"]
    assert story.do("a@HLT").do("a@POL").task("after").place.agency == "BRD"


@pytest.mark.parametrize("sequential", [True, False])
def test_automatic_instances_run_through(sequential: bool) -> None:
    seen: list[str] = []
    ground = Ground(services={"record": lambda _headers, variables, _place: seen.append(variables["item"])})
    shout = script("sum", "=item + &quot;!&quot;", "loud")
    inside = f'<startEvent id="is"/>{service("do")}{shout}<endEvent id="ie"/>{path("is", "do", "sum", "ie")}'
    story = Story(between(sub_process("n", inside, loop=each(sequential=sequential, output="=loud")), "n"), items=["x", "y", "z"], ground=ground)

    assert story.ended
    assert seen == ["x", "y", "z"]
    assert story.values["results"] == ["x!", "y!", "z!"]


def test_an_event_on_its_boundary_is_for_the_whole() -> None:
    body = between(person("a", loop=each(output="")) + person("after"), "a", "after") + boundary("b", "a", event("message")) + person("stopped")
    story = Story(body + '<endEvent id="z"/>' + path("b", "stopped", "z"), items=["x", "y"]).do("a@x")

    assert story.send("m")
    assert story.open == "stopped"


def growing(kind: str) -> tuple[str, ...]:
    loop, grows = each("=board.agencies", output="=item"), properties(grows="true")
    more = person("watch")
    fork = f'<startEvent id="s0"/><parallelGateway id="f"/>{more}<endEvent id="e0"/><endEvent id="e1"/>' + path("f", "watch", "e1") + path("s0", "f")
    if kind == "task":
        return (fork + person("a", grows, loop=loop) + path("f", "a", "e0"),)
    return (fork + call("n", inside=grows, loop=loop) + path("f", "n", "e0"), simple("a"))


@pytest.mark.parametrize("kind", ["task", "called"])
def test_a_collection_that_grows_gets_instances_while_the_activity_runs(kind: str) -> None:
    ground = Ground(given={"board": {"agencies": [{"key": "HLT"}, {"key": "POL"}]}})
    story = Story(*growing(kind), ground=ground)
    assert story.open == "a a watch"

    ground.given["board"]["agencies"].append({"key": "HOU"})
    assert story.process.grow()
    assert story.again().open == "a a a watch"
    assert not story.process.grow()

    ground.given["board"]["agencies"].insert(0, {"key": "EDU"})
    story.do("a@HLT")
    assert [task.place.item for task in story.process.open_tasks() if task.place.element == "a"] == ["POL", "HOU", "EDU"]

    story.do("a@POL").do("a@EDU").do("a@HOU")
    assert story.values["results"] == [{"key": "HLT"}, {"key": "POL"}, {"key": "HOU"}, {"key": "EDU"}]
    ground.given["board"]["agencies"].append({"key": "SOC"})
    assert story.do("watch").ended, "what is done does not begin again"


def test_where_a_collection_grows_what_is_enough_by_now_ends_what_is_still_awaited() -> None:
    ground = Ground(given={"board": {"enough": False}})
    loop, grows = each("=items", output="=item", until="=board.enough"), properties(grows="true")
    story = Story(between(person("a", grows, loop=loop) + person("after"), "a", "after"), ground=ground, items=["x", "y"]).do("a@x")
    assert not story.process.grow()
    assert story.open == "a"

    ground.given["board"]["enough"] = True
    assert story.process.grow()
    assert story.again().open == "after"
    assert story.values["results"] == ["x", None]


def test_a_collection_does_not_grow_by_itself() -> None:
    ground = Ground(given={"board": {"agencies": ["HLT"]}})
    story = Story(*(body.replace("grows", "gross") for body in growing("task")), ground=ground)

    ground.given["board"]["agencies"].append("POL")
    assert story.do("watch").open == "a"
