"""A folder of its own with the settings that ship and a tiny pack, and the command line run in it."""
from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from engine.cli import main_group

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An operator's folder: config/, and bpmn/ with the tiny pack. Commands run in it, on a database in it."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    shutil.copytree(ROOT / "tests/packs/purchase", tmp_path / "bpmn/purchase")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/office.sqlite")
    for name in ("CASEREVIEW_ENV", "CASEREVIEW_SECRET_KEY", "CASEREVIEW_MASTER_KEY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Callable[..., Ran]:
    """run("check", "purchase"): a command, as typed in that folder."""

    def run(*command: object, typed: str | None = None) -> Ran:
        result = CliRunner().invoke(main_group, [str(part) for part in command], input=typed)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ran(result.exit_code, result.stdout, result.stderr)

    return run


def spoil(file: Path, old: str, new: str) -> None:
    """A slip of a pack's owner."""
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
