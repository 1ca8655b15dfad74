"""`/documents/<id>`, a paper also as `?as=pdf` or `?as=docx`: a file, always as a download: nothing somebody uploaded is ever opened as a page of ours."""
from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from flask import Blueprint, request, send_file

from engine.queries import document
from webforms.identity import ask

if TYPE_CHECKING:
    from flask import Response

page = Blueprint("documents", __name__)


@page.get("/documents/<id>")
def download(id: str) -> Response:
    found = ask(document, id, request.args.get("as"))
    response = send_file(BytesIO(found.content), mimetype="application/octet-stream", as_attachment=True, download_name=found.name)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
