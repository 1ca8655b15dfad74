"""What those who run this see: lines and figures that tell what happens, and nothing of any case."""
from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from engine import SYSTEM, actions, alarm
from tests.makers import ROOT
from tests.webforms.conftest import REQUEST, task_of


def lines_of(deed):
    with capture_logs() as lines:
        deed()
    return [line for line in lines if line["event"] == "request"]


def test_a_request_is_one_line_with_who_what_and_how_long(visit, request_made, engine):
    rosa = request_made
    [line] = lines_of(lambda: rosa.get("/cases/PUR-2026-001?name=Tamsin"))

    assert line.pop("ms") > 0
    person = line.pop("person")
    assert engine.actor(person).name == "Rosa Example"
    assert line == {"event": "request", "log_level": "info", "method": "GET", "page": "cases.case", "path": "/cases/PUR-2026-001", "status": 200}


def test_a_stranger_has_no_id_and_machines_that_watch_are_not_noted(visit):
    stranger = visit()

    assert [line["person"] for line in lines_of(lambda: stranger.get("/sign-in"))] == [None]
    assert lines_of(lambda: [stranger.get(f"/{page}") for page in ("healthz", "readyz", "metrics", "static/app.css")]) == []


def test_an_address_that_leads_nowhere_is_not_written_down(visit):
    rosa = visit("rosa")
    lines = lines_of(lambda: [rosa.get(url) for url in ("/Tamsin-Canary", "/cases/Tamsin-Canary", "/cases?after=Tamsin-Canary")])

    assert [line["status"] for line in lines] == [404, 404, 404]
    assert "Tamsin" not in str(lines)


def test_a_refusal_is_a_line_with_its_kind(visit, request_made, caplog):
    abel, anna = visit("abel"), visit("anna")
    task = task_of(abel, "Approve")
    anna.get(task)
    abel.get(task)
    abel.post(f"{task}/claim")
    with caplog.at_level("INFO", "casereview"):
        anna.post(f"{task}/claim")

    assert anna.status == 403, anna.words
    [line] = [one for one in caplog.records if one.msg == "refused"]
    assert (line.verb, line.kind) == ("claim_task", "NotAllowed")
    assert line.person


def test_what_is_typed_is_in_no_line(visit, capsys):
    rosa = visit("rosa")
    rosa.get("/start/purchase/request_made")
    with capture_logs() as lines:
        rosa.post("/start/purchase/request_made", {**REQUEST, "what": "Tamsin Canary", "amount": "Canary"})
        rosa.post("/start/purchase/request_made", {**REQUEST, "what": "Tamsin Canary"})
        rosa.sign_in("Canary", "Canary")

    assert "Canary" not in str(lines)
    assert "Canary" not in "".join(capsys.readouterr())


def test_an_error_is_logged_by_its_kind_and_place_never_by_its_words():
    program = """
import logging
import sqlalchemy as sa, structlog
from engine.logs import set_up_logs
set_up_logs()
def broken(value):
    raise ValueError(f"what is {value}?")
for log in (logging.getLogger("somebody.else"), structlog.get_logger("ours")):
    try:
        try: broken("Canary")
        except ValueError as problem: raise RuntimeError("Canary") from problem
    except RuntimeError:
        log.exception("it_broke")
logging.getLogger("somebody.else").warning("told", extra={"verb": "submit_task"})
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    first, second, third = (json.loads(line) for line in said.stderr.splitlines())

    assert said.stdout == ""
    assert "Canary" not in said.stderr
    assert first["error"] == second["error"] == "RuntimeError from ValueError"
    assert first["at"] == second["at"]
    assert (first["event"], first["level"], third["verb"]) == ("it_broke", "error", "submit_task")


# ---- figures

def figure(page, line):
    found = [row.rpartition(" ")[2] for row in page.splitlines() if row.startswith(line)]
    return float(found[0]) if found else None


def test_the_figures_say_what_waits_and_since_when(visit, request_made, engine):
    watcher = visit()

    def now(what): return figure(watcher.get("/metrics"), f'casereview_now{{what="{what}"}}')
    def at(what): return figure(watcher.get("/metrics"), f'casereview_at_seconds{{what="{what}"}}')

    assert (now("cases_open"), now("tasks_open"), now("incidents_open"), now("mails_waiting"), now("clocks_overdue")) == (1, 1, 0, 0, 0)
    assert at("last_sweep") is at("last_backup") is at("oldest_mail_waiting") is None
    begun = engine.clock.now()
    engine.clock.move_to(begun + timedelta(days=6))   # on the day of the first reminder
    alarm.sweep(engine)
    assert now("mails_waiting") > 0
    assert at("oldest_mail_waiting") == engine.clock.now().timestamp()

    engine.clock.move_to(begun + timedelta(days=60))
    due = at("oldest_timer_due")
    assert begun.timestamp() < due < engine.clock.now().timestamp()
    assert now("timers_overdue") > 0
    alarm.sweep(engine)
    engine.perform(SYSTEM, actions.note_backup, 12)

    assert (now("clocks_overdue") > 0, now("timers_overdue"), at("oldest_timer_due")) == (True, 0, None)
    assert at("last_sweep") == at("last_backup") == engine.clock.now().timestamp()
    assert figure(watcher.page, 'casereview_software{version="0.1.0"}') == 1
    assert figure(watcher.page, 'casereview_request_seconds_count{page="sign_in.form"}') > 0


def test_figures_name_no_method_that_someone_made_up(visit):
    stranger = visit()
    stranger.client.open("/sign-in", method="CANARY")

    assert "CANARY" not in stranger.get("/metrics")


@pytest.mark.parametrize(("kind", "token", "address", "given", "status"), [
    ("development", None, "203.0.113.9", None, 200),
    ("production", None, "127.0.0.1", None, 200), ("production", None, "::1", None, 200),
    ("production", None, "203.0.113.9", None, 404), ("production", None, "", None, 404),
    ("production", "a-token-made-at-random", "127.0.0.1", None, 404),
    ("production", "a-token-made-at-random", "203.0.113.9", "Bearer a-token-made-at-random", 200),
    ("development", "a-token-made-at-random", "127.0.0.1", "Bearer another", 404),
])
def test_figures_are_for_this_machine_or_for_who_has_the_token(app, engine, kind, token, address, given, status):
    engine.settings = replace(engine.settings, kind=kind, metrics_token=token)
    headers = {"Authorization": given} if given else {}

    assert app.test_client().get("/metrics", headers=headers, environ_overrides={"REMOTE_ADDR": address}).status_code == status


def test_only_a_configured_proxy_says_who_asks(engine):
    from webforms import create_app

    claim = {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "https"}
    for proxies, seen in ((0, 404), (1, 200)):
        engine.settings = replace(engine.settings, kind="production", web=replace(engine.settings.web, proxies=proxies))
        client = create_app(engine).test_client()
        assert client.get("/metrics", headers=claim, environ_overrides={"REMOTE_ADDR": "203.0.113.9"}).status_code == seen


def test_a_database_that_is_gone_is_not_ready_but_alive(app, engine):
    engine.database.close()
    engine.database.pool = type(engine.database)("sqlite:////nowhere/at/all.sqlite").pool

    assert app.test_client().get("/healthz").status_code == 200
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.get_data(as_text=True)) == (503, "the database does not answer\n")
