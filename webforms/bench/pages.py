"""The pages people look at all day, with a hundred cases open and with five thousand: they have to cost the same."""
from __future__ import annotations

from typing import TYPE_CHECKING

from engine.bench.ground import ground
from engine.bench.stopwatch import Tally, Times
from webforms.bench.visitor import Visitor

if TYPE_CHECKING:
    from engine.bench import Figures
    from engine.bench.ground import Ground

FEW, MANY, ROUNDS = 100, 5_000, 40


def measure() -> Figures:
    """Each page's time at both sizes, their ratio, and how many statements it takes."""
    figures: Figures = {}
    with ground() as few, ground() as many:
        times, boards = Times(), []
        for here, cases in ((few, FEW), (many, MANY)):
            boards.append((here, cases, addresses(here, here.open_cases(cases)), {login: Visitor(here, login) for login in ("overseer", "clerk")}))
        for here, _, pages, visitors in boards:
            for name, (login, address) in pages.items():
                visitors[login].see(address)
                with Tally(here.engine.database) as tally:
                    page = visitors[login].see(address)
                figures |= {f"pages_{name}_statements": len(tally.statements), f"pages_{name}_bytes": len(page.encode())}
        for _ in range(ROUNDS):
            for _, cases, pages, visitors in boards:
                for name, (login, address) in pages.items():
                    times.take(f"{name} {cases}", visitors[login].see, address)
        for name in boards[0][2]:
            figures |= {f"pages_{name}_{FEW}_open_ms": times.ms(f"{name} {FEW}"), f"pages_{name}_{MANY}_open_ms": times.ms(f"{name} {MANY}"),
                        f"pages_{name}_ratio": times.ratio(f"{name} {MANY}", f"{name} {FEW}")}
    return figures


def addresses(here: Ground, reference: str) -> dict[str, tuple[str, str]]:
    """Page → who looks at it, and where it is."""
    task = here.task_of(reference)
    return {
        "home": ("overseer", "/"), "tasks": ("overseer", "/tasks?which=team"), "cases": ("overseer", "/cases"), "own_cases": ("clerk", "/cases"),
        "case": ("overseer", f"/cases/{reference}"), "task": ("clerk", f"/tasks/{task}"),
    }
