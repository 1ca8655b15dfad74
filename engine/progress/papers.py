"""Papers that a step makes: the text of the pack is filled in and kept, sealed. Word and PDF are written from it when someone asks."""
from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.documents import Paper, escaped
from engine.errors import Incident
from engine.feel import FeelError, data, templates
from engine.forms.names import ENGINE_NAMES
from engine.progress.in_words import InWords
from engine.progress.names import agency_of_files
from engine.store import tables as t
from engine.store.database import new_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.packs import Pack
    from engine.packs.documents import DocumentText
    from engine.progress.surroundings import Here
    from engine.spiff import Place
    from engine.work import Case

KIND = "text/markdown"


def make(here: Here, headers: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """The paper named in the header `document`, as it reads now. Made again, it is a new version beside the old one."""
    work, case, id = here.work, here.case, str(headers.get("document", ""))
    text = case.pack.documents.get(id)
    if text is None:
        raise Incident(f"There is no paper “{id}” in the pack.", element=place.element)
    try:
        words = filled_in(here, text, place)
    except FeelError as problem:
        raise Incident(f"The paper “{text.title}” cannot be written: {problem}", element=place.element) from problem
    item = _item_in_words(here, place)
    content = data.dumps({"title": text.title, "text": words, "sender": work.settings.board.name, "reference": case.reference, "made_at": work.now,
                          "confidential": text.sensitive or bool(text.visible_to)})
    document, digest = new_id(), hashlib.sha256(content).hexdigest()
    name = f"{text.title} – {item}" if item else text.title
    work.db.execute(sa.insert(t.documents).values(
        id=document, case_id=case.id, element=place.element, field=id, item=place.item, agency=agency_of_files(work.db, place), kind=KIND,
        size=len(content), at=work.now, made_from=sources(case.pack, text), name=case.seal(name, "documents", document, "name"),
        content=case.key.seal(content, case.id, "documents", document, "content"), digest=case.seal(digest, "documents", document, "digest")))
    work.record("document_made", document=document, field=id, element=place.element)
    return {"document": {"document": document, "name": name, "digest": digest}}


def filled_in(here: Here, text: DocumentText, place: Place) -> str:
    """The words of a paper with everything in its place; what people typed cannot become markup."""
    names = here.names(text.paths, place) | InWords(here, text, place).of(text.paths)
    return templates.render(text.body, {**names, **here.seen}, here.work.now, show=lambda value: escaped(_shown(value)))


def paper_of(case: Case, row: Any) -> Paper:
    """The finished text that a row of `documents` keeps."""
    return Paper(**data.loads(case.key.open(row.content, case.id, "documents", row.id, "content")))


def sources(pack: Pack, text: DocumentText) -> list[str]:
    """The tasks, starts and case actions whose answers a paper tells: as answers, as rows of a register, as variables."""
    found: set[str] = set()
    for path in text.paths:
        head, _, rest = path.partition(".")
        second = rest.partition(".")[0]
        if head in ("answers", "history", "words", "papers"):
            found.add(second)
        elif head in ("registers", "rows"):
            found |= {element.id for element in pack.elements.values() if element.form and second in _registers(pack, element.form)}
        elif head not in ENGINE_NAMES:
            found |= {element.id for element in pack.elements.values() if element.form and any(row.target == head for row in element.outputs)}
    return sorted(id for id in found if id in pack.elements)


def _registers(pack: Pack, form: str) -> set[str]:
    """The registers that the answers to a form are written to."""
    return {register for _, item in (pack.forms[form].walk() if form in pack.forms else ()) if (register := getattr(item, "register", None))}


def _item_in_words(here: Here, place: Place) -> str:
    """Of what the paper is, where it is made for each of several: an agency by its name."""
    if not place.item:
        return ""
    agencies = {row.key: row.name for row in here.work.db.execute(sa.select(t.agencies.c.key, t.agencies.c.name))}
    return " / ".join(agencies.get(part, part) for part in place.item.split("/"))


def _shown(value: Any) -> str:
    """A value in words; of a file or an agency its name."""
    if isinstance(value, dict) and isinstance(value.get("name"), str):
        return str(value["name"])
    if isinstance(value, list):
        return ", ".join(filter(None, map(_shown, value)))
    return templates.in_words(value)
