"""`/sign-in/link`: choosing a password by a link from a mail."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, flash, redirect, render_template, session, url_for

from engine.actions import use_link
from engine.errors import NotFound, Refused
from engine.queries import link as link_page
from engine.rules.access import SYSTEM
from webforms.identity import CHOSEN, engine
from webforms.short_forms import ChosenPassword, written_down

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

page = Blueprint("links", __name__)
LINK = "link"


@page.get("/sign-in/link/<link>")
def open(link: str) -> Response:
    """Nothing is used up by this: mail servers open links before people do. The link goes out of the address, and so out of what is kept of addresses."""
    session[LINK] = link
    return redirect(url_for("links.choose"))


@page.route("/sign-in/link", methods=["GET", "POST"])
def choose() -> Any:
    token = session.get(LINK)
    if token is None:
        return redirect(url_for("sign_in.form"))
    try:
        found = engine().ask(SYSTEM, link_page, token)
    except NotFound:
        session.pop(LINK)
        return render_template("link_over.html"), 404
    asked = ChosenPassword()
    if asked.validate_on_submit() and asked.same():
        try:
            engine().perform(SYSTEM, use_link, token, written_down(asked.password.data, found.person))
        except NotFound:
            return render_template("link_over.html"), 404
        except Refused as refusal:
            asked.password.errors = refusal.says
        else:
            session.clear()
            session[CHOSEN] = found.login
            flash("password_chosen")
            return redirect(url_for("sign_in.form"))
    wrong = bool(asked.errors)
    return render_template("link.html", form=asked, link=found, wrong=wrong), 422 if wrong else 200
