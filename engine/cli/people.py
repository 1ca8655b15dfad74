"""Commands about accounts, for who is at the machine itself."""
from __future__ import annotations

from typing import TYPE_CHECKING

import click
import sqlalchemy as sa

from engine import SYSTEM, actions
from engine.cli.here import as_json, engine_here, main_group, or_wrong_use, show
from engine.errors import NotFound
from engine.rules.passwords import as_signed_in, hashed
from engine.store import tables as t

if TYPE_CHECKING:
    from engine import Engine


@main_group.group("person")
def person_group() -> None:
    """Accounts."""


@person_group.command("add")
@click.argument("login")
@click.option("--name", required=True)
@click.option("--email", required=True)
@click.option("--agency")
@click.option("--role", "roles", multiple=True, help="role, or role@AGENCY; again for each.")
@click.option("--password", help="Asked for when left out.")
@click.option("--link", is_flag=True, help="Print a link to choose a password with, in place of asking for one.")
@as_json
def person_add(login: str, name: str, email: str, agency: str | None, roles: tuple[str, ...], password: str | None, *, link: bool, as_json: bool) -> None:
    """A new account."""
    with or_wrong_use():
        secret = None if link else hashed(password or _typed(), (login, name, email))
        engine = engine_here()
        person = engine.perform(SYSTEM, actions.add_person, login, name, email, agency, roles, secret)
        address = engine.perform(SYSTEM, actions.make_link, login) if link else None
    show({"login": login.strip().lower(), "person": person, "link": address}, as_json=as_json, words=_told(engine, login, address) or f"{login} can sign in.")


@person_group.command("give")
@click.argument("login")
@click.argument("role")
@as_json
def person_give(login: str, role: str, as_json: bool) -> None:  # noqa: FBT001
    """A role (role, or role@AGENCY) for someone who has an account. On the pages this takes two administrators; here it is done at once."""
    with or_wrong_use():
        engine_here().perform(SYSTEM, actions.give_role, login, role)
    show({"login": login.strip().lower(), "role": role}, as_json=as_json, words=f"{login} is {role} now.")


@person_group.command("take")
@click.argument("login")
@click.argument("role")
@as_json
def person_take(login: str, role: str, as_json: bool) -> None:  # noqa: FBT001
    """Take a role away from someone, at once."""
    with or_wrong_use():
        engine_here().perform(SYSTEM, actions.take_role, login, role)
    show({"login": login.strip().lower(), "role": role}, as_json=as_json, words=f"{login} is no longer {role}.")


@person_group.command("close")
@click.argument("login")
@as_json
def person_close(login: str, as_json: bool) -> None:  # noqa: FBT001
    """Close an account at once: nobody comes in by it any more. Its tasks go back to the others."""
    with or_wrong_use():
        engine_here().perform(SYSTEM, actions.close_account, login)
    show({"login": login.strip().lower()}, as_json=as_json, words=f"The account of {login} is closed.")


@person_group.command("open")
@click.argument("login")
@as_json
def person_open(login: str, as_json: bool) -> None:  # noqa: FBT001
    """Open a closed account again, at once, with the roles it had."""
    with or_wrong_use():
        engine_here().perform(SYSTEM, actions.open_account, login)
    show({"login": login.strip().lower()}, as_json=as_json, words=f"The account of {login} is open.")


@person_group.command("reset")
@click.argument("login")
@click.option("--password", help="Asked for when left out.")
@click.option("--link", is_flag=True, help="Print a link to choose a password with, in place of asking for one. Sessions end when it is used.")
@click.option("--factors", is_flag=True, help="Only take away phone, passkeys and recovery codes, which are lost. The password stays.")
@as_json
def person_reset(login: str, password: str | None, *, link: bool, factors: bool, as_json: bool) -> None:
    """A new password; every session of that person ends."""
    if factors and (link or password):
        raise click.UsageError("--factors stands alone: the password stays as it is.")
    address = None
    with or_wrong_use():
        if not link and not factors:
            secret = hashed(password or _typed(), (login,))
        engine = engine_here()
        if factors:
            engine.perform(SYSTEM, actions.take_away_factors, _id_of(engine, login))
        elif link:
            address = engine.perform(SYSTEM, actions.make_link, login)
        else:
            engine.perform(SYSTEM, actions.set_password, login, secret)
    said = f"{login} sets up a phone or passkey anew after the password." if factors else f"{login} has a new password."
    show({"login": login.strip().lower()} | ({"link": address} if address else {}), as_json=as_json, words=_told(engine, login, address) or said)


def _typed() -> str:
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


def _told(engine: Engine, login: str, address: str | None) -> str:
    return f"{login} can choose a password here, once, within {engine.settings.sessions.link_days} days:\n{address}" if address else ""


def _id_of(engine: Engine, login: str) -> str:
    with engine.database.reading() as db:
        person = db.scalar(sa.select(t.people.c.id).where(t.people.c.login == as_signed_in(login)))
    if person is None:
        raise NotFound(f"There is no account called {login}.")
    return str(person)
