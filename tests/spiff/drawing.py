"""Small diagrams, written as short as they can be read."""
from __future__ import annotations

from itertools import pairwise

HEAD = """<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="x">
<message id="m" name="m"/><message id="k" name="k"><extensionElements><zeebe:subscription correlationKey="=key"/></extensionElements></message>
<message id="r" name="r"><extensionElements><zeebe:subscription correlationKey="=case.reference"/></extensionElements></message>
<signal id="s" name="s"/><error id="e" name="e" errorCode="E1"/><error id="f" name="f" errorCode="E2"/><escalation id="c" name="c" escalationCode="C1"/>"""


def document(*processes: str) -> bytes:
    """A file with processes p0, p1, …"""
    return (HEAD + "".join(f'<process id="p{n}" isExecutable="true">{body}</process>' for n, body in enumerate(processes)) + "</definitions>").encode()


def path(*names: str) -> str:
    """Arrows from each to the next."""
    return "".join(f'<sequenceFlow id="{a}_{b}" sourceRef="{a}" targetRef="{b}"/>' for a, b in pairwise(names))


def when(condition: str, source: str, target: str) -> str:
    return (f'<sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}">'
            f"<conditionExpression>{condition}</conditionExpression></sequenceFlow>")


def settings(inside: str) -> str:
    return f"<extensionElements>{inside}</extensionElements>"


def mapping(inputs: dict[str, str] | None = None, outputs: dict[str, str] | None = None) -> str:
    return ("<zeebe:ioMapping>" + "".join(f'<zeebe:input source="{source}" target="{name}"/>' for name, source in (inputs or {}).items())
            + "".join(f'<zeebe:output source="{source}" target="{name}"/>' for name, source in (outputs or {}).items()) + "</zeebe:ioMapping>")


def properties(**named: str) -> str:
    return "<zeebe:properties>" + "".join(f'<zeebe:property name="{name}" value="{value}"/>' for name, value in named.items()) + "</zeebe:properties>"


def event(kind: str, ref: str = "", timer: str = "=due") -> str:
    """What an event waits for or throws."""
    refs = {"message": "m", "signal": "s", "error": "e", "escalation": "c"}
    if kind in refs:
        return f'<{kind}EventDefinition {kind}Ref="{ref or refs[kind]}"/>'
    return {"timer": f"<timerEventDefinition><timeDate>{timer}</timeDate></timerEventDefinition>",
            "duration": f"<timerEventDefinition><timeDuration>{timer}</timeDuration></timerEventDefinition>",
            "any error": "<errorEventDefinition/>", "": ""}.get(kind, f"<{kind}EventDefinition/>")


def person(name: str, inside: str = "", *, loop: str = "") -> str:
    return f'<userTask id="{name}" name="Do {name}">{settings(inside) if inside else ""}{loop}</userTask>'


def boundary(name: str, on: str, what: str, inside: str = "", *, interrupting: bool = True) -> str:
    return f'<boundaryEvent id="{name}" attachedToRef="{on}" cancelActivity="{str(interrupting).lower()}">{inside}{what}</boundaryEvent>'


def simple(name: str = "a", *, throws: str = "", prefix: str = "") -> str:
    """start, person, end"""
    s, e = f"{prefix}s", f"{prefix}e"
    return f'<startEvent id="{s}"/>{person(name)}<endEvent id="{e}">{event(throws)}</endEvent>{path(s, name, e)}'


def listener(kind: str, name: str = "heard", *, interrupting: bool = True, ref: str = "", timer: str = "=due", inside: str = "", end: str = "") -> str:
    """An event sub-process with one person in it."""
    return f"""<subProcess id="l_{name}" triggeredByEvent="true"><startEvent id="ls_{name}" isInterrupting="{str(interrupting).lower()}">
        {settings(inside) if inside else ""}{event(kind, ref, timer)}</startEvent>
        {person(name)}<endEvent id="le_{name}">{end}</endEvent>{path(f"ls_{name}", name, f"le_{name}")}</subProcess>"""


def sub_process(name: str, body: str, inside: str = "", loop: str = "") -> str:
    return f'<subProcess id="{name}">{settings(inside) if inside else ""}{loop}{body}</subProcess>'


def call(name: str, process: str = "p1", inside: str = "", loop: str = "", **attributes: str) -> str:
    more = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f'<callActivity id="{name}">{settings(f"<zeebe:calledElement processId=%r{more}/>" % process + inside)}{loop}</callActivity>'.replace("'", '"')


def each(collection: str = "=items", *, sequential: bool = False, until: str = "", output: str = "=[item, answer]") -> str:
    """A multi-instance marker: one for each item, gathered in results."""
    gathers = f' outputCollection="results" outputElement="{output}"' if output else ""
    loop = f'<zeebe:loopCharacteristics inputCollection="{collection}" inputElement="item"{gathers}/>'
    ends = f"<completionCondition>{until}</completionCondition>" if until else ""
    return f'<multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}">{settings(loop)}{ends}</multiInstanceLoopCharacteristics>'


def between(body: str, *names: str) -> str:
    """A body with a start before and an end after what is named."""
    return f'<startEvent id="s0"/>{body}<endEvent id="e0"/>{path("s0", *names, "e0")}'


def script(name: str, expression: str, result: str) -> str:
    return f'<scriptTask id="{name}">{settings(f"""<zeebe:script expression="{expression}" resultVariable="{result}"/>""")}</scriptTask>'


def rule(name: str, decision: str, result: str = "verdict") -> str:
    called = f"""<zeebe:calledDecision decisionId="{decision}" resultVariable="{result}"/>"""
    return f'<businessRuleTask id="{name}">{settings(called)}</businessRuleTask>'


def service(name: str, kind: str = "record", inside: str = "", tag: str = "serviceTask") -> str:
    return f'<{tag} id="{name}">{settings(f"""<zeebe:taskDefinition type="{kind}"/>{inside}""")}</{tag}>'
