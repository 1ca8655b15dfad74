"""Reading retention.toml: what is kept, why, for how long, and what happens then."""

from __future__ import annotations

import re
from typing import Any

from engine.settings.tables import taken
from engine.settings.values import Kept, Span

FILE = "retention.toml"
LONGEST = 1000
#: Every kind of record: what its time may be counted from, and what happens when it is over. Without a beginning it is kept for good.
KINDS: dict[str, tuple[tuple[str, ...], str]] = {
    "case_content": (("case_ended", "published"), "erase"),
    "case_frame": ((), "keep"),
    "trail": ((), "keep"),
    "sign_in_failures": ((), "keep"),
    "accounts": ((), "keep"),
    "sessions": (("ended",), "erase"),
    "links": (("ended",), "erase"),
    "drafts": (("last_saved",), "erase"),
    "mails": (("sent",), "erase"),
    "published": (("published",), "process"),
    "backups": (("made",), "erase"),
}


def read_retention(table: dict[str, Any], faults: list[str]) -> dict[str, Kept]:
    """One rule for every kind of record there is, in the order of the program; each mistake is told."""
    found: dict[str, Kept] = {}
    if table:   # a file that is not there is told once, not once a kind
        faults.extend(f"{FILE}: [{kind}] is missing." for kind in KINDS if kind not in table)
    faults.extend(f"{FILE}: [{kind}] is not known; the kinds of records are: {', '.join(KINDS)}." for kind in table if kind not in KINDS)
    for kind in KINDS:
        if kind in table and (rule := _rule(kind, table[kind], faults)):
            found[kind] = rule
    return found


def _rule(kind: str, given: Any, faults: list[str]) -> Kept | None:
    where, before = f"{FILE}: [{kind}]", len(faults)
    if not isinstance(given, dict):
        faults.append(f"{FILE}: {kind} must be a table, [{kind}].")
        return None
    table = dict(given)
    title, holds, why, keep, then = (taken(table, key, str, where, faults) for key in ("title", "holds", "why", "keep", "then"))
    begins, happens = KINDS[kind]
    since = taken(table, "from", str, where, faults, "" if not begins else None)
    faults.extend(f"{where}: {name} is not known." for name in table)
    faults.extend(f"{where}: {name} must be one line of at most {LONGEST} characters." for name, words in (("title", title), ("holds", holds), ("why", why))
                  if words is not None and (not words.strip() or len(words) > LONGEST or not words.isprintable()))
    if since is not None and since not in (begins or ("",)):
        faults.append(f"{where}: from is “{since}”; it must be {' or '.join(begins) if begins else 'left out: this is kept for good'}.")
    if then is not None and then != happens:
        faults.append(f"{where}: then is “{then}”; here it must be {happens}.")
    span = _span(keep, where, faults) if keep is not None else None
    if span is not None and not begins:
        faults.append(f'{where}: keep is “{keep}”; this is kept for good: write keep = "always".')
    if len(faults) > before or title is None or holds is None or why is None or since is None:
        return None
    return Kept(kind, title, holds, why, span, since, happens)


def _span(text: str, where: str, faults: list[str]) -> Span | None:
    """A length of time; nothing for what is kept for good."""
    if text == "always":
        return None
    found = re.fullmatch(r"([1-9]\d{0,3}) (day|month|year)s?", text)
    if found is None:
        faults.append(f'{where}: keep is “{text}”; write it as "30 days", "18 months", "35 years" or "always".')
        return None
    return Span(int(found[1]), found[2])
