"""The house rules of safety (tools/rules.py): each finds a planted breach and lets the right way pass, and nothing here breaks one."""
from __future__ import annotations

import pytest

from tools import rules

SQL = "import sqlalchemy as sa\n"
LOG = "log = structlog.get_logger('x')\n"
TABLE = "import sqlalchemy as sa\nnotes = sa.Table('notes', metadata,\n    {}\n)\n"

#: rule, where it stands, what breaks it, the right way
TOLD_APART = [
    ("python-engine", "engine/spiff/x.py", "from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine", "from engine.spiff import environment"),
    ("python-engine", "engine/spiff/x.py", "from SpiffWorkflow.bpmn import script_engine as s\ns.TaskDataEnvironment()", "from SpiffWorkflow.bpmn import util"),
    ("python-engine", "engine/bench/x.py", "from SpiffWorkflow.bpmn import BpmnWorkflow\nBpmnWorkflow(spec)", "from engine.spiff.scopes import Case"),
    ("code-from-data", "engine/x.py", "eval(text)", "racer.eval(text)"),
    ("code-from-data", "webforms/x.py", "exec('a = 1')", "command.execute()"),
    ("code-from-data", "tools/x.py", "compile(text, 'x', 'exec')", "import re\nre.compile('x')"),
    ("code-from-data", "engine/x.py", "import pickle", "import json"),
    ("code-from-data", "engine/x.py", "from marshal import loads", "from json import loads"),
    ("code-from-data", "engine/x.py", "import yaml as y\ny.load(text)", "import yaml as y\ny.safe_load(text)"),
    ("code-from-data", "webforms/x.py", "from flask import render_template_string", "from flask import render_template"),
    ("clock", "engine/x.py", "from datetime import datetime as d\nd.now(UTC)", "work.now"),
    ("clock", "webforms/x.py", "import datetime\ndatetime.date.today()", "import datetime\ndatetime.date(2026, 3, 2)"),
    ("clock", "engine/x.py", "import datetime\ndatetime.datetime.utcnow()", "engine.clock.now()"),
    ("clock", "engine/x.py", "import time\ntime.time()", "import time\ntime.perf_counter()"),
    ("network", "engine/progress/x.py", "import smtplib", "import ssl"),
    ("network", "webforms/x.py", "from urllib.request import urlopen", "from urllib.parse import urlsplit"),
    ("network", "engine/x.py", "def late():\n    import requests", "def late():\n    import json"),
    ("mail", "engine/progress/x.py", "from email.message import EmailMessage", "import engine"),
    ("mail", "engine/actions/x.py", "work.post('note', person, 'Subject', answers['child'])", "mail.tell(work, case, 'note', people, due=due)"),
    ("mail", "engine/actions/x.py", "mail.tell(work, case, 'note', people, child=name)", "mail.tell(work, case, 'note', people, link=link, days=3)"),
    ("mail", "engine/actions/x.py", "mail.tell(work, case, 'note', people, **answers)", "mail.tell(work, case, 'note', people)"),
    ("raw-sql", "engine/x.py", SQL + "db.execute(f'delete from {table}')", SQL + "db.execute(sa.delete(table))"),
    ("raw-sql", "engine/x.py", SQL + "db.scalars('select ' + name)", SQL + "db.scalars(query)"),
    ("raw-sql", "engine/x.py", SQL + "db.execute('select %s' % name)", SQL + "db.execute(sa.text('select 1'))"),
    ("raw-sql", "engine/x.py", SQL + "db.execute('drop {}'.format(name))", SQL + "db.execute(query, {'name': name})"),
    ("raw-sql", "engine/x.py", "from sqlalchemy import text\ntext(words)", "from sqlalchemy import text\ntext('a is null')"),
    ("raw-sql", "engine/x.py", "db.exec_driver_sql(statement)", "db.exec_driver_sql('BEGIN' if reading else 'BEGIN IMMEDIATE')"),
    ("markup", "webforms/x.py", "from markupsafe import Markup\nMarkup(text)", "from markupsafe import Markup\nMarkup('<b>{}</b>').format(text)"),
    ("markup", "webforms/x.py", "import markupsafe\nmarkupsafe.Markup(f'<b>{text}</b>')", "import markupsafe\nmarkupsafe.escape(text)"),
    ("logs", "engine/x.py", LOG + "log.info('done', answer=answer)", LOG + "log.info('done', case=case, status=200)"),
    ("logs", "engine/x.py", LOG + "log.warning(f'{name} came')", LOG + "log.warning('came', person=person)"),
    ("logs", "engine/x.py", LOG + "log.info('done %s', name)", LOG + "log.info('done', extra={'verb': verb})"),
    ("logs", "engine/x.py", LOG + "log.info('done', extra={'name': name})", LOG + "log.exception('done', timer=timer)"),
    ("logs", "engine/x.py", LOG + "log.info('done', extra=answers)", LOG + "log.info('done')"),
    ("logs", "engine/x.py", LOG + "log.error('broken', why=str(problem))", LOG + "log.error('broken', why=type(problem).__name__)"),
    ("logs", "engine/x.py", LOG + "log.error('broken', **all)", LOG + "log.error('broken', kind=kind)"),
    ("trail", "engine/x.py", SQL + "db.execute(sa.insert(t.trail).values(row))", "work.record('viewed', page='case')"),
    ("believed", "engine/x.py", SQL + "work.db.execute(sa.update(t.people).values(active=True))",
     SQL + "work.write(sa.update(t.people).values(active=True))"),
]


@pytest.mark.parametrize(("rule", "where", "breach", "right"), TOLD_APART)
def test_a_breach_is_found_and_the_right_way_passes(rule, where, breach, right):
    assert {found for _, found, _ in rules.of_source(where, breach)} == {rule}
    assert rules.of_source(where, right) == []


@pytest.mark.parametrize("kind", ["sa.LargeBinary, nullable=False", "sa.Text", "sa.JSON(none_as_null=True)"])
def test_a_column_for_words_is_sealed_or_listed_with_a_reason(kind):
    def told(rest: str) -> list[str]:
        return [says for _, rule, says in rules.of_source(rules.TABLES, TABLE.format(f"sa.Column('said', {kind}){rest}")) if "notes.said" in says]

    for rest in (",", ",  # not sealed yet"):
        [says] = told(rest)
        assert "seal it" in says
    assert told(",  # sealed: why it was said") == []


def test_what_is_listed_as_unsealed_and_is_no_column_is_found(tmp_path):
    (tmp_path / rules.TABLES).mkdir(parents=True)
    for name in ("webforms/templates", *rules.FILES):
        (tmp_path / name).mkdir(parents=True, exist_ok=True)

    found = list(rules.faults(tmp_path))

    assert len(found) == len(rules.UNSEALED)
    assert all("no such column" in says for says in found)


@pytest.mark.parametrize(("template", "breaks"), [
    ("<p>{{ name|safe }}</p>", True), ("{{ name | safe }}", True), ("{% autoescape false %}", True),
    ("<p>{{ name }}</p>", False), ("{{ text|prose }} is a safe way", False),
])
def test_a_template_escapes_what_it_shows(template, breaks):
    assert bool(rules.of_template(template)) is breaks


def test_what_is_allowed_says_why_and_is_needed():
    breach = SQL + "db.execute(f'pragma {word}')   # allowed: raw-sql"

    assert rules.of_source("engine/x.py", breach + " - a word of ours") == []
    assert "Say behind a hyphen" in rules.of_source("engine/x.py", breach)[0][2]
    assert rules.of_source("engine/x.py", breach.replace("raw-sql", "markup - wrong rule"))[0][1] == "markup"
    assert "Nothing here needs" in rules.of_source("engine/x.py", "a = 1   # allowed: raw-sql - once it did")[0][2]


def test_where_a_name_belongs_it_may_stand():
    assert rules.of_source("engine/outside/post.py", "import smtplib\nfrom email.message import EmailMessage") == []
    assert rules.of_source("engine/clock.py", "from datetime import datetime\ndatetime.now(UTC)") == []


def test_nothing_here_breaks_a_rule():
    assert list(rules.faults()) == []
