"""Words that stand nowhere else: written into every text of an answer, and found again wherever they come out."""
from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from engine.forms import Field, Group, List, Upload
from engine.forms.samples import file as sample_file
from engine.packs import REASON

NONE: frozenset[str] = frozenset()
#: In whatever letters: names of files and of anchors are made small on the way.
WORD = re.compile(r"zq[0-9]{5}", re.IGNORECASE)


@dataclass(frozen=True)
class Canary:
    """Where a word was written, and by whom."""

    word: str
    kind: str            # answer | file | reason | draft | correction | note | deputy | proposal | hold | factor | secret
    form: str
    path: str
    case: str | None
    agencies: frozenset[str]   # whose word it is: the agency the task is for or the row is about, else the writer's
    by: str | None
    also: frozenset[str] = NONE  # whom it is for besides, by what it is: deputies

    @property
    def place(self) -> str:
        return f"{self.form}.{self.path}" + ("" if self.kind == "answer" else f" ({self.kind})")


class Words:
    """The next unused word."""

    def __init__(self) -> None:
        self.last = 0

    def __call__(self) -> str:
        self.last += 1
        return f"Zq{self.last:05d}"


def words(text: str) -> set[str]:
    """Every word in this text, as it was planted."""
    return {word.capitalize() for word in WORD.findall(text)}


# ---- planting

class Planted(dict[str, Any]):
    """Answers full of canaries, and the same without, should they be refused."""

    plain: dict[str, Any]

    def without(self, path: str) -> None:
        """What stood at this path before a canary did; with one element, whatever is there."""
        here: Any = self
        plain: Any = self.plain
        *outer, last = path.split(".")
        for part in outer:
            key: Any = int(part) if part.isdigit() else part
            with suppress(KeyError, IndexError, TypeError):
                here, plain = here[key], plain[key]
        if isinstance(here, dict):
            if isinstance(plain, Mapping) and last in plain:
                here[last] = plain[last]
            else:
                here.pop(last, None)


def planted(items: Any, answers: dict[str, Any], word: Words) -> Planted:
    """These answers with a word in every text and file; also in those that need not be given."""
    found = Planted(filled(items, answers, word))
    if REASON in answers:
        found[REASON] = f"{answers[REASON]} {word()}"
    found.plain = answers
    return found


def filled(items: Any, answers: Mapping[str, Any], word: Words) -> dict[str, Any]:
    """The same, as it lies in a draft."""
    new = dict(answers)
    for item in items:
        if isinstance(item, Field):
            value = _word_in(item, new.get(item.key), word)
            if value is not None:
                new[item.key] = value
        elif isinstance(item, Group) and item.path:
            inside = new.get(item.path)
            new[item.path] = filled(item.items, inside if isinstance(inside, Mapping) else {}, word)
        elif isinstance(item, Group):
            new = filled(item.items, new, word)
        elif isinstance(item, List) and isinstance(new.get(item.path), list):
            new[item.path] = [filled(item.items, row, word) if isinstance(row, Mapping) else row for row in new[item.path]]
    return new


def _word_in(item: Field, value: Any, word: Words) -> Any:
    if item.readonly or item.key in ("key", "number", "entry"):
        return None
    if item.type in ("textfield", "textarea"):
        if item.pattern or item.validation == "phone" or (isinstance(value, str) and WORD.search(value)):
            return None
        if item.validation == "email":
            return f"{word()}@example.org"
        if value is not None and not isinstance(value, str):
            return None
        text = f"{value} {word()}" if value else f"{word()} was written here"
        return text if not item.max_length or len(text) <= item.max_length else word()
    if item.type == "filepicker":
        given = value if isinstance(value, list) else [value] if value else [sample_file(item)]
        files = [_file(one, word) if isinstance(one, Upload) else one for one in given]
        return files if item.multiple else files[0]
    return None


def _file(upload: Upload, word: Words) -> Upload:
    stem, dot, ending = upload.name.rpartition(".")
    plain = not upload.content.startswith((b"PK", b"%PDF")) and b"\0" not in upload.content
    return replace(upload, name=f"{stem or upload.name} {word()}{dot}{ending if stem else ''}",
                   content=upload.content + f" {word()}".encode() if plain else upload.content)


# ---- finding

def words_in(value: Any, path: str = "", about: frozenset[str] = NONE) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Every word in an answer, with its path (rows of a list without their numbers) and the agencies that its row is about."""
    if isinstance(value, Mapping):
        named = value.get("agency") or value.get("agencies")
        about = about if not path or not named else frozenset(named if isinstance(named, list) else [str(named)])
        for key, inside in value.items():
            yield from words_in(inside, f"{path}.{key}" if path else str(key), about)
    elif isinstance(value, list | tuple):
        for inside in value:
            yield from words_in(inside, path, about)
    elif isinstance(value, str):
        for word in words(value):
            yield path, word, about


def text_of(content: bytes) -> str:
    """What can be read in a file: a page, a text, a Word file, a PDF with what it says about itself, or an archive with all that is in it."""
    if content[:4] == b"PK\x03\x04":
        packed = zipfile.ZipFile(io.BytesIO(content))
        parts = {name: packed.read(name) for name in packed.namelist()}
        word_file = "[Content_Types].xml" in parts
        return " ".join(f"{name} {re.sub(r'<[^>]+>', '', inside.decode('utf-8', 'replace')) if word_file else text_of(inside)}"
                        for name, inside in parts.items())
    if content[:4] == b"%PDF":
        import pypdf

        read = pypdf.PdfReader(io.BytesIO(content))
        return " ".join([*(page.extract_text() for page in read.pages), str(read.metadata)])
    return content.decode("utf-8", "replace")
