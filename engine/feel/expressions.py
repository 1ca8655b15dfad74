"""FEEL expressions: evaluating them, checking them, and knowing what they read."""
from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import orjson

from engine.feel import isolate
from engine.feel.data import DataError, dumps, revived

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Kind = Literal["expression", "test"]

KEYWORDS = frozenset({
    "if", "then", "else", "for", "in", "return", "some", "every", "satisfies", "and", "or", "not", "between", "instance", "of",
    "function", "external", "true", "false", "null",
})
"""Words of the language itself: nothing can be called that."""
RESERVED = frozenset({
    "abs", "after", "all", "any", "append", "before", "ceiling", "coincides", "concatenate", "contains", "context", "count", "date",
    "decimal", "duration", "during", "even", "exp", "finishes", "flatten", "floor", "includes", "is", "item", "log", "matches", "max",
    "mean", "median", "meets", "min", "mode", "modulo", "not", "now", "number", "odd", "overlaps", "partial", "product", "remove",
    "replace", "reverse", "sort", "split", "sqrt", "starts", "stddev", "string", "sublist", "substring", "sum", "time", "today",
    "union",
})
"""Single-word functions and names FEEL gives by itself: a variable or column of that name would hide them."""

_DOTTED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")
_IS_TEXT = re.compile(rf'({_DOTTED.pattern})\s*(!?=)\s*"([^"\\]*)"')
_SPECIAL = KEYWORDS | RESERVED | {"list", "constructor", "__proto__"}
_PLAIN: dict[str, Any] = {"true": True, "false": False, "null": None}
ASK = object()
"""What `at_once` says when the sandbox has to be asked."""


class FeelError(ValueError):
    """An expression failed: which one, why, and where in it (start and end, counted from 0)."""

    def __init__(self, expression: str, reason: str, position: tuple[int, int] | None = None) -> None:
        self.expression, self.reason, self.position = expression, reason, position
        where = f" at character {position[0] + 1}" if position else ""
        shown = " ".join(expression.split())
        super().__init__(f"“{shown if len(shown) <= 200 else shown[:200] + '…'}”{where}: {reason}")


@dataclass(frozen=True)
class Reading:
    """What an expression reads: dotted paths, those it reads only inside filters, and every name it mentions."""

    paths: frozenset[str]
    filtered: frozenset[str]
    names: frozenset[str]


def evaluate(text: str, variables: Mapping[str, Any], now: datetime) -> Any:
    """The value of an expression, given without its “=”."""
    return many([("expression", text, variables)], now)[0]


def value(text: str | None, variables: Mapping[str, Any], now: datetime) -> Any:
    """A setting of a diagram or form: its literal text, or what its expression gives when it starts with “=”."""
    return evaluate(text[1:], variables, now) if text and text.startswith("=") else text


def test(text: str, it: Any, variables: Mapping[str, Any], now: datetime) -> bool:
    """Whether `it` passes a unary test, such as a cell of a decision table."""
    return many([("test", text, {**variables, "?": it})], now)[0] is True


test.__test__ = False  # type: ignore[attr-defined]  # its name is the language's: pytest should not collect it


def many(asks: Sequence[tuple[Kind, str, Mapping[str, Any]]], now: datetime) -> list[Any]:
    """The values of several expressions, asked in one go; the one a “test” is about is the variable “?”."""
    answers = [at_once(text, variables) if kind == "expression" else ASK for kind, text, variables in asks]
    left = [at for at, answer in enumerate(answers) if answer is ASK]
    if left:
        found = question([(kind, text, variables, reading(text, kind).names) for kind, text, variables in (asks[at] for at in left)], now)
        for at, answer in zip(left, found, strict=True):
            answers[at] = answer
    return answers


def check(text: str, kind: Kind = "expression") -> str:
    """The text, if it can be understood; otherwise a FeelError. Nothing is evaluated."""
    reading(text, kind)
    return text


def paths(text: str, kind: Kind = "expression") -> frozenset[str]:
    """The dotted paths an expression reads from outside, such as “answers.referral.source”.

    A bare name inside a filter (`list[agency = "HLT"]`) may be a column of the list: it is left out, dotted ones are in."""
    read = reading(text, kind)
    return read.paths | read.filtered


def paths_in_filters(text: str, kind: Kind = "expression") -> frozenset[str]:
    """The dotted paths that are read only inside filters: their first name may be a column of the list, or a name from outside."""
    read = reading(text, kind)
    return read.filtered - read.paths


@lru_cache(maxsize=8192)
def reading(text: str, kind: Kind = "expression") -> Reading:
    """What an expression reads, from its parse tree."""
    (found,) = question([("read", [kind, text], {}, None)], None)
    return Reading(*(frozenset(found[each]) for each in ("paths", "filtered", "names")))


def question(asks: Iterable[tuple[str, Any, Mapping[str, Any], frozenset[str] | None]], now: datetime | None) -> list[Any]:
    """Ask the sandbox once: each ask is a kind, its text (or table, or template), variables, and the names it can use of them."""
    sets: list[orjson.Fragment] = []
    seen: dict[tuple[int, frozenset[str]], int] = {}
    sent: list[tuple[str, Any, int | None]] = []
    for kind, text, variables, names in asks:
        which = None
        if names is not None:
            which = seen.setdefault((id(variables), names), len(sets))
            if which == len(sets):
                sets.append(orjson.Fragment(_encoded(variables, names, text)))
        sent.append((kind, text, which))
    moment, zone = (0, 0) if now is None else (_milliseconds(now), _zone(now))
    try:
        asked = orjson.dumps({"now": moment, "zone": zone, "sets": sets, "asks": sent})
    except orjson.JSONEncodeError:
        raise FeelError(_shown(sent[0][1]), "holds half a character or a value that is no text") from None
    try:
        answer = isolate.ask(asked)
    except isolate.Spent as spent:
        raise FeelError(_shown(sent[0][1]), str(spent)) from None
    if "error" in answer:
        raise _failed(answer, sent)
    try:
        return [_told(revived(each), now) for each in answer["answers"]]
    except ValueError:
        raise FeelError(_shown(sent[0][1]), "the result is not a date or time that exists") from None


class PlacedError(FeelError):
    """A FeelError inside a table or template, with the place of the text in it."""

    def __init__(self, expression: str, reason: str, position: tuple[int, int] | None, place: Any) -> None:
        super().__init__(expression, reason, position)
        self.place = place


def _failed(answer: dict[str, Any], sent: list[tuple[str, Any, int | None]]) -> FeelError:
    asked = sent[answer["index"]][1]
    text = answer.get("text") or _shown(asked)
    position = answer["position"] and (_character(text, answer["position"][0]), _character(text, answer["position"][1]))
    if answer.get("place") is None:
        return FeelError(text, answer["error"], position)
    return PlacedError(text, answer["error"], position, answer["place"])


def _shown(asked: Any) -> str:
    return asked if isinstance(asked, str) else str(asked["called"] if isinstance(asked, dict) else asked[1])


def _character(text: str, unit: int) -> int:
    """JavaScript counts in units of 16 bits: the same place counted in characters."""
    return unit if text.isascii() else len(text.encode("utf-16-le")[: unit * 2].decode("utf-16-le", "ignore"))


def _encoded(variables: Mapping[str, Any], names: frozenset[str], text: Any) -> bytes:
    # Only what the expression mentions goes across. A name that is no identifier can be written in several ways: those go all.
    used = {name: each for name, each in variables.items() if name in names or name == "?" or not name.isidentifier()}
    try:
        return dumps(used)
    except DataError as problem:
        raise FeelError(_shown(text), str(problem)) from None


def _milliseconds(now: datetime) -> int:
    if now.tzinfo is None:
        raise ValueError("“now” needs a time zone: it says where dates are local")
    return (now - _EPOCH) // timedelta(milliseconds=1)


_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)  # noqa: UP017 - beside the class it is compared with


def _zone(now: datetime) -> str | float:
    """The zone's name, or minutes for one that has none."""
    name = getattr(now.tzinfo, "key", None)
    if isinstance(name, str):
        return name
    if isinstance(now.tzinfo, timezone):
        offset = now.utcoffset()
        return offset.total_seconds() / 60 if offset else 0
    raise ValueError(f"the time zone {now.tzinfo} has no name: use zoneinfo.ZoneInfo")


def _told(it: Any, now: datetime | None) -> Any:
    """Moments in the zone of “now”, wherever they are in the answer."""
    if now is None or it is None or isinstance(it, str | int | float):
        return it
    if isinstance(it, datetime):
        return it.astimezone(now.tzinfo)
    if isinstance(it, list):
        return [_told(each, now) for each in it]
    return {name: _told(each, now) for name, each in it.items()} if isinstance(it, dict) else it


def at_once(text: str, variables: Mapping[str, Any]) -> Any:
    """The value of what needs no sandbox: a literal, a name, a path, or whether one of those is some text. `ASK` for anything else."""
    text = text.strip()
    if text in _PLAIN:
        return _PLAIN[text]
    if _DOTTED.fullmatch(text):
        return _found(text, variables)
    if compared := _IS_TEXT.fullmatch(text):
        path, sign, literal = compared.groups()
        it = _found(path, variables)
        if it is None or type(it) is str:
            return (it == literal) == (sign == "=")
    return ASK


def _found(path: str, variables: Mapping[str, Any]) -> Any:
    it: Any = variables
    for name in path.split("."):
        if name in _SPECIAL or (it is not variables and type(it) is not dict) or name not in it:
            return ASK
        it = it[name]
    plain = it is None or type(it) in (bool, str, date) or (type(it) is int and abs(it) < 2**53)
    return it if plain else ASK
