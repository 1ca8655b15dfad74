"""`/deputies`: who stands in for me, for whom I stand in; name one, end one."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from engine.actions import end_deputy, name_deputy
from engine.errors import InvalidAnswers
from engine.queries import deputies
from webforms import posted
from webforms.forms import draw
from webforms.identity import ask, engine, perform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

    from engine.queries.shapes.tasks import DeputiesPage

page = Blueprint("deputies", __name__)


@page.get("/deputies", endpoint="list")
def periods() -> str:
    found: DeputiesPage = ask(deputies, request.args.get("of") or None)
    opening = found.form.initial({}, engine().now()) if found.form else {}
    return _page(found, opening, {})


@page.post("/deputies")
def name() -> Any:
    found: DeputiesPage = ask(deputies, request.form.get("of") or None)
    if found.form is None:
        return redirect(url_for("deputies.list"))
    raw = posted.answers(found.form, request.form, request.files, {})
    raw.pop("of", None)
    given = found.form.clean(raw, {}, engine().now())
    try:
        if given.errors:
            raise InvalidAnswers(given.errors)
        answers = dict(given.values)
        perform(name_deputy, **{"from_": answers.pop("from"), **answers}, of=found.of)
    except InvalidAnswers as refusal:
        return _page(found, raw, refusal.errors), 422
    flash("deputy_named")
    return redirect(url_for("deputies.list", of=found.of if found.for_another else None))


@page.post("/deputies/<deputy>/end")
def end(deputy: str) -> Response:
    perform(end_deputy, deputy)
    flash("deputy_ended")
    return redirect(url_for("deputies.list"))


def _page(found: DeputiesPage, raw: Mapping[str, Any], errors: Mapping[str, str]) -> str:
    now = engine().now()
    drawn = draw(found.form, found.form.show(raw, {}, now), raw, errors, now) if found.form else None
    return render_template("deputies.html", page=found, drawn=drawn)
