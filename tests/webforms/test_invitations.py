"""One-time links, and guests whose account ends with their case."""
from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256

import pytest
import sqlalchemy as sa

from engine import SYSTEM, actions, queries
from engine.alarm import sweep
from engine.errors import InvalidAnswers, NotAllowed, NotFound, ProveAgain, Refused
from engine.feel import data
from engine.store import tables as t
from tests.makers import PASSWORD, board, filled
from tests.webforms import office as words_of
from tests.webforms.conftest import Visitor
from webforms import create_app

NEW = "blue-teapot-sings-low"


@pytest.fixture
def house(make_database, tmp_path):
    made = board(make_database("sqlite", filled), tmp_path)
    made.do(None, actions.add_person, "agnes", "Agnes Example", "agnes@office.example", None, ["administrator"])
    yield made
    made.engine.close()


@pytest.fixture
def enter(house):
    app = create_app(house.engine)

    def visitor(login=None, password=PASSWORD):
        one = Visitor(app.test_client())
        if login:
            one.sign_in(login, password)
        return one

    return visitor


def later(house, **how):
    house.clock.move_to(house.clock.now() + timedelta(**how))


def last_mail(house):
    """The newest mail that waits, opened: who reads the mailbox sees this, who reads the database does not."""
    o = t.outbox
    row = house.rows(sa.select(o).order_by(o.c.queued_at.desc(), o.c.id).where(o.c.message.in_(("invitation", "reset"))))[0]
    return row, data.loads(house.engine.vault.open(row.mail, "", "outbox", row.id))


def link_in(mail):
    return re.search(r"http://\S+(/sign-in/link/\S+)", mail["body"])[1]


def choose(visitor, link, password=NEW):
    visitor.get(link)
    return visitor.post("/sign-in/link", {"password": password, "again": password})


def guest(house, case, /, **given):
    """Hella from outside, keeper of this case: proposed by one administrator, approved by another. Gives her id."""
    what = {"name": "Hella Outside", "email": "Hella@Elsewhere.example", "agency": None, "roles": ["keeper"], "case": case.reference, "ends_on": None,
            "reason": "She knows the matter"} | given
    house.do("agnes", actions.approve, house.do("adam", actions.propose, "guest_made", what))
    return house.one(sa.select(t.people.c.id).where(t.people.c.login == "hella@elsewhere.example"))


# ---- links

def test_a_link_lets_its_person_choose_a_password_once(house, enter):
    kate = house.who("kate").person
    house.do(None, actions.send_link, kate)
    row, mail = last_mail(house)
    assert row.person == kate
    link = link_in(mail)
    stranger = enter()
    stranger.get(link)
    assert stranger.url == "/sign-in/link"   # the link is in no address any more
    assert "Kate Example" in stranger.words
    stranger.get(link)                       # opening it uses nothing up: mail servers do that
    stranger.post("/sign-in/link", {"password": NEW, "again": NEW, "person": house.who("adam").person, "login": "adam", "kind": "x"})
    assert "Your password is saved" in stranger.words
    assert 'value="kate"' in stranger.page   # the name to sign in with is filled in

    for again in (stranger, enter()):
        again.get(link)
        assert again.status == 404
        assert "This link cannot be used" in again.words
    assert enter("kate").status == 422
    assert enter("kate", NEW).url == "/"
    assert enter("adam").url == "/"
    assert house.engine.ask(SYSTEM, queries.verify) == []


def test_a_used_link_ends_every_session(house, enter):
    kate = enter("kate")
    house.do(None, actions.send_link, house.who("kate").person)
    choose(enter(), link_in(last_mail(house)[1]))
    kate.get("/")
    assert kate.url == "/sign-in"


def test_a_link_that_was_opened_in_time_and_used_too_late_is_refused(house, enter):
    house.do(None, actions.send_link, house.who("kate").person)
    stranger = enter()
    stranger.get(link_in(last_mail(house)[1]))
    token = words_of.token(stranger.page)
    later(house, days=7, minutes=1)
    stranger.post("/sign-in/link", {"password": NEW, "again": NEW}, csrf=token)
    assert stranger.status == 404
    assert enter("kate").url == "/"


def test_a_withdrawn_and_a_replaced_link_are_refused(house, enter):
    kate = house.who("kate").person
    house.do(None, actions.send_link, kate)
    first = link_in(last_mail(house)[1])
    later(house, minutes=1)
    house.do(None, actions.send_link, kate)
    second = link_in(last_mail(house)[1])
    assert first != second
    stranger = enter()
    stranger.get(first)
    assert stranger.status == 404
    house.do("adam", actions.withdraw_link, kate)
    stranger.get(second)
    assert stranger.status == 404
    assert enter("kate").url == "/"


@pytest.mark.parametrize("made_up", ["x", "0" * 32, "0" * 75, "%00", "a/b", "é" * 60, "A" * 5000])
def test_a_made_up_link_reads_like_one_that_is_over(enter, made_up):
    stranger = enter()
    stranger.get(f"/sign-in/link/{made_up}")
    assert stranger.status == 404


def test_a_link_put_into_the_database_by_hand_opens_nothing(house, enter):
    house.do(None, actions.send_link, house.who("zoe").person)
    own = link_in(last_mail(house)[1]).rpartition("/")[2]
    kate, zoe = house.who("kate").person, house.who("zoe").person
    secret = "s" * 43
    house.write(sa.update(t.links).values(person=kate))   # Zoe's turned on Kate
    house.write(sa.insert(t.links).values(id="0" * 32, digest=sha256(secret.encode()).hexdigest(), kind="reset", person=kate, made_at=house.engine.now(),
                                          expires_at=house.engine.now() + timedelta(days=1)))
    house.do(None, actions.send_link, house.who("ruth").person)
    over = link_in(last_mail(house)[1]).rpartition("/")[2]
    house.do(None, actions.withdraw_link, house.who("ruth").person)
    house.write(sa.update(t.links).values(ended_at=None, ending=None))   # what was over is opened again
    for token in (own, own.replace(zoe, kate), kate + secret, over):
        stranger = enter()
        stranger.get(f"/sign-in/link/{token}")
        assert stranger.status == 404, token


def test_no_link_is_readable_in_database_or_log(house, enter, capsys):
    house.do(None, actions.send_link, house.who("kate").person)
    token = link_in(last_mail(house)[1]).rpartition("/")[2]
    choose(enter(), f"/sign-in/link/{token}")
    rows = str([tuple(row) for table in t.metadata.sorted_tables for row in house.rows(table.select())])
    said = capsys.readouterr()
    assert token[32:] not in rows
    assert token[32:] not in said.out + said.err


def test_a_password_chosen_by_a_link_is_judged_like_any_other(house, enter):
    house.do(None, actions.send_link, house.who("kate").person)
    stranger = enter()
    for bad in ("short", "Kate.Example2026", "Password2026!!"):
        choose(stranger, link_in(last_mail(house)[1]), bad)
        assert stranger.status == 422, bad
    assert enter("kate").url == "/"


def test_only_administrators_send_links_and_they_never_see_them(house, enter):
    kate = house.who("kate").person
    for login in ("kate", "olga", "petra", "otto"):
        for verb in (actions.send_link, actions.withdraw_link):
            with pytest.raises(NotFound):
                house.do(login, verb, kate)
        with pytest.raises(NotFound):
            house.ask(login, queries.invitations)
    with pytest.raises(NotAllowed):
        house.do("adam", actions.make_link, "kate")
    with pytest.raises(ProveAgain):
        house.engine.perform(replace(house.who("adam"), session="x", proved_at=None), actions.send_link, kate)
    with pytest.raises(Refused, match="two administrators"):
        house.do("adam", actions.send_link, kate)
    new = house.do(None, actions.add_person, "nell", "Nell Example", "nell@office.example", None, ["viewer"])
    house.do(None, actions.make_link, "nell")
    adam = enter("adam")
    adam.get("/invitations")
    adam.post(f"/invitations/{new}/send")
    assert "A link is on its way" in adam.words
    assert "link/" not in adam.page


def test_who_lost_the_password_is_let_in_again_by_two_and_told_of_it(house, enter):
    kate, adam = house.who("kate").person, enter("adam")
    adam.get(f"/invitations/lost?person={kate}")
    adam.post(adam.url, {"way": "password", "reason": "She rang from the number we have"})
    waits = adam.url.rpartition("/")[2]
    assert "is to be let in again" in adam.words
    mails = [house.engine.vault.open(row.mail, "", "outbox", row.id) for row in house.rows(sa.select(t.outbox).where(t.outbox.c.person == kate))]
    assert len(mails) == 1
    assert b"If you did not ask for it" in mails[0]
    for nobody in ("adam", "kate", "olga"):
        with pytest.raises((NotAllowed, NotFound)):
            house.do(nobody, actions.approve, waits)
    house.do("agnes", actions.approve, waits)
    told = house.rows(sa.select(t.outbox.c.message).where(t.outbox.c.person == kate).order_by(t.outbox.c.queued_at, t.outbox.c.message))
    assert {row.message for row in told} == {"let_in_proposed", "reset", "let_in_password"}
    assert house.engine.ask(SYSTEM, queries.verify) == []


@pytest.mark.parametrize("meanwhile", [
    {"password": "a digest of somebody's own", "password_mark": "x"}, {"email": "thief@elsewhere.example"}, {"name": "Somebody Else"},
])
def test_who_is_otherwise_than_was_seen_is_not_let_in_again(house, meanwhile):
    kate = house.who("kate").person
    waits = house.do("adam", actions.propose, "let_in_again", {"person": kate, "way": "password", "reason": "She rang"})
    house.write(sa.update(t.people).where(t.people.c.id == kate).values(**meanwhile))
    with pytest.raises(Refused, match="Things have changed"):
        house.do("agnes", actions.approve, waits)
    assert house.one(sa.select(sa.func.count()).select_from(t.links)) == 0


def test_nobody_chooses_a_password_for_a_closed_account(house, enter):
    house.do(None, actions.send_link, house.who("kate").person)
    link = link_in(last_mail(house)[1])
    house.do(None, actions.close_account, "kate")
    stranger = enter()
    stranger.get(link)
    assert stranger.status == 404
    with pytest.raises(Refused, match="closed"):
        house.do(None, actions.send_link, house.one(sa.select(t.people.c.id).where(t.people.c.login == "kate")))


# ---- guests

def test_a_guest_is_proposed_on_the_page_and_comes_in_by_the_link_when_another_has_approved(house, enter):
    case = house.begin("NOR")
    adam = enter("adam")
    adam.get("/invitations/guest")
    given = {"name": "Hella Outside", "email": "hella@elsewhere.example", "roles": "keeper", "case": case.reference, "reason": "She knows the matter"}
    adam.post("/invitations/guest", given | {"guest": "false", "password": NEW, "active": "true"})
    assert adam.status == 422   # nothing is asked there by these names
    adam.post("/invitations/guest", given)
    assert "It is done when a second person approves it" in adam.words
    assert house.one(sa.select(t.people.c.id).where(t.people.c.login == "hella@elsewhere.example")) is None
    proposal = house.one(sa.select(t.approvals.c.id))
    with pytest.raises(Refused):
        house.do("adam", actions.approve, proposal)
    page = house.ask("agnes", queries.proposal, proposal)
    assert ("In the case", case.reference) in page.facts
    house.do("agnes", actions.approve, proposal)

    row, mail = last_mail(house)
    assert house.one(sa.select(t.people.c.guest).where(t.people.c.id == row.person)) is True
    assert case.reference not in mail["body"] + mail["subject"]
    hella = enter()
    choose(hella, link_in(mail))
    hella.sign_in("Hella@Elsewhere.example", NEW)
    assert hella.url == "/"
    hella.get(f"/cases/{case.reference}")
    assert hella.status == 200
    hella.get(f"/cases/{house.begin('SOU').reference}")
    assert hella.status == 404
    assert "With the case you are part of" in (hella.get("/account"), hella.words)[1]
    assert house.engine.ask(SYSTEM, queries.verify) == []


@pytest.mark.parametrize(("given", "wrong"), [
    ({"case": "CLK-2099-001"}, "case"), ({"case": ""}, "case"), ({"roles": []}, "roles"), ({"roles": ["office"]}, "roles"), ({"roles": ["rep"]}, "roles"),
    ({"roles": ["administrator"]}, "roles"), ({"email": "nobody"}, "email"), ({"email": "kate"}, "email"), ({"agency": "XXX"}, "agency"),
    ({"ends_on": date(2020, 1, 1)}, "ends_on"), ({"ends_on": "soon"}, "ends_on"), ({"name": ""}, "name"), ({"reason": ""}, "reason"),
])
def test_a_guest_that_cannot_be_is_refused_at_the_question(house, given, wrong):
    with pytest.raises(InvalidAnswers) as refusal:
        guest(house, house.begin("NOR"), **given)
    assert set(refusal.value.errors) == {wrong}


def end(house, case):
    house.write(sa.update(t.cases).where(t.cases.c.id == case.case).values(ended_at=house.engine.now()))


def test_when_the_case_ends_the_guest_is_out_at_once_and_the_sweep_closes_the_account(house, enter):
    case = house.begin("NOR")
    hella = guest(house, case)
    choose(enter(), link_in(last_mail(house)[1]))
    here = enter("hella@elsewhere.example", NEW)
    assert here.url == "/"
    end(house, case)

    here.get("/")
    assert here.url == "/sign-in"
    assert enter("hella@elsewhere.example", NEW).status == 422
    with pytest.raises(Refused, match="closed"):
        house.do(None, actions.send_link, hella)
    sweep(house.engine)
    sweep(house.engine)
    assert house.one(sa.select(t.people.c.active).where(t.people.c.id == hella)) is False
    assert house.one(sa.select(sa.func.count()).select_from(t.sessions).where(t.sessions.c.person == hella, t.sessions.c.ended_at.is_(None))) == 0
    assert house.one(sa.select(sa.func.count()).select_from(t.holdings).where(t.holdings.c.person == hella, t.holdings.c.until.is_(None))) == 0
    assert [row.details for row in house.trail(None, "account_ended")] == [{"person": hella}]


def test_a_link_of_a_guest_whose_case_has_ended_is_refused(house, enter):
    case = house.begin("NOR")
    guest(house, case)
    link = link_in(last_mail(house)[1])
    end(house, case)
    stranger = enter()
    stranger.get(link)
    assert stranger.status == 404


def test_a_guest_with_another_role_stays(house, enter):
    case = house.begin("NOR")
    hella = guest(house, case)
    choose(enter(), link_in(last_mail(house)[1]))
    house.do(None, actions.give_role, "hella@elsewhere.example", "viewer")
    end(house, case)
    sweep(house.engine)
    assert enter("hella@elsewhere.example", NEW).url == "/"
    assert house.one(sa.select(t.people.c.active).where(t.people.c.id == hella)) is True


def test_an_account_with_a_last_day_ends_after_it(house, enter):
    hella = guest(house, house.begin("NOR"), ends_on=date(2026, 3, 4))
    choose(enter(), link_in(last_mail(house)[1]))
    house.at(2026, 3, 4, 23, 50)
    here = enter("hella@elsewhere.example", NEW)
    assert here.url == "/"
    house.at(2026, 3, 5, 0, 5)
    here.get("/")
    assert here.url == "/sign-in"
    sweep(house.engine)
    assert house.one(sa.select(t.people.c.active).where(t.people.c.id == hella)) is False


def test_only_the_clock_ends_accounts(house):
    hella = guest(house, house.begin("NOR"))
    with pytest.raises(NotFound):
        house.do("adam", actions.end_account, hella)
    house.do(None, actions.end_account, hella)   # not yet: nothing happens
    assert house.one(sa.select(t.people.c.active).where(t.people.c.id == hella)) is True
