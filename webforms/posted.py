"""What a browser posted, as the nested answers the engine cleans.

`people-0-name` becomes `{"people": [{"name": …}]}`. Nothing is judged here: what no form asks is handed on, and the engine says so."""
from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from engine.forms import Field, Group, Item, List, Upload
from engine.forms.sheet import keyed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from werkzeug.datastructures import FileStorage, MultiDict

    from engine.forms import Form

#: Names on the page that are no answers.
OURS = frozenset({"csrf_token", "do", "_shown", "_once", "_draft"})
#: Marks a row, so that one in which nothing was ticked or typed keeps its place.
ROW = "_row"
KEPT = "_kept"
MOST_ROWS = 400
DEEPEST = 40     # names in each other, such as of a group in a row in a list


def answers(form: Form, posted: MultiDict[str, str], files: MultiDict[str, FileStorage], known: Mapping[str, Any]) -> dict[str, Any]:
    """Raw answers of this form; `known` holds the files that were here already, by their token."""
    flat: dict[str, list[Any]] = {name or "": posted.getlist(name) for name in posted if name not in OURS}   # a part may come without a name
    for name in files:
        # what a page calls “x-file” is the answer “x”: beside it stand the files that are kept
        came = [Upload(one.filename or "", one.read(), one.mimetype or "application/octet-stream") for one in files.getlist(name)]
        flat[name or ""] = [*flat.get(name or "", []), *(one for one in came if one.name or one.content)]
    tree = _tree(flat)
    return _level(form.fields, tree, known)


def _tree(flat: Mapping[str, list[Any]]) -> dict[str, Any]:
    """Names taken apart at their dashes; at a leaf stands the list of what was posted."""
    root: dict[str, Any] = {}
    for name, given in flat.items():
        here, parts = root, name.split("-")
        if len(parts) > DEEPEST: parts = [name]   # no form is that deep: somebody made it up
        for part in parts[:-1]:
            inner = here.setdefault(part, {})
            if not isinstance(inner, dict):   # somebody posted `x` and `x-day`: the longer name is kept whole, and refused later
                here, parts = root, [name]
                break
            here = inner
        if isinstance(here.get(parts[-1]), dict):
            root[name] = given
        else:
            here[parts[-1]] = given
    return root


def _level(items: Iterable[Item], tree: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    asked = dict(keyed(tuple(items)))
    out: dict[str, Any] = {}
    for key, given in tree.items():
        item = asked.get(key)
        if key == ROW:
            continue
        if isinstance(item, Field):
            out[key] = _answer(item, given, known)
        elif isinstance(item, Group):
            out[key] = _level(item.items, given, known) if isinstance(given, dict) else given[0]
        elif isinstance(item, List):
            out[key] = _rows(item, given, known) if isinstance(given, dict) else given[0]
        else:
            out[key] = _stray(given)
    return out


def _rows(item: List, given: Mapping[str, Any], known: Mapping[str, Any]) -> list[Any]:
    numbered = sorted((int(at), at) for at in given if at.isascii() and at.isdigit() and len(at) < 10)
    rows: list[Any] = [_level(item.items, given[at], known) if isinstance(given[at], dict) else _stray(given[at]) for _, at in numbered[:MOST_ROWS]]
    strays = {at: _stray(given[at]) for at in given if not (at.isascii() and at.isdigit() and len(at) < 10)}
    return [*rows, strays] if strays else rows   # the engine names what it does not ask for


def _answer(item: Field, given: Any, known: Mapping[str, Any]) -> Any:
    if item.type == "filepicker":
        return _files(item, given, known)
    if isinstance(given, dict):   # the parts of a date
        return {part: _answer(item, inner, known) if isinstance(inner, dict) else inner[0] for part, inner in given.items()}
    return given if item.many else given[-1]


def _files(item: Field, given: Any, known: Mapping[str, Any]) -> Any:
    if not isinstance(given, dict) or not set(given) <= {"file", KEPT}:
        return _stray(given) or None
    kept = [known[token] for token in given.get(KEPT, []) if token in known]
    fresh = [one for one in given.get("file", []) if isinstance(one, Upload)]
    if item.many: return [*kept, *fresh]
    found = [*fresh, *kept]   # a new file takes the old one's place
    return found[0] if found else None


def _stray(given: Any) -> Any:
    return {key: _stray(inner) for key, inner in given.items()} if isinstance(given, dict) else given[0] if given else ""


# -- files that were here already

def is_file(value: Any) -> bool:
    """Whether a value is a file: a document of the case, or one that was handed in and is not yet a document."""
    return isinstance(value, Upload) or (isinstance(value, dict) and {"document", "name"} <= set(value) <= {"document", "name", "digest"})


def token(file: Any) -> str:
    """What a page calls a file it does not need to be sent again."""
    if isinstance(file, Upload):
        return "new" + hashlib.sha256(file.name.encode() + b"\0" + file.content).hexdigest()[:32]
    return "doc" + str(file["document"])


def name_of(file: Any) -> str:
    """What whoever sent a file called it."""
    return file.name if isinstance(file, Upload) else str(file["name"])


def files_in(values: Any) -> dict[str, Any]:
    """Every file in these answers, by its token."""
    if is_file(values): return {token(values): values}
    inner = values.values() if isinstance(values, dict) else values if isinstance(values, list) else ()
    found: dict[str, Any] = {}
    for one in inner: found |= files_in(one)
    return found
