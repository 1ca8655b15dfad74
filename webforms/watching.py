"""What those who run this see: one line for each request, and figures for the monitor. Never a word of any case."""
from __future__ import annotations

import re
import secrets
import time
from typing import TYPE_CHECKING

import structlog
from flask import Flask, current_app, g, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from engine.queries import counts
from engine.rules.access import SYSTEM

if TYPE_CHECKING:
    from flask import Response

GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")
log = structlog.get_logger("casereview.access")


class Figures:
    """The monitor's figures of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("casereview_requests", "Requests answered", ["page", "method", "status"], registry=self.registry)
        self.seconds = Histogram("casereview_request_seconds", "How long answers took", ["page"], registry=self.registry)
        self.now = Gauge("casereview_now", "How many there are of it now", ["what"], registry=self.registry)


def install(app: Flask) -> None:
    """Count and note every request."""
    app.extensions["figures"] = Figures()

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()
        given = request.headers.get("X-Request-ID", "")
        g.request_id = given if GIVEN.fullmatch(given) else secrets.token_hex(8)

    @app.after_request
    def end(response: Response) -> Response:
        response.headers["X-Request-ID"] = g.get("request_id", "-")
        page, took = request.endpoint or "nowhere", time.perf_counter() - g.get("began", time.perf_counter())
        figures: Figures = app.extensions["figures"]
        figures.requests.labels(page, request.method, response.status_code).inc()
        figures.seconds.labels(page).observe(took)
        if page not in ("static", "health.healthz", "health.readyz", "health.metrics"):
            # no query string, no body: what people search for or type stays out of logs
            log.info("request", id=response.headers["X-Request-ID"], method=request.method, path=request.path, page=page,
                     status=response.status_code, ms=round(took * 1000, 1))
        return response


def exposition() -> bytes:
    """All figures in the monitor's text format."""
    figures: Figures = current_app.extensions["figures"]
    for what, many in current_app.extensions["engine"].ask(SYSTEM, counts).items():
        figures.now.labels(what).set(many)
    return generate_latest(figures.registry)
