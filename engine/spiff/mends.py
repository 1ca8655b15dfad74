"""What SpiffWorkflow 3.2.0 gets wrong for us and we put right: facts by their numbers in the design, switchable by their tests."""
from __future__ import annotations

import os
import sys

#: Facts that can bite here. A test marked `mend(n)` fails when mend n is off; tests/house/test_mends.py sees to that.
MENDS: dict[int, str] = {
    1: "A resumed process would evaluate Python again: it is given our engine, which speaks FEEL, each time.",
    2: "Ids Start and End would empty a process, event sub-processes not interrupt, unknown events and conditions be dropped.",
    3: "Faults of a diagram would carry no line: they are told with the line of the element.",
    4: "Timers would follow the machine's clock: they follow the clock of the surroundings.",
    5: "Every task would inherit and keep a copy of all data: a finished task keeps none.",
    6: "Beyond 1,000 steps of depth a token would vanish: finished steps are pruned, and a process that stands still is an incident.",
    7: "An endless automatic loop would never return: each action has a budget of steps.",
    8: "A failing service would be hidden behind a NameError: its own reason is told.",
    9: "States of other versions would be read as if they were ours: only our own format and programme are.",
    10: "Multi-instance counters would be missing.",
    11: "Specs shared by cases would be changed by the first: they hold nothing of a case, so a case loaded cold goes on.",
    12: "Nested values would be shared between the process and the outside: what goes in and out is copied.",
    13: "Errors would reach other activities or vanish, cancelled activities leave orphans, and plain tasks wait for a person.",
}

#: Facts that cannot bite here, and why.
NOT_NEEDED: dict[int, str] = {
    14: "It is a licence: we use the package unmodified and subclass it.",
}

# Only tests may switch a mend off: outside pytest the variable is not even read.
_OFF = {int(each) for each in os.environ.get("CASEREVIEW_WITHOUT_MEND", "").split(",") if each} if "pytest" in sys.modules else set()


def on(number: int) -> bool:
    """Is this mend in force? Asked when modules and diagrams are read, never while a case runs."""
    return number not in _OFF
