"""Papers that steps make: each is named by somebody, reads only what is there, and tells its readers nothing they may not read."""
from __future__ import annotations

import re
from typing import TYPE_CHECKING

from engine.errors import Fault
from engine.feel import templates
from engine.forms import Field, Group, List
from engine.packs.check.names import unknown_paths
from engine.packs.check.places import all_read, at, elements, known, there
from engine.packs.check.scope import Scope
from engine.packs.documents import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.forms import Form, Item
    from engine.packs.documents import DocumentText
    from engine.packs.elements import Element
    from engine.packs.pack import Pack


def faults(pack: Pack) -> Iterator[Fault]:
    """Papers nobody makes, steps that make none, names that mean nothing, and answers that are not for the paper's readers."""
    made: dict[str, list[Element]] = {id: [] for id in pack.documents}
    for _, element in elements(pack):
        yield from _shown(pack, element)
        id = element.headers.get("document", "") if element.job == "document" else ""
        if id.startswith("="):
            yield at(element, "The paper must be named, not computed: write its id in the header “document”.")
        elif id and not there(pack, "document", id):
            yield at(element, f"There is no paper “{id}”: write documents/{id}.md, or choose another; {known(pack.documents)}.")
        elif id in made:
            made[id].append(element)
    scope = Scope(pack)
    for id, text in pack.documents.items():
        if not made[id] and all_read(pack):
            yield _at(text, None, "No step makes this paper: name it in a service task of the type “document”, or remove it.")
        if id in scope.files:
            yield _at(text, None, f"A form asks for a file called “{id}” too: give the paper another id, or documents.{id} would mean both.")
        for role in text.visible_to:
            if role not in pack.roles:
                yield _at(text, None, f"visible_to names “{role}”, which is no role in pack.toml; {known(pack.roles)}.")
        found = {fault for element in made[id] for fault in _names(scope, text, element)}
        yield from found
        yield from _readers(pack, text)


def _shown(pack: Pack, element: Element) -> Iterator[Fault]:
    for id in element.shows:
        if id not in pack.documents and not (id in pack.elements and pack.elements[id].form) and all_read(pack) and not there(pack, "document", id):
            yield at(element, f"shows names “{id}”, which is no task, start, case action or paper.")


def _names(scope: Scope, text: DocumentText, element: Element) -> Iterator[Fault]:
    """What a paper reads and nobody gives where this step makes it."""
    process = scope.pack.processes.get(element.process)
    if process is None:
        return
    own = frozenset(path for path in text.paths if path.partition(".")[0] in WORDS)
    for path in sorted(own):
        head, _, rest = path.partition(".")
        meant = {"words": "answers", "papers": "history", "rows": "registers"}[head]
        if not rest:
            yield _at(text, head, f"Say which of “{head}” is meant, such as {head}.{'<register>' if head == 'rows' else '<task>'}.")
        elif says := scope.engine_fault(f"{meant}.{rest}"):
            yield _at(text, path, says)
    names = scope.variables(process, element)
    in_filters = templates.paths_in_filters(text.body)
    for path in sorted(text.paths - own):
        yield from unknown_paths(scope, frozenset({path}), in_filters, names, lambda says, path=path: _at(text, path, says), personal=False)  # type: ignore[misc]


def _readers(pack: Pack, text: DocumentText) -> Iterator[Fault]:
    """Answers for certain roles alone, and sensitive ones, in a paper that others may read."""
    for path in sorted(text.paths):
        head, _, rest = path.partition(".")
        task, _, key = rest.partition(".")
        form = pack.form_of(task) if head in ("answers", "words") else None
        for field in _fields(form, key) if form and key else ():
            if field.visible_to and not (text.visible_to and set(text.visible_to) <= set(field.visible_to)):
                yield _at(text, path, f"“{path}” may be read by {', '.join(field.visible_to)} only: let visible_to name nobody else, or take it out.")
            if field.sensitive and not text.sensitive:
                yield _at(text, path, f"“{path}” is a sensitive answer: write sensitive = true at the head of the paper, or take it out.")


def _fields(form: Form, path: str) -> Iterator[Field]:
    """The questions at or under a path, which may begin with the key of an item."""
    paths = [path, path.partition(".")[2]]
    for there_, item in _walk(form):
        if isinstance(item, Field) and any(each and (there_ == each or there_.startswith(f"{each}.")) for each in paths):
            yield item


def _walk(form: Form) -> Iterator[tuple[str, Item]]:
    for path, item in form.walk():
        if not isinstance(item, Group | List):
            yield path, item


def _at(text: DocumentText, mentions: str | None, says: str) -> Fault:
    found = re.search(r"\{\{[^}]*" + re.escape(mentions), text.body) if mentions else None
    line = text.body_line + text.body.count("\n", 0, found.start()) if found else 1
    return Fault(text.file, line, text.id, text.title, says)
