"""The second wall: what PostgreSQL itself lets nobody read or write, when a query or a verb has forgotten whose cases it is about."""
from __future__ import annotations

import ast
from contextlib import suppress
from dataclasses import replace

import pytest
import sqlalchemy as sa

from engine import actions, queries
from engine.errors import NotFound
from engine.progress.drafts import DraftPlace
from engine.store import tables as t
from engine.store.database import new_id
from engine.store.eyes import MACHINE, everywhere
from tests.engine.test_trail import full_life
from tests.makers import MONDAY, ROOT, board, filled

GUARDED = {table.name: "id" if table is t.cases else "case_id" for table in t.metadata.sorted_tables if table is t.cases or "case_id" in table.c}
STATUS = {"cases", "tasks", "deadlines", "passed", "register_rows", "incidents"}
#: Where code reaches past the eyes of whoever asks, and what for; nobody is shown what is looked up there.
REACHES = {
    "engine/actions/deputies.py": "tasks go back to the others when a period ends",
    "engine/proposals/guests.py": "whether the case exists that a guest is invited to",
    "engine/proposals/roles.py": "tasks go back to the others when a role or an account ends",
    "engine/queries/forms_to_answer.py": "when the other, whose deputy one is, has begun a draft",
    "engine/queries/processes.py": "how many cases run on each release",
    "engine/queries/service.py": "figures of all cases together",
    "engine/store/chain.py": "trails from before there were chains are put on one, all together",
}


@pytest.fixture(scope="module")
def life(postgres_server, tmp_path_factory):
    """A board as it is after everything that people can do, with a row of the tables that none of it fills; and its two cases."""
    name = postgres_server.create(postgres_server.template(filled))
    office = board(postgres_server.url(name), tmp_path_factory.mktemp("life"))
    bought, asked = full_life(office)
    office.do("rosa", actions.save_draft, DraftPlace("start", "purchase", "request_made"), {"what": "Pencils"})
    for case in (bought, asked.case):
        office.write(sa.insert(t.incidents).values(id=new_id(), case_id=case, at=MONDAY, element="approve", says="A rule failed"),
                     sa.insert(t.legal_holds).values(id=new_id(), case_id=case, set_at=MONDAY, set_by=office.who("olga").person, reason=b"sealed"))
    yield office, bought, asked.case
    office.engine.close()
    postgres_server.drop(name)


def forgetful(look):
    """Every row of every table."""
    return {name: look.db.execute(sa.select(t.metadata.tables[name])).all() for name in GUARDED}


def cases_in(found, name):
    return {getattr(row, GUARDED[name]) for row in found[name]} - {None}


@pytest.fixture(scope="module")
def everything(life):
    return life[0].engine.look_through(forgetful)


def test_every_table_with_rows_of_cases_stands_behind_it(life):
    """One that is added tomorrow, too: its migration says `stands_behind` (engine/store/migrations/wall.py)."""
    with life[0].engine.database.reading() as db:
        bare = db.scalars(sa.text("select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace "
                                  "and not (relrowsecurity and relforcerowsecurity)")).all()
        policies = db.execute(sa.text("select tablename, policyname, cmd, permissive, qual, with_check from pg_policies")).all()

    assert set(bare) & GUARDED.keys() == set()
    assert {(one.tablename, one.cmd) for one in policies} == {(name, verb) for name in GUARDED for verb in ("SELECT", "INSERT", "UPDATE", "DELETE")}
    assert all("casereview." in (one.with_check or one.qual) for one in policies)


@pytest.mark.parametrize("login", ["zoe", "rex", "nils", "petra", "adam"])
def test_who_has_no_business_gets_no_row_of_any_case(life, everything, login):
    """An outsider, two of other agencies, a process owner and an administrator."""
    assert all(cases_in(everything, name) for name in GUARDED), "a table with nothing in it shows nothing"
    found = life[0].ask(login, forgetful)

    assert {name for name in GUARDED if cases_in(found, name)} <= ({"holdings"} if login == "adam" else set())


@pytest.mark.parametrize(("login", "nth"), [("quin", 1), ("inez", 1), ("rosa", 1), ("abel", 1), ("nora", 2), ("saul", 2), ("kate", 2)])
def test_who_has_business_in_one_case_gets_rows_of_that_one(life, everything, login, nth):
    """Offered a task, having begun it, having done one, and appointed in it."""
    found = life[0].ask(login, forgetful)

    for name in GUARDED.keys() - {"drafts"}:
        assert cases_in(found, name) == cases_in(everything, name) & {life[nth]}, name


def test_an_agency_that_sees_its_cases_gets_rows_of_those(life):
    office, bought, _ = life
    office.write(sa.update(t.cases).where(t.cases.c.id == bought).values(agency="NOR"))
    found = office.engine.ask(replace(office.who("rex"), sees_agencies=frozenset({"NOR"})), forgetful)
    office.write(sa.update(t.cases).where(t.cases.c.id == bought).values(agency="OFF"))

    assert {case for name in GUARDED for case in cases_in(found, name)} == {bought}


def test_a_draft_is_for_whoever_writes_it(life, everything):
    for login in ("rosa", "abel", "kate", "zoe", "adam"):
        me = life[0].who(login).person
        assert {row.person for row in life[0].ask(login, forgetful)["drafts"]} <= {me}
    assert len({row.person for row in everything["drafts"]}) > 1


@pytest.mark.parametrize("login", ["olga", "vera", "otto", "hedy"])
def test_who_sees_all_cases_gets_all(life, login):
    office = life[0]
    found, every = office.ask(login, forgetful), office.engine.look_through(forgetful)

    assert {name: len(found[name]) for name in GUARDED} == {name: len(every[name]) for name in GUARDED} | {"drafts": len(found["drafts"])}


def test_the_managers_list_is_made_of_frames_alone(life, everything):
    found = life[0].ask("bess", forgetful)

    assert {name for name in GUARDED if cases_in(found, name)} == STATUS
    assert len(life[0].ask("bess", queries.all_cases, "all").rows) == 2


def test_nothing_said_is_nothing_seen_also_on_a_connection_that_saw_all(life):
    office = life[0]
    pool = office.engine.database.pool
    office.engine.look_through(forgetful)
    office.ask("olga", forgetful)
    with pool.connect() as db:
        process = db.scalar(sa.func.pg_backend_pid())
        assert {name for name in GUARDED if cases_in(forgetful(type("Look", (), {"db": db})), name)} == set()
    with pool.connect() as db, db.begin():
        MACHINE.open(db)
        assert db.scalar(sa.select(sa.func.count()).select_from(t.cases)) == 2
    with pool.connect() as db:
        assert db.scalar(sa.func.pg_backend_pid()) == process
        assert db.scalar(sa.select(sa.func.count()).select_from(t.cases)) == 0


@pytest.mark.parametrize("deed", [
    lambda case: sa.update(t.tasks).values(agency="SOU"),
    lambda case: sa.update(t.cases).values(stage="over"),
    lambda case: sa.update(t.submissions).where(t.submissions.c.case_id == case).values(answers=b""),
    lambda case: sa.insert(t.incidents).values(id=new_id(), case_id=case, at=MONDAY, says="x"),
    lambda case: sa.insert(t.trail).values(case_id=case, at=MONDAY, event="viewed", details={}),
])
@pytest.mark.parametrize("login", ["olga", "rosa"])
def test_a_verb_writes_to_no_case_but_the_one_it_holds(life, deed, login):
    """Who sees the other case is told loudly; for who does not there is no such row."""
    office, bought, asked = life

    def forgets(work):
        work.hold(bought)
        statement = deed(asked)
        wrote = {row[0] for row in work.db.execute(statement.returning(statement.table.c[GUARDED[statement.table.name]]))}
        raise NotFound(*wrote)    # nothing of it stays

    with pytest.raises((sa.exc.ProgrammingError, NotFound)) as refused:
        office.do(login, forgets)

    if isinstance(refused.value, NotFound):
        assert login == "rosa"
        assert asked not in refused.value.args
    else:
        assert "row-level security" in str(refused.value)


def test_before_a_case_is_held_nothing_of_it_is_written(life):
    office, bought, _ = life
    with pytest.raises(sa.exc.ProgrammingError, match="row-level security"):
        office.do("olga", lambda work: work.db.execute(sa.update(t.deadlines).values(name="mine")))
    with pytest.raises(sa.exc.ProgrammingError, match="row-level security"):
        office.do("rosa", lambda work: work.db.execute(sa.update(t.tasks).where(t.tasks.c.case_id == bought).values(item="mine")))


def test_what_a_verb_deletes_is_of_the_case_it_holds(life):
    office, bought, asked = life

    def forgets(work):
        work.hold(bought)
        gone = {row.case_id for row in work.db.execute(sa.delete(t.legal_holds).returning(t.legal_holds.c.case_id))}
        raise NotFound(*gone)   # nothing of it stays

    with pytest.raises(NotFound) as told:
        office.do("olga", forgets)
    assert told.value.args == (bought,)
    assert asked in cases_in(office.engine.look_through(forgetful), "legal_holds")


def test_a_case_that_is_not_seen_cannot_be_held(life):
    for login in ("zoe", "petra", "adam", "bess"):
        with pytest.raises(NotFound):
            life[0].do(login, lambda work: work.hold(life[1]) and None)


def test_reaching_past_it_ends_with_what_is_reached_for(life):
    def counts(look):
        def many():
            return look.db.scalar(sa.select(sa.func.count()).select_from(t.cases))

        before = many()
        with everywhere(look.db):
            within = many()
        return before, within, many()

    assert life[0].ask("zoe", counts) == (0, 2, 0)
    assert life[0].ask("quin", counts) == (1, 2, 1)

    def goes_on_after_an_error(look):
        with suppress(KeyError), everywhere(look.db):
            raise KeyError
        return look.db.scalar(sa.select(sa.func.count()).select_from(t.cases))

    assert life[0].ask("quin", goes_on_after_an_error) == 1


def test_few_places_reach_past_it():
    """Queries and verbs have the eyes of whoever asks: they open no transaction of their own, and put on no others."""
    found, opened = set(), set()
    for folder in ("actions", "evidence", "progress", "proposals", "queries", "review", "store"):
        for path in sorted({*(ROOT / "engine" / folder).rglob("*.py")} - {ROOT / "engine/store/eyes.py"}):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                name = getattr(node, "id", getattr(node, "attr", None)) if isinstance(node, ast.Name | ast.Attribute) else None
                if name == "everywhere":
                    found.add(str(path.relative_to(ROOT)))
                elif name in ("MACHINE", "Eyes", "database", "pool") and folder != "store":
                    opened.add((str(path.relative_to(ROOT)), name))

    assert found == REACHES.keys()
    assert opened == set()


def test_production_wants_a_role_that_it_holds(life, postgres_server):
    office = life[0]
    url = office.engine.settings.database_url
    root = board(url.replace("casereview@", "postgres@"))

    assert office.engine.no_wall() is None
    assert "SUPERUSER" in root.engine.no_wall()
    root.write(sa.text("alter table drafts no force row level security"))
    assert "drafts" in office.engine.no_wall()
    root.write(sa.text("alter table drafts force row level security"))
    root.engine.close()
