"""Plain rows are believed as they stand: to whom a task is offered, when it is due, whose a case is, what was published, who approved. Each of them that
somebody changes, takes out or puts in past the program is named by `verify`."""
from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from engine import SYSTEM, actions, queries
from engine.forms import Upload
from engine.store import tables as t
from engine.store.chain import WIDE, is_wide, link_of, on_chain
from engine.store.database import new_id
from engine.store.written import ROWS, WIDER
from tests.makers import board, fill
from tests.store.test_chain import owner_drops_triggers

LATER = date(2027, 1, 4)
PUT_IN, REMOVED, CHANGED = "put", "removed outside the program", "changed outside the program"


def filled(url):
    fill(url, "purchase", "clocks", "papers")


@pytest.fixture
def office(make_database, database_kind, tmp_path):
    made = board(make_database(database_kind, filled), tmp_path)
    yield made
    made.engine.close()


def scene(office):
    """One case that waits for two agencies, with clocks and a legal hold, and one that was published; and somebody's proposal. The case that waits."""
    for login, role in (("ari", "administrator"), ("bea", "business_manager"), ("lena", "legal_adviser")):
        office.do(None, actions.add_person, login, f"{login.title()} Example", f"{login}@office.example", None, [role], secret="x")
    waits = office.begin()
    office.do("lena", actions.hold_case, waits.reference, "A claim")
    given = {"subject": "the stairs", "agencies": ["NOR", "SOU"], "child": "Tamsin"}
    papers = office.do("olga", actions.start_case, pack="papers", start="begun", answers=given).case
    for agency, login in (("NOR", "nora"), ("SOU", "saul")):
        office.do(login, actions.submit_task, task=office.task(papers, "answer", agency), answers={"findings": "Much", "weight": "high"})
    report = Upload("Report.pdf", b"%PDF-1.7 not quite", "application/pdf")
    office.do("olga", actions.submit_task, task=office.task(papers, "review"), answers={"again": "no", "report": report})
    office.do("adam", actions.propose, "role_given", {"person": office.who("zoe").person, "role": "panel_chair", "reason": "She chairs it now"})
    return waits.case


def like(table, **changed):
    """One more row like the first of the case that waits, or of none."""
    def statement(db, case):
        rows = sa.select(table).where(table.c.case_id == case) if "case_id" in table.c else sa.select(table)
        return [sa.insert(table).values(**{**db.execute(rows.limit(1)).one()._asdict(), "id": new_id(), **changed})]
    return statement


def change(table, **values):
    """The first row of the case that waits, or of none, changed."""
    def statement(db, case):
        key = next(iter(table.primary_key.columns))
        mine = table.c.id == case if table is t.cases else table.c.case_id == case if "case_id" in table.c else sa.true()
        return [sa.update(table).where(key == db.scalar(sa.select(sa.func.min(key)).where(mine)), mine).values(**values)]
    return statement


def gone(table, *before):
    """Every row of it; of those that name them, too."""
    return lambda _db, _case: [sa.delete(one) for one in (*before, table)]


def an_outsider(db, case):
    task = db.scalar(sa.select(sa.func.min(t.offers.c.task)).where(t.offers.c.case_id == case))
    return [sa.insert(t.offers).values(task=task, holder="practitioner@EAS", case_id=case, open=True, offered_at=sa.func.current_timestamp())]


def a_file(db, _case):
    row = db.execute(sa.select(t.published_files).limit(1)).one()
    return [sa.insert(t.published_files).values(**{**row._asdict(), "name": "another", "place": 9})]


TAMPERED = [
    (t.offers, an_outsider, CHANGED), (t.offers, change(t.offers, holder="practitioner@EAS"), CHANGED), (t.offers, change(t.offers, open=False), CHANGED),
    (t.offers, change(t.offers, due=LATER), CHANGED), (t.offers, gone(t.offers), REMOVED),
    (t.tasks, change(t.tasks, state="cancelled"), CHANGED), (t.tasks, change(t.tasks, due=LATER), CHANGED), (t.tasks, change(t.tasks, item="EAS"), CHANGED),
    (t.tasks, like(t.tasks), PUT_IN),
    (t.deadlines, change(t.deadlines, due=LATER), CHANGED), (t.deadlines, change(t.deadlines, state="met"), CHANGED),
    (t.deadlines, change(t.deadlines, ended_on=LATER), CHANGED), (t.deadlines, like(t.deadlines, nth=9), PUT_IN),
    (t.deadlines, gone(t.deadlines, t.readings, t.timers), REMOVED),
    (t.cases, change(t.cases, agency="EAS"), CHANGED), (t.cases, change(t.cases, stage="another"), CHANGED),
    (t.cases, change(t.cases, ended_at=sa.func.current_timestamp()), CHANGED), (t.cases, change(t.cases, started_at=sa.func.current_timestamp()), CHANGED),
    (t.legal_holds, change(t.legal_holds, set_at=sa.func.current_timestamp()), CHANGED), (t.legal_holds, gone(t.legal_holds), REMOVED),
    (t.approvals, change(t.approvals, kind="role_taken"), CHANGED), (t.approvals, gone(t.approvals), REMOVED),
    (t.approvals, change(t.approvals, expires_at=sa.func.current_timestamp()), CHANGED),
    (t.published, change(t.published, summary="Nobody was at fault."), CHANGED), (t.published, gone(t.published, t.published_files), REMOVED),
    (t.published_files, change(t.published_files, content=b"%PDF another"), CHANGED), (t.published_files, a_file, CHANGED),
    (t.published_files, gone(t.published_files), REMOVED),
]


def test_each_row_that_is_believed_and_was_tampered_with_is_named(office):
    case = scene(office)
    assert office.engine.look_through(queries.verify) == []
    assert {table.name for table, *_ in TAMPERED} == WIDER > ROWS.keys() - {"people", "releases", "holdings", "deputies", "identities"}
    missed = []
    with office.engine.database.writing() as db:
        for at, (table, how, word) in enumerate(TAMPERED):
            with db.begin_nested() as attack:
                for statement in how(db, case):
                    assert db.execute(statement).rowcount, f"attack {at} did nothing"
                named = [broke.says for broke in queries.verify(office.engine.look(db, SYSTEM)) if broke.table == table.name]
                missed += [] if any(word in says for says in named) else [(at, table.name, word, named)]
                attack.rollback()

    assert missed == []


def test_a_due_date_and_an_offer_that_were_put_back_are_named_as_such(make_database, tmp_path):
    office = board(make_database("sqlite", filled), tmp_path)
    case = office.begin().case
    task = office.task(case, "answer", "NOR")
    before = office.rows(sa.select(t.offers).where(t.offers.c.task == task))[0]
    office.answer(case, "NOR", "nora")
    office.write(sa.update(t.offers).where(t.offers.c.task == task).values(open=before.open))

    [broke] = office.engine.look_through(queries.verify)
    assert (broke.table, broke.row) == ("offers", task)
    assert broke.says == "To whom this task is offered was put back to what stood there before, outside the program."
    office.engine.close()


def test_trails_of_an_earlier_release_are_widened_once_and_say_everything_from_then_on(office):
    owner_drops_triggers(office)
    case = scene(office)
    for row in office.rows(sa.select(t.trail)):    # as that release wrote them
        said = [one for one in row.sealed or () if one[0] not in WIDER | {WIDE[0]}]
        office.write(sa.update(t.trail).where(t.trail.c.id == row.id).values(number=None, link=None, sealed=said or None))
    with office.engine.database.writing() as db:
        rows = db.execute(sa.select(t.trail).order_by(t.trail.c.id)).all()
        for chain in {row.case_id for row in rows}:
            state = office.engine.chain.begun(chain)
            for number, row in enumerate((row for row in rows if row.case_id == chain), 1):
                state = office.engine.chain.after(state, number, row._asdict())
                db.execute(sa.update(t.trail).where(t.trail.c.id == row.id).values(number=number, link=link_of(state)))
            head = {"trail_number": number, "trail_state": state}
            db.execute(sa.update(t.cases).where(t.cases.c.id == chain).values(**head) if chain else sa.update(t.heads).values(**head))
        assert not is_wide(db)

    assert office.engine.look_through(queries.verify) == []
    for _ in range(2): office.engine.link_older()
    assert [len(office.rows(sa.select(t.trail).where(on_chain(one), t.trail.c.event == "trail_widened"))) for one in (case, None)] == [1, 1]
    office.answer(case, "NOR", "nora")
    assert office.engine.look_through(queries.verify) == []
    office.write(sa.update(t.deadlines).where(t.deadlines.c.case_id == case).values(due=t.deadlines.c.due))
    office.write(sa.update(t.tasks).where(t.tasks.c.case_id == case).values(due=LATER))
    assert {broke.table for broke in office.engine.look_through(queries.verify)} == {"tasks"}
