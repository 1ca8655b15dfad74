"""Messages reach one who waits for them now, by name and key."""
from __future__ import annotations

from tests.spiff.drawing import between, each, event, mapping, path, person, service, settings, simple, sub_process
from tests.spiff.story import DUE, Ground, Story


def receiving(name: str, ref: str, inside: str = "") -> str:
    return f'<receiveTask id="{name}" messageRef="{ref}">{settings(inside) if inside else ""}</receiveTask>'


def test_a_message_needs_the_key_of_the_case() -> None:
    story = Story(between(receiving("got", "r") + person("after"), "got", "after"), ground=Ground(given={"case": {"reference": "SCR-2024-001"}}))
    assert [(waiting.message, waiting.key, waiting.place.element) for waiting in story.process.waiting_messages()] == [("r", "SCR-2024-001", "got")]

    assert not story.send("r", "SCR-2024-002")
    assert not story.send("m", "SCR-2024-001")
    assert story.send("r", "SCR-2024-001")
    assert story.open == "after"
    assert not story.send("r", "SCR-2024-001"), "messages are not kept"


def test_items_have_keys_of_their_own() -> None:
    wait = f'<startEvent id="i"/>{receiving("got", "k")}{person("read")}<endEvent id="ie"/>{path("i", "got", "read", "ie")}'
    story = Story(between(sub_process("n", wait, mapping(inputs={"key": "=item"}), each(output="")), "n"), items=["A", "B"])

    assert not story.send("k", "C")
    assert story.send("k", "B")
    assert story.task("read").place.item == "B"
    assert not story.send("k", "B")
    assert story.send("k", "A")
    assert story.do("read@A").do("read@B").ended


def test_what_it_brings_enters_by_the_output_mapping_only() -> None:
    story = Story(between(receiving("got", "m", mapping(outputs={"word": "=said"})) + receiving("more", "m"), "got", "more"))

    assert story.send("m", said="hello", noise=1)
    assert story.send("m", said="again")
    assert story.ended
    assert story.values == {"word": "hello"}


def test_one_of_several_can_be_named() -> None:
    story = Story(between(receiving("x", "m").replace("</receiveTask>", each(output="") + "</receiveTask>") + person("after"), "x", "after"), items=["A", "B"])
    second = story.process.waiting_messages()[1]

    assert story.process.send("m", task_id=second.task_id)
    assert [waiting.place.item for waiting in story.again().process.waiting_messages()] == ["A"]


def test_of_two_events_in_a_race_the_first_ends_the_other() -> None:
    race = f'<eventBasedGateway id="g"/><intermediateCatchEvent id="x">{event("message")}</intermediateCatchEvent>'
    body = f'<startEvent id="s0"/>{race}<intermediateCatchEvent id="y">{event("timer")}</intermediateCatchEvent>{person("mail")}{person("late")}'
    body += '<endEvent id="e0"/><endEvent id="e1"/>' + path("s0", "g", "x", "mail", "e0") + path("g", "y", "late", "e1")

    story = Story(body, **DUE)
    assert story.send("m", word="hello")
    assert story.open == "mail"
    assert not story.process.waiting_moments()
    assert story.do("mail").ended

    story = Story(body, **DUE).wait(days=2)
    assert story.open == "late"
    assert not story.process.waiting_messages()


def test_a_message_leaves_as_a_service() -> None:
    sent: list[str] = []
    ground = Ground(services={"mail": lambda headers, _variables, place: sent.append(place.element + headers["to"])})
    job = settings('<zeebe:taskDefinition type="mail"/><zeebe:taskHeaders><zeebe:header key="to" value=" chair"/></zeebe:taskHeaders>')
    body = (f'<startEvent id="s0"/><intermediateThrowEvent id="t">{job}{event("message")}</intermediateThrowEvent>'
            f'<endEvent id="e0">{job}{event("message")}</endEvent>')

    assert Story(body + path("s0", "t", "e0"), ground=ground).ended
    assert sent == ["t chair", "e0 chair"]


def test_an_ended_process_hears_nothing() -> None:
    story = Story(between(service("v"), "v"), ground=Ground(services={"record": lambda *_: None}))
    assert story.ended
    assert not story.send("m")
    assert story.process.fire_due() == 0


def test_nobody_waits_and_nothing_changes() -> None:
    story = Story(simple())
    before = story.process.save()
    assert not story.process.send("m")
    assert story.process.save() == before
