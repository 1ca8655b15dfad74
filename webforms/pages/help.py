"""`/help` and `/accessibility`: what this is, and how to use it."""
from __future__ import annotations

from flask import Blueprint, render_template

page = Blueprint("help", __name__)


@page.get("/help")
def guide() -> str:
    return render_template("help.html")


@page.get("/accessibility")
def accessibility() -> str:
    return render_template("accessibility.html")
