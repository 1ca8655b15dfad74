"""`/sign-in`, `/sign-out`."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from flask_wtf import FlaskForm
from govuk_frontend_wtf.wtforms_widgets import GovPasswordInput, GovSubmitInput, GovTextInput
from wtforms import PasswordField, StringField, SubmitField
from wtforms.validators import InputRequired

from webforms.identity import engine, enter, leave, local_path

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

page = Blueprint("sign_in", __name__)


class Needed(InputRequired):  # type: ignore[misc]
    """Must be given; the server says so, in its own words, not the browser."""

    def __init__(self, says: str) -> None:
        super().__init__(says)
        self.field_flags = {}


class SignIn(FlaskForm):  # type: ignore[misc]
    """Name and password."""

    login = StringField("Sign-in name", [Needed("Enter your sign-in name")], widget=GovTextInput())
    password = PasswordField("Password", [Needed("Enter your password")], widget=GovPasswordInput())
    go = SubmitField("Sign in", widget=GovSubmitInput())


@page.route("/sign-in", methods=["GET", "POST"])
def form() -> Any:
    wanted = local_path(request.args.get("next"))
    if current_user.is_authenticated and request.method == "GET":
        return redirect(wanted)
    asked, sessions = SignIn(), engine().settings.sessions
    if asked.validate_on_submit():
        if enter(asked.login.data, asked.password.data):
            return redirect(wanted)
        asked.login.errors = ["The sign-in name or the password is not right"]
    wrong = bool(asked.errors)
    body = render_template("sign_in.html", form=asked, sessions=sessions, why=request.args.get("why"), next=request.args.get("next"), wrong=wrong)
    return body, 422 if wrong else 200


@page.post("/sign-out")
def out() -> Response:
    leave()
    flash("signed_out")
    return redirect(url_for("sign_in.form"))
