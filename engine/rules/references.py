"""Case references: counted per board and year, with nothing in them that tells who it is about."""

from __future__ import annotations

import re

_PLACE = re.compile(r"\{(year|number)(?::0([1-9]))?\}")


def reference(pattern: str, year: int, number: int) -> str:
    """The reference of the `number`-th case of `year`: "SCR-{year}-{number:03}" gives SCR-2017-003."""
    if wrong := wrong_with(pattern):
        raise ValueError(wrong)
    values = {"year": year, "number": number}
    # Not str.format: an owner's text must not reach into Python, nor ask for a number a million digits wide.
    return _PLACE.sub(lambda found: f"{values[found[1]]:0{found[2] or 1}d}", pattern)


def wrong_with(pattern: str) -> str | None:
    """What keeps `pattern` from giving references, in an owner's words; None when nothing does."""
    if sorted(found[1] for found in _PLACE.finditer(pattern)) != ["number", "year"]:
        return f"The reference “{pattern}” must have {{year}} and {{number}} once each, as in SCR-{{year}}-{{number:03}}."
    if not re.fullmatch(r"[A-Z0-9-]{1,40}", _PLACE.sub("0", pattern)):
        return f"The reference “{pattern}” may otherwise have capital letters, digits and - only, as in SCR-{{year}}-{{number:03}}."
    if re.search(r"\}\d*\{", pattern):
        return f"In the reference “{pattern}” put - between the year and the number: otherwise two cases could share one."
    return None
