"""`/healthz`, `/readyz`, `/metrics`: for machines that watch this one."""
from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, Response

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
    except sa.exc.SQLAlchemyError:
        well = False
    return Response("ready\n" if well else "the database does not answer\n", status=200 if well else 503, mimetype="text/plain")


@page.get("/metrics")
def metrics() -> Response:
    return Response(exposition(), mimetype="text/plain; version=0.0.4")
