"""A rehearsal plays a story through the same door as everyone else: people, answers, time and refusals."""
from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from engine import actions
from engine.errors import PackFaults
from engine.packs import Pack, pack_of
from engine.rehearsal.play import rehearse
from tests.rehearsal.conftest import APPROVED, ASKED, LATE, QUOTED

SHOWN = 'clock = 2026-03-02T09:00:00\nexact = true'


def expecting(**expected: str) -> str:
    return "[step.expect]\n" + "\n".join(f"{key} = {value}" for key, value in expected.items())


# ---- answers

def test_required_questions_left_out_are_answered_with_their_sample(play):
    story = ASKED + expecting(values='{ "request_made.needed_on" = 2026-03-02, "answers.request_made.what" = "A new till" }')

    assert play(story) == []


def test_an_empty_value_is_left_empty_on_purpose(play):
    story = ASKED.replace('"A new till"', '""')

    assert play(story + 'refused = ["What is it for?"]') == []
    [failure] = play(story)
    assert failure.startswith("step 1 (start request_made as requester@OFF): was refused (InvalidAnswers): ")


def test_exact_stories_get_no_samples(play):
    assert play(ASKED + 'refused = ["Needed by"]', SHOWN) == []
    assert play(ASKED.replace("amount", "needed_on = 2026-03-09, amount"), SHOWN) == []


def test_an_answer_nobody_asked_for_is_refused(play):
    [failure] = play(ASKED.replace("amount", 'colour = "red", amount'))

    assert "is not asked here" in failure


def test_a_file_can_be_made_up_or_lie_beside_the_story(play, tmp_path: Path):
    (tmp_path / "plan.pdf").write_bytes(b"%PDF-1.7 a fictional plan")
    looked = '[[step]]\nas = "requester@OFF"\nlook = "drawing"'

    for given in ('{ name = "plan.txt", text = "Four by six" }', '{ file = "plan.pdf" }'):
        assert play(ASKED.replace("amount", f"drawing = {given}, amount") + looked) == []
    assert play(ASKED + looked) == ["step 2 (look drawing as requester@OFF): “drawing” is no task, register, page or document of this case."]


def test_a_made_up_file_has_the_name_and_words_given(read, purchase: Pack, settings):
    from engine.rehearsal import play

    given = play.Stage._given(object.__new__(play.Stage), {"copy": [{"name": "sin.txt", "text": "One\n"}]}, "", set())

    [upload] = given["copy"]
    assert (upload.name, upload.content, upload.type) == ("sin.txt", b"One\n", "text/plain")


def test_rows_of_a_list_are_tables(play):
    story = ASKED.replace("amount", 'items = [{ name = "Till", pieces = 1 }, { name = "Roll" }], amount')

    assert play(story + expecting(count="{ items = 2 }", values='{ "request_made.items.1.pieces" = 1 }')) == []


# ---- people

def test_a_person_is_made_for_every_role_at_an_agency_and_number(play):
    story = APPROVED + "".join(f'[[step]]\nas = "supplier@{who}"\ndo = "quote"\nfor = "{who[:3]}"\n' for who in ("QUI#2", "INK"))

    assert play(story + expecting(ended='"ordered"')) == []


def test_a_second_person_is_someone_else(play):
    claim = '[[step]]\nas = "{}"\nperform = "claim_task"\nwith = {{ task = "approve" }}\n'

    assert play(ASKED + claim.format("approver") + '[[step]]\nas = "approver"\nperform = "let_task_go"\nwith = { task = "approve" }') == []
    assert play(ASKED + claim.format("approver") + claim.format("approver#2") + "refused = []") == []
    assert play(ASKED + claim.format("approver") + claim.format("approver") + "refused = []") != []


def test_the_people_a_story_names_have_the_roles_it_gives_them(play):
    named = '[people]\nrosa = { roles = ["requester@OFF"] }\nabel = { name = "Abel Example", roles = ["approver"] }\n'
    story = APPROVED.replace('"requester@OFF"', '"rosa"').replace('"approver"', '"abel"')

    assert play(named + story + expecting(only_open='["quote@QUI", "quote@INK"]')) == []


def test_someone_without_the_role_is_refused_like_anyone(play):
    story = ASKED + '[[step]]\nas = "supplier@INK"\ndo = "approve"\nwith = { decision = "approve" }\n'

    assert play(story + 'refused = ["nothing you may see"]\n' + expecting(refusals="1", open='["approve"]')) == []


def test_whom_a_story_makes_up_is_no_effect_of_a_refusal(play):
    """“head” is first spoken of where he is refused, and “supplier” is of any agency."""
    story = ASKED + "".join(f'[[step]]\nas = "{who}"\ndo = "approve"\nrefused = []\n' for who in ("head", "supplier"))

    assert play(story) == []


@pytest.mark.parametrize(("who", "says"), [
    ("nobody", "Nobody is called “nobody”, and no role is."),
    ("supplier@ABC", "No agency is called ABC; the agencies of this scenario are: OFF, QUI, INK."),
])
def test_someone_who_cannot_be_made_is_told(play, who, says):
    assert play(ASKED + f'[[step]]\nas = "{who}"\ndo = "approve"') == [f"step 2 (do approve as {who}): {says}"]


def test_a_role_of_the_case_is_whoever_holds_it(play, clocks: Pack):
    story = '[[step]]\nas = "office"\nstart = "began"\nwith = { agencies = ["NOR"] }\n[[step]]\nas = "keeper"\nlook = "case"'

    assert play(story, pack=clocks) == ["step 2 (look case as keeper): Nobody is keeper in this case."]


def test_the_storys_own_agencies_stand_in_for_those_of_the_pack(play):
    theirs = '[agencies]\nOFF = "Our Office"\nZIP = { name = "Zip & Zap", member = false }\n'
    story = theirs + ASKED.replace('["QUI", "INK"]', '["ZIP"]')

    assert play(story + '[[step]]\nas = "approver"\ndo = "approve"\n' + expecting(open='["quote@ZIP"]')) == []
    assert "was refused (InvalidAnswers)" in play(theirs + ASKED)[0]


# ---- time

def test_what_is_due_until_then_fires_first_and_in_order(play):
    assert play(ASKED + "[[step]]\nat = 2026-03-09T23:59:59\n" + expecting(breaches="[]", mail_to='["approver"]', only_open='["approve"]')) == []
    assert play(ASKED + "[[step]]\nat = 2026-03-10T00:00:00\n" + expecting(breaches='["approval"]', open='["give_reason"]')) == []


def test_without_a_time_no_time_passes(play):
    assert play(QUOTED + expecting(figures="{ request_to_order = 2 }")) == []


def test_options_are_those_of_the_story(play):
    assert play("[options]\nask_quotes = false\n" + APPROVED + expecting(ended='"ordered"', never='["quote"]')) == []
    assert play("[options]\nask_twice = true\n" + ASKED) == [
        "step 1 (start request_made as requester@OFF): was refused (Refused): “Purchase request” has no option called ask_twice."]


# ---- cases

def test_a_story_may_have_several_cases(play):
    story = ASKED + 'case = "till"\n' + ASKED.replace("450", "80") + 'case = "chair"\n' + """
[[step]]
case = "till"
as = "approver"
do = "approve"
with = { decision = "refuse", comment = "No." }
[step.expect]
ended = "refused"

[[step]]
case = "chair"
[step.expect]
only_open = ["approve"]
values = { "request_made.amount" = 80 }
"""
    assert play(story) == []
    assert play(story + '[[step]]\ncase = "stool"\n' + expecting(open="[]")) == ["step 5 (time passes): No case of this story is called stool."]


def test_before_a_case_has_begun_refusals_can_be_counted(play):
    story = '[[step]]\nas = "supplier@QUI"\nstart = "request_made"\nrefused = ["is for: Requester"]\n'

    assert play(story + expecting(refusals="1", mail_to="[]", open="[]", breaches="[]")) == []
    assert play(story + expecting(stage='"approval"')) == ["step 1 (start request_made as supplier@QUI): No case has begun yet."]


# ---- refusals

def test_a_refusal_must_say_the_words(play):
    [failure] = play(LATE + 'as = "approver"\ndo = "approve"\nwith = { decision = "refuse", comment = "" }\nrefused = ["Why not?", "budget"]')

    assert failure.startswith("step 2 (do approve as approver): expected the refusal to say “budget”; it said: ")


def test_a_deed_that_was_to_be_refused_and_was_not_is_told(play):
    assert play(ASKED + 'refused = ["your own"]') == [
        "step 1 (start request_made as requester@OFF): expected to be refused (your own), but it was done"]


def test_a_refusal_that_changed_something_is_told(play):
    """The database itself misbehaves here: whenever a refusal is written down, a person's name changes."""
    def release_on_a_leaking_database(work, files, note):
        actions.release_pack(work, files, note)
        work.db.execute(sa.text("create trigger leak after insert on trail when new.event = 'refused' begin update people set name = 'Changed'; end"))

    story = ASKED + '[[step]]\nas = "supplier@INK"\ndo = "approve"\nrefused = []'

    assert play(story) == []
    assert play(story, release=release_on_a_leaking_database) == [
        "step 2 (do approve as supplier@INK): a refusal must change nothing but the trail, and something else changed"]


def test_the_story_stops_at_the_first_step_that_fails(read, purchase: Pack, settings):
    outcome = rehearse(read(ASKED + '[step.expect]\nopen = ["quote", "order"]' + APPROVED), purchase, settings)

    assert (outcome.passed, outcome.steps, len(outcome.failures)) == (False, 1, 2)


def test_a_pack_with_faults_is_not_played(play, purchase: Pack):
    broken = pack_of({**purchase.files, "deadlines.toml": b"[approval"})

    with pytest.raises(PackFaults):
        play(ASKED, pack=broken)


# ---- deeds

@pytest.mark.parametrize(("deed", "says"), [
    ('start = "asked"', "There is no start called asked; there are: request_made."),
    ('do = "aprove"', "There is no task called aprove; there are: approve, give_reason, quote."),
    ('do = "quote"', "“quote” is not there; open now: approve."),
    ('do = "approve"\nfor = "QUI"', "“approve” is not there for QUI; open now: approve."),
    ('perform = "burn"', "There is no verb called burn; there are: "),
    ('perform = "let_task_go"\nwith = { task = "approve", because = "x" }', "let_task_go is told task, because; it takes: task"),
    ('look = "cellar"', "“cellar” is no task, register, page or document of this case."),
])
def test_what_is_not_there_is_told_with_what_is(play, deed, says):
    [failure] = play(ASKED + f'[[step]]\nas = "approver"\n{deed}')

    assert says in failure


def test_a_task_open_for_several_must_be_named(play):
    [failure] = play(APPROVED + '[[step]]\nas = "approver"\ndo = "quote"')

    assert failure.endswith("“quote” is open several times (INK, QUI): say which with for.")
    assert play(APPROVED + '[[step]]\nas = "supplier@INK"\ndo = "quote"') == []


def test_a_message_is_pressed_by_a_person_or_comes_from_outside(play):
    withdrawn = '[[step]]\nas = "{}"\nmessage = "{}"\n'

    assert play(ASKED + withdrawn.format("requester@OFF", "withdraw") + expecting(ended='"withdrawn"')) == []
    assert play(ASKED + withdrawn.format("approver", "purchase_withdrawn") + "refused = []\n" + expecting(only_open='["approve"]')) == []
    assert play(ASKED + '[[step]]\nmessage = "purchase_withdrawn"\nrefused = ["pressing its button"]') == []


def test_pages_tasks_and_registers_can_be_looked_at(play):
    looks = "".join(f'[[step]]\nas = "{who}"\nlook = "{what}"\n' for who, what in [
        ("approver", "approve"), ("requester@OFF", "items"), ("requester@OFF", "home"), ("requester@OFF", "case")])

    assert play(ASKED + looks) == []
    assert play(ASKED + '[[step]]\nas = "supplier@INK"\nlook = "items"\nrefused = []') == []
