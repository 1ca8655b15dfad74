"""`/process/<pack>`: a process as it was released, for everyone who is signed in: diagrams, deadlines, sources, releases. Nothing of a case."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, abort, current_app, render_template, request, url_for

from engine.queries import process_drawing, process_page, process_releases, process_sources
from webforms.identity import ask

if TYPE_CHECKING:
    from engine.queries.shapes.processes import Place, ProcessPage, Released, ReleaseRow, SourcesPage

page = Blueprint("process", __name__)
#: What carries a clause though it belongs to no pack, as people call it; what is not here is named by its address.
NAMES = {
    "help.roles": "Who does what", "help.role": "Who does what: a page for each role", "help.guide": "How this works", "published.list": "Published reviews",
    "published.one": "A published review", "trail.page": "Who did what and when, in a case", "process.sources": "How this process meets its sources",
    "process.releases": "Releases", "process.deadlines": "Deadlines", "process.list": "The process as drawn", "process.one": "A diagram",
    "cases.list": "Cases", "cases.case": "The page of a case", "registers.one": "A register of a case", "home.page": "Your tasks",
    "start.list": "Start something new",
    "tasks.task": "A task", "corrections.correct": "Correct an answer", "deputies.list": "Deputies",
}
MOST = 100_000   # no process has as many releases: what is beyond is made up


def _release() -> int | None:
    """The release that is asked for; none: the newest."""
    asked = request.args.get("release")
    if asked is None:
        return None
    if not (asked.isascii() and asked.isdigit() and int(asked[:6]) <= MOST and len(asked) <= 6):
        abort(404)
    return int(asked)


def _page(template: str, found: Released | ProcessPage | SourcesPage, **more: Any) -> str:
    """A page of one release; its links to others keep to that release, unless it is the newest."""
    release: ReleaseRow = found.release
    return render_template(template, found=found, release=release, of={} if release.newest else {"release": release.number}, **more)


@page.get("/process/<pack>", endpoint="list")
def diagrams(pack: str) -> str:
    return _page("process/diagrams.html", ask(process_releases, pack, _release()))


@page.get("/process/<pack>/deadlines")
def deadlines(pack: str) -> str:
    return _page("process/deadlines.html", ask(process_releases, pack, _release()))


@page.get("/process/<pack>/releases")
def releases(pack: str) -> str:
    return _page("process/releases.html", ask(process_releases, pack, _release()))


@page.get("/process/<pack>/sources")
def sources(pack: str) -> str:
    asked = {key: " ".join(request.args.get(key, "").split())[:100] for key in ("source", "kind", "words")}
    return _page("process/sources.html", ask(process_sources, pack, _release(), **asked), asked=asked, link=_link, names=NAMES)


@page.get("/process/<pack>/<process>", endpoint="one")
def diagram(pack: str, process: str) -> str:
    found: ProcessPage = ask(process_page, pack, process, _release())
    of: dict[str, Any] = {} if found.release.newest else {"release": found.release.number}
    calls = {element: url_for("process.one", pack=pack, process=part.process, **of) for element, part in found.calls.items()}
    return _page("process/diagram.html", found, calls=calls)


@page.get("/process/<pack>/<process>.bpmn", endpoint="source")
def drawing(pack: str, process: str) -> Response:
    return Response(ask(process_drawing, pack, process, _release()), mimetype="application/xml")


def _link(place: Place, pack: str, of: dict[str, Any]) -> str | None:
    """Where a reader sees what carries a clause; None where nothing shows it by itself."""
    if place.process:
        return url_for("process.one", pack=pack, process=place.process, _anchor=place.element or None, **of)
    if place.kind == "Deadline":
        return url_for("process.deadlines", pack=pack, _anchor=place.element, **of)
    if place.kind == "Role":
        return url_for("help.role", pack=pack, role=place.element)
    shown = "help.roles" if place.page == "help.role" else place.page
    for rule in current_app.url_map.iter_rules():
        if shown and rule.endpoint == shown and rule.arguments <= {"pack"} and "GET" in (rule.methods or ()):
            return url_for(shown, pack=pack) if rule.arguments else url_for(shown)
    return None
