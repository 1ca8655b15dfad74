"""Reckons every row of dates.toml and prints what came out; run by itself to see that the machine's zone changes nothing."""

import json
import tomllib
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from engine.rules import deadlines
from engine.rules.periods import parse_period
from engine.settings import ENGLAND_AND_WALES

TABLE = tomllib.loads(Path(__file__).with_name("dates.toml").read_text(encoding="utf-8"))
LONDON = ZoneInfo("Europe/London")


def a_deadline(**given):
    periods = {key: tuple(map(parse, each)) if isinstance(each, list) else parse(each) for key, each in given.items()}
    return deadlines.Deadline(name="d", title="D", kind="local", starts=("s",), **periods)


def parse(text):
    return parse_period(text, may_repeat=True)


def in_utc(moment):
    assert moment.tzinfo is UTC
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def reckon(kind, row):
    day = date.fromisoformat(row[0])
    match kind:
        case "due":
            return str(deadlines.due_date(a_deadline(within=row[1]), day, ENGLAND_AND_WALES))
        case "before":
            return str(deadlines.due_date(a_deadline(before=row[1]), day, ENGLAND_AND_WALES))
        case "every":
            return str(deadlines.due_date(a_deadline(every=row[1]), day, ENGLAND_AND_WALES, nth=row[2]))
        case "breach":
            return in_utc(deadlines.breach_moment(day, ZoneInfo(row[1])))
        case "reminders":
            started = datetime.fromisoformat(row[2])
            return [in_utc(at) for at in deadlines.reminders(a_deadline(remind=row[1]), day, started, ENGLAND_AND_WALES, 8, LONDON)]
        case "chases":
            return [in_utc(at) for at in islice(deadlines.chases(a_deadline(chase=row[1]), day, ENGLAND_AND_WALES, 8, LONDON), 6)]
        case "escalations":
            step = deadlines.Escalation(parse(row[1]), ("r",))
            higher = deadlines.Deadline(name="d", title="D", kind="local", starts=("s",), escalate=(step,))
            [(at, roles)] = deadlines.escalations(higher, day, ENGLAND_AND_WALES, LONDON)
            assert roles == ("r",)
            return in_utc(at)


ROWS = [(kind, row) for kind, rows in TABLE.items() for row in rows]

if __name__ == "__main__":
    print(json.dumps([reckon(kind, row) for kind, row in ROWS]))
