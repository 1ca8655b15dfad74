"""Every story that a pack brings along comes true."""
from __future__ import annotations

import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from engine.coverage.exercise import used
from engine.coverage.report import judge
from engine.packs import Pack, carried, read_pack
from engine.rehearsal.play import rehearse
from engine.rehearsal.scenario import read_scenario
from engine.rehearsal.several import Played

ROOT = Path(__file__).parents[2]
PACKS = sorted(found.parent for home in ("bpmn", "tests/packs") for found in (ROOT / home).glob("*/pack.toml"))
STORIES = [file for pack in PACKS for file in sorted((pack / "scenarios").glob("*.toml")) if file.name != "board.toml"]

pack_in = cache(read_pack)


def test_every_pack_has_stories() -> None:
    assert {file.parents[1] for file in STORIES} == set(PACKS)


@pytest.mark.parametrize("file", STORIES, ids=lambda file: f"{file.parents[1].name}/{file.stem}")
def test_the_story_comes_true(file: Path, settings) -> None:
    pack: Pack = pack_in(file.parents[1])

    outcome = rehearse(read_scenario(file, settings.board.timezone), pack, settings, after=used)

    assert outcome.failures == []
    assert set(outcome.scenario.clauses) - {place.clause for place in outcome.seen} == set()   # it shows what it says it shows
    assert outcome.steps == len(outcome.scenario.steps) > 0


def test_every_clause_of_the_real_pack_has_a_place_and_a_story_or_test() -> None:
    """Given that each story shows what it says it shows: that is the test above, so that nothing is played twice."""
    pack = pack_in(ROOT / "bpmn/serious-case-review")
    believed = [Played(file, "", (), frozenset(carried(pack))) for file in STORIES if file.parents[1].name == "serious-case-review"]

    found = judge(pack, believed, ROOT)

    assert found.faults == []
    assert Counter(one.tied.clause.source.id for one in found.clauses) == {"L": 68, "H": 151, "X": 25, "D": 10}


def test_the_tiny_pack_plays_where_there_is_no_room_for_reviews() -> None:
    alone = """
import os, sys
sys.modules["engine.review"] = None    # importing it fails from here on
from pathlib import Path
from engine.packs import read_pack
from engine.rehearsal.play import rehearse
from engine.rehearsal.scenario import read_scenario
from engine.settings import load_settings

settings, folder = load_settings(Path("config"), os.environ, kind="development"), Path("tests/packs/purchase")
for name in ("ordered", "late"):
    print(rehearse(read_scenario(folder / f"scenarios/{name}.toml", settings.board.timezone), read_pack(folder), settings).failures)
print(sorted(name for name in sys.modules if name.startswith(("engine.review", "webforms", "flask")) and sys.modules[name]))
"""
    done = subprocess.run([sys.executable, "-c", alone], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)

    assert (done.stdout.split("\n"), done.stderr) == (["[]", "[]", "[]", ""], "")
