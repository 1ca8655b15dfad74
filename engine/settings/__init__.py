"""What an operator may set: config/*.toml as plain values, secrets from the environment, every mistake told at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from engine.settings.backup import known_recipient
from engine.settings.board import read_agencies, read_board, read_roles
from engine.settings.production import fit_for_real_cases
from engine.settings.retention import read_retention
from engine.settings.secret import addressed, database_address, known_database, read_keys, safe_mail, safe_provider
from engine.settings.tables import SECTIONS, Layer, no_unknown_tables, read_file, section
from engine.settings.values import (
    ENGLAND_AND_WALES,
    KINDS,
    PERMISSIONS,
    Agency,
    BadSettings,
    Board,
    Calendar,
    Limits,
    Mail,
    Moments,
    Sessions,
    Settings,
    SingleSignOn,
    Web,
)

__all__ = [
    "ENGLAND_AND_WALES", "PERMISSIONS", "Agency", "BadSettings", "Board", "Calendar", "Limits", "Mail", "Moments", "Sessions", "Settings",
    "SingleSignOn", "Web", "load_settings", "read_agencies",
]


def load_settings(folder: Path, environment: Mapping[str, str], *, kind: str | None = None) -> Settings:
    """The settings in `folder`, overlaid by those of `kind` (else CASEREVIEW_ENV, else development)."""
    faults: list[str] = []
    kind = kind or environment.get("CASEREVIEW_ENV") or "development"
    if kind not in KINDS:
        raise BadSettings([f"CASEREVIEW_ENV is “{kind}”; it must be one of: {', '.join(KINDS)}."])
    layers = [Layer(name, read_file(folder, name, faults)) for name in ("default.toml", f"{kind}.toml")]
    if not faults:
        no_unknown_tables(layers, faults)
    found = {name: section(cls, name, layers, environment, faults) for name, cls in SECTIONS.items()}
    board = read_board(folder, faults)
    roles = read_roles(read_file(folder, "roles.toml", faults), faults)
    retention = read_retention(read_file(folder, "retention.toml", faults), faults)
    folders, demo, web, mail, limits = (found[name] for name in ("folders", "demo", "web", "mail", "limits"))
    if web and mail:
        found["mail"] = mail = addressed(mail, web)
        safe_mail(mail, kind, faults)
    if limits and limits.body_megabytes < limits.upload_megabytes:
        faults.append("default.toml: [limits] body_megabytes must not be less than upload_megabytes, or no such upload could arrive.")
    if found["sessions"] and found["sessions"].absolute_minutes < found["sessions"].idle_minutes:
        faults.append("default.toml: [sessions] absolute_minutes must not be less than idle_minutes.")
    if found["trail"] and not re.fullmatch(r"(?:[^@\s,]+@[^@\s,]+)?", found["trail"].heads_to):
        faults.append(f"{kind}.toml: [trail] heads_to must be an e-mail address, or empty.")
    if found["single_sign_on"]:
        safe_provider(found["single_sign_on"], kind, faults)
    if found["backup"]:
        known_recipient(found["backup"].recipient, faults)
    if kind == "production":
        fit_for_real_cases(web, mail, demo, environment, faults)
    address = environment.get("DATABASE_URL")
    known_database(address, faults)
    data = (folder.absolute().parent / folders.data) if folders else folder
    make = bool(demo and demo.make_keys)
    # Nothing is written until all is well.
    keys = read_keys(environment, data, make=make, faults=faults) if not (make and faults) else None
    if faults or board is None or keys is None:
        raise BadSettings(faults)
    return Settings(
        kind=kind, board=board, roles=roles, retention=retention, demo_people=demo.people,
        **{name: found[name] for name in ("web", "mail", "limits", "sessions", "single_sign_on", "approvals", "trail", "backup", "moments")},
        data_folder=data, packs_folder=folder.absolute().parent / folders.packs,
        database_url=database_address(address, data), secret_key=keys[0], master_key=keys[1],
        metrics_token=environment.get("CASEREVIEW_METRICS_TOKEN") or None,
    )
