"""A diagram as plain values, and every unsupported thing by name."""
import pytest

from engine.packs import read_diagram

OPEN = """<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"
  xmlns:camunda="http://camunda.org/schema/1.0/bpmn" xmlns:modeler="http://camunda.org/schema/modeler/1.0" id="d"
  modeler:executionPlatform="Camunda Cloud">
"""


def process(inside, top=""):
    return read_diagram(f'{OPEN}{top}<bpmn:process id="p" name="P" isExecutable="true">\n{inside}\n</bpmn:process></bpmn:definitions>'.encode(), "p.bpmn")


def task(inside="", settings="", kind="userTask", attributes=""):
    extensions = f"<bpmn:extensionElements>{settings}</bpmn:extensionElements>" if settings else ""
    return f'<bpmn:{kind} id="t" name="Decide" {attributes}>{extensions}{inside}</bpmn:{kind}>'


@pytest.mark.parametrize(("inside", "says"), [
    (task(kind="manualTask"), "Say who does this: make it a user task"),
    (task(kind="task"), "Say who does this: make it a user task"),
    (task(kind="transaction"), "transaction is not supported"),
    (task(kind="adHocSubProcess"), "ad-hoc sub-process is not supported"),
    (task(kind="complexGateway"), "complex gateway is not supported"),
    (task(kind="callChoreography"), "bpmn:callChoreography is not supported"),
    (task("<bpmn:standardLoopCharacteristics/>"), "loop marker is not supported"),
    (task("<bpmn:linkEventDefinition/>", kind="intermediateThrowEvent"), "link event is not supported"),
    (task("<bpmn:compensateEventDefinition/>", kind="endEvent"), "compensation event is not supported"),
    (task("<bpmn:conditionalEventDefinition/>", kind="intermediateCatchEvent"), "conditional event is not supported"),
    (task("<bpmn:cancelEventDefinition/>", kind="endEvent"), "cancel event is not supported"),
    (task("<bpmn:potentialOwner/>"), "potential owner is not supported"),
    (task("<bpmn:timerEventDefinition/><bpmn:terminateEventDefinition/>", kind="endEvent"), "waits for one thing"),
    (task(attributes='isForCompensation="true"'), "compensation event is not supported"),
    (task(settings="<zeebe:executionListeners/>"), "zeebe:executionListeners is not supported: take the listeners out"),
    (task(settings="<zeebe:userTaskForm/>"), "zeebe:userTaskForm is not supported: save the form"),
    (task(settings='<zeebe:formDefinition formKey="x"/>'), "formKey of zeebe:formDefinition is not supported"),
    (task(settings='<zeebe:formDefinition formId="x" bindingType="versionTag"/>'), "bindingType of zeebe:formDefinition"),
    (task(settings='<zeebe:assignmentDefinition candidateUsers="x"/>'), "candidateUsers of zeebe:assignmentDefinition is not supported: name roles"),
    (task(settings='<zeebe:script expression="=1"/>'), "zeebe:script has no meaning here"),
    (task(settings="<zeebe:userTask/><zeebe:userTask/>"), "zeebe:userTask is there twice"),
    (task(settings='<camunda:executionListener/>'), "camunda:executionListener is not supported: this is a setting of Camunda 7"),
    (task(attributes='camunda:assignee="x"'), "camunda:assignee is not supported"),
    (task(attributes='zeebe:modelerTemplate="x"'), "zeebe:modelerTemplate is not supported: remove the element template"),
    (task(settings='<zeebe:properties><zeebe:property name="a" value="1"/><zeebe:property name="a" value="2"/></zeebe:properties>'), "“a” is there twice"),
    (task(settings='<zeebe:ioMapping><zeebe:input source="=1"/></zeebe:ioMapping>'), "names no variable"),
    (task("<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>3</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>"),
     "bpmn:loopCardinality is not supported"),
    ('<bpmn:sequenceFlow id="t" name="Decide" sourceRef="a" targetRef="b"/>', "begins or ends nowhere"),
])
def test_what_is_not_supported_is_told_by_name_and_place(inside, says):
    faults = process(inside).faults

    assert {(fault.file, fault.line, fault.element, fault.name) for fault in faults} == {("p.bpmn", 5, "t", "Decide")}
    assert any(says in fault.says for fault in faults), faults


def test_what_is_not_supported_at_the_top_is_told():
    assert "bpmn:import is not supported" in process("", '<bpmn:import id="i"/>').faults[0].says


def test_a_file_that_is_no_diagram_is_a_fault_and_not_an_exception():
    read = read_diagram(b"<!DOCTYPE a>", "p.bpmn")

    assert [(fault.file, fault.line) for fault in read.faults] == [("p.bpmn", 1)]
    assert read.processes == ()


def test_pictures_are_left_alone():
    read = process('<bpmn:textAnnotation id="a"/><bpmn:dataObject id="b"/><bpmn:group id="c"/><bpmn:association id="e"/>')

    assert read.faults == ()
    assert read.processes[0].elements == {}


def test_a_sub_process_keeps_what_is_in_it():
    (read,) = process('<bpmn:subProcess id="s" triggeredByEvent="true"><bpmn:startEvent id="b" isInterrupting="false"/>'
                      '<bpmn:sequenceFlow id="f" sourceRef="b" targetRef="e"/><bpmn:endEvent id="e"/></bpmn:subProcess>').processes

    assert (read.elements["b"].parent, read.elements["b"].interrupting, read.elements["s"].triggered) == ("s", False, True)
    assert (read.elements["b"].outgoing, read.elements["e"].incoming) == (("f",), ("f",))
    assert [each.id for each in read.starts("s")] == ["b"]


def test_the_settings_of_the_tiny_pack_are_read(files):
    (read,) = read_diagram(files["purchase.bpmn"], "purchase.bpmn").processes
    elements = read.elements

    assert elements["request_made"].event.name == "purchase_requested"
    assert elements["withdraw"].event.key == "=case.reference"
    assert (elements["approve"].form, elements["approve"].roles, elements["approve"].checks) == ("approval", ("approver",), ("over_budget",))
    assert (elements["approve"].not_by, elements["approve"].confirm, elements["approve"].clauses) == (("request_made",), True, ("P-3",))
    assert elements["approve"].documentation.startswith("Look at what is asked for")
    assert (elements["approval_late"].event.deadline, elements["approval_late"].attached_to, elements["approval_late"].interrupting) == (
        "approval", "approve", False)
    assert (elements["explain_delay"].called, elements["explain_delay"].gives_all, elements["explain_delay"].takes_all) == ("reason_for_delay", True, False)
    assert (elements["find_level"].decision, elements["find_level"].result) == ("approval_level", "level")
    assert elements["find_cheapest"].script == "=min(for each in quotes return each.price)"
    assert (elements["quote"].loop.collection, elements["quote"].loop.item, elements["quote"].loop.gathers) == ("=suppliers", "agency", "quotes")
    assert (elements["tell_requester"].job, elements["tell_requester"].headers) == ("mail", {"message": "ordered", "to": "requester"})
    assert [(row.target, row.source) for row in elements["quote"].outputs] == [("price", "=price")]
    assert read.flows["to_quote"].condition == '=decision = "approve" and options.ask_quotes'
    assert [each.id for each in read.boundaries("approve")] == ["approval_late"]
