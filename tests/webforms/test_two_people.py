"""The pages about accounts, and about what waits for a second person, with a browser without JavaScript."""
import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine import SYSTEM, actions
from engine.packs import read_pack
from engine.releases import bundle
from engine.rules.passwords import hashed
from engine.store import tables as t
from tests.webforms.office import PASSWORD


@pytest.fixture
def who(engine):
    """Login → id, with two administrators and two process owners."""
    secret = hashed(PASSWORD)
    for login, role in (("adam", "administrator"), ("ari", "administrator"), ("petra", "process_owner"), ("pia", "process_owner")):
        engine.perform(SYSTEM, actions.add_person, login, f"{login.title()} Example", f"{login}@office.example", None, [role], secret=secret)
    with engine.database.reading() as db:
        return dict(db.execute(sa.select(t.people.c.login, t.people.c.id)).all())


def test_a_role_goes_from_one_administrator_to_the_other_and_is_held(visit, who):
    adam, ari = visit("adam"), visit("ari")
    adam.get(f"/people/{who['otto']}/give")
    adam.post(adam.url, {"role": "viewer", "reason": ""})
    assert (adam.status, "Error: Propose a role" in adam.page) == (422, True)
    adam.post(f"/people/{who['otto']}/give", {"role": "viewer", "reason": "He reads the figures now"})
    assert "Proposed. It is done when a second person approves it" in adam.words
    assert "You proposed this yourself" in adam.words
    proposal = adam.url

    assert "1 change that somebody else proposed waits for you" in ari.get("/")
    assert ari.words
    ari.get("/approvals")
    assert "Otto Outsider is to be Viewer" in ari.words
    ari.get(proposal)
    assert "He reads the figures now" in ari.words
    assert "open the page of every case" in ari.words
    ari.post(f"{proposal}/approve")
    assert "Approved, and done" in ari.words
    ari.get(f"/people/{who['otto']}")
    assert "Viewer Since 2 March 2026: Adam Example, approved by Ari Example" in ari.words
    ari.post(f"{proposal}/approve")
    assert (ari.status, "already been done" in ari.words) == (409, True)


def test_an_account_is_found_proposed_closed_and_proposed_to_be_opened(visit, who, engine):
    adam, ari, quin = visit("adam"), visit("ari"), visit("quin")
    adam.get("/people?words=quill+supplier")
    assert [name for name in ("Quin Example", "Abel Example") if name in adam.words] == ["Quin Example"]
    adam.get("/people/new")
    adam.post("/people/new", {"name": "Nell Example", "email": "nell@office.example", "agency": "INK", "roles": ["supplier"], "reason": "New here"})
    assert "An account for Nell Example" in adam.words, adam.words
    ari.get(adam.url)
    ari.post(f"{adam.url}/approve")
    assert "Approved, and done" in ari.words
    assert "Nell Example" in ari.get("/people")

    adam.get(f"/people/{who['quin']}")
    adam.post(f"/people/{who['quin']}/close")
    assert "The account is closed" in adam.words
    assert "Sign in" in quin.get("/")
    assert "/sign-in" in quin.url
    assert adam.get("/people")
    assert "Quin Example" not in adam.words
    assert "Quin Example" in adam.get("/people?which=closed")
    adam.get(f"/people/{who['quin']}/open")
    adam.post(adam.url, {"reason": "Back again"})
    assert "Open the account of Quin Example again" in adam.words
    adam.get(adam.url)
    adam.post(f"{adam.url}/withdraw")
    assert "Taken back" in adam.words


def test_a_process_owner_reads_what_changes_in_words_and_declines_with_a_reason(visit, who, engine):
    files = dict(read_pack(Path("tests/packs/purchase")).files)
    files["deadlines.toml"] = files["deadlines.toml"].replace(b"5 working days", b"9 working days")
    proposal = engine.perform(engine.actor(who["petra"]), actions.propose, "release", {"note": "More time"}, bundle(files))
    pia = visit("pia")
    pia.get(f"/approvals/{proposal}")
    assert "Release 2 of “" in pia.words
    assert "Deadlines: deadlines.toml Changed deadline: " in pia.words
    assert "(before: " in pia.words
    pia.post(f"/approvals/{proposal}/decline", {"reason": " "})
    assert (pia.status, "Say why" in pia.words) == (422, True)
    pia.post(f"/approvals/{proposal}/decline", {"reason": "Two weeks are enough"})
    petra = visit("petra")
    assert "Two weeks are enough" in petra.get(f"/approvals/{proposal}")
    assert "Declined" in petra.words


def test_nobody_else_finds_any_of_it(visit, who, engine):
    adam = engine.actor(who["adam"])
    proposal = engine.perform(adam, actions.propose, "role_given", {"person": who["otto"], "role": "viewer", "reason": "x"})
    for login in ("abel", "maud", "petra"):
        visitor = visit(login)
        otto = f"/people/{who['otto']}"
        for url in ("/people", "/people/new", otto, f"{otto}/give", f"{otto}/nothing", f"/approvals/{proposal}"):
            visitor.get(url)
            assert visitor.status == 404, (login, url)
            assert "Otto" not in visitor.words
        visitor.get("/")
        assert 'href="/people"' not in visitor.page
        for url in (f"/approvals/{proposal}/approve", f"/approvals/{proposal}/decline", f"/approvals/{proposal}/withdraw", f"/people/{who['otto']}/close",
                    f"/people/{who['otto']}/give", "/people/new"):
            visitor.get("/")
            visitor.post(url, {"reason": "x", "role": "viewer", "name": "x", "email": "x@y.example"})
            assert visitor.status == 404, (login, url)
    assert visit("maud").get("/approvals")
    assert not re.search("Otto", visit("maud").get("/approvals"))


def test_one_of_two_administrators_reads_beforehand_that_the_other_is_changed_by_a_third(visit, who):
    adam = visit("adam")
    for page in ("", "/give", "/take", "/access"):
        adam.get(f"/people/{who['ari']}{page}")
        assert "You and Ari Example are the only administrators" in adam.words, page
        assert "propose the role for somebody else" in adam.words, page
    for page in ("/people", f"/people/{who['otto']}", f"/people/{who['adam']}"):
        assert "only administrator" not in adam.get(page), page


def test_the_only_administrator_is_told_the_way_out(visit, who, engine):
    engine.perform(SYSTEM, actions.close_account, "ari")
    adam = visit("adam")
    assert "casereview person give NAME administrator" in adam.get("/people")
    adam.get(f"/people/{who['otto']}/give")
    adam.post(adam.url, {"role": "viewer", "reason": "x"})
    assert (adam.status, "Nobody else here could approve this" in adam.words) == (409, True)
