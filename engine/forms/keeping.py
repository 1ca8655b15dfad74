"""What of raw answers is worth keeping until they are finished: all of it, but files that would be refused whenever they are sent."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from engine.forms.items import Field, Group, Item, List
from engine.forms.sheet import keyed
from engine.forms.single import Wrong, read
from engine.forms.uploads import Upload


def keepable(items: Iterable[Item], raw: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The same answers without such files."""
    asked = dict(keyed(tuple(items)))
    return {key: _kept(asked.get(key), given, now) for key, given in raw.items()}


def _kept(item: Item | None, given: Any, now: datetime) -> Any:
    if isinstance(item, Group) and isinstance(given, Mapping):
        return keepable(item.items, given, now)
    if isinstance(item, List) and isinstance(given, list):
        return [keepable(item.items, row, now) if isinstance(row, Mapping) else row for row in given]
    if isinstance(item, Field) and item.type == "filepicker":
        if isinstance(given, list): return [one for one in given if _may_stay(item, one, now)]
        return given if _may_stay(item, given, now) else None
    return given


def _may_stay(field: Field, one: Any, now: datetime) -> bool:
    if not isinstance(one, Upload): return True
    try:
        read(field, one, now)
    except Wrong:
        return False
    return True
