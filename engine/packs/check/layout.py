"""Pictures a person cannot read: things not drawn, on top of each other, outside their box, or crossed by other people's arrows."""
from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from engine.errors import Fault
from engine.packs.elements import GATEWAYS, Box

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.packs.diagram import Diagram
    from engine.packs.elements import Element, Flow, Plane
    from engine.packs.pack import Pack

LONG = 60                   # characters in a name that fit a box
WIDE = 1200                 # from here on an arrow that runs far back is hard to follow
MAY_BE_NAMELESS = GATEWAYS | {"startEvent", "boundaryEvent"}

Point = tuple[float, float]


def faults(pack: Pack) -> Iterator[Fault]:
    """What is wrong with the pictures."""
    for diagram in pack.diagrams:
        yield from of_diagram(diagram)


def of_diagram(diagram: Diagram) -> Iterator[Fault]:
    """What is wrong with one picture."""
    elements = {id: element for process in diagram.processes for id, element in process.elements.items()}
    flows = {id: flow for process in diagram.processes for id, flow in process.flows.items()}
    lanes = {id: lane for process in diagram.processes for id, lane in process.lanes.items()}
    drawn = {id for plane in diagram.planes for id in (*plane.shapes, *plane.edges)}
    things: list[Element | Flow] = [*elements.values(), *flows.values()]
    for thing in things:
        if thing.id not in drawn:
            yield _fault(thing, "This is not drawn: open the diagram in the modeller, and draw it.")
    for element in elements.values():
        if len(element.name) > LONG:
            yield _fault(element, f"The name has {len(element.name)} characters, more than {LONG}: shorten it, and put the rest into the documentation.")
        if not element.name and element.kind not in MAY_BE_NAMELESS:
            yield _fault(element, "This has no name: say what happens here.")
    for plane in diagram.planes:
        yield from _Page(plane, elements, flows, lanes).faults()


def _fault(thing: Element | Flow, says: str) -> Fault:
    return Fault(thing.file, thing.line, thing.id, thing.name or None, says)


class _Page:
    """One page of a diagram."""

    def __init__(self, plane: Plane, elements: dict[str, Element], flows: dict[str, Flow], lanes: dict[str, str]) -> None:
        self.plane, self.elements, self.flows, self.lanes = plane, elements, flows, lanes
        self.closed = {id for id, shape in plane.shapes.items() if id in elements and elements[id].kind == "subProcess" and not shape.expanded}
        # What stands in a collapsed sub-process is drawn on a page of its own.
        self.boxes = {id: shape.box for id, shape in plane.shapes.items() if id in elements and not self.closed & set(self.around(id))}

    def around(self, id: str) -> Iterator[str]:
        """The sub-processes an element stands in, innermost first."""
        parent = self.elements[id].parent
        while parent is not None and parent in self.elements:
            yield parent
            parent = self.elements[parent].parent

    def holds(self, id: str) -> bool:
        """Whether other elements are drawn inside this one."""
        return self.elements[id].kind == "subProcess" and id not in self.closed

    def called(self, id: str) -> str:
        return f"“{self.elements[id].name or id}”"

    def faults(self) -> Iterator[Fault]:
        yield from self._overlaps()
        for id, lane in self.lanes.items():
            shape = self.plane.shapes.get(lane)
            if id in self.boxes and shape is not None and not self.elements[id].attached_to and not self.elements[id].parent \
                    and not _inside(self.boxes[id], shape.box):
                yield _fault(self.elements[id], "This is drawn outside its lane: move it back, or enlarge the lane.")
        yield from self._arrows()
        yield from self._labels()

    def _overlaps(self) -> Iterator[Fault]:
        for a, b in combinations(self.boxes, 2):
            one, other = self.elements[a], self.elements[b]
            if b in (one.attached_to, one.parent) or a in (other.attached_to, other.parent):
                if one.parent == b and not one.attached_to and not _inside(self.boxes[a], self.boxes[b]):
                    yield _fault(one, f"This is drawn outside its sub-process {self.called(b)}: move it in.")
                elif other.parent == a and not other.attached_to and not _inside(self.boxes[b], self.boxes[a]):
                    yield _fault(other, f"This is drawn outside its sub-process {self.called(a)}: move it in.")
                continue
            if a in self.around(b) or b in self.around(a):
                continue
            if _overlap(self.boxes[a], self.boxes[b], 1) and not self._boundary_in_box(one, other) and not self._boundary_in_box(other, one):
                yield _fault(one, f"This is drawn on top of {self.called(b)}: move one of them.")

    def _boundary_in_box(self, event: Element, box: Element) -> bool:
        """An event on the edge of a task that stands in this sub-process, or on the edge of this sub-process around a task."""
        return bool(event.attached_to) and ((self.holds(box.id) and box.id in self.around(event.attached_to or ""))
                                            or box.parent == event.attached_to)

    def _arrows(self) -> Iterator[Fault]:
        width = max((box.right for box in self.boxes.values()), default=0) - min((box.left for box in self.boxes.values()), default=0)
        for id, edge in self.plane.edges.items():
            flow = self.flows.get(id)
            if flow is None:
                continue
            ends = [self.elements[end] for end in (flow.source, flow.target) if end in self.elements]
            mine = {end.id for end in ends} | {end.attached_to for end in ends if end.attached_to}
            hull = _hull(edge.points)
            for other, box in self.boxes.items():
                if other in mine or self.elements[other].attached_to in mine or self.holds(other):
                    continue
                if _overlap(hull, box, -1) and any(_crosses(p, q, box) for p, q in zip(edge.points, edge.points[1:], strict=False)):
                    yield _fault(flow, f"This arrow runs through {self.called(other)}: lead it around.")
            back = sum(max(0.0, p[0] - q[0]) for p, q in zip(edge.points, edge.points[1:], strict=False))
            if width > WIDE and back > width / 3:
                yield _fault(flow, "This arrow runs back over more than a third of the picture: move the elements nearer, or call another process.")

    def _labels(self) -> Iterator[Fault]:
        labels = [(self.elements.get(id), shape.label) for id, shape in self.plane.shapes.items() if shape.label and id in self.boxes]
        names: list[tuple[Element | Flow | None, Box | None]] = [*labels]
        names += [(self.flows.get(id), edge.label) for id, edge in self.plane.edges.items() if edge.label and id in self.flows]
        for thing, label in names:
            if thing is None or label is None or not thing.name:
                continue
            host = getattr(thing, "attached_to", None)
            for other, box in self.boxes.items():
                if other not in (thing.id, host) and not self.holds(other) and _overlap(label, box, 4):
                    yield _fault(thing, f"Its name is written on top of {self.called(other)}: move the name.")


def _overlap(a: Box, b: Box, slack: float) -> bool:
    return min(a.right, b.right) - max(a.left, b.left) > slack and min(a.bottom, b.bottom) - max(a.top, b.top) > slack


def _inside(a: Box, b: Box) -> bool:
    return a.left >= b.left - 1 and a.top >= b.top - 1 and a.right <= b.right + 1 and a.bottom <= b.bottom + 1


def _hull(points: tuple[Point, ...]) -> Box:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return Box(min(xs), min(ys), max(xs), max(ys))


def _crosses(p: Point, q: Point, box: Box, inset: float = 3) -> bool:
    """Whether the line from p to q enters the box, made a little smaller so that touching its edge does not count."""
    left, top, right, bottom = box.left + inset, box.top + inset, box.right - inset, box.bottom - inset
    if left >= right or top >= bottom:
        return False
    enters, leaves = 0.0, 1.0
    for start, step, low, high in ((p[0], q[0] - p[0], left, right), (p[1], q[1] - p[1], top, bottom)):
        if step == 0:
            if not low < start < high:
                return False
            continue
        one, other = sorted(((low - start) / step, (high - start) / step))
        enters, leaves = max(enters, one), min(leaves, other)
    return enters < leaves
