"""What a crawl saw, for a person to read: by route and role, how often it was visited, what it gave, and how many words stood there."""
from __future__ import annotations

from pathlib import Path

from tests.canaries.board import Populated
from tests.canaries.crawl import Seen

FOLDER = Path(__file__).parents[2] / "build"


def roles_of(board: Populated, login: str) -> str:
    """What somebody holds, as the report calls it; a role in one case without the case."""
    who = board.engine.actor(board.people[login]) if login in board.people else None
    held = {f"{one.role}{f'@{one.agency}' if one.agency else ''}{' of a case' if one.case else ''}" for one in who.holdings} if who else ()
    return f"{login} ({', '.join(sorted(held)) or 'no role'})" if who else login


def figures(board: Populated, seen: Seen, leaks: int) -> str:
    """All of it in one line."""
    pages = sum(many for (_, status), many in seen.visits.items() if status in ("GET 200", "POST 200"))
    return (f"{len(seen.table)} routes x {len(seen.table['home.page'])} people x {len(board.canaries)} words: {sum(seen.visits.values())} visits, "
            f"{pages} of them pages or files; {len(seen.all_words)} words were read by someone; {leaks} leaks")


def write(name: str, title: str, boards: list[tuple[Populated, Seen, int]]) -> Path:
    """The report of one run."""
    lines = [title, "=" * len(title), ""]
    for board, seen, leaks in boards:
        lines += [figures(board, seen, leaks), "", "Who (roles)  visits, pages or files, words read", ""]
        for login in sorted({login for row in seen.table.values() for login in row}):
            rows = [row[login] for row in seen.table.values() if login in row]
            lines.append(f"  {roles_of(board, login)[:110]:<112}{sum(one.visits for one in rows):>6}{sum(one.pages for one in rows):>6}"
                         f"{len(seen.words.get(login, {})):>6}")
        lines += ["", "Route  visits, people who were given something; then who read how many words there", ""]
        for endpoint in sorted(seen.table):
            row = seen.table[endpoint]
            lines.append(f"  {endpoint:<40}{sum(one.visits for one in row.values()):>6}{sum(one.pages > 0 for one in row.values()):>6}")
            readers = [f"{login} {len(one.words)}" for login, one in sorted(row.items()) if one.words]
            lines += [f"      {', '.join(readers)}"] if readers else []
        lines.append("")
    FOLDER.mkdir(exist_ok=True)
    file = FOLDER / name
    file.write_text("\n".join(lines), encoding="utf-8")
    return file
