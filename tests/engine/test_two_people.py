"""What takes two people: proposed by one, done in the moment in which another approves it, and only as it was proposed."""
from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine import SYSTEM, actions, queries
from engine.alarm import sweep
from engine.errors import AlreadyDone, InvalidAnswers, NotAllowed, NotFound, Refused
from engine.packs import read_pack
from engine.releases import bundle
from engine.store import tables as t
from tests.makers import everything_else

PURCHASE = Path("tests/packs/purchase")


def staffed(office):
    """A second administrator and a second process owner beside Adam and Petra."""
    for login, role in (("ari", "administrator"), ("pia", "process_owner")):
        office.do(None, actions.add_person, login, f"{login.title()} Example", f"{login}@office.example", None, [role], secret="x")
    return office


@pytest.fixture
def two(office):
    return staffed(office)


@pytest.fixture
def two_of_both(both):
    return staffed(both)


def of(office, login):
    return office.one(sa.select(t.people.c.id).where(t.people.c.login == login))


def role_for(office, who="zoe", role="panel_chair", by="adam"):
    return office.do(by, actions.propose, "role_given", {"person": of(office, who), "role": role, "reason": "She chairs the panel now"})


def changed():
    files = dict(read_pack(PURCHASE).files)
    files["purchase.bpmn"] = files["purchase.bpmn"].replace(b'name="Approve the request"', b'name="Look and approve"')
    assert files != read_pack(PURCHASE).files
    return files


def release_by(office, by="petra", files=None):
    return office.do(by, actions.propose, "release", {"note": "A clearer name"}, bundle(files or changed()))


def roles(office, login):
    h = t.holdings
    return {row.role for row in office.rows(sa.select(h.c.role).where(h.c.person == of(office, login), h.c.until.is_(None)))}


def test_a_role_is_held_from_the_moment_a_second_administrator_approves_it(two_of_both):
    office = two_of_both
    waits = role_for(office)

    assert roles(office, "zoe") == {"practitioner"}
    assert [row.title for row in office.ask("ari", queries.proposals).for_me] == ["Zoe Example is to be Panel chair"]
    assert office.ask("ari", queries.home).to_approve == 1
    office.do("ari", actions.approve, waits)

    assert roles(office, "zoe") == {"practitioner", "panel_chair"}
    held = next(row for row in office.ask("ari", queries.person, of(office, "zoe")).held if row.label == "Panel chair")
    assert held.given == "Adam Example, approved by Ari Example"
    told = [(row.event, row.details.get("role"), row.actor) for row in office.trail(None, "proposed", "proposal_approved", "role_given")]
    assert told == [("proposed", "panel_chair", of(office, "adam")), ("proposal_approved", None, of(office, "ari")),
                    ("role_given", "panel_chair", of(office, "ari"))]
    mails = {(row.message, row.person) for row in office.rows(sa.select(t.outbox.c.message, t.outbox.c.person).where(t.outbox.c.case_id.is_(None)))}
    assert {("second_person", of(office, "ari")), ("proposal_approved", of(office, "adam")), ("account_changed", of(office, "ari"))} <= mails


def test_a_role_is_taken_and_an_account_opened_by_two_and_closed_by_one(two):
    waits = two.do("adam", actions.propose, "role_taken", {"person": of(two, "abel"), "role": "approver", "reason": "He has left"})
    assert roles(two, "abel") == {"approver"}
    two.do("ari", actions.approve, waits)
    assert roles(two, "abel") == set()

    case = two.request().case
    two.do("anna", actions.claim_task, two.task(case, "approve"))
    two.do("adam", actions.close_account, "anna")
    assert two.engine.actor(of(two, "anna")) is None
    assert two.one(sa.select(t.tasks.c.claimed_by).where(t.tasks.c.case_id == case)) is None
    waits = two.do("ari", actions.propose, "account_opened", {"person": of(two, "anna"), "reason": "Back again"})
    assert two.engine.actor(of(two, "anna")) is None
    two.do("adam", actions.approve, waits)
    assert "approver" in two.who("anna").roles()


def test_an_account_is_made_by_two_and_invited_by_mail(two):
    what = {"name": "Nell Example", "email": "nell@office.example", "agency": "NOR", "roles": ["rep"], "ends_on": date(2026, 12, 31), "reason": "New here"}
    waits = two.do("adam", actions.propose, "account_made", what)
    assert of(two, "nell@office.example") is None
    two.do("ari", actions.approve, waits)

    row = two.rows(sa.select(t.people).where(t.people.c.login == "nell@office.example"))[0]
    assert (row.password, row.agency, row.ends_on) == (None, "NOR", date(2026, 12, 31))
    assert two.rows(sa.select(t.holdings.c.role, t.holdings.c.agency).where(t.holdings.c.person == row.id)) == [("rep", "NOR")]
    assert two.one(sa.select(t.outbox.c.message).where(t.outbox.c.person == row.id))


def test_a_release_is_made_when_a_second_process_owner_approves_exactly_it(two_of_both):
    office = two_of_both
    waits = release_by(office)
    page = office.ask("pia", queries.proposal, waits)

    assert [(change.kind, change.name) for change in page.changes] == [("Diagram", "Purchase request")]
    assert page.changes[0].says == ["Changed: Task: Look and approve: called “Look and approve” (before: “Approve the request”)"]
    office.do("pia", actions.approve, waits)
    newest = office.rows(sa.select(t.releases).where(t.releases.c.pack == "purchase").order_by(t.releases.c.number.desc()))[0]
    assert (newest.number, newest.released_by, newest.approved_by) == (2, of(office, "petra"), of(office, "pia"))
    assert office.ask("pia", queries.process_releases, "purchase").release.by == "Petra Example, approved by Pia Example"


def test_where_releases_take_two_people_nobody_makes_one_alone(two):
    two.engine.settings = replace(two.engine.settings, approvals=replace(two.engine.settings.approvals, release=True))
    for login in (None, "petra"):
        with pytest.raises(NotAllowed, match="second person"):
            two.do(login, actions.release_pack, changed())
    first = read_pack(Path("tests/packs/inquiry")).files
    assert two.do(None, actions.release_pack, first)[1] == 1   # the first of a pack has nobody to ask yet
    waits = two.do(None, actions.propose, "release", {"note": ""}, bundle(changed()))   # from the machine: one process owner is the second person
    two.do("petra", actions.approve, waits)


def test_nobody_is_their_own_second_person(two):
    two.do(None, actions.give_role, "zoe", "administrator")
    alone = {
        "one’s own": (role_for(two), "adam", "yourself"), "one’s own release": (release_by(two), "petra", "yourself"),
        "about oneself": (role_for(two, "ari", "vice_chair"), "ari", "your own account"),
    }
    before = everything_else(two.engine)
    for waits, login, says in alone.values():
        for verb, more in ((actions.approve, ()), (actions.decline, ("No",))):
            with pytest.raises(NotAllowed, match=says):
                two.do(login, verb, waits, *more)
    assert everything_else(two.engine) == before
    assert two.ask("adam", queries.home).to_approve == 0


def test_who_stands_in_for_the_proposer_is_not_the_second_person(two):
    for login in ("adam", "ari"):
        two.do(None, actions.give_role, login, "approver" if login == "adam" else "office")
    two.do("adam", actions.name_deputy, role="approver", to=of(two, "ari"), from_=date(2026, 3, 2), until=date(2026, 3, 6), reason="Leave")
    waits = role_for(two)

    with pytest.raises(NotAllowed, match="stand in for"):
        two.do("ari", actions.approve, waits)
    two.at(2026, 3, 7, 9)
    two.do("ari", actions.approve, waits)


@pytest.mark.parametrize("role", ["administrator", "process_owner", "auditor"])
def test_roles_that_look_after_the_system_have_no_deputies(two, role):
    """A deputyship put there by hand gives nothing to approve with either."""
    holder = {"administrator": "adam", "process_owner": "petra", "auditor": "otto"}[role]
    with pytest.raises(InvalidAnswers) as refusal:
        two.do(holder, actions.name_deputy, role=role, to=of(two, "hedy"), from_=date(2026, 3, 2), until=date(2026, 3, 6), reason="Leave")
    assert "nobody stands in" in refusal.value.errors["role"]
    two.write(sa.insert(t.deputies).values(id="d" * 32, person=of(two, holder), role=role, deputy=of(two, "hedy"), since=date(2026, 3, 2),
                                           until=date(2026, 3, 6), reason=b"x", named_at=two.engine.now()))
    waits = role_for(two, by="ari") if role != "process_owner" else release_by(two, "pia")
    with pytest.raises(NotFound):
        two.do("hedy", actions.approve, waits)
    with pytest.raises(NotFound):
        role_for(two, by="hedy")


@pytest.mark.parametrize("meanwhile", [
    lambda two: two.do(None, actions.give_role, "zoe", "panel_chair"),
    lambda two: two.do(None, actions.close_account, "zoe"),
    lambda two: two.write(sa.update(t.people).where(t.people.c.login == "zoe").values(email="zoe@else.example")),
    lambda two: two.do("ari", actions.close_account, "adam"),
    lambda two: two.do(None, actions.take_role, "adam", "administrator"),
    lambda two: two.write(sa.update(t.approvals).values(proposed_by=of(two, "pia"))),
    lambda two: two.engine.settings.roles.update(panel_chair=frozenset({"see_all_cases", "manage_people"})),
], ids=["given already", "closed", "another address", "proposer closed", "proposer may no longer", "proposer exchanged", "role permits more"])
def test_what_has_changed_since_it_was_proposed_is_not_approved(two, meanwhile):
    two.engine.settings = replace(two.engine.settings, roles=dict(two.engine.settings.roles))
    waits = role_for(two)
    meanwhile(two)
    before = everything_else(two.engine)

    with pytest.raises(Refused):
        two.do("ari", actions.approve, waits)
    assert everything_else(two.engine) == before


def test_a_release_that_no_longer_follows_the_newest_or_whose_content_was_exchanged_is_not_approved(two):
    waits, other = release_by(two), changed()
    other["CHANGES.md"] = b"Something else"
    two.write(sa.update(t.approvals).where(t.approvals.c.id == waits).values(files=bundle(other)))
    with pytest.raises(Refused, match="Things have changed"):
        two.do("pia", actions.approve, waits)

    waits = release_by(two, files=other)
    two.do(None, actions.release_pack, changed())
    with pytest.raises(Refused, match="Things have changed"):
        two.do("pia", actions.approve, waits)


def test_what_nobody_approves_in_time_lapses(two):
    waits = role_for(two)
    two.at(2026, 3, 16, 9, 0)
    with pytest.raises(AlreadyDone, match="not approved in time"):
        two.do("ari", actions.approve, waits)
    assert two.ask("ari", queries.proposals).for_me == []
    sweep(two.engine)

    assert two.one(sa.select(t.approvals.c.state)) == "expired"
    assert two.trail(None, "proposal_expired")[0].actor is None
    assert roles(two, "zoe") == {"practitioner"}


def test_what_is_decided_is_decided(two):
    given, declined, back = role_for(two), role_for(two, role="vice_chair"), role_for(two, role="viewer")
    two.do("ari", actions.approve, given)
    with pytest.raises(InvalidAnswers, match="Say why"):
        two.do("ari", actions.decline, declined, " ")
    two.do("ari", actions.decline, declined, "Not hers to hold")
    two.do("adam", actions.withdraw, back)

    for waits in (given, declined, back):
        for verb, login, more in ((actions.approve, "ari", ()), (actions.decline, "ari", ("x",)), (actions.withdraw, "adam", ())):
            with pytest.raises(AlreadyDone):
                two.do(login, verb, waits, *more)
    assert two.ask("adam", queries.proposal, declined).declined == "Not hers to hold"
    assert roles(two, "zoe") == {"practitioner", "panel_chair"}


def test_nothing_waits_for_whoever_has_no_permission(two):
    waits, release = role_for(two), release_by(two)
    before = everything_else(two.engine)
    for login, ids in {"hedy": (waits, release), "otto": (waits, release), "petra": (waits,), "ari": (release,)}.items():
        for proposal in (*ids, "0" * 32):
            for deed in (actions.approve, actions.decline, actions.withdraw):
                with pytest.raises(NotFound) as refusal:
                    two.do(login, deed, proposal, *(["x"] if deed is actions.decline else []))
                assert refusal.value.says == NotFound().says
            with pytest.raises(NotFound) as refusal:
                two.ask(login, queries.proposal, proposal)
            assert refusal.value.says == NotFound().says
    for login in ("hedy", "otto", "petra"):
        with pytest.raises(NotFound):
            role_for(two, by=login)
        with pytest.raises(NotFound):
            two.ask(login, queries.people)
    with pytest.raises(NotAllowed):
        two.do("ari", actions.expire, waits)
    with pytest.raises(NotFound):
        two.do("hedy", actions.close_account, "adam")
    with pytest.raises(NotAllowed, match="own account"):
        two.do("adam", actions.close_account, "adam")
    assert everything_else(two.engine) == before


@pytest.mark.parametrize(("what", "field"), [
    ({"role": "imr_author"}, "role"), ({"role": "no_such_role"}, "role"), ({"role": "rep@NOR"}, "role"), ({"role": "panel_chair@EAS"}, "role"),
    ({"role": None}, "role"), ({"role": "practitioner@EAS"}, "role"), ({"reason": " "}, "reason"), ({"reason": "x" * 2001}, "reason"),
    ({"person": "nobody"}, "person"),
    ({"person": ["x"]}, "person"), ({"by": "abel"}, "what"), ({"at": "2020-01-01"}, "what"), ({"case_id": "x"}, "what"), ({"state": "approved"}, "what"),
])
def test_a_proposal_says_exactly_what_it_is_asked(two, what, field):
    before = everything_else(two.engine)
    with pytest.raises(InvalidAnswers) as refusal:
        two.do("adam", actions.propose, "role_given", {"person": of(two, "zoe"), "role": "panel_chair", "reason": "x"} | what)

    assert field in refusal.value.errors
    assert everything_else(two.engine) == before


def test_the_same_is_not_proposed_twice_and_nothing_where_nobody_could_approve(two):
    role_for(two)
    with pytest.raises(Refused, match="proposed already"):
        role_for(two, by="ari")
    two.do("adam", actions.close_account, "ari")
    with pytest.raises(Refused, match="Nobody else here could approve"):
        role_for(two, role="vice_chair")
    two.do(None, actions.give_role, "zoe", "administrator")   # whoever runs the machine is the way out
    role_for(two, role="vice_chair", who="kate")


@pytest.mark.parametrize("verb", ["add_person", "set_password", "give_role", "take_role", "open_account", "set_agencies"])
def test_what_the_machine_does_at_once_no_administrator_does(two, verb):
    given = {"add_person": ("new", "New", "n@office.example", None, ["administrator"]), "set_password": ("petra", "x"), "give_role": ("adam", "process_owner"),
             "take_role": ("ari", "administrator"), "open_account": ("zoe",), "set_agencies": ([],)}[verb]
    with pytest.raises(NotAllowed, match="on the machine itself"):
        two.do("adam", getattr(actions, verb), *given)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_of_two_who_decide_at_once_one_finds_it_decided(make_database, tmp_path, kind):
    from tests.makers import board, filled

    office = staffed(board(make_database(kind, filled), tmp_path))
    office.do(None, actions.add_person, "abe", "Abe Example", "abe@office.example", None, ["administrator"], secret="x")
    waits = role_for(office)
    who = {login: office.who(login) for login in ("ari", "abe")}

    def decide(login):
        try:
            office.engine.perform(who[login], actions.approve, waits)
        except AlreadyDone:
            return "decided"
        return "done"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(decide, who)) == ["decided", "done"]
    assert len(office.rows(sa.select(t.holdings).where(t.holdings.c.role == "panel_chair"))) == 1
    assert len(office.trail(None, "proposal_approved")) == 1
    office.engine.close()


def test_the_database_itself_keeps_one_person_from_being_two(two):
    waits = role_for(two)
    with pytest.raises(sa.exc.IntegrityError):
        two.write(sa.update(t.approvals).where(t.approvals.c.id == waits).values(state="approved", ended_at=two.engine.now(), ended_by=of(two, "adam")))


def test_the_reason_stands_sealed(two):
    waits = role_for(two)
    row = two.rows(sa.select(t.approvals).where(t.approvals.c.id == waits))[0]
    assert b"chairs the panel" not in row.details
    assert ("Why", "She chairs the panel now") in two.ask("ari", queries.proposal, waits).facts
    assert two.engine.ask(SYSTEM, queries.verify) == []
