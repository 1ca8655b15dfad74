"""`/drafts`: what I began to write."""
from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, url_for

from engine.actions import discard_draft
from engine.queries import my_drafts
from webforms.identity import ask, perform

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

page = Blueprint("drafts", __name__)


@page.get("/drafts", endpoint="list")
def drafts() -> str:
    return render_template("drafts.html", drafts=ask(my_drafts))


@page.post("/drafts/<draft>/discard")
def discard(draft: str) -> Response:
    perform(discard_draft, draft)
    flash("draft_discarded")
    return redirect(url_for("drafts.list"))
