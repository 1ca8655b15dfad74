"""Coming in through the council's identity provider: out with a sealed note in the cookie, and back with a code. Nobody is let in by what comes back
without the note of the same browser."""
from __future__ import annotations

import base64
import hmac
import json
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from flask import current_app, flash, redirect, request, session, url_for
from flask_login import current_user

from engine.actions import confirm_with_provider, note_failed_sign_in, sign_in_with_provider, sign_out_by_provider
from engine.actions.single_sign_on import Asked, Failed
from engine.outside.identity_provider import IdentityProvider, ProviderDown
from engine.rules.access import SYSTEM
from engine.rules.id_tokens import NotShown
from engine.store.sealing import Broken
from webforms.identity import actor, came_in, engine, local_path, renew
from webforms.known_browser import in_words
from webforms.refusals import page

if TYPE_CHECKING:
    from flask import Flask

NOTE, ANSWERED_WITHIN, LONGEST_PATH = "provider", timedelta(minutes=10), 1000
#: What the provider says when somebody has turned back there.
CANCELLED = frozenset({"access_denied", "interaction_required", "login_required", "consent_required", "account_selection_required"})
#: kind → what somebody reads. Every other kind: SOMETHING.
WORDS = {
    "unknown": (403, "There is no account here for you yet", [
        "{title} has told us who you are, and nobody here has an account with your e-mail address that waits for you.",
        "Ask the board’s business office. If you have an account already, an administrator can say that you sign in with {title}."]),
    "unverified": (403, "We cannot tell who you are", [
        "{title} does not say that your e-mail address is yours.",
        "Ask the board’s business office, and tell them this sentence: whoever runs {title} can put it right."]),
    "closed": (403, "Your account is closed", ["If you still take part in reviews, ask the board’s business office."]),
    "tenant": (403, "You are signed in somewhere else", ["This service is for people of {title}, and you came from another organisation.",
                                                        "Sign out there, and sign in with your account at {title}."]),
    "another": (403, "That is somebody else", ["You are signed in here as one person, and have shown at {title} that you are another. Nothing was done."]),
    "not_again": (403, "You were not asked again", ["{title} did not ask you who you are. Close this tab, and confirm it another way."]),
}
SOMETHING = (400, "You are not signed in", ["What came back from {title} was too old, was used before, or was not meant for this browser.",
                                           "Start again from the sign-in page. If it happens again, tell the board’s business office."])


@dataclass(frozen=True)
class Note:
    """What we remember, in the browser and sealed, of somebody who is at the provider."""

    state: str
    nonce: str
    verifier: str
    at: str
    after: str  # where they go then
    session: str | None  # the session in which somebody shows again who they are; none: they sign in


def install(app: Flask) -> None:
    """One provider for all requests, if the settings name one."""
    settings = app.extensions["engine"].settings
    back = f"{settings.mail.base_url}/sign-in/provider/back"
    app.extensions["identity_provider"] = IdentityProvider(settings.single_sign_on, back, app.extensions["engine"].clock)
    app.jinja_env.globals["provider_title"] = settings.single_sign_on.title if settings.single_sign_on.on else ""


def send(after: str, *, again: bool = False) -> Any:
    """To the provider."""
    note = Note(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48), engine().now().isoformat(),
                after if len(after) <= LONGEST_PATH else url_for("home.page"), actor().session if again else None)
    try:
        address = _provider().sign_in_address(note.state, note.nonce, note.verifier, again=again)
    except ProviderDown:
        return down()
    session[NOTE] = base64.b64encode(engine().vault.seal(json.dumps(asdict(note)).encode(), "at the provider")).decode()
    return redirect(address, 303)


def back() -> Any:
    """From the provider: whoever started in this browser is signed in, or has shown again who they are."""
    note, state, now = _note(), request.args.get("state", ""), engine().now()
    if note is None:
        return failed("no_note")
    at = datetime.fromisoformat(note.at)
    if not hmac.compare_digest(note.state.encode(), state.encode()):
        return failed("state")
    if now - at > ANSWERED_WITHIN:
        return failed("late")
    try:
        says = request.args.get("iss")
        if says != engine().settings.single_sign_on.issuer and (says is not None or _provider().names_itself()):
            return failed("mix_up")
        if "error" in request.args:
            return turned_back(note, "cancelled" if request.args["error"] in CANCELLED else "error")
        if not request.args.get("code"):
            return failed("code")
        shown = _provider().whom(request.args["code"][:4096], note.verifier, note.nonce)
    except ProviderDown:
        return down()
    except NotShown as why:
        return failed(why.kind)
    asked = Asked(note.state, at, at + ANSWERED_WITHIN)
    if note.session is not None:
        return _again(note, shown, asked)
    found = engine().perform(SYSTEM, sign_in_with_provider, shown, asked, request.remote_addr or "", in_words())
    if isinstance(found, Failed):
        return _told(found.kind)
    needs = came_in(found)
    where = {"factor": "sign_in.second", "setup": "sign_in.set_up"}.get(needs)
    return redirect(url_for(where, next=note.after) if where else local_path(note.after))


def _again(note: Note, shown: Any, asked: Asked) -> Any:
    if not current_user.is_authenticated or actor().session != note.session:
        return failed("session")
    found = engine().perform(actor(), confirm_with_provider, current_user.token, shown, asked, request.remote_addr or "")
    if isinstance(found, Failed):
        return _told(found.kind)
    renew(found)
    return redirect(local_path(note.after))


def told_out() -> Any:
    """What the provider posts when a session there is over: the sessions here that came from it end. No page: a machine reads the answer."""
    headers = {"Content-Type": "text/plain"}
    if not engine().settings.single_sign_on.on:
        return "Nobody signs in here with a provider.\n", 400, headers
    try:
        done = engine().perform(SYSTEM, sign_out_by_provider, _provider().logged_out(request.form.get("logout_token", "")))
    except ProviderDown:
        return "The keys of the provider could not be read.\n", 503, headers | {"Retry-After": "60"}
    except NotShown as why:
        _noted(f"logout_{why.kind}")
        return "This is no logout token for us.\n", 400, headers
    return ("", 200, headers) if done else ("This logout token was used before.\n", 400, headers)


def turned_back(note: Note, kind: str) -> Any:
    """Somebody has said no there, or the provider has."""
    _noted(kind)
    if note.session is not None:
        return page(400, "You have not confirmed that it is you", ["Close this tab, and try again or another way in the one before it."])
    return redirect(url_for("sign_in.form", why=kind, next=note.after if note.after != url_for("home.page") else None))


def failed(kind: str) -> Any:
    """What came back lets nobody in; the trail says which check it was."""
    _noted(kind)
    return _told(kind)


def down() -> Any:
    """The provider cannot be asked."""
    title = engine().settings.single_sign_on.title
    return *page(503, f"{title} does not answer", [
        f"You cannot sign in with {title} at this moment. Nothing is wrong with your account.",
        f"Try again in a few minutes. If {title} works elsewhere and still not here, tell the board’s business office."]), {"Retry-After": "60"}


def leave() -> Any:
    """To where somebody ends their session with the provider too."""
    try:
        address = _provider().sign_out_address(f"{engine().settings.mail.base_url}/sign-in")
    except ProviderDown:
        return down()
    if address is None:
        flash("no_provider_sign_out")
        return redirect(url_for("sign_in.form"))
    return redirect(address, 303)


def _provider() -> IdentityProvider:
    return cast("IdentityProvider", current_app.extensions["identity_provider"])


def _note() -> Note | None:
    """What this browser was sent out with; it is good for one answer."""
    try:
        return Note(**json.loads(engine().vault.open(base64.b64decode(session.pop(NOTE, "")), "at the provider")))
    except (Broken, ValueError, TypeError):
        return None


def _noted(kind: str) -> None:
    engine().perform(SYSTEM, note_failed_sign_in, kind, request.args.get("state", "")[:200], request.remote_addr or "")


def _told(kind: str) -> Any:
    status, title, says = WORDS.get(kind, SOMETHING)
    name = engine().settings.single_sign_on.title
    return page(status, title, [line.format(title=name) for line in says])
