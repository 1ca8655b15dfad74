"""Every night, by one process, all trails are verified, and whoever should know is told: by mail, on a page, among the incidents, to the monitor."""
from __future__ import annotations

import threading
from dataclasses import replace

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from engine import SYSTEM, actions, alarm, queries
from engine.errors import NotFound
from engine.outside.post import send_waiting
from engine.settings.values import Trail
from engine.store import tables as t
from tests.makers import board, filled, settings

HEADS_TO = Trail("trail@watch.example")


@pytest.fixture
def office(make_database, database_kind, tmp_path, smtp):
    url = make_database(database_kind, filled)
    mail = replace(settings(url, tmp_path).mail, send="smtp", host=smtp.host, port=smtp.port, security="none", timeout_seconds=5)
    made = board(url, tmp_path, trail=HEADS_TO, mail=mail)
    yield made
    made.engine.close()


def night(office, day):
    """The first look after midnight of this day of March; the lines of the log."""
    office.at(2026, 3, day, 0, 0, 30)
    with capture_logs() as lines:
        alarm.at_night(office.engine)
        send_waiting(office.engine)
    return lines


def outsider(office, case):
    offer = t.offers
    where = (offer.c.case_id == case, offer.c.holder == "approver")
    return where, office.one(sa.select(offer.c.task).where(*where))


def test_what_the_night_finds_reaches_whoever_should_know(office, smtp):
    case = office.request()
    assert [line["event"] for line in night(office, 3)] == ["trail_verified", "trail_head"]
    [mail] = smtp.mails
    assert mail["To"] == "trail@watch.example"
    assert mail["Subject"].startswith("Head of the trail, 3 March 2026")
    [told] = office.trail(None, "verified")
    assert told.details["broken"] == 0
    assert f"Verified: {told.details['rows']:,} rows of 2 trails, and what they tell of. Everything is as it was written." in mail.get_content()
    assert office.ask("adam", queries.service).verified.broken == 0
    night(office, 3)
    assert len(smtp.mails) == len(office.trail(None, "verify_begun")) == 1

    (where, task), smtp.mails[:] = outsider(office, case.case), []
    office.write(sa.update(t.offers).where(*where).values(holder="viewer"))
    line = night(office, 4)[0]
    assert (line["event"], line["log_level"], line["broken"]) == ("trail_not_whole", "error", 1)
    mails = {mail["To"]: mail for mail in smtp.mails}
    assert set(mails) == {"trail@watch.example", "adam@office.example"}
    told = mails["trail@watch.example"]
    assert told["Subject"].startswith("The trail is NOT whole, 4 March 2026")
    assert f"1 thing is not as written. First bad row: offers {task}." in " ".join(told.get_content().split())
    assert "/service" in mails["adam@office.example"].get_content()
    page = office.ask("adam", queries.service)
    assert (page.verified.broken, len(page.troubles)) == (1, 1)
    assert page.troubles[0].says.endswith(f"1 thing is not as written. First bad row: offers {task}.")
    assert case.reference not in f"{page} {told}"
    assert office.engine.ask(SYSTEM, queries.counts)["trail_broken"] == office.engine.ask(SYSTEM, queries.counts)["incidents_open"] == 1

    smtp.mails.clear()
    night(office, 5)
    assert [mail["To"] for mail in smtp.mails] == ["trail@watch.example"]    # administrators are told once
    office.write(sa.update(t.offers).where(t.offers.c.task == task).values(holder="approver"))
    night(office, 6)
    assert office.ask("adam", queries.service).troubles == []
    assert office.engine.ask(SYSTEM, queries.counts)["trail_broken"] == 0


def test_of_several_processes_one_checks(make_database, database_kind, tmp_path):
    url = make_database(database_kind, filled)
    offices = [board(url, tmp_path, trail=HEADS_TO) for _ in range(3)]
    threads = [threading.Thread(target=alarm.at_night, args=(mine.engine,)) for mine in offices]
    for thread in threads: thread.start()
    for thread in threads: thread.join()

    assert [len(offices[0].trail(None, event)) for event in ("verify_begun", "thinned", "verified", "head_sent")] == [1, 1, 1, 1]
    for mine in offices: mine.engine.close()


def test_people_write_while_it_looks(make_database, database_kind, tmp_path, monkeypatch):
    office = board(make_database(database_kind, filled), tmp_path)
    case = office.request()
    look = office.engine.look_through

    def slowly(query, *args):
        def looked(at, *more):
            found = query(at, *more)
            office.approve(case.case)    # a whole step, while that picture is still open
            return found
        return look(looked, *args)

    monkeypatch.setattr(office.engine, "look_through", slowly)
    alarm.at_night(office.engine)

    assert office.trail(None, "verified")[0].details["broken"] == 0
    assert look(queries.verify) == []
    office.engine.close()


def test_a_check_that_does_not_come_to_its_end_is_told_and_the_head_goes_out(make_database, tmp_path, monkeypatch):
    office = board(make_database("sqlite", filled), tmp_path, trail=HEADS_TO)
    office.at(2026, 3, 3, 0, 1)
    office.do(None, actions.begin_verifying)    # and then that process died
    alarm.at_night(office.engine)
    assert office.trail(None, "head_sent") == []
    office.at(2026, 3, 3, 7)
    alarm.at_night(office.engine)
    assert len(office.trail(None, "head_sent")) == len(office.trail(None, "verify_failed")) == 1
    assert office.ask("adam", queries.service).verified.broken is None

    office.at(2026, 3, 4, 0, 1)
    monkeypatch.setattr(alarm, "verified", lambda look: 1 / 0)
    alarm.at_night(office.engine)
    assert len(office.trail(None, "head_sent")) == len(office.trail(None, "verify_failed")) == 2
    assert "is not known" in office.ask("adam", queries.service).troubles[0].says
    monkeypatch.undo()
    office.at(2026, 3, 5, 0, 1)
    alarm.at_night(office.engine)
    assert office.ask("adam", queries.service).troubles == []
    office.engine.close()


def test_the_page_of_the_service_is_for_those_who_look_after_it(make_database, tmp_path):
    office = board(make_database("sqlite", filled), tmp_path)
    assert office.ask("otto", queries.service).verified is None
    for login in ("rosa", "petra", "bess", "nora"):
        with pytest.raises(NotFound):
            office.ask(login, queries.service)
    office.engine.close()
