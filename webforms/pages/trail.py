"""`/cases/<reference>/trail`: who did what and when, in words."""
from __future__ import annotations

from flask import Blueprint, abort, render_template, request

from engine.queries import case_trail
from webforms.identity import ask

page = Blueprint("trail", __name__)


@page.get("/cases/<reference>/trail", endpoint="page")
def trail(reference: str) -> str:
    before = request.args.get("before")
    if before is not None and not (before.isascii() and before.isdigit() and len(before) < 16): abort(404)
    return render_template("trail.html", trail=ask(case_trail, reference, int(before) if before else None))
