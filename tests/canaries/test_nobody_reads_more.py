"""Every text that people can write holds a word of its own; every page is visited as everyone there is; nobody reads a word that is not for them."""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from engine import SYSTEM, queries
from engine.evidence import make as evidence
from engine.forms import Field
from engine.progress import readers
from engine.queries import registers
from engine.store import tables as t
from tests.canaries.allowed import TABLE, Allowed
from tests.canaries.board import Populated, populate
from tests.canaries.crawl import Crawler, Seen
from tests.canaries.report import figures, write
from tests.canaries.rows import every_kind_of_proposal
from tests.canaries.words import WORD

pytestmark = pytest.mark.xdist_group("canaries")

#: Routes that never answer with a page or a file of their own, and why.
WITHOUT_A_PAGE = {
    "links.open": "puts the link aside and leads on to links.choose, so that it stands in no address",
    "single_sign_on.start": "leads on to the identity provider",
    "single_sign_on.again": "leads on to the identity provider",
    "single_sign_on.back": "leads on to where somebody was going; what comes from no provider is refused with 403",
    "single_sign_on.leave": "leads on to the identity provider, or to the sign-in page",
    "invitations.lost": "leads on to what is proposed for that person",
}
#: Where no word may stand, whoever looks: lists, histories, diagrams, figures (requirements 2.2 †: never in a status list; 2.3: no name in lists).
WITHOUT_WORDS = ("home.", "cases.list", "tasks.list", "drafts.list", "trail.", "keeping.list", "diagrams.", "health.", "service.", "help.", "static",
                 "sign_in.", "links.", "people.", "process.", "single_sign_on.", "start.list", "invitations.")
#: The stories of the long run: between them they answer every form that holds a text.
LONG = (
    "no_reports_at_all", "chair_asks_first", "taken_over_after_ratification", "withdrawal", "other_review_to_its_end", "not_published_needs_two_agreements",
    "copy_a_week_before", "police_advice_before_practitioners", "silp_joint_review_led_by_us", "cdop_referral", "serious_incident_notified", "skip_refused",
    "reason_for_a_delay_accepted", "no_turned_into_a_review", "agency_added_while_running", "six_months_missed", "report_changed_after_the_copy",
    "passed_on_later", "reopened", "panel_signs", "eight_agencies_and_a_trial", "publication_takes_two", "taken_down_after_a_year", "all_that_is_in_the_way",
    "report_and_board_refusals",
)
#: Forms whose texts no story of the short run answers; the long one has them (`make soak`).
ONLY_IN_THE_LONG_RUN = frozenset({
    "accept_delay", "accuracy_check", "add_agency", "advice_on_publication", "agree_referring_agency", "agree_withdrawal", "alternative_board",
    "alternative_comments", "alternative_commission", "alternative_plan", "alternative_report", "ask_panel_again", "ask_peer_challenge",
    "case_against_publishing", "cdop_receipt", "chair_acknowledges", "completeness_check", "confirm_publication", "consider_new_facts", "contribution_matrix",
    "coroner_contact", "decide_again", "executive_summary", "go_on_without_events", "learning_shared", "merge_into_joint", "national_panel_advice", "pass_on",
    "peer_challenge", "reason_again", "reconsideration", "referral_receipt", "refusal_taken_up", "release_contribution", "release_panel_pack", "reopen",
    "report_quality", "review_hold", "second_decision", "sign_agreement", "sin_record", "skip_casting", "skip_vote", "withdrawal",
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
        who = board.engine.actor(board.people[login]) if login in board.people else None
        for word, where in sorted(words.items()):
            canary = board.canaries.get(word)
            if word in board.published or (canary and allowed.may_read(who, canary)):
                continue
            what = canary.place if canary else "a word that was never planted"
            found.append(f"{login} ({', '.join(sorted(map(str, who.holdings))) if who else ''}) read {what} of {sorted(canary.agencies) if canary else ''} "
                         f"at {min(where)}")
    return found


def misplaced(board: Populated, seen: Seen) -> list[str]:
    """Words of others in titles, addresses, headers and cookies. What somebody calls their own phone, and what they typed themselves, is no matter."""
    return sorted(f"{board.canaries[word].place} in the {place} at {endpoint}" for place, endpoint, word in seen.misplaced
                  if word in board.canaries and board.canaries[word].kind != "factor")


def crawl(board: Populated, *, thorough: bool = False, tell: bool = False) -> Seen:
    """Everyone, everywhere."""
    crawler, people = Crawler(board, thorough=thorough), looking(board)
    for number, login in enumerate(people, 1):
        crawler.visit_all(login)
        if tell:
            print(f"{number} of {len(people)}: {login or 'nobody'}, {sum(crawler.seen.visits.values())} visits so far", flush=True)
    crawler.visit_with_keys()
    return crawler.seen


def texts(board: Populated) -> set[str]:
    """Every form in which somebody can write a text or hand in a file."""
    rows = {register.form for register in board.pack.registers.values()}
    return {id for id, form in board.pack.forms.items() if any(
        isinstance(item, Field) and item.type in ("textfield", "textarea", "filepicker") and not item.readonly for _, item in form.walk())} - rows


@pytest.fixture(scope="module")
def crawled(board: Populated) -> Iterator[Seen]:
    return crawl(board)


def test_nobody_reads_a_word_that_is_not_for_them(board: Populated, crawled: Seen) -> None:
    found = leaks(board, crawled, Allowed())
    print("\n" + figures(board, crawled, len(found)))
    write("canaries.txt", "The short crawl", [(board, crawled, len(found))])

    assert found == []
    assert len(crawled.table["home.page"]) >= 35
    assert sum(crawled.visits.values()) >= 2500
    assert len(crawled.all_words) >= 500
    assert len(board.canaries) >= 900


def test_every_route_gives_somebody_a_page(board: Populated, crawled: Seen) -> None:
    routes = {rule.endpoint for rule in Crawler(board).rules if "GET" in (rule.methods or ())}

    assert sorted(routes - crawled.routes) == sorted(WITHOUT_A_PAGE)
    assert {"trail.evidence", "access.search", "access.passages", "access.account"} <= crawled.routes


def test_no_word_stands_where_none_belongs_whoever_looks(board: Populated, crawled: Seen) -> None:
    assert misplaced(board, crawled) == []
    assert {endpoint: next(iter(one.words)) for endpoint, row in crawled.table.items() if endpoint.startswith(WITHOUT_WORDS)
            for one in row.values() if one.words} == {}


def test_everyone_who_has_business_there_reads_something(board: Populated, crawled: Seen) -> None:
    """A crawl that sees nothing finds nothing."""
    for login, least in {"business_manager": 150, "dep.chair": 100, "board_rep.csc": 20, "board_rep.hlt": 20, "referrer.hlt": 5}.items():
        assert len(crawled.words[login]) >= least, login
    for login in ("nobody", "nils.nothing", "vera.viewer", "audrey.audit", "a monitor", "with a link", "halfway (factor)", "halfway (setup)"):
        assert set(crawled.words[login]) <= board.published, login
    for login in ("otto.owner", "adam.admin", "stray.hou"):   # what they wrote themselves, and what waits for them
        assert {board.canaries[word].kind for word in set(crawled.words[login]) - board.published} <= {"proposal", "factor", "deputy"}, login
    assert every_kind_of_proposal(board)


def test_no_page_breaks(crawled: Seen) -> None:
    assert crawled.broken == set()


def test_every_form_with_a_text_is_in_the_table_and_in_a_story(board: Populated) -> None:
    allowed = Allowed()
    missing = sorted(texts(board) - allowed.rules.keys())
    rest = texts(board) - board.forms()
    print(f"\n{len(texts(board) & board.forms())} of {len(texts(board))} forms hold words here; the others: {', '.join(sorted(rest))}")

    assert missing == []
    assert rest == ONLY_IN_THE_LONG_RUN


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
    crawler.visit("board_rep.csc", *(f"/cases/{reference}/registers/authors" for reference in board.cases))
    feedback = {canary.case for canary in board.canaries.values() if canary.form == "feedback" and canary.kind == "answer"}
    answers = frozenset({"answer", "reference"})
    crawler.visit("business_manager", *(row.url("/cases/<reference>/answers/<answer>") for row in crawler.rows.by_names[answers]
                                        if board.cases[row.case or ""].id in feedback))

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
    """The trail, what stands in plain columns about cases, what `verify` says, evidence, and how settings are printed."""
    with board.engine.database.reading() as db:
        trail = [str(row) for row in db.execute(sa.select(t.trail))]
        incidents = [str(row) for row in db.execute(sa.select(t.incidents))]
    said = [str(board.engine.ask(SYSTEM, queries.verify)), repr(board.engine.settings), repr(board.engine.vault)]
    said += [repr(evidence(board.engine, SYSTEM, reference)) for reference in list(board.cases)[:1]]

    assert len(trail) >= 4000
    assert [row for row in [*trail, *incidents, *said] if WORD.search(row)][:3] == []


@pytest.mark.soak
def test_nobody_reads_a_word_that_is_not_for_them_in_any_form(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Every form that holds a text, everyone, something of every kind there is: a quarter of an hour."""
    folder = tmp_path_factory.mktemp("canaries")
    board = populate(f"sqlite:///{folder}/canaries.sqlite", folder, LONG)
    print(f"\n{len(LONG)} stories, {len(board.cases)} cases, {len(board.people)} people, {len(board.canaries)} words", flush=True)
    assert sorted(texts(board) - board.forms()) == []
    assert board.forms() >= ONLY_IN_THE_LONG_RUN
    seen = crawl(board, thorough=True, tell=True)
    found = leaks(board, seen, Allowed())
    print(figures(board, seen, len(found)))
    write("canaries-long.txt", "The long crawl", [(board, seen, len(found))])
    board.engine.close()

    assert found == []
    assert misplaced(board, seen) == []
    assert seen.broken == set()
