"""`/published`: what anyone may read. No sign-in, no cookie, no session looked at: the same page for everybody, and fit to be kept by caches."""
from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, make_response, render_template, request, send_file
from flask_login import AnonymousUserMixin

from engine.review.public import entries, entry, public_file
from engine.rules.access import SYSTEM
from webforms.identity import engine

if TYPE_CHECKING:
    from engine.review.public import Entry

page = Blueprint("published", __name__)
KEPT = "public, max-age=300"    # what has to come down at once is gone from caches within five minutes
NOBODY = AnonymousUserMixin()   # also when someone is signed in: nothing of them may end up in a cache


def _public(template: str, **what: Any) -> Response:
    response = make_response(render_template(template, me=NOBODY, **what))
    response.headers["Cache-Control"] = KEPT
    return response


def _entries(words: str = "") -> list[Entry]:
    return engine().ask(SYSTEM, entries, words)


@page.get("/published/", endpoint="list")
def everything() -> Response:
    words = " ".join(request.args.get("words", "").split())[:200]
    return _public("published/list.html", entries=_entries(words), searched=words)


@page.get("/published/feed.atom")
def feed() -> Response:
    response = make_response(render_template("published/feed.xml", entries=_entries()[:50], base=engine().settings.mail.base_url, me=NOBODY))
    response.headers["Content-Type"] = "application/atom+xml; charset=utf-8"
    response.headers["Cache-Control"] = KEPT
    return response


@page.get("/published/<reference>/")
def one(reference: str) -> Response:
    return _public("published/entry.html", entry=engine().ask(SYSTEM, entry, reference))


@page.get("/published/<reference>/<name>")
def file(reference: str, name: str) -> Response:
    found = engine().ask(SYSTEM, public_file, reference, name)
    response = send_file(BytesIO(found.content or b""), mimetype=found.kind, as_attachment=True, download_name=found.file_name, etag=found.digest)
    response.headers["Cache-Control"] = KEPT
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
