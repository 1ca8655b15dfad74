"""Nothing in a diagram is Python: every door is tried."""
from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import Incident, PackFaults
from engine.feel import FeelError
from tests.spiff.drawing import between, boundary, each, event, listener, mapping, path, person, rule, script, service, settings, simple, when
from tests.spiff.story import DUE, Ground, Story

DOORS = {
    "condition": lambda x: between('<exclusiveGateway id="g" default="g_e0"/><endEvent id="e1"/>', "g") + when(x, "g", "e1"),
    "script": lambda x: between(script("a", x, "r"), "a"),
    "python script": lambda x: between(f'<scriptTask id="a"><script>{x.removeprefix("=")}</script></scriptTask>', "a"),
    "input": lambda x: between(person("a", mapping(inputs={"r": x})), "a"),
    "output": lambda x: between(person("a", mapping(outputs={"r": x})), "a"),
    "assignee": lambda x: between(person("a", f'<zeebe:assignmentDefinition assignee="{x}" candidateGroups="{x}"/>'), "a"),
    "schedule": lambda x: between(person("a", f'<zeebe:taskSchedule dueDate="{x}" followUpDate="{x}"/>'), "a"),
    "timer": lambda x: simple() + listener("timer", timer=x),
    "duration": lambda x: simple() + boundary("b", "a", event("duration", timer=x)) + '<endEvent id="z"/>' + path("b", "z"),
    "collection": lambda x: between(person("a", loop=each(x)), "a"),
    "output element": lambda x: between(person("a", loop=each(output=x)), "a"),
    "until": lambda x: between(person("a", loop=each(until=x, output="")), "a"),
    "correlation": lambda x: (simple() + listener("message", ref="k")),
    "service type": lambda x: between(service("a", kind=x), "a"),
    "service header": lambda x: between(service("a", inside=f'<zeebe:taskHeaders><zeebe:header key="k" value="{x}"/></zeebe:taskHeaders>'), "a"),
    "decision": lambda x: between(rule("a", x), "a"),
    "called process": lambda x: between(f'<callActivity id="a">{settings(f"""<zeebe:calledElement processId="{x}"/>""")}</callActivity>', "a"),
    "property": lambda x: between(person("a", f'<zeebe:properties><zeebe:property name="stage" value="{x}"/></zeebe:properties>'), "a"),
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("equals", ["", "="])
def test_no_door_runs_python(door: str, equals: str, tmp_path: Path) -> None:
    broken_into = tmp_path / "broken-into"
    evil = f"{equals}__import__('os').system('touch {broken_into}')"
    from tests.spiff.drawing import document

    drawn = document(DOORS[door](evil))
    if door == "correlation":
        drawn = drawn.replace(b'correlationKey="=key"', f'correlationKey="{evil}"'.encode())
    try:
        story = Story(files=(drawn,), items=["1"], ground=Ground(services={"record": lambda *_: None}), **DUE)
        if story.open:
            story.do("a", answer=1)
        story.wait(days=400)
    except (Incident, PackFaults) as refused:
        assert str(refused)  # noqa: PT017 - some doors take it for a name that means nothing
    assert not broken_into.exists()


@pytest.mark.mend(1)
def test_a_resumed_process_has_no_python_in_it(tmp_path: Path) -> None:
    broken_into = tmp_path / "broken-into"
    evil = f"__import__('os').system('touch {broken_into}')"
    engine = Story(simple()).again().process.case.script_engine

    for _ in range(2):
        with pytest.raises(FeelError):
            engine.environment.evaluate(f"={evil}", {})
        with pytest.raises(Incident):
            engine.environment.execute(evil, {})
        assert engine.environment.evaluate(evil, {}) == evil, "what does not begin with = is a literal"
    assert not broken_into.exists()


@pytest.mark.mend(1)
def test_a_resumed_process_still_speaks_feel() -> None:
    story = Story(between(person("a") + script("b", "=if true then 1 else 2", "c") + person("d"), "a", "b", "d"))

    assert story.do("a").values == {"c": 1}


def test_a_variable_cannot_name_its_way_to_anything() -> None:
    for source in ("=x.__class__", "=x.constructor", "=get value(x, &quot;__proto__&quot;)", "=globalThis", "=x.__init__.__globals__"):
        try:
            story = Story(between(script("a", source, "r"), "a"), x={"y": 1})
        except Incident:
            continue
        assert story.values.get("r") is None
