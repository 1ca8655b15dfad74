"""What a story expects and does not find is told: what was expected, and what was there."""
from __future__ import annotations

import pytest

from engine.packs import Pack
from tests.rehearsal.conftest import APPROVED, ASKED, LATE, QUOTED

#: A story, something that holds at its end, something that does not, and what is said then.
EXPECTED = [
    (ASKED, 'open = ["approve"]', 'open = ["approve", "quote@QUI"]', "expected “quote@QUI” to be open; open: approve"),
    (APPROVED, 'open = ["quote", "quote@INK"]', 'open = ["approve"]', "expected “approve” to be open; open: quote@INK, quote@QUI"),
    (QUOTED, "open = []", 'open = ["quote"]', "expected “quote” to be open; open: nothing"),
    (APPROVED, 'only_open = ["quote@QUI", "quote@INK"]', 'only_open = ["quote@QUI"]', "expected only quote@QUI to be open; open: quote@INK, quote@QUI"),
    (APPROVED, 'only_open = ["quote"]', "only_open = []", "expected only nothing to be open; open: quote@INK, quote@QUI"),
    (ASKED, 'absent = ["quote"]', 'absent = ["approve"]', "expected “approve” not to be open"),
    (ASKED, 'never = ["quote", "drawing"]', 'never = ["approve"]', "expected “approve” never to have been; it was"),
    (ASKED, 'never = ["give_reason"]', 'never = ["approval"]', "expected “approval” never to have been; it was"),
    (ASKED.replace("amount", 'drawing = { name = "d.txt", text = "." }, amount'), 'never = ["quote"]', 'never = ["drawing"]',
     "expected “drawing” never to have been; it was"),
    (ASKED.replace("amount", "items = [{}], amount"), 'never = ["quote"]', 'never = ["items"]', "expected “items” never to have been; it was"),
    (ASKED, "locked = []", 'locked = ["approve"]', "expected “approve” to be locked; it can be done"),
    (ASKED, "locked = []", 'locked = ["quote"]', "expected “quote” to be locked; it is not open"),
    (QUOTED, 'ended = "ordered"', 'ended = "refused"', "expected the end refused; it is ordered"),
    (ASKED, "open = []", 'ended = "ordered"', "expected the end ordered; it is not ended"),
    (APPROVED, 'stage = "buying"', 'stage = "approval"', "expected the stage approval; it is buying"),
    (ASKED, "held = []", 'held = ["publication"]', "expected publication to be held; held: nothing"),
    (LATE, 'breaches = ["approval"]', "breaches = []", "expected the breaches none; there are: approval"),
    (LATE, 'breaches = ["approval#1"]', 'breaches = ["approval", "quote"]', "expected the breaches approval, quote; there are: approval"),
    (ASKED, "breaches = []", 'breaches = ["approval"]', "expected the breaches approval; there are: none"),
    (QUOTED, 'mail_to = ["requester@OFF"]', 'mail_to = ["head"]', "expected mail to head; mail went to: "),
    (QUOTED, 'not_mail_to = ["head"]', 'not_mail_to = ["requester@OFF"]', "expected no mail to requester@OFF"),
    (ASKED, "public = []", 'public = ["report"]', "expected report to be public; public: nothing"),
    (APPROVED, "count = { quote = 2, approve = 1, give_reason = 0 }", "count = { quote = 3 }", "expected 3 of quote; there are 2"),
    (ASKED.replace("amount", "items = [{}, {}], amount"), "count = { items = 2 }", "count = { items = 1 }", "expected 1 of items; there are 2"),
    (QUOTED, 'values = { "answers.request_made.amount" = 450, "quote@QUI.price" = 410, "quote#2.price" = 395 }', 'values = { "quote@INK.price" = 1 }',
     "expected quote@INK.price to be 1; it is 395"),
    (ASKED, 'values = { "approve.level" = "plain" }', 'values = { "approve.level" = 7 }', "expected approve.level to be 7; it is 'plain'"),
    (ASKED, "values = {}", 'values = { "approve#x.level" = 7 }', "“approve#x” does not end in a number: write approve#2 for the second."),
    (QUOTED, "figures = { request_to_order = 2 }", "figures = { request_to_order = 3 }", "expected the figure request_to_order to be 3; it is 2"),
    (ASKED, "figures = {}", "figures = { request_to_order = 3 }", "expected the figure request_to_order to be 3; it is not known yet"),
    (ASKED, "refusals = 0", "refusals = 1", "expected 1 refusals on the trail; there are 0"),
    (ASKED, 'deadlines.approval = { due = 2026-03-09, state = "running" }', "deadlines.approval = { due = 2026-03-10 }",
     "expected the due of “approval” to be 2026-03-10; it is 2026-03-09"),
    (APPROVED, 'deadlines.approval = { state = "met", days = 0 }', 'deadlines.approval = { state = "running" }',
     "expected the state of “approval” to be running; it is met"),
    (LATE, 'deadlines.approval = { state = "breached", days = 1 }', "deadlines.approval = { days = 0 }", "expected the days of “approval” to be 0; it is 1"),
    (ASKED, 'deadlines.quote = { state = "none" }', 'deadlines.approval = { state = "none" }',
     "expected no deadline “approval”; it is running, due 2026-03-09"),
    (ASKED, 'deadlines."approval#1" = { state = "running" }', 'deadlines."approval#2" = { state = "running" }',
     "there is no deadline “approval#2”; there are: approval"),
    (ASKED, "reminders = { approval = [2026-03-06] }", "reminders = { approval = [2026-03-05, 2026-03-06] }",
     "expected reminders of “approval” on 2026-03-05, 2026-03-06; there are 2026-03-06"),
    (ASKED, "task_due = { approve = 2026-03-09 }", 'task_due = { approve = "none" }', "expected approve to be due none; it is 2026-03-09"),
    (ASKED, "task_due = {}", "task_due = { quote = 2026-03-09 }", "expected quote to be due 2026-03-09; it is not open"),
    (ASKED, "reminders = { quote = [] }", "reminders = { approval = [] }", "expected reminders of “approval” on none; there are 2026-03-06"),
    (QUOTED, 'mail = [{ to = "requester@OFF", message = "ordered", has = ["PUR-2026-001"], lacks = ["till"] }]',
     'mail = [{ to = "head", message = "ordered" }]', "expected mail “ordered” to head; there were: "),
    (QUOTED, 'mail = [{ message = "ordered" }]', 'mail = [{ message = "ordered", has = ["a new till"] }]',
     "mail “ordered” to anyone does not have ['a new till'] or has []: "),
    (QUOTED, "mail = []", 'mail = [{ to = "requester@OFF", lacks = ["request"] }]', "mail “any” to requester@OFF does not have [] or has ['request']: "),
]


@pytest.mark.parametrize(("story", "holds", "fails", "says"), EXPECTED, ids=[fails for _, _, fails, _ in EXPECTED])
def test_an_expectation_that_fails_says_what_was_expected_and_what_was_there(play, story, holds, fails, says):
    story += "[step.expect]\n"

    assert play(story + holds) == []
    failures = play(story + fails)
    assert [failure for failure in failures if f": {says}" in failure] == failures != []


def test_every_key_of_expect_has_such_an_example():
    from engine.rehearsal.scenario import EXPECT_KEYS

    assert {fails.partition(" ")[0].partition(".")[0] for _, _, fails, _ in EXPECTED} == EXPECT_KEYS


def test_every_unmet_expectation_of_a_step_is_told_at_once(play):
    failures = play(ASKED + '[step.expect]\nopen = ["quote"]\nended = "ordered"\nrefusals = 3')

    assert [failure.partition(": ")[0] for failure in failures] == ["step 1 (start request_made as requester@OFF)"] * 3


def test_mail_counts_since_the_last_expectation(play):
    told = "[step.expect]\nmail_to = [\"requester@OFF\"]\n[[step]]\n[step.expect]\nnot_mail_to = [\"requester@OFF\"]"

    assert play(QUOTED + told) == []


def test_an_item_has_its_own_clock_and_breach(play, clocks: Pack):
    story = """
[[step]]
as = "office"
start = "began"
with = { agencies = ["NOR", "SOU"] }
[[step]]
at = 2026-03-03T09:00:00
as = "rep@NOR"
do = "answer"
for = "NOR"
[[step]]
at = 2026-03-12T09:00:00
[step.expect]
breaches = ["answer@SOU"]
only_open = ["answer@SOU", "explain@SOU"]
deadlines."answer@NOR" = { state = "met", days = 0 }
deadlines."answer@SOU" = { state = "breached", days = 3 }
"""
    assert play(story, pack=clocks) == []
    assert play(story.replace('breaches = ["answer@SOU"]', 'breaches = ["answer@NOR", "answer@SOU"]'), pack=clocks) == [
        "step 3 (time passes): expected the breaches answer@NOR, answer@SOU; there are: answer@SOU"]


def test_a_name_without_its_item_or_round_covers_them_all(play, clocks: Pack):
    story = '[[step]]\nas = "office"\nstart = "began"\nwith = { agencies = ["NOR", "SOU"] }\n[[step]]\nat = 2026-03-12T09:00:00\n[step.expect]\n'

    assert play(story + 'breaches = ["answer"]\nopen = ["explain"]\nonly_open = ["answer", "explain"]', pack=clocks) == []
    assert play(story + 'breaches = ["answer@NOR"]', pack=clocks) == [
        "step 2 (time passes): expected the breaches answer@NOR; there are: answer@NOR, answer@SOU"]


def test_rows_are_counted_as_a_person_sees_them(play):
    asked = ASKED.replace("amount", "items = [{}, {}], amount")
    counted = '[[step]]\nas = "WHO"\n[step.expect]\ncount = { items = 2 }'

    assert play(asked + counted.replace("WHO", "approver")) == []
    [failure] = play(asked + counted.replace("WHO", "supplier@INK"))
    assert "what is expected cannot be looked at: There is nothing here" in failure
