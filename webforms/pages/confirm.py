"""`/confirm`: the answer to “Confirm that it is you”. The page itself stands in place of what had asked for it."""
from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for

from webforms import asking_again
from webforms.identity import prove

page = Blueprint("confirm", __name__)
WAIT = "or there were too many wrong tries and you have to wait"
NOT_RIGHT = {"passkey": "The passkey did not work. Try once more", "code": f"This code is not right, was used before, {WAIT}",
             "password": f"This is not your password, {WAIT}"}


@page.post("/confirm")
def answer() -> Any:
    sealed = request.form.get("kept", "")
    kept = asking_again.opened(sealed)
    if kept is None:
        return redirect(url_for("home.page"))
    given = {name: request.form.get(name, "") for name in ("password", "code", "passkey")}
    if not any(given.values()):
        if asking_again.shown_lately():   # at the provider, in another tab
            return asking_again.go_on(kept)
        return asking_again.show(sealed, kept, {"password": asking_again.wanted()}, 422)
    how = next(name for name in ("passkey", "code", "password") if given[name])
    if not prove(**{how: given[how]}):
        return asking_again.show(sealed, kept, {"password" if how == "passkey" else how: NOT_RIGHT[how]}, 422)
    return asking_again.go_on(kept)
