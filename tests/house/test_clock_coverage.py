"""Every clock of the shipped pack is seen to be met, to be late, to be cancelled and to remind, in some story, with the dates written down by hand."""
from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

SHIPPED = Path(__file__).parents[2] / "bpmn/serious-case-review"
DEADLINES: dict[str, dict[str, Any]] = tomllib.loads((SHIPPED / "deadlines.toml").read_text())
#: The clocks that the Board's process and the guidance count, C1 to C17: a comment beside the deadline says which it is.
COUNTED = dict(re.findall(r"^\[(\w+)\] +# (C\d+)\b", (SHIPPED / "deadlines.toml").read_text(), re.MULTILINE))


@cache
def seen() -> frozenset[tuple[str, str]]:
    """(deadline, what a story expects of it), over all stories; a reminder counts where a story writes its days down."""
    found = set()
    for file in sorted((SHIPPED / "scenarios").glob("*.toml")):
        for step in tomllib.loads(file.read_text()).get("step", []):
            expected = step.get("expect", {})
            found |= {(_name(clock), told["state"]) for clock, told in expected.get("deadlines", {}).items() if "state" in told}
            found |= {(_name(clock), "reminded") for clock, days in expected.get("reminders", {}).items() if days}
    return frozenset(found)


def _name(clock: str) -> str:
    """deadline@item#2 → deadline."""
    return re.split("[@#]", clock)[0]


def possible(name: str) -> list[str]:
    """What can become of a clock: one that is only waited for is never late; each of C1 to C17 can be stopped, if only by the end of its case."""
    deadline = DEADLINES[name]
    return ["met", *([] if deadline.get("milestone") else ["breached"]), *(["reminded"] if deadline.get("remind") else []),
            *(["cancelled"] if name in COUNTED or {"cancelled_by", "cancelled"} & set(deadline) else [])]


def test_all_seventeen_clocks_are_named() -> None:
    assert set(COUNTED.values()) == {f"C{number}" for number in range(1, 18)}


@pytest.mark.parametrize("name", DEADLINES)
def test_a_story_sees_whatever_can_become_of_the_clock(name: str) -> None:
    assert [state for state in possible(name) if (name, state) not in seen()] == []


def test_no_story_speaks_of_a_clock_that_the_pack_does_not_have() -> None:
    assert {name for name, _ in seen()} <= set(DEADLINES)
