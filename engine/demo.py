"""An empty database made ready: every pack released once and, for a demonstration, a fictional board with people for every role."""
from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine import SYSTEM, actions
from engine.packs import read_pack
from engine.rules.passwords import hashed
from engine.store import tables as t

if TYPE_CHECKING:
    from engine import Engine
    from engine.packs import Pack

#: First names for the fictional people, one after another.
NAMES = ("Ada", "Bram", "Cleo", "Dunstan", "Edda", "Faro", "Greta", "Hollis", "Ines", "Jory", "Kit", "Lorna", "Milo", "Nell", "Orla", "Piers", "Quill",
         "Rosa", "Silas", "Tess", "Una", "Vesna", "Wilf", "Xanthe", "Yorick", "Zelda")
#: Roles that look after the system: two people each where a change takes two.
SYSTEM_ROLES = {"process_owner": 2, "auditor": 1, "administrator": 2}


@dataclass(frozen=True)
class SignIn:
    """How one fictional person signs in."""

    login: str
    password: str
    name: str
    does: str


def prepare(engine: Engine) -> list[SignIn]:
    """Whatever is still missing; gives the sign-in of people made just now."""
    with engine.database.reading() as db:
        released = set(db.scalars(sa.select(t.releases.c.pack)))
        people = db.scalar(sa.select(sa.func.count()).select_from(t.people)) or 0
    board = engine.settings.board
    engine.perform(SYSTEM, actions.set_agencies, [{"key": one.key, "name": one.name, "member": one.member} for one in board.agencies])
    packs = [read_pack(found.parent) for found in sorted(engine.settings.packs_folder.glob("*/pack.toml"))]
    for pack in packs:
        if pack.id not in released:
            engine.perform(SYSTEM, actions.release_pack, pack.files, "As shipped")
    return _people(engine, packs) if engine.settings.demo_people and not people else []


def _people(engine: Engine, packs: list[Pack]) -> list[SignIn]:
    """One person for each role of the board, and for each role at each member agency."""
    password = f"{secrets.token_urlsafe(9)}-demo"
    secret = hashed(password)  # hashing is slow on purpose; these people share a password, so once will do
    made: list[SignIn] = []
    roles = {role.id: role for pack in packs for role in pack.roles.values()}
    for role in roles.values():
        if role.outside or role.scope == "case":
            continue
        if role.scope == "board":
            made += [_person(engine, role.id.replace("_", "."), role.label, None, [role.id], password, secret)]
            if role.id == "panel_member":
                made += [_person(engine, f"panel.member.{number}", role.label, None, [role.id], password, secret) for number in (2, 3)]
        else:
            for agency in engine.settings.board.agencies:
                if agency.member:
                    made.append(_person(engine, f"{role.id.replace('_', '.')}.{agency.key.lower()}", f"{role.label}, {agency.name}", agency.key,
                                        [f"{role.id}@{agency.key}"], password, secret))
    made += [_person(engine, role.replace("_", ".") + (f".{number}" if number > 1 else ""), role.replace("_", " ").capitalize(), None, [role], password, secret)
             for role, many in SYSTEM_ROLES.items() if role not in roles for number in range(1, many + 1)]
    return made


def _person(engine: Engine, login: str, does: str, agency: str | None, roles: list[str], password: str, secret: str) -> SignIn:
    """A fictional person, visibly so."""
    with engine.database.reading() as db:
        number = db.scalar(sa.select(sa.func.count()).select_from(t.people)) or 0
    name = f"{NAMES[number % len(NAMES)]} Example{'' if number < len(NAMES) else f' {number // len(NAMES) + 1}'}"
    engine.perform(SYSTEM, actions.add_person, login, name, f"{login}@northmere.example", agency, roles, secret=secret)
    return SignIn(login, password, name, does)
