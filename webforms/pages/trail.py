"""`/cases/<reference>/trail`: who did what and when, in words."""
from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from flask import Blueprint, abort, render_template, request

from engine.queries import case_trail
from webforms.identity import ask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.queries.shapes.cases import TrailPage, TrailRow

page = Blueprint("trail", __name__)


@page.get("/cases/<reference>/trail", endpoint="page")
def trail(reference: str) -> str:
    before = request.args.get("before")
    if before is not None and not (before.isascii() and before.isdigit() and len(before) < 16): abort(404)
    found: TrailPage = ask(case_trail, reference, int(before) if before else None)
    # what one person did over and over reads as one line
    rows = [(first, len(list(rest)) + 1) for _, together in groupby(found.rows, lambda row: (row.who, row.words)) for first, rest in [_parted(together)]]
    return render_template("trail.html", trail=found, rows=rows)


def _parted(rows: Iterator[TrailRow]) -> tuple[TrailRow, Iterator[TrailRow]]:
    return next(rows), rows
