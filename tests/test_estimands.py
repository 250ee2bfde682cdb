"""Estimands against draws worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimation.errors import DataError, UndercountError
from estimation.summaries.estimands import Area, Estimand, daily_by_month, evaluate
from estimation.summaries.maturity import UnequalMaturityError
from tests.fake_fits import draws_of, fake_losses, flat_losses

RNG = np.random.default_rng(3)
#: January to April 2024, by three strata, the last of which is apart.
DEATHS = RNG.integers(1, 90, (60, 4, 3))
TABLE = {
    "first": "2024-01-01", "step": "month", "strata": ("A", "B", "foreign"), "as_of": "2025-01-31",
    "exposure": [10_000, 40_000, 1], "apart": ["foreign"],
    "observed": np.arange(12).reshape(4, 3),
}  # fmt: skip
REGIONS = {"strata": ("A", "B", "unknown")}


@pytest.fixture(scope="module")
def losses():
    return fake_losses(DEATHS, **TABLE)


def of(losses, kind, *, accept=None, **parts):
    """Return the draws of an estimand."""
    return evaluate(Estimand(kind, **parts), losses, accept_maturity=accept).draws


def test_totals_and_names(losses):
    np.testing.assert_array_equal(of(losses, "total"), DEATHS.sum(axis=(1, 2)))
    found = of(losses, "total", period="2024-02..2024-03", stratum="B")
    np.testing.assert_array_equal(found, DEATHS[:, 1:3, 1].sum(axis=1))
    assert set(of(losses, "observed", period="2024-02")) == {3 + 4 + 5}
    assert set(of(losses, "observed", stratum="foreign")) == {2 + 5 + 8 + 11}


def test_ratios(losses):
    march, january = DEATHS[:, 2].sum(axis=1), DEATHS[:, 0].sum(axis=1)
    parts = {"period": "2024-03", "over_period": "2024-01"}
    np.testing.assert_allclose(of(losses, "ratio", accept="a test", **parts), march / january)
    february = DEATHS[:, 1].sum(axis=1)
    parts["period"] = "2024-02"
    np.testing.assert_allclose(
        of(losses, "daily_ratio", accept="a test", **parts), (february / 29) / (january / 31)
    )
    np.testing.assert_array_equal(
        of(losses, "rise", accept="a test", **parts), february / 29 > january / 31
    )


def test_strata_of_the_same_periods_compare_without_a_reason(losses):
    found = evaluate(Estimand("ratio", period="2024-02", stratum="A", over_stratum="B"), losses)
    np.testing.assert_allclose(found.draws, DEATHS[:, 1, 0] / DEATHS[:, 1, 1])
    assert (found.event, found.bias) == (False, "")
    share = evaluate(Estimand("share", stratum="B"), losses)
    np.testing.assert_allclose(share.draws, DEATHS[:, :, 1].sum(axis=1) / DEATHS.sum(axis=(1, 2)))
    assert share.bias == ""


def test_over_the_same_stratum_by_default(losses):
    found = of(losses, "ratio", period="2024-02", over_period="2024-01", stratum="A", accept="test")
    np.testing.assert_allclose(found, DEATHS[:, 1, 0] / DEATHS[:, 0, 0])


def test_rates_leave_out_who_has_no_exposure(losses):
    a, both = of(losses, "rate", stratum="A"), of(losses, "rate", period="2024-01")
    np.testing.assert_allclose(a, DEATHS[:, :, 0].sum(axis=1))
    np.testing.assert_allclose(both, DEATHS[:, 0, :2].sum(axis=1) / 5)
    with pytest.raises(DataError, match="'foreign' has no persons at risk"):
        of(losses, "rate", stratum="foreign")
    with pytest.raises(DataError, match="no stratum 'Aa'; did you mean 'A'"):
        of(losses, "rate", stratum="Aa")
    with pytest.raises(DataError, match="give the table an exposure"):
        of(fake_losses(DEATHS[:, :1], **REGIONS), "rate")


def test_areas(losses):
    known = of(losses, "per_area", area=Area(50, 50))
    np.testing.assert_allclose(known, DEATHS.sum(axis=(1, 2)) / 50)
    wide = of(losses, "per_area", area=Area(40, 80))
    implied = DEATHS.sum(axis=(1, 2)) / wide
    assert 40 <= implied.min() < 45
    assert 75 < implied.max() <= 80
    np.testing.assert_array_equal(wide, of(losses, "per_area", area=Area(40, 80)))
    for low, high in ((0, 5), (5, 4), (-1, 1), ("5", 6), (5, np.inf)):
        with pytest.raises(UndercountError):
            Area(low, high)


def test_months_are_compared_a_day(losses):
    daily = DEATHS.sum(axis=2) / [31, 29, 31, 30]
    found = evaluate(Estimand("peak_to_trough"), losses, accept_maturity="a test")
    np.testing.assert_allclose(found.draws, daily.max(axis=1) / daily.min(axis=1))
    assert found.bias == "either"
    rises = evaluate(Estimand("rises", period="2024-02..2024-04"), losses, accept_maturity="a test")
    np.testing.assert_array_equal(rises.draws, (daily[:, 1:3] < daily[:, 2:4]).all(axis=1))
    assert (rises.event, rises.bias) == (True, "too low")


def test_months_of_one_stratum(losses):
    daily = DEATHS[:, :, 1] / [31, 29, 31, 30]
    found = of(losses, "peak_to_trough", stratum="B", accept="a test")
    np.testing.assert_allclose(found, daily.max(axis=1) / daily.min(axis=1))
    with pytest.raises(DataError, match="no stratum 'C'"):
        of(losses, "rises", stratum="C", accept="a test")


def test_a_month_without_deaths_gives_no_endless_ratio():
    losses = fake_losses(draws_of(0, 29), first="2024-01-01", step="month")
    assert of(losses, "peak_to_trough", accept="a test")[0] == pytest.approx(31)
    assert of(losses, "ratio", period="2024-02", over_period="2024-01", accept="test")[0] == 29


def test_weeks_are_gathered_by_month():
    weekly = fake_losses(draws_of(*range(1, 10)), first="2024-01-01", step="week")
    months, daily, used = daily_by_month(weekly, None)
    assert [str(month) for month in months] == ["2024-01-01", "2024-02-01"]
    # four weeks and the one with three days of January; four in February
    np.testing.assert_allclose(daily[0], [(1 + 2 + 3 + 4) / 28, (5 + 6 + 7 + 8 + 9) / 35])
    assert tuple(used) == weekly.periods


def test_the_largest_stratum():
    deaths = np.array([[[9, 5, 20]], [[4, 5, 20]], [[5, 5, 20]]])
    losses = fake_losses(deaths, **REGIONS)
    assert of(losses, "largest", stratum="A").tolist() == [True, False, False]
    among = ("A", "unknown")
    assert of(losses, "largest", stratum="A", among=among).tolist() == [False] * 3


def test_the_largest_rate(losses):
    found = of(losses, "largest_rate", stratum="A", period="2024-01")
    np.testing.assert_array_equal(found, DEATHS[:, 0, 0] > DEATHS[:, 0, 1] / 4)
    for parts in ({"stratum": "foreign"}, {"stratum": "A", "among": ("B", "foreign")}):
        with pytest.raises(DataError, match="'foreign' has no persons at risk"):
            of(losses, "largest_rate", **parts)


@pytest.mark.parametrize(
    ("kind", "parts", "words"),
    [
        ("totl", {}, "did you mean 'total'"),
        ("total", {"period": "soon"}, "period: 'soon' is no period"),
        ("ratio", {"over_period": "soon"}, "over_period: 'soon' is no period"),
        ("ratio", {"period": "2024"}, "compares with nothing"),
        ("daily_ratio", {}, "compares with nothing"),
        ("rise", {"period": "2024"}, "compares with nothing"),
        ("total", {"over_period": "2024"}, "does not use over_period"),
        ("share", {"over_stratum": "A"}, "does not use over_period or over_stratum"),
        ("rise", {"over_period": "2024", "among": ("A",)}, "does not use among"),
        ("total", {"area": Area(1, 2)}, "does not use area"),
        ("per_area", {}, "needs an area"),
        ("largest", {}, "needs a stratum"),
        ("largest_rate", {"among": ("A", "B")}, "needs a stratum"),
    ],
)
def test_what_makes_no_sense_is_refused(kind, parts, words):
    with pytest.raises(DataError) as caught:
        Estimand(kind, **parts)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("estimand", "words"),
    [
        (Estimand("rises", period="2024-02"), "two months or more"),
        (Estimand("largest", stratum="A", among=("A",)), "nothing to compare with"),
        (Estimand("largest", stratum="A", among=("A", "X")), "no stratum 'X'"),
        (Estimand("total", period="2031"), "the table runs from"),
        (Estimand("share", period="2024-02-03"), "shorter than a month"),
    ],
)
def test_what_a_fit_cannot_tell_is_refused(losses, estimand, words):
    with pytest.raises(DataError) as caught:
        evaluate(estimand, losses, accept_maturity="a test")
    assert words in str(caught.value)


def test_a_model_without_periods_has_no_days():
    losses = fake_losses(DEATHS[:, :1], **REGIONS)
    with pytest.raises(DataError, match="needs periods"):
        of(losses, "daily_ratio", stratum="A", over_stratum="B")
    with pytest.raises(DataError, match="has no periods"):
        of(losses, "rises", accept="a test")
    assert of(flat_losses([200, 300]), "per_area", area=Area(10, 10)).tolist() == [20, 30]


def test_strata_of_a_model_without_any_are_refused():
    with pytest.raises(DataError, match="this model has none"):
        of(flat_losses([200, 300]), "largest", stratum="A", among=("A", "B"))


@pytest.mark.parametrize(
    "estimand",
    [
        Estimand("ratio", period="2024-04", over_period="2024-01"),
        Estimand("daily_ratio", period="2024-04", over_period="2024-01"),
        Estimand("rise", period="2024-04", over_period="2024-01"),
        Estimand("share", period="2024-04"),
        Estimand("rises"),
        Estimand("peak_to_trough"),
    ],
    ids=lambda one: one.kind,
)
def test_unequal_maturity_is_refused_unless_accepted(losses, estimand):
    with pytest.raises(UnequalMaturityError, match="compared"):
        evaluate(estimand, losses)
    assert evaluate(estimand, losses, accept_maturity="a test").bias


@given(st.lists(st.sampled_from(["A", "B", "foreign"]), min_size=1, max_size=3, unique=True))
def test_shares_of_strata_add_up(chosen):
    losses = fake_losses(DEATHS, **TABLE)
    shares = sum(of(losses, "share", stratum=name) for name in chosen)
    total = losses.select(stratum=chosen).deaths / losses.select().deaths
    np.testing.assert_allclose(shares, total)


@given(st.integers(1, 3))
def test_at_most_one_stratum_is_the_largest(last):
    losses = fake_losses(DEATHS, **TABLE)
    wins = [of(losses, "largest", stratum=name, period=f"2024-01..2024-0{last}")
            for name in losses.strata]  # fmt: skip
    assert np.sum(wins, axis=0).max() <= 1
