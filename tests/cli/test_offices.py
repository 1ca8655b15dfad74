"""What operators type: release, export, verify, person."""
from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine import SYSTEM, Engine, actions, queries
from engine.cli import engine_here
from engine.errors import NotFound
from engine.rules.passwords import HASHER
from engine.store import tables as t
from engine.store.factors import keep_authenticator
from engine.store.open_sessions import begun
from tests.cli.conftest import ROOT, spoil

PASSWORD = "four-fictional-words"


@pytest.fixture
def engine(run):
    """The engine that the commands of this folder work on."""
    engine = engine_here()
    yield engine
    engine.close()


def add(run, login: str, *roles: str, **more: str):
    options = {"name": f"{login.title()} Example", "email": f"{login}@office.example", "password": PASSWORD} | more
    return run("person", "add", login, *[part for key, value in options.items() for part in (f"--{key}", value)],
               *[part for role in roles for part in ("--role", role)])


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# ---- release and export

def test_a_pack_is_released_once_for_each_content(run, folder: Path):
    first = run("release", "purchase", "--note", "As agreed", "--json")
    again = run("release", "purchase")
    spoil(folder / "bpmn/purchase/messages/ordered.md", "has been dealt with", "is done")
    second = run("release", "purchase")

    assert (first.code, first.json["pack"], first.json["number"], first.json.keys()) == (0, "purchase", 1, {"pack", "release", "number"})
    assert (again.code, again.err) == (1, "This is release 1 of purchase already: nothing has changed since.\n")
    assert (second.code, second.out) == (0, "Release 2 of purchase.\n")


def test_where_it_takes_two_people_every_release_but_the_first_is_proposed(run, folder: Path, engine: Engine):
    spoil(folder / "config/development.toml", "release = false", "release = true")
    assert run("release", "purchase").out == "Release 1 of purchase.\n"
    spoil(folder / "bpmn/purchase/messages/ordered.md", "has been dealt with", "is done")
    alone = run("release", "purchase")
    assert (alone.code, "Nobody else here could approve this" in alone.err) == (1, True)
    add(run, "petra", "process_owner")
    proposed, again = run("release", "purchase", "--json"), run("release", "purchase")

    assert (proposed.code, proposed.json["number"], again.code) == (0, None, 1)
    with engine.database.reading() as db:
        petra = db.scalar(sa.select(t.people.c.id))
        assert db.scalar(sa.select(sa.func.count()).select_from(t.releases)) == 1
    engine.perform(engine.actor(petra), actions.approve, proposed.json["proposal"])
    with engine.database.reading() as db:
        newest = db.execute(sa.select(t.releases).order_by(t.releases.c.number.desc()).limit(1)).one()
    assert (newest.number, newest.digest, newest.approved_by) == (2, proposed.json["digest"], petra)


def test_a_pack_with_faults_is_not_released(run, folder: Path):
    spoil(folder / "bpmn/purchase/purchase.bpmn", 'formId="quote"', 'formId="quotation"')

    ran, told = run("release", "purchase"), run("release", "purchase", "--json")

    assert (ran.code, told.code) == (1, 1)
    assert "There is no form “quotation”" in ran.out
    assert any("quotation" in fault["says"] and fault["element"] == "quote" for fault in told.json)
    assert run("export", "purchase", "--to", "out").code == 2


def test_a_release_comes_out_again_byte_for_byte(run, folder: Path):
    shutil.copytree(ROOT / "tests/packs/purchase", folder / "kept")
    run("release", "purchase")
    spoil(folder / "bpmn/purchase/messages/ordered.md", "has been dealt with", "is done")

    ran = run("export", "purchase", "--to", "out", "--json")

    assert (ran.code, len(ran.json["files"])) == (0, len(contents(folder / "kept")))
    assert contents(folder / "out/purchase") == contents(folder / "kept")


def test_the_parts_of_a_pack_come_out_beside_it(run, folder: Path):
    (folder / "bpmn/shared").mkdir()
    for name in ("reason_for_delay.bpmn", "forms/reason.form"):
        (folder / "bpmn/shared" / name).parent.mkdir(exist_ok=True)
        (folder / "bpmn/purchase" / name).rename(folder / "bpmn/shared" / name)
    spoil(folder / "bpmn/purchase/pack.toml", 'main = "purchase"', 'main = "purchase"\nparts = ["shared"]')
    (folder / "bpmn/purchase/messages/note.txt").write_bytes(b"\xff\x00 not text\r\n")

    assert run("release", "purchase").code == 0
    assert run("export", "purchase", "--to", "out").code == 0

    assert contents(folder / "out") == contents(folder / "bpmn")
    assert run("check", "out/purchase").code == 0


def test_an_export_overwrites_nothing(run, folder: Path):
    run("release", "purchase")
    (folder / "out").mkdir()
    (folder / "out/mine.txt").write_text("Keep me")

    ran = run("export", "purchase", "--to", "out")

    assert (ran.code, contents(folder / "out")) == (2, {"mine.txt": b"Keep me"})
    assert "out is not empty" in ran.err


def test_what_was_never_released_cannot_be_exported(run):
    ran = run("export", "purchase", "--to", "out")

    assert (ran.code, "No release of purchase is here yet." in ran.err) == (2, True)
    assert run("export", "purchase").code == run("release", "sales").code == run("release").code == 2


# ---- verify

@pytest.fixture
def case(run, engine: Engine) -> str:
    """A running case, with an answer that is secret; there is another one beside it."""
    run("release", "purchase")
    rosa = engine.actor(engine.perform(SYSTEM, actions.add_person, "rosa", "Rosa Example", "rosa@office.example", "CSC", ["requester@CSC"]))
    page = engine.ask(rosa, queries.start_page, pack="purchase", start="request_made")
    answers = page.form.sample(page.names, engine.now(), {"card": "0000 1111"})
    references = [engine.perform(rosa, actions.start_case, pack="purchase", start="request_made", answers=answers).reference for _ in range(2)]
    return references[0]


def test_an_office_without_cases_verifies(run):
    ran = run("verify")

    assert (ran.code, ran.out) == (0, "Everything opens, and every trail is whole.\n")
    assert run("verify", "--json").json == []


def test_a_sound_case_verifies(run, case):
    assert run("verify").code == 0


@pytest.mark.parametrize(("table", "column"), [("submissions", "answers"), ("steps", "state"), ("cases", "key")])
def test_one_flipped_byte_is_found_and_named(run, case, engine: Engine, table: str, column: str):
    with engine.database.writing() as db:
        for guard in db.scalars(sa.text("select name from sqlite_master where type = 'trigger'")).all():
            db.execute(sa.text(f"drop trigger {guard}"))    # whoever has the file can do that, too
        columns = t.metadata.tables[table].c
        of_case = columns["id" if table == "cases" else "case_id"] == db.scalar(sa.select(t.cases.c.id).where(t.cases.c.reference == case))
        content = bytearray(db.scalar(sa.select(columns[column]).where(of_case)))
        content[-1] ^= 1
        db.execute(sa.update(columns[column].table).where(of_case).values({column: bytes(content)}))

    ran, told = run("verify"), run("verify", "--json")

    assert (ran.code, told.code) == (1, 1)
    assert {(row["table"], row["reference"]) for row in told.json} == {(table, case)}
    assert told.json[0].keys() == {"table", "row", "reference", "says"}
    assert "1111" not in ran.out + told.out


# ---- person

def test_a_new_account_can_sign_in(run, engine: Engine):
    ran = add(run, "Maud", "business_manager", "board_rep@HOU", agency="HOU")

    with engine.database.reading() as db:
        row = db.execute(sa.select(t.people)).one()
        roles = {(held.role, held.agency) for held in db.execute(sa.select(t.holdings))}
    assert (ran.code, ran.out) == (0, "Maud can sign in.\n")
    assert (row.login, row.name, row.agency) == ("maud", "Maud Example", "HOU")
    assert roles == {("business_manager", None), ("board_rep", "HOU")}
    assert HASHER.verify(row.password, PASSWORD)


def test_a_password_is_asked_for_twice_and_not_shown(run):
    ran = run("person", "add", "maud", "--name", "Maud Example", "--email", "maud@office.example", typed=f"{PASSWORD}\n{PASSWORD}\n")

    assert (ran.code, PASSWORD in ran.out) == (0, False)
    assert run("person", "reset", "maud", typed=f"{PASSWORD}\nsomething-else\n").code != 0


@pytest.mark.parametrize(("login", "roles", "more", "says"), [
    ("maud", ["queen"], {}, "No role is called queen."),
    ("maud", ["board_rep@NOWHERE"], {}, "No agency is called NOWHERE."),
    ("maud", [], {"agency": "NOWHERE"}, "No agency is called NOWHERE. The agencies are: ACU, "),
    ("maud", [], {"email": "maud"}, "This is not an e-mail address."),
    ("maud", [], {"password": "short"}, "A password has at least 12 characters."),
    ("taken", [], {}, "There is already an account called taken."),
])
def test_an_account_that_cannot_be_is_wrong_use(run, engine: Engine, login, roles, more, says):
    add(run, "taken")

    ran = add(run, login, *roles, **more)

    assert (ran.code, says in ran.err) == (2, True)
    with engine.database.reading() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(t.people)) == 1


def test_the_roles_of_a_released_pack_can_be_given(run):
    assert add(run, "abel", "approver").code == 2
    run("release", "purchase")
    assert add(run, "abel", "approver").code == 0


def test_on_the_machine_roles_and_accounts_take_nobody_else(run, engine: Engine):
    add(run, "ada", "administrator")
    add(run, "maud")

    assert run("person", "give", "Maud", "administrator").out == "Maud is administrator now.\n"
    assert run("person", "give", "maud", "administrator").code == run("person", "take", "maud", "auditor").code == 2
    assert run("person", "take", "ada", "administrator", "--json").json == {"login": "ada", "role": "administrator"}
    assert run("person", "close", "ada").out == "The account of ada is closed.\n"
    assert run("person", "close", "ada").code == run("person", "open", "nobody").code == 2
    assert run("person", "open", "ada").code == 0
    with engine.database.reading() as db:
        held = db.execute(sa.select(t.people.c.login, t.holdings.c.role).join(t.holdings, t.holdings.c.person == t.people.c.id).where(
            t.holdings.c.until.is_(None))).all()
        events = list(db.scalars(sa.select(t.trail.c.event).where(t.trail.c.event.in_(["role_given", "role_taken"])).order_by(t.trail.c.id)))
    assert (held, events) == ([("maud", "administrator")], ["role_given", "role_taken"])


def test_a_new_password_ends_every_session(run, engine: Engine):
    add(run, "maud")
    with engine.database.writing() as db:
        person = db.scalar(sa.select(t.people.c.id))
        begun(db, engine.vault, person, engine.now(), None, "", engine.now())

    ran = run("person", "reset", "Maud", "--password", "other-fictional-words", "--json")

    assert (ran.code, ran.json) == (0, {"login": "maud"})
    with engine.database.reading() as db:
        assert HASHER.verify(db.scalar(sa.select(t.people.c.password)), "other-fictional-words")
        assert db.scalar(sa.select(t.sessions.c.ended_at)) is not None


def test_a_link_is_printed_in_place_of_asking_for_a_password(run, engine: Engine):
    ran = run("person", "add", "maud", "--name", "Maud Example", "--email", "maud@office.example", "--link", "--json")
    first = ran.json["link"]
    assert (ran.code, "/sign-in/link/" in first) == (0, True)
    again = run("person", "reset", "Maud", "--link").out.splitlines()[1]
    token = again.rpartition("/")[2]
    assert again != first
    with pytest.raises(NotFound):
        engine.ask(SYSTEM, queries.link, first.rpartition("/")[2])
    assert engine.ask(SYSTEM, queries.link, token).login == "maud"
    assert run("person", "reset", "nobody", "--link").code == 2


def test_what_was_lost_is_taken_away_on_the_machine_too(run, engine: Engine):
    add(run, "maud")
    assert "has set up none" in run("person", "reset", "maud", "--factors").err
    assert run("person", "reset", "maud", "--factors", "--link").code == 2
    with engine.database.writing() as db:
        keep_authenticator(db, engine.vault, db.scalar(sa.select(t.people.c.id)), "Phone", "A" * 32, 1, engine.now())
    ran = run("person", "reset", "Maud", "--factors")
    assert (ran.code, ran.out) == (0, "Maud sets up a phone or passkey anew after the password.\n")


def test_nobodys_password_cannot_be_reset(run):
    ran = run("person", "reset", "maud", "--password", PASSWORD)

    assert (ran.code, "There is no account called maud." in ran.err) == (2, True)


# ---- the whole

def test_settings_that_are_wrong_are_all_told_and_exit_with_2(run, folder: Path):
    spoil(folder / "config/board.toml", "reminder_hour = 8", "reminder_hour = 25")
    spoil(folder / "config/board.toml", 'timezone = "Europe/London"', 'timezone = "Europe/Londno"')

    ran = run("verify")

    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 2


def test_an_unknown_command_is_wrong_use_and_help_is_not(run):
    assert run("dance").code == 2
    assert run("check", "--loud").code == 2
    for command in ("check", "outline", "rehearse", "release", "export", "verify", "worker", "person"):
        assert command in run("--help").out
        assert run(command, "--help").code == 0
