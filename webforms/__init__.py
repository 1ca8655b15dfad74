"""The web: it asks the engine, tells the engine, and decides nothing itself."""
from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import govuk_frontend_jinja
import govuk_frontend_wtf
from flask import Flask, url_for
from govuk_frontend_wtf.main import WTFormsHelpers
from jinja2 import ChoiceLoader, PackageLoader, PrefixLoader
from werkzeug.middleware.proxy_fix import ProxyFix

from webforms import filters, identity, provider, refusals, security, watching
from webforms.pages import PAGES

if TYPE_CHECKING:
    from engine import Engine

__all__ = ["create_app"]


def create_app(engine: Engine) -> Flask:
    """The web application of one engine."""
    settings = engine.settings
    app = Flask(__name__)
    app.extensions["engine"] = engine
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=settings.limits.body_bytes,
        MAX_FORM_MEMORY_SIZE=8 * 1024 * 1024,   # typed text only; files are counted by the line above
        MAX_FORM_PARTS=settings.limits.form_parts,
    )
    if settings.web.proxies:
        hops = settings.web.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops, x_prefix=0)  # type: ignore[method-assign]
    _templates(app)
    watching.install(app)
    security.install(app)
    identity.install(app)
    provider.install(app)
    refusals.install(app)
    filters.install(app)
    for page in PAGES:
        app.register_blueprint(page)
    return app


def _templates(app: Flask) -> None:
    """Our own templates, and those of the two GOV.UK packages under their names."""
    app.jinja_loader = ChoiceLoader([
        PackageLoader("webforms"),
        PrefixLoader({package.__name__: PackageLoader(package.__name__) for package in (govuk_frontend_jinja, govuk_frontend_wtf)}),
    ])
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    WTFormsHelpers(app)
    prints: dict[str, str] = {}

    @app.template_global()
    def asset(name: str) -> str:
        """The address of a built file; it changes with the file, so browsers may keep it for good."""
        if name not in prints:
            path = Path(app.static_folder or "") / name
            prints[name] = hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.exists() else "0"
        return url_for("static", filename=name, v=prints[name])


