"""Maturity: periods that were counted for unequal times are compared only with a reason."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimation.errors import RefusedError
from estimation.summaries.maturity import UnequalMaturityError, compare_maturity
from tests.fake_fits import periods_from

MONTHS = periods_from("2022-01-01", "month", 48)
Y2022, Y2023, Y2024, Y2025 = (MONTHS[i : i + 12] for i in (0, 12, 24, 36))
DAY = datetime.date(2026, 1, 31)


def test_the_same_periods_are_equally_mature():
    assert compare_maturity(Y2024, Y2024, "month", DAY) == ""
    assert compare_maturity(Y2024, Y2024[::-1], "month", None) == ""
    assert compare_maturity([], [], "", None) == ""


@pytest.mark.parametrize(
    ("chosen", "others", "bias"),
    [
        (Y2024, Y2022, "too low"),
        (Y2022, Y2024, "too high"),
        (Y2024[8:], Y2024, "either"),  # ends with the same month
        (Y2024[6:8], Y2024, "either"),  # in the midst of it
        (Y2024, Y2024[:4], "too low"),
        (Y2024[:4], Y2024, "too high"),
        ([*Y2023, *Y2024], Y2023, "too low"),
        (Y2024, Y2024[4:6], "either"),
    ],
)
def test_the_younger_side_is_still_filling(chosen, others, bias):
    assert compare_maturity(chosen, others, "month", DAY, accept="known") == bias
    with pytest.raises(UnequalMaturityError) as caught:
        compare_maturity(chosen, others, "month", DAY)
    assert caught.value.bias == bias
    assert isinstance(caught.value, RefusedError)
    assert caught.value.exit_code == 4


def test_the_message_says_both_ages_and_the_direction():
    with pytest.raises(UnequalMaturityError) as caught:
        compare_maturity(Y2025, Y2022, "month", DAY)
    said = str(caught.value)
    assert "31 days and 37 months old" in said
    assert "errs too low" in said
    assert "accept it with a reason" in said
    assert "\n" not in said


def test_ages_that_look_alike_are_told_in_days():
    weeks = periods_from("2024-01-01", "week", 2)
    with pytest.raises(UnequalMaturityError, match="403 days and 410 days"):
        compare_maturity(weeks[1:], weeks[:1], "week", datetime.date(2025, 2, 20))


def test_a_table_without_a_date_is_told():
    with pytest.raises(UnequalMaturityError, match="in a table without a date") as caught:
        compare_maturity(Y2024, Y2022, "month", None)
    assert "2024-12-01 and 2022-12-01" in str(caught.value)
    assert compare_maturity(Y2024, Y2022, "month", None, accept="old enough") == "too low"


@pytest.mark.parametrize("accept", [None, "", "  \t"])
def test_a_reason_is_needed(accept):
    with pytest.raises(UnequalMaturityError):
        compare_maturity(Y2024, Y2022, "month", DAY, accept=accept)


_RUN = st.tuples(st.integers(0, 47), st.integers(0, 47)).map(lambda x: (min(x), max(x) + 1))


@given(_RUN, _RUN)
def test_the_other_way_round_errs_the_other_way(one, other):
    turned = {"": "", "too low": "too high", "too high": "too low", "either": "either"}
    sets = MONTHS[slice(*one)], MONTHS[slice(*other)]
    there = compare_maturity(*sets, "month", DAY, accept="a test")
    back = compare_maturity(*reversed(sets), "month", DAY, accept="a test")
    assert turned[there] == back
