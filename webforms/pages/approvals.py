"""`/approvals`: what waits for a second person; look at one, approve, decline or take it back."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from engine.actions import approve, decline, withdraw
from engine.errors import InvalidAnswers
from engine.queries import proposal, proposals
from webforms.identity import ask, perform

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

page = Blueprint("approvals", __name__)


@page.get("/approvals", endpoint="list")
def waiting() -> str:
    return render_template("approvals.html", found=ask(proposals))


@page.get("/approvals/<proposal>", endpoint="one")
def one(proposal: str) -> str:
    return _page(proposal)


@page.post("/approvals/<proposal>/approve", endpoint="approve")
def agree(proposal: str) -> Response:
    perform(approve, proposal)
    return _done(proposal, "approved")


@page.post("/approvals/<proposal>/decline", endpoint="decline")
def refuse(proposal: str) -> Any:
    try:
        perform(decline, proposal, request.form.get("reason", ""))
    except InvalidAnswers as refusal:
        return _page(proposal, refusal.errors.get("reason")), 422
    return _done(proposal, "declined")


@page.post("/approvals/<proposal>/withdraw", endpoint="withdraw")
def take_back(proposal: str) -> Response:
    perform(withdraw, proposal)
    return _done(proposal, "withdrawn")


def _done(which: str, said: str) -> Response:
    flash(said)
    return redirect(url_for("approvals.one", proposal=which))


def _page(which: str, error: str | None = None) -> str:
    return render_template("approval.html", found=ask(proposal, which), error=error, typed=request.form.get("reason", ""))
