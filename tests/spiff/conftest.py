"""Tests marked `mend(n)` fail when mend n of engine/spiff/mends.py is off; tests/house/test_mends.py runs them so."""
from __future__ import annotations

import os

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "mend(n): fails when this mend of engine/spiff/mends.py is off")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With a mend off, only its own tests say anything."""
    off = {int(each) for each in os.environ.get("CASEREVIEW_WITHOUT_MEND", "").split(",") if each}
    if off:
        items[:] = [item for item in items if any(mark.args[0] in off for mark in item.iter_markers("mend"))]
