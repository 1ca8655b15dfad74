"""Stories told in a few lines of TOML, played on the tiny pack of a purchase."""
from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.packs import Pack, read_pack
from engine.rehearsal.play import rehearse
from engine.rehearsal.scenario import BadScenario, Scenario, read_scenario
from engine.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]

#: Someone asks for a till that two suppliers may quote for.
ASKED = """
[[step]]
as = "requester@OFF"
start = "request_made"
with = { what = "A new till", amount = 450, suppliers = ["QUI", "INK"] }
"""
APPROVED = ASKED + """
[[step]]
at = 2026-03-03T10:00:00
as = "approver"
do = "approve"
with = { decision = "approve" }
"""
QUOTED = APPROVED + """
[[step]]
at = 2026-03-04T10:00:00
as = "supplier@QUI"
do = "quote"
for = "QUI"
with = { price = 410 }

[[step]]
as = "supplier@INK"
do = "quote"
for = "INK"
with = { price = 395 }
"""
LATE = ASKED + """
[[step]]
at = 2026-03-10T09:00:00
"""


@pytest.fixture(scope="session")
def settings() -> Settings:
    """The settings that ship."""
    return load_settings(ROOT / "config", os.environ, kind="development")


@pytest.fixture(scope="session")
def purchase() -> Pack:
    return read_pack(ROOT / "tests/packs/purchase")


@pytest.fixture(scope="session")
def clocks() -> Pack:
    return read_pack(ROOT / "tests/packs/clocks")


@pytest.fixture
def read(settings: Settings, tmp_path: Path) -> Callable[..., Scenario]:
    """The story in these lines; it begins on Monday 2 March 2026 unless `top` says otherwise."""

    def read(steps: str, top: str = "clock = 2026-03-02T09:00:00") -> Scenario:
        return read_scenario(tmp_path / "story.toml", settings.board.timezone, f"title = \"A story\"\n{top}\n{steps}")

    return read


@pytest.fixture
def faults(read: Callable[..., Scenario]) -> Callable[..., list[str]]:
    """What is wrong with a file, all at once."""

    def faults(*lines: str) -> list[str]:
        with pytest.raises(BadScenario) as bad:
            read(*lines)
        return [f"{fault.name}: {fault.says}" for fault in bad.value.faults]

    return faults


@pytest.fixture
def play(read: Callable[..., Scenario], purchase: Pack, settings: Settings) -> Callable[..., list[str]]:
    """Plays these lines; gives what was not as the story says."""

    def play(steps: str, top: str = "clock = 2026-03-02T09:00:00", pack: Pack = purchase, **options: Any) -> list[str]:
        return rehearse(read(steps, top), pack, settings, **options).failures

    return play
