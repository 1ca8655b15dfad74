import pytest

from engine.rules.references import reference, wrong_with


@pytest.mark.parametrize(("pattern", "year", "number", "is_"), [
    ("SCR-{year}-{number:03}", 2017, 3, "SCR-2017-003"),
    ("SCR-{year}-{number:03}", 2017, 1234, "SCR-2017-1234"),
    ("LCSPR-{number:02}-{year}", 2026, 7, "LCSPR-07-2026"),
    ("{year}-{number}", 2017, 12, "2017-12"),
])
def test_a_reference_is_a_year_and_a_number(pattern, year, number, is_):
    assert reference(pattern, year, number) == is_


@pytest.mark.parametrize(("pattern", "says"), [
    ("SCR-{number:03}",                       "must have {year} and {number}"),
    ("SCR-{year}-{number}-{number}",          "once each"),
    ("SCR-{year.__class__}-{number}",         "must have"),
    ("SCR-{year}-{number:0999999999}",        "must have"),
    ("SCR-{year}-{number}-{name}",            "capital letters"),
    ("SCR/{year}/{number}",                   "capital letters"),
    ("SCR-{year}{number}",                    "two cases could share one"),
    ("",                                      "must have"),
])
def test_a_pattern_that_gives_no_reference_is_refused(pattern, says):
    assert says in wrong_with(pattern)

    with pytest.raises(ValueError, match="reference"):
        reference(pattern, 2017, 3)


def test_a_good_pattern_has_nothing_wrong():
    assert wrong_with("SCR-{year}-{number:03}") is None
