"""A diagram with a case marked on it, as a template and its script need it."""
from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from flask import url_for

if TYPE_CHECKING:
    from engine.queries.shapes.cases import Diagram


def drawn(found: Diagram) -> dict[str, Any]:
    """The marks by element, and the address of each part that has a picture of its own."""
    return {
        "diagram": found,
        "marks": {element: asdict(mark) for element, mark in found.marks.items()},
        "calls": {element: url_for("diagrams.one", reference=found.reference, process=part.process) for element, part in found.calls.items()},
    }
