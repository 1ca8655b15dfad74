"""A second wall, in PostgreSQL: a transaction reads and writes rows of those cases that its eyes see (store.eyes), whatever the query forgets."""

from __future__ import annotations

from alembic import op

from engine.store.migrations.wall import ME, may, stands_behind

revision = "0011"
down_revision = "0010"

#: Has the person business in this case (requirements 2.1)? Looked up by indexes, row by row, so that it costs the same however many cases there are.
SEES = """
create function casereview_sees(which text) returns boolean language plpgsql stable as $$
declare
    me text := current_setting('casereview.person', true);
    sees boolean;
begin
    if current_setting('casereview.reads', true) is distinct from 'person' then
        return false;   -- nothing said, nothing seen; and who sees all is not asked
    end if;
    perform set_config('casereview.reads', '*', true);   -- or the tables asked here would ask this again
    sees := exists (select from offers where case_id = which and holder = any (current_setting('casereview.holders')::text[]))
        or exists (select from cases where id = which and (started_by = me or agency = any (current_setting('casereview.agencies')::text[])))
        or exists (select from tasks where case_id = which and me in (claimed_by, done_by))
        or exists (select from holdings where person = me and until is null and case_id = which);
    perform set_config('casereview.reads', 'person', true);
    return sees;
end $$
"""
PLAIN = ("steps", "offers", "submissions", "corrections", "readings", "unsettled", "documents", "timers", "legal_holds")
#: What the managers' list is made of: “status pages, no content”. What a case is held up by is reckoned from dates in its registers.
STATUS = ("tasks", "deadlines", "passed", "register_rows", "incidents")


def upgrade() -> None:
    """SQLite has no such thing."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(SEES)
    stands_behind("cases", "id", also=may("see_status"))
    for table in STATUS:
        stands_behind(table, also=may("see_status"))
    for table in PLAIN:
        stands_behind(table)
    stands_behind("trail", no_case="case_id is null")
    stands_behind("outbox", no_case="case_id is null")
    stands_behind("drafts", only=f"person = {ME}", no_case=f"case_id is null and person = {ME}")
    stands_behind("holdings", also=f"person = {ME} or {may('manage_people')}", no_case="case_id is null")
