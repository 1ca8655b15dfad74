"""The sentences a form says, in one voice: what to do, never whose fault it is."""
from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
NOT_ANSWERED = "Not answered"


def inner(label: str) -> str:
    """A label as it reads in the middle of a sentence; “GP” and “I agree” keep their capital."""
    first, _, _ = label.partition(" ")
    proper = first == "I" or first.startswith(("I’", "I'")) or any(letter.isupper() for letter in first[1:])
    return label if proper else label[:1].lower() + label[1:]


def lead(label: str) -> str:
    """A label as the subject of a sentence."""
    return f"“{label}”" if label.endswith("?") else label


# A label that starts so reads on after “Enter” as it is …
_BEGINS = frozenset("a all an any each every her his how if its no our the their what when where whether which who whose why your".split())  # noqa: SIM905
# … one that starts so already says what to do …
_ORDERS = frozenset("choose describe enter explain give say select summarise tell tick upload write".split())  # noqa: SIM905
# … and one that ends so is no noun.
_ENDS = frozenset("about at by for from in of on to until with".split())  # noqa: SIM905


def ask(verb: str, label: str) -> str:
    """What is said when an answer is missing: “Enter the child's name” for “Child's name”, or “Answer “Why?””."""
    words = label.lower().split() or [""]
    if label.endswith("?"): return f"Answer “{label}”"
    if words[0] in _ORDERS: return label
    if words[-1] in _ENDS or words[0] in ("i", "we") or len(words) > 12: return f"{verb} “{label}”"
    return f"{verb} {inner(label)}" if words[0] in _BEGINS else f"{verb} the {inner(label)}"


def day(value: date) -> str:
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def clock(value: time | datetime) -> str:
    return f"{value.hour:02}:{value.minute:02}" + (f":{value.second:02}" if value.second else "")


def number(value: float) -> str:
    whole = int(value) == value
    return f"{int(value) if whole else value}"


def shown(value: Any) -> str:
    """A single value in words, as on a summary page."""
    if value is None or value in ("", []): return NOT_ANSWERED
    if isinstance(value, bool): return "Yes" if value else "No"
    if isinstance(value, datetime): return f"{day(value)} at {clock(value)}"
    if isinstance(value, date): return day(value)
    if isinstance(value, time): return clock(value)
    if isinstance(value, int | float): return number(value)
    if isinstance(value, list): return ", ".join(shown(part) for part in value)
    if isinstance(value, dict): return str(value.get("label") or value.get("name") or value.get("key") or "")
    return str(value)
