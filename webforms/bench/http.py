"""One task done through the web: cookie, token, form, checks, process, rows and trail, to the disk and back."""
from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from flask import Flask

from engine.bench.ground import ground
from engine.bench.pack import ANSWERS
from engine.bench.step import Floor
from engine.bench.stopwatch import Tally, Times
from engine.spiff.stock import Stock
from webforms.bench.visitor import Visitor

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from engine.bench import Figures
    from engine.bench.ground import Ground

CASES = {10: 20, 40: 4}  # tasks in a row → how many cases of it are run through


def measure() -> Figures:
    """The figures of a completion, and of the page before it."""
    figures: Figures = {}
    for tasks, cases in CASES.items():
        with ground(tasks) as here, Floor() as floor:
            times, visitor, library, empty = Times(), Visitor(here, "clerk"), Stock(tasks), _empty()
            here.run_through()
            for _ in range(cases):
                _one_case(here, visitor, library, times)
                for _ in range(tasks):
                    times.take("commit", floor.write, "x" * 600)
                    times.take("empty", empty.get, "/")
            figures |= {f"http_{tasks}_tasks_ms": times.ms("completion"), f"http_{tasks}_tasks_p95_ms": times.p95_ms("completion"),
                        f"http_{tasks}_tasks_form_ms": times.ms("form"), f"http_{tasks}_tasks_library_ms": times.ms("library")}
            if tasks == 10:
                figures |= {"http_empty_page_ms": times.ms("empty"), "http_commit_ms": times.ms("commit"),
                            "http_to_library_ratio": times.ratio("completion", "library"), "http_to_empty_page_ratio": times.ratio("completion", "empty"),
                            "http_cpu_ms": times.cpu_ms("completion"), "http_cpu_to_library_ratio": times.cpu_ratio("completion", "library"),
                            "http_form_to_library_ratio": times.ratio("form", "library")}
                figures |= _asked(here, visitor)
            else:
                figures |= {f"http_{tasks}_tasks_to_library_ratio": times.ratio("completion", "library")}
    return figures | {"http_memory_mb": _memory()}


def _one_case(here: Ground, visitor: Visitor, library: Stock, times: Times) -> None:
    """A case of each kind, task by task in turn."""
    saved, over, case = library.begin(), False, here.start()
    while not over and (task := here.open_task(case)) is not None:
        times.take("form", visitor.opened, task)
        times.take("completion", visitor.answer, task)
        saved, over = times.take("library", library.step, saved, dict(ANSWERS))


def _asked(here: Ground, visitor: Visitor) -> Figures:
    task = here.open_task(here.start()) or ""
    with Tally(here.engine.database) as looking:
        visitor.opened(task)
    with Tally(here.engine.database) as doing:
        visitor.answer(task)
    return {"http_statements": len(doing.statements), "http_commits": doing.commits, "http_form_statements": len(looking.statements)}


def _empty() -> FlaskClient:
    """The least a page can cost: Flask with nothing in it."""
    app = Flask("empty")
    app.add_url_rule("/", "page", lambda: "")
    return app.test_client()


def _memory() -> float:
    """In a process of its own: this one has the library and the floors in it as well."""
    found = subprocess.run([sys.executable, "-m", "webforms.bench.memory"], check=True, capture_output=True, text=True)
    return float(found.stdout.split()[-1])
