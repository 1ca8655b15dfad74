"""Attacks are cut off sooner here than in earnest, so that three dozen of them take seconds."""
from __future__ import annotations

import pytest

from engine.feel import isolate


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolate, "TIME_LIMIT", 0.5)
