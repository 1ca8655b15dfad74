"""The list of everything this is made of leaves nothing out."""
from __future__ import annotations

import json
import re
from pathlib import Path

from tools import sbom

ROOT = Path(__file__).parents[2]


def locked(level: str) -> dict[str, set[str]]:
    """name==version → its hashes, of one lock of Python."""
    text = (ROOT / f"requirements/{level}.lock").read_text()
    entries = re.findall(r"^([a-z0-9-]+==[^ \n]+)((?: ;[^\\\n]*)?(?: \\\n +--hash=sha256:\w+)+)", text, re.MULTILINE)
    return {name: set(re.findall(r"sha256:(\w+)", rest)) for name, rest in entries}


def test_every_package_of_every_lock_is_listed_once_with_its_hashes(tmp_path):
    sbom.write(tmp_path / "sbom.json")
    bom = json.loads((tmp_path / "sbom.json").read_text())

    named = [(component["purl"].partition("?")[0].replace("%40", "@"), component) for component in bom["components"]]
    python = {name.removeprefix("pkg:pypi/").replace("@", "=="): component for name, component in named if name.startswith("pkg:pypi/")}
    npm = {name.removeprefix("pkg:npm/"): component for name, component in named if name.startswith("pkg:npm/")}
    lock = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    everything = locked("check")
    assert len(everything) == len(re.findall(r"^[^ #\n]", (ROOT / "requirements/check.lock").read_text(), re.MULTILINE))
    assert len(named) == len(python) + len(npm)
    assert python.keys() == everything.keys()
    assert npm.keys() == {f"{path.rpartition('node_modules/')[2]}@{one['version']}" for path, one in lock.items() if path}
    for name, hashes in everything.items():
        assert {each["content"] for source in python[name]["externalReferences"] for each in source["hashes"]} == hashes, name
    assert all(component["hashes"] for component in npm.values())
    assert {name for name, component in python.items() if component["scope"] == "required"} == locked("run").keys()
    assert {component["scope"] for component in npm.values() if not component.get("properties")} <= {"required", "optional"}
