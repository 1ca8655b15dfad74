"""Every text that people can write holds a word of its own; every page is visited as everyone there is; nobody reads a word that is not for them."""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from engine import SYSTEM, queries
from engine.forms import Field
from engine.progress import readers
from engine.queries import registers
from engine.store import tables as t
from tests.canaries.allowed import TABLE, Allowed
from tests.canaries.board import PACK, STORIES, WORD, Populated, populate
from tests.canaries.crawl import Crawler, Seen

pytestmark = pytest.mark.xdist_group("canaries")

#: Forms whose texts no story of the short run answers; the long one has them (`make soak`).
ONLY_IN_THE_LONG_RUN = frozenset({
    "add_agency", "advice_on_publication", "agree_referring_agency", "agree_withdrawal", "alternative_board", "alternative_comments",
    "alternative_commission", "alternative_plan", "alternative_report", "ask_panel_again", "ask_peer_challenge", "case_against_publishing",
    "cdop_receipt", "chair_acknowledges", "confirm_publication", "coroner_contact", "decide_again", "executive_summary", "finish_plan", "learning_shared",
    "merge_into_joint", "national_panel_advice", "pass_on", "peer_challenge", "police_advice", "police_request", "publication_moved", "reason_again",
    "reconsideration", "referral_receipt", "refusal_taken_up", "release_panel_pack", "reopen", "report_quality", "review_hold", "second_decision",
    "sign_agreement", "sin_record", "skip_casting", "skip_vote", "withdrawal",
})


def looking(board: Populated) -> list[str | None]:
    """Nobody, and people of every kind of role."""
    found: list[str | None] = [None]
    kinds: Counter[frozenset[str]] = Counter()
    for login, person in sorted(board.people.items()):
        who = board.engine.actor(person)
        kind = frozenset(f"{held.role}{'#' if held.case else ''}" for held in who.holdings) if who else frozenset()
        kinds[kind] += 1
        if kinds[kind] <= (2 if who and any(held.agency for held in who.holdings) else 1):   # of an agency also who is of another
            found.append(login)
    return found


def leaks(board: Populated, seen: Seen, allowed: Allowed) -> list[str]:
    """Every word that someone read and may not, with where."""
    found = []
    for login, words in seen.words.items():
        who = board.engine.actor(board.people[login]) if login != "nobody" else None
        for word, where in sorted(words.items()):
            canary = board.canaries.get(word)
            if word in board.published or (canary and allowed.may_read(who, canary)):
                continue
            what = canary.place if canary else "a word that was never planted"
            found.append(f"{login} ({', '.join(sorted(map(str, who.holdings))) if who else ''}) read {what} of {sorted(canary.agencies) if canary else ''} "
                         f"at {min(where)}")
    return found


@pytest.fixture(scope="module")
def crawled(board: Populated) -> Iterator[Seen]:
    crawler = Crawler(board, most=3)
    for login in looking(board):
        crawler.visit_all(login)
    return crawler.seen


def test_nobody_reads_a_word_that_is_not_for_them(board: Populated, crawled: Seen) -> None:
    found = leaks(board, crawled, Allowed())
    routes = {rule.endpoint for rule in Crawler(board).rules if "GET" in (rule.methods or ())}
    print(f"\n{len(crawled.visits)} routes and answers, {len(crawled.routes)} of {len(routes)} routes gave something, {sum(crawled.visits.values())} visits, "
          f"{len(crawled.people)} people, {len(crawled.all_words)} of {len(board.canaries)} words read, {len(found)} leaks")

    assert found == []
    assert len(crawled.people) >= 30
    assert len(crawled.routes) >= 25
    assert sum(crawled.visits.values()) >= 3000
    assert len(crawled.all_words) >= 350
    assert len(board.canaries) >= 900


def test_everyone_who_has_business_there_reads_something(board: Populated, crawled: Seen) -> None:
    """A crawl that sees nothing finds nothing."""
    for login, least in {"business_manager": 150, "dep.chair": 100, "board_rep.csc": 20, "board_rep.hlt": 20, "referrer.hlt": 5}.items():
        assert len(crawled.words[login]) >= least, login
    for login in ("nobody", "otto.owner", "nils.nothing", "stray.hou", "vera.viewer", "audrey.audit"):
        assert set(crawled.words[login]) <= board.published, login


def test_no_page_breaks(crawled: Seen) -> None:
    assert [visit for visit in crawled.visits if visit[1].startswith("5")] == []


def test_every_form_with_a_text_is_in_the_table_and_in_a_story(board: Populated) -> None:
    rows = {register.form for register in board.pack.registers.values()}
    texts = {id for id, form in board.pack.forms.items() if any(
        isinstance(item, Field) and item.type in ("textfield", "textarea", "filepicker") and not item.readonly for _, item in form.walk())} - rows
    allowed = Allowed()
    missing = [form for form in sorted(texts) if not any(name.partition(".")[0] == form for name in allowed.rules)]
    planted = {canary.form for canary in board.canaries.values()}
    rest = texts - planted
    print(f"\n{len(texts & planted)} of {len(texts)} forms hold words here; the others: {', '.join(sorted(rest))}")

    assert missing == []
    assert rest <= ONLY_IN_THE_LONG_RUN


def test_a_smaller_set_is_noticed(board: Populated, crawled: Seen) -> None:
    """What the crawl finds is found by the table: with less allowed, the same visits are leaks."""
    text = TABLE.read_text(encoding="utf-8")
    smaller = text.replace('office = ["business_manager", "business_office"]', 'office = ["business_office"]')
    assert smaller != text

    found = leaks(board, crawled, Allowed(smaller))

    assert len([leak for leak in found if leak.startswith("business_manager ")]) >= 50


def test_a_condition_left_out_is_noticed(board: Populated, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted leaks: rows of all agencies, files of anyone, answers whoever they are for."""
    monkeypatch.setattr(registers, "reads_some_rows", lambda *_: None)
    monkeypatch.setattr(readers, "reads_some_rows", lambda *_: None)
    monkeypatch.setattr(queries.corrections, "readable", lambda _actor, _case, rows, _agency: rows)
    crawler = Crawler(board)
    client = crawler.client("board_rep.csc")
    for reference in board.cases:
        for register in board.pack.registers:
            crawler._get(client, "board_rep.csc", f"/cases/{reference}/registers/{register}")
    client = crawler.client("business_manager")
    for reference, answer in crawler.ids["answers"]:
        crawler._get(client, "business_manager", f"/cases/{reference}/answers/{answer}")

    found = " ".join(leaks(board, crawler.seen, Allowed()))
    assert "read nomination.post" in found
    assert "read feedback.notes" in found


def test_no_mail_holds_a_word(board: Populated) -> None:
    o, cases = t.outbox, {case.id: case for case in board.cases.values()}
    with board.engine.database.reading() as db:
        rows = db.execute(sa.select(o)).all()
    said = [(cases[row.case_id].key.open(row.mail, row.case_id, "outbox", row.id) if row.case_id
             else board.engine.vault.open(row.mail, "", "outbox", row.id)).decode() for row in rows]

    assert len(said) >= 100
    assert [mail for mail in said if WORD.search(mail)] == []


def test_no_line_of_the_log_holds_a_word(board: Populated, crawled: Seen, log_lines: list[str]) -> None:
    assert sum(crawled.visits.values()) <= len([line for line in log_lines if "'page'" in line]) + 2000
    assert [line for line in log_lines if WORD.search(line)][:3] == []


def test_what_is_told_to_those_who_run_it_holds_no_word(board: Populated, crawled: Seen) -> None:
    """The trail, what stands in plain columns about cases, and what `verify` says."""
    with board.engine.database.reading() as db:
        trail = [str(row) for row in db.execute(sa.select(t.trail))]
        incidents = [str(row) for row in db.execute(sa.select(t.incidents))]
    said = str(board.engine.ask(SYSTEM, queries.verify))

    assert len(trail) >= 5000
    assert [row for row in [*trail, *incidents, said] if WORD.search(row)][:3] == []


@pytest.mark.soak
def test_nobody_reads_a_word_that_is_not_for_them_in_any_story(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Every story of the pack, everyone, every address of the first board and 40 of each kind of the others: hours."""
    names = sorted(file.stem for file in (PACK / "scenarios").glob("*.toml") if file.stem != "board" and file.stem not in STORIES)
    for chunk in [STORIES, *(tuple(names[at:at + 6]) for at in range(0, len(names), 6))]:
        folder = tmp_path_factory.mktemp("canaries")
        board = populate(f"sqlite:///{folder}/canaries.sqlite", folder, chunk)
        crawler = Crawler(board, None if chunk is STORIES else 40)
        for login in [None, *sorted(board.people)]:
            crawler.visit_all(login)
        assert leaks(board, crawler.seen, Allowed()) == [], chunk
        board.engine.close()


