"""Where a modeller drew things: the boxes and lines of every page of a BPMN file."""
from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import Fault
from engine.packs.elements import Box, Edge, Plane, Shape

if TYPE_CHECKING:
    from lxml import etree

DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
DC = "{http://www.omg.org/spec/DD/20100524/DC}"
OMGDI = "{http://www.omg.org/spec/DD/20100524/DI}"
FURTHEST = 1_000_000.0       # beyond this nothing was drawn by hand


def read_planes(root: etree._Element, file: str, faults: list[Fault]) -> tuple[Plane, ...]:
    """Every page of the drawing; a shape without a place is a fault."""
    planes = []
    for plane in root.iter(f"{DI}BPMNPlane"):
        shapes: dict[str, Shape] = {}
        edges: dict[str, Edge] = {}
        for node in plane:
            element, line = node.get("bpmnElement", ""), node.sourceline or 0
            if node.tag == f"{DI}BPMNShape":
                box = _box(node)
                if box is None:
                    faults.append(Fault(file, line, element or None, None, "Its shape has no place or size: draw it again."))
                else:
                    shapes[element] = Shape(element, box, node.get("isExpanded") == "true", _label(node), line)
            elif node.tag == f"{DI}BPMNEdge":
                points = [(_number(each, "x"), _number(each, "y")) for each in node.iterfind(f"{OMGDI}waypoint")]
                places = tuple((x, y) for x, y in points if x is not None and y is not None)
                if len(places) < 2 or len(places) != len(points):
                    faults.append(Fault(file, line, element or None, None, "Its arrow has no course: draw it again."))
                else:
                    edges[element] = Edge(element, places, _label(node), line)
        planes.append(Plane(plane.get("bpmnElement", ""), shapes, edges))
    return tuple(planes)


def _label(node: etree._Element) -> Box | None:
    label = node.find(f"{DI}BPMNLabel")
    return None if label is None else _box(label)


def _box(node: etree._Element) -> Box | None:
    bounds = node.find(f"{DC}Bounds")
    if bounds is None:
        return None
    x, y, width, height = (_number(bounds, key) for key in ("x", "y", "width", "height"))
    if x is None or y is None or width is None or height is None or width < 0 or height < 0:
        return None
    return Box(x, y, x + width, y + height)


def _number(node: etree._Element, key: str) -> float | None:
    try:
        number = float(node.get(key, ""))
    except ValueError:
        return None
    return number if abs(number) < FURTHEST else None        # false for “nan” too
