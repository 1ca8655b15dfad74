"""The test machine itself: that what the tests run on is real."""
from __future__ import annotations

import smtplib
from email.message import EmailMessage

import pytest
from sqlalchemy import create_engine, text

from tests.machine import chromium


def one_table(url: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("create table thing (name text)"))
    engine.dispose()


def test_each_test_has_a_database_of_its_own(database_url, database_kind):
    engine = create_engine(database_url)

    with engine.begin() as connection:
        connection.execute(text("create table thing (name text)"))
        connection.execute(text("insert into thing values ('ours')"))

    assert engine.dialect.name == database_kind
    engine.dispose()


@pytest.mark.parametrize("again", [1, 2])
def test_a_prepared_database_comes_as_it_was_prepared(make_database, database_kind, again):
    engine = create_engine(make_database(database_kind, one_table))

    with engine.begin() as connection:
        assert connection.scalar(text("select count(*) from thing")) == 0
        connection.execute(text("insert into thing values ('left behind')"))

    engine.dispose()


def test_a_mail_arrives_as_it_was_sent(smtp):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "board@example.org", "rosa@example.org", "Due today – 5 £"
    mail.set_content("Line one\nZoë")

    with smtplib.SMTP(smtp.host, smtp.port) as connection:
        connection.send_message(mail)

    [arrived] = smtp.mails
    assert arrived["Subject"] == "Due today – 5 £"
    assert "Zoë" in arrived.get_content()
    assert smtp.recipients == [["rosa@example.org"]]


def test_a_mail_server_can_turn_mails_away(smtp):
    smtp.refusal = "451 try later"

    with smtplib.SMTP(smtp.host, smtp.port) as connection, pytest.raises(smtplib.SMTPDataError, match="try later"):
        connection.sendmail("a@example.org", ["b@example.org"], "Subject: x\n\nx")

    assert smtp.mails == []


def test_the_browser_runs_scripts_and_takes_pictures(page, tmp_path):
    page.set_content("<h1>Cases</h1><script>document.querySelector('h1').textContent += ' – ' + 6 * 7</script>")

    assert page.get_by_role("heading").inner_text() == "Cases – 42"
    assert page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone") == "Europe/London"
    assert len(chromium.picture(page)) > 1000
