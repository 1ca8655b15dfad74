"""Looking whether anything is due: with nothing waiting, with ten thousand waiting, and firing what is."""
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.alarm import sweep
from engine.bench.ground import ground
from engine.bench.stopwatch import Times
from engine.store import tables as t

if TYPE_CHECKING:
    from engine.bench import Figures

WAITING, DUE = 10_000, 100


def measure() -> Figures:
    """The cost of a look, and of one timer that fires."""
    with ground() as few, ground() as many:
        few.open_cases(10)
        many.open_cases(WAITING)
        soon = [many.start() for _ in range(DUE)]
        times = Times()
        sweep(many.engine)
        for _ in range(200):
            times.take("few", sweep, few.engine)
            times.take("many", sweep, many.engine)
        with many.engine.database.writing() as db:
            db.execute(sa.update(t.timers).where(t.timers.c.case_id.in_(soon)), {"due_at": many.engine.now() - timedelta(hours=1)})
        times.take("fire", sweep, many.engine)
    return {"timers_sweep_10_waiting_ms": times.ms("few"), "timers_sweep_10000_waiting_ms": times.ms("many"), "timers_sweep_ratio": times.ratio("many", "few"),
            "timers_fired_each_ms": times.ms("fire") / DUE}
