"""Publication: what is read out of a case, cleaned of who made it, and put where anyone may read it; and taken down again.

The public tables are not sealed and know nothing of a case but its reference. Nothing leads from them back."""
from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import Incident
from engine.rooms import Service
from engine.store import tables as t

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.progress import Here
    from engine.spiff import Place
    from engine.work import Case

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,8}\Z")


@dataclass(frozen=True)
class _File:
    """A document as the public will have it."""

    name: str
    title: str
    ending: str
    kind: str
    content: bytes
    clean: bool


def publish(here: Here, headers: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """The entry of this case with these documents, in the place of what stood there. Gives the day it was first published."""
    work, case, p = here.work, here.case, t.published
    files = _files(here, headers.get("documents"), place)
    title, summary = (_words(headers, key, place) for key in ("title", "summary"))
    if not files:
        raise Incident("There is no document to publish.", element=place.element)
    before = work.db.execute(sa.select(p.c.published_at, p.c.taken_down_at).where(p.c.reference == case.reference)).one_or_none()
    first = before.published_at if before is not None and before.taken_down_at is None else work.now
    row = {"title": title, "summary": summary, "published_at": first, "changed_at": work.now, "taken_down_at": None, "reason": None}
    if before is None:
        work.write(sa.insert(p).values(reference=case.reference, **row))
    else:
        work.write(sa.update(p).where(p.c.reference == case.reference).values(**row))
    f = t.published_files
    work.write(sa.delete(f).where(f.c.reference == case.reference))
    work.write(sa.insert(f), [
        {"reference": case.reference, "name": one.name, "place": at, "title": one.title, "file_name": f"{case.reference}-{one.name}{one.ending}",
         "kind": one.kind, "size": len(one.content), "digest": hashlib.sha256(one.content).hexdigest(), "content": one.content}
        for at, one in enumerate(files)])
    work.record("published", files=[one.name for one in files], unread=[one.name for one in files if not one.clean])
    return {"published_on": first.astimezone(work.zone).date(), "reference": case.reference}


def take_down(here: Here, headers: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """The files are gone from the public's tables; the entry stays, and says how to ask for them. Nothing there: nothing to do."""
    work, reference = here.work, here.case.reference
    p, f = t.published, t.published_files
    gone = work.write(sa.update(p).where(p.c.reference == reference, p.c.taken_down_at.is_(None)).values(
        taken_down_at=work.now, changed_at=work.now, reason=_words(headers, "reason", place)))
    if gone:
        work.write(sa.update(f).where(f.c.reference == reference).values(content=None))
        work.record("taken_down")
    return {"taken_down_on": work.today if gone else None}


def _words(headers: Mapping[str, Any], key: str, place: Place) -> str:
    value = headers.get(key)
    if not isinstance(value, str) or not value.strip():
        raise Incident(f"“{key}” must be words: what is published needs them.", element=place.element)
    return value.strip()


def _files(here: Here, given: Any, place: Place) -> list[_File]:
    """Each entry with a document, in their order; one whose document is null is left out."""
    if not isinstance(given, list):
        raise Incident("“documents” must be a list of {name, title, document}.", element=place.element)
    found: list[_File] = []
    for one in given:
        if not isinstance(one, dict) or not isinstance(one.get("name"), str) or not NAME.fullmatch(one["name"]):
            raise Incident("Each document needs a name in small letters and digits, such as “report”.", element=place.element)
        if one["name"] in {each.name for each in found}:
            raise Incident(f"Two documents are called “{one['name']}”.", element=place.element)
        if one.get("document") is not None:
            found.append(_file(here, one["name"], str(one.get("title") or one["name"]), one["document"], place))
    return found


def _file(here: Here, name: str, title: str, document: Any, place: Place) -> _File:
    from engine.documents import KINDS, written
    from engine.documents.stripping import stripped
    from engine.progress.papers import paper_of

    case, d = here.case, t.documents
    id = document.get("document") if isinstance(document, dict) else document
    row = here.work.db.execute(sa.select(d).where(d.c.id == str(id), d.c.case_id == case.id)).one_or_none()
    if row is None:
        raise Incident(f"“{name}” is no document of this case.", element=place.element)
    if row.made_from is not None:
        text = case.pack.documents.get(row.field)
        if text is None or text.sensitive:
            raise Incident(f"“{row.field}” tells what is sensitive, and is never published.", element=place.element)
        kind = "pdf" if "pdf" in text.kinds else text.kinds[0]
        return _File(name, title, f".{kind}", KINDS[kind], written(paper_of(case, row), kind), clean=True)
    cleaned = stripped(case.key.open(row.content, case.id, "documents", row.id, "content"), title)
    ending, kind = _kind(case, row, cleaned.content)
    return _File(name, title, ending, kind, cleaned.content, cleaned.clean)


def _kind(case: Case, row: Any, content: bytes) -> tuple[str, str]:
    """The ending of the name and the media type; by the first bytes rather than by what the sender said. The name itself stays in the case."""
    from engine.documents import KINDS

    if content.startswith(b"%PDF-"):
        return ".pdf", KINDS["pdf"]
    found = _ENDING.search(case.open(row.name, "documents", row.id, "name"))
    ending = found[0].lower() if found else ""
    return ending, KINDS["docx"] if ending == ".docx" and content.startswith(b"PK") else "application/octet-stream"


SERVICES = (
    Service("publication.publish", {
        "title": "what the public reads above the documents, such as =\"…\"",
        "documents": "the files, such as =[{name: \"report\", title: \"Overview report\", document: answers.finish.report}]",
        "summary": "some sentences for the public about what was reviewed"}, does=publish),
    Service("publication.take_down", {"reason": "why it is taken down, in words or as =FEEL"}, does=take_down),
)
