"""Unpacks the Chromium that the npm package @sparticuz/chromium brings, into .tools/chromium.

It was put together for bare cloud machines, so it carries what a bare Debian lacks too: libraries, a software GPU, fonts.
"""
from __future__ import annotations

import io
import re
import shutil
import sys
import tarfile
from pathlib import Path

import brotli

ROOT = Path(__file__).resolve().parent.parent
PACKED, PLACE = ROOT / "node_modules/@sparticuz/chromium/bin", ROOT / ".tools/chromium"


def unpack(packed: Path, place: Path) -> None:
    """Everything in the package, in a folder that appears only when it is whole."""
    fresh = place.with_suffix(".part")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for archive in sorted(packed.glob("*.br")):
        content = brotli.decompress(archive.read_bytes())
        name = archive.name.removesuffix(".br")
        if name.endswith(".tar"):
            untar(content, fresh)
        else:
            (fresh / name).write_bytes(content)
            (fresh / name).chmod(0o755)
    settle_fonts(fresh / "fonts.conf", place)
    shutil.rmtree(place, ignore_errors=True)
    fresh.rename(place)


def untar(content: bytes, folder: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        for member in tar:   # by hand: the first releases of Python 3.11 have no extraction filter
            target = (folder / member.name).resolve()
            if member.isfile() and target.is_relative_to(folder.resolve()):
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(tar.extractfile(member).read())  # type: ignore[union-attr]  # a file has content


def settle_fonts(settings: Path, place: Path) -> None:
    """The package's font settings name folders of the cloud machine; say where the fonts are here."""
    text = settings.read_text()
    text = re.sub(r"<dir[^>]*>.*?</dir>", f"<dir>{place}/fonts</dir>", text)
    settings.write_text(re.sub(r"<cachedir[^>]*>.*?</cachedir>", f"<cachedir>{place}/cache</cachedir>", text))


if __name__ == "__main__":
    if not PACKED.is_dir():
        sys.exit("[setup] @sparticuz/chromium is not among the node packages: run `make test`, which brings it")
    unpack(PACKED, PLACE)
