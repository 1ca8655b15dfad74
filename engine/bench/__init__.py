"""`casereview bench`: what things cost here, beside the least they could cost on the same machine at the same time.

Milliseconds are of this machine and its mood; ratios are what to compare. Everything happens in databases of its own."""
from __future__ import annotations

import json
from importlib import import_module
from importlib.util import find_spec

import click

#: Part → the module whose `measure()` gives its figures, by name: those of the web and of reviews lie above us.
PARTS = {
    "step": "engine.bench.step", "http": "webforms.bench.http", "pages": "webforms.bench.pages", "timers": "engine.bench.timers",
    "anonymity": "engine.review.bench",
}
#: What may not be exceeded.
TARGETS = {
    "http_to_library_ratio": 8, "http_statements": 20, "http_commits": 1, "http_memory_mb": 350, "pages_home_ratio": 1.5, "pages_cases_ratio": 1.5,
    "pages_case_ratio": 1.5, "pages_task_ratio": 1.5, "timers_sweep_10000_waiting_ms": 2,
}
Figures = dict[str, float | int]


@click.command("bench")
@click.argument("part", type=click.Choice(sorted(PARTS)), required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of words.")
def bench_command(part: str | None, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Measure one PART, or all there are: figures, floors of the same run, and ratios between them."""
    figures: Figures = {}
    for name in [part] if part else PARTS:
        if not _is_here(PARTS[name]):
            if part:
                raise click.UsageError(f"{name} cannot be measured here: {PARTS[name]} is not installed.")
            continue
        found: Figures = {key: round(value, 3) for key, value in import_module(PARTS[name]).measure().items()}
        figures |= found
        if not as_json:
            click.echo(in_words(found))
    if as_json:
        click.echo(json.dumps(figures, indent=2))


def in_words(figures: Figures) -> str:
    """One line a figure, with the target where there is one."""
    wide = max(map(len, figures))
    return "\n".join(f"{key:<{wide}}  {value:>12,.3f}{_judged(value, TARGETS[key]) if key in TARGETS else ''}".rstrip() for key, value in figures.items())


def _judged(value: float, most: float) -> str:
    return f"   {'fine' if value <= most else 'TOO MUCH'}: at most {most:,}"


def _is_here(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
