"""What every command needs: the settings, database and packs of the folder it is called in, and one way to show what it found."""
from __future__ import annotations

import json
import logging
import os
import sys
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import sqlalchemy as sa

from engine import SYSTEM, actions, open_engine
from engine.errors import Refused, Unavailable
from engine.settings import BadSettings, load_settings
from engine.store.migrate import migrate
from engine.store.sealing import Vault

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine import Engine
    from engine.settings import Settings

CONFIG = "config"
log = logging.getLogger("casereview")
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of words.")


class Group(click.Group):
    """Mistakes of use and of settings end in one plain sentence."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; exit 2 for what cannot be run at all."""
        try:
            return super().invoke(ctx)
        except (Unavailable, sa.exc.OperationalError, sa.exc.InterfaceError) as down:
            problem = str(getattr(down, "orig", down)).strip().partition("\n")[0]
            click.echo(f"The database does not answer: {problem}", err=True)
            sys.exit(2)
        except BadSettings as bad:
            for fault in bad.says:
                click.echo(fault, err=True)
            sys.exit(2)
        except Refused as refusal:
            for says in refusal.says:
                click.echo(says, err=True)
            sys.exit(1)


@click.group(cls=Group)
@click.version_option(package_name="casereview")
def main_group() -> None:
    """casereview: safeguarding reviews on diagrams that the people in charge can redraw."""


def settings_here() -> Settings:
    """The settings of the folder we are in, or of the one that CASEREVIEW_CONFIG names."""
    return load_settings(Path(os.environ.get("CASEREVIEW_CONFIG") or CONFIG), os.environ)


def engine_here() -> Engine:
    """The engine of this folder's settings, its database brought up to date, with the agencies of the board."""
    engine = engine_as_it_is()
    engine.perform(SYSTEM, actions.set_agencies, [{"key": one.key, "name": one.name, "member": one.member} for one in engine.settings.board.agencies])
    return engine


def engine_as_it_is() -> Engine:
    """The same, with tables brought up to date; an empty one stays empty."""
    settings = settings_here()
    need_data_folder(settings)
    migrate(settings.database_url, Vault(settings.master_key))
    engine = open_engine(settings)
    if wrong := engine.wrong_key():
        raise BadSettings([wrong])
    engine.link_older()
    return engine


def need_data_folder(settings: Settings) -> None:
    """Make the data folder, or say why not."""
    try:
        settings.data_folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise BadSettings([f"default.toml: [folders] data is {settings.data_folder}, which cannot be made: {problem.strerror}."]) from problem


@contextmanager
def or_wrong_use(*but: type[Refused]) -> Iterator[None]:
    """Turn a refusal into exit code 2: wrong use."""
    try:
        yield
    except but:
        raise
    except Refused as refusal:
        raise click.UsageError(" ".join(refusal.says)) from refusal


def warn_of_plain_backups(settings: Settings) -> None:
    """Say in the log, where real cases are, that whoever finds a backup can read the plain part of it."""
    if settings.kind == "production" and not settings.backup.recipient:
        log.warning("backups_not_encrypted")


def pack_folders(names: Iterable[str] = ()) -> list[Path]:
    """The packs meant: by id, by folder, or all that ship."""
    home = settings_here().packs_folder
    if not names:
        return sorted(found.parent for found in home.glob("*/pack.toml"))
    folders = []
    for name in names:
        folder = Path(name) if (Path(name) / "pack.toml").exists() else home / name
        if not (folder / "pack.toml").exists():
            raise click.UsageError(f"There is no pack called {name}.")
        folders.append(folder)
    return folders


def show(value: Any, *, as_json: bool, words: str = "") -> None:
    """Print a value as JSON, or the words for it."""
    click.echo(json.dumps(value, default=_plain, indent=2, ensure_ascii=False) if as_json else words)


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    return str(value)
