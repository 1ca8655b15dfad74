"""Codes that people type: those of an authenticator app (TOTP, RFC 6238), and the recovery codes kept for a bad day."""
from __future__ import annotations

import hmac
import re
import secrets
from typing import TYPE_CHECKING

import pyotp

if TYPE_CHECKING:
    from datetime import datetime

STEP = 30          # seconds that a code is shown for
EITHER_WAY = 1     # steps by which the clocks of phone and server may differ
RECOVERY_CODES = 10
#: No letters that are taken for one another. Twelve of these are 59 bits: nobody tries them all.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
LENGTH = 12


def new_secret() -> str:
    """What the app and we know, and nobody else (160 bits)."""
    return pyotp.random_base32()


def address_for_app(secret: str, login: str, issuer: str) -> str:
    """What the app reads from the picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=issuer)


def as_typed(code: str) -> str:
    """A code however it was typed: spaces, strokes and capitals do not count."""
    return re.sub(r"[\s-]", "", code[:100]).lower()


def step_of(secret: str, code: str, now: datetime, after: int) -> int | None:
    """The time step whose code this is, if it is one of now and later than the last that was accepted: no code is good twice."""
    totp, here = pyotp.TOTP(secret), int(now.timestamp()) // STEP
    for step in range(here - EITHER_WAY, here + EITHER_WAY + 1):
        if step > after and hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()):
            return step
    return None


def new_recovery_codes() -> list[str]:
    """Fresh ones, as they are printed: three groups of four."""
    letters = ["".join(secrets.choice(LETTERS) for _ in range(LENGTH)) for _ in range(RECOVERY_CODES)]
    return ["-".join(code[at:at + 4] for at in range(0, LENGTH, 4)) for code in letters]
