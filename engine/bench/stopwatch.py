"""Timing things in turn, so that whatever else the machine does slows all of them alike; and counting what a database is asked."""
from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.store.database import Database

P = ParamSpec("P")
R = TypeVar("R")


class Times:
    """Samples by name."""

    def __init__(self) -> None:
        self._samples: dict[str, list[float]] = {}
        self._busy: dict[str, list[float]] = {}

    def take(self, name: str, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """What the work gives; how long it took is one more sample."""
        began, busy = time.perf_counter(), time.process_time()
        result = work(*args, **kwargs)
        self._samples.setdefault(name, []).append((time.perf_counter() - began) * 1000)
        self._busy.setdefault(name, []).append((time.process_time() - busy) * 1000)
        return result

    def ms(self, name: str) -> float:
        """The sample in the middle."""
        return median(self._samples[name])

    def p95_ms(self, name: str) -> float:
        """What nineteen of twenty stay below."""
        return sorted(self._samples[name])[int(len(self._samples[name]) * 0.95)]

    def cpu_ms(self, name: str) -> float:
        """The sample in the middle of the time processors worked on it, in whatever thread; waiting for the disk is not in it."""
        return median(self._busy[name])

    def cpu_ratio(self, one: str, other: str) -> float:
        """How many times the other's work: the figure to trust on a machine that does much else."""
        return self.cpu_ms(one) / self.cpu_ms(other)

    def ratio(self, one: str, other: str) -> float:
        """How many times the other."""
        return self.ms(one) / self.ms(other)


class Tally:
    """Statements and commits a database has been asked for, while this is open."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self.statements: list[str] = []
        self.commits = 0

    def __enter__(self) -> Tally:  # noqa: PYI034 - never subclassed
        sa.event.listen(self._pool, "before_cursor_execute", self._asked)
        sa.event.listen(self._pool, "commit", self._committed)
        return self

    def __exit__(self, *_: object) -> None:
        sa.event.remove(self._pool, "before_cursor_execute", self._asked)
        sa.event.remove(self._pool, "commit", self._committed)

    def _asked(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN"):
            self.statements.append(statement)

    def _committed(self, _connection: Any) -> None:
        self.commits += 1
