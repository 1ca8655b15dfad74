"""What a form is made of: fields to answer, and the groups, lists and texts around them."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

CHOOSE_ONE = frozenset({"radio", "select"})
CHOOSE_MANY = frozenset({"checklist", "taglist"})


@dataclass(frozen=True)
class Option:
    """One answer that can be chosen."""

    value: Any
    label: str


@dataclass(frozen=True)
class Field:
    """A question. `type` is the component of form-js; `label` is what a person reads and what errors name."""

    id: str
    key: str
    type: str
    label: str
    hint: str = ""
    required: bool = False
    readonly: bool = False
    hide: str | None = None
    default: Any = None                  # a literal, or an expression starting with "="
    options: tuple[Option, ...] = ()
    options_key: str | None = None       # a dotted name that holds the options
    options_expression: str | None = None
    subtype: str | None = None           # of a datetime: date, time or datetime
    min: float | None = None
    max: float | None = None
    digits: int | None = None            # of a number, after the point; None: any
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    pattern_says: str | None = None
    validation: str | None = None        # email or phone
    no_past: bool = False
    no_future: bool = False
    multiple: bool = False
    accept: tuple[str, ...] = ()         # of a file: ".pdf", "image/*"
    max_size: int | None = None          # of a file, in bytes
    prefix: str = ""
    suffix: str = ""
    time_label: str = ""
    sample: str | None = None
    picker: str | None = None            # person or agency
    sensitive: bool = False
    visible_to: tuple[str, ...] = ()     # roles; empty: whoever may see the case
    document: str | None = None
    appoints: str | None = None
    replaces: bool = False               # whoever is appointed ends the appointment of those before
    ends_appointment: str | None = None
    case_agency: bool = False            # the agency chosen is the one whose case this is
    when_empty: str | None = None        # the owner's own sentence for a required question left empty
    paths: frozenset[str] = frozenset()  # names given from outside the form that this reads

    @property
    def name(self) -> str:
        return self.key

    @property
    def many(self) -> bool:
        """Whether the answer is a list."""
        return self.type in CHOOSE_MANY or (self.type == "filepicker" and self.multiple)

    @property
    def chosen(self) -> bool:
        """Whether the answer is picked from options."""
        return self.type in CHOOSE_ONE or self.type in CHOOSE_MANY


@dataclass(frozen=True)
class Group:
    """Questions under one heading; with a `path` their answers stand together under that name."""

    id: str
    label: str
    path: str | None
    items: tuple[Item, ...]
    hide: str | None = None
    hint: str = ""
    register: str | None = None          # its answers are one row of this register
    row: str | None = None               # an expression that gives the key of the row that is changed; None adds one
    paths: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return self.path or self.id


@dataclass(frozen=True)
class List:
    """The same questions for each of several rows; `fixed` when rows can be neither added nor removed."""

    id: str
    label: str
    path: str
    items: tuple[Item, ...]
    min: int = 0
    max: int | None = None
    start: int = 1                       # blank rows offered at first
    fixed: bool = False
    hide: str | None = None
    hint: str = ""
    register: str | None = None
    sensitive: bool = False
    visible_to: tuple[str, ...] = ()
    when_empty: str | None = None
    paths: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return self.path


@dataclass(frozen=True)
class Text:
    """Words between the questions: a template whose result is markdown."""

    id: str
    markdown: str
    hide: str | None = None
    paths: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return self.id


@dataclass(frozen=True)
class Table:
    """Rows to read, from an expression; `columns` pair a key of the row with its heading."""

    id: str
    label: str
    source: str
    columns: tuple[tuple[str, str], ...]
    hide: str | None = None
    paths: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return self.id


@dataclass(frozen=True)
class Separator:
    """A line, or with `space` only room, between two parts."""

    id: str
    space: bool = False
    hide: str | None = None
    paths: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return self.id


Item = Field | Group | List | Text | Table | Separator


def walk(items: tuple[Item, ...], prefix: str = "") -> Iterator[tuple[str, Item]]:
    """Every item with its path, outer before inner; the path of a question in a list has no row number."""
    for item in items:
        if isinstance(item, Group):
            yield prefix + item.name, item
            yield from walk(item.items, f"{prefix}{item.path}." if item.path else prefix)
        elif isinstance(item, List):
            yield prefix + item.path, item
            yield from walk(item.items, f"{prefix}{item.path}.")
        else:
            yield prefix + item.name, item
