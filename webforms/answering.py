"""One form, wherever it stands (a task, a start, a case action): shown, kept as a draft, checked over and sent.

Whatever goes wrong, what the person typed is shown again or kept as a draft."""
from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flask import Blueprint, flash, g, redirect, render_template, request
from werkzeug.exceptions import HTTPException

from engine.actions import save_draft
from engine.errors import ChecksRefuse, Incident, InvalidAnswers, ProveAgain, ReasonNeeded, Refused
from engine.packs import REASON
from webforms import asking_again, identity, posted
from webforms.forms import draw, newly_asked
from webforms.identity import actor, engine
from webforms.typed import typed_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from werkzeug.wrappers import Response

    from engine import Actor
    from engine.errors import Hit
    from engine.queries.shapes.tasks import BareForm, FormPage

#: Endpoint → what makes the form of its address; so that a post that came too late is still understood.
MAKERS: dict[str, Callable[..., Asking]] = {}


@dataclass(frozen=True)
class Asking:
    """A form at its place: where its draft belongs, and what sending it does."""

    page: FormPage
    draft: dict[str, Any]                                # task=…, start=(…) or action=(…)
    send: Callable[[Mapping[str, Any]], Response]
    here: str
    check: str
    back: str
    template: str = "answer.html"
    check_template: str = "check.html"
    preview: Callable[[Mapping[str, Any]], dict[str, Any]] | None = None   # what more the page to check answers on shows
    context: dict[str, Any] = field(default_factory=dict)
    open: bool = True                                    # False: it is shown why it cannot be answered now

    @property
    def values(self) -> dict[str, Any]:
        """The answers it opens with, files and all."""
        found = posted.unpacked(dict(self.page.values))
        return {key: value for key, value in found.items() if key != REASON}

    @property
    def reason(self) -> str:
        return str(self.page.values.get(REASON) or "")


@dataclass(frozen=True)
class Bare:
    """A form and what sending it does: enough for a post that is simply right, at a fraction of what the page costs."""

    form: BareForm
    send: Callable[[Mapping[str, Any]], Response]


def form_routes(page: Blueprint, rule: str, name: str, make: Callable[..., Asking], bare: Callable[..., Bare] | None = None) -> None:
    """The addresses of a form: itself, and the page to check its answers on."""

    def show(**place: str) -> Any:
        asking = make(**place)
        if asking.open:
            return _page(asking, asking.values, reason=asking.reason)
        return render_template(asking.template, asking=asking, page=asking.page, **asking.context)

    def answer(**place: str) -> Any:
        if bare is not None and (sent := _sent_at_once(bare(**place), lambda: make(**place))) is not None:
            return sent
        asking = make(**place)
        return _answer(asking, _posted(asking))

    def check(**place: str) -> Any:
        asking = make(**place)
        if not asking.open or asking.page.draft_at is None:
            return redirect(asking.here)
        if request.method == "POST":
            return _send(asking, asking.values, request.form.get(REASON) or asking.reason, checked=True)
        return _check_page(asking)

    page.add_url_rule(rule, name, show, methods=["GET"])
    page.add_url_rule(rule, f"{name}_answer", answer, methods=["POST"])
    page.add_url_rule(f"{rule}/check", f"{name}_check", check, methods=["GET", "POST"])
    MAKERS[f"{page.name}.{name}_answer"] = make


def again_with_what_was_typed() -> Any:
    """The form of this post once more, when the post itself could not be trusted; None when it was no form's post."""
    make = MAKERS.get(request.endpoint or "")
    if make is None or not identity.current_user.is_authenticated:
        return None
    asking = make(**(request.view_args or {}))
    if not asking.open: return None
    return _page(asking, _posted(asking), status=400, again=True)


def keep_for_later() -> str | None:
    """A session ran out while somebody wrote: their post becomes their draft. Gives the address to come back to."""
    who, make = identity.just_left(), MAKERS.get(request.endpoint or "")
    if who is None or make is None: return None
    g.as_actor = who
    try:
        asking = make(**(request.view_args or {}))
        _keep(asking, _posted(asking), by=who)
    except (Refused, Incident, HTTPException):
        return None
    finally:
        g.as_actor = None
    return asking.here


# -- one post

def _posted(asking: Asking) -> dict[str, Any]:
    known = posted.files_in(asking.values)
    return posted.answers(asking.page.form, request.form, request.files, known)


def _answer(asking: Asking, raw: dict[str, Any]) -> Any:
    wanted, reason = request.form.get("do", "submit"), str(raw.pop(REASON, "") or "")
    if not asking.open:
        return _send(asking, raw, reason)   # the engine says why not; what was typed is kept
    what, _, place = wanted.partition(":")
    if what == "add":
        focus = _add(raw, place)
        return _kept_page(asking, raw, reason=reason, focus=focus)
    if what == "remove":
        _remove(raw, place)
        return _kept_page(asking, raw, reason=reason)
    if what == "update":
        return _page(asking, raw, reason=reason)
    if what == "draft":
        _keep(asking, raw, reason)
        flash("draft_saved")
        return redirect(asking.back)
    page, now = asking.page, engine().now()
    new = newly_asked(page.form, page.form.show(raw, page.names, now), request.form.getlist("_shown"))
    if new or page.confirm:
        errors = page.form.clean(raw, page.names, now).errors
        if new:
            seen = {path: says for path, says in errors.items() if not any(path == one or path.startswith(f"{one}.") for one in _within(asking, new))}
            return _kept_page(asking, raw, errors=seen, reason=reason, new=new, status=422 if seen else 200)
        if errors:
            return _kept_page(asking, raw, errors=errors, reason=reason, status=422)
        _keep(asking, raw, reason)
        return redirect(asking.check)
    return _send(asking, raw, reason)


def _within(asking: Asking, new: frozenset[str]) -> set[str]:
    """The paths of these items and of all questions in them; a group may have no path of its own."""
    from engine.forms import Group

    found = set(new)
    for path, item in asking.page.form.walk():
        if isinstance(item, Group) and path in new:
            prefix = path[:-len(item.name)]
            found |= {prefix + one for one, _ in type(asking.page.form)("", "", item.items).walk()} if not item.path else set()
    return found


def _sent_at_once(bare: Bare, make: Callable[[], Asking]) -> Any:
    """The answers handed in without looking up the page they came from; None when more than that was asked, or has to be asked."""
    form, names = bare.form.form, bare.form.names
    if request.form.get("do", "submit") != "submit" or bare.form.confirm or any(item.type == "filepicker" for _, item in form.questions()):
        return None
    raw = posted.answers(form, request.form, request.files, {})
    reason = str(raw.pop(REASON, "") or "")
    if any(item.hide for _, item in form.walk()) and newly_asked(form, form.show(raw, names, engine().now()), request.form.getlist("_shown")):
        return None
    try:
        return bare.send({**raw, REASON: reason} if reason else raw)
    except (Refused, Incident) as problem:
        return _told(problem, make(), raw, reason)


def _send(asking: Asking, raw: dict[str, Any], reason: str = "", *, checked: bool = False) -> Any:
    """Hand the answers in. What the engine refuses comes back on the form; all else keeps a draft before it is told."""
    try:
        return asking.send({**raw, REASON: reason} if reason else raw)
    except (Refused, Incident) as problem:
        return _told(problem, asking, raw, reason)


def _told(problem: Refused | Incident, asking: Asking, raw: dict[str, Any], reason: str) -> Any:
    try:
        raise problem
    except ProveAgain:
        _keep(asking, raw, reason)
        return asking_again.page(asking.check, [], title=asking.page.title)   # the page to check answers on sends what was kept
    except InvalidAnswers as refusal:
        return _kept_page(asking, raw, errors=refusal.errors, hits=refusal.hits, reason=reason, status=422)
    except ReasonNeeded as refusal:
        return _kept_page(asking, raw, hits=refusal.hits, reason=reason, ask_reason=True, status=422)
    except ChecksRefuse as refusal:
        if refusal.status == 423 or not asking.open: raise _kept(asking, raw, reason, refusal) from None
        return _kept_page(asking, raw, hits=refusal.hits, reason=reason, status=422)
    except (Refused, Incident) as other:
        raise _kept(asking, raw, reason, other) from None


def _kept_page(asking: Asking, raw: dict[str, Any], *, reason: str = "", **how: Any) -> Any:
    """The form again, and what was typed so far also as a draft: closing the window loses nothing."""
    with suppress(Refused, Incident):
        _keep(asking, raw, reason)
    return _page(asking, raw, reason=reason, **how)


def _kept(asking: Asking, raw: dict[str, Any], reason: str, problem: Refused | Incident) -> Refused | Incident:
    """The problem, after what was typed has been put aside; `refusals` tells both."""
    g.typed = typed_rows(asking.page.form, raw)
    g.form_title, g.form_here = asking.page.title, asking.here
    try:
        _keep(asking, raw, reason)
        g.draft_kept = True
    except (Refused, Incident):
        g.draft_kept = False
    return problem


def _keep(asking: Asking, raw: dict[str, Any], reason: str = "", by: Actor | None = None) -> None:
    content = posted.packed({**raw, REASON: reason} if reason else raw)
    engine().perform(by or actor(), save_draft, content, **asking.draft)


def _rows(raw: dict[str, Any], path: str) -> list[Any]:
    """The rows at a path, made if they are not there."""
    here: Any = raw
    *outer, last = path.split(".")
    for part in outer:
        here = here[int(part)] if isinstance(here, list) else here.setdefault(part, {})
    rows = here.setdefault(last, [])
    return rows if isinstance(rows, list) else []


def _add(raw: dict[str, Any], path: str) -> str | None:
    try:
        rows = _rows(raw, path)
    except (ValueError, IndexError, TypeError, AttributeError):
        return None   # no list of this form: a made-up button
    rows.append({})
    return f"{path}.{len(rows) - 1}"


def _remove(raw: dict[str, Any], place: str) -> None:
    path, _, at = place.rpartition(":")
    try:
        del _rows(raw, path)[int(at)]
    except (ValueError, IndexError, TypeError, AttributeError):
        return


# -- pages

def _page(asking: Asking, raw: dict[str, Any], *, errors: Mapping[str, str] | None = None, hits: tuple[Hit, ...] = (), reason: str = "",
          ask_reason: bool = False, new: frozenset[str] = frozenset(), focus: str | None = None, again: bool = False, status: int = 200) -> Any:
    page, now = asking.page, engine().now()
    if request.files and posted.files_in(raw):   # a browser never sends a file twice by itself
        _keep(asking, raw, reason)
    shown = page.form.show(raw, page.names, now)
    drawn = draw(page.form, shown, raw, errors or {}, now, new=new, focus=_first_in(asking, focus), title=page.title)
    reason_error = (errors or {}).get(REASON) or ("Enter a reason, or change your answers" if ask_reason else None)
    to_reason = {"href": f"#{REASON}"}
    summary = [one | (to_reason if one["text"] == reason_error else {}) for one in drawn.errors]
    summary += [{"text": hit.says} | (to_reason if ask_reason else {}) for hit in hits]
    body = render_template(asking.template, asking=asking, page=page, drawn=drawn, summary=summary, hits=hits, reason=reason, again=again,
                           ask_reason=bool(ask_reason or reason or reason_error), reason_error=reason_error, new=new, **asking.context)
    return body, status


def _first_in(asking: Asking, row: str | None) -> str | None:
    """The first question of a row that was just added."""
    if row is None: return None
    plain = ".".join(part for part in row.split(".") if not part.isdigit())
    first = next((path for path, _ in asking.page.form.questions() if path.startswith(f"{plain}.")), None)
    return row + first.removeprefix(plain) if first else None


def _check_page(asking: Asking) -> Any:
    page, now, raw = asking.page, engine().now(), asking.values
    cleaned = page.form.clean(raw, page.names, now)
    if cleaned.errors:
        return _page(asking, raw, errors=cleaned.errors, reason=asking.reason, status=422)
    rows, more = page.form.plain(cleaned.values, page.names, now), {}
    if asking.preview is not None:
        try:
            more = asking.preview({**raw, REASON: asking.reason} if asking.reason else raw)
        except (Refused, Incident) as problem:
            return _told(problem, asking, raw, asking.reason)
    return render_template(asking.check_template, asking=asking, page=page, rows=rows, reason=asking.reason, **asking.context, **more)


__all__ = ["Asking", "again_with_what_was_typed", "form_routes", "keep_for_later"]
