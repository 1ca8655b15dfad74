"""Pictures that a person cannot read are told, one rule at a time."""
import pytest

from engine.packs import pack_of
from engine.packs.check import check
from engine.packs.check.layout import of_diagram
from engine.packs.diagram import read_diagram


def bounds(element, x, y, width, height):
    return f'bpmnElement="{element}">\n        <dc:Bounds x="{x}" y="{y}" width="{width}" height="{height}" />'


def label(element, x, y, width, height):
    old = bounds(element, x, y, width, height)
    return old, f'{old}\n        <bpmndi:BPMNLabel><dc:Bounds x="{x}" y="{y - 60}" width="90" height="14" /></bpmndi:BPMNLabel>'


@pytest.mark.parametrize(("old", "new", "element", "says"), [
    (bounds("refused", 597, 292, 36, 36), bounds("refused", 440, 200, 36, 36), "approve", "on top of “Refused”"),
    (bounds("withdrawn", 392, 532, 36, 36), bounds("withdrawn", 600, 532, 36, 36), "withdrawn", "outside its sub-process “Request withdrawn”"),
    ('<di:waypoint x="615" y="130" />', '<di:waypoint x="615" y="215" />', "to_order", "runs through “Give a quote”"),
    ('<di:waypoint x="1230" y="220" />', '<di:waypoint x="1230" y="220" />\n        <di:waypoint x="1230" y="700" />\n        <di:waypoint x="500" y="700" />',
     "to_ordered", "runs back over more than a third"),
    ('<bpmndi:BPMNShape id="order_di" bpmnElement="order">', '<bpmndi:BPMNShape id="order_di" bpmnElement="x">', "order", "This is not drawn"),
    ('name="Tell the requester"', f'name="{"Tell the requester " * 4}"', "tell_requester", "The name has 75 characters"),
    ('name="Tell the requester"', "", "tell_requester", "This has no name"),
    ('<dc:Bounds x="1130" y="180" width="100" height="80" />', '<dc:Bounds x="1130" y="?" width="100" height="80" />', "tell_requester", "no place or size"),
    ('<di:waypoint x="1130" y="220" />', "", "to_tell", "no course"),
    (*label("explained", 597, 362, 36, 36), "explained", "Its name is written on top of “Refused”"),
])
def test_what_makes_a_picture_unreadable_is_told(files, old, new, element, says):
    text = files["purchase.bpmn"].decode()
    assert old in text

    text = text.replace(old, new, 1).replace(bounds("ordered", 1292, 202, 36, 36), bounds("ordered", 1500, 202, 36, 36))     # wide enough to run back in

    faults = check(pack_of(files | {"purchase.bpmn": text.encode()}))

    assert [fault.element for fault in faults if says in fault.says] == [element], "\n".join(map(str, faults))


LANES = """<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI"
  xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" id="d">
<bpmn:process id="p"><bpmn:laneSet id="ls"><bpmn:lane id="clerks" name="Clerks"><bpmn:flowNodeRef>note</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>
<bpmn:userTask id="note" name="Note it" /><bpmn:subProcess id="closed" name="More"><bpmn:userTask id="inner" name="Inside" /></bpmn:subProcess></bpmn:process>
<bpmndi:BPMNDiagram id="dd"><bpmndi:BPMNPlane id="dp" bpmnElement="p">
<bpmndi:BPMNShape id="a" bpmnElement="clerks"><dc:Bounds x="0" y="0" width="600" height="120" /></bpmndi:BPMNShape>
<bpmndi:BPMNShape id="b" bpmnElement="note"><dc:Bounds x="50" y="Y" width="100" height="80" /></bpmndi:BPMNShape>
<bpmndi:BPMNShape id="c" bpmnElement="closed" isExpanded="false"><dc:Bounds x="250" y="20" width="100" height="80" /></bpmndi:BPMNShape>
</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>
<bpmndi:BPMNDiagram id="ee"><bpmndi:BPMNPlane id="ep" bpmnElement="closed">
<bpmndi:BPMNShape id="f" bpmnElement="inner"><dc:Bounds x="260" y="30" width="100" height="80" /></bpmndi:BPMNShape>
</bpmndi:BPMNPlane></bpmndi:BPMNDiagram></bpmn:definitions>"""


@pytest.mark.parametrize(("y", "says"), [("20", []), ("90", ["This is drawn outside its lane: move it back, or enlarge the lane."])])
def test_what_leaves_its_lane_is_told_and_a_closed_sub_process_has_a_page_of_its_own(y, says):
    assert [fault.says for fault in of_diagram(read_diagram(LANES.replace('"Y"', f'"{y}"').encode(), "lanes.bpmn"))] == says
