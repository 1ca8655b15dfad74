"""Checks an evidence bundle of casereview. Needs Python 3.8 or later, and nothing else.

    python3 verify.py [--key HEX] [FOLDER or ZIP]

Exit 0: whole and signed; 1: not, and it says what; 2: there is no bundle."""
from __future__ import annotations

import hashlib
import json
import sys
import zipfile
from pathlib import Path
from typing import Dict, Tuple  # noqa: UP035 - for Python 3.8

Point = Tuple[int, int, int, int]  # noqa: UP006
Files = Dict[str, bytes]  # noqa: UP006

FORMAT = "casereview evidence 1"
#: What a bundle has besides what is signed.
UNSIGNED = {"manifest.json", "manifest.sig", "public_key.txt", "verify.py"}

# ---- Ed25519, RFC 8032, section 5.1.7: only to check signatures, so nothing here need be secret or fast.
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def add(one: Point, two: Point) -> Point:
    """The sum of two points (X, Y, Z, T) of the curve."""
    a, b = (one[1] - one[0]) * (two[1] - two[0]) % P, (one[1] + one[0]) * (two[1] + two[0]) % P
    c, d = 2 * one[3] * two[3] * D % P, 2 * one[2] * two[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number: int, point: Point) -> Point:
    """The point added to itself so often."""
    found = (0, 1, 1, 0)
    while number:
        if number & 1:
            found = add(found, point)
        point, number = add(point, point), number >> 1
    return found


def point_of(packed: bytes) -> Point | None:
    """The point that these 32 bytes stand for; None if there is none."""
    y = int.from_bytes(packed, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little")) or (0, 1, 1, 0)


def signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """Is this the signature of the message by this key?"""
    if len(key) != 32 or len(signature) != 64:
        return False
    whose, nonce, scalar = point_of(key), point_of(signature[:32]), int.from_bytes(signature[32:], "little")
    if whose is None or nonce is None or scalar >= ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    left, right = times(scalar, BASE), add(nonce, times(challenge, whose))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# ---- the bundle

def faults(files: Files, key: bytes | None = None) -> list[str]:
    """Everything that is wrong with these files, in words."""
    missing = sorted({"trail.json", "trail.pdf", "README.txt", "manifest.json", "manifest.sig", "public_key.txt"} - set(files))
    if missing:
        return [f"Missing: {', '.join(missing)}."]
    try:
        told, signature = bytes.fromhex(files["public_key.txt"].decode()), bytes.fromhex(files["manifest.sig"].decode())
    except ValueError:
        return ["The key or the signature is not what was written."]
    if key is not None and told != key:
        return [f"The bundle was signed with another key: {told.hex()}."]
    if not signed(told, files["manifest.json"], signature):
        return ["The signature does not belong to manifest.json: one of the two, or the key, was changed."]
    manifest = json.loads(files["manifest.json"])
    if manifest["format"] != FORMAT:
        return [f"This is a bundle of another kind: {manifest['format']}."]
    changed = [f"{name} is not what was signed." for name, digest in manifest["files"].items()
               if hashlib.sha256(files.get(name, b"")).hexdigest() != digest]
    return first_bad(files["trail.json"], manifest["rows"]) + changed


def first_bad(content: bytes, digests: list[str]) -> list[str]:
    """The first row that is not what was signed, by its id."""
    try:
        rows = json.loads(content)["rows"]
    except (ValueError, KeyError, TypeError):
        return ["trail.json cannot be read."]
    before = ""
    for place, row in enumerate(rows):
        says = json.dumps(row, sort_keys=True, separators=(",", ":"))
        name = f"Row {row.get('id') if isinstance(row, dict) else '?'}, number {place + 1} of {len(digests)}"
        if place >= len(digests):
            return [f"{name}, was added: there were {len(digests)} rows."]
        digest = hashlib.sha256((before + "\n" + says).encode()).hexdigest()
        if digest != digests[place]:
            return [f"{name}, is the first that is not what was signed: it was changed, put in, moved, or one before it was taken out."]
        before = digest
    return [] if len(rows) == len(digests) else [f"Rows are missing at the end: there are {len(rows)}, and there were {len(digests)}."]


def read(place: Path) -> Files:
    """The files of a folder or a ZIP."""
    if place.is_dir():
        return {file.name: file.read_bytes() for file in place.iterdir() if file.is_file()}
    with zipfile.ZipFile(place) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def say(*lines: str) -> None:
    """On standard output."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def main(words: list[str]) -> int:
    """Say what was found; the exit code."""
    key = None
    if words[:1] == ["--key"]:
        try:
            key, words = bytes.fromhex(words[1]), words[2:]
        except (ValueError, IndexError):
            say("After --key comes the key: 64 digits and letters from a to f.")
            return 2
    place = Path(words[0]) if words else Path(__file__).resolve().parent
    try:
        files = read(place)
    except (OSError, zipfile.BadZipFile) as problem:
        say(f"There is no bundle at {place}: {problem}")
        return 2
    found = faults(files, key)
    if found:
        say(*found)
        return 1
    if others := sorted(set(files) - set(json.loads(files["manifest.json"])["files"]) - UNSIGNED):
        say(f"No part of this bundle, and not signed: {', '.join(others)}.")
    trail = json.loads(files["trail.json"])
    say(f"Whole: the trail of {trail['case']}, {len(trail['rows'])} rows, made {trail['made_at']}.",
        f"Signed with {files['public_key.txt'].decode().strip()}: compare this key.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
