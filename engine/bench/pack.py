"""The pack that is measured: n user tasks in a row, each with a form of five fields, a check and a deadline, drawn as an owner would."""
from __future__ import annotations

import json

_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_BPMN = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI"'
    ' xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI"'
    ' xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:modeler="http://camunda.org/schema/modeler/1.0" id="row_definitions"'
    ' targetNamespace="http://bpmn.io/schema/bpmn" modeler:executionPlatform="Camunda Cloud" modeler:executionPlatformVersion="8.7.0">'
)
_MANIFEST = """\
id = "row-of-{n}"
title = "{n} tasks in a row"
main = "row"
reference = "ROW{n}-{{year}}-{{number:05}}"

[stages]
beginning = "Beginning"

[outcomes]
done = "Done"

[roles.clerk]
label = "Clerk"
scope = "board"
"""
_DEADLINE = """\
[finished]
title = "Everything is done"
kind = "local"
starts = "begun"
within = "6 months"
ends = "task_{n}"
"""
_CHECK = """\
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" xmlns:dmndi="https://www.omg.org/spec/DMN/20191111/DMNDI/"
  xmlns:dc="http://www.omg.org/spec/DMN/20180521/DC/" id="sound_definitions" name="Sound" namespace="http://camunda.org/schema/1.0/dmn">
  <decision id="sound" name="Sound">
    <decisionTable id="sound_table" hitPolicy="COLLECT">
      <input id="in_kind" label="Kind"><inputExpression id="in_kind_text" typeRef="string"><text>kind</text></inputExpression></input>
      <input id="in_many" label="How many"><inputExpression id="in_many_text" typeRef="number"><text>many</text></inputExpression></input>
      <output id="out_says" label="Says" name="says" typeRef="string" />
      <output id="out_clause" label="Clause" name="clause" typeRef="string" />
      <output id="out_effect" label="Effect" name="effect" typeRef="string" />
      <rule id="too_many">
        <inputEntry id="too_many_kind"><text>"plain"</text></inputEntry><inputEntry id="too_many_many"><text>&gt; 1000</text></inputEntry>
        <outputEntry id="too_many_says"><text>"Nobody has so many."</text></outputEntry>
        <outputEntry id="too_many_clause"><text>""</text></outputEntry><outputEntry id="too_many_effect"><text>"refuse"</text></outputEntry>
      </rule>
      <rule id="odd">
        <inputEntry id="odd_kind"><text>"odd"</text></inputEntry><inputEntry id="odd_many"><text>&lt; 1</text></inputEntry>
        <outputEntry id="odd_says"><text>"Say why there is none."</text></outputEntry>
        <outputEntry id="odd_clause"><text>""</text></outputEntry><outputEntry id="odd_effect"><text>"reason"</text></outputEntry>
      </rule>
    </decisionTable>
  </decision>
  <dmndi:DMNDI><dmndi:DMNDiagram id="sound_diagram"><dmndi:DMNShape id="sound_shape" dmnElementRef="sound">
    <dc:Bounds height="80" width="180" x="160" y="100" /></dmndi:DMNShape></dmndi:DMNDiagram></dmndi:DMNDI>
</definitions>
"""
#: What every task is answered with: typed, as a program would, and as a browser posts it.
ANSWERS = {"title": "A plain answer of a few words", "kind": "plain", "many": 12, "seen_on": "2026-03-02", "remarks": "Nothing to remark upon. " * 8}
POSTED = {"title": "A plain answer of a few words", "kind": "plain", "many": "12", "seen_on-day": "2", "seen_on-month": "3", "seen_on-year": "2026",
          "remarks": "Nothing to remark upon. " * 8, "_shown": "remarks"}


def row_of(n: int) -> dict[str, bytes]:
    """The files of a pack with `n` user tasks one after the other."""
    return {path: text.encode() for path, text in {
        "pack.toml": _MANIFEST.format(n=n),
        "deadlines.toml": _DEADLINE.format(n=n),
        "row.bpmn": _diagram(n),
        "checks/sound.dmn": _XML + _CHECK,
        "forms/five.form": _form("five", "Five questions"),
    }.items()}


def _form(id: str, title: str) -> str:
    required = {"required": True}
    return json.dumps({"type": "default", "id": id, "schemaVersion": 17, "components": [
        {"type": "text", "id": "heading", "text": f"# {title}"},
        {"type": "textfield", "id": "f_title", "key": "title", "label": "Title", "validate": required},
        {"type": "radio", "id": "f_kind", "key": "kind", "label": "Kind", "validate": required,
         "values": [{"value": "plain", "label": "Plain"}, {"value": "odd", "label": "Odd"}]},
        {"type": "number", "id": "f_many", "key": "many", "label": "How many", "validate": required},
        {"type": "datetime", "id": "f_seen", "key": "seen_on", "dateLabel": "Seen on", "subtype": "date", "validate": required},
        {"type": "textarea", "id": "f_remarks", "key": "remarks", "label": "Remarks", "conditional": {"hide": '=kind = "odd"'}},
    ]}, indent=2)


def _diagram(n: int) -> str:
    steps = [f"task_{number}" for number in range(1, n + 1)]
    flows = list(zip(["begun", *steps], [*steps, "over"], strict=True))
    return "".join((
        _XML, _BPMN, '<bpmn:message id="message_begun" name="row_begun" /><bpmn:process id="row" name="Tasks in a row" isExecutable="true">',
        '<bpmn:startEvent id="begun" name="Begun"><bpmn:extensionElements>',
        _properties(form="five", offer_to="clerk", label="Begin a row of tasks"), "</bpmn:extensionElements><bpmn:outgoing>flow_0</bpmn:outgoing>",
        '<bpmn:messageEventDefinition id="begun_event" messageRef="message_begun" /></bpmn:startEvent>',
        *(_task(number) for number in range(1, n + 1)),
        '<bpmn:endEvent id="over" name="Over"><bpmn:extensionElements>', _properties(outcome="done"),
        f"</bpmn:extensionElements><bpmn:incoming>flow_{n}</bpmn:incoming></bpmn:endEvent>",
        *(f'<bpmn:sequenceFlow id="flow_{number}" sourceRef="{a}" targetRef="{b}" />' for number, (a, b) in enumerate(flows)),
        "</bpmn:process>", _layout(steps, flows), "</bpmn:definitions>",
    ))


def _task(number: int) -> str:
    return (f'<bpmn:userTask id="task_{number}" name="Answer questions, part {number}"><bpmn:extensionElements><zeebe:userTask />'
            f'<zeebe:formDefinition formId="five" /><zeebe:assignmentDefinition candidateGroups="clerk" />'
            f'{_properties(stage="beginning", checks="sound")}<zeebe:ioMapping><zeebe:output source="=many" target="many_{number}" /></zeebe:ioMapping>'
            f"</bpmn:extensionElements><bpmn:incoming>flow_{number - 1}</bpmn:incoming><bpmn:outgoing>flow_{number}</bpmn:outgoing></bpmn:userTask>")


def _properties(**values: str) -> str:
    rows = "".join(f'<zeebe:property name="{name}" value="{value}" />' for name, value in values.items())
    return f"<zeebe:properties>{rows}</zeebe:properties>"


def _layout(steps: list[str], flows: list[tuple[str, str]]) -> str:
    """Where everything stands: from left to right."""
    at = {"begun": (180, 122, 36, 36), "over": (280 + 150 * len(steps), 122, 36, 36)}
    at |= {step: (270 + 150 * number, 100, 100, 80) for number, step in enumerate(steps)}
    shapes = "".join(f'<bpmndi:BPMNShape id="{id}_di" bpmnElement="{id}"><dc:Bounds x="{x}" y="{y}" width="{wide}" height="{high}" /></bpmndi:BPMNShape>'
                     for id, (x, y, wide, high) in at.items())
    edges = "".join(f'<bpmndi:BPMNEdge id="flow_{number}_di" bpmnElement="flow_{number}"><di:waypoint x="{at[a][0] + at[a][2]}" y="140" />'
                    f'<di:waypoint x="{at[b][0]}" y="140" /></bpmndi:BPMNEdge>' for number, (a, b) in enumerate(flows))
    return f'<bpmndi:BPMNDiagram id="row_diagram"><bpmndi:BPMNPlane id="row_plane" bpmnElement="row">{shapes}{edges}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>'
