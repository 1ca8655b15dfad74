"""The zip that a Word file is: opened with care, and packed the same way whatever the moment."""
from __future__ import annotations

import zipfile
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_BYTES = 400_000_000      # unpacked
LONG_AGO = (1980, 1, 1, 0, 0, 0)


def opened(content: bytes) -> dict[str, bytes] | None:
    """The parts of the file; None if it is no zip, or a trap."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            if sum(one.file_size for one in archive.infolist()) > MOST_BYTES:
                return None
            return {one.filename: archive.read(one) for one in archive.infolist() if not one.is_dir()}
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError):
        return None


def closed(parts: Mapping[str, bytes]) -> bytes:
    """The file of these parts, without moments in it."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, LONG_AGO), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def packed(content: bytes) -> bytes:
    """A zip of our own making, packed so that the same parts are the same bytes."""
    return closed(opened(content) or {})
