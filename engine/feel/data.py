"""Values as JSON: the one codec, into the sandbox and back, and for what sealed columns hold.

Dates and moments are tagged (`{"$date": "2023-03-06"}`), so that they come back as what they were."""
from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from math import isfinite
from typing import Any, Self

import orjson

_TAGS = (b'{"$date":', b'{"$moment":', b'{"$time":', b'{"$duration":')
_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_STRICT_INTEGER
_ISO_DURATION = re.compile(r"-?P(?=.)(?:-?[\d.]+[YMWD])*(?:T(?:-?[\d.]+[HMS])+)?")


class DataError(ValueError):
    """This is not a value an expression or a record can hold."""


class Duration(str):
    """An ISO duration, such as “P1M” or “P3DT4H”: what FEEL's durations come back as, and go in again as."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        if not _ISO_DURATION.fullmatch(text):
            raise DataError(f"“{text}” is not an ISO duration such as P1M or P3DT4H")
        return super().__new__(cls, text)

    def __repr__(self) -> str:
        return f"Duration({str(self)!r})"


def dumps(value: Any) -> bytes:
    """The value as JSON. Refuses what would come back as something else: times without a zone, NaN, numbers beyond 2**53."""
    tagged = 0

    def tag(it: Any) -> Any:
        nonlocal tagged
        tagged += 1
        return _tag(it)

    try:
        text = orjson.dumps(value, tag, _OPTIONS)
    except orjson.JSONEncodeError as problem:
        raise problem.__cause__ if isinstance(problem.__cause__, DataError) else DataError(_why(problem)) from None
    # orjson writes NaN as null, and somebody's own key may look like a tag of ours: only then is it worth a second look.
    if b"null" in text:
        _refuse_nan(value)
    if b'"$$' in text or sum(map(text.count, _TAGS)) != tagged:
        text = orjson.dumps(_escaped(value), _tag, _OPTIONS)
    return text


def loads(text: bytes | str) -> Any:
    """The value that was written."""
    value = orjson.loads(text)
    return revived(value) if (b'"$' in text if isinstance(text, bytes) else '"$' in text) else value


def revived(value: Any) -> Any:
    """Parsed JSON with its tags turned into the values they stand for."""
    if type(value) is list:
        return [revived(each) for each in value]
    if type(value) is not dict:
        return value
    if len(value) == 1:
        (key, text), = value.items()
        if key in _READ:
            return _READ[key](text)
    return {key[1:] if key.startswith("$$") else key: revived(each) for key, each in value.items()}


_READ = {
    "$date": date.fromisoformat,
    "$moment": datetime.fromisoformat,
    "$time": time.fromisoformat,
    "$duration": Duration,
}


def _tag(it: Any) -> Any:
    if isinstance(it, datetime):
        offset = it.utcoffset()
        if offset is None:
            raise DataError(f"{it.isoformat()} has no time zone: which moment it is cannot be told")
        whole = offset % timedelta(minutes=1) == timedelta(0)      # old local times are seconds off, which ISO cannot say everywhere
        return {"$moment": (it if whole else it.astimezone(UTC)).isoformat()}
    if isinstance(it, date):
        return {"$date": it.isoformat()}
    if isinstance(it, time):
        return {"$time": it.isoformat()}
    if isinstance(it, Duration):
        return {"$duration": str(it)}
    if isinstance(it, str):                                         # subclasses go as what they are at heart
        return str(it)
    if isinstance(it, int):
        return int(it)
    if isinstance(it, dict):
        return dict(it)
    if isinstance(it, list):
        return list(it)
    raise DataError(f"{type(it).__name__} is not a value an expression or a record can hold")


def _escaped(value: Any) -> Any:
    if isinstance(value, dict):
        return {f"${key}" if key.startswith("$") else key: _escaped(each) for key, each in value.items()}
    return [_escaped(each) for each in value] if isinstance(value, list | tuple) else value


def _refuse_nan(value: Any) -> None:
    if isinstance(value, dict):
        for each in value.values():
            _refuse_nan(each)
    elif isinstance(value, list | tuple):
        for each in value:
            _refuse_nan(each)
    elif isinstance(value, float) and not isfinite(value):
        raise DataError("a number that is infinite or not a number cannot be kept")


def _why(problem: Exception) -> str:
    says = str(problem)
    if "Integer" in says:
        return "a number beyond 9,007,199,254,740,991 loses its last digits: keep it as text"
    if "surrogates" in says:
        return "a text holds half a character"
    return "nested too deeply" if "recursion" in says.lower() else says
