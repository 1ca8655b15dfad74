"""Making an evidence bundle.

Each row's digest is SHA-256 over the digest before it and the row, so that a bundle is a chain that anyone can follow; `manifest.json` holds all of them
and the digest of every file, and is signed with Ed25519 (RFC 8032) by a key derived from the master key."""
from __future__ import annotations

import hashlib
import json
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from engine import queries
from engine.documents.archive import closed
from engine.documents.paper import LINE, Paper, escaped
from engine.documents.pdf import as_pdf
from engine.rules.access import SYSTEM

if TYPE_CHECKING:
    from engine import Actor, Engine
    from engine.queries.shapes.trail import Evidence

FORMAT = "casereview evidence 1"
_HERE = Path(__file__).parent
#: What stands above the rows of the PDF.
_SAYS = """\
## What this is

Whatever somebody does or looks at in a case of {board} is written down by the software that the board works with, as it happens. That list is
called the trail. This is the whole trail of case {case}: {rows} rows, from {first} to {last}, oldest first. Nothing was left out.

It was taken by {by} on {day} at {time}. All times are local times.

A row says who did what and when. It does not say what was answered or read: that is confidential, and never stands on the trail. “The system” did what
happens by itself, such as a reminder on its day.

## How it is checked

This paper is one file of an evidence bundle. The bundle is signed: if a single letter in it was changed, a row taken out, put in or moved, the check
says so and names the first such row. Anyone can do it on their own computer; README.txt in the bundle says how, in two steps. A printed copy alone
proves nothing: compare it with the file.

The check prints the key that the bundle was signed with. It has to be the one that {board} tells you when you ask, by letter or telephone. In this bundle it is

{key}

## The trail
"""
#: Rows of one table of the PDF: a longer one takes the typesetter more than its share of time.
_TABLE = 200


def make(engine: Engine, actor: Actor, reference: str) -> bytes:
    """The bundle of this case's trail, a ZIP. That it was taken stands on the trail."""
    found: Evidence = engine.ask(actor, queries.evidence, reference)
    signing = _signing(engine)
    trail = {"format": FORMAT, "case": found.reference, "board": found.board, "made_at": found.made_at.isoformat(), "made_by": found.made_by,
             "software": version("casereview"), "rows": found.rows}
    files = {
        "trail.json": json.dumps(trail, indent=1, ensure_ascii=False).encode(),
        "trail.pdf": as_pdf(_to_read(found, public_key(engine))),
        "README.txt": (_HERE / "readme.txt").read_text("utf-8").format(case=found.reference, board=found.board, key=public_key(engine)).encode(),
    }
    manifest = json.dumps({"format": FORMAT, "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
                           "rows": digests(found.rows)}, indent=1).encode()
    return closed(files | {
        "manifest.json": manifest, "manifest.sig": f"{signing.sign(manifest).hex()}\n".encode(), "public_key.txt": f"{public_key(engine)}\n".encode(),
        "verify.py": (_HERE / "verify.py").read_bytes()})


def public_key(engine: Engine) -> str:
    """What bundles of this service are signed with, to be told by another way than the bundle."""
    return _signing(engine).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def digests(rows: list[dict[str, Any]]) -> list[str]:
    """The digest of each row, over the one before it and everything the row says."""
    found: list[str] = []
    for row in rows:
        says = json.dumps(row, sort_keys=True, separators=(",", ":"))
        found.append(hashlib.sha256(f"{found[-1] if found else ''}\n{says}".encode()).hexdigest())
    return found


def _signing(engine: Engine) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(engine.vault.derived("evidence"))


def _to_read(found: Evidence, key: str) -> Paper:
    """What this is and how it is checked, for somebody who has never seen this software; then every row."""
    zone = found.made_at.tzinfo
    at = [datetime.fromisoformat(row["at"]).astimezone(zone) for row in found.rows]
    lines = []
    for nth, (row, moment) in enumerate(zip(found.rows, at, strict=True)):
        if nth % _TABLE == 0:
            lines += ["", "| No. | When | Who | What happened |", "|---|---|---|---|"]
        lines.append(f"| {nth + 1} | {_day(moment)}{LINE}{moment:%H:%M:%S} | {escaped(row['name'])} | {escaped(row['words'])} |")
    by = "whoever runs the service" if found.made_by == SYSTEM.name else escaped(found.made_by)
    says = _SAYS.format(board=escaped(found.board), case=escaped(found.reference), rows=f"{len(at):,}", first=_day(at[0]) if at else "no day",
                        last=_day(at[-1]) if at else "no day", by=by, day=_day(found.made_at), time=f"{found.made_at:%H:%M %Z}", key=key)
    return Paper(f"Trail of {found.reference}", "\n".join([says, *lines]), found.board, found.reference, found.made_at.replace(microsecond=0))


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"
