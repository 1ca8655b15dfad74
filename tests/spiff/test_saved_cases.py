"""Cases saved in every format we ever wrote can still be opened and played to their end."""
from __future__ import annotations

from pathlib import Path

import pytest

from engine.spiff import FORMAT, Process, load
from tests.spiff.story import Ground, pack

SAVED = Path(__file__).with_name("saved")


@pytest.mark.parametrize("version", range(1, FORMAT + 1))
def test_a_case_saved_long_ago_goes_on(version: int) -> None:
    drawn = (SAVED / f"format-{version}.bpmn").read_bytes()
    process = Process.resume(load(pack(drawn, digest=f"format-{version}")), (SAVED / f"format-{version}.case").read_bytes(), Ground())
    assert sorted((task.place.element, task.place.item) for task in process.open_tasks()) == [
        ("check", "B"), ("panel", None), ("write", "A"), ("write", "C")]
    assert process.marks()["p0"]["reports"] == {"done": 0, "now": 3, "cancelled": 0, "waiting": 0}

    while tasks := process.open_tasks():
        process.complete(tasks[0].id, {"again": False, "text": "done"})
    assert process.ended
    assert process.case.data["results"] == ["done", "early", "done"]
