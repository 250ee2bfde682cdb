"""How losses change from month to month, and where they changed most."""

import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimation.errors import DataError
from estimation.summaries.changes import change_points, month_on_month
from estimation.summaries.estimands import Estimand, evaluate
from estimation.summaries.maturity import UnequalMaturityError
from tests.fake_fits import draws_of, fake_losses, flat_losses

MONTHS = {"first": "2024-01-01", "step": "month", "as_of": "2025-06-01"}


def test_the_probability_of_a_rise_is_a_share_of_draws():
    up = np.arange(50) < 40
    later = np.arange(50) >= 30
    march = np.where(later, 500, 1)
    losses = fake_losses(draws_of(100, np.where(up, 200, 50), march), **MONTHS)
    found = month_on_month(losses, accept_maturity="a test")
    assert found.months == (datetime.date(2024, 2, 1), datetime.date(2024, 3, 1))
    np.testing.assert_allclose(found.probability, [0.8, 0.4])
    assert found.all_at_once == pytest.approx(0.2)  # draws 30 to 39
    event = evaluate(Estimand("rises"), losses, accept_maturity="a test")
    assert event.draws.mean() == found.all_at_once


def test_months_of_unequal_length_are_compared_a_day():
    """February has fewer deaths than January, and more a day."""
    losses = fake_losses(draws_of(310, 300, 310), **MONTHS)
    assert month_on_month(losses, accept_maturity="a test").probability.tolist() == [1, 0]


def test_a_part_of_the_time_may_be_chosen():
    losses = fake_losses(draws_of(9, 1, 2, 3, 1), **MONTHS)
    found = month_on_month(losses, "2024-02..2024-04", accept_maturity="a test")
    assert found.all_at_once == 1
    for short in ("2024-02", "2024-02..2024-02"):
        with pytest.raises(DataError, match="two months or more"):
            month_on_month(losses, short, accept_maturity="a test")
    with pytest.raises(DataError, match="no period of the table"):
        month_on_month(losses, "2031", accept_maturity="a test")


def test_without_a_reason_months_are_not_compared():
    losses = fake_losses(draws_of(9, 1, 2), log_walk=np.zeros((50, 3)), **MONTHS)
    for ask in (month_on_month, change_points):
        with pytest.raises(UnequalMaturityError, match="14 months and 16 months"):
            ask(losses)


def test_without_periods_there_are_no_months():
    with pytest.raises(DataError, match="no periods"):
        month_on_month(flat_losses([200, 300]), accept_maturity="a test")
    yearly = fake_losses(draws_of(9, 1), first="2023-01-01", step="year")
    with pytest.raises(DataError, match="cannot be told by month"):
        month_on_month(yearly, accept_maturity="a test")


@pytest.fixture
def jumping(rng):
    """Ten months; between the sixth and the seventh losses double."""
    walk = rng.normal(0, 0.03, (400, 10)).cumsum(axis=1)
    walk[:, 6:] += np.log(2)
    return fake_losses(draws_of(*[1] * 10, draws=400), log_walk=walk, prob=0.9, **MONTHS)


def test_a_planted_jump_is_found(jumping):
    found = change_points(jumping, accept_maturity="a test")
    assert list(found.columns) == ["probability", "low", "median", "high"]
    assert list(found.index) == list(jumping.periods[1:])
    assert found.index.name == "period"
    jump = found.loc[datetime.date(2024, 7, 1)]
    assert jump["probability"] > 0.99
    assert jump["low"] < 100 < jump["high"]
    assert jump["median"] == pytest.approx(100, abs=2)
    assert found["probability"].sum() == pytest.approx(1)
    assert (found.drop(datetime.date(2024, 7, 1))["median"].abs() < 2).all()


def test_a_fall_counts_as_much_as_a_rise():
    walk = np.tile([0, 0.2, 0.3, -0.7, -0.6], (50, 1))
    losses = fake_losses(draws_of(*[1] * 5), log_walk=walk, **MONTHS)
    found = change_points(losses, accept_maturity="a test")
    assert found["probability"].tolist() == [0, 0, 1, 0]
    assert found["median"].iloc[2] == pytest.approx(100 * np.expm1(-1))


def test_two_periods_have_one_step():
    walk = np.tile([0, 0.1], (50, 1))
    losses = fake_losses(draws_of(1, 2), log_walk=walk, **MONTHS)
    assert change_points(losses, accept_maturity="a test")["probability"].tolist() == [1]


def test_names_without_a_period_take_no_step(rng):
    walk = np.tile([0, 0.1, 0.9], (50, 1))
    losses = fake_losses(draws_of(1, 2, 3, 7), log_walk=walk, undated=[5], **MONTHS)
    assert list(change_points(losses, accept_maturity="a test")["probability"]) == [0, 1]


def test_without_a_walk_there_are_no_steps():
    with pytest.raises(DataError, match="has no walk"):
        change_points(flat_losses([200, 300]), accept_maturity="a test")


@given(st.lists(st.integers(0, 5), min_size=2, max_size=8), st.integers(0, 2**32 - 1))
def test_all_at_once_is_never_likelier_than_one_of_them(means, seed):
    deaths = np.random.default_rng(seed).poisson(means, (30, len(means)))[:, :, None]
    found = month_on_month(fake_losses(deaths, **MONTHS), accept_maturity="a test")
    assert found.all_at_once <= found.probability.min() + 1e-12
    assert found.all_at_once >= 0
    assert found.probability.max() <= 1
