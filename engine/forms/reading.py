"""Reading a .form file as form-js writes it; everything it asks that we cannot do is a fault in its owner's words."""
from __future__ import annotations

import json
import re
from typing import Any

from engine import feel
from engine.errors import Fault
from engine.feel import KEYWORDS, templates
from engine.forms.form import Form
from engine.forms.items import CHOOSE_MANY, CHOOSE_ONE, Field, Group, Item, List, Option, Separator, Table, Text, walk
from engine.forms.properties import PROPERTIES, Properties
from engine.forms.reach import place
from engine.forms.soundness import judge

BIGGEST = 1_000_000
DEEPEST = 12
QUESTIONS = {"textfield", "textarea", "number", "datetime", "checkbox", "filepicker"} | CHOOSE_ONE | CHOOSE_MANY
KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
WORDS_TAKEN = KEYWORDS | {"this", "parent"}


def read_form(data: bytes, file: str) -> tuple[Form | None, list[Fault]]:
    """The form in a file, and its faults; a form with faults is still given when it could be made out."""
    reader = _Reader(file)
    if len(data) > BIGGEST:
        reader.fault(None, "this form is larger than 1 MB")
        return None, reader.faults
    try:
        root = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as fault:
        line = fault.lineno if isinstance(fault, json.JSONDecodeError) else None
        return None, [Fault(file, line, None, None, f"this is not a form: it cannot be read as JSON ({type(fault).__name__})")]
    if not isinstance(root, dict) or not isinstance(root.get("components"), list):
        reader.fault(None, "this is not a form: it has no list of components")
        return None, reader.faults
    reader.lines = _lines(data)
    id_ = root.get("id")
    if not isinstance(id_, str) or not id_: reader.fault(None, "this form has no id")
    items = reader.items(root["components"], Properties(), 0)
    reader.duplicates(items)
    if not reader.faults:  # what the expressions mean can be judged once the questions stand
        items = place(items, reader)
        if not reader.faults: judge(items, reader)
    title = root.get("title") or (root.get("properties") or {}).get("title") or _heading(items) or str(id_ or "")
    paths = frozenset(path for _, item in walk(items) for path in item.paths)
    return Form(str(id_ or ""), str(title), items, paths), reader.faults


def _heading(items: tuple[Item, ...]) -> str | None:
    """A form of form-js has no title of its own: its first heading is what people know it by."""
    for item in items:
        if isinstance(item, Text):
            found = re.match(r"\s*#{1,3} +([^\n{]+)", item.markdown)
            return found[1].strip() if found else None
    return None


def _lines(data: bytes) -> dict[str, int]:
    """The line on which each component's id stands."""
    found: dict[str, int] = {}
    for at, line in enumerate(data.decode("utf-8").splitlines(), 1):
        for match in re.finditer(r'"id"\s*:\s*"([^"]+)"', line): found.setdefault(match[1], at)
    return found


class _Reader:
    """Reads components one by one and gathers every fault."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[Fault] = []
        self.lines: dict[str, int] = {}

    def fault(self, component: Any, says: str) -> None:
        id_ = component.get("id") if isinstance(component, dict) else getattr(component, "id", None)
        name = (component.get("key") or component.get("path")) if isinstance(component, dict) else getattr(component, "name", None)
        known = id_ if isinstance(id_, str) else None
        self.faults.append(Fault(self.file, self.lines.get(known or ""), known, str(name) if name else None, says))

    def items(self, components: list[Any], around: Properties, depth: int) -> tuple[Item, ...]:
        if depth > DEEPEST:
            self.fault(None, f"groups and lists stand more than {DEEPEST} deep in each other")
            return ()
        found = [self.item(component, at, around, depth) for at, component in enumerate(components)]
        return tuple(item for item in found if item is not None)

    def item(self, c: Any, at: int, around: Properties, depth: int) -> Item | None:
        if not isinstance(c, dict):
            self.fault(None, "a component is not a set of names and values")
            return None
        type_, id_ = c.get("type"), str(c.get("id") or c.get("key") or c.get("path") or f"component_{at + 1}")
        hide = self._hide(c)
        if type_ in QUESTIONS: return self._field(c, str(type_), id_, hide, self._properties(c, around))
        own = self._properties(c, around) if type_ in ("group", "dynamiclist") else around
        if type_ in ("text", "html"):
            return Text(id_, self._template(c, c.get("text" if type_ == "text" else "content")), hide)
        if type_ == "group": return self._group(c, id_, hide, own, depth)
        if type_ == "dynamiclist": return self._list(c, id_, hide, own, depth)
        if type_ == "table": return self._table(c, id_, hide)
        if type_ in ("separator", "spacer"): return Separator(id_, type_ == "spacer", hide)
        if type_ == "button":
            if c.get("action") not in ("submit", None): self.fault(c, f"a “{c['action']}” button cannot be used: the page has its own")
            return None
        self.fault(c, f"fields of type “{type_}” cannot be used")
        return None

    def _inside(self, c: dict[str, Any]) -> list[Any]:
        inside = c.get("components") or []
        if isinstance(inside, list): return inside
        self.fault(c, "components is not a list")
        return []

    def _field(self, c: dict[str, Any], type_: str, id_: str, hide: str | None, own: Properties) -> Field:
        rules = c.get("validate") or {}
        looks = c.get("appearance") or {}
        label = self._label(c) or ""
        subtype = c.get("subtype", "date") if type_ == "datetime" else None
        if subtype is not None:
            if subtype not in ("date", "time", "datetime"): self.fault(c, f"“{subtype}” is no kind of date: use date, time or datetime")
            label = self._plain(c, "timeLabel" if subtype == "time" else "dateLabel") or label
        if not label: self.fault(c, "this question has no label")
        if own.picker and type_ not in CHOOSE_MANY: type_ = type_ if type_ in CHOOSE_ONE else "select"
        field = Field(
            id_, self._key(c, "key"), type_, label, self._plain(c, "description"),
            required=self._flag(c, rules, "required"), readonly=self._flag(c, c, "readonly") or self._flag(c, c, "disabled"),
            hide=hide, default=c.get("defaultValue"),
            options=self._options(c, own), options_key=self._options_key(c),
            options_expression=self._expression(c, c.get("valuesExpression")),
            subtype=subtype, min=self._number(c, rules, "min"), max=self._number(c, rules, "max"),
            digits=self._count(c, c, "decimalDigits"),
            min_length=self._count(c, rules, "minLength"), max_length=self._count(c, rules, "maxLength"),
            pattern=rules.get("pattern") or None, pattern_says=rules.get("patternErrorMessage") or None,
            validation=self._validation(c, rules),
            no_past=self._flag(c, c, "disallowPassedDates"), no_future=own.past,
            multiple=self._flag(c, c, "multiple"), accept=self._accept(c), max_size=own.max_size,
            prefix=str(looks.get("prefixAdorner") or ""), suffix=str(looks.get("suffixAdorner") or ""),
            time_label=self._plain(c, "timeLabel"), sample=own.sample, picker=own.picker,
            sensitive=own.sensitive, visible_to=own.visible_to, document=own.document, appoints=own.appoints,
            replaces=own.replaces, ends_appointment=own.ends_appointment, case_agency=own.case_agency, when_empty=own.when_empty)
        if own.when_empty and not field.required: self.fault(c, "when_empty is what a required question says when it is left empty: make this one required")
        if own.register: self.fault(c, "a row of a register is a group with a path or a list: put the property register there")
        if field.chosen and not (field.options or field.options_key or field.options_expression or field.picker):
            self.fault(c, "this question has no options")
        return field

    def _group(self, c: dict[str, Any], id_: str, hide: str | None, own: Properties, depth: int) -> Group:
        path = self._key(c, "path") if c.get("path") else None
        if own.register and path is None: self.fault(c, "a group that is a row of a register needs a path: its answers are kept under it")
        row = self._expression(c, own.row) if own.row else None
        return Group(id_, self._label(c), path, self.items(self._inside(c), own, depth + 1), hide, self._plain(c, "description"), own.register, row)

    def _list(self, c: dict[str, Any], id_: str, hide: str | None, own: Properties, depth: int) -> List:
        rules = c.get("validate") or {}
        start = self._count(c, c, "defaultRepetitions")
        fixed = c.get("allowAddRemove") is False
        least = own.min if own.min is not None else self._count(c, rules, "min") or (1 if self._flag(c, rules, "required") else 0)
        most = own.max if own.max is not None else self._count(c, rules, "max")
        if own.row: self.fault(c, "row goes with a group: each entry of a list names its row by its key")
        if most is not None and least > most: self.fault(c, f"this list asks for at least {least} and at most {most} rows")
        return List(id_, self._label(c), self._key(c, "path"), self.items(self._inside(c), own, depth + 1),
                    min=0 if fixed else least, max=most, start=1 if start is None else start, fixed=fixed, hide=hide,
                    hint=self._plain(c, "description"), register=own.register, sensitive=own.sensitive, visible_to=own.visible_to,
                    when_empty=own.when_empty)

    def _table(self, c: dict[str, Any], id_: str, hide: str | None) -> Table:
        source = self._expression(c, c.get("dataSource"))
        columns = c.get("columns")
        if source is None: self.fault(c, "this table has no data source: an expression that gives its rows")
        if not isinstance(columns, list) or not columns or not all(isinstance(one, dict) and one.get("key") for one in columns):
            self.fault(c, "this table has no columns: give each a key and a label")
            columns = []
        headed = tuple((str(one["key"]), str(one.get("label") or one["key"])) for one in columns)
        return Table(id_, self._label(c), source or "", headed, hide)

    # -- small parts

    def _key(self, c: dict[str, Any], name: str) -> str:
        key = c.get(name)
        if not isinstance(key, str) or not key: self.fault(c, f"this {c.get('type')} has no {name}: answers are kept under it")
        elif not KEY.fullmatch(key): self.fault(c, f"the {name} “{key}” may have only letters, figures and _, and starts with a letter")
        elif key in WORDS_TAKEN: self.fault(c, f"the {name} “{key}” is a word of the expression language: choose another")
        return str(key or "")

    def _label(self, c: dict[str, Any]) -> str:
        return self._plain(c, "label")

    def _plain(self, c: dict[str, Any], name: str) -> str:
        words = c.get(name)
        if words is None: return ""
        if not isinstance(words, str) or words.startswith("=") or "{{" in words:
            self.fault(c, f"{name} must be plain words: put what changes into a text above it")
            return ""
        return words.strip()

    def _flag(self, c: dict[str, Any], where: dict[str, Any], name: str) -> bool:
        flag = where.get(name)
        if flag is None or flag == "": return False
        if isinstance(flag, bool): return flag
        self.fault(c, f"{name} must be true or false, not a condition: use “hide” for that")
        return False

    def _number(self, c: dict[str, Any], where: dict[str, Any], name: str) -> float | None:
        value = where.get(name)
        if value is None or value == "": return None
        if isinstance(value, str) and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value): return float(value) if "." in value else int(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fault(c, f"{name} must be a number")
            return None
        return value

    def _count(self, c: dict[str, Any], where: dict[str, Any], name: str) -> int | None:
        value = self._number(c, where, name)
        if value is None: return None
        if value < 0 or value != int(value):
            self.fault(c, f"{name} must be a whole number")
            return None
        return int(value)

    def _validation(self, c: dict[str, Any], rules: dict[str, Any]) -> str | None:
        kind = rules.get("validationType")
        if kind in (None, "", "custom"): return None
        if kind not in ("email", "phone"): self.fault(c, f"answers cannot be checked as “{kind}”: use email, phone or a pattern")
        return str(kind)

    def _accept(self, c: dict[str, Any]) -> tuple[str, ...]:
        kinds = tuple(kind.strip().lower() for kind in str(c.get("accept") or "").split(",") if kind.strip())
        for kind in kinds:
            if not re.fullmatch(r"\.[a-z0-9]{1,10}|[a-z]+/(\*|[a-z0-9.+-]+)", kind):
                self.fault(c, f"“{kind}” is no kind of file: write .pdf or image/*")
        return kinds

    def _options(self, c: dict[str, Any], own: Properties) -> tuple[Option, ...]:
        values = c.get("values")
        if values is None or own.picker: return ()
        if not isinstance(values, list) or not all(isinstance(one, dict) and isinstance(one.get("value"), str | int | float)
                                                   for one in values):
            self.fault(c, "the options must be a list of values with labels")
            return ()
        options = tuple(Option(one["value"], str(one.get("label") or one["value"])) for one in values)
        for kind, seen in (("value", [str(one.value) for one in options]), ("label", [one.label for one in options])):
            for twice in sorted({one for one in seen if seen.count(one) > 1}): self.fault(c, f"two options have the {kind} “{twice}”")
        if any(one.value == "" for one in options): self.fault(c, "an option has no value")
        return options

    def _options_key(self, c: dict[str, Any]) -> str | None:
        key = c.get("valuesKey")
        if key is None or key == "": return None
        if isinstance(key, str) and all(KEY.fullmatch(part) for part in key.split(".")): return key
        self.fault(c, f"the options are looked up under “{key}”, which is no name")
        return None

    def _hide(self, c: dict[str, Any]) -> str | None:
        conditional = c.get("conditional")
        if not conditional: return None
        if not isinstance(conditional, dict) or set(conditional) - {"hide"}:
            self.fault(c, "the only condition a question can have is “hide”")
            return None
        return self._expression(c, conditional.get("hide"))

    def _expression(self, c: dict[str, Any], text: Any) -> str | None:
        if text is None or text == "": return None
        if not isinstance(text, str) or not text.startswith("="):
            self.fault(c, f"“{text}” must be an expression that starts with “=”")
            return None
        return self.checked(c, text[1:].strip())

    def checked(self, c: Any, text: str) -> str | None:
        try:
            feel.check(text)
        except feel.FeelError as fault:
            self.fault(c, f"this expression cannot be read: {fault}")
            return None
        return text

    def _template(self, c: dict[str, Any], text: Any) -> str:
        if text is None: return ""
        if not isinstance(text, str):
            self.fault(c, "the text is not a text")
            return ""
        if text.startswith("="):  # form-js takes a whole text as an expression too
            inside = self._expression(c, text)
            return "" if inside is None else "{{ " + inside + " }}"
        found = templates.check_template(text, self.file)
        for fault in found: self.fault(c, f"line {fault.line} of the text: {fault.says}")
        return "" if found else text

    def _properties(self, c: dict[str, Any], around: Properties) -> Properties:
        given = c.get("properties") or {}
        if not isinstance(given, dict):
            self.fault(c, "properties must be names and values")
            return around.inherited()
        for name in given:
            if name not in PROPERTIES: self.fault(c, f"there is no property “{name}”: known are {', '.join(sorted(PROPERTIES))}")
        own, says = Properties.read(given, around)
        for say in says: self.fault(c, say)
        return own

    def duplicates(self, items: tuple[Item, ...]) -> None:
        """Two answers under one key would overwrite each other, unless a group's path keeps them apart."""
        seen: set[str] = set()
        ids: set[str] = set()
        self._twice(items, "", seen, ids)

    def _twice(self, items: tuple[Item, ...], prefix: str, seen: set[str], ids: set[str]) -> None:
        for item in items:
            if item.id in ids: self.fault(item, f"two components have the id “{item.id}”")
            ids.add(item.id)
            inside = prefix
            if isinstance(item, Field | List) or (isinstance(item, Group) and item.path):
                path = prefix + item.name
                if path in seen: self.fault(item, f"two questions have the key “{path}”")
                seen.add(path)
                inside = path + "."
            if isinstance(item, Group | List): self._twice(item.items, inside, seen, ids)
