"""What a machine with real cases must have: everything that is missing or weak is told, and then nothing starts."""
from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.settings.values import Demo, Mail, Web

SHORTEST_TOKEN = 20
#: Fewer different characters than this were typed, not drawn.
FEWEST_DIFFERENT = 8


def fit_for_real_cases(web: Web | None, mail: Mail | None, demo: Demo | None, environment: Mapping[str, str], faults: list[str]) -> None:
    """Cookies and mail that nobody else reads, a proxy that speaks https, no demonstration, and keys drawn at random."""
    if web and not web.secure_cookies:
        faults.append("production.toml: [web] secure_cookies must be true: a session must not travel unencrypted.")
    if web and not web.proxies:
        faults.append("production.toml: [web] proxies must be at least 1: this program speaks no https, so a proxy that does must stand in front of it.")
    if mail and mail.send != "smtp":
        faults.append('production.toml: [mail] send must be "smtp": mails in files reach nobody, and lie there unsealed.')
    if demo and (demo.people or demo.make_keys):
        faults.append("production.toml: [demo] people and make_keys must be false where real cases are.")
    secret, master, token = (environment.get(f"CASEREVIEW_{name}", "") for name in ("SECRET_KEY", "MASTER_KEY", "METRICS_TOKEN"))
    if len(secret) >= 32 and (len(set(secret)) < FEWEST_DIFFERENT or secret == master):
        faults.append("environment: CASEREVIEW_SECRET_KEY is too easy to guess. Make it at random: openssl rand -base64 48")
    if _repeats(master):
        faults.append("environment: CASEREVIEW_MASTER_KEY is too easy to guess. Make it at random: openssl rand -base64 32")
    if token and len(token) < SHORTEST_TOKEN:
        faults.append(f"environment: CASEREVIEW_METRICS_TOKEN must have at least {SHORTEST_TOKEN} characters, made at random.")


def _repeats(master: str) -> bool:
    """A key of the right length that is a pattern or a sentence repeated: 32 random bytes have 20 and more different ones."""
    try:
        key = base64.b64decode(master.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        return False   # told elsewhere
    return len(key) == 32 and len(set(key)) < FEWEST_DIFFERENT
