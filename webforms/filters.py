"""How dates, deadlines and texts read on a page."""
from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING

import nh3
from flask import Flask
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from markdown_it import MarkdownIt
from markupsafe import Markup

from engine.forms.words import shown
from engine.rules.working_days import day_off
from webforms.identity import engine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.queries.shapes.cases import ClockRow
    from engine.queries.shapes.tasks import TaskRow

SHORT = 7   # tasks that are read at a glance
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
TAGS = {"h1", "p", "ul", "ol", "li", "strong", "em", "a", "h2", "h3", "h4", "br", "hr", "blockquote", "code", "table", "thead", "tbody", "tr", "th", "td"}
CLASSES = {
    "p": "govuk-body", "ul": "govuk-list govuk-list--bullet", "ol": "govuk-list govuk-list--number", "a": "govuk-link", "h2": "govuk-heading-m",
    "h3": "govuk-heading-s", "h4": "govuk-heading-s", "blockquote": "govuk-inset-text", "table": "govuk-table", "th": "govuk-table__header",
    "td": "govuk-table__cell", "hr": "govuk-section-break govuk-section-break--visible govuk-section-break--m",
}


def install(app: Flask) -> None:
    """Filters and names for templates."""
    app.add_template_filter(day)
    app.add_template_filter(moment)
    app.add_template_filter(due_words)
    app.add_template_filter(due_day)
    app.add_template_filter(due_tag)
    app.add_template_filter(by_due)
    app.add_template_filter(clock_words)
    app.add_template_filter(clock_tag)
    app.add_template_filter(prose)
    app.add_template_filter(size)
    app.add_template_filter(breakable)
    app.add_template_filter(kind_words)
    app.add_template_filter(clauses)
    app.add_template_filter(clause_kind)
    app.add_template_filter(first_line)
    app.add_template_filter(zip, "zip")
    app.add_template_filter(shown, "in_words")
    app.context_processor(lambda: {"me": current_user, "csrf": generate_csrf, "board": engine().settings.board, "today": engine().now().date()})


def day(value: date | datetime | None) -> str:
    """6 March 2023."""
    if value is None: return ""
    if isinstance(value, datetime): value = value.astimezone(engine().settings.board.timezone).date()
    return f"{value.day} {value:%B %Y}"


def moment(value: datetime | None) -> str:
    """6 March 2023, 9:05am."""
    if value is None: return ""
    local = value.astimezone(engine().settings.board.timezone)
    hour = local.hour % 12 or 12
    return f"{day(local)}, {hour}:{local:%M}{'am' if local.hour < 12 else 'pm'}"


def _days(many: int) -> str:
    return "1 day" if many == 1 else f"{many} days"


def due_words(due: date | None) -> str:
    """Overdue by 3 days; due tomorrow; due 6 March 2023."""
    if due is None: return "No date set"
    left = (due - engine().now().date()).days
    if left < 0: return f"Overdue by {_days(-left)}"
    if left == 0: return "Due today"
    if left == 1: return "Due tomorrow"
    return f"Due in {left} days" if left <= 14 else f"Due {day(due)}"


def due_day(due: date | None) -> str:
    """Mon 6 April 2026 (bank holiday): the day of the week, and whether nobody works on it."""
    if due is None: return ""
    why = day_off(due, engine().settings.board.calendar)
    return f"{due:%a} {day(due)}" + (f" ({why})" if why else "")


def due_tag(due: date | None) -> str:
    """The colour that goes with the words; never the only sign."""
    if due is None: return "grey"
    left = (due - engine().now().date()).days
    return "red" if left < 0 else "yellow" if left <= 3 else "blue"


def by_due(tasks: Sequence[TaskRow]) -> list[tuple[str, list[TaskRow]]]:
    """A long list under headings, in its own order, soonest first; a short one needs none."""
    if len(tasks) <= SHORT: return [("", list(tasks))]
    found: dict[str, list[TaskRow]] = {}
    for task in tasks:
        left = None if task.due is None else (task.due - engine().now().date()).days
        heading = "No date set" if left is None else "Late" if left < 0 else "Within seven days" if left <= 7 else "Later"
        found.setdefault(heading, []).append(task)
    return [("", list(tasks))] if list(found) == ["No date set"] else list(found.items())


def clock_words(clock: ClockRow) -> str:
    """Where a deadline stands."""
    if clock.state == "cancelled": return "No longer applies"
    if clock.milestone: return "Reached" if clock.ended else "Waited for"
    over = f"{_days(-clock.days)} late"
    if clock.ended: return f"Met {over}" if clock.days < 0 else "Met"
    if clock.held: return "On hold"
    return due_words(clock.due)


def clock_tag(clock: ClockRow) -> str:
    if clock.state == "cancelled": return "grey"
    if clock.milestone: return "green" if clock.ended else "blue"
    if clock.ended: return "orange" if clock.days < 0 else "green"
    return due_tag(clock.due)


def kind_words(kind: str | None) -> str:
    """Where a deadline comes from, for someone who has not read the papers."""
    known = {"seed target": "Target of the board’s process", "local": "Local target"}
    return known.get(kind or "", (kind or "").capitalize())


def clause_kind(kind: str) -> str:
    """What a clause asks for."""
    return {"timer": "deadline", "public": "public page", "help": "help text", "role": "role or permission"}.get(kind, kind)


def clauses(text: str) -> Markup:
    """“H2-16, L-20”, each kept on one line."""
    return Markup(", ").join(Markup('<span class="app-nowrap">{}</span>').format(one.strip()) for one in text.split(",") if one.strip())


def breakable(name: str) -> Markup:
    """A sign-in name or e-mail address that goes over to the next line after a dot or an @, not in the middle of a word."""
    return Markup("<wbr>").join(re.split(r"(?<=[.@])", name or ""))


def prose(text: str | None, top: int = 2) -> Markup:
    """Markdown as safe HTML: no raw HTML, no scripts, links only to the web and to pages here; headings begin at level `top`."""
    html = MARKDOWN.render(text or "")
    clean = nh3.clean(html, tags=TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https", "mailto"}, link_rel="noopener noreferrer")
    clean = re.sub(r"<(/?)h([1-4])>", lambda found: f"<{found[1]}h{max(int(found[2]), top)}>", clean)
    for tag, names in CLASSES.items():
        clean = clean.replace(f"<{tag}>", f'<{tag} class="{names}">').replace(f"<{tag} href", f'<{tag} class="{names}" href')
    return Markup(clean)  # nosec B704 # noqa: S704 # allowed: markup - cleaned just above


def first_line(text: str) -> str:
    """The beginning of a help text, without its marks: what fits beneath a link."""
    line = next((line.strip("#*- ") for line in text.splitlines() if line.strip("#*- ")), "")
    return re.sub(r"\*\*|`|\[([^][]*)\]\([^()]*\)", r"\1", line)


def size(many: int) -> str:
    """How big a file is."""
    if many < 1024: return f"{many} bytes"
    if many < 1024 ** 2: return f"{many / 1024:.0f} KB"
    return f"{many / 1024 ** 2:.1f}".removesuffix(".0") + " MB"


