"""Commands about packs: check, outline, rehearse, coverage, release, export."""
from __future__ import annotations

import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import click

from engine import SYSTEM, actions, arguments_of
from engine.cli.here import as_json, engine_here, main_group, or_wrong_use, pack_folders, settings_here, show
from engine.coverage.exercise import exercise
from engine.coverage.hunt import hunt
from engine.coverage.report import as_data, in_words, judge
from engine.errors import PackFaults
from engine.packs import check, check_file, outline, read_pack
from engine.packs.catalogue import FILE as CATALOGUE
from engine.rehearsal.several import NoSuchPack, play_all
from engine.releases import bundle, newest, newest_of_all


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
    """What is set, line by line; what is not set is in the JSON only."""
    pad = "  " * depth
    if isinstance(value, dict):
        return "\n".join(f"{pad}{key}:{_inline(inner) or chr(10) + _indented(inner, depth + 1)}" for key, inner in value.items()
                         if inner not in (None, False, "") and inner != [])
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
    """Freeze a pack: new cases begin on this release, running ones stay on theirs.

    Where releases take two people ([approvals] in the settings), every release but a pack's first is only proposed here: a process owner
    approves it on the page “Waiting for a second person”."""
    there, engine = read_pack(pack_folders([pack])[0]), engine_here()
    with engine.database.reading() as db:
        waits = engine.settings.approvals.release and there.id in newest_of_all(db)
    try:
        if waits:
            proposal = engine.perform(SYSTEM, actions.propose, "release", {"note": note}, bundle(there.files))
            show({"pack": pack, "release": None, "number": None, "proposal": proposal, "digest": there.digest}, as_json=as_json, words=(
                f"Proposed: the next release of {there.id} waits for a process owner to approve it within {engine.settings.approvals.days} days, at\n"
                f"{engine.settings.mail.base_url}/approvals/{proposal}\nIts fingerprint is {there.digest}."))
            return
        release, number = engine.perform(SYSTEM, actions.release_pack, there.files, note)
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
