"""Texts with places to fill in: {{ FEEL }}, {{#if FEEL}} … {{else}} … {{/if}} and {{#for x in FEEL}} … {{/for}}.

Values are written as words: dates as “6 March 2023”, true and false as yes and no, null as nothing, lists with commas between.
Nothing is escaped: whoever makes a page or a mail of it knows how."""
from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from engine.errors import Fault
from engine.feel.data import Duration
from engine.feel.expressions import ASK, KEYWORDS, FeelError, PlacedError, at_once, question, reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MONTHS = ("January", "February", "March", "April", "May", "June",
          "July", "August", "September", "October", "November", "December")
_FOR = re.compile(r"([A-Za-z_]\w*)\s+in\s+(.+)", re.DOTALL)
_UNITS = {"Y": "year", "M": "month", "W": "week", "D": "day", "TH": "hour", "TM": "minute", "TS": "second"}


class TemplateError(FeelError):
    """A template failed: on which line, and why."""

    def __init__(self, line: int, expression: str, reason: str, position: tuple[int, int] | None = None) -> None:
        super().__init__(expression, f"{reason} (line {line} of the text)", position)
        self.line, self.says = line, reason


@dataclass(frozen=True)
class _Part:
    what: str                                       # text, show, if, for
    line: int
    text: str
    name: str = ""
    then: list[_Part] = field(default_factory=list)
    other: list[_Part] = field(default_factory=list)

    def sent(self) -> list[Any]:
        """This part as the bridge reads it."""
        first, second = [each.sent() for each in self.then], [each.sent() for each in self.other]
        inside: dict[str, list[Any]] = {"if": [first, second], "for": [self.name, first]}
        return [self.what, self.line, self.text, *inside.get(self.what, [])]


@dataclass(frozen=True)
class _Template:
    asked: dict[str, Any]
    parts: list[_Part]
    paths: frozenset[str]
    names: frozenset[str]


def render(template: str, variables: Mapping[str, Any], now: datetime, show: Callable[[Any], str] | None = None) -> str:
    """The text with everything filled in; `show` says how a value is written, if not plainly."""
    show = show or in_words
    if "{{" not in template:
        return template
    read = _read(template)
    known = [part.text if part.what == "text" else at_once(part.text, variables) if part.what == "show" else ASK for part in read.parts]
    if ASK not in known:                            # names only, as in most mails
        return "".join(show(value) if part.what == "show" else str(value) for part, value in zip(read.parts, known, strict=True))
    try:
        (pieces,) = question([("template", read.asked, variables, read.names)], now)
    except PlacedError as error:
        raise TemplateError(error.place, error.expression, error.reason, error.position) from None
    return "".join(piece if isinstance(piece, str) else show(piece[0]) for piece in pieces)


def paths_of(template: str) -> frozenset[str]:
    """Every dotted path the template reads from outside."""
    return _read(template).paths


def paths_in_filters(template: str) -> frozenset[str]:
    """Those of its paths that may be columns of a list."""
    return frozenset(path for part in _walk(_read(template).parts) if part.what != "text" for path in reading(part.text).filtered)


def check_template(text: str, file: str = "") -> list[Fault]:
    """Every fault of a template, with its line."""
    parts, problems = _parse(text)
    problems += [problem for part in _walk(parts) for problem in _problems_of(part)]
    return [Fault(file, problem.line, None, None, _says(problem)) for problem in sorted(problems, key=lambda it: it.line)]


def in_words(value: Any) -> str:
    """A value as it is written in a text for people."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Duration):
        return _lasting(value)
    if isinstance(value, datetime):
        return f"{in_words(value.date())} at {value:%H:%M}"
    if isinstance(value, date):
        return f"{value.day} {MONTHS[value.month - 1]} {value.year}"
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, float):
        return f"{value:.12g}"
    if isinstance(value, list | tuple):
        return ", ".join(filter(None, map(in_words, value)))
    if isinstance(value, dict):
        raise FeelError("…", f"gives several values at once ({', '.join(value)}): say which one to write")
    return str(value)


def _lasting(duration: Duration) -> str:
    days, _, hours = duration.lstrip("-P").partition("T")
    amounts = [(amount, unit) for amount, unit in re.findall(r"-?([\d.]+)([YMWD])", days)]
    amounts += [(amount, f"T{unit}") for amount, unit in re.findall(r"-?([\d.]+)([HMS])", hours)]
    shown = [f"{amount} {_UNITS[unit]}{'' if amount == '1' else 's'}" for amount, unit in amounts if float(amount)]
    return " ".join(shown) or "0 days"


@lru_cache(maxsize=512)
def _read(template: str) -> _Template:
    parts, problems = _parse(template)
    for problem in problems or [problem for part in _walk(parts) for problem in _problems_of(part)]:
        raise problem
    paths, names = _reads(parts, frozenset())
    return _Template({"called": template[:80], "parts": [each.sent() for each in parts]}, parts, paths, names)


def _reads(parts: list[_Part], bound: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    paths: set[str] = set()
    names: set[str] = set()
    for part in parts:
        if part.what == "text":
            continue
        read = reading(part.text)
        paths |= {path for path in read.paths | read.filtered if path.split(".", 1)[0] not in bound}
        names |= read.names
        for inside, also in ((part.then, {part.name} if part.what == "for" else set()), (part.other, set())):
            more = _reads(inside, bound | also)
            paths |= more[0]
            names |= more[1]
    return frozenset(paths), frozenset(names)


def _walk(parts: list[_Part]) -> Iterator[_Part]:
    for part in parts:
        yield part
        yield from _walk(part.then)
        yield from _walk(part.other)


def _problems_of(part: _Part) -> list[TemplateError]:
    if part.what == "text":
        return []
    try:
        reading(part.text)
    except FeelError as problem:
        return [TemplateError(part.line, problem.expression, problem.reason, problem.position)]
    return []


def _says(problem: TemplateError) -> str:
    return str(FeelError(problem.expression, problem.says, problem.position))


def _parse(template: str) -> tuple[list[_Part], list[TemplateError]]:
    """The parts of a template, and what is wrong with its tags."""
    top: list[_Part] = []
    problems: list[TemplateError] = []
    open_parts: list[tuple[_Part, list[_Part]]] = []     # each with the branch being filled
    into = top
    for what, text, line in _tags(template, problems):
        tag = f"{{{{{text}}}}}"
        if what in ("text", "show"):
            if text:
                into.append(_Part(what, line, text))
        elif text.startswith("#if "):
            into.append(_Part("if", line, text[4:].strip()))
            open_parts.append((into[-1], into))
            into = into[-1].then
        elif text.startswith("#for ") and (loop := _FOR.fullmatch(text[5:].strip())) and loop[1] not in KEYWORDS:
            into.append(_Part("for", line, loop[2].strip(), loop[1]))
            open_parts.append((into[-1], into))
            into = into[-1].then
        elif text == "else" and open_parts and open_parts[-1][0].what == "if" and into is open_parts[-1][0].then:
            into = open_parts[-1][0].other
        elif text in ("/if", "/for") and open_parts and open_parts[-1][0].what == text[1:]:
            into = open_parts.pop()[1]
        else:
            problems.append(TemplateError(line, tag, _stray(text, open_parts[-1][0] if open_parts else None)))
    for part, _ in open_parts:
        problems.append(TemplateError(part.line, f"{{{{#{part.what} …}}}}", f"is never closed: add {{{{/{part.what}}}}}"))
    return top, problems


def _stray(text: str, inside: _Part | None) -> str:
    if text.startswith("#for"):
        return "write a loop as {{#for each in list}}"
    if text.startswith("#"):
        return "is not known: there are {{#if …}} and {{#for x in …}}"
    if text == "else":
        return "stands outside an {{#if …}}, or is its second"
    return f"closes nothing: {{{{/{inside.what}}}}} is expected here" if inside else "closes nothing that was opened"


def _tags(template: str, problems: list[TemplateError]) -> Iterator[tuple[str, str, int]]:
    """Texts, placeholders and block tags in order, each with its line. A block tag alone on its line takes the line with it."""
    at = 0
    while True:
        start = template.find("{{", at)
        if start < 0:
            yield "text", template[at:], _line(template, at)
            return
        end = _end(template, start + 2)
        line = _line(template, start)
        if end is None:
            problems.append(TemplateError(line, template[start : start + 40], "is never closed: add }}"))
            return
        inner = template[start + 2 : end - 2].strip()
        block = inner == "else" or inner.startswith(("#", "/"))
        before, after = start, end
        if block:
            bare_start = len(template[:start].rstrip(" \t"))
            blank = re.compile(r"[ \t]*(?:\r?\n|\Z)").match(template, end)
            if blank and bare_start >= at and (bare_start == 0 or template[bare_start - 1] == "\n"):
                before, after = bare_start, blank.end()
        yield "text", template[at:before], _line(template, at)
        if not inner:
            problems.append(TemplateError(line, "{{ }}", "there is no expression here"))
        else:
            yield ("tag" if block else "show"), inner, line
        at = after


def _end(template: str, at: int) -> int | None:
    """Where the tag that opened before `at` ends, after its braces; those in texts and contexts of FEEL do not count."""
    depth = 0
    for found in re.compile(r'"(?:[^"\\]|\\.)*"|\{|\}\}|\}', re.DOTALL).finditer(template, at):
        if found[0] == "{":
            depth += 1
        elif found[0] == "}}" and depth == 0:
            return found.end()
        elif found[0].startswith("}"):
            if len(found[0]) == 2 and depth == 1:     # closes a context, then begins to close the tag: {{ {a: 1}}}
                return found.end() + 1 if template.startswith("}", found.end()) else None
            depth -= len(found[0])
    return None


def _line(template: str, at: int) -> int:
    return template.count("\n", 0, at) + 1
