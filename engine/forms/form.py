"""A form: what is asked, and what becomes of the answers."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from engine.forms.cleaning import Cleaned, clean
from engine.forms.items import Field, Item, Option, walk
from engine.forms.keeping import keepable
from engine.forms.names import Level
from engine.forms.plainly import Row, plain
from engine.forms.samples import one, sample
from engine.forms.sheet import Node, Sheet, told
from engine.forms.showing import Shown, filled, initial, show


@dataclass(frozen=True)
class Form:
    """A .form file, read and found sound. The same for the web, the API and a rehearsal."""

    id: str
    title: str
    fields: tuple[Item, ...]
    paths: frozenset[str] = frozenset()  # names given from outside that its expressions and texts read

    def walk(self) -> Iterator[tuple[str, Item]]:
        """Every item with its path, outer before inner."""
        return walk(self.fields)

    def questions(self) -> Iterator[tuple[str, Field]]:
        """Every field with its path."""
        for path, item in self.walk():
            if isinstance(item, Field): yield path, item

    @cached_property
    def keys(self) -> frozenset[str]:
        """The names that the answers have at their outermost level."""
        return frozenset(self.filled({}))

    def clean(self, raw: Any, names: Mapping[str, Any], now: datetime) -> Cleaned:
        """The values of raw answers, or what is wrong with them: the only validation."""
        return clean(self.fields, raw, names, now)

    def show(self, raw: Mapping[str, Any], names: Mapping[str, Any], now: datetime) -> Shown:
        """What a page needs to draw the form with these answers in it."""
        return show(self.fields, raw, names, now)

    def keepable(self, raw: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """The raw answers without files that would be refused whenever they are sent."""
        return keepable(self.fields, raw, now)

    def initial(self, names: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """The answers a form opens with: variables of the same name, and defaults."""
        return initial(self.fields, names, now)

    def filled(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values with every key of the form: what was hidden or left out is null, so that expressions may name it."""
        return filled(self.fields, values)

    def told(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The same, as expressions see them: of a file its name, not its content."""
        return dict(told(self.filled(values)))

    def sample(self, names: Mapping[str, Any], now: datetime, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Plain answers that `clean` accepts; to what is `given`, only what is required and missing is added."""
        return sample(self.fields, names, now, given)

    def choices(self, field: Field, names: Mapping[str, Any], now: datetime) -> list[tuple[Any, str]]:
        """What can be chosen in one question, as (value, label); other answers it depends on stand in `names`."""
        sheet = Sheet((), {}, names, now, tidy=False)
        options, _none = sheet.options([Node(field, field.key, Level(None, names), None)], [])
        return [(option.value, option.label) for option in options[field.key]]

    def sample_of(self, field: Field, names: Mapping[str, Any], now: datetime) -> Any:
        """A plain answer to one question, required or not; None or an empty list when there is nothing to choose."""
        options = [Option(value, label) for value, label in self.choices(field, names, now)] if field.chosen else []
        return one(field, options, now)

    def plain(self, values: Mapping[str, Any], names: Mapping[str, Any] | None = None, now: datetime | None = None) -> list[Row]:
        """The answers in words, in the order of the form."""
        return plain(self, values, names, now)
