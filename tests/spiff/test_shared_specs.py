"""Programs are shared by cases and hold nothing of them: what one case does, no other sees."""
from __future__ import annotations

import random

import pytest

from engine.spiff import load
from tests.spiff.drawing import between, boundary, call, document, each, event, listener, mapping, path, person, script, sub_process, when
from tests.spiff.story import DUE, Story, pack

AGAIN = mapping(outputs={"again": "=again"})
INNER = (f'<startEvent id="cs"/>{person("write", mapping(outputs={"text": "=text"}))}{person("check", AGAIN)}'
         '<exclusiveGateway id="cx" default="cx_write"/><endEvent id="ce"/>' + path("cs", "write", "check", "cx", "write")
         + when("=again = false", "cx", "ce") + boundary("late", "write", event("timer"), interrupting=False)
         + script("chase", "=&quot;chased&quot;", "chased") + '<endEvent id="cz"/>' + path("late", "chase", "cz")
         + listener("message", "asked", interrupting=False))
BODY = (f'<startEvent id="s0"/>{person("first")}<exclusiveGateway id="again"/><parallelGateway id="f"/><parallelGateway id="j"/>'
        + call("reports", inside=mapping(outputs={"text": "=text"}), loop=each(output="=text"))
        + sub_process("meeting", f'<startEvent id="ms"/>{person("panel", AGAIN)}<endEvent id="me"/>{path("ms", "panel", "me")}')
        + f'{person("decide", AGAIN)}<exclusiveGateway id="x" default="x_again"/><endEvent id="e0"/>'
        + path("s0", "first", "again", "f", "reports", "j", "decide", "x", "again") + path("f", "meeting", "j")
        + when("=again = false", "x", "e0")
        + listener("message", "withdrawn", ref="k").replace('messageRef="k"', 'messageRef="m2"') + listener("signal", "heard", interrupting=False))
FILE = document(BODY, INNER).replace(b'<signal id="s"', b'<message id="m2" name="withdraw"/><signal id="s"')


def play(seed: int, *, cold: bool) -> list[object]:
    """A long story that follows from its seed."""
    fate = random.Random(seed)
    story = Story(files=(FILE,), cold=cold, items=list("ABCD"[:1 + seed % 4]), **DUE)
    seen: list[object] = []
    for step in range(60):
        tasks = sorted((task.place.element, task.place.item or "") for task in story.process.open_tasks())
        seen.append((tasks, story.values, story.process.marks(), len(story.process.waiting_messages())))
        if not tasks:
            break
        what = fate.random()
        if what < 0.08:
            story.send("m")
        elif what < 0.12:
            story.wait(hours=20)
        elif what < 0.13 and step > 30:
            story.send("withdraw")
        else:
            name, item = fate.choice(tasks)
            story.do(f"{name}@{item}" if item else name, again=fate.random() < 0.3, text=f"{name} {step}")
    return seen


@pytest.mark.parametrize("seed", range(8))
def test_a_long_story_is_the_same_with_shared_specs_and_parsed_afresh(seed: int) -> None:
    assert play(seed, cold=False) == play(seed, cold=True)


def test_the_same_content_is_the_same_program() -> None:
    assert load(pack(FILE)) is load(pack(FILE))


@pytest.mark.mend(11)
def test_what_an_event_does_to_one_case_no_other_sees() -> None:
    first, second = (Story(files=(FILE,), cold=False, items=["A", "B"], **DUE) for _ in range(2))
    first.do("first").send("withdraw")
    assert first.open == "withdrawn"
    assert first.do("withdrawn").ended

    story = Story(files=(FILE,), cold=True, items=["A", "B"], **DUE)
    for each_story in (second, story):
        each_story.do("first")
        for item in "AB":
            each_story.do(f"write@{item}", text=item).do(f"check@{item}", again=False)
        assert each_story.do("panel", again=False).open == "decide"
        assert each_story.values["results"] == ["A", "B"]
        assert each_story.do("decide", again=False).ended


def test_specs_hold_nothing_of_a_case() -> None:
    program = load(pack(FILE))
    before = {(scope, name): (list(spec._inputs), list(spec._outputs), spec.boundaries, spec.completed_event.hard_subscribers)
              for scope, each_scope in program.specs.items() for name, spec in each_scope.task_specs.items()}
    play(3, cold=False)

    assert before == {(scope, name): (list(spec._inputs), list(spec._outputs), spec.boundaries, spec.completed_event.hard_subscribers)
                      for scope, each_scope in load(pack(FILE)).specs.items() for name, spec in each_scope.task_specs.items()}


def test_only_what_is_between_stays_open() -> None:
    assert Story(between(person("a"), "a")).do("a").ended
