"""Commands that keep what is there safe: verify, backup, restore."""
from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from engine import SYSTEM, actions, evidence, open_engine, queries
from engine.backup import Damaged as DamagedBackup
from engine.backup import back_up, new_key, restore
from engine.cli.here import as_json, engine_as_it_is, engine_here, main_group, need_data_folder, or_wrong_use, settings_here, show


@main_group.command("verify")
@click.option("--head", metavar="HEAD", help="A head of the trail from a mail: whether this database still holds everything it covers.")
@as_json
def verify_command(head: str | None, as_json: bool) -> None:  # noqa: FBT001
    """Follow every trail, open every sealed row and resume every case: list what is not as it was written."""
    broken = engine_as_it_is().look_through(queries.verify, head)
    show([asdict(row) for row in broken], as_json=as_json,
         words="\n".join(f"{row.reference} {row.table} {row.row}: {row.says}" for row in broken) or "Everything opens, and every trail is whole.")
    sys.exit(1 if broken else 0)


@main_group.command("evidence")
@click.argument("reference", required=False)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The ZIP to write; it must not be there yet.")
@click.option("--key", is_flag=True, help="Only print the key that bundles are signed with, to be told to whoever checks one.")
@as_json
def evidence_command(reference: str | None, out: Path | None, as_json: bool, *, key: bool) -> None:  # noqa: FBT001
    """Write the trail of the case REFERENCE as a signed bundle: a PDF, the same for machines, and a verifier that needs nothing of ours."""
    engine = engine_as_it_is()
    if key:
        show({"key": evidence.public_key(engine)}, as_json=as_json, words=evidence.public_key(engine))
        return
    if not reference or out is None or out.exists():
        raise click.UsageError("Name a case and, with --out, a file that is not there yet.")
    out.write_bytes(evidence.make(engine, SYSTEM, reference))
    show({"file": str(out), "case": reference, "key": evidence.public_key(engine)}, as_json=as_json,
         words=f"{out}: the trail of {reference}, signed with {evidence.public_key(engine)}.")


@main_group.command("backup")
@click.argument("dest", type=click.Path(path_type=Path))
@as_json
def backup_command(dest: Path, as_json: bool) -> None:  # noqa: FBT001
    """Write everything to the file DEST (or to a new file in the folder DEST), while people go on working.

    The master key is not in it: keep that elsewhere. Where [backup] in the settings names a recipient, it is encrypted to that one."""
    settings = settings_here()
    if settings.database_url.startswith("sqlite:///") and not Path(settings.database_url.removeprefix("sqlite:///")).exists():
        raise click.UsageError("There is no database here yet: nothing to back up.")
    engine = open_engine(settings)
    with or_wrong_use():
        made = back_up(engine, dest)
    engine.close()
    show(asdict(made), as_json=as_json, words=(
        f"{made.file}: {made.cases} cases, {made.rows} rows, {made.bytes:,} bytes.\n"
        f"The master key is not in it, and without that no case in it can be read. Its fingerprint is {made.key}.\n"
        + (f"Only who has the private half of {made.encrypted_to} can open it." if made.encrypted_to
           else "It is not encrypted as a whole: names of staff and the trail can be read in it. See [backup] in the settings.")))


@main_group.command("backup-key")
@click.argument("file", type=click.Path(path_type=Path))
@as_json
def backup_key_command(file: Path, as_json: bool) -> None:  # noqa: FBT001
    """Make a key that backups are encrypted to: NOT on the machine that runs the service. The private half is written to FILE, the public one printed.

    `age-keygen -o FILE` does the same."""
    try:
        public = new_key(file)
    except OSError as problem:
        raise click.UsageError(f"{file} cannot be written: {problem.strerror}. Give a new file in a folder that is there.") from problem
    show({"file": str(file), "recipient": public}, as_json=as_json, words=(
        f"Keep {file} in a safe, away from the service and from the backups, and a second copy elsewhere: without it no backup can be opened.\n"
        f'In the settings of the service:\n\n[backup]\nrecipient = "{public}"'))


@main_group.command("restore")
@click.argument("src", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--identity", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
              help="The file with the private key, for a backup that is encrypted (.age).")
@as_json
def restore_command(src: Path, identity: Path | None, as_json: bool) -> None:  # noqa: FBT001
    """Fill an empty database from the backup SRC, bring it up to date, and open every row of it, as `verify` does.

    Nothing is written if anything is wrong with the backup, the key or the database."""
    settings = settings_here()
    need_data_folder(settings)
    try:
        with or_wrong_use(DamagedBackup):
            restored = restore(settings, src, identity)
    except DamagedBackup as damaged:
        show({"restored": False, "says": damaged.says}, as_json=as_json, words=" ".join(damaged.says))
        sys.exit(1)
    engine = engine_here()
    engine.perform(SYSTEM, actions.note_restore, restored.made_at, restored.software)
    broken = engine.look_through(queries.verify)
    engine.close()
    show({"restored": True, **asdict(restored), "broken": [asdict(row) for row in broken]}, as_json=as_json, words="\n".join([
        f"Restored as it was at {restored.made_at}: {restored.cases} cases, {restored.rows} rows.",
        *[f"{row.reference} {row.table} {row.row}: {row.says}" for row in broken]] + ([] if broken else ["Everything opens."])))
    sys.exit(1 if broken else 0)
