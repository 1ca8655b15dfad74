"""`/healthz`, `/readyz`, `/metrics`: for machines that watch this one."""
from __future__ import annotations

import hmac
import ipaddress

from flask import Blueprint, Response, abort, request

from engine.errors import Unavailable
from engine.queries import ready
from engine.rules.access import SYSTEM
from webforms.identity import engine
from webforms.watching import exposition

page = Blueprint("health", __name__)


@page.get("/healthz")
def healthz() -> Response:
    return Response("alive\n", mimetype="text/plain")


@page.get("/readyz")
def readyz() -> Response:
    try:
        well = engine().ask(SYSTEM, ready)
    except Unavailable:
        well = False
    return Response("ready\n" if well else "the database does not answer\n", status=200 if well else 503, mimetype="text/plain")


@page.get("/metrics")
def metrics() -> Response:
    """For whoever brings the token; where none is set, in production, for this machine alone. To others it is not there."""
    if not _may_watch():
        abort(404)
    return Response(exposition(), mimetype="text/plain; version=0.0.4")


def _may_watch() -> bool:
    settings = engine().settings
    if settings.metrics_token:
        return hmac.compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {settings.metrics_token}".encode())
    return settings.kind != "production" or _from_here(request.remote_addr)


def _from_here(address: str | None) -> bool:
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False
