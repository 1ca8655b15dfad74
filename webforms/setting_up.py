"""Adding an authenticator app or a passkey: after the first password, and later on “Your account”."""
from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import segno
from flask import render_template, request

from engine.actions import add_authenticator, add_passkey
from engine.errors import InvalidAnswers
from engine.queries import new_authenticator, new_passkey, same_authenticator
from webforms.identity import engine, passkeys_work, place
from webforms.short_forms import Code, tell

if TYPE_CHECKING:
    from engine import Actor
    from engine.actions.factors import Added


@dataclass
class Answered:
    """What came of a post; of a page that was only opened, nothing."""

    form: Code
    added: Added | None = None
    passkey_error: str = ""


def answer(who: Actor, token: str) -> Answered:
    """Add what was posted: a code with the app's sealed secret, or a new passkey."""
    found = Answered(Code())
    if request.method != "POST":
        return found
    name = request.form.get("name", "")
    try:
        if request.form.get("passkey"):
            found.added = engine().perform(who, add_passkey, token, request.form["passkey"], place(), name)
        elif found.form.validate():
            found.added = engine().perform(who, add_authenticator, token, _offered(), found.form.code.data, name)
    except InvalidAnswers as refusal:
        found.passkey_error = refusal.errors.get("passkey", "") or (refusal.errors.get("name", "") if request.form.get("passkey") else "")
        tell(found.form, refusal)
    return found


def page(template: str, who: Actor, found: Answered, *, both: bool, post_to: str, passkey: bool = False) -> Any:
    """The page to add one on; with a wrong code, with the same picture as before."""
    new = None
    if both or not passkey:
        try:
            new = engine().ask(who, same_authenticator, _offered()) if found.form.errors and request.form.get("offered") else None
        except InvalidAnswers:
            new = None
        new = new or engine().ask(who, new_authenticator)
    options = engine().ask(who, new_passkey, place()) if (both or passkey) and passkeys_work() else None
    wrong = bool(found.form.errors) or bool(found.passkey_error)
    body = render_template(
        template, form=found.form, new=new, offered=base64.b64encode(new.sealed).decode() if new else "", post_to=post_to, wrong=wrong,
        picture=segno.make(new.address, error="m").svg_data_uri(scale=5, border=4, light="white") if new else None,
        spaced=" ".join(new.secret[at:at + 4] for at in range(0, len(new.secret), 4)) if new else "",
        passkey=options, passkey_error=found.passkey_error, origin=place().origin)
    return body, 422 if wrong else 200


def _offered() -> bytes:
    try:
        return base64.b64decode(request.form.get("offered", "").encode(), validate=True)
    except ValueError:
        return b""
