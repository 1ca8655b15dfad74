"""What can be set: the values a deployment was given, after they were checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

PERMISSIONS = frozenset({
    "see_all_cases", "see_agency_cases", "see_answers", "see_status", "see_trail", "hand_over", "correct_answers", "manage_people", "release_pack",
    "read_packs", "keep_cases", "subject_access",
})
KINDS = ("development", "production")


class BadSettings(Exception):
    """The settings cannot be used as they stand; every mistake is listed with its file and key."""

    def __init__(self, says: list[str]) -> None:
        super().__init__("\n".join(says))
        self.says = says


@dataclass(frozen=True)
class Agency:
    """A body that takes part in reviews; `member` of the board or asked from outside."""

    key: str
    name: str
    member: bool = True


@dataclass(frozen=True)
class Calendar:
    """Where bank holidays come from, and the board's own exceptions to them."""

    name: str
    country: str
    subdivision: str | None = None
    closed: frozenset[date] = frozenset()   # no working days, whatever the country says
    opened: frozenset[date] = frozenset()   # working days, whatever the country says


ENGLAND_AND_WALES = Calendar("england-and-wales", "GB", "ENG")   # Wales keeps the same bank holidays


@dataclass(frozen=True)
class Board:
    """The board whose reviews these are."""

    name: str
    short: str
    timezone: ZoneInfo
    calendar: Calendar
    reminder_hour: int
    agencies: tuple[Agency, ...]
    email: str = ""     # where the public, and those who work on a review, can write to
    phone: str = ""     # of the business office


@dataclass(frozen=True)
class Web:
    host: str
    port: int = field(metadata={"least": 0, "most": 65535})
    threads: int = field(metadata={"least": 1, "most": 200})
    proxies: int = field(metadata={"least": 0, "most": 5})
    secure_cookies: bool


@dataclass(frozen=True)
class Mail:
    send: Literal["files", "smtp"]
    host: str
    port: int = field(metadata={"least": 1, "most": 65535})
    security: Literal["none", "starttls", "tls"]
    user: str
    sender: str
    base_url: str
    timeout_seconds: int = field(metadata={"least": 1, "most": 300})
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Limits:
    upload_megabytes: int = field(metadata={"least": 1, "most": 1000})
    body_megabytes: int = field(metadata={"least": 1, "most": 2000})
    form_parts: int = field(metadata={"least": 100, "most": 100_000})

    @property
    def upload_bytes(self) -> int:
        return self.upload_megabytes * 1024 * 1024

    @property
    def body_bytes(self) -> int:
        return self.body_megabytes * 1024 * 1024


@dataclass(frozen=True)
class Sessions:
    idle_minutes: int = field(metadata={"least": 1, "most": 24 * 60})
    absolute_minutes: int = field(metadata={"least": 1, "most": 7 * 24 * 60})
    tries: int = field(metadata={"least": 1, "most": 100})
    wait_minutes: int = field(metadata={"least": 1, "most": 24 * 60})
    second_factor: Literal["required", "optional"]
    prove_again_minutes: int = field(metadata={"least": 1, "most": 24 * 60})
    link_days: int = field(metadata={"least": 1, "most": 60})


@dataclass(frozen=True)
class SingleSignOn:
    """Signing in with an identity provider of the council's own (OpenID Connect); off while no issuer is named."""

    issuer: str
    client_id: str
    title: str
    domains: list[str]
    require: dict[str, str]
    trusts_second_factor: bool
    second_factor_acr: list[str]
    passwords_too: bool
    session_hours: int = field(metadata={"least": 1, "most": 7 * 24})
    secret: str | None = field(default=None, repr=False)

    @property
    def on(self) -> bool:
        return bool(self.issuer)


@dataclass(frozen=True)
class Approvals:
    """What takes two people. Roles and accounts always do."""

    release: bool
    days: int = field(metadata={"least": 1, "most": 90})


@dataclass(frozen=True)
class Trail:
    """Where the head of all trails is mailed once a day; empty: nowhere."""

    heads_to: str


@dataclass(frozen=True)
class Backup:
    """To whom backups are encrypted: the public half of an age key; empty: to nobody."""

    recipient: str


@dataclass(frozen=True)
class Span:
    """A length of time."""

    count: int
    unit: str               # day, month or year

    def __str__(self) -> str:
        return f"{self.count} {self.unit}{'' if self.count == 1 else 's'}"


@dataclass(frozen=True)
class Kept:
    """One kind of record: why it is kept, how long, and what happens then."""

    kind: str
    title: str
    holds: str
    why: str
    span: Span | None       # none: for good
    since: str              # what the time is counted from
    then: str               # erase, process or keep


@dataclass(frozen=True)
class Moments:
    look_every_seconds: int = field(metadata={"least": 1, "most": 3600})


@dataclass(frozen=True)
class Folders:
    """Where things lie, beside the folder of the settings unless a path is absolute."""

    data: str
    packs: str


@dataclass(frozen=True)
class Demo:
    people: bool
    make_keys: bool


@dataclass(frozen=True)
class Settings:
    """Everything a deployment was told, checked."""

    kind: str                                # development or production
    board: Board
    roles: Mapping[str, frozenset[str]]      # what each role may do
    retention: Mapping[str, Kept]            # every kind of record
    web: Web
    mail: Mail
    limits: Limits
    sessions: Sessions
    single_sign_on: SingleSignOn
    approvals: Approvals
    trail: Trail
    backup: Backup
    moments: Moments
    demo_people: bool                        # fill an empty database with a fictional board
    data_folder: Path
    packs_folder: Path
    database_url: str = field(repr=False)    # may hold a password
    secret_key: bytes = field(repr=False)    # signs sessions
    master_key: bytes = field(repr=False)    # wraps the key of every case
    metrics_token: str | None = field(default=None, repr=False)   # opens /metrics, where it is set

    def may(self, role: str) -> frozenset[str]:
        """The permissions of a role; of a role no file names, none."""
        return self.roles.get(role, frozenset())
