"""What set-up promises: the same packages everywhere, from wherever a machine gets its packages, and nothing done twice."""
from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = json.loads((ROOT / "package.json").read_text())
NODE_LOCK = json.loads((ROOT / "package-lock.json").read_text())["packages"]
LEVELS = {"run": {"build", "node"}, "test": {"build", "node", "test"}, "check": {"build", "node", "test", "check"}}

# Put together from pieces, so that this file is not one of those it finds.
REGISTRIES = "|".join(["py" + r"pi\.org", "python" + r"hosted\.org", "registry" + r"\.npm",
                       r"^\s*(?:--)?(?:extra-)?" + "index-url", "--find-" + "links"])
MACHINES = "|".join(f"(?<![\\w.}}/-])/{name}/" for name in ["wo" + "rk", "fa" + "rm", "ro" + "ot", "opt/" + "wheels", "opt/" + "py" + "pi"])
FORBIDDEN = re.compile(f"{REGISTRIES}|{MACHINES}", re.MULTILINE)


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.sub(r"\[.*\]", "", name)).lower()


def pins(level: str) -> dict[str, str]:
    wanted = PROJECT["project"]["dependencies"] + [pin for group in LEVELS[level] for pin in PROJECT["dependency-groups"][group]]
    return {plain(name): version for name, version in (pin.split("==") for pin in wanted)}


def locked(level: str) -> dict[str, str]:
    lock = (ROOT / f"requirements/{level}.lock").read_text()
    return {plain(name): version for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", lock, re.MULTILINE)}


def our_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            cwd=ROOT, capture_output=True, check=True)
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def test_no_file_names_a_registry_or_a_folder_of_one_machine():
    found = []
    for path in our_files():
        text = path.read_bytes().decode(errors="ignore")
        found += [f"{path.relative_to(ROOT)}: {text[:hit.start()].count(chr(10)) + 1}: {hit[0]}" for hit in FORBIDDEN.finditer(text)]

    assert found == []


@pytest.mark.parametrize("line", [
    "--index-url https://example.org", "see /wo" + "rk/main", '"https://registry' + '.npmjs.org/x"', "at /ro" + "ot/.venv",
])
def test_such_lines_would_be_found(line):
    assert FORBIDDEN.search(line)


@pytest.mark.parametrize("level", LEVELS)
def test_a_lock_holds_what_the_project_names(level):
    lock = locked(level)

    assert {name: lock.get(name) for name in pins(level)} == pins(level)


def test_each_lock_holds_the_one_before_it():
    run, test, check = locked("run"), locked("test"), locked("check")

    assert run.items() <= test.items()
    assert test.items() <= check.items()


@pytest.mark.parametrize("level", LEVELS)
def test_every_locked_package_is_held_to_its_hashes(level):
    entries = re.split(r"^(?=[\w.-]+==)", (ROOT / f"requirements/{level}.lock").read_text(), flags=re.MULTILINE)[1:]

    assert entries
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_node_packages_are_named_exactly_and_locked_as_named():
    named = PACKAGES["dependencies"] | PACKAGES["devDependencies"]

    assert {name: NODE_LOCK[f"node_modules/{name}"]["version"] for name in named} == named


def test_every_locked_node_package_is_held_to_its_hash_wherever_it_comes_from():
    entries = {name: entry for name, entry in NODE_LOCK.items() if name}

    assert [name for name, entry in entries.items() if "integrity" not in entry] == []
    assert [name for name, entry in entries.items() if "resolved" in entry] == []


def test_the_expression_language_has_the_parser_and_the_calendar_that_its_own_package_names():
    feelin = NODE_LOCK["node_modules/@bpmn-io/feelin"]["dependencies"]

    for name in ("@bpmn-io/lezer-feel", "luxon"):
        assert f"node_modules/@bpmn-io/feelin/node_modules/{name}" not in NODE_LOCK
        assert PACKAGES["dependencies"][name].split(".")[0] == feelin[name].lstrip("^").split(".")[0]


def test_the_import_contracts_see_every_folder():
    code = [path for package in ("engine", "webforms") for path in (ROOT / package).rglob("*.py") if "static" not in path.parts]

    assert {str(path.parent.relative_to(ROOT)) for path in code if not (path.parent / "__init__.py").exists()} == set()


def test_setting_up_a_second_time_does_nothing():
    subprocess.run([sys.executable, "tools/bootstrap.py", "test"], cwd=ROOT, check=True, capture_output=True)

    again = subprocess.run([sys.executable, "tools/bootstrap.py", "test"], cwd=ROOT, check=True, capture_output=True, text=True)

    assert again.stdout == ""


def test_pages_are_set_in_a_typeface_we_may_use():
    styles = (ROOT / "webforms/static/app.css").read_text()

    assert "GDS Transport" not in styles
    assert "arial" in styles
    assert not [path.name for path in (ROOT / "webforms/static").rglob("*") if "crest" in path.name or "crown" in path.name]


def test_the_sandbox_gets_one_script_with_nothing_left_to_load():
    bundle = (ROOT / "engine/feel/feel.js").read_text()

    assert not re.search(r"\b(?:require|import)\s*\(", bundle)
