"""What those who run this see: one line for each request, and figures for the monitor. Never a word of any case."""
from __future__ import annotations

import re
import secrets
import time
from importlib.metadata import version
from typing import TYPE_CHECKING

import structlog
from flask import Flask, current_app, g, request
from flask_login import current_user
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from structlog.contextvars import bind_contextvars, clear_contextvars

from engine.queries import counts, moments
from engine.rules.access import SYSTEM

if TYPE_CHECKING:
    from flask import Response

GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")
#: Asked for by machines, all day long.
UNNOTED = ("static", "health.healthz", "health.readyz", "health.metrics")
#: Whose address is a key.
SECRET = ("links.open",)
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH"})
log = structlog.get_logger("casereview.access")


class Figures:
    """The monitor's figures of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("casereview_requests", "Requests answered", ["page", "method", "status"], registry=self.registry)
        self.seconds = Histogram("casereview_request_seconds", "How long answers took", ["page"], registry=self.registry)
        self.now = Gauge("casereview_now", "How many there are of it now", ["what"], registry=self.registry)
        self.at = Gauge("casereview_at_seconds", "When it last happened, in seconds since 1970; absent if it never did", ["what"], registry=self.registry)
        Gauge("casereview_software", "The software that runs, as a label", ["version"], registry=self.registry).labels(version("casereview")).set(1)


def install(app: Flask) -> None:
    """Count and note every request."""
    app.extensions["figures"] = Figures()

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()
        given = request.headers.get("X-Request-ID", "")
        g.request_id = given if GIVEN.fullmatch(given) else secrets.token_hex(8)
        clear_contextvars()
        bind_contextvars(request_id=g.request_id)   # on every line that is written on the way

    @app.after_request
    def end(response: Response) -> Response:
        response.headers["X-Request-ID"] = g.get("request_id", "-")
        page, took = request.endpoint or "nowhere", time.perf_counter() - g.get("began", time.perf_counter())
        figures: Figures = app.extensions["figures"]
        figures.requests.labels(page, request.method if request.method in METHODS else "other", response.status_code).inc()
        figures.seconds.labels(page).observe(took)
        if page not in UNNOTED:
            # No query string and no body; no address that leads nowhere: what people search for, type or paste stays out of logs; and no one-time link.
            unlooked = response.status_code == 302 and bool(request.view_args) and not g.get("signed_in")   # sent to sign in: whether it is there nobody knows
            path = request.path if response.status_code not in (400, 404) and page not in SECRET and not unlooked else None
            log.info("request", person=_person(), method=request.method, page=page, path=path, status=response.status_code, ms=round(took * 1000, 1))
        clear_contextvars()
        return response


def _person() -> str | None:
    """The id of whoever is signed in; nobody is looked up for it."""
    return current_user.actor.person if g.get("signed_in") and current_user.is_authenticated else None   # who signs out is nobody at the end


def exposition() -> bytes:
    """All figures in the monitor's text format."""
    figures: Figures = current_app.extensions["figures"]
    engine = current_app.extensions["engine"]
    for what, many in engine.ask(SYSTEM, counts).items():
        figures.now.labels(what).set(many)
    figures.at.clear()
    for what, moment in {**engine.ask(SYSTEM, moments), "last_sweep": engine.swept_at}.items():
        if moment is not None:
            figures.at.labels(what).set(moment.timestamp())
    return generate_latest(figures.registry)
