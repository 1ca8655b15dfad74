"""`/`: what I owe, what my team owes, and what I began to write."""
from __future__ import annotations

from flask import Blueprint, render_template

from engine.queries import home
from webforms.identity import ask

page = Blueprint("home", __name__)


@page.get("/", endpoint="page")
def home_page() -> str:
    return render_template("home.html", home=ask(home))
