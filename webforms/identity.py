"""Who is asking: signing in, the session behind the cookie, and the actor a page acts for.

The cookie carries a random token and nothing else of the person; the session itself is a row in the engine's database. While a second factor is still
wanted the token stands in another place of the cookie, and opens nothing but the page that asks for it."""
from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar, cast
from urllib.parse import urlsplit

from flask import Flask, current_app, g, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from engine.actions import confirm_identity, give_second_factor, sign_in, sign_in_with_passkey, sign_out, touch_session
from engine.queries import halfway, session_of, session_that_ran_out, to_confirm, whose_password
from engine.rules.access import SYSTEM
from engine.rules.passkeys import Here, here
from webforms.known_browser import in_words, remember, whence

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Response

    from engine import Actor, Engine
    from engine.look import Look
    from engine.queries.shapes.accounts import Halfway
    from engine.store import open_sessions as store
    from engine.work import Work

P = ParamSpec("P")
R = TypeVar("R")

#: Pages for anyone; every other one asks for a sign-in, also those that are added tomorrow.
PUBLIC = frozenset({"static", "sign_in.form", "sign_in.passkey", "sign_in.second", "sign_in.set_up", "links.open", "links.choose",
                    "single_sign_on.start", "single_sign_on.back", "single_sign_on.leave", "single_sign_on.told_out",
                    "help.guide", "help.roles", "help.role", "help.keeping", "help.accessibility", "health.healthz", "health.readyz", "health.metrics"})
#: Blueprints for the public: not even a session is looked at, so that caches may keep their pages.
OPEN = frozenset({"published"})
CHOSEN = "login"   # where the cookie keeps the name of who has just chosen a password, until it was shown once
HALFWAY = "halfway"   # where the cookie keeps the token of a session that needs something still


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


def as_nobody() -> None:
    """For a page that is shown when it cannot be looked up who asks."""
    g._login_user = current_app.login_manager.anonymous_user()  # type: ignore[attr-defined]  # noqa: SLF001 - where flask-login keeps it


def engine() -> Engine:
    """The engine this application stands before."""
    return cast("Engine", current_app.extensions["engine"])


def actor() -> Actor:
    """Who asks."""
    return cast("Actor", g.get("as_actor") or current_user.actor)


def ask(query: Callable[Concatenate[Look, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Look something up as the person signed in."""
    return engine().ask(actor(), query, *args, **kwargs)


def perform(verb: Callable[Concatenate[Work, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Do something as the person signed in."""
    return engine().perform(actor(), verb, *args, **kwargs)


def place() -> Here:
    """The name of the host that passkeys belong to."""
    return here(engine().settings.mail.base_url)


def passkeys_work() -> bool:
    """Whether this page was opened under that name: elsewhere browsers offer no passkey of ours."""
    return request.host_url.rstrip("/") == place().origin


# -- coming in

def enter(login: str, password: str) -> str | None:
    """Sign someone in: what is still wanted then (“factor”, “setup”, nothing); None when name and password do not belong together, or one has to wait."""
    address = whence(login=login)
    proven = engine().ask(SYSTEM, whose_password, login, password, address)   # it takes long: nobody who writes waits for it
    found = engine().perform(SYSTEM, sign_in, login, proven, address, in_words())
    return None if found is None else came_in(found)


def came_in(found: store.SignedIn) -> str:
    """This browser has the session that has just begun: what is still wanted in it (“factor”, “setup”, nothing)."""
    if found.needs is None:
        whole(found.token, found.person)
        return ""
    session.clear()   # a session planted before the sign-in ends here
    session[HALFWAY] = found.token
    return found.needs


def enter_with_passkey(answer: str) -> bool:
    """Sign in whoever has unlocked a passkey."""
    found = engine().perform(SYSTEM, sign_in_with_passkey, answer, place(), request.remote_addr or "", in_words())
    if found is None:
        return False
    whole(found.token, found.person)
    return True


def half() -> Halfway | None:
    """Whoever has given the right password here, and must show or set up something still."""
    token = session.get(HALFWAY)
    return engine().ask(SYSTEM, halfway, token, place()) if token else None


def show_second(waiting: Halfway, *, code: str = "", passkey: str = "") -> bool:
    """Code or passkey, after the password; False when it was not right, or one has to wait."""
    token = engine().perform(SYSTEM, give_second_factor, session[HALFWAY], place(), code=code, passkey=passkey, address=whence(person=waiting.person))
    if token is None:
        return False
    whole(token, waiting.person)
    return True


def whole(token: str, person: str) -> None:
    """From here on this browser is signed in, with this fresh token and nothing of what stood in the cookie before."""
    session.clear()
    found = _live(token)
    assert found is not None  # noqa: S101 - the engine has just let them in
    login_user(found)
    remember(engine().ask(found.actor, to_confirm, place()).login, person)


def prove(*, password: str = "", code: str = "", passkey: str = "") -> bool:
    """Whether it is still the same person. The session gets a fresh token; the one in a copied cookie is worth nothing any more."""
    login = ask(to_confirm, place()).login
    address = whence(login=login)
    proven = engine().ask(SYSTEM, whose_password, login, password, address) if password else None
    token = perform(confirm_identity, current_user.token, place(), proven=proven, code=code, passkey=passkey, address=address)
    if token is None:
        return False
    renew(token)
    return True


def renew(token: str) -> None:
    """The session of this browser has this token now. Forms that are open in other windows go on to work."""
    found = _live(token)
    assert found is not None  # noqa: S101 - the engine has just given it
    login_user(found)


def leave() -> None:
    """Sign out, here and wherever the cookie was copied to."""
    if current_user.is_authenticated:
        perform(sign_out, current_user.token)
    elif session.get(HALFWAY):
        engine().perform(SYSTEM, sign_out, session[HALFWAY])
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
    person = engine().ask(SYSTEM, session_that_ran_out, token) if token else None
    return engine().actor(person) if person else None


def _live(token: str) -> SignedIn | None:
    found = engine().ask(SYSTEM, session_of, token)
    if found is None:
        return None
    who = engine().actor(found.person)
    if who is None:
        return None
    if found.quiet:   # not for every click: once a minute says enough
        engine().perform(who, touch_session, token)
    return SignedIn(token, replace(who, session=found.id, proved_at=found.proved_at))


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
