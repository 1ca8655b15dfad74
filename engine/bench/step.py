"""One task done, from the engine's door to the disk, beside the library alone and beside one write."""
from __future__ import annotations

import json
import sqlite3
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.bench.ground import ground
from engine.bench.pack import ANSWERS
from engine.bench.stopwatch import Tally, Times
from engine.spiff.stock import Stock
from engine.store import tables as t

if TYPE_CHECKING:
    from engine.bench import Figures
    from engine.bench.ground import Ground

CASES = {10: 30, 40: 5}  # tasks in a row → how many cases of it are run through


def measure() -> Figures:
    """The figures of a step of the 10-task diagram, and ratios of the 40-task one."""
    figures: Figures = {}
    for tasks, cases in CASES.items():
        with ground(tasks) as here, Floor() as floor:
            times, library = Times(), Stock(tasks)
            here.run_through()
            for _ in range(cases):
                _one_case(here, library, floor, times)
            figures |= {
                f"step_{tasks}_tasks_ms": times.ms("step"), f"step_{tasks}_tasks_p95_ms": times.p95_ms("step"), f"start_{tasks}_tasks_ms": times.ms("start"),
                f"library_{tasks}_tasks_ms": times.ms("library"), f"naive_{tasks}_tasks_ms": times.ms("naive"), f"commit_{tasks}_ms": times.ms("commit")}
            if tasks == 10:
                figures |= {
                    "step_to_naive_ratio": times.ratio("step", "naive"), "step_to_library_ratio": times.ratio("step", "library"),
                    "step_cpu_ms": times.cpu_ms("step"), "step_cpu_to_library_ratio": times.cpu_ratio("step", "library"),
                    "step_to_floor_ratio": times.ratio("step", "commit"), "step_cold_to_library_ratio": times.ratio("cold", "library")}
                figures |= _asked(here) | {"naive_state_bytes": floor.size}
            else:
                figures |= {f"step_{tasks}_tasks_to_library_ratio": times.ratio("step", "library")}
    return figures


def _one_case(here: Ground, library: Stock, floor: Floor, times: Times) -> None:
    """A case of each kind, step by step in turn."""
    def naive(state: str) -> None:
        floor.write(library.step(state, dict(ANSWERS))[0])

    case, saved, over = times.take("start", here.start), library.begin(), False
    while not over and (task := here.open_task(case)) is not None:
        times.take("step", here.submit, task)
        times.take("naive", naive, saved)
        times.take("commit", floor.write, "x" * 600)
        saved, over = times.take("library", library.step, saved, dict(ANSWERS))
    cold = here.start()
    for _ in range(2):
        here.engine._live.clear()  # noqa: SLF001 - as if this process had just begun
        if (task := here.open_task(cold)) is not None:
            times.take("cold", here.submit, task)


def _asked(here: Ground) -> Figures:
    """What one step asks of the database and leaves there."""
    case = here.start()
    task = here.open_task(case) or ""
    with Tally(here.engine.database) as tally:
        here.submit(task)
    with here.engine.database.reading() as db:
        state = db.scalar(sa.select(sa.func.avg(sa.func.length(t.steps.c.state))))
        trail = db.execute(sa.select(t.trail.c.event, t.trail.c.details).where(t.trail.c.case_id == case)).all()
    return {"step_statements": len(tally.statements), "step_commits": tally.commits, "step_state_bytes": float(state or 0),
            "step_trail_bytes": sum(len(row.event) + len(json.dumps(row.details)) for row in trail)}


class Floor:
    """The least a durable step can cost: one row written through to the same disk, and nothing else."""

    size = 0

    def __enter__(self) -> Floor:  # noqa: PYI034 - never subclassed
        self._folder = tempfile.TemporaryDirectory(prefix="casereview-floor-")
        self._connection = sqlite3.connect(Path(self._folder.name) / "floor.db", isolation_level=None)
        for text in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "CREATE TABLE rows (id INTEGER PRIMARY KEY, content TEXT)"):
            self._connection.execute(text)
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._folder.cleanup()

    def write(self, content: str) -> None:
        """One insert, one commit."""
        self.size = max(self.size, len(content))
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute("INSERT INTO rows (content) VALUES (?)", (content,))
        self._connection.execute("COMMIT")
