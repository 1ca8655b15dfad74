"""`/cases`: where every case stands, one case, and the buttons it offers."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for

from engine.actions import press_case_action
from engine.queries import action_page, all_cases, case_page
from engine.queries.shapes.keeping import ErasedCase
from webforms.answering import Asking, form_routes
from webforms.identity import actor, ask, perform
from webforms.pictures import drawn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

    from engine.queries.shapes.cases import ActionRow, CasePage, DoneRow

page = Blueprint("cases", __name__)
STATES = {"open": "Open", "late": "Late", "ended": "Ended", "all": "All"}


@page.get("/cases", endpoint="list")
def cases() -> str:
    state = request.args.get("state", "open")
    if state not in STATES: abort(404)
    return _list(state, request.args.get("after") or None)


@page.post("/cases", endpoint="find")
def find() -> str:
    """What is looked for is posted: it could be a name, and stands in no address."""
    return _list("all", None, request.form.get("words", "").strip())


def _list(state: str, after: str | None, words: str = "") -> str:
    shown = {key: label for key, label in STATES.items() if key != "late" or actor().may("see_status")}
    return render_template("cases.html", cases=ask(all_cases, state, after, words), state=state, states=shown, words_found=words)


@page.get("/cases/<reference>")
def case(reference: str) -> Any:
    found: CasePage | ErasedCase = ask(case_page, reference)
    if isinstance(found, ErasedCase):
        return render_template("erased.html", case=found), 410
    running = [clock for clock in found.clocks if not clock.ended]
    picture = drawn(found.picture) if found.picture else {}
    return render_template("case.html", case=found, running=running, ended=[clock for clock in found.clocks if clock.ended],
                           answered=_by_stage(found), buttons=_by_heading(found.actions), **picture)


def _by_stage(found: CasePage) -> list[tuple[str, list[DoneRow]]]:
    """What was done under each stage, in the order of the stages; what can come at any time last."""
    stages = {title: [done for done in found.done_tasks if done.stage == title] for _, title, _ in found.stages}
    besides = [done for done in found.done_tasks if done.stage not in stages]
    return [(title, rows) for title, rows in [*stages.items(), ("At any time", besides)] if rows]


def _by_heading(actions: list[ActionRow]) -> list[tuple[str, list[ActionRow]]]:
    """The buttons under their headings, those that need none first; each group in the order of the process."""
    headings: dict[str, list[ActionRow]] = {"": []}
    for action in actions:
        headings.setdefault(action.group, []).append(action)
    return [(heading, rows) for heading, rows in headings.items() if rows]


def asking(reference: str, action: str) -> Asking:
    """The form of one of the case's buttons."""
    found = ask(action_page, reference, action)
    case_id = found.case_id or ""
    back = url_for("cases.case", reference=reference)

    def send(answers: Mapping[str, Any]) -> Response:
        perform(press_case_action, case_id, action, answers)
        flash("action_done")
        return redirect(back)

    return Asking(page=found, send=send, here=url_for("cases.action", reference=reference, action=action),
                  check=url_for("cases.action_check", reference=reference, action=action), back=back,
                  context={"reference": reference, "trail": [("Cases", url_for("cases.list")), (reference, back)], "send_label": "Send"})


form_routes(page, "/cases/<reference>/do/<action>", "action", asking)
