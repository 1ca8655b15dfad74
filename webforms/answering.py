"""One form, wherever it stands (a task, a start, a case action): shown, kept as a draft, checked over and sent.

Whatever goes wrong, what the person typed is shown again or kept as a draft."""
from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flask import Blueprint, flash, g, redirect, render_template, request
from flask_login import current_user
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
DRAFT = "_draft"   # what a page calls the draft that it was shown with


@dataclass(frozen=True)
class Asking:
    """A form at its place, and what sending it does."""

    page: FormPage
    send: Callable[[Mapping[str, Any]], Response]
    here: str
    check: str
    back: str
    template: str = "answer.html"
    check_template: str = "check.html"
    preview: Callable[[Mapping[str, Any]], dict[str, Any]] | None = None   # what more the page to check answers on shows
    context: dict[str, Any] = field(default_factory=dict)
    open: bool = True                                    # False: it is shown why it cannot be answered now
    once: str = ""                                       # of a start: the key of this showing, for which there is one case
    checks: Callable[[Mapping[str, Any]], list[Hit]] | None = None   # what the step's tables have against answers that are looked over first

    @property
    def values(self) -> dict[str, Any]:
        """The answers it opens with, files and all."""
        return {key: value for key, value in self.page.values.items() if key != REASON}

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


def is_a_form() -> bool:
    """Whether this post is one of answers, rather than of a password or a press of a button."""
    return (request.endpoint or "") in MAKERS


def again_with_what_was_typed() -> Any:
    """The form of this post once more, when the post itself could not be trusted; None when it was no form's post."""
    make = MAKERS.get(request.endpoint or "")
    if make is None or not current_user.is_authenticated:
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
    if what == "keep":
        return _kept_quietly(asking, raw, reason)
    if what != "update" and _newer(asking):
        return _page(asking, raw, reason=reason, newer=True, status=409)
    if what == "add":
        focus = _add(raw, place)
        return _kept_page(asking, raw, reason=reason, focus=focus)
    if what == "remove":
        _remove(raw, place)
        return _kept_page(asking, raw, reason=reason)
    if what == "update":
        return _page(asking, raw, reason=reason)
    if what == "draft":
        if refused := _refused_files(asking, raw):   # they are not kept, and whoever chose them is told before they go
            return _kept_page(asking, raw, errors=refused, reason=reason, status=422)
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
        try:
            hits = asking.checks(raw) if asking.checks is not None else []
        except (Refused, Incident) as problem:
            return _told(problem, asking, raw, reason)
        if refusing := tuple(hit for hit in hits if hit.effect != "reason"):
            return _kept_page(asking, raw, hits=refusing, reason=reason, status=422)
        if hits and not reason:
            return _kept_page(asking, raw, hits=tuple(hits), ask_reason=True, status=422)
        _keep(asking, raw, reason)
        return redirect(asking.check + (f"?_once={asking.once}" if asking.once else ""))
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
    try:
        more = any(item.hide for _, item in form.walk()) and newly_asked(form, form.show(raw, names, engine().now()), request.form.getlist("_shown"))
    except Incident:   # what a task knew of its process is gone once it is done: the page says by whom
        return None
    if more:
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
        files = [posted.name_of(file) for file in posted.files_in(raw).values()]
        fields = [("_once", asking.once)] if asking.once else []
        return asking_again.page(asking.check, fields, title=asking.page.title, files=files)   # the page to check answers on sends what was kept
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
    kept = asking.page.form.keepable(raw, engine().now())
    over = (g.get("draft_id") or asking.page.draft_id) if DRAFT in request.form and by is None else None
    g.draft_id = engine().perform(by or actor(), save_draft, asking.page.draft, {**kept, REASON: reason} if reason else kept, over=over)


def _newer(asking: Asking) -> bool:
    """Whether another window has saved a draft since this page was shown: it is not written over before somebody has seen it."""
    return asking.page.draft_id is not None and request.form.get(DRAFT, asking.page.draft_id) != asking.page.draft_id


def _kept_quietly(asking: Asking, raw: dict[str, Any], reason: str) -> Any:
    """What the script of the page posts while somebody writes. A draft that is gone was sent or thrown away elsewhere."""
    if _newer(asking) or (request.form.get(DRAFT) and asking.page.draft_id is None):
        return {"says": "Not saved: this form was saved or sent in another window"}, 409
    _keep(asking, raw, reason)
    return {"draft": g.draft_id, "says": f"Saved as a draft {engine().now():%H:%M}"}


def _refused_files(asking: Asking, raw: dict[str, Any]) -> dict[str, str]:
    form, now = asking.page.form, engine().now()
    if form.keepable(raw, now) == raw: return {}
    files = {path for path, item in form.questions() if item.type == "filepicker"}
    errors = form.clean(raw, asking.page.names, now).errors
    return {path: says for path, says in errors.items() if ".".join(part for part in path.split(".") if not part.isdigit()) in files}


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
          ask_reason: bool = False, new: frozenset[str] = frozenset(), focus: str | None = None, again: bool = False, newer: bool = False,
          status: int = 200) -> Any:
    page, now = asking.page, engine().now()
    if request.files and posted.files_in(raw) and not newer:   # a browser never sends a file twice by itself
        _keep(asking, raw, reason)
    raw = page.form.keepable(raw, now)
    shown = page.form.show(raw, page.names, now)
    drawn = draw(page.form, shown, raw, errors or {}, now, new=new, focus=_first_in(asking, focus), title=page.title)
    reason_error = (errors or {}).get(REASON) or ("Enter a reason, or change your answers" if ask_reason else None)
    to_reason = {"href": f"#{REASON}"}
    summary = [one | (to_reason if one["text"] == reason_error else {}) for one in drawn.errors]
    summary += [{"text": hit.says} | (to_reason if ask_reason else {}) for hit in hits]
    other = typed_rows(page.form, asking.values) if newer else []
    body = render_template(asking.template, asking=asking, page=page, drawn=drawn, summary=summary, hits=hits, reason=reason, again=again,
                           ask_reason=bool(ask_reason or reason or reason_error), reason_error=reason_error, new=new,
                           draft_id=g.get("draft_id") or page.draft_id or "", newer=newer, other=other, **asking.context)
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
