"""Which browser this is: in words for its owner, and whether somebody has signed in with it before.

A browser that has may go on trying where others have to wait: what a stranger tries elsewhere in somebody's name does not slow them. Its cookie says
nothing but that (signed, no name in it), and opens nothing."""
from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from flask import after_this_request, current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

from engine.rules.passwords import as_signed_in, shadow
from engine.store.tries import KNOWN_BROWSER

if TYPE_CHECKING:
    from flask import Response

DAYS = 180
MOST_PEOPLE = 5   # who share a computer
BROWSERS = (("Edg", "Edge"), ("OPR/|Opera", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox/|FxiOS", "Firefox"), ("Chrome/|CriOS", "Chrome"),
            ("Safari/", "Safari"))
SYSTEMS = (("iPhone", "an iPhone"), ("iPad", "an iPad"), ("Android", "Android"), ("CrOS", "a Chromebook"), ("Windows", "Windows"), ("Macintosh", "a Mac"),
           ("Linux|X11", "Linux"))


def in_words() -> str:
    """“Firefox on Windows”."""
    sent = request.user_agent.string[:500]
    browser, system = (next((name for mark, name in known if re.search(mark, sent)), "") for known in (BROWSERS, SYSTEMS))
    return f"{browser or 'A browser'} on {system}" if system else browser or "A browser of another kind"


def whence(*, login: str = "", person: str = "") -> str:
    """From where this person tries to come in, for counting: this browser if they did before, else the address."""
    wanted = shadow(as_signed_in(login)) if login else shadow(person)
    return next((f"{KNOWN_BROWSER}{id}" for name, who, id in _known() if wanted in (name, who)), request.remote_addr or "")


def remember(login: str, person: str) -> None:
    """This person has just signed in here."""
    mine = [shadow(as_signed_in(login)), shadow(person), secrets.token_urlsafe(12)]
    others = [one for one in _known() if one[1] != mine[1]][:MOST_PEOPLE - 1]
    kept = next((one for one in _known() if one[1] == mine[1]), mine)
    value = _signer().dumps([[*mine[:2], kept[2]], *others])

    @after_this_request
    def send(response: Response) -> Response:
        secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
        response.set_cookie(_name(), value, max_age=DAYS * 86400, secure=secure, httponly=True, samesite="Lax", path="/")
        return response


def _known() -> list[list[str]]:
    try:
        found = _signer().loads(request.cookies.get(_name(), ""), max_age=DAYS * 86400)
    except BadData:
        return []
    return [one for one in found if isinstance(one, list) and len(one) == 3 and all(isinstance(part, str) for part in one)] if isinstance(found, list) else []


def _name() -> str:
    return "__Host-browser" if current_app.config["SESSION_COOKIE_SECURE"] else "browser"


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="known browser")
