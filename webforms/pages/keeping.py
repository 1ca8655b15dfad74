"""`/keeping`: which cases may be erased; and of one case how long it is kept, its legal holds, and its erasure."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from engine.actions import hold_case, lift_hold, propose
from engine.errors import InvalidAnswers
from engine.queries import case_keeping, keeping
from webforms.identity import ask, perform

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

page = Blueprint("keeping", __name__)


@page.get("/keeping", endpoint="list")
def cases() -> str:
    return render_template("keeping.html", found=ask(keeping))


@page.get("/cases/<reference>/keeping", endpoint="case")
def case(reference: str) -> str:
    return _page(reference)


@page.post("/cases/<reference>/hold", endpoint="hold")
def hold(reference: str) -> Any:
    try:
        perform(hold_case, reference, request.form.get("reason", ""))
    except InvalidAnswers as refusal:
        return _page(reference, "hold", refusal), 422
    return _done(reference, "held")


@page.post("/cases/<reference>/hold/<hold>/lift", endpoint="lift")
def lift(reference: str, hold: str) -> Any:
    try:
        perform(lift_hold, reference, hold, request.form.get("reason", ""))
    except InvalidAnswers as refusal:
        return _page(reference, hold, refusal), 422
    return _done(reference, "lifted")


@page.post("/cases/<reference>/erase", endpoint="erase")
def erase(reference: str) -> Any:
    try:
        proposal = perform(propose, "case_erased", {"case": reference, "reason": request.form.get("reason", "")})
    except InvalidAnswers as refusal:
        return _page(reference, "erase", refusal), 422
    flash("proposed")
    return redirect(url_for("approvals.one", proposal=proposal))


def _done(reference: str, said: str) -> Response:
    flash(said)
    return redirect(url_for("keeping.case", reference=reference))


def _page(reference: str, wrong: str = "", refusal: InvalidAnswers | None = None) -> str:
    """`wrong`: the form on it that was not filled in rightly."""
    return render_template("case_keeping.html", found=ask(case_keeping, reference), wrong=wrong, typed=request.form.get("reason", ""),
                           error=next(iter(refusal.errors.values())) if refusal else None)
