#!/usr/bin/env python3
"""House rules of safety that no linter knows, read from the syntax tree. Standard library only.

    rules.py        list what breaks one, with file and line; exit 1 if anything does

Where a rule must be broken, the line says which and why, as `# allowed: <rule> - <reason>`. One that is not needed is a fault too.
"""
from __future__ import annotations

import ast
import re
import sys
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parent.parent
ALLOWED = re.compile(r"#.*?\ballowed: (?P<rule>[a-z-]+)(?: - (?P<why>.+))?$")
UNSAFE_TEMPLATE = re.compile(r"\|\s*safe\b|autoescape\s+false|\bMarkup\(", re.ASCII)


@dataclass(frozen=True)
class Banned:
    """Names that stand in one place of the program only, or nowhere."""

    rule: str
    says: str
    names: frozenset[str]                   # dotted, as imported; what is inside them is meant too
    where: tuple[str, ...] = ("",)          # paths that are looked at, by their beginning
    home: tuple[str, ...] = ()              # paths where these names belong


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


BANNED = (
    Banned("python-engine", "SpiffWorkflow’s own engine runs Python out of diagrams: cases run on engine.spiff.environment.",
           _names("SpiffWorkflow.bpmn.script_engine SpiffWorkflow.bpmn.PythonScriptEngine SpiffWorkflow.bpmn.PythonScriptEngine.PythonScriptEngine"),
           home=("engine/spiff/environment.py",)),
    Banned("python-engine", "A workflow made without an engine gets the one that runs Python: make a Case with ours.",
           _names("SpiffWorkflow.bpmn.BpmnWorkflow SpiffWorkflow.bpmn.workflow.BpmnWorkflow SpiffWorkflow.bpmn.serializer.BpmnWorkflowSerializer "
                  "SpiffWorkflow.bpmn.serializer.workflow.BpmnWorkflowSerializer"),
           home=("engine/spiff/scopes.py", "engine/spiff/stock.py")),     # the second is what `bench` compares us with: no case runs on it
    Banned("code-from-data", "Data must not become code: read it as JSON, or ask FEEL.",
           _names("eval exec compile __import__ builtins.eval builtins.exec pickle cPickle marshal shelve dill cloudpickle joblib "
                  "yaml.load yaml.load_all yaml.full_load yaml.unsafe_load code.interact")),
    Banned("code-from-data", "A template comes from a file of ours, never from a text.",
           _names("flask.render_template_string jinja2.Template jinja2.Environment")),
    Banned("clock", "The time is asked of engine.clock, so that tests and rehearsals can set it.",
           _names("datetime.datetime.now datetime.datetime.utcnow datetime.datetime.today datetime.date.today time.time time.time_ns "
                  "time.localtime time.gmtime"),
           where=("engine/", "webforms/"), home=("engine/clock.py",)),
    Banned("network", "What leaves the house leaves through engine.outside.",
           _names("socket http.client urllib.request urllib3 requests httpx aiohttp smtplib ftplib poplib imaplib telnetlib xmlrpc"),
           where=("engine/", "webforms/"), home=("engine/outside/",)),
    Banned("mail", "Mails are made of what waits in the outbox, in engine.outside.",
           _names("email.message email.mime"), home=("engine/outside/",)),
)

#: What takes SQL as text, and what runs whatever it is given.
SQL_TEXT = _names("sqlalchemy.text sqlalchemy.literal_column sqlalchemy.DDL")
RUNS_SQL = _names("execute executemany executescript scalar scalars")
#: What a mail may be told besides the case’s reference, and where one is queued.
TOLD = _names("due days task link")
QUEUES = "engine/progress/mail.py"
#: Who alone inserts into the trail, and tables of plain rows that are believed: written by `work.write`, which puts it on the trail.
CHAIN = "engine/store/chain.py"
BELIEVED = _names("people holdings deputies identities releases offers tasks deadlines approvals published published_files")
#: What a line of the log may say: kinds, ids, figures and places in the code.
LOGGED = _names("verb kind person case element timer why mail tries given_up method page path status ms where digest chains row rows broken")
LEVELS = _names("debug info warning error exception critical log")
#: Columns that can hold words and are not sealed, with the reason.
TABLES = "engine/store/tables/"
WORDY = _names("LargeBinary Text JSON Unicode UnicodeText")
UNSEALED = {
    "releases.files": "a pack holds nothing of any case, and process owners read it",
    "releases.note": "what the process owner says is new",
    "approvals.files": "a pack that is to be released: it holds nothing of any case",
    "cases.key": "wrapped by the master key",
    "cases.options": "switches of the process, by name",
    "drafts.key": "wrapped by the master key",
    "unsettled.was": "ids of arrows",
    "unsettled.would": "ids of arrows",
    "documents.made_from": "ids of elements",
    "deadlines.told": "ids of timer events with keys of items",
    "published.title": "published: anyone may read it",
    "published.summary": "published",
    "published.reason": "published, where the review stood",
    "published_files.title": "published",
    "published_files.content": "published; emptied when it is taken down",
    "trail.sealed": "fingerprints of what was sealed",
    "trail.details": "keys exact per event (engine.events), ids and names of steps",
    "incidents.says": "the rule and the place that failed, never an answer",
}

Found = tuple[int, str, str]                # line, rule, what it says
Calls = list[tuple[ast.Call, str]]          # with the last part of what is called
FILES = {"engine": "*.py", "webforms": "*.py", "tools": "*.py"}
TEMPLATES = ("webforms/templates", "*.*")


def faults(root: Path = ROOT) -> Iterator[str]:
    """Every breach below this folder, as “file:line: rule: what it says”."""
    for folder, files in FILES.items():
        for path in sorted((root / folder).rglob(files)):
            name = path.relative_to(root).as_posix()
            yield from (f"{name}:{line}: {rule}: {says}" for line, rule, says in of_source(name, path.read_text("utf-8")))
    for path in sorted((root / TEMPLATES[0]).rglob(TEMPLATES[1])):
        name = path.relative_to(root).as_posix()
        yield from (f"{name}:{line}: {rule}: {says}" for line, rule, says in of_template(path.read_text("utf-8")))
    yield from (f"tools/rules.py:1: unsealed: {name} is listed, and there is no such column." for name in sorted(UNSEALED.keys() - wordy(root / TABLES)))


def of_source(name: str, source: str) -> list[Found]:
    """The breaches in one file of Python that stands at this path."""
    tree = ast.parse(source)
    known = _imported(tree)
    calls = _calls(tree)
    found = {*_banned(name, tree, known), *(hit for rule in RULES for hit in rule(name, calls, known))}
    if name.startswith(TABLES):
        found |= set(_columns(calls, source.splitlines()))
    excused = {number: (match["rule"], match["why"]) for number, line in enumerate(source.splitlines(), 1) if (match := ALLOWED.search(line))}
    left = {hit for hit in found if excused.get(hit[0], ("", None))[0] != hit[1]}
    for line, (rule, why) in excused.items():
        if not why:
            left.add((line, rule, "Say behind a hyphen why it is allowed here."))
        elif not any(hit[:2] == (line, rule) for hit in found):
            left.add((line, rule, "Nothing here needs to be allowed."))
    return sorted(left)


def wordy(folder: Path) -> set[str]:
    """The columns of these tables that can hold words, as “table.column”."""
    return {name for path in folder.glob("*.py") for name, _ in _wordy(_calls(ast.parse(path.read_text("utf-8"))))}


def of_template(source: str) -> list[Found]:
    """The places of a template where words could become markup."""
    return [(number, "markup", "What is shown is escaped: no |safe, no Markup, no autoescape false.")
            for number, line in enumerate(source.splitlines(), 1) if UNSAFE_TEMPLATE.search(line)]


# ---- names as they were imported

def _imported(tree: ast.AST) -> dict[str, str]:
    known = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            known |= {alias.asname or alias.name.partition(".")[0]: alias.name if alias.asname else alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            known |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return known


def _dotted(node: ast.AST, known: dict[str, str]) -> str:
    """The name that is meant here, as it was imported; nothing for what is no name."""
    if isinstance(node, ast.Name):
        return known.get(node.id, node.id)
    if isinstance(node, ast.Attribute) and (inner := _dotted(node.value, known)):
        return f"{inner}.{node.attr}"
    return ""


def _banned(name: str, tree: ast.AST, known: dict[str, str]) -> Iterator[Found]:
    here = {banned: each for each in BANNED if name.startswith(each.where) and not (each.home and name.startswith(each.home)) for banned in each.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            said = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            said = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Name | ast.Attribute):
            said = [_dotted(node, known)]
        else:
            continue
        for one in said:
            for inside in accumulate(one.split("."), "{}.{}".format):
                if inside in here:
                    yield _at(node), here[inside].rule, here[inside].says


def _at(node: ast.AST) -> int:
    return int(getattr(node, "lineno", 0))


def _calls(tree: ast.AST) -> Calls:
    """Each call with the last part of what is called."""
    return [(node, node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", ""))
            for node in ast.walk(tree) if isinstance(node, ast.Call)]


# ---- SQL, markup, logs, mails

def _literal(node: ast.AST) -> bool:
    if isinstance(node, ast.IfExp):
        return _literal(node.body) and _literal(node.orelse)
    return isinstance(node, ast.Constant)


def _made_of_text(node: ast.AST) -> bool:
    """A text put together out of pieces."""
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add | ast.Mod) and any(isinstance(side, ast.JoinedStr) or _text(side) or _made_of_text(side)
                                                               for side in (node.left, node.right))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in ("format", "join") and _text(node.func.value)
    return isinstance(node, ast.JoinedStr)


def _text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _sql(_name: str, calls: Calls, known: dict[str, str]) -> Iterator[Found]:
    says = "SQL is built by SQLAlchemy; as text only where it stands there literally."
    for call, called in calls:
        if not call.args:
            continue
        as_text = called == "exec_driver_sql" or _dotted(call.func, known) in SQL_TEXT
        if (as_text and not _literal(call.args[0])) or (called in RUNS_SQL and _made_of_text(call.args[0])):
            yield _at(call), "raw-sql", says


def _markup(_name: str, calls: Calls, known: dict[str, str]) -> Iterator[Found]:
    for call, _ in calls:
        if _dotted(call.func, known) in ("markupsafe.Markup", "flask.Markup", "jinja2.Markup") and not all(_literal(arg) for arg in call.args):
            yield _at(call), "markup", "Only what stands here literally is markup; words go in by .format or join, which escape them."


def _logs(_name: str, calls: Calls, _known: dict[str, str]) -> Iterator[Found]:
    for call, called in calls:
        if called not in LEVELS or not isinstance(call.func, ast.Attribute) or getattr(call.func.value, "id", "") not in ("log", "logger", "logging"):
            continue
        said = [(word.arg, word.value) for word in call.keywords if word.arg not in ("extra", "exc_info")]
        for word in call.keywords:
            if word.arg == "extra":
                said += zip((getattr(key, "value", None) for key in word.value.keys), word.value.values, strict=True) if isinstance(
                    word.value, ast.Dict) else [(None, word.value)]
        if len(call.args) != 1 or not _text(call.args[0]):
            yield _at(call), "logs", "A line of the log begins with its event, one fixed word, and carries nothing else but by name."
        for key, value in said:
            if key not in LOGGED or isinstance(value, ast.JoinedStr) or (isinstance(value, ast.Call) and getattr(value.func, "id", "") in ("str", "repr")):
                yield _at(call), "logs", f"A line of the log says kinds, ids and figures, never what someone wrote: not “{key or '**'}”."


def _mails(name: str, calls: Calls, _known: dict[str, str]) -> Iterator[Found]:
    for call, called in calls:
        whose = getattr(call.func, "value", None)
        owner = getattr(whose, "attr", getattr(whose, "id", ""))
        if called == "post" and owner == "work" and name != QUEUES:
            yield _at(call), "mail", "Mails are queued by engine.progress.mail, in the fixed words of a message."
        if called == "tell" and owner == "mail" and not {word.arg for word in call.keywords} <= TOLD:
            yield _at(call), "mail", f"A mail is told {', '.join(sorted(TOLD))} and nothing of the case."


def _trail(name: str, calls: Calls, _known: dict[str, str]) -> Iterator[Found]:
    """What is not on the chain, or not said on it, `verify` takes for put in from outside."""
    noted = {id(node) for call, called in calls if called in ("write", "told") for arg in call.args for node in ast.walk(arg)}
    for call, called in calls:
        table = getattr(call.args[0], "attr", "") if call.args and called in ("insert", "update", "delete") else ""
        if table == "trail" and name != CHAIN:
            yield _at(call), "trail", "Only engine.store.chain writes the trail."
        if table in BELIEVED and id(call) not in noted:
            yield _at(call), "believed", f"{table} is believed as it stands: write it by work.write, so that the trail accounts for it."


# ---- columns

def _columns(calls: Calls, lines: list[str]) -> Iterator[Found]:
    """Columns that could hold what people wrote, neither sealed nor on the list of those that need not be."""
    for name, call in _wordy(calls):
        if name not in UNSEALED and not re.search(r"#\s*sealed\b", lines[(call.end_lineno or 1) - 1]):
            yield _at(call), "unsealed", f"{name} can hold what people wrote: seal it, or say in tools/rules.py why not."


def _wordy(calls: Calls) -> Iterator[tuple[str, ast.Call]]:
    for table, _ in calls:
        if isinstance(table.func, ast.Attribute) and table.func.attr == "Table" and table.args and _text(table.args[0]):
            yield from ((f"{table.args[0].value}.{getattr(call.args[0], 'value', '?')}", call)   # type: ignore[attr-defined]
                        for call, called in _calls(table) if called == "Column" and _words_in(call))


def _words_in(column: ast.Call) -> bool:
    return any(isinstance(node, ast.Attribute) and node.attr in WORDY for arg in column.args[1:] for node in ast.walk(arg))


RULES: tuple[Callable[[str, Calls, dict[str, str]], Iterator[Found]], ...] = (_sql, _markup, _logs, _mails, _trail)


if __name__ == "__main__":
    broken = list(faults())
    print("\n".join(broken) or "Every house rule is kept.")
    sys.exit(bool(broken))
