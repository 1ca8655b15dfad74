"""What the dialect does not know is refused by name, never dropped."""
from __future__ import annotations

import pytest

from engine.errors import PackFaults
from engine.spiff import load
from tests.spiff.drawing import between, boundary, call, document, each, event, listener, mapping, path, person, properties, script, simple, sub_process, when
from tests.spiff.story import pack

TWO = pytest.mark.mend(2)


def ending(what: str) -> str:
    """A process whose end throws this."""
    return simple().replace('<endEvent id="e">', f'<endEvent id="e">{what}')


REFUSED = [
    pytest.param(simple().replace('"s"', '"Start"'), "the id Start is taken", marks=TWO),
    pytest.param(simple("End"), "the id End is taken", marks=TWO),
    pytest.param(ending("<compensateEventDefinition/>"), "compensateEventDefinition is not supported", marks=TWO),
    pytest.param(ending('<linkEventDefinition name="x"/>'), "linkEventDefinition is not supported", marks=TWO),
    pytest.param(between('<intermediateThrowEvent id="x"><linkEventDefinition name="x"/></intermediateThrowEvent>', "x"),
                 "linkEventDefinition is not supported", marks=TWO),
    pytest.param(f'<startEvent id="s"/>{person("a")}<endEvent id="e"/>{path("s", "a")}{when("=true", "a", "e")}', "needs a gateway", marks=TWO),
    pytest.param(between('<manualTask id="x"/>', "x"), "say who does this: make it a user task", marks=pytest.mark.mend(13)),
    pytest.param(between('<task id="x"/>', "x"), "say who does this: make it a user task", marks=pytest.mark.mend(13)),
    (between('<adHocSubProcess id="x"/>', "x"), "adHocSubProcess is not supported"), (between('<transaction id="x"/>', "x"), "transaction is not supported"),
    (between('<complexGateway id="x"/>', "x"), "complexGateway is not supported"),
    (between(person("x", "<zeebe:executionListeners/>"), "x"), "zeebe:executionListeners is not supported"),
    (between('<scriptTask id="x"><script>1</script></scriptTask>', "x"), "needs zeebe:script"),
    (between('<serviceTask id="x"/>', "x"), "needs zeebe:taskDefinition"),
    (between('<callActivity id="x"/>', "x"), "needs zeebe:calledElement"), (between('<businessRuleTask id="x"/>', "x"), "needs zeebe:calledDecision"),
    (between(script("x", "1 + 1", "y"), "x"), r"“1 \+ 1” must be an expression"), (between(person("x", loop=each("items")), "x"), "must be an expression"),
    (between(person("x", loop="<standardLoopCharacteristics/>"), "x"), "draw the loop"),
    (between(person("x", loop=each().replace("inputCollection", "outputCollectio")), "x"), "needs an input collection"),
    (simple() + listener("timer").replace("timeDate", "timeCycle"), "timeCycle is not supported"),
    (simple() + listener("message").replace('messageRef="m"', 'messageRef="nothing"'), "names its message"),
    (simple() + listener(""), "waits for something"), (simple() + listener("conditional"), "conditionalEventDefinition is not supported"),
    (between('<intermediateCatchEvent id="x"/>', "x"), "waits for nothing"),
    (between(f'<intermediateThrowEvent id="x">{event("message")}</intermediateThrowEvent>', "x"), "sending a message needs"),
    (ending("<errorEventDefinition/>"), "names its code"), (ending("<terminateEventDefinition/><terminateEventDefinition/>"), "one thing"),
    (between(person("x", mapping(outputs={"child.age": "=1"})), "x"), "not to a part of one: child.age"),
    (simple() + boundary("b", "nothing", event("timer")), "not attached"),
    (simple() + '<sequenceFlow id="x" sourceRef="a" targetRef="nowhere"/>', "does not connect"),
    (between(sub_process("n", "<endEvent id='x'/>"), "n"), "exactly one start event"), ("<endEvent id='x'/>", "no start event"),
    (between(call("n", "p7"), "n"), "no process “p7” to call"), (simple() + person("a"), "is there twice"),
    ('<startEvent id="x"/>' + simple(), "one plain start event, or several with messages"),
    (simple() + f'<startEvent id="x">{event("timer")}</startEvent>', "plainly or with a message"),
    (f'<startEvent id="s0"/><eventBasedGateway id="g"/>{person("a")}<endEvent id="e"/>' + path("s0", "g", "a", "e"), "leads to events"),
    ('<startEvent id="s0"/><exclusiveGateway id="g"/><endEvent id="e0"/><endEvent id="e1"/>' + path("s0", "g", "e0") + path("g", "e1"), "needs a condition"),
    (between(person("x", properties(grows="true"), loop=each(sequential=True)), "x"), "only a parallel"),
]


@pytest.mark.parametrize(("body", "says"), REFUSED)
def test_refused_by_name(body: str, says: str) -> None:
    with pytest.raises(PackFaults, match=says):
        load(pack(document(body)))


def test_a_called_process_has_one_plain_start() -> None:
    called = simple("b").replace('<startEvent id="s"/>', f'<startEvent id="s">{event("message")}</startEvent>')
    with pytest.raises(PackFaults, match="begins with exactly one plain start event"):
        load(pack(document(between(call("n"), "n"), called)))


@pytest.mark.mend(3)
def test_a_fault_tells_its_line() -> None:
    drawn = document(between("\n\n\n" + '<adHocSubProcess id="x" name="As it comes"/>', "x"), between("\n" + '<complexGateway id="y"/>', "y").replace("0", "1"))
    with pytest.raises(PackFaults) as raised:
        load(pack(drawn))

    assert [(fault.file, fault.line, fault.element, fault.name) for fault in raised.value.faults] == [
        ("p.bpmn", 7, "x", "As it comes"), ("p.bpmn", 8, "y", None)]


def test_doctypes_do_not_come_in() -> None:
    drawn = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>' + document(simple()).replace(b'name="Do a"', b'name="&e;"')
    from types import SimpleNamespace

    with pytest.raises(PackFaults):
        load(SimpleNamespace(digest="bad", main=SimpleNamespace(id="p0"), processes={"p0": SimpleNamespace(xml=drawn, file="p.bpmn")}, tables={}))


def test_pictures_are_not_read() -> None:
    lanes = '<laneSet id="l"><lane id="l1" name="Board"><flowNodeRef>a</flowNodeRef></lane></laneSet>'
    note = '<textAnnotation id="t"><text>x</text></textAnnotation>'

    assert load(pack(document(simple() + lanes + note + '<dataObject id="d1"/><dataObjectReference id="d2" dataObjectRef="d1"/><dataStoreReference id="d3"/>')))


def test_the_same_id_in_two_files_means_two_things() -> None:
    """Messages are called Message_1 in every file a modeller makes."""
    one, other = document(between(call("n"), "n") + listener("message")), document(simple("b", prefix="o") + listener("message", "too"))
    other = other.replace(b'"p0"', b'"p1"').replace(b'name="m"', b'name="other"')
    program = load(pack(one, other))

    assert program.specs["p0"].task_specs["l_heard"].event_definition.name == "m"
    assert program.specs["p1"].task_specs["l_too"].event_definition.name == "other"
