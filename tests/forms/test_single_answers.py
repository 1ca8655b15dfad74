"""One answer at a time: what is taken, typed or posted, and what is refused in which words."""
from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from engine.forms import Upload

LONDON = ZoneInfo("Europe/London")
TEXT, AREA, NUMBER = {"type": "textfield"}, {"type": "textarea"}, {"type": "number"}
DATE = {"type": "datetime", "subtype": "date", "dateLabel": "Incident date"}
TIME = {"type": "datetime", "subtype": "time", "timeLabel": "Start"}
MOMENT = {"type": "datetime", "subtype": "datetime", "dateLabel": "Meeting", "timeLabel": "Time of the meeting"}
TICK = {"type": "checkbox"}
OPTIONS = [{"value": "yes", "label": "Yes"}, {"value": "no", "label": "No"}]
RADIO, SELECT = {"type": "radio", "values": OPTIONS}, {"type": "select", "values": OPTIONS}
CHECKLIST, TAGS = {"type": "checklist", "values": OPTIONS}, {"type": "taglist", "values": OPTIONS}
FILE = {"type": "filepicker"}
WRONG_TEXT = "Reply must be text: what was sent is wrongly typed"
WRONG_DATE = "Incident date must be a date: what was sent is wrongly typed"
UNREAL = "Incident date must be a real date"


def posted(day, month, year):
    return {"day": day, "month": month, "year": year}


@pytest.mark.parametrize(("component", "raw", "value"), [
    (TEXT, "  Ann ", "Ann"), (TEXT, "", None), (TEXT, None, None), (TEXT, "   ", None), (TEXT, "Zoë O’Hara-Ní", "Zoë O’Hara-Ní"),
    (TEXT, "lives \u202eta\u202c \u2066No. 4\u2069", "lives ta No. 4"),
    (AREA, "one\r\ntwo\rthree\n", "one\ntwo\nthree"), (AREA, "a\tb", "a\tb"), (AREA, "x" * 20_000, "x" * 20_000),
    (TEXT | {"validate": {"validationType": "email"}}, "ivy.f+a@example.org", "ivy.f+a@example.org"),
    (TEXT | {"validate": {"validationType": "phone"}}, "+44 (0)1632 960 001 ext 12", "+44 (0)1632 960 001 ext 12"),
    (TEXT | {"validate": {"pattern": "^[A-Z]{2}[0-9]+$"}}, "AB12", "AB12"),
    (NUMBER, "12", 12), (NUMBER, 12, 12), (NUMBER, "12.50", 12.5), (NUMBER, 12.0, 12), (NUMBER, "-3", -3), (NUMBER, " 7 ", 7),
    (NUMBER, "", None),
    (NUMBER, 0, 0), (NUMBER | {"decimalDigits": 2}, "0.1", 0.1),
    (DATE, date(2023, 3, 6), date(2023, 3, 6)), (DATE, "2023-03-06", date(2023, 3, 6)), (DATE, posted("6", "3", "2023"), date(2023, 3, 6)),
    (DATE, posted(6, 3, 2023), date(2023, 3, 6)), (DATE, posted("06", "March", "2023"), date(2023, 3, 6)),
    (DATE, posted(" 6", "mar.", "2023 "), date(2023, 3, 6)),
    (DATE, posted("", "", ""), None), (DATE, "", None), (DATE, {}, None), (DATE, posted("29", "2", "2024"), date(2024, 2, 29)),
    (TIME, "9:30", time(9, 30)), (TIME, "09.30", time(9, 30)), (TIME, time(9, 30), time(9, 30)), (TIME, "23:59:30", time(23, 59, 30)),
    (TIME, "", None),
    (MOMENT, {"date": posted("6", "3", "2023"), "time": "10:00"}, datetime(2023, 3, 6, 10, tzinfo=LONDON)),
    (MOMENT, {"date": "2023-07-06", "time": "10:00"}, datetime(2023, 7, 6, 9, tzinfo=UTC)),
    (MOMENT, datetime(2023, 7, 6, 10), datetime(2023, 7, 6, 9, tzinfo=UTC)),
    (MOMENT, datetime(2023, 7, 6, 9, tzinfo=UTC), datetime(2023, 7, 6, 10, tzinfo=LONDON)),
    (MOMENT, "2023-07-06T10:00", datetime(2023, 7, 6, 9, tzinfo=UTC)),
    (MOMENT, "2023-07-06T09:00:00.123Z", datetime(2023, 7, 6, 9, tzinfo=UTC)),
    (MOMENT, {"date": "2023-10-29", "time": "01:30"}, datetime(2023, 10, 29, 1, 30, tzinfo=LONDON, fold=0)),
    (MOMENT, {"date": posted("", "", ""), "time": ""}, None), (MOMENT, "", None),
    (TICK, True, True), (TICK, "on", True), (TICK, "true", True), (TICK, False, False), (TICK, "", False), (TICK, None, False),
    (TICK, "No", False),
    (RADIO, "yes", "yes"), (SELECT, "", None), (SELECT, "no", "no"), (RADIO, None, None),
    (CHECKLIST, ["no", "yes", "no"], ["yes", "no"]), (CHECKLIST, "no", ["no"]), (CHECKLIST, [], []), (CHECKLIST, "", []),
    (CHECKLIST, [""], []),
    (TAGS, ["yes"], ["yes"]), (TAGS, None, []),
    (FILE, Upload("a.pdf", b"%PDF", "application/pdf"), Upload("a.pdf", b"%PDF", "application/pdf")), (FILE, Upload("", b""), None),
    (FILE, None, None),
    (FILE, {"document": "d1", "name": "a.pdf"}, {"document": "d1", "name": "a.pdf"}),
    (FILE, [Upload("a.txt", b"x")], Upload("a.txt", b"x")),
    (FILE, Upload("C:\\Users\\ivy\\note.txt", b"x"), Upload("note.txt", b"x")),
    (FILE, Upload("../../etc/note", b"x"), Upload("note", b"x")),
    (FILE, Upload("a.txt", b"x", "text/html\r\nSet-Cookie: a=b"), Upload("a.txt", b"x", "application/octet-stream")),
    (FILE | {"multiple": True}, [Upload("a", b"x"), {"document": "d", "name": "b"}], [Upload("a", b"x"), {"document": "d", "name": "b"}]),
    (FILE | {"multiple": True}, Upload("a", b"x"), [Upload("a", b"x")]), (FILE | {"multiple": True}, None, []),
    (FILE | {"accept": ".pdf, image/*"}, Upload("A.PDF", b"x"), Upload("A.PDF", b"x")),
    (FILE | {"accept": ".pdf, image/*"}, Upload("a", b"x", "image/png"), Upload("a", b"x", "image/png")),
])
def test_a_good_answer_becomes_a_value(answer, component, raw, value):
    got = answer(component, raw)

    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize(("component", "raw", "says"), [
    (TEXT, ["Ann"], WRONG_TEXT), (TEXT, {"a": "b"}, WRONG_TEXT), (TEXT, 7, WRONG_TEXT), (TEXT, True, WRONG_TEXT),
    (TEXT, b"Ann", WRONG_TEXT),
    (AREA, [], WRONG_TEXT), (AREA, date(2023, 1, 1), WRONG_TEXT),
    (TEXT, "x" * 301, "Reply must be 300 characters or fewer"), (AREA, "x" * 20_001, "Reply must be 20000 characters or fewer"),
    (TEXT, "x" * 5_000_000, "Reply must be 300 characters or fewer"),
    (TEXT | {"validate": {"maxLength": 5}}, "123456", "Reply must be 5 characters or fewer"),
    (TEXT | {"validate": {"minLength": 5}}, "1234", "Reply must be 5 characters or more"),
    (TEXT, "a\x00b", "Reply must not contain control characters: there is one at position 2 (U+0000)"),
    (AREA, "a\x1bb", "Reply must not contain control characters: there is one at position 2 (U+001B)"),
    (AREA, "a\x85b", "Reply must not contain control characters: there is one at position 2 (U+0085)"),
    (TEXT, "\ud800", "Reply must not contain control characters: there is one at position 1 (U+D800)"),
    (TEXT, "one\ntwo", "Reply must be on one line"), (TEXT, "one\ttwo", "Reply must be on one line"),
    (TEXT | {"validate": {"validationType": "email"}}, "ivy@example", "Reply must be an email address, like name@example.com"),
    (TEXT | {"validate": {"validationType": "email"}}, "a@b.org, c@d.org", "Reply must be an email address, like name@example.com"),
    (TEXT | {"validate": {"validationType": "phone"}}, "ring me", "Reply must be a telephone number, like 01632 960 001"),
    (TEXT | {"validate": {"pattern": "^[A-Z]+$"}}, "ab", "Reply is not in the right format"),
    (TEXT | {"validate": {"pattern": "^[A-Z]+$", "patternErrorMessage": "Use capitals"}}, "ab", "Use capitals"),
    (NUMBER, "1,000", "Reply must be a number without commas, like 1000"), (NUMBER, "1e5", "Reply must be a number, like 12"),
    (NUMBER, "twelve", "Reply must be a number, like 12"), (NUMBER, "٣", "Reply must be a number, like 12"),
    (NUMBER, "0x1f", "Reply must be a number, like 12"),
    (NUMBER, "1_000", "Reply must be a number, like 12"), (NUMBER, "+1", "Reply must be a number, like 12"),
    (NUMBER, "nan", "Reply must be a number, like 12"),
    (NUMBER, "9" * 5000, "Reply must be a number, like 12"),
    (NUMBER, float("nan"), "Reply must be a number of fewer than 16 digits"),
    (NUMBER, float("-inf"), "Reply must be a number of fewer than 16 digits"),
    (NUMBER, 10 ** 400, "Reply must be a number of fewer than 16 digits"),
    (NUMBER, "1000000000000000", "Reply must be a number of fewer than 16 digits"),
    (NUMBER, True, "Reply must be a number: what was sent is wrongly typed"),
    (NUMBER, [1], "Reply must be a number: what was sent is wrongly typed"),
    (NUMBER, Decimal(1), "Reply must be a number: what was sent is wrongly typed"),
    (NUMBER | {"decimalDigits": 0}, "1.5", "Reply must be a whole number"),
    (NUMBER | {"decimalDigits": 2}, "1.555", "Reply must have no more than 2 figures after the point"),
    (NUMBER | {"validate": {"min": 1, "max": 5}}, "6", "Reply must be between 1 and 5"),
    (NUMBER | {"validate": {"min": 1.5}}, 1, "Reply must be 1.5 or more"),
    (NUMBER | {"validate": {"max": 0}}, 1, "Reply must be 0 or less"),
    (DATE, posted("31", "2", "2023"), UNREAL), (DATE, "2023-02-31", UNREAL), (DATE, posted("0", "3", "2023"), UNREAL),
    (DATE, posted("6", "13", "2023"), UNREAL),
    (DATE, posted("6", "x", "2023"), UNREAL), (DATE, posted("-6", "3", "2023"), UNREAL), (DATE, "06/03/2023", UNREAL),
    (DATE, "20230306", UNREAL),
    (DATE, posted("٣", "3", "2023"), UNREAL), (DATE, "2023-W10-1", UNREAL), (DATE, posted("6", "ma", "2023"), UNREAL),
    (DATE, posted("6", "3", "23"), "Incident date must have a year of four figures, like 2023"), (DATE, "23-03-06", UNREAL),
    (DATE, posted("6", "3", "20233"), "Incident date must have a year of four figures, like 2023"),
    (DATE, posted("6", "3", "1899"), "Incident date must be a date between 1900 and 2100"),
    (DATE, date(2101, 1, 1), "Incident date must be a date between 1900 and 2100"),
    (DATE, posted("6", "3", ""), "Incident date must include a year"),
    (DATE, posted("", "3", ""), "Incident date must include a day and a year"),
    (DATE, {"day": "6"}, "Incident date must include a month and a year"),
    (DATE, datetime(2023, 3, 6, 10), "Incident date must be a date without a time: what was sent is wrongly typed"),
    (DATE, ["2023-03-06"], WRONG_DATE), (DATE, 20230306, WRONG_DATE), (DATE, True, WRONG_DATE),
    (DATE, posted(["6"], "3", "2023"), WRONG_DATE),
    (DATE, posted(True, "3", "2023"), WRONG_DATE), (DATE, {"day": "6", "hour": "3"}, WRONG_DATE),
    (DATE | {"disallowPassedDates": True}, "2023-03-05", "Incident date must be today or in the future"),
    (DATE | {"properties": {"past": "true"}}, "2023-03-07", "Incident date must be today or in the past"),
    (TIME, "25:00", "Start must be a time of day, like 09:30"), (TIME, "9", "Start must be a time of day, like 09:30"),
    (TIME, ["9:30"], "Start must be a time of day: what was sent is wrongly typed"),
    (TIME, time(9, tzinfo=UTC), "Start must be a time of day without a zone: what was sent is wrongly typed"),
    (MOMENT, {"date": "2023-03-26", "time": "01:30"}, "Meeting does not exist: the clocks went forward over that time. Enter the time an hour later"),
    (MOMENT, datetime(2023, 3, 26, 1, 30), "Meeting does not exist: the clocks went forward over that time. Enter the time an hour later"),
    (MOMENT, {"date": "2023-03-06", "time": ""}, "Meeting must include a time"), (MOMENT, "2023-03-06", "Meeting must include a time"),
    (MOMENT, date(2023, 3, 6), "Meeting must include a time"), (MOMENT, {"time": "10:00"}, "Meeting must include a date"),
    (MOMENT, {"date": posted("31", "2", "2023"), "time": "10:00"}, "Meeting must be a real date"),
    (MOMENT, {"date": "2023-03-06", "time": "26:00"}, "Time of the meeting must be a time of day, like 09:30"),
    (MOMENT, "2023-02-31T10:00", "Meeting must be a real date and time"), (MOMENT, "tomorrow", "Meeting must be a real date and time"),
    (MOMENT, [1], "Meeting must be a date and a time: what was sent is wrongly typed"),
    (MOMENT, datetime.min, "Meeting must be a date between 1900 and 2100"),
    (MOMENT, {"date": "2023-03-06", "zone": "x"}, "Meeting must be a date and a time: what was sent is wrongly typed"),
    (TICK, "maybe", "Reply must be ticked or not (true or false): what was sent is wrongly typed"),
    (TICK, 1, "Reply must be ticked or not (true or false): what was sent is wrongly typed"),
    (TICK, [True], "Reply must be ticked or not (true or false): what was sent is wrongly typed"),
    (RADIO, "maybe", "Select the reply from the options given"), (SELECT, "YES", "Select the reply from the options given"),
    (RADIO, True, "Select the reply from the options given"),
    (RADIO, ["yes"], "Reply must be one of the options: what was sent is wrongly typed"),
    (RADIO, "yes\x00", "Reply must be one of the options: what was sent is wrongly typed"),
    (RADIO, "\ud800", "Reply must be one of the options: what was sent is wrongly typed"),
    (RADIO, float("nan"), "Reply must be one of the options: what was sent is wrongly typed"),
    (CHECKLIST, ["yes", "maybe"], "Select the reply from the options given"),
    (CHECKLIST, {"yes": True}, "Reply must be a list of options: what was sent is wrongly typed"),
    (CHECKLIST, [["yes"]], "Reply must be a list of options: what was sent is wrongly typed"),
    (TAGS, ["yes"] * 501, "Reply must have 500 answers or fewer"),
    (TAGS, 5, "Reply must be a list of options: what was sent is wrongly typed"),
    (FILE, "a.pdf", "Reply must be a file: what was sent is wrongly typed"),
    (FILE, {"document": "d1"}, "Reply must be a file: what was sent is wrongly typed"),
    (FILE, {"document": ["d"], "name": "a"}, "Reply must be a file: what was sent is wrongly typed"),
    (FILE, {"document": "d", "name": "a", "path": "/etc"}, "Reply must be a file: what was sent is wrongly typed"),
    (FILE, [Upload("a", b"x"), Upload("b", b"x")], "Reply must be a file: what was sent is wrongly typed"),
    (FILE, Upload("a.txt", b""), "“a.txt” cannot be taken: it is empty"),
    (FILE, Upload("a\x00.txt", b"x"), "The name of the file must not contain control characters. Rename it and choose it again"),
    (FILE, Upload("\u202egpj.exe.pdf", b"x"), "The name of the file must not contain control characters. Rename it and choose it again"),
    (FILE, Upload("gpj.\u2066exe\u2069.pdf", b"x"), "The name of the file must not contain control characters. Rename it and choose it again"),
    (FILE, Upload("x" * 201, b"x"), "The name of the file must be between 1 and 200 characters. Rename it and choose it again"),
    (FILE | {"accept": ".pdf"}, Upload("a.exe", b"x", "application/pdf"), "“a.exe” cannot be taken: it must be one of .pdf"),
    (FILE | {"properties": {"max_size": "1 KB"}}, Upload("a", b"x" * 1025), "“a” cannot be taken: it must be smaller than 1 KB"),
    (FILE | {"multiple": True}, [Upload("a", b"x")] * 21, "Reply must be 20 files or fewer"),
])
def test_a_bad_answer_is_refused_in_words(answer, component, raw, says):
    assert answer(component, raw) == says


@pytest.mark.parametrize(("component", "says"), [
    (TEXT | {"label": "Child's name"}, "Enter the child's name"), (TEXT | {"label": "The child's name"}, "Enter the child's name"),
    (TEXT | {"label": "GP"}, "Enter the GP"), (TEXT | {"label": "Has the family been told?"}, "Answer “Has the family been told?”"),
    (TEXT | {"label": "Describe what happened"}, "Describe what happened"), (TEXT | {"label": "Raised by"}, "Enter “Raised by”"),
    (TEXT | {"label": "What happened"}, "Enter what happened"), (NUMBER | {"label": "Cost"}, "Enter the cost"),
    (DATE, "Enter the incident date"),
    (TICK | {"label": "I confirm this is true"}, "Select “I confirm this is true”"), (RADIO | {"label": "Source"}, "Select the source"),
    (CHECKLIST | {"label": "Who agreed?"}, "Answer “Who agreed?”"),
    (FILE | {"label": "Notification"}, "Select a file for the notification"),
])
@pytest.mark.parametrize("raw", [None, ""])
def test_a_missing_answer_is_asked_for_by_its_label(answer, component, says, raw):
    assert answer(component | {"validate": {"required": True}}, raw) == says


def test_an_hour_that_comes_twice_is_the_first(answer):
    assert answer(MOMENT, {"date": "2023-10-29", "time": "01:30"}).astimezone(UTC) == datetime(2023, 10, 29, 0, 30, tzinfo=UTC)
    assert answer(MOMENT, "2023-10-29T01:30Z").astimezone(UTC) == datetime(2023, 10, 29, 1, 30, tzinfo=UTC)


def test_zero_is_an_answer_and_an_unticked_box_is_none(answer):
    assert answer(NUMBER | {"validate": {"required": True}}, 0) == 0
    assert answer(TICK | {"validate": {"required": True}}, False) == "Select “Reply”"


def test_a_pattern_that_never_ends_does_not_hold_up_the_others(made, names, now):
    from engine.errors import Incident
    form = made({"key": "it", "type": "textfield", "label": "Reply", "validate": {"pattern": "^(a+)+$"}})

    with pytest.raises(Incident):
        form.clean({"it": "a" * 60 + "!"}, names, now)


def test_options_that_are_no_texts_are_known_by_what_a_page_posts(answer):
    numbers = {"type": "select", "valuesExpression": "=[1, 2, true]"}

    assert answer(numbers, "2") == 2
    assert answer(numbers, 2) == 2
    assert answer(numbers, "true") is True
    assert answer(numbers, 1) == 1
    assert answer(numbers, "3") == "Select the reply from the options given"


@pytest.mark.parametrize(("properties", "raw", "value"), [
    ({"agency": "true"}, "POL", "POL"), ({"agency": "true"}, "XXX", "Select the reply from the options given"),
    ({"person": "true"}, "ivy", "ivy"), ({"person": "true"}, "nobody", "Select the reply from the options given"),
    ({"person": "true", "appoints": "imr_author"}, "omid", "omid"),
])
def test_a_picker_takes_the_key_of_someone_there_is(answer, properties, raw, value):
    assert answer({"type": "textfield", "properties": properties}, raw) == value
    assert answer({"type": "taglist", "properties": properties}, [raw]) == (value if value.startswith("Select") else [value])
