import base64
import secrets
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.settings import PERMISSIONS, BadSettings, Calendar, load_settings
from engine.settings.production import fit_for_real_cases

SHIPPED = Path(__file__).parents[2] / "config"
MASTER = bytes(range(32))
SECRET = "Zq3vN8-kT5xWd7Lb_r2Hf9Jm4Cs6Gy1p"
KEYS = {"CASEREVIEW_SECRET_KEY": SECRET, "CASEREVIEW_MASTER_KEY": base64.b64encode(MASTER).decode()}
PRODUCTION = {**KEYS, "CASEREVIEW_ENV": "production", "SMTP_PASSWORD": "hush"}


@pytest.fixture
def config(tmp_path):
    """A copy of the folder that ships, to spoil."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "config"))


def add(path, text):
    path.write_text(path.read_text(encoding="utf-8") + "\n" + text + "\n", encoding="utf-8")


def change(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def mistakes(config, environment=KEYS):
    with pytest.raises(BadSettings) as refused:
        load_settings(config, environment)
    return refused.value.says


def test_what_ships_describes_a_fictional_board():
    board = load_settings(SHIPPED, KEYS).board

    assert (board.name, board.short) == ("Northmere Safeguarding Children Board", "Northmere SCB")
    assert board.timezone == ZoneInfo("Europe/London")
    assert board.calendar == Calendar("england-and-wales", "GB", "ENG")
    assert board.reminder_hour == 8
    assert {"CSC", "POL", "HLT", "ACU", "EDU", "HOU"} <= {agency.key for agency in board.agencies}
    assert len(board.agencies) >= 12
    assert all(agency.member for agency in board.agencies)


def test_development_is_the_default_and_needs_nothing_set(config):
    settings = load_settings(config, {})

    assert settings.kind == "development"
    assert settings.demo_people
    assert settings.mail.send == "files"
    assert settings.database_url == f"sqlite:///{config.parent / 'var' / 'casereview.db'}"
    assert settings.packs_folder == config.parent / "bpmn"


def test_keys_made_once_are_found_again_and_nobody_else_may_read_them(config):
    first, second = load_settings(config, {}), load_settings(config, {})
    kept = config.parent / "var" / "development-keys.toml"

    assert (first.master_key, first.secret_key) == (second.master_key, second.secret_key)
    assert len(first.master_key) == 32
    assert kept.stat().st_mode & 0o077 == 0
    assert [path.name for path in kept.parent.iterdir()] == [kept.name]


def test_keys_that_are_set_are_not_made(config):
    settings = load_settings(config, KEYS)

    assert settings.master_key == MASTER
    assert not (config.parent / "var").exists()


def test_a_master_key_may_be_written_either_way_of_base64(config):
    key = b"\xfb\xff" * 16

    for written in (base64.b64encode(key), base64.urlsafe_b64encode(key)):
        assert load_settings(config, {**KEYS, "CASEREVIEW_MASTER_KEY": written.decode()}).master_key == key


def test_production_is_laid_over_the_default():
    settings = load_settings(SHIPPED, PRODUCTION)

    assert settings.mail.send == "smtp"
    assert settings.mail.password == "hush"
    assert settings.mail.timeout_seconds == 20   # from default.toml
    assert settings.web.secure_cookies
    assert not settings.demo_people


def test_the_argument_wins_over_the_environment():
    assert load_settings(SHIPPED, PRODUCTION, kind="development").kind == "development"


def test_production_without_its_secrets_is_refused_at_once(config):
    says = mistakes(config, {"CASEREVIEW_ENV": "production"})

    assert [line.split(" must", 1)[0].split(" is", 1)[0] for line in says] == [
        "environment: SMTP_PASSWORD", "environment: CASEREVIEW_SECRET_KEY", "environment: CASEREVIEW_MASTER_KEY"]
    assert not (config.parent / "var").exists()


@pytest.mark.parametrize(("old", "new", "says"), [
    ("secure_cookies = true",                 "secure_cookies = false",               "[web] secure_cookies must be true"),
    ("https://reviews.northmere.example",     "http://reviews.northmere.example",     "[mail] base_url must be set and begin with https://"),
    ('"https://reviews.northmere.example"',   '"reviews.northmere.example"',          "[mail] base_url must be an address"),
    ('security = "starttls"',                 'security = "none"',                    "the password would travel unencrypted"),
    ("[web]",                                 "[demo]\npeople = true\n[web]",         "[demo] people and make_keys must be false"),
    ("[web]",                                 "[demo]\nmake_keys = true\n[web]",      "[demo] people and make_keys must be false"),
    ("proxies = 1",                           "proxies = 0",                          "[web] proxies must be at least 1"),
    ('send = "smtp"',                         'send = "files"',                       '[mail] send must be "smtp"'),
])
def test_production_refuses_what_is_unsafe(config, old, new, says):
    change(config / "production.toml", old, new)

    [line] = mistakes(config, PRODUCTION)
    assert line.startswith("production.toml: ")
    assert says in line


@pytest.mark.parametrize(("changed", "says"), [
    ({"CASEREVIEW_SECRET_KEY": "s" * 40},                                             "CASEREVIEW_SECRET_KEY is too easy to guess"),
    ({"CASEREVIEW_SECRET_KEY": "changeme" * 5},                                       "CASEREVIEW_SECRET_KEY is too easy to guess"),
    ({"CASEREVIEW_SECRET_KEY": KEYS["CASEREVIEW_MASTER_KEY"]},                        "CASEREVIEW_SECRET_KEY is too easy to guess"),
    ({"CASEREVIEW_SECRET_KEY": "short"},                                              "CASEREVIEW_SECRET_KEY must be set to at least 32 characters"),
    ({"CASEREVIEW_MASTER_KEY": base64.b64encode(bytes(32)).decode()},                 "CASEREVIEW_MASTER_KEY is too easy to guess"),
    ({"CASEREVIEW_MASTER_KEY": base64.b64encode(b"password" * 4).decode()},           "CASEREVIEW_MASTER_KEY is too easy to guess"),
    ({"CASEREVIEW_MASTER_KEY": base64.b64encode(bytes(range(31))).decode()},          "CASEREVIEW_MASTER_KEY must be set to 32 random bytes"),
    ({"CASEREVIEW_METRICS_TOKEN": "watch"},                                           "CASEREVIEW_METRICS_TOKEN must have at least 20 characters"),
    ({"SMTP_PASSWORD": ""},                                                           "SMTP_PASSWORD is not set"),
    ({"DATABASE_URL": "mysql://db/reviews"},                                          "DATABASE_URL must begin with postgresql://"),
])
def test_production_refuses_a_secret_that_is_missing_or_weak(changed, says):
    [line] = mistakes(SHIPPED, PRODUCTION | changed)

    assert line.startswith("environment: ")
    assert says in line
    assert not any(value and value in line for value in changed.values() if len(value) > 6)


def test_keys_drawn_at_random_are_never_called_weak():
    for _ in range(2000):
        drawn = {"CASEREVIEW_SECRET_KEY": secrets.token_urlsafe(32), "CASEREVIEW_MASTER_KEY": base64.b64encode(secrets.token_bytes(32)).decode()}
        faults: list[str] = []
        fit_for_real_cases(None, None, None, drawn, faults)
        assert faults == []


def test_the_environment_gives_port_and_database(config):
    settings = load_settings(config, {**KEYS, "PORT": "9000", "DATABASE_URL": "postgresql://ivy:hush@db/reviews"})

    assert settings.web.port == 9000
    assert settings.mail.base_url == "http://127.0.0.1:9000"
    assert settings.database_url == "postgresql+psycopg://ivy:hush@db/reviews"


@pytest.mark.parametrize(("old", "new", "says"), [
    ("https://login.", "http://login.", "production.toml: [single_sign_on] issuer must begin with https://"),
    ("https://login.northmere.example", "http://127.0.0.1:9000", "production.toml: [single_sign_on] issuer must begin with https://"),
    ('["northmere.example"]', "[]", "production.toml: [single_sign_on] domains must name"),
    ('["northmere.example"]', '["@Northmere.example"]', "production.toml: [single_sign_on] domains must name"),
    ('{ tid = "1" }', "{ tid = 1 }", "production.toml: [single_sign_on] require and second_factor_acr hold texts"),
    ('{ tid = "1" }', '["tid"]', "production.toml: [single_sign_on] require must be a table"),
    ('"casereview"', '""', "production.toml: [single_sign_on] client_id must be set"),
    ("[single_sign_on]", '[single_sign_on]\nsecret = "hush"', "production.toml: [single_sign_on] secret is a secret: set CASEREVIEW_SSO_SECRET"),
    ("", "", "environment: CASEREVIEW_SSO_SECRET is not set"),
])
def test_an_identity_provider_that_is_not_set_up_safely_is_refused(config, old, new, says):
    text = """
[single_sign_on]
issuer = "https://login.northmere.example"
client_id = "casereview"
title = "Northmere Council"
domains = ["northmere.example"]
require = { tid = "1" }
"""
    with (config / "production.toml").open("a") as file:
        file.write(text.replace(old, new) if old else text)

    [line] = mistakes(config, PRODUCTION | ({"CASEREVIEW_SSO_SECRET": "hush"} if old else {}))
    assert line.startswith(says)


@pytest.mark.parametrize("port", ["many", "70000", "-1"])
def test_a_port_that_is_none_is_refused(config, port):
    [says] = mistakes(config, {**KEYS, "PORT": port})

    assert says.startswith("environment: PORT ")


def test_no_secret_is_shown_when_settings_are_printed():
    settings = load_settings(SHIPPED, {**PRODUCTION, "DATABASE_URL": "postgresql://ivy:secret-word@db/x"})

    for secret in ("hush", "secret-word", SECRET, str(MASTER)):
        assert secret not in repr(settings)


@pytest.mark.parametrize(("file", "text", "says"), [
    ("development.toml", "[web]\nprot = 80", "development.toml: [web] prot is not known; the settings here are: host"),
    ("development.toml", "[wbe]\nport = 80", "development.toml: [wbe] is not known; the tables are: web"),
    ("development.toml", '[web]\nport = "80"', "development.toml: [web] port must be a whole number."),
    ("development.toml", "[web]\nport = true", "development.toml: [web] port must be a whole number."),
    ("development.toml", "[web]\nport = 99999", "development.toml: [web] port is 99999; it must be from 0 to 65535."),
    ("development.toml", "[web]\nsecure_cookies = 1", "development.toml: [web] secure_cookies must be true or false."),
    ("development.toml", "[mail]\nhost = 3", "development.toml: [mail] host must be text in quotes."),
    ("development.toml", '[mail]\nsend = "pigeon"', "[mail] send is 'pigeon'; it must be one of: files, smtp."),
    ("development.toml", '[mail]\npassword = "hush"', "[mail] password is a secret: set SMTP_PASSWORD in the environment instead."),
    ("development.toml", '[mail]\nsender = "nobody"', "[mail] sender must be an e-mail address."),
    ("development.toml", "[limits]\nbody_megabytes = 1", "[limits] body_megabytes must not be less"),
    ("development.toml", "absolute_minutes = 1", "[sessions] absolute_minutes must not be less"),
    ("development.toml", "[web", "development.toml: cannot be read as TOML"),
    ("roles.toml", 'clerk = ["see_all"]', "roles.toml: clerk: “see_all” is no permission; they are: correct_answers"),
    ("roles.toml", 'clerk = "see_status"', "roles.toml: clerk must be a list of permissions"),
    ("roles.toml", "Clerk = []", "roles.toml: Clerk: a role is written in small letters"),
    ("board.toml", "hlt = 'x'", "board.toml: [agencies] hlt: a key is 2 to 12 capital letters"),
    ("board.toml", "OUT = 3", "board.toml: [agencies] OUT must be a name in quotes"),
    ("board.toml", "OUT = { name = 'x', head = 'y' }", "board.toml: [agencies] OUT has a name and, if you like, member"),
    ("calendars/england-and-wales.toml", "2026-13-01 = 'x'", "calendars/england-and-wales.toml: [opened] 2026-13-01 is no date"),
    ("calendars/england-and-wales.toml", "2026-12-01 = 1", "[opened] 2026-12-01 must say why"),
])
def test_a_mistake_is_told_with_file_and_key(config, file, text, says):
    add(config / file, text)

    [line] = mistakes(config)
    assert says in line


@pytest.mark.parametrize(("file", "old", "new", "says"), [
    ("default.toml", "port = 8000", "", "default.toml: [web] port is missing."),
    ("board.toml", "Europe/London", "Europe/Lundon", "timezone “Europe/Lundon” is not known"),
    ("board.toml", '"england-and-wales"', '"narnia"', "calendar “narnia” is not in calendars/; there: england-and-wales."),
    ("board.toml", '"england-and-wales"', '"../board"', "is not in calendars/"),
    ("board.toml", "reminder_hour = 8", "reminder_hour = 24", "reminder_hour is 24; it must be from 0 to 23."),
    ("board.toml", "reminder_hour = 8", "reminder_hour = 8\nmotto = 'x'", "board.toml: motto is not known."),
    ("board.toml", 'short = "Northmere SCB"', "", "board.toml: short is missing."),
    ("calendars/england-and-wales.toml", '"GB"', '"ZZ"', "no bank holidays are known for ZZ ENG."),
    ("calendars/england-and-wales.toml", "[opened]", "2026-12-24 = 'a'\n[opened]\n2026-12-24 = 'b'",
     "2026-12-24 is both closed and opened."),
    ("calendars/england-and-wales.toml", "[closed]", "[closed", "calendars/england-and-wales.toml: cannot be read as TOML"),
])
def test_what_cannot_be_is_told(config, file, old, new, says):
    change(config / file, old, new)

    [line] = mistakes(config)
    assert says in line


def test_all_mistakes_are_told_at_once(config):
    add(config / "development.toml", "[web]\nprot = 1\nport = 'x'")
    add(config / "roles.toml", "clerk = ['see']")
    change(config / "board.toml", "reminder_hour = 8", "reminder_hour = 24")
    (config / "calendars" / "england-and-wales.toml").unlink()

    files = [line.split(":")[0] for line in mistakes(config)]
    assert files == ["development.toml", "development.toml", "board.toml", "board.toml", "roles.toml"]


def test_files_that_are_not_there_are_named(tmp_path):
    (tmp_path / "config").mkdir()

    assert mistakes(tmp_path / "config") == [
        f"{name}.toml: there is no such file in config/." for name in ("default", "development", "board", "roles", "retention")]


def test_an_empty_board_says_what_it_needs(config):
    (config / "board.toml").write_text("")

    needed = ("name", "short", "reminder_hour", "timezone", "calendar", "agencies")
    assert mistakes(config) == [f"board.toml: {key} is missing." for key in needed]


def test_an_unknown_kind_is_refused(config):
    assert mistakes(config, {"CASEREVIEW_ENV": "staging"}) == ["CASEREVIEW_ENV is “staging”; it must be one of: development, production."]


def test_a_board_has_days_of_its_own_and_agencies_from_outside(config):
    change(config / "calendars" / "england-and-wales.toml", "[closed]", "[closed]\n2026-12-24 = 'Christmas Eve'")
    add(config / "calendars" / "england-and-wales.toml", "2026-12-28 = 'open'")
    add(config / "board.toml", 'OUT = { name = "Southmere Council", member = false }')

    board = load_settings(config, KEYS).board

    assert board.calendar.closed == {date(2026, 12, 24)}
    assert board.calendar.opened == {date(2026, 12, 28)}
    assert [agency.key for agency in board.agencies if not agency.member] == ["OUT"]


def test_those_who_look_after_the_system_see_no_case():
    settings = load_settings(SHIPPED, KEYS)

    for role in ("process_owner", "administrator"):
        assert not settings.may(role) & {"see_all_cases", "see_answers", "see_status", "see_trail"}


def test_those_who_watch_read_no_answers():
    settings = load_settings(SHIPPED, KEYS)

    for role in ("viewer", "auditor", "board_member", "practitioner", "referrer", "board_rep"):
        assert "see_answers" not in settings.may(role)


def test_every_permission_is_somebodys_and_an_unnamed_role_has_none():
    settings = load_settings(SHIPPED, KEYS)

    assert frozenset().union(*settings.roles.values()) == PERMISSIONS
    assert settings.may("nobody_in_particular") == frozenset()


def test_every_setting_says_what_it_is_for():
    for path in SHIPPED.glob("*.toml"):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith("# "), path.name
    lines = (SHIPPED / "default.toml").read_text(encoding="utf-8").splitlines()
    plain = [line.split()[0] for line in lines if " = " in line and "#" not in line]
    assert plain == ["port", "port", "sender"]   # these say it themselves


def test_two_processes_that_start_together_use_the_same_keys(config):
    code = ("import sys; from pathlib import Path; from engine.settings import load_settings;"
            "print(load_settings(Path(sys.argv[1]), {}).master_key.hex())")
    start = [sys.executable, "-c", code, str(config)]
    running = [subprocess.Popen(start, cwd=SHIPPED.parent, stdout=subprocess.PIPE, text=True) for _ in range(3)]

    assert len({process.communicate()[0] for process in running}) == 1
    assert all(process.returncode == 0 for process in running)
