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
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import sqlalchemy as sa

from engine import SYSTEM, actions, arguments_of, open_engine, queries
from engine.alarm import Alarm
from engine.backup import Damaged as DamagedBackup
from engine.backup import back_up, restore
from engine.bench import bench_command
from engine.coverage.exercise import exercise
from engine.coverage.hunt import hunt
from engine.coverage.report import as_data, in_words, judge
from engine.errors import PackFaults, Refused
from engine.logs import set_up_logs
from engine.packs import check, check_file, outline, read_pack
from engine.packs.catalogue import FILE as CATALOGUE
from engine.rehearsal.several import NoSuchPack, play_all
from engine.releases import newest
from engine.rules.passwords import hashed
from engine.settings import BadSettings, load_settings
from engine.store.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine import Engine
    from engine.settings import Settings

CONFIG = "config"
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of words.")


class Group(click.Group):
    """Mistakes of use and of settings end in one plain sentence."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; exit 2 for what cannot be run at all."""
        try:
            return super().invoke(ctx)
        except (sa.exc.OperationalError, sa.exc.InterfaceError) as down:
            click.echo(f"The database does not answer: {str(down.orig).strip().splitlines()[0]}", err=True)
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


main_group.add_command(bench_command)


def settings_here() -> Settings:
    """The settings of the folder we are in, or of the one that CASEREVIEW_CONFIG names."""
    return load_settings(Path(os.environ.get("CASEREVIEW_CONFIG") or CONFIG), os.environ)


def engine_here() -> Engine:
    """The engine of this folder's settings, its database brought up to date, with the agencies of the board."""
    engine = engine_as_it_is()
    engine.perform(SYSTEM, actions.set_agencies, [{"key": one.key, "name": one.name, "member": one.member} for one in engine.settings.board.agencies])
    return engine


def engine_as_it_is() -> Engine:
    """The same, with tables brought up to date and no row written."""
    settings = settings_here()
    need_data_folder(settings)
    migrate(settings.database_url)
    engine = open_engine(settings)
    if wrong := engine.wrong_key():
        raise BadSettings([wrong])
    return engine


def need_data_folder(settings: Settings) -> None:
    """Make the data folder, or say why not."""
    try:
        settings.data_folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise BadSettings([f"default.toml: [folders] data is {settings.data_folder}, which cannot be made: {problem.strerror}."]) from problem


@contextmanager
def or_wrong_use(*but: type[Refused]) -> Iterator[None]:
    """What is refused here was asked for in the wrong way: exit 2."""
    try:
        yield
    except but:
        raise
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
    rows: list[dict[str, Any]] = []
    try:
        for played in play_all(_scenarios(files), settings_here()):
            rows.append({"file": str(played.file), "title": played.title, "passed": not played.failures, "failures": list(played.failures)})
            if not as_json:
                words = "".join(f"\n       {failure}" for failure in played.failures)
                click.echo(f"{'FAIL' if words else 'ok  '} {played.title} ({played.file.name}){words}")
    except NoSuchPack as missing:
        raise click.UsageError(str(missing)) from missing
    failed = sum(not row["passed"] for row in rows)
    show(rows, as_json=as_json, words=f"{len(rows) - failed} as they should, {failed} not.")
    sys.exit(1 if failed else 0)


def _scenarios(files: tuple[Path, ...]) -> list[tuple[Path, Path]]:
    """Each scenario with the pack it lies in; with the first that ships if it lies in none."""
    if files:
        return [(file, home if ((home := file.parent.parent) / "pack.toml").exists() else pack_folders()[0]) for file in files]
    return [story for folder in pack_folders() for story in _stories(folder)]


def _stories(folder: Path) -> list[tuple[Path, Path]]:
    """Every scenario of a pack, with its folder."""
    return [(file, folder) for file in sorted((folder / "scenarios").glob("*.toml")) if file.name != "board.toml"]


@main_group.command("coverage")
@click.argument("pack", required=False)
@click.option("--mutate", is_flag=True, help="Leave out each rule of the pack instead, and list those that no scenario misses.")
@click.option("--only", default="", metavar="BEGINNING", help="With --mutate: only the rules whose id begins so, such as check:appointment.")
@as_json
def coverage_command(pack: str | None, only: str, *, mutate: bool, as_json: bool) -> None:
    """Every clause a PACK is to carry, with what carries it and the scenarios or tests that show it; every scenario of it is played.

    Without PACK, the first that keeps a catalogue of clauses (clauses.toml)."""
    folder = _with_catalogue(pack)
    settings = settings_here()
    if faults := check(read_pack(folder)):
        show([asdict(fault) for fault in faults], as_json=as_json, words="\n".join(map(str, faults)))
        sys.exit(1)
    if mutate:
        hunted = hunt(folder, [file for file, _ in _stories(folder)], settings, partial(click.echo, err=True), only)
        lines = [*map(str, hunted.survivors), *(f"{story} cannot be played: {why}" for story, why in hunted.broken.items()),
                 f"{len(hunted.killed)} of {sum(hunted.counts.values())} rules would be missed."]
        show(hunted.flat, as_json=as_json, words="\n".join(lines))
        sys.exit(0 if hunted.passed else 1)
    try:
        coverage = judge(read_pack(folder), exercise(_stories(folder), settings), settings.packs_folder.parent)
    except NoSuchPack as missing:
        raise click.UsageError(str(missing)) from missing
    show(as_data(coverage), as_json=as_json, words=in_words(coverage))
    if as_json and coverage.failed:
        click.echo("\n".join(f"{file} does not come true: {' / '.join(failures)}" for file, failures in coverage.failed.items()), err=True)
    sys.exit(1 if coverage.faults else 0)


def _with_catalogue(name: str | None) -> Path:
    """The folder of a pack that lists its clauses."""
    found = [folder for folder in pack_folders([name] if name else []) if (folder / CATALOGUE).exists()]
    if not found:
        raise click.UsageError(f"{f'The pack {name} keeps' if name else 'No pack here keeps'} no catalogue of clauses: that is a file {CATALOGUE}.")
    return found[0]


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
    broken = engine_as_it_is().ask(SYSTEM, queries.verify)
    show([asdict(row) for row in broken], as_json=as_json,
         words="\n".join(f"{row.reference} {row.table} {row.row}: {row.says}" for row in broken) or "Everything opens.")
    sys.exit(1 if broken else 0)


@main_group.command("backup")
@click.argument("dest", type=click.Path(path_type=Path))
@as_json
def backup_command(dest: Path, as_json: bool) -> None:  # noqa: FBT001
    """Write everything to the file DEST (or to a new file in the folder DEST), while people go on working.

    The master key is not in it: keep that elsewhere."""
    settings = settings_here()
    if settings.database_url.startswith("sqlite:///") and not Path(settings.database_url.removeprefix("sqlite:///")).exists():
        raise click.UsageError("There is no database here yet: nothing to back up.")
    engine = open_engine(settings)
    with or_wrong_use():
        made = back_up(engine, dest)
    engine.close()
    show(asdict(made), as_json=as_json, words=(
        f"{made.file}: {made.cases} cases, {made.rows} rows, {made.bytes:,} bytes.\n"
        f"The master key is not in it, and without that no case in it can be read. Its fingerprint is {made.key}."))


@main_group.command("restore")
@click.argument("src", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_json
def restore_command(src: Path, as_json: bool) -> None:  # noqa: FBT001
    """Fill an empty database from the backup SRC, bring it up to date, and open every row of it, as `verify` does.

    Nothing is written if anything is wrong with the backup, the key or the database."""
    settings = settings_here()
    need_data_folder(settings)
    try:
        with or_wrong_use(DamagedBackup):
            restored = restore(settings, src)
    except DamagedBackup as damaged:
        show({"restored": False, "says": damaged.says}, as_json=as_json, words=" ".join(damaged.says))
        sys.exit(1)
    engine = engine_here()
    engine.perform(SYSTEM, actions.note_restore, restored.made_at, restored.software)
    broken = engine.ask(SYSTEM, queries.verify)
    engine.close()
    show({"restored": True, **asdict(restored), "broken": [asdict(row) for row in broken]}, as_json=as_json, words="\n".join([
        f"Restored as it was at {restored.made_at}: {restored.cases} cases, {restored.rows} rows.",
        *[f"{row.reference} {row.table} {row.row}: {row.says}" for row in broken]] + ([] if broken else ["Everything opens."])))
    sys.exit(1 if broken else 0)


@main_group.command("worker")
def worker_command() -> None:
    """Fire what falls due and send mail, without the web."""
    set_up_logs()
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
        person = engine_here().perform(SYSTEM, actions.add_person, login, name, email, agency, roles, hashed(password))
    show({"login": login.strip().lower(), "person": person}, as_json=as_json, words=f"{login} can sign in.")


@person_group.command("reset")
@click.argument("login")
@click.password_option(help="Asked for when left out.")
@as_json
def person_reset(login: str, password: str, as_json: bool) -> None:  # noqa: FBT001
    """A new password; every session of that person ends."""
    with or_wrong_use():
        engine_here().perform(SYSTEM, actions.set_password, login, hashed(password))
    show({"login": login.strip().lower()}, as_json=as_json, words=f"{login} has a new password.")


__all__ = ["engine_as_it_is", "engine_here", "main_group", "settings_here"]
