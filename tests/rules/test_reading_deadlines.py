import pytest

from engine.rules.deadlines import Deadline, Escalation, Messages, read_deadlines
from engine.rules.periods import Period

GOOD = '''\
# when
[chair_decision]
title = "Independent Chair decides"
kind = "seed target"
clause = "H3-5"
starts = "receive_recommendation"
presses = "peer_challenge"
from = "=answers.receive_recommendation.received_on"
within = "14 days"
ends = "chair_decision"
ended = "=answers.chair_decision.decided_on"
cancelled_by = ["withdrawn"]
per = "agency"
when = "=options.chair"
to = ["independent_chair"]
remind = ["4 days", "1 day"]
chase = ["1 day", "every 7 days"]
escalate = [{ after = "0 days", to = ["business_manager", "vice_chair"] }, { after = "14 days", to = "board_rep" }]
message = { overdue = "decision_overdue" }

[action_due]
title = "Action done"
kind = "local"
starts = "registers.actions"
on = "=row.due"
ends = ["report", "=row.done_on != null"]
cancelled = "=row.dropped"

[publication_day]
title = "Publication day"
kind = "local"
starts = ["date_agreed", "date_moved"]
on = "=answers.date_agreed.day"
milestone = true
'''


def faults_of(text):
    good, faults = read_deadlines(text.encode(), "deadlines.toml")
    return good, [(fault.line, fault.element, fault.says) for fault in faults]


def test_everything_an_owner_may_say_is_read():
    found, faults = read_deadlines(GOOD.encode(), "deadlines.toml")

    assert faults == []
    assert list(found) == ["chair_decision", "action_due", "publication_day"]
    assert found["chair_decision"] == Deadline(
        name="chair_decision", title="Independent Chair decides", kind="seed target", clause="H3-5", starts=("receive_recommendation",),
        from_="answers.receive_recommendation.received_on", within=Period(14, "day"), ends=("chair_decision",),
        presses=("peer_challenge",), ended="answers.chair_decision.decided_on", cancelled_by=("withdrawn",), per="agency", when="options.chair",
        to=("independent_chair",),
        remind=(Period(4, "day"), Period(1, "day")),
        chase=(Period(1, "day"), Period(7, "day", every=True)),
        escalate=(Escalation(Period(0, "day"), ("business_manager", "vice_chair")), Escalation(Period(14, "day"), ("board_rep",))),
        message=Messages("reminder", "decision_overdue", "escalation"),
    )
    assert found["chair_decision"].line == 2
    assert (found["action_due"].on, found["action_due"].register) == ("row.due", "actions")
    assert (found["action_due"].ends, found["action_due"].ends_when, found["action_due"].cancelled) == (("report",), "row.done_on != null", "row.dropped")
    assert (found["publication_day"].starts, found["publication_day"].milestone, found["publication_day"].register) == (
        ("date_agreed", "date_moved"), True, None)
    assert found["action_due"].message == Messages()


def test_an_empty_file_has_no_deadlines_and_no_faults():
    assert read_deadlines(b"", "deadlines.toml") == ({}, [])


ONE = '[d]\ntitle = "D"\nkind = "local"\nstarts = "s"\nwithin = "14 days"\n'


@pytest.mark.parametrize(("added", "line", "says"), [
    ('remind_at = ["1 day"]',                       6, "“remind_at” means nothing in a deadline"),
    ('remind = ["one day"]',                        6, "remind: “one day” is not a period"),
    ('remind = 4',                                  6, "remind must be a list of periods"),
    ('remind = [4]',                                6, "remind: “4” is not a period; write one in quotes"),
    ('remind = ["every 2 days"]',                   6, "repeats, and this happens once"),
    ('on = "=row.due"',                             6, "within and on are both given"),
    ('every = "8 weeks"',                           6, "within and every are both given"),
    ('from = "answers.x"',                          6, "from must be an expression that begins with ="),
    ('ended = 3',                                   6, "ended must be text in quotes"),
    ('presses = [1]',                               6, "presses must be a name or a list of names"),
    ('ends = [1]',                                  6, "ends must be a name or a list of names"),
    ('clause = ""',                                 6, "clause must be text in quotes, and not empty"),
    ('chase = ["every 7 days", "30 days"]',         6, "Only the last of chase may repeat"),
    ('chase = ["0 days"]',                          6, "still in time"),
    ('escalate = ["board_rep"]',                    6, "escalate is a list such as"),
    ('escalate = [{ after = "0 days" }]',           6, "to which roles"),
    ('escalate = [{ at = "0 days", to = ["r"] }]',  6, "“at” means nothing in escalate"),
    ('escalate = [{ after = "soon", to = ["r"] }]', 6, "escalate: “soon” is not a period"),
    ('message = { late = "x" }',                    6, "message names mails"),
    ('message = "x"',                               6, "message names mails"),
    ('[[d.escalate]]\nafter = "x"\nto = "r"',       1, "escalate: “x” is not a period"),
])
def test_a_fault_is_told_with_its_line(added, line, says):
    good, [(at, name, words)] = faults_of(ONE + added + "\n")

    assert good == {}
    assert (at, name) == (line, "d")
    assert says in words


@pytest.mark.parametrize(("text", "says"), [
    ('[d]\nkind = "local"\nstarts = "s"\nwithin = "1 day"', "title is missing"),
    ('[d]\ntitle = "D"\nstarts = "s"\nwithin = "1 day"', "kind is missing: one of: statutory"),
    ('[d]\ntitle = "D"\nkind = "hard"\nstarts = "s"\nwithin = "1 day"', "kind is “hard”"),
    ('[d]\ntitle = "D"\nkind = "local"\nwithin = "1 day"', "starts is missing"),
    ('[d]\ntitle = "D"\nkind = "local"\nstarts = "s"',                                  "Say when it is due"),
    ('[d]\ntitle = "D"\nkind = "local"\nstarts = "s"\nbefore = "7 days"',               "before needs the date it lies before"),
    ('[d]\ntitle = "D"\nkind = "local"\nstarts = "s"\nevery = "0 days"',                "would never end"),
    ('["Chair decides"]\ntitle = "D"\nkind = "local"\nstarts = "s"\nwithin = "1 day"', "deadlines.name"),
    ('within = "14 days"',                                                              "stands outside a deadline"),
    ('[d]\ntitle = ',                                                                   "cannot be read as TOML"),
])
def test_what_is_missing_or_misplaced_is_told(text, says):
    good, [(line, _, words)] = faults_of(text)

    assert good == {}
    assert line is not None
    assert says in words


def test_all_faults_are_told_at_once_and_good_deadlines_stay():
    bad = '[late]\ntitle = 4\nkind = "soon"\nwithin = "never"\nextra = 1\n\n'

    good, faults = faults_of(bad + ONE)

    assert list(good) == ["d"]
    assert [line for line, _, _ in faults] == [1, 2, 3, 4, 5]


def test_a_file_that_is_no_text_is_a_fault():
    good, [fault] = read_deadlines(b"\xff\xfe\x00", "deadlines.toml")

    assert good == {}
    assert "UTF-8" in fault.says
