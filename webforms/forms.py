"""A form of the engine drawn with GOV.UK components: what to show for each item, with its answer and its error.

It validates nothing: errors come from the engine, by path. A path `people.0.name` is posted as `people-0-name`."""
from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from engine import feel
from engine.forms import Field, Group, Item, List, Separator, Table, Text, Upload
from engine.forms.cleaning import token as option_token
from engine.forms.plainly import text as plain_text
from engine.forms.words import clock, inner, number
from webforms import posted
from webforms.filters import size
from webforms.identity import engine

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.forms import Form, Shown

LONG = 4           # parts from which on a form gets a list of them
NOT_IN_THE_LIST = "Is somebody not in the list? Ask an administrator of the board to invite them first: it takes two of them."
MANY_OPTIONS = 9   # from here on options stand in two columns


@dataclass(frozen=True)
class Block:
    """One thing on the page: its kind names the macro that draws it."""

    kind: str
    path: str
    params: dict[str, Any] = field(default_factory=dict)
    inside: tuple[Block, ...] = ()
    when: bool = False     # stands here only while a condition holds
    shown: bool = True
    new: bool = False      # has just come up because of another answer

    @property
    def name(self) -> str:
        return dashed(self.path)


@dataclass(frozen=True)
class Drawn:
    """A form ready for its template."""

    blocks: tuple[Block, ...]
    errors: list[dict[str, str]]      # for the error summary
    live: str                         # keys whose answers bring up or hide others
    parts: list[tuple[str, str]]      # headings of a long form, with where they stand


def dashed(path: str) -> str:
    """A path as the name of an input."""
    return path.replace(".", "-")


def draw(form: Form, shown: Shown, raw: Mapping[str, Any], errors: Mapping[str, str], now: datetime, *, new: frozenset[str] = frozenset(),
         focus: str | None = None, title: str = "") -> Drawn:
    """The form with these answers and errors in it; a heading that only says the page's title again is left out."""
    drawing = _Drawing(shown, errors, now, new, focus, title)
    blocks = tuple(drawing.items(form.fields, raw, "", 2))
    known = {path for path, _ in drawing.links}
    links = dict(drawing.links)
    summary = [{"text": says, "href": f"#{links[path]}"} if path in known else {"text": says} for path, says in errors.items()]
    parts = [(block.name, block.params["label"]) for block in blocks if block.kind == "group" and block.params["label"]]
    return Drawn(blocks, summary, " ".join(sorted(_live_keys(form))), parts if len(parts) >= LONG else [])


def _live_keys(form: Form) -> set[str]:
    return {path.partition(".")[0] for _, item in form.walk() if item.hide for path in feel.paths(item.hide)}


def newly_asked(form: Form, shown: Shown, seen: Iterable[str]) -> frozenset[str]:
    """Questions that an answer has brought up and that the person has not been shown yet."""
    before, conditional = set(seen), {path: item for path, item in form.walk() if item.hide and _asks(item)}
    found = set()
    for path in [*shown.rows, *shown.values, *_group_paths(form)]:
        plain = ".".join(part for part in path.split(".") if not part.isdigit())
        if plain in conditional and path not in shown.hidden and path not in before:
            found.add(path)
    return frozenset(found)


def _group_paths(form: Form) -> list[str]:
    """Groups, but for those in lists: a new row shows its groups with it."""
    lists = tuple(f"{path}." for path, item in form.walk() if isinstance(item, List))
    return [path for path, item in form.walk() if isinstance(item, Group) and not path.startswith(lists)]


def _asks(item: Item) -> bool:
    if isinstance(item, Field): return not item.readonly
    return isinstance(item, Group | List) and any(_asks(one) for one in item.items)


class _Drawing:
    def __init__(self, shown: Shown, errors: Mapping[str, str], now: datetime, new: frozenset[str], focus: str | None, title: str) -> None:
        self.shown, self.errors, self.now, self.new, self.focus, self.title = shown, errors, now, new, focus, title
        self.links: list[tuple[str, str]] = []   # path → id of what to put right

    def items(self, items: Iterable[Item], raw: Any, prefix: str, level: int) -> list[Block]:
        raw = raw if isinstance(raw, dict) else {}
        return [self.item(item, raw, prefix, level) for item in items]

    def item(self, item: Item, raw: dict[str, Any], prefix: str, level: int) -> Block:
        path = prefix + item.name
        if path in self.shown.hidden:
            return Block("nothing", path, when=bool(item.hide), shown=False)
        when, new = bool(item.hide), path in self.new
        if isinstance(item, Text): return Block("text", path, {"text": self.text(path), "level": level}, when=when)
        if isinstance(item, Separator): return Block("space" if item.space else "line", path, when=when)
        if isinstance(item, Table):
            return Block("table", path, {"label": item.label, "heads": [head for _, head in item.columns], "rows": self.shown.tables.get(path, [])}, when=when)
        if isinstance(item, Group):
            deeper = f"{path}." if item.path else prefix
            inside = self.items(item.items, raw.get(item.path) if item.path else raw, deeper, level + 1 if item.label else level)
            self.link(path, dashed(path))
            return Block("group", path, {"label": item.label, "hint": item.hint, "level": level}, tuple(inside), when, new=new)
        if isinstance(item, List): return self.rows(item, raw.get(item.path), path, level, when, new)
        kind, params = self.field(item, raw.get(item.key), path)
        return Block(kind, path, params, when=when, new=new)

    def rows(self, item: List, raw: Any, path: str, level: int, when: bool, new: bool) -> Block:  # noqa: FBT001 - as Block has them
        given = raw if isinstance(raw, list) else []
        many = max(self.shown.rows.get(path, 0), 0)
        rows = []
        for at in range(many):
            inside = self.items(item.items, given[at] if at < len(given) else {}, f"{path}.{at}.", level + 1)
            self.link(f"{path}.{at}", dashed(f"{path}.{at}"))
            rows.append(Block("row", f"{path}.{at}", {"label": f"{item.label} {at + 1}", "error": self.errors.get(f"{path}.{at}")}, tuple(inside)))
        self.link(path, dashed(path))
        return Block("list", path, {
            "label": item.label, "hint": item.hint, "level": level, "error": self.errors.get(path), "fixed": item.fixed,
            "more": not item.fixed and (item.max is None or many < item.max), "fewer": not item.fixed and many > item.min,
            "optional": item.min == 0 and not item.fixed, "inner": inner(item.label),
        }, tuple(rows), when, new=new)

    def text(self, path: str) -> str:
        words = self.shown.texts.get(path, "")
        first, _, rest = words.lstrip().partition("\n")
        return rest if first.startswith("#") and first.strip("# ").casefold() == self.title.casefold() else words

    # -- questions

    def field(self, item: Field, raw: Any, path: str) -> tuple[str, dict[str, Any]]:
        if item.readonly:
            value = self.shown.values.get(path)
            labels = dict(self.shown.choices.get(path, []))
            if item.type == "filepicker": return "files", {"label": item.label, "files": self.files(value)}
            return "fact", {"label": item.label, "text": plain_text(item, value, labels)}
        label = item.label if item.required or item.type == "checkbox" else f"{item.label} (optional)"
        params: dict[str, Any] = {"id": dashed(path), "name": dashed(path)}
        hint = " ".join([item.hint] * bool(item.hint) + [NOT_IN_THE_LIST] * (item.picker == "person"))
        if hint: params["hint"] = {"text": hint}
        if says := self.errors.get(path): params["errorMessage"] = {"text": says}
        if self.focus == path: params["attributes"] = {"autofocus": "autofocus"}
        drawn: tuple[str, dict[str, Any]] = getattr(self, f"_{item.type}")(item, raw, path, label, params)
        return drawn

    def link(self, path: str, to: str) -> None:
        self.links.append((path, to))

    def _textfield(self, item: Field, raw: Any, path: str, label: str, params: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        self.link(path, params["id"])
        params |= {"label": _label(label), "value": _typed(raw)}
        short = item.max_length and item.max_length <= 20
        params["classes"] = "govuk-input--width-10" if short else "govuk-!-width-two-thirds" if item.validation else ""
        if item.validation: params |= {"type": "tel" if item.validation == "phone" else "email", "spellcheck": False}
        return "input", self._affixed(item, params)

    def _number(self, item: Field, raw: Any, path: str, label: str, params: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        self.link(path, params["id"])
        params |= {"label": _label(label), "value": _typed(raw), "classes": "govuk-input--width-10", "spellcheck": False,
                   "inputmode": "numeric" if item.digits == 0 else "decimal"}
        return "input", self._affixed(item, params)

    @staticmethod
    def _affixed(item: Field, params: dict[str, Any]) -> dict[str, Any]:
        if item.prefix: params["prefix"] = {"text": item.prefix}
        if item.suffix: params["suffix"] = {"text": item.suffix}
        return params

    def _textarea(self, item: Field, raw: Any, path: str, label: str, params: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        self.link(path, params["id"])
        value = _typed(raw)
        params |= {"label": _label(label), "value": value, "rows": min(max(4, value.count("\n") + len(value) // 80 + 2), 20)}
        if item.max_length: return "count", params | {"maxlength": item.max_length, "threshold": 75}
        return "textarea", params

    def _checkbox(self, item: Field, raw: Any, path: str, label: str, params: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        self.link(path, params["id"])
        hint = params.pop("hint", None)
        ticked = raw is True or (isinstance(raw, str) and raw.strip().lower() in ("true", "on", "yes", "1"))
        option: dict[str, Any] = {"value": "true", "text": label, "checked": ticked}
        if hint: option["hint"] = hint
        return "checkboxes", params | {"idPrefix": params["id"], "items": [option]}

    def _options(self, path: str, chosen: set[str]) -> list[dict[str, Any]]:
        return [{"value": option_token(value), "text": words, "checked": option_token(value) in chosen} for value, words in self.shown.choices.get(path, [])]

    def _several(self, item: Field, raw: Any, path: str, label: str, params: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        self.link(path, params["id"])
        given = raw if isinstance(raw, list) else [] if raw is None else [raw]
        options = self._options(path, {option_token(one) for one in given})
        wide = len(options) >= MANY_OPTIONS
        return ("checkboxes" if options else "none"), params | {
            "idPrefix": params["id"], "fieldset": _legend(label), "items": options, "label": _label(label),
            "classes": "govuk-checkboxes--small app-columns" if wide else ""}

    _checklist = _taglist = _several

    def _radio(self, item: Field, raw: Any, path: str, label: str, params: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        self.link(path, params["id"])
        options = self._options(path, set() if raw is None else {option_token(raw)})
        short = len(options) == 2 and all(len(one["text"]) <= 12 for one in options)
        return ("radios" if options else "none"), params | {
            "idPrefix": params["id"], "fieldset": _legend(label), "items": options, "classes": "govuk-radios--inline" if short else "", "label": _label(label)}

    def _select(self, item: Field, raw: Any, path: str, label: str, params: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        self.link(path, params["id"])
        options = self._options(path, set() if raw is None else {option_token(raw)})
        choices = [{"value": "", "text": "Choose one"}] + [{"value": one["value"], "text": one["text"], "selected": one["checked"]} for one in options]
        return "select", params | {"label": _label(label), "items": choices}

    def _datetime(self, item: Field, raw: Any, path: str, label: str, params: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        if item.subtype == "time":
            self.link(path, params["id"])
            hint = params.get("hint") or {"text": "For example, 09:30"}
            return "input", params | {"label": _label(label), "hint": hint, "value": _time_text(raw), "classes": "govuk-input--width-5", "spellcheck": False}
        on, at = (raw, None) if item.subtype != "datetime" else _moment_parts(raw, self.now)
        self.link(path, f"{params['id']}-day" if item.subtype != "datetime" else f"{params['id']}-date-day")
        base = params["id"] if item.subtype != "datetime" else f"{params['id']}-date"
        wrong = " govuk-input--error" if "errorMessage" in params else ""
        parts = _date_parts(on)
        params |= {"id": base, "namePrefix": base, "fieldset": _legend(label), "items": [
            {"name": part, "value": parts[part], "classes": f"govuk-input--width-{4 if part == 'year' else 2}{wrong}"} for part in ("day", "month", "year")]}
        params.setdefault("hint", {"text": f"For example, 27 3 {self.now.year}"})
        if item.subtype != "datetime": return "date", params
        name = dashed(path) + "-time"
        clock_input = {"id": name, "name": name, "label": {"text": item.time_label or "Time"}, "hint": {"text": "For example, 09:30"},
                       "value": _time_text(at), "classes": f"govuk-input--width-5{wrong}", "spellcheck": False}
        return "moment", {"date": params, "time": clock_input}

    def _filepicker(self, item: Field, raw: Any, path: str, label: str, params: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        self.link(path, params["id"])
        params |= {"label": _label(label), "multiple": item.many, "kept": self.files(raw), "keptName": f"{dashed(path)}-{posted.KEPT}",
                   "name": f"{dashed(path)}-file"}
        hint = [params["hint"]["text"]] if params.get("hint", {}).get("text") else []
        if item.accept:
            params["attributes"] = {**params.get("attributes", {}), "accept": ",".join(item.accept)}
            kinds = ", ".join(one.removeprefix(".").upper() for one in item.accept if one.startswith("."))
            if kinds and not hint: hint.append(f"You can choose these kinds of file: {kinds}.")
        if hint and hint[-1][-1:] not in ".?!": hint[-1] += "."
        hint.append(f"{'Each file can have up to' if item.many else 'Up to'} {largest(item)}.")
        params["hint"] = {"text": " ".join(hint)}
        return "upload", params

    @staticmethod
    def files(value: Any) -> list[dict[str, Any]]:
        found = value if isinstance(value, list) else [value]
        return [{"token": posted.token(one), "name": one.name if isinstance(one, Upload) else one["name"],
                 "document": None if isinstance(one, Upload) else one["document"]} for one in found if posted.is_file(one)]


def largest(item: Field) -> str:
    """How big a file may be: as the question says, and never more than this deployment takes."""
    most = engine().settings.limits.upload_bytes
    return size(min(item.max_size or most, most))


def _label(words: str) -> dict[str, str]:
    return {"text": words, "classes": "govuk-label--s"}


def _legend(words: str) -> dict[str, Any]:
    return {"legend": {"text": words, "classes": "govuk-fieldset__legend--s"}}


def _typed(raw: Any) -> str:
    """A text or number as it stands in its box."""
    if raw is None or isinstance(raw, dict | list): return ""
    return number(raw) if isinstance(raw, int | float) and not isinstance(raw, bool) else str(raw)


def _date_parts(raw: Any) -> dict[str, str]:
    if isinstance(raw, date): return {"day": str(raw.day), "month": str(raw.month), "year": str(raw.year)}
    if isinstance(raw, dict): return {part: _typed(raw.get(part)) for part in ("day", "month", "year")}
    year, _, rest = raw.partition("-") if isinstance(raw, str) else ("", "", "")
    month, _, day = rest.partition("-")
    return {"day": day.lstrip("0"), "month": month.lstrip("0"), "year": year}


def _time_text(raw: Any) -> str:
    return clock(raw) if isinstance(raw, time) else _typed(raw)


def _moment_parts(raw: Any, now: datetime) -> tuple[Any, Any]:
    if isinstance(raw, datetime):
        local = raw.astimezone(now.tzinfo) if raw.tzinfo else raw
        return local.date(), local.time().replace(second=0, microsecond=0)
    if isinstance(raw, dict): return raw.get("date"), raw.get("time")
    return (raw, None)
