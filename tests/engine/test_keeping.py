"""What is kept, and what is erased: nothing before its time or under a hold, by one person alone, or only half."""
from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
import sqlalchemy as sa
from pypdf import PdfReader

from engine import SYSTEM, actions, alarm, queries, subject_access
from engine.errors import AlreadyDone, Erased, InvalidAnswers, NotAllowed, NotFound, ProveAgain, Refused
from engine.progress.drafts import DraftPlace
from engine.rules.retention import counted_from, older_than, over_on, why_not_erased
from engine.settings.values import Kept, Span
from engine.store import tables as t
from engine.store.erasing import CONTENT
from tests.makers import LONDON, PASSWORD, paper

CANARY = "Kestrelfeather"


def kept(count=0, unit="year", since="case_ended"):
    return Kept("case_content", "x", "x", "x", Span(count, unit) if count else None, since, "erase")


@pytest.mark.parametrize(("rule", "since", "over"), [
    (kept(35), date(2023, 3, 1), date(2058, 3, 1)),
    (kept(1), date(2024, 2, 29), date(2025, 2, 28)),
    (kept(18, "month"), date(2023, 8, 31), date(2025, 2, 28)),
    (kept(30, "day"), date(2024, 2, 15), date(2024, 3, 16)),
    (kept(), date(2023, 3, 1), None),
])
def test_when_a_time_is_over(rule, since, over):
    assert over_on(rule, since) == over


@pytest.mark.parametrize(("since", "ended", "published", "counts"), [
    ("case_ended", None, None, None), ("case_ended", date(2023, 3, 1), date(2024, 1, 1), date(2023, 3, 1)),
    ("published", date(2023, 3, 1), date(2024, 1, 1), date(2024, 1, 1)), ("published", date(2025, 3, 1), date(2024, 1, 1), date(2025, 3, 1)),
    ("published", date(2023, 3, 1), None, date(2023, 3, 1)), ("published", None, date(2024, 1, 1), None),
])
def test_what_a_case_is_counted_from(since, ended, published, counts):
    assert counted_from(kept(1, since=since), ended, published) == counts


@pytest.mark.parametrize(("rule", "ended", "held", "today", "says"), [
    (kept(2), None, None, date(2040, 1, 1), "still running"),
    (kept(2), date(2023, 3, 1), None, date(2025, 2, 28), "kept until 1 March 2025: 2 years after 1 March 2023"),
    (kept(2), date(2023, 3, 1), None, date(2025, 3, 1), None),
    (kept(2), date(2023, 3, 1), date(2024, 1, 2), date(2025, 3, 1), "under legal hold since 2 January 2024"),
    (kept(), date(2023, 3, 1), None, date(2099, 1, 1), "kept for good"),
])
def test_why_a_case_may_not_be_erased(rule, ended, held, today, says):
    found = why_not_erased(rule, ended, None, held, today)

    assert says in found if says else found is None


def test_what_is_kept_for_good_is_never_too_old():
    now = datetime(2026, 3, 2, 9, tzinfo=LONDON)

    assert older_than(kept(), now) is None
    assert older_than(kept(90, "day"), now) == datetime(2025, 12, 2, 9, tzinfo=LONDON)


# ---- cases

def staffed(office):
    """A legal adviser and two business managers; a case is kept for two years after its end."""
    for login, role in (("lena", "legal_adviser"), ("bea", "business_manager"), ("bob", "business_manager")):
        office.do(None, actions.add_person, login, f"{login.title()} Example", f"{login}@office.example", None, [role], secret="x")
    return kept_two_years(office)


def kept_two_years(office):
    two = {**office.engine.settings.retention, "case_content": kept(2)}
    office.engine.settings = replace(office.engine.settings, retention=two)
    return office


@pytest.fixture
def keepers(office):
    return staffed(office)


@pytest.fixture
def keepers_on_both(both):
    return staffed(both)


def ended_case(office):
    """A case full of the canary, that has just ended."""
    word = f"{CANARY} was here"
    case = office.begin("NOR", "SOU", subject=word, secret=word, paper=paper(word * 5000, f"{CANARY}.txt"), keeper=office.who("kate").person,
                        notes=[{"words": word}])
    office.answer(case.case, "NOR", "nora", word)
    office.do("saul", actions.save_draft, DraftPlace("task", office.task(case.case, "answer", "SOU")), {"findings": word})
    office.press(case.case, "decision_asked", asked_on="2026-03-02")
    office.answer(case.case, "SOU", "saul", word)
    office.do("olga", actions.submit_task, office.task(case.case, "decide"), {"decided_on": "2026-03-05", "decision": word})
    return case


def propose(office, case, by="bea", why="Its time is over"):
    return office.do(by, actions.propose, "case_erased", {"case": case.reference, "reason": why})


def erased(office):
    case = ended_case(office)
    office.at(2028, 3, 3, 9)
    office.do("lena", actions.approve, propose(office, case))
    return case


def test_a_case_is_erased_by_two_people_once_its_time_is_over(keepers_on_both):
    office = keepers_on_both
    case, other = ended_case(office), office.begin("NOR", subject="Another matter")
    with pytest.raises(Refused, match="kept until 2 March 2028"):
        propose(office, case)
    with pytest.raises(Refused, match="still running"):
        propose(office, other)
    office.at(2028, 3, 2, 9)
    assert [row.reference for row in office.ask("lena", queries.keeping).may_go] == [case.reference]

    waits = propose(office, case)
    for login in ("bea", "olga"):   # who proposed it, and someone who sees every case
        with pytest.raises((NotAllowed, NotFound)):
            office.do(login, actions.approve, waits)
    assert office.ask("bob", queries.case_keeping, case.reference).waiting == waits
    assert office.ask("bob", queries.proposal, waits).row.title == f"Erase what was written in {case.reference}"
    office.do("lena", actions.approve, waits)

    assert office.one(sa.select(t.cases.c.key).where(t.cases.c.id == case.case)) is None
    assert {table.name for table in CONTENT if office.one(sa.select(table.c.case_id).where(table.c.case_id == case.case))} == set()
    assert {row.element for row in office.rows(sa.select(t.tasks).where(t.tasks.c.case_id == case.case))} == {"answer", "decide"}
    [told] = office.trail(case.case, "case_erased")
    assert (told.actor, told.details["proposal"]) == (office.who("lena").person, waits)
    assert told.details["rows"] > 10
    assert office.engine.ask(SYSTEM, queries.verify) == []
    assert office.ask("olga", queries.case_page, other.reference).reference == other.reference
    with pytest.raises(Refused, match="erased already"):
        propose(office, case)
    alarm.keep_house(office.engine)   # gives the space back, on either database
    assert office.engine.ask(SYSTEM, queries.verify) == []


def test_of_an_erased_case_nothing_is_shown_but_that_it_was(keepers):
    office = keepers
    case = ended_case(office)
    paper_ = office.one(sa.select(t.documents.c.id))
    given = office.one(sa.select(t.submissions.c.id))
    assert office.ask("lena", queries.passages, CANARY).found
    office.write(sa.insert(t.published).values(reference=case.reference, title="A review", summary="What was learned", published_at=office.clock.now(),
                                               changed_at=office.clock.now()))
    done = office.task(case.case, "answer", "NOR", "done")
    office.at(2028, 3, 3, 9)
    office.do("lena", actions.approve, propose(office, case))

    for query, args in ((queries.diagram, [case.reference]), (queries.register_page, [case.reference, "notes"]), (queries.document, [paper_]),
                        (queries.answer_page, [case.reference, given]), (queries.task_page, [done]), (queries.case_keeping, [case.reference])):
        for login in ("olga", "saul", "bea"):
            with pytest.raises(NotFound):
                office.ask(login, query, *args)
    left = office.ask("olga", queries.case_page, case.reference)
    assert (left.erased_on, left.proposed_by, left.approved_by) == (date(2028, 3, 3), "Bea Example", "Lena Example")
    assert left.final_on == date(2028, 4, 2)   # the last backup from before is gone
    assert left.published   # by its own rule
    assert office.ask("lena", queries.passages, CANARY).found == []
    assert CANARY not in str([office.rows(sa.select(table)) for table in t.metadata.sorted_tables])
    assert [row.erased for row in office.ask("olga", queries.all_cases, "ended").rows] == [True]
    assert office.ask("saul", queries.my_drafts) == []
    assert "erased what was written in this case" in str(office.ask("otto", queries.case_trail, case.reference).rows)
    with pytest.raises(NotFound) as outsider:
        office.ask("zoe", queries.case_page, case.reference)
    assert outsider.value.says == NotFound().says
    for verb, args in ((actions.hold_case, [case.reference, "x"]), (actions.save_draft, [DraftPlace("task", done), {"findings": "x"}])):
        with pytest.raises(Refused):
            office.do("bea", verb, *args)
    with pytest.raises(Erased):
        office.do("bea", actions.hold_case, case.reference, "x")


def test_a_case_under_legal_hold_is_not_erased_whatever_its_date(keepers):
    office = keepers
    case = ended_case(office)
    office.at(2028, 3, 3, 9)
    waits = propose(office, case)
    first = office.do("lena", actions.hold_case, case.reference, f"The inquiry asks for {CANARY}")
    second = office.do("bea", actions.hold_case, case.reference, "A claim")

    with pytest.raises(Refused, match="under legal hold since 3 March 2028"):
        office.do("lena", actions.approve, waits)
    office.do("lena", actions.lift_hold, case.reference, first, "The inquiry is over")
    with pytest.raises(Refused, match="under legal hold"):
        office.do("lena", actions.approve, waits)
    with pytest.raises(AlreadyDone):
        office.do("lena", actions.lift_hold, case.reference, first, "Again")
    with pytest.raises(NotAllowed):
        office.do("olga", actions.lift_hold, case.reference, second, "x")
    with pytest.raises(NotFound):
        office.do("zoe", actions.hold_case, case.reference, "x")
    with pytest.raises(InvalidAnswers):
        office.do("bea", actions.hold_case, case.reference, "  ")
    page = office.ask("lena", queries.case_keeping, case.reference).keeping
    assert [(hold.reason, hold.why_lifted) for hold in page.holds] == [("A claim", None), (f"The inquiry asks for {CANARY}", "The inquiry is over")]
    seen = office.ask("olga", queries.case_page, case.reference).keeping
    assert ([hold.reason for hold in seen.holds], seen.may_keep) == ([None, None], False)
    assert office.engine.ask(SYSTEM, queries.verify) == []
    office.do("bob", actions.lift_hold, case.reference, second, "Settled")
    office.do("lena", actions.approve, waits)
    assert CANARY not in str([row.details for row in office.trail(case.case)])


def test_what_was_proposed_is_bound_to_the_rule_of_that_day(keepers):
    office = keepers
    case = ended_case(office)
    office.at(2028, 3, 3, 9)
    waits = propose(office, case)
    longer = {**office.engine.settings.retention, "case_content": kept(1)}
    office.engine.settings = replace(office.engine.settings, retention=longer)

    with pytest.raises(Refused, match="Things have changed"):
        office.do("lena", actions.approve, waits)


def test_no_byte_of_an_erased_case_is_left_in_the_files_of_the_database(keepers):
    office = keepers
    case = ended_case(office)
    place = Path(office.engine.settings.database_url.removeprefix("sqlite:///"))
    sealed = [bytes(row[0]) for table in CONTENT for column in table.columns if isinstance(column.type, sa.LargeBinary)
              for row in office.rows(sa.select(column).where(table.c.case_id == case.case, column.is_not(None)))]
    wrapped = bytes(office.one(sa.select(t.cases.c.key).where(t.cases.c.id == case.case)))
    alarm.keep_house(office.engine)   # as on every day

    def files():
        return b"".join(path.read_bytes() for path in place.parent.glob(f"{place.name}*"))

    assert [piece for piece in [*sealed, wrapped] if piece[:40] in files()] == [*sealed, wrapped]
    office.at(2028, 3, 3, 9)
    office.do("lena", actions.approve, propose(office, case))
    before = len(files())

    office.at(2028, 3, 4, 1)
    alarm.keep_house(office.engine)

    left = files()
    assert [piece for piece in [*sealed, wrapped] if piece[:40] in left or piece[-40:] in left] == []
    assert len(left) < before - 100_000
    assert office.engine.ask(SYSTEM, queries.verify) == []


def test_who_erases_or_brings_back_a_case_outside_the_program_is_found(keepers):
    office = keepers
    case, other = ended_case(office), office.begin("NOR")
    key, drafts = office.one(sa.select(t.cases.c.key).where(t.cases.c.id == case.case)), office.rows(sa.select(t.drafts))
    step = office.rows(sa.select(t.steps).where(t.steps.c.case_id == case.case))[0]
    assert drafts == []   # what was sent is no draft any more
    office.at(2028, 3, 3, 9)
    office.do("lena", actions.approve, propose(office, case))

    office.write(sa.insert(t.steps).values(**step._mapping), sa.update(t.cases).where(t.cases.c.id == other.case).values(key=None))
    found = office.engine.ask(SYSTEM, queries.verify)
    assert [(row.reference, row.table) for row in found if row.reference == case.reference] == [(case.reference, "steps")]
    assert "trail does not say that it was erased" in str(found)
    office.write(sa.update(t.cases).where(t.cases.c.id == case.case).values(key=key))
    assert "its key was put back" in str(office.engine.ask(SYSTEM, queries.verify))


# ---- what goes by itself

def test_once_a_day_what_is_over_goes_and_the_trail_stays(keepers_on_both):
    office = keepers_on_both
    case, held, waiting = (office.begin("NOR", "SOU") for _ in range(3))
    for one in (case, held):
        office.do("saul", actions.save_draft, DraftPlace("task", office.task(one.case, "answer", "SOU")), {"findings": "Half"})
    office.do("rosa", actions.save_draft, DraftPlace("start", "purchase", "request_made"), {"what": "Half a thing"})
    office.do("lena", actions.hold_case, held.reference, "A claim")
    office.at(2026, 3, 20, 9)
    alarm.sweep(office.engine)   # reminders, and what was missed
    office.write(sa.update(t.outbox).where(t.outbox.c.case_id != waiting.case).values(sent_at=office.clock.now(), next_at=None))
    rows = office.one(sa.select(sa.func.count()).select_from(t.trail))
    office.at(2026, 12, 24, 1)

    alarm.keep_house(office.engine)
    alarm.keep_house(office.engine)

    assert {row.case_id for row in office.rows(sa.select(t.outbox.c.case_id))} == {None, held.case, waiting.case}   # to nobody's case: not sent yet
    assert [row.case_id for row in office.rows(sa.select(t.drafts.c.case_id))] == [held.case]
    [told] = office.trail(None, "thinned")
    assert (told.details["drafts"], told.details["mails"] > 0) == (2, True)
    assert office.one(sa.select(sa.func.count()).select_from(t.trail)) >= rows + 1
    assert office.engine.ask(SYSTEM, queries.verify) == []
    with pytest.raises(NotAllowed):
        office.do("bea", actions.thin)


def test_anyone_can_read_what_is_kept(keepers):
    found = {row.kind: row for row in keepers.engine.ask(SYSTEM, queries.kept)}

    assert (found["case_content"].how_long, found["trail"].how_long) == ("2 years after the end of the case", "For good")
    assert all(row.why and row.holds and row.then for row in found.values())


# ---- requests for access

@pytest.fixture
def named(keepers):
    """Two cases in which Tamsin is named: by an agency, in a question for one role alone, in a register, in a paper's name."""
    office = keepers
    case = office.begin("NOR", "SOU", subject="About TÁMSIN  Example and others", secret="Tamsin, for Kate alone", keeper=office.who("kate").person,
                        notes=[{"words": "Tamsin was met"}], paper=paper("x", "Letter to Tamsin.txt"))
    office.answer(case.case, "NOR", "nora", f"{'Much about others. ' * 60}Tamsin came twice. {'More about others. ' * 60}")
    bought = office.request(what="A present for Tamsin")
    return office, case, bought


def test_passages_are_found_where_the_words_stand_and_only_as_whoever_looks_may_read_them(named):
    office, case, bought = named
    found = office.ask("lena", queries.passages, " tamsin ")
    told = {(one.reference, one.label): one.text for one in found.found}

    assert [one for one in told if one[0] == bought.reference] == [(bought.reference, next(label for ref, label in told if ref == bought.reference))]
    assert found.looked_through == [case.reference, bought.reference]
    assert "Letter to Tamsin.txt" in told.values()
    assert "Tamsin was met" in told.values()
    cut = next(text for text in told.values() if "came twice" in text)
    assert len(cut) < 600
    assert "for Kate alone" not in str(found)
    assert office.ask("lena", queries.passages, "támsin example").found[0].text == "About TÁMSIN  Example and others"
    assert office.ask("lena", queries.passages, "Nobody at all").found == []
    some = office.ask("lena", queries.passages, "Tamsin", [bought.reference, "CLK-2026-999"])
    assert (some.looked_through, some.not_read, len(some.found)) == ([bought.reference], ["CLK-2026-999"], 1)
    assert {row.details["page"] for row in office.trail(case.case, "viewed")} >= {"search for a request for access"}
    with pytest.raises(InvalidAnswers):
        office.ask("lena", queries.passages, "  a ")
    for login in ("olga", "hedy", "adam", "zoe"):
        for query, given in ((queries.passages, ["Tamsin"]), (queries.account_data, [office.who("saul").person]), (queries.access_page, [])):
            with pytest.raises(NotFound):
                office.ask(login, query, *given)


def test_what_was_chosen_goes_out_and_the_trail_does_not_say_about_whom(named):
    office, case, _ = named
    every = office.ask("lena", queries.passages, "Tamsin").found
    chosen = {one.id for one in every if "came twice" in one.text}

    with zipfile.ZipFile(BytesIO(subject_access.of_passages(office.engine, office.who("lena"), "Tamsin", [], chosen))) as archive:
        told, pdf = json.loads(archive.read("passages.json")), archive.read("passages.pdf")
    assert [row["reference"] for row in told["passages"]] == [case.reference]
    assert {row["kind"] for row in told["kept"]} == {*office.engine.settings.retention}
    words = " ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    assert "came twice" in words
    assert "was met" not in words
    assert [row.details for row in office.trail(case.case, "access_given")] == [{"kind": "passages", "person": None, "passages": 1}]
    assert "amsin" not in str([row.details for row in office.trail()])
    with pytest.raises(InvalidAnswers):
        subject_access.of_passages(office.engine, office.who("lena"), "Tamsin", [], {"not there"})
    stale = replace(office.who("lena"), session="x", proved_at=office.clock.now() - timedelta(hours=1))
    with pytest.raises(ProveAgain):
        subject_access.of_passages(office.engine, stale, "Tamsin", [], chosen)


def test_someone_with_an_account_gets_all_of_it_and_nothing_that_opens_it(named):
    office, case, _ = named
    nora = office.who("nora").person
    office.do(None, actions.sign_in, "nora", office.engine.ask(SYSTEM, queries.whose_password, "nora", PASSWORD))
    office.do("abel", actions.name_deputy, "approver", office.who("hedy").person, date(2026, 3, 3), date(2026, 3, 9), "Annual leave")

    with zipfile.ZipFile(BytesIO(subject_access.of_account(office.engine, office.who("bea"), nora))) as archive:
        told, pdf = json.loads(archive.read("account.json")), archive.read("account.pdf")
    assert {"people", "holdings", "sessions", "submissions"} <= told["records"].keys()
    assert told["records"]["people"][0]["email"] == "nora@office.example"
    assert any(row["case"] == case.reference and row["event"] == "task_completed" and row["by_them"] for row in told["trail"])
    assert all(not {"password", "token", "secret", "answers"} & row.keys() for rows in told["records"].values() for row in rows)
    assert "argon2" not in json.dumps(told)
    assert "rep" in " ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    assert [row.details["person"] for row in office.trail(None, "access_given")] == [nora]
    with zipfile.ZipFile(BytesIO(subject_access.of_account(office.engine, office.who("bea"), office.who("hedy").person))) as archive:
        assert "Annual leave" in archive.read("account.json").decode()
