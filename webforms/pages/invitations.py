"""`/invitations`: a guest invited, links sent again or withdrawn, and help for who cannot come in. Everyone else is invited under `/people`."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from engine.actions import propose, send_link, withdraw_link
from engine.errors import InvalidAnswers
from engine.queries import guest_form, invitations
from webforms import posted
from webforms.forms import draw
from webforms.identity import ask, engine, perform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

    from engine.forms import Form

page = Blueprint("invitations", __name__)


@page.get("/invitations", endpoint="list")
def links() -> str:
    return render_template("invitations.html", page=ask(invitations))


@page.get("/invitations/guest", endpoint="guest")
def guest() -> str:
    form: Form = ask(guest_form)
    return _guest(form, form.initial({}, engine().now()), {})


@page.post("/invitations/guest", endpoint="guest_answer")
def guest_answer() -> Any:
    """Proposed here, and invited when a second person has approved."""
    form: Form = ask(guest_form)
    raw = posted.answers(form, request.form, request.files, {})
    given = form.clean(raw, {}, engine().now())
    try:
        if given.errors:
            raise InvalidAnswers(given.errors)
        proposal = perform(propose, "guest_made", form.filled(given.values))
    except InvalidAnswers as refusal:
        return _guest(form, raw, refusal.errors), 422
    flash("proposed")
    return redirect(url_for("approvals.one", proposal=proposal))


@page.post("/invitations/<id>/send")
def send(id: str) -> Response:
    perform(send_link, id)
    flash("link_sent")
    return redirect(url_for("invitations.list"))


@page.post("/invitations/<id>/withdraw")
def withdraw(id: str) -> Response:
    perform(withdraw_link, id)
    flash("link_withdrawn")
    return redirect(url_for("invitations.list"))


@page.get("/invitations/lost")
def lost() -> Response:
    """Somebody has lost the password, or what they show beside it: what is to be done about it takes two."""
    person = request.args.get("person", "")
    if person:
        return redirect(url_for("people.change", person=person, change="access"))
    flash("nobody_to_help")
    return redirect(url_for("invitations.list"))


def _guest(form: Form, raw: Mapping[str, Any], errors: Mapping[str, str]) -> str:
    now = engine().now()
    return render_template("guest.html", drawn=draw(form, form.show(raw, {}, now), raw, errors, now))
