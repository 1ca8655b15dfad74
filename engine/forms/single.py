"""One answer as it arrived, typed or posted, made a value; what cannot be one is refused in words."""
from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any

from engine.forms.items import CHOOSE_MANY, CHOOSE_ONE, Field
from engine.forms.uploads import Upload
from engine.forms.words import MONTHS, ask, lead, number

TEXT_LIMIT = {"textfield": 300, "textarea": 20_000}
FILE_LIMIT = 1000 * 1024 * 1024  # what the settings allow at most; whoever takes answers holds them to theirs
FILES_LIMIT = 20
CHOICES_LIMIT = 500
CHOICE_LENGTH = 1000
NUMBER_LIMIT = 10 ** 15  # beyond it a float no longer counts in ones
FIRST_YEAR, LAST_YEAR = 1900, 2100

#: Signs that nobody sees and that turn the order of letters for whoever reads them: an answer is kept without them.
_TURNED = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_TICKED = frozenset({"true", "on", "yes", "y", "1"})
_UNTICKED = frozenset({"", "false", "off", "no", "n", "0"})
_TYPE = re.compile(r"[A-Za-z0-9.+-]{1,60}/[A-Za-z0-9.+-]{1,100}(?:; ?[A-Za-z0-9.=+-]{1,60})?")
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}")
_PHONE = re.compile(r"\+?[0-9 ()./-]{7,25}(?:(?:ext\.?|x) ?[0-9]{1,6})?")
_CLOCK = re.compile(r"([0-9]{1,2})[:.]([0-9]{2})(?::([0-9]{2}))?")
_MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:\.[0-9]{1,9})?(Z|[+-][0-9]{2}:?[0-9]{2})?")


class Wrong(Exception):
    """This answer cannot be taken."""


def read(field: Field, raw: Any, now: datetime) -> Any:
    """The value of one answer, `None` (or an empty list) when it was left empty; `Wrong` says what to do instead.

    Whether it had to be answered, or is one of the options, is asked later: that depends on the rest of the form."""
    return _READERS[field.type](field, raw, now)


def _mistyped(field: Field, wanted: str) -> Wrong:
    return Wrong(f"{lead(field.label)} must be {wanted}: what was sent is wrongly typed")


def sound(text: str) -> str:
    """The text itself; `Wrong` (without a label) names a character that could be neither stored nor shown."""
    for at, letter in enumerate(text, 1):
        kind = unicodedata.category(letter)
        if kind == "Cs" or (kind == "Cc" and letter not in "\n\t") or ord(letter) & 0xFFFE == 0xFFFE:
            raise Wrong(f"must not contain control characters: there is one at position {at} (U+{ord(letter):04X})")
    return text


def _text(field: Field, raw: Any, _now: datetime) -> str | None:
    if raw is None: return None
    if not isinstance(raw, str): raise _mistyped(field, "text")
    limit = field.max_length or TEXT_LIMIT[field.type]
    too_long = Wrong(f"{lead(field.label)} must be {limit} characters or fewer")
    if len(raw) > 2 * limit + 1000: raise too_long  # before any work is done on it; line ends may count double
    text = raw.translate(_TURNED).replace("\r\n", "\n").replace("\r", "\n").strip(" \n\t")
    try:
        sound(text)
    except Wrong as wrong:
        raise Wrong(f"{lead(field.label)} {wrong}") from None
    if field.type == "textfield" and ("\n" in text or "\t" in text): raise Wrong(f"{lead(field.label)} must be on one line")
    if not text: return None
    if len(text) > limit: raise too_long
    if field.min_length and len(text) < field.min_length:
        raise Wrong(f"{lead(field.label)} must be {field.min_length} characters or more")
    if field.validation == "email" and not (len(text) <= 254 and _EMAIL.fullmatch(text)):
        raise Wrong(f"{lead(field.label)} must be an email address, like name@example.com")
    if field.validation == "phone" and not _PHONE.fullmatch(text):
        raise Wrong(f"{lead(field.label)} must be a telephone number, like 01632 960 001")
    return text


def _number(field: Field, raw: Any, _now: datetime) -> int | float | None:
    if raw is None: return None
    name = lead(field.label)
    if isinstance(raw, str):
        text = raw.strip()
        if not text: return None
        if "," in text: raise Wrong(f"{name} must be a number without commas, like 1000")
        if not re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,12})?", text): raise Wrong(f"{name} must be a number, like 12")
        value: int | float = float(text) if "." in text else int(text)
    elif isinstance(raw, bool) or not isinstance(raw, int | float): raise _mistyped(field, "a number")
    else:
        value = raw
    if abs(value) >= NUMBER_LIMIT or not math.isfinite(value): raise Wrong(f"{name} must be a number of fewer than 16 digits")
    if value == int(value): value = int(value)
    if field.digits == 0 and not isinstance(value, int): raise Wrong(f"{name} must be a whole number")
    if field.digits is not None and round(value, field.digits) != value:
        raise Wrong(f"{name} must have no more than {field.digits} figures after the point")
    low, high = field.min, field.max
    if low is not None and high is not None and not low <= value <= high:
        raise Wrong(f"{name} must be between {number(low)} and {number(high)}")
    if low is not None and value < low: raise Wrong(f"{name} must be {number(low)} or more")
    if high is not None and value > high: raise Wrong(f"{name} must be {number(high)} or less")
    return value


def _checkbox(field: Field, raw: Any, _now: datetime) -> bool:
    if raw is None: return False
    if isinstance(raw, bool): return raw
    if isinstance(raw, str):
        word = raw.strip().lower()
        if word in _TICKED: return True
        if word in _UNTICKED: return False
    raise _mistyped(field, "ticked or not (true or false)")


def _one(field: Field, raw: Any, _now: datetime) -> Any:
    if raw is None or raw == "": return None
    if _choice(raw): return raw
    raise _mistyped(field, "one of the options")


def _choice(raw: Any) -> bool:
    """Whether this could be an option's value at all."""
    if isinstance(raw, str): return len(raw) <= CHOICE_LENGTH and not any(unicodedata.category(letter) in ("Cc", "Cs") for letter in raw)
    return isinstance(raw, bool) or (isinstance(raw, int | float) and abs(raw) < NUMBER_LIMIT)


def _several(field: Field, raw: Any, _now: datetime) -> list[Any]:
    if raw is None or raw == "": return []
    given = [raw] if isinstance(raw, str) else raw  # a browser posts a single tick as one text
    if not isinstance(given, list | tuple): raise _mistyped(field, "a list of options")
    if len(given) > CHOICES_LIMIT: raise Wrong(f"{lead(field.label)} must have {CHOICES_LIMIT} answers or fewer")
    kept = []
    for one in given:
        if not _choice(one): raise _mistyped(field, "a list of options")
        if one != "": kept.append(one)
    return kept


# -- dates and times

def _datetime(field: Field, raw: Any, now: datetime) -> date | time | datetime | None:
    if raw is None: return None
    if field.subtype == "time": return _time(field, raw)
    if field.subtype == "datetime": return _moment(field, raw, now)
    if isinstance(raw, datetime): raise _mistyped(field, "a date without a time")
    value = _date(field, raw)
    if value is not None: _in_time(field, value, now.date())
    return value


def _in_time(field: Field, value: date, today: date) -> None:
    if field.no_past and value < today: raise Wrong(f"{lead(field.label)} must be today or in the future")
    if field.no_future and value > today: raise Wrong(f"{lead(field.label)} must be today or in the past")


def _date(field: Field, raw: Any) -> date | None:
    unreal = Wrong(f"{lead(field.label)} must be a real date")
    if isinstance(raw, date): return _year_in_range(field, raw)
    if isinstance(raw, str):
        text = raw.strip()
        if not text: return None
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text): raise unreal
        parts = text.split("-")
        year, month, day_of = parts[0], parts[1], parts[2]
    elif isinstance(raw, Mapping):
        if not set(raw) <= {"day", "month", "year"}: raise _mistyped(field, "a date")
        day_of, month, year = (_part(field, raw.get(name)) for name in ("day", "month", "year"))
        missing = [f"a {name}" for name, part in (("day", day_of), ("month", month), ("year", year)) if not part]
        if len(missing) == 3: return None
        if missing: raise Wrong(f"{lead(field.label)} must include {' and '.join(missing)}")
        month = _month(month)
        if not (day_of.isascii() and day_of.isdigit() and month and year.isascii() and year.isdigit()): raise unreal
        if len(year) != 4: raise Wrong(f"{lead(field.label)} must have a year of four figures, like 2023")
    else:
        raise _mistyped(field, "a date")
    try:
        value = date(int(year), int(month), int(day_of))
    except (ValueError, OverflowError):   # the day may have more figures than a date can hold
        raise unreal from None
    return _year_in_range(field, value)


def _part(field: Field, raw: Any) -> str:
    if raw is None: return ""
    if isinstance(raw, bool) or not isinstance(raw, int | str): raise _mistyped(field, "a date")
    text = str(raw).strip() if isinstance(raw, str) else f"{raw:d}"
    return text if len(text) <= 12 else text[:12]


def _month(text: str) -> str:
    """The month's number; people also write its name."""
    if text.isascii() and text.isdigit(): return text
    for at, name in enumerate(MONTHS, 1):
        if len(text) >= 3 and name.lower().startswith(text.lower().rstrip(".")): return str(at)
    return ""


def _year_in_range(field: Field, value: date) -> date:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise Wrong(f"{lead(field.label)} must be a date between {FIRST_YEAR} and {LAST_YEAR}")
    return value


def _time(field: Field, raw: Any, label: str = "") -> time | None:
    name = lead(label or field.label)
    if isinstance(raw, time):
        if raw.tzinfo is not None: raise _mistyped(field, "a time of day without a zone")
        return raw.replace(microsecond=0)
    if not isinstance(raw, str): raise _mistyped(field, "a time of day")
    text = raw.strip()
    if not text: return None
    found = _CLOCK.fullmatch(text)
    try:
        if found: return time(int(found[1]), int(found[2]), int(found[3] or 0))
    except ValueError:
        pass
    raise Wrong(f"{name} must be a time of day, like 09:30")


def _moment(field: Field, raw: Any, now: datetime) -> datetime | None:
    zone = now.tzinfo or UTC
    if isinstance(raw, Mapping):
        if not set(raw) <= {"date", "time"}: raise _mistyped(field, "a date and a time")
        on = None if raw.get("date") is None else _date(field, raw["date"]) if not isinstance(raw["date"], datetime) else None
        at = None if raw.get("time") is None else _time(field, raw["time"], field.time_label)
        if on is None and at is None: return None
        if on is None: raise Wrong(f"{lead(field.label)} must include a date")
        if at is None: raise Wrong(f"{lead(field.label)} must include a time")
        value = datetime.combine(on, at)
    elif isinstance(raw, datetime): value = raw.replace(microsecond=0)
    elif isinstance(raw, date): raise Wrong(f"{lead(field.label)} must include a time")
    elif isinstance(raw, str):
        if not raw.strip(): return None
        value = _iso_moment(field, raw.strip())
    else:
        raise _mistyped(field, "a date and a time")
    _year_in_range(field, value)
    value = value.astimezone(zone) if value.tzinfo is not None else _local(field, value, zone)
    _in_time(field, value.date(), now.date())
    return value


def _iso_moment(field: Field, text: str) -> datetime:
    found = _MOMENT.fullmatch(text)
    if not found:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text): raise Wrong(f"{lead(field.label)} must include a time")
        raise Wrong(f"{lead(field.label)} must be a real date and time")
    try:
        return datetime.fromisoformat(f"{found[1]}T{found[2]}{found[3] or ''}")
    except ValueError:
        raise Wrong(f"{lead(field.label)} must be a real date and time") from None


def _local(field: Field, wall: datetime, zone: tzinfo) -> datetime:
    """The moment a wall clock shows it; of a doubled hour the first, and an hour that is left out is refused."""
    there = wall.replace(tzinfo=zone, fold=0)
    if there.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wall:
        raise Wrong(f"{lead(field.label)} does not exist: the clocks went forward over that time. Enter the time an hour later")
    return there


# -- files

def _files(field: Field, raw: Any, _now: datetime) -> Any:
    if not field.multiple:
        if isinstance(raw, list | tuple) and len(raw) <= 1: raw = raw[0] if raw else None
        return _file(field, raw)
    if raw is None or raw == "": return []
    given = raw if isinstance(raw, list | tuple) else [raw]
    if len(given) > FILES_LIMIT: raise Wrong(f"{lead(field.label)} must be {FILES_LIMIT} files or fewer")
    return [kept for kept in (_file(field, one) for one in given) if kept is not None]


def _file(field: Field, raw: Any) -> Upload | dict[str, Any] | None:
    if raw is None or raw == "": return None
    if isinstance(raw, Mapping):
        plain = {key: raw.get(key) for key in ("document", "name", *(["digest"] if "digest" in raw else []))}
        if set(raw) != set(plain) or not all(isinstance(part, str) and 0 < len(part) <= 300 for part in plain.values()):
            raise _mistyped(field, "a file")
        return plain
    if not isinstance(raw, Upload): raise _mistyped(field, "a file")
    if not raw.name and not raw.content: return None  # what a browser posts for an empty file input
    name = re.split(r"[/\\]", raw.name)[-1].strip()
    try:
        unseen = any(unicodedata.category(letter) == "Cf" for letter in sound(name))   # marks that turn a name round: “fdp.exe” read from the right
    except Wrong:
        unseen = True
    if unseen: raise Wrong("The name of the file must not contain control characters. Rename it and choose it again")
    if not name or len(name) > 200 or "\n" in name or "\t" in name:
        raise Wrong("The name of the file must be between 1 and 200 characters. Rename it and choose it again")
    if not raw.content: raise Wrong(f"“{name}” cannot be taken: it is empty")
    limit = field.max_size or FILE_LIMIT
    if raw.size > limit: raise Wrong(f"“{name}” cannot be taken: it must be smaller than {_size(limit)}")
    if field.accept and not _accepted(field.accept, name, raw.type):
        raise Wrong(f"“{name}” cannot be taken: it must be one of {', '.join(field.accept)}")
    return Upload(name, raw.content, raw.type if _TYPE.fullmatch(raw.type) else "application/octet-stream")


def _size(bytes_: int) -> str:
    for unit, step in (("GB", 1024 ** 3), ("MB", 1024 ** 2), ("KB", 1024)):
        if bytes_ >= step: return f"{number(round(bytes_ / step, 1))} {unit}"
    return f"{bytes_} bytes"


def _accepted(accept: tuple[str, ...], name: str, type_: str) -> bool:
    kind = type_.partition(";")[0].strip().lower()
    for one in accept:
        if one.startswith("."):
            if name.lower().endswith(one): return True
        elif one.endswith("/*"):
            if kind.startswith(one[:-1]): return True
        elif kind == one: return True
    return False


_READERS: dict[str, Callable[[Field, Any, datetime], Any]] = {
    "textfield": _text, "textarea": _text, "number": _number, "checkbox": _checkbox, "datetime": _datetime, "filepicker": _files,
    **dict.fromkeys(CHOOSE_ONE, _one), **dict.fromkeys(CHOOSE_MANY, _several),
}


def missing(field: Field) -> str:
    """What is said when a required question was left empty."""
    if field.type == "checkbox": return f"Select “{field.label}”"
    if field.chosen: return ask("Select", field.label)
    if field.type == "filepicker": return ask("Select a file for", field.label)
    return ask("Enter", field.label)
