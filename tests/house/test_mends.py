"""Each mend of SpiffWorkflow is needed: without it, each of its tests fails."""
from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from engine.spiff.mends import MENDS, NOT_NEEDED

ROOT = Path(__file__).parents[2]


def test_every_fact_of_the_design_is_mended_or_said_to_be_harmless() -> None:
    assert sorted([*MENDS, *NOT_NEEDED]) == list(range(1, 15))


@pytest.mark.parametrize("number", MENDS)
def test_without_a_mend_its_tests_fail(number: int) -> None:
    command = [sys.executable, "-m", "pytest", "tests/spiff", "-p", "no:cacheprovider", "-o", "addopts=--import-mode=importlib", "-q", "--tb=no",
               f"--without-mend={number}"]
    without = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}

    done = subprocess.run(command, cwd=ROOT, env=without, capture_output=True, text=True, timeout=300, check=False)

    counts = {word: int(count) for count, word in re.findall(r"(\d+) (failed|passed|error)", done.stdout)}
    assert counts.get("failed", 0) > 0, done.stdout + done.stderr
    assert "passed" not in counts, f"these do not need mend {number}:\n{done.stdout}"
    assert "error" not in counts, done.stdout


def test_outside_tests_no_mend_can_be_switched_off() -> None:
    asked = "from engine.spiff import mends; print(all(mends.on(n) for n in mends.MENDS))"
    everything = {**os.environ, "CASEREVIEW_WITHOUT_MEND": ",".join(map(str, MENDS))}

    done = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, env=everything, capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.strip() == "True"
