"""Variables live in scopes; the engine's names are looked up when asked for."""
from __future__ import annotations

from datetime import date

import pytest

from engine.errors import Incident
from tests.spiff.drawing import between, call, event, mapping, path, person, properties, rule, script, service, settings, simple, sub_process, when
from tests.spiff.story import Ground, Story


def test_only_the_output_mapping_enters_the_process() -> None:
    story = Story(between(person("a", mapping(outputs={"total": "=said + 1"})) + person("b"), "a", "b"))

    assert story.do("a", said=41, noise="x").do("b", noise="y").ended
    assert story.values == {"total": 42}


def test_branches_share_variables() -> None:
    fork = f'<startEvent id="s0"/><parallelGateway id="f"/><parallelGateway id="j"/><endEvent id="e0"/>{person("a", mapping(outputs={"seen": "=said"}))}'
    both = person("b", mapping(inputs={"local": "=1"}, outputs={"total": "=seen + local"}))
    story = Story(fork + both + path("s0", "f", "a", "j", "e0") + path("f", "b", "j"), seen=0)

    story.do("a", said=41).do("b")
    assert story.ended
    assert story.values == {"seen": 41, "total": 42}


def test_inputs_are_local_and_see_each_other() -> None:
    story = Story(between(person("a", mapping(inputs={"one": "=1", "two": "=one + 1"}, outputs={"three": "=two + given"})) + person("b"), "a", "b"))
    assert story.task("a").inputs == {"one": 1, "two": 2}

    assert story.do("a", given=1).values == {"three": 3}
    assert story.process.variables(story.task("b").id) == {"three": 3}


def test_a_start_message_is_local_to_its_start() -> None:
    enters = settings(mapping(outputs={"agency": "=who"}))
    body = f'<startEvent id="s">{enters}{event("message")}</startEvent>{person("a")}<endEvent id="e"/>{path("s", "a", "e")}'

    assert Story(body, start="s", payload={"who": "HLT", "child": "secret"}).values == {"agency": "HLT"}
    assert Story(body.replace(enters, ""), start="s", payload={"who": "HLT"}).values == {}


def test_of_several_starts_only_the_named_one_begins() -> None:
    starts = "".join(f'<startEvent id="s{n}">{event("message", ref)}</startEvent>{person(f"a{n}")}<endEvent id="e{n}"/>{path(f"s{n}", f"a{n}", f"e{n}")}'
                     for n, ref in enumerate("mk"))

    story = Story(starts, start="s1")
    assert story.open == "a1"
    assert story.program.starts == {"s0": "m", "s1": "k"}
    assert story.do("a1").ended
    assert story.ground.passed == ["s1", "a1", "e1"]


@pytest.mark.parametrize(("attributes", "inside", "expected"), [
    ({}, "", {"x": 2, "y": 1, "made": "in"}), ({"propagateAllChildVariables": "false"}, "", {"x": 1}),
    ({"propagateAllParentVariables": "false"}, mapping(inputs={"x": "=x + 10"}), {"x": 12, "y": 1, "made": "in"}),
    ({}, mapping(outputs={"got": "=made"}), {"x": 1, "got": "in"}),
])
def test_what_a_called_process_sees_and_hands_back(attributes: dict[str, str], inside: str, expected: dict[str, object]) -> None:
    called = between(person("a", mapping(outputs={"x": "=if x &gt; 10 then 12 else 2", "y": "=1", "made": "=&quot;in&quot;"})), "a")

    assert Story(between(call("n", inside=inside, **attributes), "n"), called.replace("s0", "cs").replace("e0", "ce"), x=1).do("a").values == expected


def test_a_called_process_does_not_write_into_its_caller_while_it_runs() -> None:
    called = f'<startEvent id="cs"/>{person("a", mapping(outputs={"x": "=2"}))}{person("b")}<endEvent id="ce"/>{path("cs", "a", "b", "ce")}'
    story = Story(between(call("n"), "n"), called, x=1).do("a")

    assert story.values == {"x": 1}
    assert story.process.variables(story.task("b").id) == {"x": 2}


def test_a_sub_process_writes_where_the_name_is_and_hides_its_inputs() -> None:
    inside = f'<startEvent id="is"/>{person("a", mapping(outputs={"known": "=1", "own": "=2", "new": "=own"}))}<endEvent id="ie"/>{path("is", "a", "ie")}'
    story = Story(between(sub_process("n", inside, mapping(inputs={"own": "=0"}, outputs={"out": "=own"})), "n"), known=0).do("a", own=5)

    assert story.values == {"known": 1, "new": 2, "out": 2}, "each mapping sees those before it"


def test_a_process_can_be_chosen_when_it_is_called() -> None:
    story = Story(between(call("n", "=method"), "n"), simple("one"), simple("two").replace('"s"', '"s2"'), method="p2")
    assert story.open == "two"
    assert story.do("two").ended

    with pytest.raises(Incident, match="no process “p9”"):
        Story(between(call("n", "=method"), "n"), simple("one"), method="p9")


# ---- the engine's names ----------------------------------------------------------------------------------------


def test_engine_names_are_asked_only_when_mentioned_and_not_hidden() -> None:
    ground = Ground(given={"answers": {"referral": {"source": "partner"}}, "options": {"strict": True}, "case": {"reference": "SCR-2024-001"}})
    body = script("x", "=answers.referral.source", "source") + script("y", "=if options.strict then source else null", "z")
    body += script("w", "=case.reference", "ref")
    story = Story(between(body, "x", "y", "w"), ground=ground)
    assert story.values == {"source": "partner", "z": "partner", "ref": "SCR-2024-001"}
    assert ground.asked == [frozenset({"answers.referral.source"}), frozenset({"options.strict"}), frozenset({"case.reference"})]

    ground.asked.clear()
    hidden = Story(between(body, "x", "y", "w"), ground=ground, case={"reference": "mine"}, options={"strict": True}, answers={"referral": {"source": "own"}})
    assert hidden.values["ref"] == "mine"
    assert not ground.asked


def test_dates_stay_dates() -> None:
    story = Story(between(person("a", mapping(outputs={"day": "=day", "late": "=day &lt; date(&quot;2024-05-01&quot;)"})) + person("b"), "a", "b"))

    assert story.do("a", day=date(2024, 4, 30)).values == {"day": date(2024, 4, 30), "late": True}


def test_services_scripts_and_rules_write_what_they_find() -> None:
    class Table:
        paths = frozenset({"answers.x"})

        def decide(self, variables: dict[str, object], _now: object) -> object:
            return [variables["answers"], variables["number"]]

    ground = Ground(given={"answers": {"x": 1}}, services={"record": lambda headers, variables, place: {"number": 7, "heard": [headers, place.element]}})
    headers = '<zeebe:taskHeaders><zeebe:header key="to" value="chair"/></zeebe:taskHeaders>'
    body = service("v", inside=headers) + rule("r", "t") + service("w", inside=mapping(outputs={"again": "=number + 1"}), tag="sendTask")
    story = Story(between(body, "v", "r", "w"), ground=ground, tables={"t": Table()})

    assert story.values == {"number": 7, "heard": [{"to": "chair"}, "v"], "verdict": [{"x": 1}, 7], "again": 8}


@pytest.mark.mend(12)
def test_a_service_cannot_change_what_it_is_shown() -> None:
    def meddle(_headers: object, variables: dict[str, list[int]], _place: object) -> None:
        variables["list"].append(99)

    assert Story(between(service("v"), "v"), ground=Ground(services={"record": meddle}), list=[1]).values == {"list": [1]}


@pytest.mark.mend(12)
def test_what_was_answered_and_what_was_shown_is_copied() -> None:
    story = Story(between(person("a", mapping(outputs={"kept": "=rows"})) + person("b"), "a", "b"), cold=False)
    rows = [{"n": 1}]
    story.process.complete(story.task("a").id, {"rows": rows})
    rows[0]["n"] = 2
    story.process.variables(story.task("b").id)["kept"].append("x")

    assert story.values == {"kept": [{"n": 1}]}


# ---- failures --------------------------------------------------------------------------------------------------


@pytest.mark.mend(8)
def test_a_failing_service_is_an_incident_with_its_own_reason() -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the printer is on fire")

    with pytest.raises(Incident, match="“v”: RuntimeError: the printer is on fire") as raised:
        Story(between(service("v"), "v"), ground=Ground(services={"record": fail}))
    assert raised.value.element == "v"


@pytest.mark.parametrize(("drawn", "element"), [
    (person("x", mapping(inputs={"a": "=nowhere + 1"})), "x"), (script("x", "=1 +", "y"), "x"),
    (person("x", '<zeebe:assignmentDefinition candidateGroups="=nowhere"/>'), "x"),
])
def test_an_expression_that_fails_is_an_incident_naming_element_and_position(drawn: str, element: str) -> None:
    with pytest.raises(Incident) as raised:
        Story(between(drawn, "x"))
    assert raised.value.element == element
    assert raised.value.position is not None
    assert element in raised.value.says


def test_a_decision_that_is_not_there_is_an_incident() -> None:
    with pytest.raises(Incident, match="no decision table “t”"):
        Story(between(rule("r", "t"), "r"))


@pytest.mark.parametrize("condition", ["=x &gt; 3", "=null", "=1", "=1/0", "=&quot;true&quot;"])
def test_a_condition_is_true_or_false(condition: str) -> None:
    body = between('<exclusiveGateway id="g" default="g_e0"/><endEvent id="e1"/>', "g") + when(condition, "g", "e1")
    with pytest.raises(Incident) as raised:
        Story(body)
    assert raised.value.element == "g"


# ---- whom a task is offered to ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("groups", "expected"), [
    ("chair", ("chair",)), ("chair, board_rep ,", ("chair", "board_rep")), ("=who", ("chair", "imr_author")), ("=&quot;a, b&quot;", ("a", "b")), ("", ()),
])
def test_groups_are_named_or_worked_out(groups: str, expected: tuple[str, ...]) -> None:
    assignment = f'<zeebe:assignmentDefinition candidateGroups="{groups}" assignee="=&quot;iv&quot; + &quot;y&quot;"/>'
    offer = f'<zeebe:userTask/>{assignment}<zeebe:priorityDefinition priority="70"/>'
    task = Story(between(person("x", offer + properties(clause="L-1")), "x"), who=["chair", "imr_author"]).task("x")

    assert (task.groups, task.assignee, task.priority) == (expected, "ivy", "70")
