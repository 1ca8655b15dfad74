"""What every answer carries to keep browsers from doing harm, and what every request must bring."""
from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, current_app, request
from flask.sessions import SecureCookieSessionInterface
from flask_login import current_user
from flask_wtf.csrf import CSRFProtect

if TYPE_CHECKING:
    from flask import Response
    from flask.sessions import SessionMixin

#: Nothing from elsewhere, nothing inline, no frames.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Robots-Tag": "noindex, nofollow",
}


#: What someone who is not signed in may send.
STRANGERS_BYTES = 64 * 1024
READING = frozenset({"GET", "HEAD", "OPTIONS"})

#: Blueprints whose pages may be kept and found by search engines; they say themselves how long.
PUBLIC = frozenset({"published"})


class _Sessions(SecureCookieSessionInterface):
    """Sessions everywhere but on the public's pages: no cookie there, and no mention of one that would keep caches from them."""

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if request.blueprint not in PUBLIC:
            super().save_session(app, session, response)


def install(app: Flask) -> None:
    """Cookie flags, the token against forged posts, and headers on every answer."""
    secure = app.extensions["engine"].settings.web.secure_cookies
    app.config.update(
        SESSION_COOKIE_NAME="__Host-session" if secure else "session",
        SESSION_COOKIE_SECURE=secure, SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_PATH="/",
        WTF_CSRF_TIME_LIMIT=None,   # it lives as long as the session: forms here take an afternoon
    )
    app.session_interface = _Sessions()
    app.before_request(_little_from_strangers)   # before the token is looked for: that reads all that was sent
    CSRFProtect(app).exempt("webforms.pages.single_sign_on.told_out")   # no browser posts it: what it brings is signed by the provider
    app.after_request(_headers)


def _little_from_strangers() -> None:
    """Who has no session, nor one that has just run out, may send no more than it takes to sign in."""
    from webforms.identity import just_left

    if request.method not in READING and not current_user.is_authenticated and just_left() is None:
        request.max_content_length = STRANGERS_BYTES


def _headers(response: Response) -> Response:
    found = request.blueprint in PUBLIC and response.status_code < 400
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if found:
        response.headers.pop("X-Robots-Tag")   # to be found is what these pages are for
    if current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint == "static" and response.status_code < 400:
        kept = "public, max-age=31536000, immutable" if "v" in request.args else "public, max-age=3600"
        response.headers["Cache-Control"] = kept
    elif not found:
        response.headers["Cache-Control"] = "no-store"
    return response
