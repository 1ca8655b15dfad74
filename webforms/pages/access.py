"""`/access`: requests for access to what is kept about somebody. Whom one looks for is posted: names stand in no address."""
from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from flask import Blueprint, render_template, request, send_file

from engine import subject_access
from engine.errors import InvalidAnswers
from engine.queries import access_page, passages
from webforms.identity import actor, ask, engine

if TYPE_CHECKING:
    from flask import Response

    from engine.queries.shapes.access import Passages

page = Blueprint("access", __name__)


@page.get("/access", endpoint="page")
def start() -> str:
    return _page()


@page.post("/access/account", endpoint="account")
def account() -> Response:
    return _zip(subject_access.of_account(engine(), actor(), request.form.get("person", "")), "account.zip")


@page.post("/access/search", endpoint="search")
def search() -> Any:
    try:
        return _page(ask(passages, *_looked_for()))
    except InvalidAnswers as refusal:
        return _page(error=refusal.errors["words"]), 422


@page.post("/access/passages", endpoint="passages")
def take() -> Any:
    try:
        return _zip(subject_access.of_passages(engine(), actor(), *_looked_for(), frozenset(request.form.getlist("passage"))), "passages.zip")
    except InvalidAnswers as refusal:
        if "words" in refusal.errors:
            return _page(error=refusal.errors["words"]), 422
        return _page(ask(passages, *_looked_for()), error="Choose at least one passage"), 422


def _looked_for() -> tuple[str, list[str]]:
    return request.form.get("words", ""), request.form.get("cases", "").split()


def _page(found: Passages | None = None, error: str | None = None) -> str:
    return render_template("access.html", page=ask(access_page), found=found, error=error, wanted=request.form.get("words", ""),
                           within=request.form.get("cases", ""))


def _zip(content: bytes, name: str) -> Response:
    response = send_file(BytesIO(content), mimetype="application/zip", as_attachment=True, download_name=name)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
