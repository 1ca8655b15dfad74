"""What the database is asked: counted here, where it is exact; `make bench` has the times."""
import pytest

from engine.bench.ground import ground
from engine.bench.pack import row_of
from engine.bench.stopwatch import Tally
from engine.packs import pack_of
from engine.packs.check import check
from webforms.bench.pages import addresses
from webforms.bench.visitor import Visitor

MOST_STATEMENTS = 20


@pytest.fixture(scope="module")
def here():
    with ground(10) as made:
        made.run_through()
        yield made


@pytest.fixture(scope="module")
def clerk(here):
    return Visitor(here, "clerk")


def test_the_pack_that_is_measured_has_no_faults():
    assert check(pack_of(row_of(3))) == []


def test_a_step_is_one_commit_of_few_statements(here):
    task = here.open_task(here.start())

    with Tally(here.engine.database) as asked:
        here.submit(task)

    assert asked.commits == 1
    assert len(asked.statements) <= MOST_STATEMENTS - 4, asked.statements  # the web has to ask who it is


def test_a_process_stays_in_memory_between_steps(here):
    case = here.start()

    with Tally(here.engine.database) as asked:
        here.submit(here.open_task(case))

    assert not [text for text in asked.statements if text.startswith("SELECT") and "FROM steps" in text]


def test_a_completion_through_the_web_is_one_commit_of_at_most_twenty_statements(here, clerk):
    task = here.open_task(here.start())
    clerk.opened(task)

    with Tally(here.engine.database) as asked:
        clerk.answer(task)

    assert asked.commits == 1
    assert len(asked.statements) <= MOST_STATEMENTS, asked.statements


def test_no_page_asks_more_when_more_cases_are_open():
    asked: dict[str, dict[int, int]] = {}
    for cases in (5, 50):
        with ground(10) as board:
            pages = addresses(board, board.open_cases(cases))
            visitors = {login: Visitor(board, login) for login, _ in pages.values()}
            for name, (login, address) in pages.items():
                visitors[login].see(address)
                with Tally(board.engine.database) as tally:
                    visitors[login].see(address)
                asked.setdefault(name, {})[cases] = len(tally.statements)

    assert {name: counts[50] - counts[5] for name, counts in asked.items()} == dict.fromkeys(asked, 0)
