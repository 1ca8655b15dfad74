"""“Confirm that it is you”: what was asked for is kept, sealed, in the page that asks, and goes on by itself once it is answered."""
from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from flask import current_app, redirect, render_template, request
from flask_login import current_user
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import HTTPException

from engine.queries import to_confirm
from engine.store.sealing import Broken
from webforms.identity import actor, ask, engine, local_path, passkeys_work, place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.errors import ProveAgain

KEPT_FOR = timedelta(hours=1)
SEALED_FOR = "what waits for its owner"


def asked(_refusal: ProveAgain) -> Any:
    """The page, in place of whatever this request would have done. Only forms of a process take files, and those keep all they were sent as a draft."""
    if request.method != "POST":
        return page(request.full_path.rstrip("?"))
    return page(request.path, [pair for pair in request.form.items(multi=True) if pair[0] != "csrf_token"])


def page(path: str, fields: list[tuple[str, str]] | None = None, *, title: str = "", files: Sequence[str] = ()) -> Any:
    """Ask the person, then go to `path`, or post these fields there. `files`: names of those that wait there in a draft."""
    kept = {"path": path, "fields": fields, "title": title, "files": list(files), "at": engine().now().isoformat()}
    sealed = engine().vault.seal(json.dumps(kept).encode(), SEALED_FOR, actor().session)
    return show(base64.b64encode(sealed).decode(), kept, {}, 403)


def show(sealed: str, kept: Mapping[str, Any], errors: Mapping[str, str], status: int) -> Any:
    """The page once more, with what was wrong."""
    known = ask(to_confirm, place())
    summary = [{"text": says, "href": f"#{name}"} for name, says in errors.items()]
    return render_template("confirm.html", kept=sealed, what=kept["title"], files=kept["files"], errors=errors, summary=summary,
                           codes=known.codes, provider=known.provider, passkey=known.passkey if passkeys_work() else None,
                           minutes=engine().settings.sessions.prove_again_minutes), status


def opened(sealed: str) -> dict[str, Any] | None:
    """What was kept for this session; None for what is not ours, or too old."""
    try:
        kept = json.loads(engine().vault.open(base64.b64decode(sealed.encode(), validate=True), SEALED_FOR, actor().session))
    except (Broken, ValueError):
        return None
    return kept if engine().now() - datetime.fromisoformat(kept["at"]) <= KEPT_FOR else None


def wanted() -> str:
    """What to say to whoever has shown nothing."""
    provider = engine().settings.single_sign_on.title if ask(to_confirm, place()).provider else None
    return f"Confirm with {provider} first, then go on here" if provider else "Enter your password, or a code if you have an authenticator app"


def shown_lately() -> bool:
    """Whether this person has shown who they are since the page asked, somewhere else."""
    at = actor().proved_at
    return at is not None and engine().now() - at <= timedelta(minutes=engine().settings.sessions.prove_again_minutes)


def go_on(kept: Mapping[str, Any]) -> Any:
    """Do what was asked for, as if it had just been sent."""
    if kept["fields"] is None:
        return redirect(local_path(kept["path"]))
    try:
        rule, args = current_app.create_url_adapter(request).match(kept["path"], method="POST", return_rule=True)  # type: ignore[union-attr]
    except HTTPException:
        return redirect(local_path(None))
    request.url_rule, request.view_args = rule, cast("dict[str, Any]", args)
    request.form, request.files = ImmutableMultiDict([tuple(pair) for pair in kept["fields"]]), ImmutableMultiDict()
    assert current_user.is_authenticated  # noqa: S101 - only who has just shown that it is them comes here
    return current_app.ensure_sync(current_app.view_functions[rule.endpoint])(**args)
