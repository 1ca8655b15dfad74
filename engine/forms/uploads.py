"""A file somebody hands in, before anything is stored."""
from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Upload:
    """One file as it arrived: the name its owner gave it, its bytes, and what the sender says it is."""

    name: str
    content: bytes = field(repr=False)  # a log line must never carry what a file says
    type: str = "application/octet-stream"

    @property
    def size(self) -> int:
        return len(self.content)
