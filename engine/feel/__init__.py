"""The expression language: FEEL, in a sandbox that holds nothing else.

Give the text without its leading “=”, the variables, and `now`: an aware datetime, whose zone is where dates are local.

What surprises: `1/0`, `sum([])`, `number("x")`, `not(null)` and a date that does not exist are null, not mistakes, so ask that a
condition is true or false and a collection a list. `list[flag]` looks for a position: write `list[flag = true]`. Numbers have no
kinds: 2.0 comes back as 2. Moments keep milliseconds. 1 January 1900 is taken for a time of day. `if` and `satisfies` take
anything but false and null for true."""
from __future__ import annotations

from engine.feel.data import DataError, Duration, dumps, loads
from engine.feel.expressions import KEYWORDS, RESERVED, FeelError, check, evaluate, many, paths, paths_in_filters, test, value
from engine.feel.isolate import close

__all__ = [
    "KEYWORDS", "RESERVED", "DataError", "Duration", "FeelError", "check", "close", "dumps", "evaluate", "loads", "many", "paths",
    "paths_in_filters", "test", "value",
]
