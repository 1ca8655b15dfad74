"""`/sign-in`, with the code or passkey that follows the password, and the first of them set up; `/sign-out`."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_login import current_user

from engine.queries import passkey_to_sign_in, to_confirm
from engine.rules.access import SYSTEM
from webforms import setting_up
from webforms.identity import CHOSEN, HALFWAY, ask, engine, enter, enter_with_passkey, half, leave, local_path, passkeys_work, place, show_second, whole
from webforms.short_forms import Code, SignIn

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

page = Blueprint("sign_in", __name__)


@page.route("/sign-in", methods=["GET", "POST"])
def form() -> Any:
    wanted = local_path(request.args.get("next"))
    if current_user.is_authenticated and request.method == "GET":
        return redirect(wanted)
    asked = SignIn(login=session.pop(CHOSEN, None))
    if asked.validate_on_submit():
        needs = enter(asked.login.data, asked.password.data)
        if needs is not None:
            after = {"factor": "sign_in.second", "setup": "sign_in.set_up"}.get(needs)
            return redirect(url_for(after, next=request.args.get("next")) if after else wanted)
        minutes = engine().settings.sessions.wait_minutes
        asked.login.errors = [f"The sign-in name or the password is not right, or there were too many tries: then wait {minutes} minutes"]
    return _page(asked)


@page.post("/sign-in/passkey")
def passkey() -> Any:
    """In place of name and password."""
    if enter_with_passkey(request.form.get("passkey", "")):
        return redirect(local_path(request.args.get("next")))
    return _page(SignIn(formdata=None), "This passkey cannot be used here, or the page was open for too long. Try once more, or enter name and password")


@page.route("/sign-in/code", methods=["GET", "POST"])
def second() -> Any:
    """What follows the password, for who has set it up."""
    waiting = half()
    if waiting is None or waiting.needs != "factor":
        return redirect(url_for("sign_in.form", next=request.args.get("next")))
    asked, signed = Code(), request.form.get("passkey", "")
    if request.method == "POST" and (signed or asked.validate()):
        if show_second(waiting, code="" if signed else asked.code.data, passkey=signed):
            return redirect(local_path(request.args.get("next")))
        asked.code.errors = ["The passkey did not work. Try once more" if signed else
                             "This code is not right, was used before, or there were too many wrong ones and you have to wait"]
    wrong = bool(asked.errors)
    body = render_template("second_factor.html", form=asked, waiting=waiting, passkey=waiting.passkey if passkeys_work() else None,
                           next=request.args.get("next"), wrong=wrong, sessions=engine().settings.sessions)
    return body, 422 if wrong else 200


@page.route("/sign-in/set-up", methods=["GET", "POST"])
def set_up() -> Any:
    """The first authenticator app or passkey, where one is required and somebody has none."""
    waiting = half()
    if waiting is None or waiting.needs != "setup":
        return redirect(url_for("sign_in.form", next=request.args.get("next")))
    who = engine().actor(waiting.person)
    assert who is not None  # noqa: S101 - a session that waits is one of an open account
    found = setting_up.answer(who, session[HALFWAY])
    if found.added is None:
        return setting_up.page("set_up.html", who, found, both=True, post_to=url_for("sign_in.set_up", next=request.args.get("next")))
    assert found.added.token is not None  # noqa: S101 - the engine gives one to who had to set it up
    whole(found.added.token, waiting.person)
    return render_template("recovery_codes.html", codes=found.added.recovery_codes, next=local_path(request.args.get("next")))


@page.post("/sign-out")
def out() -> Response:
    with_provider = current_user.is_authenticated and ask(to_confirm, place()).provider
    leave()
    flash("signed_out")
    return redirect(url_for("sign_in.form", why="left" if with_provider else None))


def _page(asked: SignIn, passkey_error: str = "") -> Any:
    options = engine().ask(SYSTEM, passkey_to_sign_in, place()) if passkeys_work() else None
    wrong = bool(asked.errors) or bool(passkey_error)
    body = render_template("sign_in.html", form=asked, sessions=engine().settings.sessions, why=request.args.get("why"), next=request.args.get("next"),
                           wrong=wrong, passkey=options, passkey_error=passkey_error)
    return body, 422 if wrong else 200
