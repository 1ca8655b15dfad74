"""`/start`: the ways to begin a case, and their forms."""
from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from engine.actions import start_case
from engine.queries import start_page, starts
from webforms.answering import Asking, form_routes
from webforms.identity import ask, perform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

page = Blueprint("start", __name__)
ONCE = "_once"   # the key of one showing of a start: sent again, it leads to the case that was opened


@page.get("/start", endpoint="list")
def ways() -> str:
    return render_template("starts.html", starts=ask(starts))


def asking(pack: str, start: str) -> Asking:
    """The form that opens a case."""
    found = ask(start_page, pack, start)

    given = request.form.get(ONCE) or (request.args.get(ONCE, "") if request.endpoint == "start.begin_check" else "")   # never from a link to the form
    once = given if re.fullmatch(r"[\w-]{16,64}", given, re.ASCII) else secrets.token_urlsafe(16)

    def send(answers: Mapping[str, Any]) -> Response:
        begun = perform(start_case, pack, start, answers, once=once)
        flash("started_before" if begun.before else "started")
        return redirect(url_for("cases.case", reference=begun.reference))

    return Asking(page=found, send=send, here=url_for("start.begin", pack=pack, start=start),
                  check=url_for("start.begin_check", pack=pack, start=start), back=url_for("drafts.list"),
                  context={"trail": [("Start something new", url_for("start.list"))], "send_label": "Send"}, once=once)


form_routes(page, "/start/<pack>/<start>", "begin", asking)
