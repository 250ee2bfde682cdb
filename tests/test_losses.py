"""Losses over periods and strata: the cells asked for, summed draw by draw."""

import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimation.diagnostics.verdicts import FAIL, Check, Verdict
from estimation.errors import DataError, GateError
from estimation.summaries.cell_rows import cell_rows, rates
from estimation.summaries.losses import Losses
from tests.fake_fits import draws_of, fake_losses, fake_tree, flat_losses

RNG = np.random.default_rng(7)
STRATA = ("A", "B", "C")
#: Two years of months for three strata; in every cell something else.
DEATHS = RNG.integers(0, 50, (40, 24, 3))
MONTHS = {"first": "2023-01-01", "step": "month", "strata": STRATA}
WEEKS = {"first": "2024-12-02", "step": "week"}


@pytest.fixture(scope="module")
def losses():
    return fake_losses(DEATHS, as_of="2025-06-01", **MONTHS)


def test_a_fit_says_what_it_is_about(losses):
    assert losses.deaths.shape == (40, 24, 3)
    assert (losses.step, losses.dating, losses.partial) == ("month", "death", False)
    assert losses.periods[0] == datetime.date(2023, 1, 1)
    assert losses.strata == STRATA
    assert losses.as_of == datetime.date(2025, 6, 1)
    assert losses.exposure is None


def test_all_cells_are_the_default(losses):
    found = losses.select()
    np.testing.assert_array_equal(found.deaths, DEATHS.sum(axis=(1, 2)))
    assert found.periods == losses.periods
    assert found.days == 365 + 366


@pytest.mark.parametrize(
    ("period", "rows", "days"),
    [
        ("2023", slice(0, 12), 365),
        ("2024-02", slice(13, 14), 29),  # shorter than the first month of the table
        ("2024-09..2024-11", slice(20, 23), 91),
        ("2023-11..2024", slice(10, 24), 30 + 31 + 366),
        ("2023-02-10..2023-04-10", slice(1, 3), 59),  # a third of April only
    ],
)
def test_periods_are_chosen_by_their_middle(losses, period, rows, days):
    found = losses.select(period)
    np.testing.assert_array_equal(found.deaths, DEATHS[:, rows].sum(axis=(1, 2)))
    assert found.periods == losses.periods[rows]
    assert found.days == days


def test_weeks_belong_where_most_of_their_days_lie():
    """The week of 30 December 2024 has five days in 2025."""
    weekly = fake_losses(draws_of(1, 10, 100, 1000, 10000, 100000), **WEEKS)
    assert weekly.select("2024").deaths[0] == 1111
    assert weekly.select("2025").deaths[0] == 110_000
    assert weekly.select("2025-W01").deaths[0] == 10_000
    assert weekly.select("2024-12-02..2024-12-08").deaths[0] == 1
    sums = {str(first): values[0] for first, values in weekly.by("month").items()}
    assert sums == {"2024-12-01": 1111, "2025-01-01": 110_000}
    assert list(weekly.by("year").values())[1][0] == 110_000


def test_days_add_up_to_weeks_months_and_years():
    daily = fake_losses(draws_of(*[1] * 40), first="2024-02-01", step="day")  # a Thursday
    weeks = {str(first): int(values[0]) for first, values in daily.by("week").items()}
    assert list(weeks.items())[:2] == [("2024-01-29", 4), ("2024-02-05", 7)]
    assert [int(values[0]) for values in daily.by("month").values()] == [29, 11]
    assert [int(values[0]) for values in daily.by("year").values()] == [40]
    assert len(daily.by("day")) == 40


def test_strata_are_chosen_by_name(losses):
    for chosen, columns in (("B", [1]), (["A", "C"], [0, 2]), (("C", "A"), [0, 2])):
        found = losses.select("2024", chosen)
        np.testing.assert_array_equal(found.deaths, DEATHS[:, 12:, columns].sum(axis=(1, 2)))
    np.testing.assert_array_equal(losses.by_stratum()["B"], DEATHS[:, :, 1].sum(axis=1))


def test_a_stratum_named_twice_holds_no_more_deaths(losses):
    np.testing.assert_array_equal(losses.select(stratum=["A", "A"]).deaths,
                                  losses.select(stratum="A").deaths)  # fmt: skip


@pytest.mark.parametrize(
    ("period", "stratum", "words"),
    [
        ("2024-03-05", None, "shorter than a month"),
        ("2024-02-01..2024-02-28", None, "shorter than a month"),
        ("2024-W10", None, "shorter than a month"),
        ("2022", None, "the table runs from 2023-01-01 to 2024-12-31"),
        ("2025-01", None, "the table runs from 2023-01-01 to 2024-12-31"),
        ("2025-W02", None, "no period of the table"),
        ("autumn", None, "is no period"),
        (None, "Aa", "did you mean 'A'"),
        (None, ["A", "nowhere"], "one of A, B, C"),
        (None, [5], "one of A, B, C"),
        (None, [], "names no stratum"),
    ],
)
def test_cells_that_are_not_there_are_refused(losses, period, stratum, words):
    with pytest.raises(DataError) as caught:
        losses.select(period, stratum)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_month_is_shorter_than_a_year():
    yearly = fake_losses(draws_of(5, 6), first="2023-01-01", step="year")
    assert yearly.select("2023").deaths[0] == 5  # 365 days, and the other year has 366
    with pytest.raises(DataError, match="shorter than a year"):
        yearly.select("2023-05")
    with pytest.raises(DataError, match="cannot be told by month; one of year"):
        yearly.by("month")


def test_names_without_a_period_are_in_totals_and_in_no_span():
    dated, undated = draws_of(10, 20), np.full((50, 1, 1), 7)
    both = np.concatenate([dated, undated], axis=1)
    losses = fake_losses(both, first="2024-01-01", step="month", undated=[4], observed=[[5], [6]])
    assert losses.periods == (datetime.date(2024, 1, 1), datetime.date(2024, 2, 1))
    assert losses.select().deaths[0] == 37
    assert losses.select().observed[0] == 15
    assert losses.select("2024").deaths[0] == 30
    assert losses.select("2024").observed[0] == 11
    rows = {row["index"]["period"]: row["median"] for row in cell_rows(losses, 0.9)
            if "step" not in row["index"]}  # fmt: skip
    assert rows == {"unknown": 7, "2024-01-01": 10, "2024-02-01": 20}


def test_confirmed_names_stand_before_the_table():
    confirmed = np.minimum(DEATHS, RNG.integers(0, 9, DEATHS.shape))
    losses = fake_losses(DEATHS, confirmed=confirmed, observed=np.full((24, 3), 9), **MONTHS)
    np.testing.assert_array_equal(
        losses.select("2023", "A").observed, confirmed[:, :12, 0].sum(axis=1)
    )
    plain = fake_losses(DEATHS, observed=np.full((24, 3), 9), **MONTHS)
    assert set(plain.select("2023", "A").observed) == {12 * 9}


def test_a_model_without_a_table_has_one_cell():
    losses = flat_losses([150, 160, 170], names=100)
    assert losses.select().deaths.tolist() == [150, 160, 170]
    assert losses.select().observed.tolist() == [100] * 3
    assert (losses.periods, losses.strata, losses.select().days) == ((), (), 0)
    for ask in ({"period": "2024"}, {"stratum": "A"}):
        with pytest.raises(DataError, match="has no"):
            losses.select(**ask)
    with pytest.raises(DataError, match="has no periods"):
        losses.by("year")


def test_strata_without_periods():
    losses = fake_losses(DEATHS[:, :1], strata=STRATA, exposure=[1000, 2000, 1], apart=["C"])
    np.testing.assert_array_equal(losses.select(stratum="B").deaths, DEATHS[:, 0, 1])
    assert np.isnan(losses.exposure).tolist() == [False, False, True]
    assert list(rates(losses)) == ["A", "B"]
    np.testing.assert_allclose(rates(losses)["B"], DEATHS[:, 0, 1] * 5)
    assert list(rates(losses, among=["B", "C"])) == ["B"]


def test_sums_come_from_joint_draws():
    """Two months that balance each other: their sum is known, and no sum of bounds is."""
    first = np.arange(50)
    losses = fake_losses(draws_of(first, 100 - first), first="2024-01-01", step="month")
    assert set(losses.select("2024").deaths) == {100}
    ends = [np.quantile(losses.select(f"2024-0{i}").deaths, 0.95) for i in (1, 2)]
    assert sum(ends) > 140


def test_large_sums_do_not_overflow():
    deaths = np.full((4, 3, 1), 2_000_000_000, dtype=np.int32)
    losses = fake_losses(deaths, first="2024-01-01", step="month")
    assert losses.select().deaths[0] == 6_000_000_000
    assert losses.by("year")[datetime.date(2024, 1, 1)][0] == 6_000_000_000


def test_a_fit_that_failed_gives_no_losses_unless_that_was_accepted():
    tree = fake_tree(DEATHS, **MONTHS)
    failed = Verdict((Check("rhat", FAIL, 1.4, 1.01, "R-hat 1.4 above 1.01", "run more"),))
    with pytest.raises(GateError, match=r"R-hat 1\.4"):
        Losses(tree, verdict=failed)
    with pytest.raises(GateError):
        Losses(tree, verdict=failed, accept="  ")
    assert Losses(tree, verdict=failed, accept="a trial").verdict.accepted == "a trial"


@given(st.integers(1, 22), st.sampled_from([None, "A", "B"]))
def test_spans_that_share_no_period_add_up(cut, stratum):
    losses = fake_losses(DEATHS, **MONTHS)
    head, tail = losses.periods[cut - 1], losses.periods[cut]
    parts = [losses.select(f"2023..{head:%Y-%m}", stratum),
             losses.select(f"{tail:%Y-%m}..2024", stratum)]  # fmt: skip
    whole = losses.select("2023..2024", stratum)
    np.testing.assert_array_equal(parts[0].deaths + parts[1].deaths, whole.deaths)
    np.testing.assert_array_equal(parts[0].observed + parts[1].observed, whole.observed)
    assert parts[0].days + parts[1].days == whole.days
    assert (*parts[0].periods, *parts[1].periods) == whole.periods


@given(st.sets(st.sampled_from(STRATA), min_size=1), st.sampled_from([None, "2023", "2024-05"]))
def test_a_total_over_strata_is_the_sum_of_its_parts(chosen, period):
    losses = fake_losses(DEATHS, **MONTHS)
    parts = sum(losses.select(period, name).deaths for name in chosen)
    np.testing.assert_array_equal(losses.select(period, sorted(chosen)).deaths, parts)


@given(st.dates(datetime.date(1999, 1, 1), datetime.date(2030, 1, 1)), st.integers(1, 60))
def test_longer_periods_hold_each_week_once(first, size):
    losses = fake_losses(draws_of(*range(size), draws=2), first=f"{first}", step="week")
    for longer in ("week", "month", "year"):
        rows = losses.rows(longer)
        assert sorted(i for one in rows.values() for i in one) == list(range(size))
        assert sum(values[0] for values in losses.by(longer).values()) == sum(range(size))
        assert list(rows) == sorted(rows)
