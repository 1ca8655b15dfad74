"""`/people`: accounts and the roles people hold, for those who manage people. What is proposed here is done when a second person approves it."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for

from engine.actions import close_account, propose
from engine.errors import InvalidAnswers
from engine.queries import account_form, people, person
from webforms import posted
from webforms.forms import draw
from webforms.identity import ask, engine, perform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

    from engine.queries.shapes.people import AccountForm, PersonPage

page = Blueprint("people", __name__)
#: What can be proposed of an account: the word in the address, and the kind of the proposal.
CHANGES = {"give": "role_given", "take": "role_taken", "open": "account_opened", "access": "let_in_again"}


@page.get("/people", endpoint="list")
def accounts() -> str:
    which = request.args.get("which", "open")
    if which not in ("open", "closed"): abort(404)
    return render_template("people.html", found=ask(people, " ".join(request.args.get("words", "").split())[:100], which))


@page.get("/people/new", endpoint="new")
def new() -> str:
    return _form(ask(account_form, "account_made"), "account_made")


@page.post("/people/new", endpoint="new_answer")
def new_answer() -> Any:
    return _propose(ask(account_form, "account_made"), "account_made")


@page.get("/people/<person>", endpoint="one")
def account(person: str) -> str:
    return render_template("person.html", found=_found(person))


@page.get("/people/<person>/<change>", endpoint="change")
def change(person: str, change: str) -> str:
    return _form(ask(account_form, CHANGES.get(change, ""), person), CHANGES[change])


@page.post("/people/<person>/<change>", endpoint="change_answer")
def change_answer(person: str, change: str) -> Any:
    return _propose(ask(account_form, CHANGES.get(change, ""), person), CHANGES[change])


@page.post("/people/<person>/close", endpoint="close")
def close(person: str) -> Response:
    perform(close_account, _found(person).login)
    flash("closed")
    return redirect(url_for("people.one", person=person))


def _found(which: str) -> PersonPage:
    found: PersonPage = ask(person, which)
    return found


def _propose(found: AccountForm, kind: str) -> Any:
    raw = posted.answers(found.form, request.form, request.files, {})
    given = found.form.clean(raw, {}, engine().now())
    try:
        if given.errors:
            raise InvalidAnswers(given.errors)
        answers = found.form.filled(given.values) | ({"person": found.person} if found.person else {})
        proposal = perform(propose, kind, answers)
    except InvalidAnswers as refusal:
        return _form(found, kind, raw, refusal.errors), 422
    flash("proposed")
    return redirect(url_for("approvals.one", proposal=proposal))


def _form(found: AccountForm, kind: str, raw: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None) -> str:
    now = engine().now()
    answers = dict(raw) if raw is not None else found.form.initial({}, now)
    drawn = draw(found.form, found.form.show(answers, {}, now), answers, errors or {}, now)
    return render_template("account_change.html", found=found, kind=kind, drawn=drawn)
