"""How long things are kept: from which day a case may be erased, and what else is over."""
from __future__ import annotations

from typing import TYPE_CHECKING

from dateutil.relativedelta import relativedelta

if TYPE_CHECKING:
    from datetime import date, datetime

    from engine.settings.values import Kept, Span

_YEARS, _MONTHS, _DAYS = "year", "month", "day"


def counted_from(kept: Kept, ended: date | None, published: date | None) -> date | None:
    """The day from which the time of a case's content runs; none while the case does. What was never published counts from its end."""
    if ended is None:
        return None
    return max(ended, published) if kept.since == "published" and published is not None else ended


def over_on(kept: Kept, since: date) -> date | None:
    """The first day on which this need not be kept any longer; none: it is kept for good. A year after 29 February is 28 February."""
    return since + _length(kept.span) if kept.span is not None else None


def older_than(kept: Kept, now: datetime) -> datetime | None:
    """What is from before this moment is over; none: nothing ever is."""
    return now - _length(kept.span) if kept.span is not None else None


def why_not_erased(kept: Kept, ended: date | None, published: date | None, held_since: date | None, today: date) -> str | None:
    """Why this case may not be erased today, in words; none if it may."""
    since = counted_from(kept, ended, published)
    if since is None:
        return "This case is still running. What was written in it is kept until it has ended, and its time after that is over."
    if held_since is not None:
        return f"This case is under legal hold since {in_words(held_since)}. It cannot be erased before the hold is lifted."
    over = over_on(kept, since)
    if over is None:
        return "What is written in cases is kept for good here (config/retention.toml)."
    if today < over:
        return f"This case is kept until {in_words(over)}: {kept.span} after {in_words(since)}. It may be erased from that day on."
    return None


def in_words(day: date) -> str:
    """“3 March 2061”."""
    return f"{day.day} {day:%B %Y}"


def _length(span: Span) -> relativedelta:
    return relativedelta(years=span.count if span.unit == _YEARS else 0, months=span.count if span.unit == _MONTHS else 0,
                         days=span.count if span.unit == _DAYS else 0)
