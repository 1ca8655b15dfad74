"""Every verb, query and address has a rule who may use it, and one that is added without fails here."""
from __future__ import annotations

import inspect
from datetime import date

import pytest

from engine import actions, queries
from engine.errors import Refused
from engine.progress.drafts import DraftPlace
from tests.engine.conftest import office
from tests.engine.test_access import document, given
from tests.makers import everything_else, paper
from tests.webforms import test_house as house

__all__ = ["office"]
MACHINE, DOOR, OWN, MANAGES, SECOND, OFFERED, KEEPS = (
    "the machine alone", "who is not signed in yet", "one's own", "manages people", "proposes or decides", "whom it is offered to", "keeps cases or their data")
#: Verb → who may do it. A new one belongs here before it works; whoever is no part of a case is tried with all but DOOR and OWN.
WHO_DOES = {
    **dict.fromkeys(("add_person", "give_role", "take_role", "set_password", "set_agencies", "open_account", "release_pack", "fire_timer", "note_backup",
                     "note_restore", "begin_verifying", "note_verified",
                     "send_head", "expire", "thin", "make_link", "receive_message", "end_account", "take_away_factors"), MACHINE),
    **dict.fromkeys(("sign_in", "sign_in_with_passkey", "sign_in_with_provider", "sign_out_by_provider", "give_second_factor", "use_link",
                     "note_failed_sign_in"), DOOR),
    **dict.fromkeys(("sign_out", "touch_session", "confirm_identity", "confirm_with_provider", "end_session", "end_other_sessions", "change_password",
                     "add_authenticator",
                     "add_passkey", "name_factor", "remove_factor", "make_recovery_codes", "discard_draft"), OWN),
    **dict.fromkeys(("close_account", "send_link", "withdraw_link", "expect_with_provider", "end_with_provider"), MANAGES),
    **dict.fromkeys(("propose", "approve", "decline", "withdraw"), SECOND),
    **dict.fromkeys(("start_case", "submit_task", "press_case_action", "claim_task", "let_task_go", "hand_over_task", "save_draft", "correct_answer",
                     "settle_decision",
                     "name_deputy", "end_deputy"), OFFERED),
    **dict.fromkeys(("hold_case", "lift_hold", "give_access"), KEEPS),
}
NOBODY = "zoe"      # signed in, with a role at an agency that was not asked
WORDS = ("What North found", "A fictional matter", "On paper", "A note that is kept")


def verbs():
    return {name for name in actions.__all__ if inspect.isfunction(getattr(actions, name))}


def asked():
    return {name for name in queries.__all__ if inspect.isfunction(getattr(queries, name))}


@pytest.fixture
def case(office):
    """Asked of North and South; North has answered."""
    started = office.begin("NOR", "SOU", paper=paper(), notes=[{"words": "A note that is kept"}])
    office.answer(started.case, "NOR", "nora", "What North found")
    return started


@pytest.fixture
def real(office, case):
    """What the ids and words of a real case are, by the name of a parameter."""
    return {"reference": case.reference, "case": case.case, "task": office.task(case.case, "answer", "SOU"), "answer": given(office, case),
            "document_id": document(office, case, "paper"),
            "place": DraftPlace("task", office.task(case.case, "answer", "SOU")), "register": "notes", "process": "clocks", "pack": "clocks",
            "start": "began", "action": "looked", "role": "rep@NOR",
            "person": office.who("nora").person, "login": "nora",
            "to": office.who("zoe").person, "of": office.who("nora").person, "from_": date(2026, 3, 2), "until": date(2026, 3, 6), "reason": "Because",
            "answers": {"findings": "x"}, "files": {},
            "roles": [], "agencies": [], "what": {"note": ""}, "kind": "account_closed", "words": "e", "message": "asked", "rows": 1, "number": None,
            "note": "x", "name": "Nell", "agency": None,
            "email": "n@office.example", "secret": "x", "made_at": "x", "software": "x"}


def arguments(of, real):
    """What this verb or query must be told, as far as somebody who knows the case could tell it."""
    told = [one for one in list(inspect.signature(of).parameters.values())[1:] if one.default is inspect.Parameter.empty or one.name in ("task", "reference")]
    return {one.name: real.get(one.name, "0" * 32) for one in told}


def test_every_verb_says_who_may_do_it():
    assert verbs() == set(WHO_DOES)


def test_who_has_no_business_there_does_nothing(office, real):
    before = everything_else(office.engine)

    for name in sorted(name for name, who in WHO_DOES.items() if who not in (DOOR, OWN)):
        verb = getattr(actions, name)
        try:
            office.engine.perform(office.who(NOBODY), verb, **arguments(verb, real))
        except Refused:
            continue
        pytest.fail(f"{name} is done by somebody who has no business there")
    assert everything_else(office.engine) == before


def test_who_has_no_business_there_is_told_nothing(office, real):
    """Every query that there is, with what somebody who knows the case could ask it."""
    told = []
    for name in sorted(asked()):
        query = getattr(queries, name)
        if {"token_digest", "place", "password", "token", "sealed", "head"} & set(inspect.signature(query).parameters):
            continue      # these are asked for who is not signed in yet, or by the machine: tests of signing in try them
        try:
            told.append((name, repr(office.ask(NOBODY, query, **arguments(query, real)))))
        except Refused:
            continue
    assert len(told) > 5, "some pages are for everyone"
    assert [name for name, found in told if any(word in found for word in WORDS)] == []


def test_a_new_verb_or_query_without_a_rule_fails(monkeypatch):
    from tests.engine.test_access import test_every_query_is_known_here

    def planted(work, reference):
        return reference

    test_every_query_is_known_here()
    test_every_verb_says_who_may_do_it()
    for module, notices in ((actions, test_every_verb_says_who_may_do_it), (queries, test_every_query_is_known_here)):
        monkeypatch.setattr(module, "planted", planted, raising=False)
        monkeypatch.setattr(module, "__all__", [*module.__all__, "planted"])
        with pytest.raises(AssertionError):
            notices()


def test_a_new_address_without_a_rule_fails_and_is_closed_to_strangers(app, visit):
    house.test_every_address_says_who_may_see_it(app)
    app.view_functions["planted"] = lambda: "Canary"
    app.url_map.add(app.url_rule_class("/planted", endpoint="planted", methods=["GET", "POST"]))
    with pytest.raises(AssertionError):
        house.test_every_address_says_who_may_see_it(app)
    stranger, rosa = visit(), visit("rosa")
    assert stranger.client.get("/planted").status_code == 302
    assert stranger.client.post("/planted").status_code in (302, 400)
    assert rosa.client.post("/planted").status_code == 400, "no token, no post"
    response = rosa.client.get("/planted")
    assert response.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
