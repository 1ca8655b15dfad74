"""What a writer of scenarios is told of the tiny pack."""
import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from engine.packs import pack_of
from engine.packs.clauses import carried
from engine.packs.messages import read_message
from engine.packs.outline import outline

NOW = datetime(2026, 3, 2, 9, tzinfo=ZoneInfo("Europe/London"))


@pytest.fixture
def told(files):
    return outline(pack_of(files), {"hand_over": ["task", "to"], "add_note": []}, NOW)


def by_id(rows):
    return {row["id"]: row for row in rows}


def test_an_outline_is_plain_json(told):
    assert json.loads(json.dumps(told)) == told


def test_starts_and_case_actions_say_who_and_what(told):
    (start,), (action,) = told["starts"], told["case_actions"]

    assert (start["id"], start["form"], start["offer_to"], start["label"]) == (
        "request_made", "purchase_request", ["requester"], "Ask for something to be bought")
    assert (action["id"], action["message"], action["form"], action["offer_to"]) == ("withdraw", "purchase_withdrawn", "withdrawal", ["requester"])


def test_a_task_says_who_does_it_and_what_is_asked(told):
    task = by_id(told["tasks"])["approve"]

    assert (task["name"], task["groups"], task["form"], task["not_by"], task["checks"], task["gate"]) == (
        "Approve the request", ["approver"], "approval", ["request_made"], ["over_budget"], [])
    assert task["sample"] == {"decision": "approve"}
    assert [(field["path"], field["type"], field["required"]) for field in task["fields"]] == [("decision", "radio", True), ("comment", "textarea", True)]
    assert [field["sample"] for field in task["fields"]] == ["approve", "Sample Why not?"]
    assert task["fields"][0]["options"] == [{"value": "approve", "label": "Yes"}, {"value": "refuse", "label": "No"}]


def test_a_step_says_what_can_come_after_it_and_when(told):
    after = {row["id"]: [(step["id"], step["kind"], step["when"]) for step in row["next"]] for row in [*told["starts"], *told["tasks"]]}

    assert after["request_made"] == [("approve", "task", [])]
    assert after["approve"] == [("refused", "end", [["“May it be bought?” No"]]), ("quote", "task", [["“May it be bought?” Yes, ask for quotes"]]),
                                ("ordered", "end", [["“May it be bought?” Yes, at once"]])]
    assert after["quote"] == [("ordered", "end", [])]


def test_a_question_has_its_path_and_the_sample_that_is_used_when_it_is_left_out(told):
    fields = {field["path"]: field for field in told["starts"][0]["fields"]}

    assert list(fields) == ["what", "amount", "needed_on", "suppliers", "items", "items.name", "items.pieces", "drawing", "card"]
    assert [fields[path]["sample"] for path in ("what", "amount", "needed_on", "suppliers")] == ["Sample What is it for?", 1, "2026-03-02", ["OFF"]]
    assert [option["value"] for option in fields["suppliers"]["options"]] == ["OFF", "QUI", "INK"]
    assert (fields["card"]["sensitive"], fields["card"]["visible_to"], fields["items"]["register"]) == (True, ["approver"], "items")


def test_a_repeated_task_says_by_what_key(told):
    assert by_id(told["tasks"])["quote"]["repeats"] == ["agency"]
    assert by_id(told["tasks"])["quote"]["called_from"] == []
    assert [(row["id"], row["item"], row["key"]) for row in told["repeats"]] == [("quote", "agency", "agency")]


def test_the_rest_is_listed(told):
    assert told["verbs"] == [{"name": "add_note", "arguments": []}, {"name": "hand_over", "arguments": ["task", "to"]}]
    assert {role["id"]: role["scope"] for role in told["roles"]} == {"requester": "agency", "approver": "board", "head": "board", "supplier": "agency"}
    assert [agency["key"] for agency in told["agencies"]] == ["OFF", "QUI", "INK"]
    assert [(option["id"], option["default"]) for option in told["options"]] == [("ask_quotes", True)]
    assert [stage["id"] for stage in told["stages"]] == ["approval", "buying"]
    assert [outcome["code"] for outcome in told["outcomes"]] == ["ordered", "refused", "withdrawn"]
    assert [(register["id"], [column["key"] for column in register["columns"]]) for register in told["registers"]] == [("items", ["name", "pieces"])]
    assert [(deadline["id"], deadline["within"], deadline["timers"]) for deadline in told["deadlines"]] == [("approval", "5 working days", ["approval_late"])]
    assert [message["id"] for message in told["messages"]] == ["escalation", "ordered", "reminder"]
    assert [(document["field"], document["kind"], document["form"]) for document in told["documents"]] == [("drawing", "drawing", "purchase_request")]
    assert [(decision["id"], decision["outputs"]) for decision in told["decisions"]] == [("approval_level", ["level"])]
    assert [check["id"] for check in told["checks"]] == ["over_budget"]


def test_a_pack_with_faults_has_an_outline_of_what_is_left(files):
    told = outline(pack_of(files | {"forms/approval.form": b"{", "reason_for_delay.bpmn": b"", "deadlines.toml": b"["}), now=NOW)

    assert [task["id"] for task in told["tasks"]] == ["approve", "quote"]
    assert by_id(told["tasks"])["approve"]["fields"] == []


def test_clauses_are_counted_where_they_stand(files):
    found = [(each.clause, each.kind, each.id) for each in carried(pack_of(files))]

    assert found == [("P-1", "question", "purchase_request.what"), ("P-1", "startEvent", "request_made"), ("P-2", "startEvent", "request_made"),
                     ("P-3", "deadline", "approval"), ("P-3", "userTask", "approve"), ("P-4", "option", "ask_quotes"), ("P-4", "userTask", "quote"),
                     ("P-5", "check", "over_budget"), ("P-6", "check", "over_budget")]


def test_roles_registers_and_mails_say_their_clauses_too(files):
    for name, old, more in (("pack.toml", b"[roles.head]\n", b'clause = "P-7"\n'), ("pack.toml", b"[registers.items]\n", b'clause = "P-8, P-9"\n')):
        files[name] = files[name].replace(old, old + more)
    mail = files["messages/ordered.md"]
    files["messages/ordered.md"] = b'+++\nclause = "P-9"\n+++\n' + mail

    pack = pack_of(files)

    assert [(each.clause, each.kind, each.id) for each in carried(pack) if each.clause > "P-6"] == [
        ("P-7", "role", "head"), ("P-8", "register", "items"), ("P-9", "message", "ordered"), ("P-9", "register", "items")]
    before = read_message(mail, "messages/ordered.md")[0]
    assert (pack.messages["ordered"].subject, pack.messages["ordered"].body, pack.messages["ordered"].line) == (before.subject, before.body, before.line + 3)


@pytest.mark.parametrize("head", [b"why = 1", b"clause = 1", b"clause ="])
def test_above_a_mail_s_subject_stands_nothing_else(head):
    found, faults = read_message(b"+++\n" + head + b"\n+++\n# Subject\n\nWords", "messages/ordered.md")

    assert (found, len(faults), faults[0].element) == (None, 1, "ordered")
