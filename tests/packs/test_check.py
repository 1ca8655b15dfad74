"""Everything wrong with a pack, at once, each with its place and in words that say what to do."""
from dataclasses import dataclass

import pytest

from engine.packs import pack_of
from engine.packs.check import check

BPMN, REASON = "purchase.bpmn", "reason_for_delay.bpmn"


@dataclass(frozen=True)
class Slip:
    """One change of one file; `line` is a text that stands on the line of the fault."""

    slip: str
    file: str
    old: str
    new: str
    element: str | None
    says: str
    line: str | None = None          # None: the fault has the line of the changed text; "": it has none
    told_in: str | None = None       # another file than the changed one
    name: str | None = None

    def on(self, files):
        text = files[self.file].decode()
        assert self.old in text, f"{self.slip}: “{self.old}” is not in {self.file}"
        return files | {self.file: text.replace(self.old, self.new, 1).encode()}

    def place(self, files):
        told_in = self.told_in or self.file
        if self.line == "":
            return told_in, None
        text = files[told_in].decode()
        wanted = self.new if self.line is None else self.line
        assert wanted in text, f"{self.slip}: “{wanted}” is not in {told_in}"
        return told_in, text.count("\n", 0, text.index(wanted)) + 1


def property_(name, value):
    return f'<zeebe:property name="{name}" value="{value}" />'


#: These do not get in each other's way: all can be made at once.
TOGETHER = [
    Slip("Camunda 7", REASON, 'modeler:executionPlatform="Camunda Cloud"', 'modeler:executionPlatform="Camunda Platform"', None,
         "draw it for Camunda 8",
         line="<?xml"),
    Slip("manual task", REASON, '    <bpmn:endEvent id="reason_given"',
         '    <bpmn:manualTask id="tick" name="Tick it off" />\n    <bpmn:endEvent id="reason_given"',
         "tick", "make it a user task", line='id="tick"'),
    Slip("nobody does it", REASON, '        <zeebe:assignmentDefinition candidateGroups="approver" />\n', "", "give_reason",
         "Nobody is asked to do this task",
         line='id="give_reason"'),
    Slip("unknown form", BPMN, 'formId="quote"', 'formId="quotation"', "quote", "There is no form “quotation”", line='id="quote"'),
    Slip("unknown role", BPMN, property_("offer_to", "requester") + '\n            <zeebe:property name="label" value="Withdraw',
         property_("offer_to", "requestor") + '\n            <zeebe:property name="label" value="Withdraw', "withdraw",
         "“requestor”, which is no role", line='id="withdraw"'),
    Slip("unknown check", BPMN, property_("checks", "over_budget"), property_("checks", "over_spent"), "approve",
         "names the check “over_spent”", line='id="approve"'),
    Slip("not_by nobody", BPMN, property_("not_by", "request_made"), property_("not_by", "request_sent"), "approve",
         "not_by names “request_sent”",
         line='id="approve"'),
    Slip("corrected with nothing", BPMN, property_("confirm", "true"), property_("confirm", "true") + property_("corrected_with", "approve"),
         "approve", "corrected_with names “approve”, which is no case action", line='id="approve"'),
    Slip("misspelt property", BPMN, property_("confirm", "true"), property_("confrim", "true"), "approve", "“confrim” is no property",
         line='id="approve"'),
    Slip("unknown stage", BPMN, property_("stage", "buying"), property_("stage", "paying"), "quote", "There is no stage “paying”",
         line='id="quote"'),
    Slip("unknown outcome", BPMN, property_("outcome", "refused"), property_("outcome", "rejected"), "refused",
         "There is no outcome “rejected”", line='id="refused"'),
    Slip("no default", BPMN, ' default="to_refused"', "", "approved", "No arrow is the default", line='id="approved"'),
    Slip("unknown name", BPMN, 'decision = "approve" and options.ask_quotes', 'decison = "approve" and options.ask_quotes', "to_quote",
         "Nothing gives “decison”",
         line='id="to_quote"'),
    Slip("unknown option", BPMN, "not(options.ask_quotes)", "not(options.ask_quote)", "to_order", "There is no option “ask_quote”",
         line='id="to_order"'),
    Slip("condition without gateway", BPMN, 'sourceRef="request_made" targetRef="find_level" />',
         'sourceRef="request_made" targetRef="find_level"><bpmn:conditionExpression>=true</bpmn:conditionExpression></bpmn:sequenceFlow>',
         "to_level", "A condition needs a gateway"),
    Slip("bad FEEL", BPMN, 'expression="=min(for each in quotes return each.price)"', 'expression="=min(for each in quotes each.price)"',
         "find_cheapest",
         "FEEL cannot read the script", line='id="find_cheapest"'),
    Slip("drawn duration", BPMN, '<bpmn:timeDate xsi:type="bpmn:tFormalExpression">=deadlines.approval</bpmn:timeDate>',
         '<bpmn:timeDuration xsi:type="bpmn:tFormalExpression">P5D</bpmn:timeDuration>', "approval_late",
         "A duration (P5D) is drawn into the diagram"),
    Slip("unknown message", BPMN, property_("message", "ordered").replace("property name", "header key"), property_("message",
         "bought").replace("property name", "header key"),
         "tell_requester", "There is no mail “bought”", line='id="tell_requester"'),
    Slip("unknown recipient", BPMN, property_("to", "requester").replace("property name", "header key"), property_("to",
         "buyer").replace("property name", "header key"),
         "tell_requester", "goes to “buyer”, which is no role", line='id="tell_requester"'),
    Slip("deadline of nothing", "deadlines.toml", 'cancelled_by = ["withdrawn"]', 'cancelled_by = ["given_up"]', "approval",
         "cancelled_by names “given_up”",
         line="[approval]"),
    Slip("deadline that presses on no task", "deadlines.toml", 'remind = ["1 day"]', 'remind = ["1 day"]\npresses = ["withdrawn", "approve"]', "approval",
         "presses names “withdrawn”, which is no task", line="[approval]"),
    Slip("case content in a mail", "messages/reminder.md", "is due on", "({{ answers.request_made.what }}) is due on", "reminder",
         "“answers.request_made.what” may not stand in it"),
    Slip("effect of a check", "checks/over_budget.dmn", '"reason"', '"warn"', "over_budget",
         'The effect of a row is "refuse" or "reason"', line='id="rule_reason"'),
    Slip("check that lists nothing", "checks/over_budget.dmn", 'hitPolicy="COLLECT"', 'hitPolicy="UNIQUE"', "over_budget",
         "set its hit policy to Collect",
         line='decision id="over_budget"'),
    Slip("form reads nothing", "forms/approval.form", "approval level {{ level }}", "approval level {{ lvel }}", "Text_what",
         "Nothing gives “lvel”", line='"id": "Text_what"'),
    Slip("answer nobody asks", "forms/approval.form", "answers.request_made.amount", "answers.request_made.cost", "Text_what",
         "does not ask “cost”",
         line='"id": "Text_what"'),
    Slip("misspelt scenario", "scenarios/late.toml", "[[step]]", "[[step]]\nwtih = 1", "step 1", "“wtih” means nothing in a step",
         line="[[step]]"),
]

#: These change what another is about, or hide it; each is made alone.
ALONE = [
    Slip("not executable", REASON, 'isExecutable="true"', 'isExecutable="false"', "reason_for_delay", "tick “Executable”"),
    Slip("undefined task", REASON, '    <bpmn:endEvent id="reason_given"',
         '    <bpmn:task id="tick" name="Tick it off" />\n    <bpmn:endEvent id="reason_given"',
         "tick", "make it a user task", line='id="tick"'),
    Slip("unenforced deadline", BPMN, ">=deadlines.approval<", ">=case.started<", "approval", "no timer event waits for it",
         line="[approval]",
         told_in="deadlines.toml"),
    Slip("old user task", REASON, "        <zeebe:userTask />\n", "", "give_reason", "choose “Camunda user task”", line='id="give_reason"'),
    Slip("no form", REASON, '        <zeebe:formDefinition formId="reason" />\n', "", "give_reason", "This task has no form",
         line='id="give_reason"'),
    Slip("unknown process", BPMN, 'processId="reason_for_delay"', 'processId="reason"', "explain_delay", "There is no process “reason”",
         line='id="explain_delay"'),
    Slip("call cycle", REASON, '<bpmn:userTask id="give_reason"', '<bpmn:callActivity id="again" name="Again"><bpmn:extensionElements>'
         '<zeebe:calledElement processId="reason_for_delay" /></bpmn:extensionElements></bpmn:callActivity><bpmn:userTask id="give_reason"', "again",
         "The calls go round in a circle (reason_for_delay → reason_for_delay)"),
    Slip("message start in a called process", REASON, '      <bpmn:outgoing>to_reason</bpmn:outgoing>\n    </bpmn:startEvent>',
         '      <bpmn:outgoing>to_reason</bpmn:outgoing><bpmn:messageEventDefinition messageRef="m" />\n    </bpmn:startEvent>', "late",
         "make it a plain start event", line='id="late"'),
    Slip("plain start in the main process", BPMN,
         '      <bpmn:messageEventDefinition id="request_made_event" messageRef="message_requested" />\n', "", "request_made",
         "A case begins with a message", line='id="request_made"'),
    Slip("message without key", BPMN, '      <zeebe:subscription correlationKey="=case.reference" />\n', "", "withdraw",
         "has no correlation key",
         line='id="withdraw_event"'),
    Slip("button without form", BPMN, '            <zeebe:property name="form" value="withdrawal" />\n', "", "withdraw",
         "This button has no form", line='id="withdraw"'),
    Slip("button for nobody", BPMN, '            <zeebe:property name="offer_to" value="requester" />\n', "", "withdraw",
         "offered to nobody", line='id="withdraw"'),
    Slip("unknown decision", BPMN, 'decisionId="approval_level"', 'decisionId="approval_levels"', "find_level",
         "There is no decision table “approval_levels”",
         line='id="find_level"'),
    Slip("unknown work", BPMN, 'type="mail"', 'type="fax"', "tell_requester", "Nothing here can do “fax”", line='id="tell_requester"'),
    Slip("computed call", BPMN, 'processId="reason_for_delay"', 'processId="=whatever"', "explain_delay",
         "The called process must be named", line='id="explain_delay"'),
    Slip("repeated over nothing", BPMN, 'inputCollection="=suppliers"', 'inputCollection="suppliers"', "quote", "repeated over nothing"),
    Slip("unknown list", BPMN, 'inputCollection="=suppliers"', 'inputCollection="=supliers"', "quote", "Nothing gives “supliers”"),
    Slip("half an output", BPMN, ' outputElement="={supplier: agency, price: price}"', "", "quote", "belong together",
         line="<zeebe:loopCharacteristics"),
    Slip("item outside of the loop", BPMN, 'return each.price)"', 'return each.price + agency)"', "find_cheapest",
         "Nothing gives “agency”", line='id="find_cheapest"'),
    Slip("me in a diagram", BPMN, 'return each.price)"', 'return me.name)"', "find_cheapest", "“me” is known in forms and checks only",
         line='id="find_cheapest"'),
    Slip("unknown of the case", BPMN, 'return each.price)"', 'return case.child)"', "find_cheapest", "case has no “child”",
         line='id="find_cheapest"'),
    Slip("unknown register", BPMN, 'return each.price)"', 'return registers.orders)"', "find_cheapest", "There is no register “orders”",
         line='id="find_cheapest"'),
    Slip("unknown deadline", BPMN, 'return each.price)"', 'return deadlines.payment)"', "find_cheapest",
         "There is no deadline “payment”", line='id="find_cheapest"'),
    Slip("unknown document", BPMN, 'return each.price)"', 'return documents.plan)"', "find_cheapest",
         "No form asks for a file called “plan”",
         line='id="find_cheapest"'),
    Slip("answers of nobody", BPMN, 'return each.price)"', 'return answers.approval.decision)"', "find_cheapest",
         "Nobody answers “approval”", line='id="find_cheapest"'),
    Slip("answers of an item", BPMN, 'return each.price)"', 'return answers.quote.QUI.prize)"', "find_cheapest", "does not ask “prize”",
         line='id="find_cheapest"'),
    Slip("answer not asked", BPMN, '<zeebe:output source="=price" target="price" />', '<zeebe:output source="=prize" target="price" />',
         "quote",
         "Nothing gives “prize”"),
    Slip("hides a function", BPMN, 'target="price" />', 'target="count" />', "quote", "“count” is a function of FEEL"),
    Slip("hides the engine's name", BPMN, 'resultVariable="cheapest"', 'resultVariable="deadlines"', "find_cheapest",
         "a name the engine gives", line='id="find_cheapest"'),
    Slip("reserved id", REASON, 'bpmn:endEvent id="reason_given"', 'bpmn:endEvent id="End"', "End", "The id End is taken by the engine"),
    Slip("a page's address", REASON, 'bpmn:process id="reason_for_delay"', 'bpmn:process id="releases"', "releases", "the address of another page"),
    Slip("id in two files", REASON, 'bpmn:endEvent id="reason_given"', 'bpmn:endEvent id="explained"', "explained",
         "The id explained is used in purchase.bpmn too"),
    Slip("id twice in a file", BPMN, 'sequenceFlow id="to_level"', 'sequenceFlow id="refused"', "refused", "is used twice in this file"),
    Slip("id that is no name", BPMN, 'bpmn:scriptTask id="find_cheapest"', 'bpmn:scriptTask id="find-cheapest"', "find-cheapest",
         "use letters, digits and _"),
    Slip("not reached", BPMN, '    <bpmn:sequenceFlow id="to_cheapest" sourceRef="quote" targetRef="find_cheapest" />\n', "",
         "find_cheapest", "Nothing leads here",
         line='id="find_cheapest"'),
    Slip("dead end", BPMN, '    <bpmn:sequenceFlow id="to_cheapest" sourceRef="quote" targetRef="find_cheapest" />\n', "", "quote",
         "Nothing comes after this",
         line='id="quote"'),
    Slip("endless circle", BPMN, 'id="to_tell" sourceRef="order" targetRef="tell_requester"',
         'id="to_tell" sourceRef="order" targetRef="order"', "order",
         "goes round in a circle for ever", line='id="order"'),
    Slip("arrow without condition", BPMN,
         '<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">=decision = "approve" and options.ask_quotes</bpmn:conditionExpression>',
         "", "to_quote", "This arrow has no condition", line='id="to_quote"'),
    Slip("literal condition", BPMN, '>=decision = "approve" and options', '>decision = "approve" and options', "to_quote",
         "begin it with =", line='id="to_quote"'),
    Slip("across a border", BPMN, 'sourceRef="withdraw" targetRef="withdrawn"', 'sourceRef="withdraw" targetRef="order"', "to_withdrawn",
         "crosses the border"),
    Slip("sensitive key", "forms/purchase_request.form", '"agency": "true"', '"agency": "true", "sensitive": "true"', "quote",
         "would become the name of each round",
         line="<zeebe:loopCharacteristics", told_in=BPMN),
    Slip("visible to nobody known", "forms/purchase_request.form", '"visible_to": "approver"', '"visible_to": "accountant"',
         "Field_card", "“accountant”, which is no role",
         line='"id": "Field_card"'),
    Slip("unknown register of a list", "forms/purchase_request.form", '"register": "items"', '"register": "things"', "Field_items",
         "There is no register “things”",
         line='"id": "Field_items"'),
    Slip("column the register has not", "forms/item.form", '"key": "pieces"', '"key": "number_of"', "Field_items", "has no column “pieces”",
         line='"id": "Field_items"', told_in="forms/purchase_request.form"),
    Slip("agency that is none", "forms/withdrawal.form", '"key": "reason"', '"key": "agency"', "Field_reason", "let one agency be picked there",
         line='"id": "Field_reason"'),
    Slip("unused form", "pack.toml", 'form = "item"', 'form = "withdrawal"', "item", "Nothing uses this form", line='"id": "item"',
         told_in="forms/item.form"),
    Slip("unused role", "pack.toml", "[roles.supplier]", '[roles.clerk]\nlabel = "Clerk"\n\n[roles.supplier]', "clerk",
         "Nothing names this role", line="[roles.clerk]"),
    Slip("unused outcome", "pack.toml", 'ordered = "Ordered"', 'ordered = "Ordered"\nlost = "Lost"', "lost", "No case ends with “Lost”",
         line="lost ="),
    Slip("no scope", "pack.toml", 'scope = "agency"', 'scope = "team"', "scope", "“team” is no scope"),
    Slip("unknown key", "pack.toml", 'main = "purchase"', 'main = "purchase"\nmian = "x"', "mian", "“mian” means nothing in pack.toml",
         line="mian ="),
    Slip("unknown main", "pack.toml", 'main = "purchase"', 'main = "purchases"', "main", "The main process “purchases” is in no diagram"),
    Slip("bad reference", "pack.toml", "PUR-{year}-{number:03}", "PUR-{number:03}", "reference", "must have {year} and {number}"),
    Slip("figure of nothing", "pack.toml", 'until = "tell_requester"', 'until = "told"', "request_to_order", "“until” names “told”",
         line="[figures.request_to_order]"),
    Slip("role without sign-in", "pack.toml", 'label = "Supplier"', 'label = "Supplier"\noutside = true', "quote", "has no sign-in",
         line='id="quote"', told_in=BPMN),
    Slip("unknown start of a deadline", "deadlines.toml", 'starts = "request_made"', 'starts = "asked"', "approval",
         "It starts at “asked”", line="[approval]"),
    Slip("unknown escalation", "deadlines.toml", 'to = ["head"]', 'to = ["boss"]', "approval", "This tells “boss”", line="[approval]"),
    Slip("bad FEEL in a deadline", "deadlines.toml", "=case.started", "=case.", "approval", "FEEL cannot read “from”", line="[approval]"),
    Slip("unknown name in a deadline", "deadlines.toml", "=case.started", "=received", "approval", "Nothing gives “received”",
         line="[approval]"),
    Slip("unknown per", "deadlines.toml", 'kind = "seed target"', 'kind = "seed target"\nper = "shop"', "approval", "per names “shop”",
         line="[approval]"),
    Slip("reminder without a mail", "deadlines.toml", 'remind = ["1 day"]', 'remind = ["1 day"]\nmessage = { reminder = "nudge" }',
         "approval",
         "“remind” sends the mail “nudge”", line="[approval]"),
    Slip("mail without a subject", "messages/ordered.md", "# {{", "{{", "ordered", "The first line must be the subject"),
    Slip("unreadable mail", "messages/ordered.md", "See {{ link }}", "See {{ link", "ordered", "A placeholder cannot be read"),
    Slip("check reads nothing", "checks/over_budget.dmn", "<text>decision</text>", "<text>verdict</text>", "over_budget",
         "Nothing gives “verdict”",
         line='input id="input_decision"'),
    Slip("decision reads nothing", "approval_level.dmn", "answers.request_made.amount", "answers.request_made.sum", "approval_level",
         "does not ask “sum”",
         line='input id="input_amount"'),
    Slip("columns of a check", "checks/over_budget.dmn", 'name="says"', 'name="words"', "over_budget", "A check has the output columns",
         line='decision id="over_budget"'),
    Slip("unreadable scenario", "scenarios/late.toml", "[[step]]", "[[step]", None, "This is not readable TOML"),
    Slip("two things in a step", "scenarios/late.toml", 'start = "request_made"', 'start = "request_made"\ndo = "approve"', "step 1",
         "start and do", line="[[step]]"),
    Slip("header nobody reads", BPMN, '<zeebe:header key="to"', '<zeebe:header key="cc" value="head" /><zeebe:header key="to"', "tell_requester",
         "A mail has no header “cc”", line='id="tell_requester"'),
    Slip("drawn due date", BPMN, '<zeebe:assignmentDefinition candidateGroups="supplier" />',
         '<zeebe:assignmentDefinition candidateGroups="supplier" /><zeebe:taskSchedule dueDate="=now() + duration(&#34;P5D&#34;)" />', "quote",
         "A due date (=now() + duration", line='id="quote"'),
    Slip("uncaught error", REASON, '      <bpmn:incoming>to_given</bpmn:incoming>\n',
         '      <bpmn:incoming>to_given</bpmn:incoming><bpmn:errorEventDefinition errorRef="e" />\n', "reason_given", "Nothing catches this error",
         line='id="reason_given"'),
    Slip("property of an arrow", REASON, 'sourceRef="late" targetRef="give_reason" />', 'sourceRef="late" targetRef="give_reason"><bpmn:extensionElements>'
         '<zeebe:properties><zeebe:property name="stage" value="approval" /></zeebe:properties></bpmn:extensionElements></bpmn:sequenceFlow>', "to_reason",
         "The property “stage” has no meaning here"),
    Slip("not drawn", BPMN, '<bpmndi:BPMNShape id="order_di" bpmnElement="order">',
         '<bpmndi:BPMNShape id="order_di" bpmnElement="somewhere">', "order",
         "This is not drawn", line='bpmn:exclusiveGateway id="order"'),
    Slip("arrow not drawn", BPMN, '<bpmndi:BPMNEdge id="to_tell_di" bpmnElement="to_tell">',
         '<bpmndi:BPMNEdge id="to_tell_di" bpmnElement="somewhere">', "to_tell",
         "This is not drawn", line='bpmn:sequenceFlow id="to_tell"'),
]


def told(slip, files, faults):
    file, line = slip.place(files)
    return [fault for fault in faults if slip.says in fault.says and (fault.file, fault.line, fault.element) == (file, line, slip.element)]


def test_the_tiny_pack_has_no_faults(files):
    assert check(pack_of(files)) == []


@pytest.mark.parametrize("slip", [*TOGETHER, *ALONE], ids=lambda slip: slip.slip.replace(" ", "_"))
def test_a_slip_is_told_once_with_its_place(files, slip):
    changed = slip.on(files)

    faults = check(pack_of(changed))

    assert len(told(slip, changed, faults)) == 1, "\n".join(map(str, faults))


def test_all_slips_are_told_at_once(files):
    for slip in TOGETHER:
        files = slip.on(files)

    faults = check(pack_of(files))

    assert len(TOGETHER) >= 20
    assert [slip.slip for slip in TOGETHER if not told(slip, files, faults)] == []
    assert faults == sorted(faults, key=lambda fault: (fault.file, fault.line or 0))


@pytest.mark.parametrize(("file", "data"), [
    (BPMN, b"<a>"), (REASON, b""), ("forms/approval.form", b"{"), ("approval_level.dmn", b"<a/>"), ("deadlines.toml", b"[approval"),
    ("messages/ordered.md", b"no subject"), ("checks/over_budget.dmn", b"<!DOCTYPE a>"), ("scenarios/late.toml", b"["),
])
def test_a_file_that_cannot_be_read_is_the_only_fault(files, file, data):
    faults = check(pack_of(files | {file: data}))

    assert [fault.file for fault in faults] == [file], "\n".join(map(str, faults))


def test_work_that_a_room_can_do_is_known_to_the_check_that_asks_for_it(files):
    files = Slip("", BPMN, 'type="mail"', 'type="chronology.merge"', None, "").on(files) | {"messages/ordered.md": b""}
    del files["messages/ordered.md"]

    assert check(pack_of(files), known_types=frozenset({"mail", "chronology.merge"})) == []
