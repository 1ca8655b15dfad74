"""The service as operators run it: `serve` in production, from an empty machine to the first sign-in, as a process of its own."""
from __future__ import annotations

import base64
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pyotp
import pytest
from click.testing import CliRunner

from engine.cli import main_group
from tests.cli.conftest import ROOT

PROGRAM = [sys.executable, "-c", "from webforms.cli import main; main()"]
PASSWORD = "four-fictional-words"
BEHIND_A_PROXY = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "reviews.northmere.example"}


@pytest.fixture
def surroundings(folder: Path) -> dict[str, str]:
    """The environment file of a machine with real cases."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "CASEREVIEW_ENV": "production", "CASEREVIEW_SECRET_KEY": secrets.token_urlsafe(48), "PORT": "0",
            "CASEREVIEW_MASTER_KEY": base64.b64encode(secrets.token_bytes(32)).decode(), "SMTP_PASSWORD": "hush-hush"}


def casereview(surroundings, *command, **more):
    return subprocess.run([*PROGRAM, *command], env=surroundings, capture_output=True, text=True, timeout=240, check=False, **more)


def add_ada(surroundings):
    """Someone who can sign in: by the same command, without a process for it."""
    added = CliRunner().invoke(main_group, ["person", "add", "ada", "--name", "Ada Example", "--email", "ada@office.example", "--password", PASSWORD],
                               env=surroundings, catch_exceptions=False)
    assert added.exit_code == 0, added.output


@contextmanager
def serving(surroundings, *command):
    with subprocess.Popen([*PROGRAM, "serve", *command], env=surroundings, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        first = process.stdout.readline()
        said: dict[str, str] = {}
        try:
            yield re.search(r"http://\S+", first)[0] if first else process.communicate(), said
        finally:
            process.send_signal(signal.SIGTERM)
            said["out"], said["err"] = process.communicate(timeout=240)
            said["code"] = process.returncode


class NoFurther(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def get(address, headers=None, data=None):
    try:
        with urllib.request.build_opener(NoFurther).open(urllib.request.Request(address, headers=headers or {}, data=data), timeout=30) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers, answer.read().decode()


def signed_in(address, codes, login="ada"):
    """The cookie of someone who signed in as a browser does; the first time with an app that is set up then, later with one of its recovery `codes`."""
    _, headers, page = get(f"{address}/sign-in", BEHIND_A_PROXY)
    form = f"login={login}&password={PASSWORD}&csrf_token={re.search(r'csrf_token.*?value=.([^ >]+?).[ >]', page)[1]}".encode()
    cookie = {"Cookie": headers["Set-Cookie"].partition(";")[0], "Referer": "https://reviews.northmere.example/sign-in"}
    status, headers, page = get(f"{address}/sign-in", {**BEHIND_A_PROXY, **cookie}, form)
    then = "/sign-in/code" if codes else "/sign-in/set-up"
    assert (status, headers["Location"]) == (302, then), page[:300]
    half = {**cookie, "Cookie": session_in(headers)}
    _, headers, page = get(f"{address}{then}", {**BEHIND_A_PROXY, **half})
    half["Cookie"] = session_in(headers) or half["Cookie"]
    token = {"csrf_token": re.search(r'csrf_token.*?value=.([^ >]+?).[ >]', page)[1]}
    if codes:
        _, headers, _ = get(f"{address}{then}", {**BEHIND_A_PROXY, **half}, urllib.parse.urlencode({**token, "code": codes.pop()}).encode())
        return {"Cookie": session_in(headers)}
    secret = re.search(r'class="app-key">([A-Z2-7 ]+)<', page)[1].replace(" ", "")
    form = {**token, "offered": re.search(r'name="offered" value="([^"]+)"', page)[1],
            "code": pyotp.TOTP(secret).now()}
    status, headers, page = get(f"{address}/sign-in/set-up", {**BEHIND_A_PROXY, **half}, urllib.parse.urlencode(form).encode())
    assert (status, "Your recovery codes" in page) == (200, True), page[:300]
    codes += re.findall(r"<li>([a-z2-9-]{14})</li>", page)
    assert [one.partition("=")[0] for one in headers.get_all("Set-Cookie")] == ["__Host-browser", "__Host-session"]
    return {"Cookie": session_in(headers)}


def session_in(headers):
    return next((one.partition(";")[0] for one in headers.get_all("Set-Cookie") or [] if one.startswith("__Host-session=")), "")


def choose_password(address, link):
    """As the first administrator does, by the link that was printed."""
    _, headers, _ = get(f"{address}{link}", BEHIND_A_PROXY)
    cookie = {"Cookie": session_in(headers), "Referer": "https://reviews.northmere.example/sign-in/link"}
    _, headers, page = get(f"{address}/sign-in/link", {**BEHIND_A_PROXY, **cookie})
    cookie["Cookie"] = session_in(headers) or cookie["Cookie"]
    form = {"csrf_token": re.search(r'csrf_token.*?value=.([^ >]+?).[ >]', page)[1], "password": PASSWORD, "again": PASSWORD}
    status, headers, _ = get(f"{address}/sign-in/link", {**BEHIND_A_PROXY, **cookie}, urllib.parse.urlencode(form).encode())
    assert (status, headers["Location"]) == (302, "/sign-in")


def test_an_empty_machine_asks_for_its_first_administrator_and_then_serves(surroundings):
    refused = casereview(surroundings, "serve")
    assert refused.returncode == 2
    assert "Nobody can sign in here yet" in refused.stderr
    assert "casereview person add" in refused.stderr
    assert refused.stdout == ""   # no fictional people

    added = casereview(surroundings, "person", "add", "ada", "--name", "Ada Example", "--email", "ada@office.example", "--role", "administrator", "--link")
    assert (added.returncode, added.stdout.splitlines()[0]) == (0, "ada can choose a password here, once, within 7 days:")
    assert added.stdout.splitlines()[1].startswith("https://reviews.northmere.example/sign-in/link/")
    link = urllib.parse.urlsplit(added.stdout.splitlines()[1]).path

    with serving(surroundings) as (address, said):
        status, headers, _ = get(f"{address}/sign-in?next=/cases/Tamsin", BEHIND_A_PROXY)
        assert status == 200
        assert headers["Strict-Transport-Security"]
        assert headers["Set-Cookie"].startswith("__Host-session=")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(headers["Set-Cookie"].split("; "))
        assert "Server" not in headers

        choose_password(address, link)
        cookie = signed_in(address, [])
        assert get(f"{address}/", {**BEHIND_A_PROXY, **cookie})[0] == 200
        assert get(f"{address}/cases/Tamsin-Canary?name=Canary", {**BEHIND_A_PROXY, **cookie})[0] == 404
        assert [get(f"{address}/{page}")[0] for page in ("healthz", "readyz", "metrics")] == [200, 200, 200]
        assert get(f"{address}/metrics", BEHIND_A_PROXY)[0] == 404
    lines = [json.loads(line) for line in said["err"].splitlines()]
    assert said["code"] == 0
    assert {"request"} <= {line["event"] for line in lines}
    assert any(line["person"] for line in lines if line["event"] == "request")
    assert all(line["request_id"] and line["ms"] >= 0 for line in lines if line["event"] == "request")
    for secret in ("Canary", PASSWORD, "Ada", "hush-hush", surroundings["CASEREVIEW_SECRET_KEY"], surroundings["CASEREVIEW_MASTER_KEY"]):
        assert secret not in said["err"] + said["out"]


def test_what_was_backed_up_while_it_served_serves_on_an_empty_machine(surroundings, folder: Path):
    add_ada(surroundings)
    codes: list[str] = []
    with serving(surroundings) as (address, _):
        old = signed_in(address, codes)
        made = casereview(surroundings, "backup", str(folder), "--json")
        assert made.returncode == 0, made.stderr
        assert "last_backup" in get(f"{address}/metrics")[2]
    elsewhere = surroundings | {"DATABASE_URL": f"sqlite:///{folder}/elsewhere.sqlite", "CASEREVIEW_SECRET_KEY": secrets.token_urlsafe(48)}
    assert casereview(elsewhere, "serve").returncode == 2   # nobody can sign in yet

    restored = casereview(elsewhere, "restore", json.loads(made.stdout)["file"])

    assert (restored.returncode, restored.stdout.splitlines()[-1]) == (0, "Everything opens."), restored.stderr
    with serving(elsewhere) as (address, _):
        assert get(f"{address}/", {**BEHIND_A_PROXY, **old})[0] == 302   # everyone signs in again
        assert get(f"{address}/", {**BEHIND_A_PROXY, **signed_in(address, codes)})[0] == 200


def test_a_metrics_token_is_the_only_way_in_where_it_is_set(surroundings):
    token = secrets.token_urlsafe(24)
    surroundings["CASEREVIEW_METRICS_TOKEN"] = token
    add_ada(surroundings)
    with serving(surroundings) as (address, said):
        seen = {name: get(f"{address}/metrics", headers)[0] for name, headers in {
            "nothing": {}, "wrong": {"Authorization": "Bearer x"}, "ünsaid": {"Authorization": "Bearer \u00fc"},
            "right": {"Authorization": f"Bearer {token}"}, "from outside": {"Authorization": f"Bearer {token}", **BEHIND_A_PROXY}}.items()}

    assert seen == {"nothing": 404, "wrong": 404, "ünsaid": 404, "right": 200, "from outside": 200}
    assert token not in said["err"]


def test_what_is_missing_is_told_all_at_once_and_nothing_is_made(surroundings, folder: Path):
    for name in ("CASEREVIEW_SECRET_KEY", "CASEREVIEW_MASTER_KEY", "SMTP_PASSWORD"):
        del surroundings[name]

    refused = casereview(surroundings, "serve")

    assert refused.returncode == 2
    assert [line.split()[1] for line in refused.stderr.splitlines()] == ["SMTP_PASSWORD", "CASEREVIEW_SECRET_KEY", "CASEREVIEW_MASTER_KEY"]
    assert not (folder / "office.sqlite").exists()
    assert not (folder / "var").exists()


def test_a_port_that_is_taken_is_told_in_words(surroundings):
    add_ada(surroundings)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = casereview(surroundings | {"PORT": str(taken.getsockname()[1])}, "serve")

    assert refused.returncode == 2
    assert "cannot be listened on" in refused.stderr
    assert "Traceback" not in refused.stderr
