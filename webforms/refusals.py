"""What the engine refuses, and what goes wrong, as pages in plain words."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from flask import Flask, g, render_template, request
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import BadHost, HTTPException, RequestEntityTooLarge

from engine.errors import AlreadyDone, Busy, Erased, Incident, Locked, NotAllowed, NotFound, ProveAgain, Refused, Unavailable
from webforms import asking_again
from webforms.answering import again_with_what_was_typed, is_a_form
from webforms.identity import as_nobody

if TYPE_CHECKING:
    from collections.abc import Sequence

log = structlog.get_logger("casereview.web")
TITLES = {403: "You cannot do this", 404: "Page not found", 405: "This page cannot be used that way", 409: "This cannot be done now",
          413: "What you sent is too big", 422: "This cannot be done", 423: "This is locked for now"}
GONE = ["If you typed the address, check it is correct.", "If you followed a link, the page may have moved, or it may not be meant for you."]


def install(app: Flask) -> None:
    """A page for every way things can fail."""
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(ProveAgain, asking_again.asked)
    app.register_error_handler(Incident, _incident)
    app.register_error_handler(Busy, _busy)
    app.register_error_handler(Unavailable, _unavailable)
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(RequestEntityTooLarge, _too_big)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _broken)


def page(status: int, title: str, says: Sequence[str], **more: Any) -> tuple[str, int]:
    """A page that says what happened and what to do. It is the same for what is not there and what one may not see."""
    typed = g.get("typed")
    return render_template("refusal.html", title=title, says=says, typed=typed, draft_kept=g.get("draft_kept", False),
                           form_title=g.get("form_title"), form_here=g.get("form_here"), **more), status


def _refused(refusal: Refused) -> tuple[str, int]:
    if isinstance(refusal, Erased): return page(410, "This case has been erased", ["What people wrote in it is gone and cannot be brought back."])
    if isinstance(refusal, NotFound): return page(404, TITLES[404], GONE)
    if isinstance(refusal, AlreadyDone): return page(409, "This has already been done", refusal.says, by=refusal.by, at=refusal.at)
    if isinstance(refusal, NotAllowed): return page(403, TITLES[403], refusal.says)
    if isinstance(refusal, Locked): return page(423, TITLES[423], refusal.says, hits=refusal.hits)
    return page(refusal.status, TITLES.get(refusal.status, TITLES[409]), refusal.says)


def _incident(incident: Incident) -> tuple[str, int]:
    return page(500, "The case could not go on", [
        "Something in the process could not be worked out. Nothing was lost and nothing was changed.",
        "The business office can see what happened and has it mended. You do not need to do anything until they tell you."], incident=incident)


def _busy(_problem: Busy) -> tuple[str, int, dict[str, str]]:
    return *page(503, "The service is busy", ["Many people are signing in at this moment. Nothing is wrong with what you entered.",
                                              "Try again in a moment."]), {"Retry-After": "5"}


def _unavailable(_problem: Unavailable) -> tuple[str, int, dict[str, str]]:
    """The page knows nothing that stands in the database; it carries what was typed, so that one press sends it again."""
    as_nobody()
    typed = list(request.form.items(multi=True)) if request.method == "POST" and is_a_form() else []
    return render_template("unavailable.html", typed=typed, files=bool(request.files), again=request.full_path.rstrip("?"),
                           posted=request.method == "POST"), 503, {"Retry-After": "30"}


def _forged(error: CSRFError) -> Any:
    """A page left open too long, or a post from elsewhere: never taken, but what was typed stands on the page again."""
    try:
        if (again := again_with_what_was_typed()) is not None: return again
    except Refused as refusal:
        return _refused(refusal)
    except Incident as incident:
        return _incident(incident)
    if current_user.is_authenticated and request.endpoint == "sign_in.set_up":
        return page(400, "Recovery codes are shown once", [
            "Your account is protected, and you are signed in. The page with your recovery codes was loaded again, and they cannot be shown a second time.",
            "If you have not kept them, make new ones: choose your name above, and then “Make new recovery codes”."])
    if current_user.is_authenticated or request.endpoint != "sign_in.form":
        return page(400, "Please try again", [
            "What you sent was not taken. Perhaps the page was open for a long time, or it was sent once before and loaded again.",
            "Open the page anew. If it was not done yet, send it again."])
    return page(400, "Please sign in again", ["This page was open for a long time. Open the sign-in page again."], sign_in=True)


def _too_big(_error: RequestEntityTooLarge) -> tuple[str, int]:
    from webforms.identity import engine

    limits = engine().settings.limits
    return page(413, TITLES[413], [
        f"One file can have up to {limits.upload_megabytes} MB, and all files on a page together up to {limits.body_megabytes} MB.",
        "Go back: your browser still has what you typed. Choose a smaller file, or send big files one at a time."])


def _http(error: HTTPException) -> Any:
    status = error.code or 500
    if status < 400: return error
    if isinstance(error, BadHost): return "This is no name of a host.\n", 400, {"Content-Type": "text/plain"}   # under which no page of ours has an address
    if status == 404: return page(404, TITLES[404], GONE)
    answer = page(status, TITLES.get(status, "This did not work"), [error.description or ""] if status not in TITLES else ["Go back and try another way."])
    if status == 405: return answer[0], status, {"Allow": ", ".join(error.valid_methods or [])}  # type: ignore[attr-defined]
    return answer


def _broken(error: Exception) -> tuple[str, int]:
    """Our own mistake: noted by its kind and place, never with what the case says."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None: last = last.tb_next
    where = f"{last.tb_frame.f_code.co_filename.rpartition('/')[2]}:{last.tb_lineno}" if last is not None else "?"
    log.error("broken", kind=type(error).__name__, where=where, page=request.endpoint)
    return page(500, "Sorry, there is a problem with the service", [
        "Nothing was changed. Try again in a moment.", f"If it happens again, tell the people who look after this service: {g.get('request_id', '')}."])
