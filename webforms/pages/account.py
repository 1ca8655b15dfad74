"""`/account`: my sessions, what I show beside my password, and the password itself."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user

from engine.actions import change_password, end_other_sessions, end_session, make_recovery_codes, name_factor, remove_factor
from engine.errors import InvalidAnswers, Refused
from engine.queries import my_account, whose_password
from engine.rules.access import SYSTEM
from webforms import setting_up
from webforms.identity import actor, ask, engine, perform, renew
from webforms.known_browser import whence
from webforms.short_forms import ChangedPassword, tell, written_down

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

page = Blueprint("account", __name__)


@page.get("/account", endpoint="page")
def mine() -> str:
    return render_template("account/page.html", account=ask(my_account))


@page.post("/account/sessions/<id>/end")
def end(id: str) -> Response:
    perform(end_session, id)
    flash("session_ended")
    return redirect(url_for("account.page"))


@page.post("/account/sessions/end")
def end_others() -> Response:
    perform(end_other_sessions)
    flash("sessions_ended")
    return redirect(url_for("account.page"))


@page.route("/account/password", methods=["GET", "POST"])
def password() -> Any:
    asked = ChangedPassword()
    if asked.validate_on_submit() and asked.same():
        login = ask(my_account).login
        try:
            secret = written_down(asked.password.data, str(actor().person))
            proven = engine().ask(SYSTEM, whose_password, login, asked.old.data, whence(login=login))
            renew(perform(change_password, current_user.token, proven, secret))
        except InvalidAnswers as refusal:
            tell(asked, refusal)
        except Refused as refusal:
            asked.password.errors = refusal.says
        else:
            flash("password_changed")
            return redirect(url_for("account.page"))
    wrong = bool(asked.errors)
    return render_template("account/password.html", form=asked, wrong=wrong), 422 if wrong else 200


@page.route("/account/authenticator", methods=["GET", "POST"])
def authenticator() -> Any:
    return _add("account/authenticator.html", url_for("account.authenticator"), passkey=False)


@page.route("/account/passkey", methods=["GET", "POST"])
def passkey() -> Any:
    return _add("account/passkey.html", url_for("account.passkey"), passkey=True)


@page.route("/account/factors/<id>", methods=["GET", "POST"])
def factor(id: str) -> Any:
    """One of mine: its name, and the button to remove it."""
    row = next((one for one in ask(my_account).factors if one.id == id), None)
    error = ""
    if request.method == "POST":
        try:
            perform(name_factor, id, request.form.get("name", ""))
        except InvalidAnswers as refusal:
            error = refusal.errors["name"]
        else:
            flash("factor_named")
            return redirect(url_for("account.page"))
    if row is None:
        return redirect(url_for("account.page"))
    return render_template("account/factor.html", factor=row, error=error), 422 if error else 200


@page.post("/account/factors/<id>/remove")
def remove(id: str) -> Response:
    perform(remove_factor, id)
    flash("factor_removed")
    return redirect(url_for("account.page"))


@page.post("/account/recovery-codes")
def recovery_codes() -> str:
    return render_template("recovery_codes.html", codes=perform(make_recovery_codes), next=url_for("account.page"))


def _add(template: str, here: str, *, passkey: bool) -> Any:
    found = setting_up.answer(actor(), current_user.token)
    if found.added is None:
        return setting_up.page(template, actor(), found, both=False, post_to=here, passkey=passkey)
    if found.added.recovery_codes:
        return render_template("recovery_codes.html", codes=found.added.recovery_codes, next=url_for("account.page"))
    flash("factor_added")
    return redirect(url_for("account.page"))
