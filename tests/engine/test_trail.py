"""The trail says who did what and when, in known words, and never what was answered; nor does any plain column."""
from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from engine import SYSTEM, actions, alarm, events, queries
from engine.errors import Refused
from engine.progress.drafts import DraftPlace
from engine.store import tables as t
from tests.makers import paper

CANARY = "Kestrelfeather"
SEALED = {("cases", "key"), ("steps", "state"), ("submissions", "answers"), ("submissions", "reason"), ("drafts", "key"), ("drafts", "answers"),
          ("register_rows", "row"), ("documents", "name"), ("documents", "content"), ("documents", "digest"), ("outbox", "mail"), ("releases", "files"),
          ("submissions", "seen"), ("readings", "seen"), ("corrections", "before"), ("corrections", "reason"), ("unsettled", "note"), ("deputies", "reason"),
          ("approvals", "details"), ("approvals", "reason"), ("factors", "secret"), ("legal_holds", "reason"), ("legal_holds", "why_lifted")}
#: Binary, and for anyone to read.
PUBLIC = {("published_files", "content"), ("approvals", "files")}


def full_life(office):
    """Everything that people can do, with the canary in every text they can write."""
    word = f"{CANARY} was here"
    office.do("rosa", actions.save_draft, DraftPlace("start", "purchase", "request_made"), {"what": word})
    bought = office.request(what=word, amount=5000, items=[{"name": word, "pieces": 1}]).case
    with pytest.raises(Refused):
        office.approve(bought, comment=word)
    task = office.task(bought, "approve")
    office.do("abel", actions.save_draft, DraftPlace("task", task), {"comment": word})
    office.do("abel", actions.claim_task, task)
    office.do("hedy", actions.hand_over_task, task, to=office.who("anna").person)
    office.do("anna", actions.let_task_go, task)
    office.approve(bought, reason_for_going_on=word)
    with pytest.raises(Refused):
        office.do("quin", actions.submit_task, office.task(bought, "quote", "QUI"), {"price": word, word: word})
    office.quote(bought, "quin", "QUI")
    s, u = t.submissions, t.unsettled
    first = office.one(sa.select(s.c.id).where(s.c.case_id == bought, s.c.element == "request_made"))
    office.do("hedy", actions.save_draft, DraftPlace("correction", bought, first), {"what": word})
    office.do("hedy", actions.correct_answer, first, {"what": f"{word} too", "amount": 40}, word)
    office.do("hedy", actions.settle_decision, office.one(sa.select(u.c.id).where(u.c.case_id == bought)), word)
    office.press(bought, "withdraw", "rosa", reason=word)

    asked = office.begin("NOR", "SOU", subject=word, secret=word, paper=paper(word, f"{CANARY}.txt"), keeper=office.who("kate").person,
                         notes=[{"words": word}])
    office.press(asked.case, "decision_asked", asked_on="2026-03-02")
    office.answer(asked.case, "NOR", "nora", word)
    office.at(2026, 3, 20, 9)
    alarm.sweep(office.engine)
    office.do("saul", actions.submit_task, office.task(asked.case, "explain", "SOU"), {"why": word})
    office.answer(asked.case, "SOU", "saul", word)
    office.press(asked.case, "decision_stopped", why=word)
    office.do("olga", actions.save_draft, DraftPlace("action", asked.case, "looked"), {"why": word})
    office.ask("olga", queries.document, office.one(sa.select(t.documents.c.id)))
    office.do("olga", actions.submit_task, office.task(asked.case, "decide"), {"decided_on": "2026-03-05", "decision": word})
    office.do(None, actions.sign_in, CANARY, office.engine.ask(SYSTEM, queries.whose_password, CANARY, CANARY))
    for query, given in ((queries.case_page, {}), (queries.case_trail, {}), (queries.diagram, {}), (queries.register_page, {"register": "notes"})):
        office.ask("olga", query, asked.reference, **given)
    return bought, asked


def test_every_row_of_the_trail_carries_exactly_its_keys(office):
    full_life(office)
    rows = office.trail()

    for row in rows:
        assert events.checked(row.event, row.details) == row.details
    assert {row.event for row in rows} >= {
        "person_changed", "pack_released", "case_started", "case_ended", "stage_entered", "task_offered", "task_completed", "task_cancelled", "task_claimed",
        "task_let_go", "task_handed_over", "draft_saved", "action_pressed", "reason_given", "appointed", "deadline_started", "deadline_met",
        "deadline_breached", "deadline_cancelled", "reminded", "escalated", "mail_queued", "document_added", "viewed", "refused", "sign_in_failed",
        "answer_corrected", "decision_unsettled", "decision_settled"}


def test_a_row_with_other_keys_is_an_error_of_ours():
    with pytest.raises(ValueError, match="carries"):
        events.checked("viewed", {"page": "case", "answer": "x"})
    with pytest.raises(ValueError, match="carries"):
        events.checked("viewed", {})
    with pytest.raises(ValueError, match="knows no event"):
        events.checked("thought", {})


def test_no_answer_stands_in_any_plain_column(both):
    full_life(both)
    found, sealed = [], set()
    for table in t.metadata.sorted_tables:
        for row in both.rows(sa.select(table)):
            for column, value in row._mapping.items():
                if isinstance(value, bytes):
                    sealed.add((table.name, column))
                if CANARY.lower() in (value.decode("latin-1") if isinstance(value, bytes) else str(value)).lower():
                    found.append((table.name, column))

    assert found == []
    assert sealed <= SEALED


def test_no_answer_stands_in_the_files_of_the_database(office):
    full_life(office)
    path = Path(office.engine.settings.database_url.removeprefix("sqlite:///"))

    files = [file for file in path.parent.glob(f"{path.name}*") if file.is_file()]
    assert len(files) >= 2  # the database and what is not yet in it
    for file in files:
        content = file.read_bytes()
        for written in (CANARY.encode(), CANARY.encode("utf-16-le"), CANARY.lower().encode()):
            assert written not in content


def test_every_sealed_column_is_binary_and_nothing_else_is(office):
    assert {(table.name, column.name) for table in t.metadata.sorted_tables for column in table.columns
            if isinstance(column.type, sa.LargeBinary)} == SEALED | PUBLIC


def test_the_trail_in_words_names_people_and_steps(office):
    _, asked = full_life(office)
    rows = office.ask("otto", queries.case_trail, asked.reference, limit=500).rows
    words = "\n".join(f"{row.who} {row.words}" for row in rows)

    assert CANARY not in words
    for sentence in ("Olga Example opened the case with “Ask something”", "Nora Example completed “Answer” (North Side)",
                     "appointed Kate Example as Keeper of this case",
                     "Deadline “An agency answers” (South Side) was missed: it was due 9 March 2026", "The case ended: Decided", "used “Ask for a decision”",
                     "Olga Example looked at the register “Notes taken”", "looked at the case page", "looked at the diagram “Clocks”",
                     "looked at the document “A paper”"):
        assert sentence in words, sentence
    for row in rows:
        assert "{" not in row.words, row.words
        assert "None" not in row.words, row.words


def test_the_trail_is_paged_without_gaps(office):
    _, asked = full_life(office)
    whole = office.ask("otto", queries.case_trail, asked.reference, limit=500).rows
    seen, before = [], None
    while True:
        page = office.ask("otto", queries.case_trail, asked.reference, before=before, limit=7)
        seen += page.rows
        before = page.next
        if before is None:
            break
    assert [row for row in seen if "looked at the trail" not in row.words] == [row for row in whole if "looked at the trail" not in row.words]


def test_the_trail_outlives_a_refusal_and_an_incident(office):
    case = office.request().case
    with pytest.raises(Refused):
        office.approve(case, decision="perhaps")

    row = office.trail(case)[-1]
    assert (row.event, row.actor, row.details) == ("refused", office.who("abel").person, {
        "verb": "submit_task", "kind": "InvalidAnswers", "what": "task", "row": office.task(case, "approve")})
