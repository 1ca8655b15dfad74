"""Reading one table of settings: the later file wins, and what is wrong is told with file and key."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from engine.settings.values import Approvals, Backup, Demo, Folders, Limits, Mail, Moments, Sessions, SingleSignOn, Trail, Web

SECTIONS: dict[str, type[Any]] = {
    "web": Web, "mail": Mail, "limits": Limits, "sessions": Sessions, "single_sign_on": SingleSignOn, "approvals": Approvals, "trail": Trail,
    "backup": Backup, "moments": Moments, "folders": Folders, "demo": Demo,
}
FROM_ENVIRONMENT: dict[tuple[str, str], tuple[str, Callable[[str], Any]]] = {
    ("web", "port"): ("PORT", int),
    ("mail", "password"): ("SMTP_PASSWORD", str),
    ("single_sign_on", "secret"): ("CASEREVIEW_SSO_SECRET", str),
}
_A: dict[Any, str] = {str: "text in quotes", int: "a whole number", bool: "true or false", list: "a list", dict: "a table"}
T = TypeVar("T")


@dataclass(frozen=True)
class Layer:
    file: str
    table: dict[str, Any]


def read_file(folder: Path, name: str, faults: list[str]) -> dict[str, Any]:
    """What the file says; nothing, and a fault, when it cannot be read."""
    try:
        return tomllib.loads((folder / name).read_text(encoding="utf-8"))
    except FileNotFoundError:
        faults.append(f"{name}: there is no such file in {folder.name}/.")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as why:
        faults.append(f"{name}: cannot be read as TOML: {why}.")
    return {}


def no_unknown_tables(layers: list[Layer], faults: list[str]) -> None:
    for layer in layers:
        for name, table in layer.table.items():
            if name not in SECTIONS:
                faults.append(f"{layer.file}: [{name}] is not known; the tables are: {', '.join(SECTIONS)}.")
            elif not isinstance(table, dict):
                faults.append(f"{layer.file}: {name} must be a table, [{name}].")


def section(cls: type[Any], name: str, layers: list[Layer], environment: Mapping[str, str], faults: list[str]) -> Any:
    """The table `name` as `cls`, the later layer winning; None when anything in it is wrong."""
    before = len(faults)
    types = get_type_hints(cls)
    known = {each.name: each for each in fields(cls) if each.repr}   # what must not be printed must not be in a file either
    values: dict[str, Any] = {}
    for layer in layers:
        table = layer.table.get(name, {})
        for key, value in table.items() if isinstance(table, dict) else ():
            where = f"{layer.file}: [{name}] {key}"
            if key not in known:
                secret = FROM_ENVIRONMENT.get((name, key))
                faults.append(f"{where} is a secret: set {secret[0]} in the environment instead." if secret else
                              f"{where} is not known; the settings here are: {', '.join(known)}.")
            elif wrong := _wrong(value, types[key], known[key].metadata):
                faults.append(f"{where} {wrong}")
            values[key] = value
    for (table_name, key), (variable, read) in FROM_ENVIRONMENT.items():
        if table_name == name and environment.get(variable):
            try:
                values[key] = read(environment[variable])
                wrong = _wrong(values[key], int, known[key].metadata) if read is int else None
            except ValueError:
                wrong = "must be a whole number."
            if wrong:
                faults.append(f"environment: {variable} {wrong}")
    if layers[0].table:   # a file that cannot be read is told once, not once a key
        faults.extend(f"default.toml: [{name}] {key} is missing." for key in known if key not in values)
    return cls(**values) if len(faults) == before and all(key in values for key in known) else None


def _wrong(value: Any, wanted: Any, bounds: Mapping[str, Any]) -> str | None:
    if get_origin(wanted) is Literal:
        choices = get_args(wanted)
        return None if value in choices else f"is {value!r}; it must be one of: {', '.join(choices)}."
    wanted = get_origin(wanted) or wanted
    if type(value) is not wanted:   # `true` is no number, though Python says so
        return f"must be {_A[wanted]}."
    if bounds and not bounds["least"] <= value <= bounds["most"]:
        return f"is {value}; it must be from {bounds['least']} to {bounds['most']}."
    return None


def taken(table: dict[str, Any], key: str, wanted: type[T], file: str, faults: list[str], instead: T | None = None) -> T | None:
    """Take one key out of a table, with a fault when it is missing or of another type."""
    if key not in table:
        if instead is None:
            faults.append(f"{file}: {key} is missing.")
        return instead
    value = table.pop(key)
    if type(value) is not wanted:
        faults.append(f"{file}: {key} must be {_A[wanted]}.")
        return instead
    return value
