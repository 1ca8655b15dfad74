"""A mail has our headers and one receiver, and a line of the log is one event, whatever somebody is called or types."""
from __future__ import annotations

import email
import email.policy
import io
import json
import logging
import re
import sys
from contextlib import suppress
from dataclasses import replace

import pytest
import structlog

from engine import SYSTEM
from engine.errors import Refused
from engine.feel import DataError
from engine.logs import set_up_logs
from engine.outside.post import send_waiting
from tests.attacks.payloads import TEXTS

SENT = {"From", "To", "Subject", "Message-ID", "Date", "Auto-Submitted", "Content-Type", "Content-Transfer-Encoding", "MIME-Version"}
OURS = {"request", "broken", "mail_failed", "lost_race_twice"}


def test_no_text_adds_a_header_or_a_receiver_to_a_mail(engine, tmp_path):
    engine.settings = replace(engine.settings, mail=replace(engine.settings.mail, send="files"), data_folder=tmp_path)

    def post(work, text, address):
        work.post("attack", None, text, text, address=address)

    queued = 0
    for text in TEXTS.values():
        for address in ("one@office.example", f"one@office.example{text}" if len(text) < 200 else text):
            with suppress(Refused, DataError, UnicodeError):
                engine.perform(SYSTEM, post, text, address)
                queued += 1
    for _ in range(20):
        send_waiting(engine)
    mails = [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in (tmp_path / "mail").glob("*.eml")]
    assert len(TEXTS) - 5 < len(mails) <= queued
    for mail in mails:
        assert set(mail.keys()) == SENT, bytes(mail)[:600]
        assert len(mail.keys()) == len(SENT), "each once"
        assert "else.example" not in str(mail["To"]) + str(mail["Bcc"])
        assert "\n" not in mail["Subject"]
        assert not mail.is_multipart()


@pytest.fixture
def logs(monkeypatch):
    """Lines as the service writes them; afterwards all is as it was."""
    handlers, level, written = logging.root.handlers[:], logging.root.level, io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    set_up_logs()
    yield written
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


def test_a_line_of_the_log_is_one_event_and_holds_nothing_that_was_typed(app, visit, logs, monkeypatch):
    client, rosa, texts = app.test_client(), visit("rosa"), [text.encode("utf-8", "replace").decode() for text in TEXTS.values() if len(text) < 3000]
    page = client.get("/sign-in").get_data(as_text=True)
    token = re.search(r'csrf_token"[^>]*value="([^"]+)', page)[1]

    def broken():
        raise ValueError(texts[number])

    monkeypatch.setitem(app.view_functions, "cases.list", broken)
    for number, text in enumerate(texts):
        header = re.sub(r"[\r\n\x00]", " ", text).encode("utf-8", "replace").decode("latin-1")
        client.get("/cases/" + re.sub(r"[\r\n?#]", "%0a", text), headers={"X-Request-ID": header, "User-Agent": header})
        rosa.client.get("/nowhere", query_string={"words": text}, headers={"Referer": header})
        rosa.client.open("/", method="EVIL" if number % 2 else "GET", query_string={text: text})
        if number % 4 == 0:
            rosa.client.get("/cases")
        if number % 20 == 0:
            client.post("/sign-in", data={"csrf_token": token, "login": text, "password": text})
        logging.getLogger("casereview").warning("lost_race_twice", extra={"verb": text})
    lines = logs.getvalue().split("\n")[:-1]
    assert len(lines) >= 3 * len(texts)
    for line in lines:
        told = json.loads(line)
        assert told["event"] in OURS, line
        if told["event"] != "lost_race_twice":     # what our own code says is not hidden: it is kept on its line
            assert not re.search("attacked|passwd|touch|Runtime|evil.example|__class__|polluted", line), line
