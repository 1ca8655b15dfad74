"""`/sign-in/provider`: signing in with the council's identity provider; `/people/provider`: who does, for administrators."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user

from engine.actions import end_with_provider, expect_with_provider
from engine.queries import provider_accounts
from webforms import provider
from webforms.identity import ask, engine, local_path, perform

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

page = Blueprint("single_sign_on", __name__)


@page.before_request
def only_if_on() -> None:
    if request.endpoint != "single_sign_on.told_out" and not engine().settings.single_sign_on.on: abort(404)


@page.get("/sign-in/provider")
def start() -> Any:
    wanted = local_path(request.args.get("next"))
    return redirect(wanted) if current_user.is_authenticated else provider.send(wanted)


@page.get("/sign-in/provider/back")
def back() -> Any:
    return provider.back()


@page.get("/sign-in/provider/leave")
def leave() -> Any:
    """After signing out here: there too."""
    return provider.leave()


@page.post("/sign-in/provider/told-out")
def told_out() -> Any:
    """The provider itself says that somebody’s session is over (back-channel logout): what it has signed is the proof, in place of cookie and token."""
    return provider.told_out()


@page.get("/confirm/provider")
def again() -> Any:
    """Show once more who one is, in a tab of its own: what waits stays in the other."""
    return provider.send(url_for("single_sign_on.shown"), again=True)


@page.get("/confirm/provider/done")
def shown() -> str:
    return render_template("provider_shown.html")


@page.get("/people/provider", endpoint="list")
def accounts() -> str:
    return render_template("provider_accounts.html", rows=ask(provider_accounts))


@page.post("/people/provider/<person>/expect")
def expect(person: str) -> Response:
    perform(expect_with_provider, person)
    flash("provider_expected")
    return redirect(url_for("single_sign_on.list"))


@page.post("/people/provider/<person>/end")
def end(person: str) -> Response:
    perform(end_with_provider, person)
    flash("provider_ended")
    return redirect(url_for("single_sign_on.list"))
