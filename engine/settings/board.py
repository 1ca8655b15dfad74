"""Reading board.toml, its calendar, and roles.toml."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from engine.settings.tables import read_file, taken
from engine.settings.values import PERMISSIONS, Agency, Board, Calendar


def read_board(folder: Path, faults: list[str]) -> Board | None:
    file = "board.toml"
    before = len(faults)
    table = read_file(folder, file, faults)
    if len(faults) > before:
        return None
    name, short = (taken(table, key, str, file, faults) for key in ("name", "short"))
    email = taken(table, "email", str, file, faults, "") or ""
    if email and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
        faults.append(f"{file}: email “{email}” is no address; write one such as reviews@board.example.")
    phone = taken(table, "phone", str, file, faults, "") or ""
    hour = taken(table, "reminder_hour", int, file, faults)
    if hour is not None and not 0 <= hour <= 23:
        faults.append(f"{file}: reminder_hour is {hour}; it must be from 0 to 23.")
    zone = _zone(taken(table, "timezone", str, file, faults), file, faults)
    calendar = _calendar(folder, taken(table, "calendar", str, file, faults), faults)
    agencies = read_agencies(taken(table, "agencies", dict, file, faults) or {}, file, faults)
    if not agencies and len(faults) == before:
        faults.append(f"{file}: [agencies] names no agency.")
    faults.extend(f"{file}: {key} is not known." for key in table)
    if len(faults) > before or name is None or short is None or hour is None or zone is None or calendar is None:
        return None
    return Board(name, short, zone, calendar, hour, agencies, email, phone)


def read_agencies(table: Mapping[str, Any], file: str, faults: list[str]) -> tuple[Agency, ...]:
    """Agencies written as `KEY = "name"` or `KEY = { name = "…", member = false }`, in the order of the file."""
    found = []
    for key, value in table.items():
        body = {"name": value} if isinstance(value, str) else value
        if not re.fullmatch(r"[A-Z][A-Z0-9_]{1,11}", key):
            faults.append(f"{file}: [agencies] {key}: a key is 2 to 12 capital letters and digits, such as HLT.")
        elif not isinstance(body, dict) or not isinstance(body.get("name"), str) or not body["name"].strip():
            faults.append(f'{file}: [agencies] {key} must be a name in quotes, or {{ name = "…", member = false }}.')
        elif set(body) - {"name", "member"} or not isinstance(body.get("member", True), bool):
            faults.append(f"{file}: [agencies] {key} has a name and, if you like, member = true or false; nothing else.")
        else:
            found.append(Agency(key, body["name"], body.get("member", True)))
    return tuple(found)


def _zone(name: str | None, file: str, faults: list[str]) -> ZoneInfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        faults.append(f"{file}: timezone “{name}” is not known; write one such as Europe/London.")
        return None


def _calendar(folder: Path, name: str | None, faults: list[str]) -> Calendar | None:
    if name is None:
        return None
    if not re.fullmatch(r"[a-z0-9-]+", name) or not (folder / "calendars" / f"{name}.toml").is_file():
        there = ", ".join(sorted(path.stem for path in (folder / "calendars").glob("*.toml"))) or "none"
        faults.append(f"board.toml: calendar “{name}” is not in calendars/; there: {there}.")
        return None
    before, file = len(faults), f"calendars/{name}.toml"
    table = read_file(folder, file, faults)
    if len(faults) > before:
        return None
    country = taken(table, "country", str, file, faults)
    subdivision = taken(table, "subdivision", str, file, faults, "")
    days = {key: _days(taken(table, key, dict, file, faults, {}) or {}, f"{file}: [{key}]", faults) for key in ("closed", "opened")}
    faults.extend(f"{file}: {key} is not known." for key in table)
    faults.extend(f"{file}: {day} is both closed and opened." for day in sorted(days["closed"] & days["opened"]))
    if country and not _has_holidays(country, subdivision or None):
        faults.append(f"{file}: no bank holidays are known for {country} {subdivision}".rstrip() + ".")
    if len(faults) > before or country is None:
        return None
    return Calendar(name, country, subdivision or None, days["closed"], days["opened"])


def _days(table: dict[str, Any], where: str, faults: list[str]) -> frozenset[date]:
    found = set()
    for key, why in table.items():
        try:
            found.add(date.fromisoformat(key))
        except ValueError:
            faults.append(f"{where} {key} is no date; write it as 2026-12-24.")
        if not isinstance(why, str):
            faults.append(f"{where} {key} must say why, in quotes.")
    return frozenset(found)


def _has_holidays(country: str, subdivision: str | None) -> bool:
    import holidays  # slow to load, and only who reads settings needs it here

    known = holidays.list_supported_countries(include_aliases=True)
    return country in known and (subdivision is None or subdivision in known[country])


def read_roles(table: dict[str, Any], faults: list[str]) -> dict[str, frozenset[str]]:
    roles = {}
    for role, permissions in table.items():
        where = f"roles.toml: {role}"
        if not re.fullmatch(r"[a-z][a-z0-9_]*", role):
            faults.append(f"{where}: a role is written in small letters, digits and _.")
        if not isinstance(permissions, list) or not all(isinstance(each, str) for each in permissions):
            faults.append(f'{where} must be a list of permissions, such as ["see_status"], or [].')
            continue
        for each in permissions:
            if each not in PERMISSIONS:
                faults.append(f"{where}: “{each}” is no permission; they are: {', '.join(sorted(PERMISSIONS))}.")
        roles[role] = frozenset(permissions)
    return roles
