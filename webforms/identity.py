"""Who is asking: signing in, the session behind the cookie, and the actor a page acts for.

The cookie carries a random token and nothing else of the person; the session itself is a row in the engine's database."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from flask import Flask, current_app, g, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from engine.actions import sign_in, sign_out, touch_session
from engine.actions.sign_in import digest
from engine.queries import session_of, session_that_ran_out, whose_password
from engine.rules.access import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Response

    from engine import Actor, Engine

#: Pages for anyone; every other one asks for a sign-in, also those that are added tomorrow.
PUBLIC = frozenset({"static", "sign_in.form", "help.guide", "help.roles", "help.role", "help.accessibility",
                    "health.healthz", "health.readyz", "health.metrics"})
#: Blueprints for the public: not even a session is looked at, so that caches may keep their pages.
OPEN = frozenset({"published"})


class SignedIn(UserMixin):
    """A person with a live session, as flask-login wants it."""

    def __init__(self, token: str, actor: Actor) -> None:
        self.token, self.actor = token, actor

    def get_id(self) -> str:
        return self.token


def install(app: Flask) -> None:
    """Ask for a sign-in everywhere but on the public pages."""
    login = LoginManager(app)
    login.session_protection = None   # the token is the session; an address that changes on a train is no theft
    login.user_loader(_live)
    app.before_request(_need_sign_in)


def engine() -> Engine:
    """The engine this application stands before."""
    return cast("Engine", current_app.extensions["engine"])


def actor() -> Actor:
    """Who asks."""
    return cast("Actor", g.get("as_actor") or current_user.actor)


def ask(query: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Look something up as the person signed in."""
    return engine().ask(actor(), query, *args, **kwargs)


def perform(verb: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Do something as the person signed in."""
    return engine().perform(actor(), verb, *args, **kwargs)


def enter(login: str, password: str) -> bool:
    """Sign someone in; False when name and password do not belong together or too many tries were made."""
    address = request.remote_addr or ""
    proven = engine().ask(SYSTEM, whose_password, login, password, address)   # it takes long: nobody who writes waits for it
    found = engine().perform(SYSTEM, sign_in, login, proven, address)
    if found is None:
        return False
    token, person = found
    session.clear()   # a session planted before the sign-in ends here
    who = engine().actor(person)
    assert who is not None  # noqa: S101 - the engine has just let them in
    login_user(SignedIn(token, who))
    return True


def leave() -> None:
    """Sign out, here and wherever the cookie was copied to."""
    if current_user.is_authenticated:
        perform(sign_out, current_user.token)
    logout_user()
    session.clear()


def local_path(wanted: str | None) -> str:
    """Where to go after signing in: a path of ours, never another site."""
    parts = urlsplit(wanted or "")
    plain = wanted and wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable() and "\\" not in wanted
    return wanted if wanted and plain and not parts.netloc and not parts.scheme else url_for("home.page")


def just_left() -> Actor | None:
    """Whoever's session has just run out in this browser: what they typed may still be kept for them."""
    token = session.get("_user_id")
    person = engine().ask(SYSTEM, session_that_ran_out, digest(token)) if token else None
    return engine().actor(person) if person else None


def _live(token: str) -> SignedIn | None:
    found = engine().ask(SYSTEM, session_of, digest(token))
    if found is None:
        return None
    person, quiet = found
    who = engine().actor(person)
    if who is None:
        return None
    if quiet:   # not for every click: once a minute says enough
        engine().perform(who, touch_session, token)
    return SignedIn(token, who)


def _need_sign_in() -> Response | None:
    if request.blueprint in OPEN:
        return None
    g.signed_in = current_user.is_authenticated
    if g.signed_in or request.endpoint is None or request.endpoint in PUBLIC or request.method == "OPTIONS":
        return None
    if request.method != "POST":
        wanted = request.full_path.rstrip("?") if request.path != "/" else None
        return redirect(url_for("sign_in.form", next=wanted))
    from webforms.answering import keep_for_later

    kept = keep_for_later()
    return redirect(url_for("sign_in.form", next=kept, why="kept" if kept else "ended"))
