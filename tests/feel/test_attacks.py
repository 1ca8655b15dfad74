"""Nothing an expression says gets out of the sandbox, hurts the process, or harms the next expression."""
import asyncio
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from engine import feel

NOW = datetime(2024, 5, 1, 10, tzinfo=UTC)
DOUBLED = '(for i in 1..27 return if i = 1 then "aaaaaaaa" else partial[-1] + partial[-1])[-1]'
REACHING = [
    '"".constructor.constructor("return 1")()', "a.constructor.constructor", "feel", "globalThis", "a.__proto__", 'get value(a, "constructor")("x")',
    "today.constructor",
    'get value(a, "__proto__")', "today.prototype.constructor", "a.toString", "[].constructor", 'today().constructor.constructor("return this")()',
    "now().loc.intl.constructor", "now().zone.constructor", "(function(x) x).fn",
    "[1..3].includes.constructor", 'context put({}, ["__proto__", "polluted"], 1).polluted', '{__proto__: {polluted: 1}}.polluted',
    'context merge([{"__proto__": {x: 1}}]).x',
    "Function", 'eval("1")', "this", "process.env", 'require("fs")', "import", "WebAssembly", "today.$args.constructor",
    "duration(\"P1D\").loc.constructor", "__timer_manager",
    "__import__('os').system('true')", 'a[constructor = 1]', "setTimeout", 'matches("a", "(?:")',
]
COSTLY = [
    "for x in 1..100000000 return x", "for a in 1..1000, b in 1..1000, c in 1..1000 return a", f'matches({DOUBLED}, "x")', f'split({DOUBLED}, "a")',
    f"upper case({DOUBLED})",
    DOUBLED.replace("27", "24"), 'matches("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "^(a+)+$")',
    "for i in 1..30 return if i = 1 then [1, 2] else [partial[-1], partial[-1]]",
    "for i in 1..30 return if i = 1 then [1, 2, 3] else concatenate(partial[-1], partial[-1])", "{f: function(g) g(g), r: f(f)}.r",
    "(" * 9000 + "1" + ")" * 9000, "[" * 9000 + "1" + "]" * 9000,
    "not(" * 3000 + "true" + ")" * 3000, "flatten(for x in 1..100000 return [x])", "every x in 1..1000000000 satisfies true",
    "distinct values(for x in 1..200000 return x)", "a" * 30_000,
]


@pytest.mark.parametrize("text", REACHING)
def test_nothing_but_the_language_can_be_reached(text):
    try:
        given = feel.evaluate(text, {"a": {"b": 1}}, NOW)
    except feel.FeelError:
        given = None

    assert given in (None, [], False)
    assert feel.evaluate("1 + 1", {}, NOW) == 2


@pytest.mark.parametrize("text", COSTLY, ids=lambda text: text[:40])
def test_what_costs_too_much_is_stopped_and_the_next_one_works(text):
    with pytest.raises(feel.FeelError):
        feel.evaluate(text, {}, NOW)

    assert feel.evaluate("1 + 1", {}, NOW) == 2


def test_what_earlier_questions_left_behind_does_not_stop_a_later_one():
    big = {"rows": [{"agency": f"A{number}", "text": "x" * 200} for number in range(1000)]}
    for number in range(300):                    # 70 MB of questions, beyond the memory limit
        assert feel.evaluate(f"count(rows) + {number}", big, NOW) == 1000 + number


def test_keys_of_data_cannot_reach_the_prototypes():
    evil = {"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}
    with pytest.raises(feel.FeelError):
        feel.evaluate("a.polluted", {"a": evil}, NOW)
    with pytest.raises(feel.FeelError):
        feel.evaluate("b.polluted", {"a": evil, "b": {"c": 1}}, NOW)
    assert feel.evaluate("a.constructor.prototype.polluted + 0", {"a": evil}, NOW) == 1


def test_a_text_cannot_leave_its_quotes():
    for text in ['");globalThis.x=1;("', "\u2028\u2029", "\\", "'`${1}`", '"))//', "\x00"]:
        assert feel.evaluate("t + t", {"t": text}, NOW) == text * 2


def test_half_a_character_is_refused():
    with pytest.raises(feel.FeelError):
        feel.evaluate("t + t", {"t": "\ud800"}, NOW)
    with pytest.raises(feel.FeelError):
        feel.evaluate('"\ud800" + "a"', {}, NOW)


def run(script, **environment):
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=240, check=False, env={**os.environ, **environment})


START = "import os\nfrom datetime import UTC, datetime\nfrom engine import feel\nNOW = datetime(2024, 5, 1, tzinfo=UTC)\n"


def test_use_after_a_fork_is_refused_in_words():
    done = run(START + """
feel.evaluate("1 + 1", {}, NOW)
if os.fork():
    os._exit(os.waitstatus_to_exitcode(os.wait()[1]))
try:
    feel.evaluate("1 + 1", {}, NOW)
except RuntimeError as refused:
    os._exit(7 if "Fork before" in str(refused) else 8)
os._exit(9)
""")
    assert done.returncode == 7, done.stderr


def test_a_child_may_begin_when_its_parent_never_did():
    done = run(START + """
if os.fork():
    os._exit(os.waitstatus_to_exitcode(os.wait()[1]))
code = 7 if feel.evaluate("1 + 1", {}, NOW) == 2 else 8
feel.close()
os._exit(code)
""")
    assert done.returncode == 7, done.stderr


def test_a_process_that_used_it_ends_quietly():
    done = run(START + """
print(feel.evaluate("1 + 1", {}, NOW))
try:
    feel.evaluate("for x in 1..100000000 return x", {}, NOW)
except feel.FeelError:
    print(feel.evaluate("2 + 2", {}, NOW))
""")
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, ["2", "4"], "")


def test_it_works_where_an_event_loop_runs():
    done = run(START + """
import asyncio
async def ask():
    return feel.evaluate("1 + 1", {}, NOW)
print(asyncio.run(ask()))
""")
    assert (done.returncode, done.stdout.strip()) == (0, "2"), done.stderr


def test_it_works_inside_a_running_loop_of_this_process():
    async def ask():
        return feel.evaluate("2 + 3", {}, NOW)

    with ThreadPoolExecutor(1) as another:  # in this thread the browser's loop may be running already
        assert another.submit(lambda: asyncio.run(ask())).result() == 5
