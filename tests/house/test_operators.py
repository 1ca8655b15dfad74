"""What operators are told to type, set and copy exists."""
from __future__ import annotations

import configparser
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli import main_group
from engine.settings.tables import FROM_ENVIRONMENT
from webforms import cli

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs/operators.md").read_text()
EXAMPLES = ROOT / "docs/operators"


def test_every_command_of_the_guide_is_one():
    assert cli.main
    typed = re.findall(r"(?:sudo .*casereview casereview|`casereview) (\w+)", GUIDE)

    assert {*typed} - {*main_group.commands} == set()
    assert {*typed} >= {"serve", "worker", "verify", "backup", "restore", "person", "release"}


def test_every_file_of_the_guide_is_there():
    for name in re.findall(r"operators/([\w.-]+)", GUIDE):
        assert (EXAMPLES / name).exists() or name == "environment", name
    assert {path.name for path in EXAMPLES.iterdir()} == {
        "environment.example", "casereview", "casereview.service", "casereview-backup.service", "casereview-backup.timer", "Caddyfile", "nginx.conf"}


def test_the_environment_file_names_every_secret_and_holds_none():
    text = (EXAMPLES / "environment.example").read_text()
    set_there = dict(line.lstrip("#").split("=", 1) for line in text.splitlines() if re.match(r"#?[A-Z_]+=", line))
    read = {name for path in (*(ROOT / "engine/settings").glob("*.py"), ROOT / "engine/cli/here.py")
            for name in re.findall(r'"(CASEREVIEW_[A-Z_]+|DATABASE_URL)"', path.read_text())}

    assert set(set_there) >= read | {"CASEREVIEW_METRICS_TOKEN", "SMTP_PASSWORD"}
    assert {variable for variable, _ in FROM_ENVIRONMENT.values()} <= {*set_there, "PORT"}
    assert [name for name, value in set_there.items() if value and re.search("KEY|PASSWORD|TOKEN", name)] == []


@pytest.mark.parametrize("name", ["casereview.service", "casereview-backup.service", "casereview-backup.timer"])
def test_units_can_be_read(name):
    unit = configparser.RawConfigParser(strict=False, delimiters="=", comment_prefixes="#")
    unit.optionxform = str
    unit.read(EXAMPLES / name)

    assert unit.has_section("Unit")
    for path in re.findall(r"/opt/casereview/([\w./-]+)", (EXAMPLES / name).read_text()):
        assert path.startswith(".venv/bin/casereview") or (ROOT / path).exists(), path


def test_every_figure_of_the_guide_is_told(make_database, tmp_path):
    from tests.makers import board, filled
    from webforms import create_app

    office = board(make_database("sqlite", filled), tmp_path)
    figures = create_app(office.engine).test_client().get("/metrics").get_data(as_text=True)
    named = set(re.findall(r"casereview_\w+", GUIDE)) | set(re.findall(r'casereview_now\{what="(\w+)"\}', GUIDE))
    missing = {name for name in named if name not in figures}
    office.engine.close()

    assert missing == set()


def test_the_command_for_operators_takes_settings_and_secrets_from_the_file(tmp_path):
    """docs/operators/casereview, with another home and another file of secrets."""
    program = tmp_path / "home/.venv/bin/casereview"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!{sys.executable}\nimport os, sys\nprint(sys.argv[1:], os.environ["SMTP_PASSWORD"], os.environ.get("DATABASE_URL"))\n')
    program.chmod(0o755)
    (tmp_path / "environment").write_text("SMTP_PASSWORD='a $b \"c'\nDATABASE_URL=postgresql://ivy@db/reviews\n")
    surroundings = {"PATH": os.defpath, "CASEREVIEW_ENVIRONMENT": str(tmp_path / "environment"), "CASEREVIEW_HOME": str(tmp_path / "home")}

    def said(**more):
        ran = subprocess.run([EXAMPLES / "casereview", "restore", "a b.zip"], env=surroundings | more, capture_output=True, text=True, check=True)
        return ran.stdout.strip()

    assert said() == """['restore', 'a b.zip'] a $b "c postgresql://ivy@db/reviews"""
    assert said(DATABASE_URL="sqlite:////drill.db") == """['restore', 'a b.zip'] a $b "c sqlite:////drill.db"""
