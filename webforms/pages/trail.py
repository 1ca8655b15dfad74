"""`/cases/<reference>/trail`: who did what and when, in words; `/cases/<reference>/trail/looked`: who looked at this case; `/trail/<id>`: what one
person looked at and did. A trail can be taken away as evidence, signed. What is looked for is posted: it could be a name, and names stand in no address."""
from __future__ import annotations

import re
from datetime import date
from io import BytesIO
from itertools import groupby
from typing import TYPE_CHECKING, Any

from flask import Blueprint, abort, render_template, request, send_file

from engine import evidence
from engine.queries import case_trail, person_trail, watched, who_looked
from engine.queries.case_trail import KINDS
from engine.queries.shapes.trail import Chosen
from webforms.identity import actor, ask, engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Response

    from engine.queries.shapes.trail import TrailPage, TrailRow

page = Blueprint("trail", __name__)
LONGEST = 100


@page.route("/cases/<reference>/trail", methods=["GET", "POST"], endpoint="page")
def trail(reference: str) -> str:
    chosen = _chosen()
    return _shown("trail.html", ask(case_trail, reference, _before(), chosen=chosen), chosen)


@page.route("/cases/<reference>/trail/looked", methods=["GET", "POST"], endpoint="looked")
def looked(reference: str) -> str:
    chosen = _chosen()
    return render_template("looked.html", looked=ask(who_looked, reference, Chosen(since=chosen.since, until=chosen.until)), chosen=chosen)


@page.post("/cases/<reference>/trail/evidence", endpoint="evidence")
def bundle(reference: str) -> Response:
    response = send_file(BytesIO(evidence.make(engine(), actor(), reference)), mimetype="application/zip", as_attachment=True,
                         download_name=f"{reference}-trail.zip")
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@page.get("/trail", endpoint="people")
def people() -> str:
    return render_template("trail_people.html", everyone=ask(watched))


@page.route("/trail/<id>", methods=["GET", "POST"], endpoint="person")
def person(id: str) -> str:
    chosen = _chosen()
    return _shown("trail_person.html", ask(person_trail, id, _before(), chosen=chosen), chosen, person=id)


def _shown(template: str, found: TrailPage, chosen: Chosen, **more: Any) -> str:
    # what one person did over and over reads as one line
    rows = [(first, len(list(rest)) + 1) for _, together in groupby(found.rows, lambda row: (row.who, row.words, row.reference))
            for first, rest in [_parted(together)]]
    return render_template(template, trail=found, rows=rows, chosen=chosen, before=_before(), kinds={name: words for name, (words, _) in KINDS.items()}, **more)


def _chosen() -> Chosen:
    """What was asked for. An address that names what there is not is not there; what was typed wrong in the form leaves nothing out."""
    if request.method == "GET":
        kind, who = request.args.get("kind", ""), request.args.get("person", "")
        if (kind and kind not in KINDS) or (who and not re.fullmatch(r"[0-9a-f]{32}", who)): abort(404)
        return Chosen(person=who, kind=kind)
    form = request.form
    who = form.get("person", "")
    return Chosen(person=who if re.fullmatch(r"[0-9a-f]{32}", who) else "", kind=form.get("kind", "") if form.get("kind") in KINDS else "",
                  since=_day(form.get("since")), until=_day(form.get("until")), words=" ".join(form.get("words", "")[:LONGEST].split()).replace("\0", ""))


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _before() -> int | None:
    before = request.values.get("before")
    if before is not None and not (before.isascii() and before.isdigit() and len(before) < 16): abort(404)
    return int(before) if before else None


def _parted(rows: Iterator[TrailRow]) -> tuple[TrailRow, Iterator[TrailRow]]:
    return next(rows), rows
