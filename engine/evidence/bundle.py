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
from engine.documents.paper import Paper, escaped
from engine.documents.pdf import as_pdf

if TYPE_CHECKING:
    from engine import Actor, Engine
    from engine.queries.shapes.trail import Evidence

FORMAT = "casereview evidence 1"
_HERE = Path(__file__).parent
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
        "trail.pdf": as_pdf(_to_read(found)),
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


def _to_read(found: Evidence) -> Paper:
    """A line on what this is, then every row."""
    zone, lines = found.made_at.tzinfo, []
    for nth, row in enumerate(found.rows):
        if nth % _TABLE == 0:
            lines += ["", "| Id | When | Who | What |", "|---|---|---|---|"]
        at = datetime.fromisoformat(row["at"]).astimezone(zone)
        lines.append(f"| {row['id']} | {at:%d.%m.%Y %H:%M:%S} | {escaped(row['name'])} | {escaped(row['words'])} |")
    says = (f"Every row of the trail of this case, {len(found.rows)} in all, oldest first; taken by {escaped(found.made_by)} on "
            f"{found.made_at:%d.%m.%Y at %H:%M}. What was answered does not stand on the trail. trail.json holds the same rows for machines, "
            "and README.txt tells how both are checked.")
    return Paper(f"Trail of {found.reference}", "\n".join([says, *lines]), found.board, found.reference, found.made_at.replace(microsecond=0))
