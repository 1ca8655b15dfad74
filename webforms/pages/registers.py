"""`/cases/<reference>/registers/<name>`: a register of a case, as a table."""
from __future__ import annotations

from flask import Blueprint, render_template

from engine.queries import register_page
from webforms.identity import ask

page = Blueprint("registers", __name__)


@page.get("/cases/<reference>/registers/<name>", endpoint="one")
def one(reference: str, name: str) -> str:
    return render_template("register.html", register=ask(register_page, reference, name))
