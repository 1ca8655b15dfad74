"""What process owners type: check, outline, rehearse."""
from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

from engine import actions
from engine.packs import read_pack
from tests.cli.conftest import ROOT, spoil

PURCHASE = "bpmn/purchase"


# ---- check

def test_a_pack_without_faults_is_said_to_be_so(run):
    for command in (["check"], ["check", "purchase"], ["check", PURCHASE], ["check", ROOT / "tests/packs/purchase"]):
        ran = run(*command)
        assert (ran.code, ran.out, ran.err) == (0, "No faults.\n", "")


def test_every_fault_is_listed_with_its_place(run, folder: Path):
    spoil(folder / PURCHASE / "purchase.bpmn", 'formId="quote"', 'formId="quotation"')
    spoil(folder / PURCHASE / "deadlines.toml", 'starts = "request_made"', 'starts = "request_meant"')

    ran, told = run("check"), run("check", "--json")

    assert (ran.code, told.code) == (1, 1)
    assert any(line.startswith("purchase.bpmn:") and "quote" in line and "There is no form “quotation”" in line for line in ran.out.splitlines())
    assert len(told.json) == len(ran.out.splitlines()) > 1
    assert {"file", "line", "element", "name", "says"} == set(told.json[0])
    assert [fault["element"] for fault in told.json if "request_meant" in fault["says"]] == ["approval"]


def test_single_files_are_judged_by_themselves(run, folder: Path):
    alone = folder / "alone.bpmn"
    shutil.copyfile(folder / PURCHASE / "purchase.bpmn", alone)
    assert run("check", alone).code == 0

    spoil(alone, "=deadlines.approval", "=deadlines.approval +")
    (folder / "form.form").write_text("{")
    ran = run("check", alone, folder / "form.form")

    assert (ran.code, {Path(line.partition(":")[0]).name for line in ran.out.splitlines()}) == (1, {"alone.bpmn", "form.form"})


def test_files_and_packs_can_be_named_together(run, folder: Path):
    (folder / "form.form").write_text("{")

    assert {fault["file"] for fault in run("check", "purchase", "form.form", "--json").json} == {"form.form"}


def test_what_is_not_there_is_wrong_use(run):
    ran = run("check", "sales")

    assert (ran.code, ran.out) == (2, "")
    assert "There is no pack called sales." in ran.err


# ---- outline

LISTED = {
    "pack", "starts", "case_actions", "messages_from_outside", "tasks", "verbs", "roles", "agencies", "options", "stages", "outcomes", "registers", "figures",
    "deadlines", "messages", "documents", "decisions", "checks", "repeats",
}


def test_an_outline_has_all_that_a_writer_of_scenarios_needs(run):
    told = run("outline", "purchase", "--json").json

    assert set(told) >= LISTED
    for row in [*told["starts"], *told["case_actions"]]:
        assert row.keys() >= {"id", "name", "label", "offer_to", "form", "fields", "sample", "checks", "gate", "repeats"}
    for row in told["tasks"]:
        assert row.keys() >= {"id", "name", "groups", "form", "not_by", "checks", "gate", "fields", "sample", "repeats"}
    for field in (field for row in [*told["starts"], *told["tasks"]] for field in row["fields"]):
        assert field.keys() >= {"path", "key", "label", "type", "required", "sample"}
        assert field["type"] in {"list", "group"} or "options" in field
    assert {verb["name"]: verb["arguments"] for verb in told["verbs"]}.keys() == set(actions.__all__)
    assert next(verb["arguments"] for verb in told["verbs"] if verb["name"] == "submit_task")[:2] == ["task", "answers"]
    assert told["roles"][0].keys() >= {"id", "scope"}
    assert told["options"][0].keys() >= {"id", "default"}
    assert told["registers"][0].keys() >= {"id", "columns"}
    assert told["repeats"][0].keys() >= {"id", "key"}


def test_every_required_question_has_a_sample_that_its_form_accepts(run, folder: Path):
    told, pack, now = run("outline", "purchase", "--json").json, read_pack(folder / PURCHASE), datetime.now().astimezone()
    asking = [*told["starts"], *told["case_actions"], *told["tasks"]]
    names = {
        "board": {"agencies": told["agencies"], "name": "Board"}, "answers": {row["id"]: row["sample"] for row in asking}, "level": "plain", "agency": "QUI",
        "options": {option["id"]: option["default"] for option in told["options"]}, "case": {"reference": "PUR-2026-001"},
    }

    for row in asking:
        cleaned = pack.forms[row["form"]].clean(row["sample"], names, now)
        assert cleaned.errors == {}, row["id"]
        assert cleaned.values.keys() >= row["sample"].keys()
        assert all(field["sample"] not in (None, "", []) for field in row["fields"]
                   if field["required"] and field["path"] in row["sample"])


def test_an_outline_can_be_read_by_people(run):
    ran = run("outline", "purchase")

    assert ran.code == 0
    for line in ("  id: purchase", "tasks:", "    id: approve", "    name: Approve the request"):
        assert line in ran.out.splitlines()
    assert ": None" not in ran.out      # what is not set is not told


def test_an_outline_of_nothing_is_wrong_use(run):
    assert run("outline", "sales").code == run("outline").code == 2


# ---- rehearse

GOOD = 'title = "Asked"\nclock = 2026-03-02T09:00:00\n[[step]]\nas = "requester@OFF"\nstart = "request_made"\n[step.expect]\nopen = ["approve"]\n'


def test_a_packs_own_stories_are_rehearsed(run):
    ran = run("rehearse")

    assert ran.code == 0
    assert ran.out.splitlines()[-1] == "2 as they should, 0 not."
    assert [line[:4] for line in ran.out.splitlines()] == ["ok  ", "ok  ", "2 as"]


def test_any_story_can_be_rehearsed_from_anywhere(run, folder: Path):
    (folder / "mine.toml").write_text('pack = "purchase"\n' + GOOD)
    (folder / "theirs.toml").write_text(GOOD)

    ran = run("rehearse", "mine.toml", "theirs.toml", "--json")

    assert ran.code == 0
    assert ran.json == [{"file": name, "title": "Asked", "passed": True, "failures": []} for name in ("mine.toml", "theirs.toml")]


def test_a_step_that_fails_says_what_was_expected_and_what_was_there(run, folder: Path):
    (folder / "mine.toml").write_text(GOOD.replace('["approve"]', '["quote"]'))

    ran, told = run("rehearse", "mine.toml"), run("rehearse", "mine.toml", "--json")

    failure = "step 1 (start request_made as requester@OFF): expected “quote” to be open; open: approve"
    assert (ran.code, told.code) == (1, 1)
    assert ran.out.splitlines() == ["FAIL Asked (mine.toml)", f"       {failure}", "0 as they should, 1 not."]
    assert told.json[0]["failures"] == [failure]


def test_a_story_that_cannot_be_read_does_not_stop_the_others(run, folder: Path):
    (folder / "broken.toml").write_text(GOOD + 'surprise = 1\n[[step]]\nwho = "x"')
    (folder / "mine.toml").write_text(GOOD)

    told = run("rehearse", "broken.toml", "mine.toml", "--json")
    ran = run("rehearse", "broken.toml", "mine.toml")

    assert (told.code, [row["passed"] for row in told.json], len(told.json[0]["failures"])) == (1, [False, True], 2)
    assert [line.split()[0] for line in ran.out.splitlines() if line[0] != " "] == ["FAIL", "ok", "1"]
    assert "       step 2: “who” means nothing in a step" in ran.out


def test_a_pack_with_faults_fails_its_stories(run, folder: Path):
    spoil(folder / PURCHASE / "purchase.bpmn", 'formId="quote"', 'formId="quotation"')

    told = run("rehearse", "--json")

    assert told.code == 1
    assert all(row["failures"][0].startswith("the pack has faults: ") for row in told.json)


def test_a_story_that_is_not_there_is_wrong_use(run, folder: Path):
    (folder / "mine.toml").write_text('pack = "sales"\n' + GOOD)

    assert run("rehearse", "nowhere.toml").code == 2
    assert run("rehearse", "mine.toml").code == 2
