"""The command line. Exit 0: fine; 1: faults were found, and listed; 2: wrong use."""
from __future__ import annotations

import json
import os
import signal
import sys
import threading
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine import SYSTEM, actions, arguments_of, open_engine, queries
from engine.alarm import Alarm
from engine.bench import bench_command
from engine.errors import PackFaults, Refused
from engine.packs import Pack, check, check_file, outline, read_pack
from engine.rehearsal.play import rehearse
from engine.rehearsal.scenario import BadScenario, read_scenario
from engine.releases import newest
from engine.settings import BadSettings, load_settings
from engine.store.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine import Engine
    from engine.settings import Settings

CONFIG = Path("config")
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of words.")


class Group(click.Group):
    """Mistakes of use and of settings end in one plain sentence."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; exit 2 for what cannot be run at all."""
        try:
            return super().invoke(ctx)
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


main_group.add_command(bench_command)


def settings_here() -> Settings:
    """The settings of the folder we are in."""
    return load_settings(CONFIG, os.environ)


def engine_here() -> Engine:
    """The engine of this folder's settings, its database brought up to date, with the agencies of the board."""
    settings = settings_here()
    settings.data_folder.mkdir(parents=True, exist_ok=True)
    migrate(settings.database_url)
    engine = open_engine(settings)
    if wrong := engine.wrong_key():
        raise BadSettings([wrong])
    engine.perform(SYSTEM, actions.set_agencies, [{"key": one.key, "name": one.name, "member": one.member} for one in settings.board.agencies])
    return engine


@contextmanager
def or_wrong_use() -> Iterator[None]:
    """What is refused here was asked for in the wrong way: exit 2."""
    try:
        yield
    except Refused as refusal:
        raise click.UsageError(" ".join(refusal.says)) from refusal


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


@main_group.command("check")
@click.argument("what", nargs=-1)
@as_json
def check_command(what: tuple[str, ...], as_json: bool) -> None:  # noqa: FBT001 - click's way
    """List every fault of packs (by id or folder; all of them if none is named) or of single FILES."""
    packs = [one for one in what if not Path(one).is_file()]
    faults = [fault for one in what if one not in packs for fault in check_file(Path(one))]
    if packs or not what:
        faults += [fault for folder in pack_folders(packs) for fault in check(read_pack(folder))]
    show([asdict(fault) for fault in faults], as_json=as_json, words="\n".join(str(fault) for fault in faults) or "No faults.")
    sys.exit(1 if faults else 0)


@main_group.command("outline")
@click.argument("pack")
@as_json
def outline_command(pack: str, as_json: bool) -> None:  # noqa: FBT001
    """What a pack holds: all that someone needs who writes a scenario from outside."""
    verbs = {name: arguments_of(getattr(actions, name)) for name in actions.__all__}
    found = outline(read_pack(pack_folders([pack])[0]), verbs)
    show(found, as_json=as_json, words=_indented(found))


def _indented(value: Any, depth: int = 0) -> str:
    pad = "  " * depth
    if isinstance(value, dict):
        return "\n".join(f"{pad}{key}:{_inline(inner) or chr(10) + _indented(inner, depth + 1)}" for key, inner in value.items())
    if isinstance(value, list):
        return "\n".join(f"{pad}-{_inline(inner) or chr(10) + _indented(inner, depth + 1)}" for inner in value)
    return f"{pad}{value}"


def _inline(value: Any) -> str:
    return "" if isinstance(value, dict | list) and value else f" {value}"


@main_group.command("rehearse")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_json
def rehearse_command(files: tuple[Path, ...], as_json: bool) -> None:  # noqa: FBT001
    """Play scenario FILES, or every pack's own, each in a database of its own."""
    settings = settings_here()
    packs: dict[str, Pack] = {}
    rows: list[dict[str, Any]] = []
    for file, folder in _scenarios(files):
        title, failures = file.stem, list[str]()
        try:
            scenario = read_scenario(file, settings.board.timezone)
            title = scenario.title
            where = str(pack_folders([scenario.pack])[0] if scenario.pack else folder or pack_folders()[0])
            if where not in packs:
                packs[where] = read_pack(Path(where))
            failures += rehearse(scenario, packs[where], settings).failures
        except BadScenario as bad:
            failures += [f"{fault.name}: {fault.says}" if fault.name else fault.says for fault in bad.faults]
        except PackFaults as bad_pack:
            failures += [f"the pack has faults: {fault}" for fault in bad_pack.faults]
        rows.append({"file": str(file), "title": title, "passed": not failures, "failures": failures})
        if not as_json:
            click.echo(f"{'ok  ' if not failures else 'FAIL'} {title} ({file.name})" + "".join(f"\n       {failure}" for failure in failures))
    failed = sum(not row["passed"] for row in rows)
    show(rows, as_json=as_json, words=f"{len(rows) - failed} as they should, {failed} not.")
    sys.exit(1 if failed else 0)


def _scenarios(files: tuple[Path, ...]) -> list[tuple[Path, Path | None]]:
    """Each scenario with the pack it lies in, if it lies in one."""
    if files:
        return [(file, file.parent.parent if (file.parent.parent / "pack.toml").exists() else None) for file in files]
    return [(file, folder) for folder in pack_folders() for file in sorted((folder / "scenarios").glob("*.toml")) if file.name != "board.toml"]


@main_group.command("release")
@click.argument("pack")
@click.option("--note", default="", help="What changed, for those who will read the list of releases.")
@as_json
def release_command(pack: str, note: str, as_json: bool) -> None:  # noqa: FBT001
    """Freeze a pack: new cases begin on this release, running ones stay on theirs."""
    try:
        release, number = engine_here().perform(SYSTEM, actions.release_pack, read_pack(pack_folders([pack])[0]).files, note)
    except PackFaults as bad:
        show([asdict(fault) for fault in bad.faults], as_json=as_json, words="\n".join(str(fault) for fault in bad.faults))
        sys.exit(1)
    show({"pack": pack, "release": release, "number": number}, as_json=as_json, words=f"Release {number} of {pack}.")


@main_group.command("export")
@click.argument("pack")
@click.option("--to", "folder", required=True, type=click.Path(file_okay=False, path_type=Path), help="An empty or new folder.")
@as_json
def export_command(pack: str, folder: Path, as_json: bool) -> None:  # noqa: FBT001
    """Write the newest release of a pack back as files, byte for byte; its parts come out beside it."""
    if folder.exists() and any(folder.iterdir()):
        raise click.UsageError(f"{folder} is not empty: give an empty or new folder.")
    engine = engine_here()
    with or_wrong_use(), engine.database.reading() as db:
        release = newest(db, pack)
        files = engine.shelf.pack(db, release).files
    targets = {path: folder / path.removeprefix("parts/") if path.startswith("parts/") else folder / pack / path for path in files}
    for path, target in targets.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(files[path])
    show({"pack": pack, "files": sorted(map(str, targets.values()))}, as_json=as_json, words=f"{len(files)} files in {folder}.")


@main_group.command("verify")
@as_json
def verify_command(as_json: bool) -> None:  # noqa: FBT001
    """Open every sealed row and resume every case: list what does not open."""
    broken = engine_here().ask(SYSTEM, queries.verify)
    show([asdict(row) for row in broken], as_json=as_json,
         words="\n".join(f"{row.reference} {row.table} {row.row}: {row.says}" for row in broken) or "Everything opens.")
    sys.exit(1 if broken else 0)


@main_group.command("worker")
def worker_command() -> None:
    """Fire what falls due and send mail, without the web."""
    alarm = Alarm(engine_here())
    alarm.start()
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    click.echo("Watching the clock. Ctrl-C ends it.")
    stopped.wait()
    alarm.stop()


@main_group.group("person")
def person_group() -> None:
    """Accounts."""


@person_group.command("add")
@click.argument("login")
@click.option("--name", required=True)
@click.option("--email", required=True)
@click.option("--agency")
@click.option("--role", "roles", multiple=True, help="role, or role@AGENCY; again for each.")
@click.password_option(help="Asked for when left out.")
@as_json
def person_add(login: str, name: str, email: str, agency: str | None, roles: tuple[str, ...], password: str, as_json: bool) -> None:  # noqa: FBT001
    """A new account."""
    with or_wrong_use():
        person = engine_here().perform(SYSTEM, actions.add_person, login, name, email, agency, roles, password)
    show({"login": login.strip().lower(), "person": person}, as_json=as_json, words=f"{login} can sign in.")


@person_group.command("reset")
@click.argument("login")
@click.password_option(help="Asked for when left out.")
@as_json
def person_reset(login: str, password: str, as_json: bool) -> None:  # noqa: FBT001
    """A new password; every session of that person ends."""
    with or_wrong_use():
        engine_here().perform(SYSTEM, actions.set_password, login, password)
    show({"login": login.strip().lower()}, as_json=as_json, words=f"{login} has a new password.")


__all__ = ["engine_here", "main_group", "settings_here"]
