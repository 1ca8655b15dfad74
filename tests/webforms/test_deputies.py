"""The page where people name who stands in for them, with a browser without JavaScript."""
import re

import pytest
import sqlalchemy as sa

from engine import SYSTEM, actions
from engine.rules.passwords import hashed
from engine.store import tables as t
from tests.webforms.conftest import task_of
from tests.webforms.office import PASSWORD

LEAVE = {"role": "approver", "from-day": "2", "from-month": "3", "from-year": "2026", "until-day": "6", "until-month": "3", "until-year": "2026",
         "reason": "Annual leave"}


@pytest.fixture
def who(engine):
    """Login → id."""
    with engine.database.reading() as db:
        return dict(db.execute(sa.select(t.people.c.login, t.people.c.id)).all())


def test_naming_a_deputy_gives_them_the_tasks_and_says_for_whom(visit, who, request_made):
    abel, maud = visit("abel"), visit("maud")
    assert "Nobody now" in abel.get("/deputies")
    abel.post("/deputies", {**LEAVE, "to": who["maud"]})

    assert "The deputy is named" in abel.words
    assert "Maud Example , Budget holder 2 March 2026 to 6 March 2026 · Annual leave Now" in abel.words
    maud.get("/")
    assert "You stand in for Abel Example until 6 March 2026: Budget holder" in maud.words
    maud.get(task_of(maud, "Approve"))
    assert "You act as deputy for Abel Example" in maud.words
    maud.post(maud.url, {"decision": "approve"})
    maud.post(maud.url)   # the answers are checked over first
    assert "Maud Example did this as deputy for Abel Example" in maud.words


def test_mistakes_are_said_where_they_are_and_what_was_typed_stays(visit, who):
    abel = visit("abel")
    abel.get("/deputies")
    abel.post("/deputies", {**LEAVE, "to": "", "until-year": "", "reason": ""})

    assert abel.status == 422
    assert abel.page.count("govuk-error-message") >= 3
    assert "<title>Error: Deputies" in abel.page
    assert 'value="2026"' in abel.page
    abel.post("/deputies", {**LEAVE, "to": who["anna"]})
    assert "Anna Example holds this role already" in abel.words
    assert re.search(r'href="#to"', abel.page)


def test_it_can_be_ended_at_once_and_stays_on_the_list(visit, who):
    abel = visit("abel")
    abel.get("/deputies")
    abel.post("/deputies", {**LEAVE, "to": who["maud"]})
    end = re.search(r'action="(/deputies/[0-9a-f]+/end)"', abel.page)[1]
    otto = visit("otto")
    otto.get("/deputies")
    otto.post(end)
    assert otto.status == 404

    abel.post(end)

    assert "This is over" in abel.words
    assert "Over (1)" in abel.words
    assert "Nobody now" in abel.words
    assert "You stand in" not in visit("maud").get("/")


def test_who_holds_no_role_of_their_own_names_nobody(visit, engine, who):
    otto = visit("otto")
    with engine.database.writing() as db:
        db.execute(sa.update(t.holdings).where(t.holdings.c.person == who["otto"]).values(until=engine.clock.now()))
    otto.get("/deputies")

    assert "You hold no role that a deputy could take" in otto.words
    otto.post("/deputies", LEAVE)
    assert otto.url == "/deputies"


def test_an_administrator_names_deputies_for_others(visit, engine, who):
    engine.perform(SYSTEM, actions.add_person, "adam", "Adam Example", "adam@office.example", None, ["administrator"], secret=hashed(PASSWORD))
    adam = visit("adam")
    adam.get(f"/deputies?of={who['abel']}")
    assert "Name a deputy for Abel Example" in adam.words
    adam.post("/deputies", {**LEAVE, "to": who["maud"], "of": who["abel"]})

    assert "Maud Example , Budget holder" in adam.words
    assert visit("otto").get(f"/deputies?of={who['abel']}").count("Page not found")
