"""What a person typed, in plain pairs: for showing it back when it could not be taken."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.forms import Field, Group, Item, List, Upload
from engine.forms.cleaning import token as option_token
from engine.forms.plainly import text as plain_text
from webforms import posted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.forms import Form


def typed_rows(form: Form, raw: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a person typed, as plain pairs, for showing it back when it could not be taken."""
    return list(_typed_rows(form.fields, raw))


def _typed_rows(items: Iterable[Item], raw: Any) -> Iterable[tuple[str, str]]:
    raw = raw if isinstance(raw, dict) else {}
    for item in items:
        if isinstance(item, Group):
            yield from _typed_rows(item.items, raw.get(item.path) if item.path else raw)
        elif isinstance(item, List):
            for at, row in enumerate(raw.get(item.path) or []):
                yield from ((f"{item.label} {at + 1}: {label}", words) for label, words in _typed_rows(item.items, row))
        elif isinstance(item, Field) and not item.readonly and (words := _in_words(item, raw.get(item.key))):
            yield item.label, words


def _in_words(item: Field, value: Any) -> str:
    if value in (None, "", [], {}): return ""
    labels = {option_token(option.value): option.label for option in item.options}
    if isinstance(value, list): return ", ".join(_in_words(item, one) for one in value)
    if isinstance(value, Upload): return value.name
    if isinstance(value, dict):
        if posted.is_file(value): return str(value["name"])
        return " ".join(filter(None, (_in_words(item, one) for one in value.values())))
    return labels.get(option_token(value), plain_text(item, value))
