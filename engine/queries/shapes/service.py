"""How the service is, as its page shows it. Nothing of any case."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Verification:
    """One nightly verification of all trails."""

    at: datetime
    rows: int
    chains: int
    broken: int | None    # none: it did not come to its end


@dataclass(frozen=True)
class Trouble:
    """What went wrong outside any case, and was not mended since."""

    at: datetime
    says: str


@dataclass(frozen=True)
class ServicePage:
    """Whether what happens by itself happens; a moment is none where it never did."""

    verified: Verification | None
    head_at: datetime | None
    heads_go_out: bool    # to an address of the settings
    backup_at: datetime | None
    mails_waiting: int
    mails_given_up: int
    oldest_mail: datetime | None
    timers_overdue: int
    troubles: list[Trouble]
