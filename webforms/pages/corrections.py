"""`/cases/<reference>/answers`: what was answered, corrected where it was wrong; and what that leaves for a person to settle."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from engine.actions import correct_answer, settle_decision
from engine.errors import InvalidAnswers
from engine.progress.correcting import WHY
from engine.queries import answer_page, correction_page, correction_preview, to_settle
from webforms.answering import Asking, form_routes
from webforms.identity import ask, perform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

page = Blueprint("corrections", __name__)


@page.get("/cases/<reference>/answers/<answer>", endpoint="answer")
def one_answer(reference: str, answer: str) -> str:
    return render_template("given.html", given=ask(answer_page, reference, answer))


def asking(reference: str, answer: str) -> Asking:
    """The form of an answer that is corrected. What is not asked of this person is not sent, and stays."""
    found = ask(correction_page, reference, answer)
    since = request.args.get("since", found.since, type=int)   # how many corrections there were when the page was opened
    back = url_for("corrections.answer", reference=reference, answer=answer)
    place: dict[str, Any] = {"reference": reference, "answer": answer, "since": since}

    def whole(raw: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """A browser does not send what was unticked."""
        kept = {key: value for key, value in raw.items() if key not in found.form_keys}
        answers = {**kept, **found.form.filled(raw)}
        return answers, str(answers.pop(WHY, None) or "")

    def send(raw: Mapping[str, Any]) -> Response:
        answers, why = whole(raw)
        perform(correct_answer, answer, answers, why, since)
        flash("corrected")
        return redirect(back)

    def preview(raw: Mapping[str, Any]) -> dict[str, Any]:
        answers, why = whole(raw)
        return {"effects": ask(correction_preview, reference, answer, answers, why), "why": why}

    return Asking(page=found, send=send, here=url_for("corrections.correct", **place),
                  check=url_for("corrections.correct_check", **place), back=back, template="correct.html", check_template="correct_check.html",
                  preview=preview, context={"reference": reference, "send_label": "Continue"})


form_routes(page, "/cases/<reference>/answers/<answer>/correct", "correct", asking)


@page.get("/cases/<reference>/settle/<decision>", endpoint="decision")
def one_decision(reference: str, decision: str) -> Any:
    return _settling(reference, decision)


@page.post("/cases/<reference>/settle/<decision>", endpoint="settle")
def settle(reference: str, decision: str) -> Any:
    note = request.form.get("note", "")
    try:
        perform(settle_decision, decision, note)
    except InvalidAnswers as refusal:
        return _settling(reference, decision, note, refusal.errors.get("note", "")), 422
    flash("settled")
    return redirect(url_for("cases.case", reference=reference))


def _settling(reference: str, decision: str, note: str = "", error: str = "") -> Any:
    found = ask(to_settle, reference, decision)
    if found is None:
        return redirect(url_for("cases.case", reference=reference))   # somebody has settled it meanwhile
    return render_template("settle.html", decision=found, note=note, error=error)
