"""The policies that a table with rows of cases stands behind in PostgreSQL (docs/decisions/0017): a migration that makes such a table says `stands_behind`."""
from __future__ import annotations

from alembic import op

_READS_ALL = "current_setting('casereview.reads', true) = '*'"
_HELD = "string_to_array(current_setting('casereview.writes', true), ' ')"
ME = "current_setting('casereview.person', true)"


def may(word: str) -> str:
    """A condition: the permission that eyes were opened with."""
    return f"'{word}' = any (string_to_array(current_setting('casereview.may', true), ' '))"


def stands_behind(table: str, case: str = "case_id", *, only: str = "true", also: str = "false", no_case: str = "false") -> None:
    """Rows are read of cases that the person sees (`only` some of them; `also` others), and written of those that are held.

    `no_case`: which rows of no case are read and written."""
    if op.get_bind().dialect.name != "postgresql":
        return
    sees = f"{_READS_ALL} or {case} = any ({_HELD}) or ({only} and casereview_sees({case})) or ({no_case})"
    writes = f"'*' = any ({_HELD}) or {case} = any ({_HELD}) or ({no_case})"
    for deed in (
        f"alter table {table} enable row level security",
        f"alter table {table} force row level security",   # for its owner, too: that is who we are
        f"create policy reads on {table} for select using ({sees} or ({also}))",
        f"create policy adds on {table} for insert with check ({writes})",
        f"create policy changes on {table} for update using ({sees}) with check ({writes})",   # what reaches too far fails, and not in silence
        f"create policy removes on {table} for delete using ({writes})",
    ):
        op.execute(deed)
