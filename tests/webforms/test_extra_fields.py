"""Every form is sent with fields that it does not have, as an attacker would: a role, a case, a person, a moment. None of it is kept anywhere."""
from __future__ import annotations

import re
from datetime import date

import lxml.html
import pytest
import sqlalchemy as sa

from engine import SYSTEM, actions
from engine.rules.passwords import hashed
from engine.store import tables as t
from engine.store.sealing import Key
from tests.webforms.conftest import REQUEST, task_of
from tests.webforms.office import PASSWORD

PLANTED, LONG_AGO = "zz-planted", "2001-02-03"
EXTRA = {
    **dict.fromkeys(("by", "actor", "case_id", "case", "person", "person_id", "done_by", "proposed_by", "deputy_of", "permissions", "id", "element", "item",
                     "round", "name", "file_name", "public_summary", "holder", "offer_to", "what-by", "answers", "login"), PLANTED),
    **dict.fromkeys(("at", "since", "until", "created_at", "expires_at", "seen_at", "ended_at"), LONG_AGO),
    "role": "administrator", "roles": "administrator", "state": "approved", "active": "1", "guest": "1", "visible_to": "practitioner", "admin": "true",
}


@pytest.fixture
def sealed(monkeypatch):
    """Everything that is sealed from now on, before it is."""
    said, seal = [], Key.seal
    monkeypatch.setattr(Key, "seal", lambda key, plain, *place: said.append((place, plain)) or seal(key, plain, *place))
    return said


@pytest.fixture
def who(engine):
    secret = hashed(PASSWORD)
    for login, role in (("adam", "administrator"), ("ari", "administrator"), ("pia", "process_owner")):
        engine.perform(SYSTEM, actions.add_person, login, f"{login.title()} Example", f"{login}@office.example", None, [role], secret=secret)
    with engine.database.reading() as db:
        return dict(db.execute(sa.select(t.people.c.login, t.people.c.id)).all())


def attack(visitor, url, given=None, ending=""):
    """Send each form of this page (those whose address ends so), filled in, and with everything else. Gives the addresses."""
    visitor.get(url)
    page, sent = visitor.page, []
    for form in lxml.html.fromstring(page).forms:
        action = form.action or visitor.url
        if form.method != "POST" or not action.endswith(ending) or action.endswith("/sign-out"):
            continue
        filled = {name: value for name, value in form.form_values() if name != "csrf_token"} | (given or {})
        extra = {name: value for name, value in EXTRA.items() if name not in form.fields}
        visitor.page = page
        visitor.post(action, {**extra, **filled})
        assert visitor.status < 500, (action, visitor.words)
        sent.append(action)
    assert sent, f"no form on {url}"
    return sent


def test_fields_that_no_form_has_are_kept_nowhere(app, engine, visit, who, request_made, sealed):
    role = engine.perform(engine.actor(who["adam"]), actions.propose, "role_given", {"person": who["otto"], "role": "viewer", "reason": "x"})
    rosa, abel, maud, adam, ari = request_made, visit("abel"), visit("maud"), visit("adam"), visit("ari")
    case, answers = "/cases/PUR-2026-001", {"decision": "approve", "amount": "500"}
    with engine.database.reading() as db:
        before = db.execute(sa.select(t.holdings).order_by(t.holdings.c.id)).all()
        accounts = db.execute(sa.select(t.people.c.id, t.people.c.login, t.people.c.password, t.people.c.active).order_by(t.people.c.id)).all()
    sent = attack(visit(), "/sign-in", {"login": "rosa", "password": PASSWORD})
    sent += attack(rosa, "/start/purchase/request_made", REQUEST)
    sent += attack(rosa, "/start/purchase/request_made", {**REQUEST, "do": "draft"})
    sent += attack(rosa, "/drafts")
    sent += attack(abel, "/deputies", {"role": "approver", "to": who["maud"], "from-day": "2", "from-month": "3", "from-year": "2026", "until-day": "6",
                                       "until-month": "3", "until-year": "2026", "reason": "Leave"})
    sent += attack(abel, task_of(abel, "Approve"), ending="/claim")
    sent += attack(abel, task_of(abel, "Approve"), answers)
    answer = re.search(r"/answers/[0-9a-f]+/correct", rosa.get(case))
    sent += attack(rosa, f"{case}{answer[0]}", {"amount": "501", "reason": "It was so"}) if answer else []
    for button in re.findall(rf'href="({case}/do/\w+)"', maud.get(case) + rosa.get(case)):
        sent += attack(rosa if rosa.get(button) and rosa.status == 200 else maud, button, {"reason": "x", "why": "x"})
    sent += attack(adam, "/people/new", {"name": "Nell Example", "email": "nell@office.example", "agency": "INK", "roles": ["supplier"], "reason": "New"})
    sent += attack(adam, f"/people/{who['quin']}/give", {"role": "viewer", "reason": "x"})
    sent += attack(adam, f"/people/{who['quin']}/take", {"role": "supplier@INK", "reason": "x"})
    sent += attack(adam, "/invitations")
    sent += attack(ari, f"/approvals/{role}", {"reason": "x"}, ending="/decline")
    sent += attack(adam, f"/people/{who['inez']}")
    sent += attack(rosa, "/account")

    with engine.database.reading() as db:
        kept = {table.name: [row for row in map(str, db.execute(sa.select(table)).all()) if PLANTED in row or LONG_AGO in row or "2001, 2, 3" in row]
                for table in t.metadata.sorted_tables}
        holdings = db.execute(sa.select(t.holdings).order_by(t.holdings.c.id)).all()
        later = db.execute(sa.select(t.people.c.id, t.people.c.login, t.people.c.password, t.people.c.active).order_by(t.people.c.id)).all()
    assert {name: rows for name, rows in kept.items() if rows} == {}
    assert [place for place, plain in sealed if (PLANTED.encode() in plain or LONG_AGO.encode() in plain) and "drafts" not in place] == []
    assert sealed
    assert holdings == before
    assert [row for row in later if row not in accounts] == [(row.id, row.login, row.password, False) for row in accounts if row.login == "inez"]
    posts = {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in rule.methods}
    reached = {app.url_map.bind("").match(action.partition("?")[0], method="POST")[0] for action in sent}
    assert len(reached) >= 15, sorted(posts - reached)


def test_a_draft_with_fields_that_no_form_has_is_refused_when_it_is_sent(visit, who, request_made):
    abel = visit("abel")
    task = task_of(abel, "Approve")
    abel.get(task)
    abel.post(task, {"do": "draft", "decision": "approve", "by": who["maud"], "at": str(date(2001, 2, 3))})
    abel.get(task)
    assert who["maud"] not in abel.page
    abel.post(task, {"decision": "approve", "by": who["maud"]})
    assert abel.status == 422
