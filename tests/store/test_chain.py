"""The trail is a chain, and says what each deed wrote: whatever is done to the database from outside is named, by row and in words."""
from __future__ import annotations

import re
import threading
import time
import tracemalloc
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine import actions, alarm, queries
from engine.outside.post import open_mail, send_waiting
from engine.progress.drafts import DraftPlace
from engine.settings.values import Trail
from engine.store import tables as t
from engine.store.chain import link_of, on_chain
from engine.store.database import new_id
from engine.store.migrate import migrate
from tests.makers import board, filled, paper

DRAFT = {"comment": "not sure yet"}


@pytest.fixture
def office(make_database, database_kind, tmp_path):
    made = board(make_database(database_kind, filled), tmp_path)
    owner_drops_triggers(made)
    yield made
    made.engine.close()


@pytest.fixture
def lite(make_database, tmp_path):
    made = board(make_database("sqlite", filled), tmp_path)
    owner_drops_triggers(made)
    yield made
    made.engine.close()


def owner_drops_triggers(office):
    on = "" if office.engine.database.sqlite else " on {}"
    with office.engine.database.writing() as db:
        for table, verb in (("trail", "update"), ("trail", "delete"), ("steps", "update"), ("heads", "delete")):
            db.exec_driver_sql(f"drop trigger {table}_no_{verb}{on.format(table)}")


def bought(office):
    """A case that went a little way: some thirty rows on its trail."""
    case = office.request()
    office.do("abel", actions.save_draft, DraftPlace("task", office.task(case.case, "approve")), DRAFT)
    office.approve(case.case)
    office.quote(case.case, "quin", "QUI")
    office.ask("otto", queries.case_page, case.reference)
    for _ in range(2): office.do("olga", actions.sign_out, "nothing")
    return case


def named(office, **options):
    return office.engine.look_through(queries.verify, **options)


def only(office, table, row, *words, **options):
    """That this is what is named, and nothing else."""
    [broke] = named(office, **options)
    assert (broke.table, broke.row) == (table, str(row)), broke
    for word in words:
        assert word in broke.says, broke.says


def chain_of(office, case):
    return office.rows(sa.select(t.trail).where(on_chain(case), t.trail.c.number.is_not(None)).order_by(t.trail.c.number))


# ---- the chain

def test_whatever_people_do_every_row_is_on_a_chain(office):
    case = bought(office)
    office.do("olga", actions.sign_out, "nothing")
    for one in (case.case, None):
        rows = chain_of(office, one)
        assert [row.number for row in rows] == list(range(1, len(rows) + 1))
        assert len({row.link for row in rows}) == len(rows) > 3
    assert named(office) == []


@pytest.mark.parametrize("column", ["at", "actor", "event", "details", "sealed", "link"])
def test_a_changed_row_is_named(office, column):
    case = bought(office)
    rows = chain_of(office, case.case)
    row = next(row for row in rows[3:] if row.sealed) if column == "sealed" else rows[5]
    if column == "at":
        office.write(sa.update(t.trail).where(t.trail.c.id == row.id).values(at=office.clock.now().replace(year=2020)))
    else:
        other = next(one for one in rows if getattr(one, column) not in (getattr(row, column), None))
        office.write(sa.update(t.trail).where(t.trail.c.id == row.id).values({column: getattr(other, column)}))

    first = named(office)[0]
    assert (first.table, first.row, first.reference) == ("trail", str(row.id), case.reference)
    assert "changed" in first.says


@pytest.mark.parametrize("house", [False, True])
def test_a_deleted_row_is_named_by_the_one_behind_it(office, house):
    case = bought(office)
    rows = chain_of(office, None if house else case.case)
    office.write(sa.delete(t.trail).where(t.trail.c.id == next(row.id for row in rows[4:] if not row.sealed)))
    at = next(number for number, row in enumerate(rows[4:], 4) if not row.sealed)

    only(office, "trail", rows[at + 1].id, f"Number {at + 1} of this trail is gone", "deleted")


def test_a_row_taken_out_and_the_rest_counted_anew_is_named(office):
    case = bought(office)
    rows = chain_of(office, case.case)
    gone = next(at for at, row in enumerate(rows[3:-3], 3) if not row.sealed)
    office.write(sa.delete(t.trail).where(t.trail.c.id == rows[gone].id),
                 *[sa.update(t.trail).where(t.trail.c.id == row.id).values(number=row.number - 1) for row in rows[gone + 1:]],
                 sa.update(t.cases).where(t.cases.c.id == case.case).values(trail_number=len(rows) - 1))

    only(office, "trail", rows[gone + 1].id, "not what was written")


def test_rows_in_another_order_are_named(office):
    case = bought(office)
    rows = chain_of(office, case.case)
    one, two = next((one, two) for one, two in pairwise(rows) if not (one.sealed or two.sealed))
    for row, number in ((one, 10_000), (two, one.number), (one, two.number)):
        office.write(sa.update(t.trail).where(t.trail.c.id == row.id).values(number=number))

    only(office, "trail", two.id, "another order")


def test_rows_that_people_would_read_in_another_order_are_named(office):
    case = bought(office)
    rows = chain_of(office, case.case)
    office.write(sa.update(t.trail).where(t.trail.c.id == rows[4].id).values(id=1_000_000))

    only(office, "trail", rows[5].id, "another id")


@pytest.mark.parametrize("head_too", [False, True])
def test_a_trail_that_was_cut_off_is_named(office, head_too):
    case = bought(office)
    office.ask("otto", queries.case_page, case.reference)
    rows = chain_of(office, case.case)
    office.write(sa.delete(t.trail).where(t.trail.c.id == rows[-1].id))
    if head_too:    # they have seen all there is to see in the database, but never the state behind the row before
        office.write(sa.update(t.cases).where(t.cases.c.id == case.case).values(trail_number=len(rows) - 1, trail_state=rows[-2].link))

    only(office, "trail", rows[-2].id, "does not belong to its last row" if head_too else f"had {len(rows)}")


@pytest.mark.parametrize("where", ["end", "middle", "no number", "house"])
def test_a_row_put_in_is_named(office, where):
    case = bought(office)
    rows = chain_of(office, None if where == "house" else case.case)
    last, number = rows[-1], {"end": rows[-1].number + 1, "house": rows[-1].number + 1, "middle": 5, "no number": None}[where]
    copied = {"at": last.at, "actor": last.actor, "case_id": last.case_id, "event": "viewed", "details": {"page": "case"}, "link": last.link}
    if where == "middle":
        office.write(sa.update(t.trail).where(on_chain(case.case), t.trail.c.number >= 5).values(number=t.trail.c.number + 1000),
                     sa.update(t.trail).where(on_chain(case.case), t.trail.c.number >= 1005).values(number=t.trail.c.number - 999))
    office.write(sa.insert(t.trail).values(**copied, number=number))

    only(office, "trail", office.one(sa.select(sa.func.max(t.trail.c.id))), "put into the trail")


def test_a_row_moved_to_another_case_is_named_in_both(office):
    one, two = bought(office), bought(office)
    row, last = chain_of(office, one.case)[-1], chain_of(office, two.case)[-1]
    office.write(sa.update(t.trail).where(t.trail.c.id == row.id).values(case_id=two.case, number=last.number + 1))

    assert {broke.reference for broke in named(office)} == {one.reference, two.reference}


@pytest.mark.parametrize("house", [False, True])
def test_a_head_taken_away_is_named_and_nothing_more_is_written_to_that_trail(lite, house):
    case = bought(lite)
    lite.write(sa.delete(t.heads) if house else sa.update(t.cases).where(t.cases.c.id == case.case).values(trail_state=None, trail_number=0))

    assert "head of this trail is gone" in named(lite)[0].says
    if not house:
        with pytest.raises(queries.verify.__globals__["Broken"]):
            lite.ask("otto", queries.case_page, case.reference)


def test_two_at_once_never_fork_a_chain(make_database, tmp_path):
    url = make_database("postgresql", filled)
    office = board(url, tmp_path)
    case, other = bought(office), bought(office)
    offices = [board(url, tmp_path) for _ in range(3)]
    problems = []

    def work(mine, nth):
        try:
            for _ in range(6):
                mine.ask("otto", queries.case_page, (case, other)[nth % 2].reference)
                mine.do(("rosa", "ruth", "rex")[nth], actions.save_draft, DraftPlace("start", "purchase", "request_made"), {"what": "x"})
                mine.do(None, actions.sign_out, "nothing")
                mine.ask("otto", queries.case_page, case.reference)
        except Exception as problem:  # noqa: BLE001 - told by the main thread
            problems.append(problem)

    threads = [threading.Thread(target=work, args=(mine, nth)) for nth, mine in enumerate(offices)]
    for thread in threads: thread.start()
    while any(thread.is_alive() for thread in threads):
        assert named(office) == []  # one picture, whatever they do meanwhile
    for thread in threads: thread.join()
    for one in (case.case, None):
        assert [row.number for row in chain_of(office, one)] == list(range(1, len(chain_of(office, one)) + 1))
    assert problems == named(office) == []
    for mine in (office, *offices): mine.engine.close()


def test_ten_thousand_rows_are_followed_in_seconds_and_never_held_all_at_once(lite):
    case = lite.request()
    rows = [{"at": lite.engine.now(), "actor": None, "case_id": case.case, "event": "viewed", "details": {"page": "case"}}] * 10_000
    with lite.engine.database.writing() as db:
        lite.engine.chain.write(db, rows)

    began = time.perf_counter()
    tracemalloc.start()
    assert named(lite) == []
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert time.perf_counter() - began < 20
    assert most < 4_000_000, "they are read one after the other"


# ---- rows from before there were chains

def as_it_was_before(office):
    """The database as the release before wrote it."""
    office.write(sa.delete(t.heads), sa.update(t.trail).values(number=None, link=None, sealed=None),
                 sa.update(t.cases).values(trail_number=0, trail_state=None))


def test_what_is_older_than_the_chain_is_covered_once_it_was_linked(office):
    case = bought(office)
    as_it_was_before(office)
    assert named(office) == []
    office.engine.link_older()
    office.quote(case.case, "inez", "INK")

    assert named(office) == []
    first = chain_of(office, case.case)[0]
    assert (first.event, first.number) == ("trail_linked", 1)
    old = office.rows(sa.select(t.trail).where(on_chain(case.case), t.trail.c.number.is_(None)).order_by(t.trail.c.id))
    office.write(sa.update(t.trail).where(t.trail.c.id == old[3].id).values(event="viewed"))
    only(office, "trail", first.id, f"one of the {len(old)} from before")
    office.write(sa.update(t.trail).where(t.trail.c.id == old[3].id).values(event=old[3].event))
    s = t.submissions
    office.write(sa.delete(t.readings), sa.update(s).where(s.c.case_id == case.case, s.c.element == "quote").values(seen=None))
    assert {broke.table for broke in named(office)} <= {"readings", "submissions"}


# ---- what a deed wrote

def corrected(office):
    case = bought(office)
    s = t.submissions
    before = office.rows(sa.select(s).where(s.c.case_id == case.case, s.c.element == "request_made"))[0]
    office.do("hedy", actions.correct_answer, before.id, {"what": "Pens", "amount": 40}, "It was pens")
    return case, before


def test_a_correction_that_is_undone_is_named(office):
    _, before = corrected(office)
    assert named(office) == []
    office.write(sa.update(t.submissions).where(t.submissions.c.id == before.id).values(answers=before.answers))

    only(office, "submissions", before.id, "answers", "put back to what stood there before")


def test_a_register_row_a_draft_and_a_note_put_back_are_named(lite):
    case = lite.begin(notes=[{"words": "one"}, {"words": "two"}])
    task = lite.task(case.case, "answer", "NOR")
    lite.do("nora", actions.save_draft, DraftPlace("task", task), {"findings": "first"})
    draft = lite.rows(sa.select(t.drafts))[0]._asdict()
    lite.do("nora", actions.save_draft, DraftPlace("task", task), {"findings": "second"})
    assert named(lite) == []
    lite.write(sa.delete(t.drafts), sa.insert(t.drafts).values(draft))

    assert {(broke.table, broke.row == draft["id"]): broke.says.partition(" was ")[2] for broke in named(lite)} == {
        ("drafts", True): "put in from outside the program: its trail says that nothing stands here.", ("drafts", False): "removed outside the program."}


@pytest.mark.parametrize("table", ["submissions", "steps", "documents", "register_rows", "outbox"])
def test_a_flipped_byte_is_named(lite, table):
    case = lite.begin(paper=paper(), notes=[{"words": "one"}])
    lite.at(2026, 3, 20, 9)
    alarm.sweep(lite.engine)
    column = {"submissions": "answers", "steps": "state", "documents": "content", "register_rows": "row", "outbox": "mail"}[table]
    rows = t.metadata.tables[table]
    row = lite.rows(sa.select(rows).where(rows.c.case_id == case.case))[0]
    value = getattr(row, column)
    key = rows.c.version if table == "steps" else rows.c.id
    lite.write(sa.update(rows).where(rows.c.case_id == case.case, key == getattr(row, key.name)).values({column: value[:-1] + bytes([value[-1] ^ 1])}))

    only(lite, table, "version 1" if table == "steps" else row.id, "cannot be opened")


def test_swapped_papers_are_named_both(lite):
    case = lite.begin(paper=paper("One"), secret_paper=paper("Two", "two.txt"))
    one, two = lite.rows(sa.select(t.documents).where(t.documents.c.case_id == case.case))
    for row, other in ((one, two), (two, one)):
        lite.write(sa.update(t.documents).where(t.documents.c.id == row.id).values(content=other.content, name=other.name))

    assert {(broke.table, broke.row) for broke in named(lite)} == {("documents", one.id), ("documents", two.id)}


@pytest.mark.parametrize("table", ["documents", "submissions"])
def test_papers_and_answers_that_were_passed_off_as_each_others_are_named(office, table):
    case = office.begin(paper=paper("One"), secret_paper=paper("Two", "two.txt"))
    office.answer(case.case, "NOR", "nora")
    rows = t.metadata.tables[table]
    one, two = office.rows(sa.select(rows).where(rows.c.case_id == case.case).order_by(rows.c.at, rows.c.element))[:2]
    who = ("element", "field") if table == "documents" else ("element", "item", "task", "by")
    for row, other in ((one, two), (two, one)):
        office.write(sa.update(rows).where(rows.c.id == row.id).values({column: getattr(other, column) for column in who}))

    assert {(broke.table, broke.row, broke.says) for broke in named(office)} == {
        (table, row.id, "This row was changed outside the program.") for row in (one, two)}


def test_a_process_that_was_changed_after_its_release_is_named(lite):
    release = lite.rows(sa.select(t.releases).order_by(t.releases.c.pack))
    lite.write(sa.update(t.releases).where(t.releases.c.id == release[0].id).values(files=release[1].files))

    only(lite, "releases", release[0].id, "changed outside")


def test_a_paper_that_was_removed_is_named(lite):
    case = lite.begin(paper=paper("One"))
    [one] = lite.rows(sa.select(t.documents).where(t.documents.c.case_id == case.case))
    lite.write(sa.delete(t.documents))

    assert {(broke.row, broke.says) for broke in named(lite)} == {(one.id, f"{what} was removed outside the program.")
                                                                   for what in ("This row", "The value in name", "The value in content", "The value in digest")}


def test_a_role_or_a_password_that_nobody_gave_is_named(office):
    person, holding = office.who("nils").person, new_id()
    office.write(sa.insert(t.holdings).values(id=holding, person=person, role="business_manager", since=office.clock.now()))
    only(office, "holdings", holding, "put in")
    office.write(sa.delete(t.holdings).where(t.holdings.c.id == holding), sa.update(t.people).where(t.people.c.id == person).values(password="known"))
    only(office, "people", person, "changed outside")
    office.do(None, actions.set_password, "nils", "another")
    assert named(office) == []
    h = t.holdings
    mine = office.rows(sa.select(h).where(h.c.person == person))[0]
    office.write(sa.update(h).where(h.c.id == mine.id).values(role="head"))
    only(office, "holdings", mine.id, "changed outside")


def test_a_stolen_database_tells_no_state_by_its_links(lite):
    case = bought(lite)
    state = lite.one(sa.select(t.cases.c.trail_state).where(t.cases.c.id == case.case))

    assert chain_of(lite, case.case)[-1].link == link_of(state) != state
    assert Path(lite.engine.settings.database_url.removeprefix("sqlite:///")).exists()


# ---- what goes out

def head_of_today(office):
    alarm.tell_head(office.engine)
    [mail] = office.rows(sa.select(t.outbox).where(t.outbox.c.message == "trail_head").order_by(t.outbox.c.queued_at.desc()).limit(1))
    words = open_mail(office.engine, office.rows(sa.select(t.outbox, t.cases.c.key).outerjoin(t.cases, t.cases.c.id == t.outbox.c.case_id).where(
        t.outbox.c.id == mail.id))[0])
    return words, re.search(r"Head: ([0-9a-f]{64})", words["body"])[1]


@pytest.fixture
def told(make_database, tmp_path):
    """A board whose heads are mailed."""
    made = board(make_database("sqlite", filled), tmp_path, trail=Trail("trail@watch.example"))
    owner_drops_triggers(made)
    yield made
    made.engine.close()


def test_a_head_goes_out_once_a_day_and_covers_everything_until_then(told, capsys):
    case = bought(told)
    words, head = head_of_today(told)
    alarm.tell_head(told.engine)

    assert (words["to"], words["subject"].startswith("Head of the trail, 2 March 2026")) == ("trail@watch.example", True)
    assert case.reference not in words["body"]
    assert len(told.trail(None, "head_sent")) == 1
    assert named(told, head=head) == []
    told.at(2026, 3, 3, 0, 1)
    assert head_of_today(told)[1] != head
    assert len(told.trail(None, "head_sent")) == 2
    assert named(told, head=head) == []
    send_waiting(told.engine)
    [first, _] = sorted((told.engine.settings.data_folder / "mail").glob("*.eml"))
    assert b"To: trail@watch.example" in first.read_bytes()


def test_a_whole_database_put_back_to_yesterday_is_found_by_the_head_that_was_mailed(told, tmp_path):
    case = bought(told)
    head_of_today(told)
    file = Path(told.engine.settings.database_url.removeprefix("sqlite:///"))
    with told.engine.database.writing() as db:
        yesterday = {table: list(db.execute(sa.select(table))) for table in t.metadata.sorted_tables}
    told.at(2026, 3, 3, 9)
    told.quote(case.case, "inez", "INK")
    _, head = head_of_today(told)
    assert named(told, head=head) == []

    url = f"sqlite:///{tmp_path}/yesterday.db"
    migrate(url)
    back = board(url, tmp_path)
    with back.engine.database.pool.connect() as db, db.begin():
        db.exec_driver_sql("pragma defer_foreign_keys=on")
        for table, rows in yesterday.items():
            if rows: db.execute(sa.insert(table), [row._asdict() for row in rows])
    assert file.exists()
    assert named(back) == []    # in itself it is whole
    only(back, "heads", "house", "put back to a state from before that head", head=head)
    back.engine.close()


def test_one_case_put_back_with_all_that_belongs_to_it_is_found_by_the_chain_of_the_house(told):
    case = bought(told)
    was = told.rows(sa.select(t.cases).where(t.cases.c.id == case.case))[0]
    last = chain_of(told, case.case)[-1]
    told.ask("otto", queries.case_page, case.reference)
    head_of_today(told)
    told.write(sa.delete(t.trail).where(t.trail.c.case_id == case.case, t.trail.c.id > last.id),
               sa.update(t.cases).where(t.cases.c.id == case.case).values(trail_number=was.trail_number, trail_state=was.trail_state))

    only(told, "trail", last.id, "put back to an older state")


def test_two_who_begin_the_chains_at_once_begin_them_once(make_database, tmp_path):
    url = make_database("postgresql", filled)
    offices = [board(url, tmp_path) for _ in range(2)]
    owner_drops_triggers(offices[0])
    bought(offices[0])
    as_it_was_before(offices[0])
    threads = [threading.Thread(target=mine.engine.link_older) for mine in offices]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    offices[1].do("olga", actions.sign_out, "nothing")

    assert [row.event for row in chain_of(offices[0], None)] == ["trail_linked", "signed_out"]
    assert named(offices[0]) == []
    for mine in offices: mine.engine.close()
