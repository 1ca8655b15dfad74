"""`/service`: whether the trail is whole, backups are made and mails leave. For administrators and for those who watch; nothing of any case."""
from __future__ import annotations

from flask import Blueprint, render_template

from engine.queries import service
from webforms.identity import ask

page = Blueprint("service", __name__)


@page.get("/service", endpoint="page")
def shown() -> str:
    return render_template("service.html", found=ask(service))
