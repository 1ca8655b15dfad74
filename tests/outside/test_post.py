"""Mail leaves once, waits while the server is down, and carries nothing but a reference, a link and fixed words."""
from __future__ import annotations

import socket
import ssl
import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import policy
from email.parser import BytesParser

import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from engine import actions, alarm, open_engine, queries
from engine.errors import InvalidAnswers
from engine.outside import post
from engine.outside.post import send_waiting
from engine.store import tables as t
from tests.makers import Board, board, filled, settings


@pytest.fixture
def office(make_database, tmp_path, smtp):
    """A board on SQLite that mails to the test's own server."""
    yield from _by_smtp(make_database("sqlite", filled), tmp_path, smtp)


@pytest.fixture
def both(make_database, database_kind, tmp_path, smtp):
    yield from _by_smtp(make_database(database_kind, filled), tmp_path, smtp)


def _by_smtp(url, folder, smtp):
    plain = settings(url, folder)
    made = board(url, folder, mail=replace(plain.mail, send="smtp", host=smtp.host, port=smtp.port, security="none", timeout_seconds=5))
    yield made
    made.engine.close()


def ordered(office):
    """A purchase whose requesters are told."""
    case = office.request(suppliers=["QUI"]).case
    office.approve(case)
    office.quote(case, "quin", "QUI")


def outbox(office):
    return office.rows(sa.select(t.outbox).order_by(t.outbox.c.queued_at))


def later(office, **time):
    office.clock.move_to(office.clock.now() + timedelta(**time))


def test_a_mail_is_delivered_once(both, smtp):
    ordered(both)
    queued = len(outbox(both))

    assert send_waiting(both.engine) == queued > 0
    assert send_waiting(both.engine) == 0
    later(both, days=30)
    assert send_waiting(both.engine) == 0
    assert len(smtp.mails) == queued
    assert all((row.sent_at, row.next_at, row.tries) != (None, None, 0) for row in outbox(both))
    assert sorted(to for recipients in smtp.recipients for to in recipients) == sorted(
        both.one(sa.select(t.people.c.email).where(t.people.c.id == row.person)) for row in outbox(both))


def test_two_who_send_at_once_deliver_once(both, smtp):
    for _ in range(4):
        ordered(both)
    other = Board(open_engine(both.engine.settings, both.clock), both.clock)
    together, sent = threading.Barrier(2), []

    def send(engine):
        together.wait()
        sent.append(send_waiting(engine))

    threads = [threading.Thread(target=send, args=[one.engine]) for one in (both, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(sent) == len(outbox(both))
    ids = [mail["Message-ID"] for mail in smtp.mails]
    assert len(ids) == len(set(ids)) == len(outbox(both))
    other.engine.close()


def test_while_the_server_refuses_mail_waits_longer_and_longer(office, smtp):
    ordered(office)
    queued = len(outbox(office))
    smtp.refusal = "451 later"
    waits = []
    for _ in range(4):
        assert send_waiting(office.engine) == 0
        waits.append({row.next_at - office.clock.now() for row in outbox(office)})
        later(office, minutes=1)
        tries = {row.tries for row in outbox(office)}
        later(office, hours=5)
    assert tries == {4}
    assert [len(wait) for wait in waits] == [1, 1, 1, 1]
    assert sorted(waits, key=min) == waits

    smtp.refusal = None
    assert send_waiting(office.engine) == queued
    assert len(smtp.mails) == queued


def test_a_deputy_reads_for_whom_a_mail_may_be(office, smtp):
    office.begin("NOR")
    office.do("nora", actions.name_deputy, "rep@NOR", office.who("nils").person, date(2026, 3, 2), date(2026, 3, 13), "Annual leave")
    send_waiting(office.engine)
    office.at(2026, 3, 6, 12)
    alarm.sweep(office.engine)
    smtp.mails.clear()
    send_waiting(office.engine)

    found = {mail["To"]: mail.get_content() for mail in smtp.mails}
    assert found["nils@office.example"].strip().endswith("You stand in for Nora Example: this may be one of their tasks.")
    assert "stand in" not in found["nora@office.example"]


def test_while_the_server_is_down_mail_waits(office, smtp):
    ordered(office)
    down = replace(office.engine.settings, mail=replace(office.engine.settings.mail, port=1))
    nobody = open_engine(down, office.clock)
    assert send_waiting(nobody) == 0
    assert {row.tries for row in outbox(office)} == {1}
    later(office, minutes=2)

    assert send_waiting(office.engine) == len(outbox(office)) == len(smtp.mails)
    nobody.close()


def test_dying_after_the_server_took_it_sends_the_same_message_again(office, smtp, monkeypatch):
    ordered(office)
    queued = len(outbox(office))

    class Killed(BaseException):
        """The process is gone."""

    def die(*_):
        raise Killed

    with monkeypatch.context() as fate:
        fate.setattr(post, "_sent", die)
        with pytest.raises(Killed):
            send_waiting(office.engine)
    assert len(smtp.mails) == 1
    assert {row.sent_at for row in outbox(office)} == {None}

    later(office, hours=1)
    assert send_waiting(office.engine) == queued
    ids = [mail["Message-ID"] for mail in smtp.mails]
    assert len(ids) == queued + 1
    assert len(set(ids)) == queued
    assert ids.count(ids[0]) == 2


def test_one_mail_that_cannot_be_written_does_not_hold_up_others(office, smtp):
    broken = office.request(suppliers=["QUI"]).case
    office.at(2026, 3, 10, 9)
    alarm.sweep(office.engine)
    for _ in range(5):
        ordered(office)
    sound = [row for row in outbox(office) if row.case_id != broken]
    cut, swapped, *good = sound
    office.write(sa.update(t.outbox).where(t.outbox.c.id == cut.id).values(mail=b"x" * 60),
                 sa.update(t.outbox).where(t.outbox.c.id == swapped.id).values(mail=good[0].mail),
                 sa.update(t.people).where(t.people.c.id == good[-1].person).values(email="rosa@office.example\nBcc: all@else.example"),
                 sa.update(t.cases).where(t.cases.c.id == broken).values(key=None))
    misaddressed = [row for row in good if row.person == good[-1].person]

    assert send_waiting(office.engine) == len(smtp.mails) == len(good) - len(misaddressed) > 0
    assert {row.tries for row in outbox(office)} == {1}
    assert not any("else.example" in to for recipients in smtp.recipients for to in recipients)


def test_a_mail_goes_to_nobody_but_the_one_it_was_written_for(office, smtp):
    """Whoever can write to the database would have somebody's one-time link sent to themselves."""
    ordered(office)
    mine, *others = outbox(office)
    office.write(sa.update(t.outbox).where(t.outbox.c.id == mine.id).values(person=office.who("zoe").person))

    assert send_waiting(office.engine) == len(smtp.mails) == len(others)
    assert not any("zoe@" in to for recipients in smtp.recipients for to in recipients)


def test_a_mail_that_never_leaves_is_given_up_and_counted(office, smtp):
    ordered(office)
    smtp.refusal = "550 no such person"
    for _ in range(len(post.WAITS) + 3):
        send_waiting(office.engine)
        later(office, days=1)

    assert {(row.next_at, row.sent_at) for row in outbox(office)} == {(None, None)}
    assert office.ask("hedy", queries.counts)["mails_given_up"] == len(outbox(office))
    assert office.ask("hedy", queries.counts)["mails_waiting"] == 0


def test_a_mail_carries_a_reference_a_link_and_fixed_words(office, smtp):
    word = "Kestrelfeather"
    case = office.request(what=word, suppliers=["QUI"])
    asked = office.begin("NOR", subject=word, secret=word)
    office.at(2026, 3, 20, 9)
    alarm.sweep(office.engine)
    office.approve(case.case)
    office.quote(case.case, "quin", "QUI")
    send_waiting(office.engine)

    assert len(smtp.mails) > 5
    for mail in smtp.mails:
        whole = mail.as_string() + mail.get_content()
        assert word not in whole
        assert case.reference in mail["Subject"] or asked.reference in mail["Subject"]
        assert office.engine.settings.mail.base_url in mail.get_content()
        assert set(mail.keys()) <= {"From", "To", "Subject", "Message-ID", "Auto-Submitted", "Content-Type", "Content-Transfer-Encoding", "MIME-Version",
                                    "Date",
                                    "X-Peer", "X-MailFrom", "X-RcptTo"}
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["Date"]


def post_a_letter(work, case, person, subject, body):
    """A verb that mails whatever it is told."""
    work.hold(case)
    work.post("made_up", person, subject, body)


@pytest.mark.parametrize("subject", ["Hello\r\nBcc: all@else.example", "Hello\nX-Evil: yes\n\nBody of mine", "Hello\x0bthere\u2028Bcc: all@else.example",
                                     "\r\n", "é" * 400])
def test_a_header_cannot_be_smuggled_in(office, smtp, subject):
    case = office.request().case
    send_waiting(office.engine)
    smtp.mails.clear()
    smtp.recipients.clear()
    office.do(None, post_a_letter, case, office.who("rosa").person, subject, "Line one\n.\nBcc: all@else.example\n.\r\nRSET\r\nend")
    assert send_waiting(office.engine) == 1

    assert smtp.recipients == [["rosa@office.example"]]
    mail = smtp.mails[0]
    assert mail["Bcc"] is None
    assert mail["X-Evil"] is None
    assert mail.get_content().splitlines() == ["Line one", ".", "Bcc: all@else.example", ".", "RSET", "end"]


@pytest.fixture
def impostor(tmp_path):
    """A mail server with a certificate of its own making; `met` is who spoke with it all the same."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    day = datetime.now(UTC)
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1).not_valid_before(day - timedelta(1))
            .not_valid_after(day + timedelta(1)).add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .sign(key, hashes.SHA256()))
    kept = tmp_path / "impostor.pem"
    kept.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
                     + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(kept)
    listening, met = socket.create_server(("localhost", 0)), []

    def serve():
        try:
            with listening.accept()[0] as raw, context.wrap_socket(raw, server_side=True) as one:
                one.settimeout(5)
                one.sendall(b"220 impostor\r\n")
                met.append(one.recv(100))
        except OSError:   # nobody came, or they hung up
            return

    thread = threading.Thread(target=serve)
    thread.start()
    yield listening.getsockname()[1], met
    listening.close()
    thread.join(10)


def test_a_mail_server_that_cannot_prove_who_it_is_is_told_nothing(make_database, tmp_path, impostor):
    url, (port, met) = make_database("sqlite", filled), impostor
    plain = settings(url, tmp_path).mail
    office = board(url, tmp_path, mail=replace(plain, send="smtp", host="localhost", port=port, security="tls", timeout_seconds=3))
    ordered(office)

    assert send_waiting(office.engine) == 0
    assert met == []
    assert all(row.sent_at is None and row.next_at is not None for row in outbox(office))
    office.engine.close()


def test_in_development_mails_are_files_to_look_at(make_database, tmp_path):
    office = board(make_database("sqlite", filled), tmp_path)
    ordered(office)
    assert send_waiting(office.engine) == len(outbox(office))

    files = sorted((tmp_path / "mail").glob("*.eml"))
    assert len(files) == len(outbox(office))
    mail = BytesParser(policy=policy.default).parsebytes(files[0].read_bytes())
    assert mail["To"].endswith("@office.example")
    office.engine.close()


def test_a_refusal_mails_nobody(office, smtp):
    case = office.request().case
    send_waiting(office.engine)
    before = len(smtp.mails)
    with pytest.raises(InvalidAnswers):
        office.do("abel", actions.submit_task, office.task(case, "approve"), {})
    send_waiting(office.engine)
    assert len(smtp.mails) == before
