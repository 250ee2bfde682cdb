"""Spans of time: what words name, and to which longer period a period belongs."""

import calendar
import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimation.errors import DataError
from estimation.summaries.spans import last_day, middle_day, parent, parse_span
from models.cells import next_period

day = datetime.date.fromisoformat
DAYS = st.dates(datetime.date(1900, 1, 1), datetime.date(2200, 12, 31))


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        ("2024", "2024-01-01", "2024-12-31"),
        (2024, "2024-01-01", "2024-12-31"),
        ("9999", "9999-01-01", "9999-12-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2023-12", "2023-12-01", "2023-12-31"),
        ("2024-W01", "2024-01-01", "2024-01-07"),
        ("2020-W53", "2020-12-28", "2021-01-03"),
        ("2024-03-05", "2024-03-05", "2024-03-05"),
        (datetime.date(2024, 3, 5), "2024-03-05", "2024-03-05"),
        ("2024-09..2024-11", "2024-09-01", "2024-11-30"),
        ("2022 .. 2024-W10", "2022-01-01", "2024-03-10"),
        ("2024-03-05..2024-03-05", "2024-03-05", "2024-03-05"),
    ],
)
def test_words_name_days(words, first, last):
    span = parse_span(words)
    assert (span.first, span.last) == (day(first), day(last))
    assert span.words == str(words)
    assert span.days == (day(last) - day(first)).days + 1


@pytest.mark.parametrize(
    "words",
    ["", "spring", "24", "2024-3", "2024-13", "2023-W53", "2024-W00", "2024-02-30", "0000",
     "..2024", "2024..", "2024..2025..2026", "2024/03", True, 2024.5, "9999-W52", "9999-12",
     datetime.datetime(2024, 3, 5), "२०२४-०३"],
)  # fmt: skip
def test_what_names_no_span_is_refused_in_one_line(words):
    with pytest.raises(DataError, match="is no period") as caught:
        parse_span(words, "over_period")
    assert "\n" not in str(caught.value)
    assert "over_period" in str(caught.value)
    assert "2024-W10" in str(caught.value)


def test_a_span_that_ends_before_it_begins_is_refused():
    with pytest.raises(DataError, match="ends before it begins"):
        parse_span("2024-11..2024-09")


@pytest.mark.parametrize(
    ("first", "step", "longer", "expected"),
    [
        ("2024-12-30", "week", "year", "2025-01-01"),  # five of its days lie in 2025
        ("2022-12-26", "week", "year", "2022-01-01"),  # six lie in 2022
        ("2024-02-26", "week", "month", "2024-02-01"),  # four in February, three in March
        ("2024-04-29", "week", "month", "2024-05-01"),  # two in April
        ("2024-03-31", "day", "month", "2024-03-01"),
        ("2024-03-31", "day", "week", "2024-03-25"),  # a Sunday
        ("2024-03-01", "month", "year", "2024-01-01"),
        ("2024-12-20", "month", "year", "2025-01-01"),
    ],
)
def test_a_period_belongs_where_most_of_its_days_lie(first, step, longer, expected):
    assert parent(day(first), step, longer) == day(expected)


@given(DAYS, st.sampled_from(["month", "year"]))
def test_most_days_of_a_week_decide(first, longer):
    days = [first + datetime.timedelta(i) for i in range(7)]

    def of(one):
        return one.replace(day=1) if longer == "month" else one.replace(month=1, day=1)

    assert parent(first, "week", longer) == max(map(of, days), key=list(map(of, days)).count)


@given(DAYS, st.sampled_from(["day", "week", "month", "year"]))
def test_the_last_day_is_the_one_before_the_next_period(first, step):
    first = first.replace(day=min(first.day, 28))
    assert last_day(first, step) + datetime.timedelta(1) == next_period(first, step)
    assert first <= middle_day(first, step) <= last_day(first, step)


@given(DAYS)
def test_words_of_each_form_hold_their_own_days(one):
    year, week, _ = one.isocalendar()
    for words in (f"{one}", f"{one:%Y-%m}", f"{one:%Y}", f"{year}-W{week:02d}"):
        span = parse_span(words)
        assert span.first <= one <= span.last
    assert parse_span(f"{one:%Y-%m}").days == calendar.monthrange(one.year, one.month)[1]
