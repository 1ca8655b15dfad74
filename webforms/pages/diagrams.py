"""`/cases/<reference>/diagram`: the process as drawn, with where this case stands marked on it, and the same as a list."""
from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, render_template

from engine.queries import diagram, drawing
from webforms.identity import ask
from webforms.pictures import drawn

if TYPE_CHECKING:
    from engine.queries.shapes.cases import Diagram

page = Blueprint("diagrams", __name__)


@page.get("/cases/<reference>/diagram", endpoint="main")
@page.get("/cases/<reference>/diagram/<process>", endpoint="one")
def one(reference: str, process: str | None = None) -> str:
    found: Diagram = ask(diagram, reference, process)
    picture = drawn(found)
    parts = {picture["calls"][element]: part.name for element, part in found.calls.items()}
    return render_template("diagram.html", **picture, parts=sorted(parts.items(), key=lambda part: part[1]))


@page.get("/cases/<reference>/diagram/<process>.bpmn", endpoint="source")
def source(reference: str, process: str) -> Response:
    return Response(ask(drawing, reference, process), mimetype="application/xml")
