"""Playing many scenarios: on every core there is, and told in their order."""
from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import PackFaults
from engine.packs import Pack, read_pack
from engine.rehearsal.play import rehearse
from engine.rehearsal.scenario import BadScenario, read_scenario

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from engine.rehearsal.play import After
    from engine.settings import Settings

#: Fewer are played before another process has even read the pack.
WORTH_SHARING = 6


class NoSuchPack(Exception):
    """A scenario is for a pack that is not here."""


@dataclass(frozen=True)
class Played:
    """One scenario and how it went: nothing in `failures` means as it should."""

    file: Path
    title: str
    failures: tuple[str, ...]
    seen: Any = None     # by whoever looked when it was over


def play_all(stories: Sequence[tuple[Path, Path]], settings: Settings, after: After | None = None) -> Iterator[Played]:
    """Each scenario file, with the folder of the pack it is for unless it names another, as soon as it and all before it are played.

    `after`, a function of a module, looks at each rehearsal once it is played; what it gives must travel between processes."""
    one = partial(_played, settings, after)
    processes = min(os.cpu_count() or 1, len(stories))
    if processes == 1 or len(stories) < WORTH_SHARING:
        yield from map(one, stories)
        return
    spawn = multiprocessing.get_context("spawn")  # a forked copy of the expression sandbox hangs
    longest_first = sorted(range(len(stories)), key=lambda at: -stories[at][0].stat().st_size)  # or one process plays the longest while the others are done
    with ProcessPoolExecutor(processes, mp_context=spawn) as pool:
        playing = {at: pool.submit(one, stories[at]) for at in longest_first}
        for at in range(len(stories)):
            yield playing[at].result()


def _played(settings: Settings, after: After | None, story: tuple[Path, Path]) -> Played:
    file, folder = story
    title, failures, seen = file.stem, list[str](), None
    try:
        scenario = read_scenario(file, settings.board.timezone)
        title = scenario.title
        folder = settings.packs_folder / scenario.pack if scenario.pack else folder
        if not (folder / "pack.toml").exists():
            raise NoSuchPack(f"There is no pack called {scenario.pack}.")
        outcome = rehearse(scenario, _pack(folder), settings, after=after)
        failures, seen = outcome.failures, outcome.seen
    except BadScenario as bad:
        failures += [f"{fault.name}: {fault.says}" if fault.name else fault.says for fault in bad.faults]
    except PackFaults as bad_pack:
        failures += [f"the pack has faults: {fault}" for fault in bad_pack.faults]
    return Played(file, title, tuple(failures), seen)


@cache
def _pack(folder: Path) -> Pack:
    return read_pack(folder)
