"""Tables simulated from a known truth: the posterior finds it again."""

import datetime

import numpy as np
import pytest

from estimation import Losses, fit
from estimation.summaries.changes import change_points
from models import Cells, Count, Model, Pooled, Walk, known, uniform

MONTHS = tuple(datetime.date(2021 + i // 12, i % 12 + 1, 1) for i in range(30))
COVERAGE = 0.5


def _inside(draws, truth, prob=0.95):
    low, high = np.quantile(draws, [(1 - prob) / 2, (1 + prob) / 2], axis=0)
    return (low <= truth) & (truth <= high)


@pytest.fixture(scope="module")
def bad_month():
    """Thirty quiet months and one bad one: names, deaths and the fit."""
    rng = np.random.default_rng(7)
    rate = np.full(30, 2_000.0)
    rate[17] *= 5
    names, unseen = rng.poisson(rate * COVERAGE), rng.poisson(rate * (1 - COVERAGE))
    cells = Cells(names[:, None], MONTHS, "month")
    model = Model(Walk(), {"names": Count(cells, known(COVERAGE))})
    return names, names + unseen, Losses(fit(model, seed=3))


def test_months_are_recovered(bad_month):
    _, deaths, losses = bad_month
    inside = _inside(losses.deaths[:, :, 0], deaths)
    # at 95 % each; fewer than 26 of 30 would have a chance of one in a hundred
    assert inside.sum() >= 26


def test_one_bad_month_does_not_smear(bad_month):
    _, deaths, losses = bad_month
    middle = np.median(losses.deaths[:, :, 0], axis=0)
    assert middle[17] == pytest.approx(deaths[17], rel=0.05)
    # its neighbors are drawn to the quiet level, not to the peak between them
    assert middle[[16, 18]] == pytest.approx([2_000, 2_000], rel=0.08)


def test_normal_steps_would_give_up_pooling_for_one_bad_month(bad_month):
    _, _, losses = bad_month
    names = losses.posterior["observed_data"]["names"].to_numpy()
    cells = Cells(names[:, None], MONTHS, "month")
    model = Model(Walk(tail=1e6), {"names": Count(cells, known(COVERAGE))})
    normal = fit(model, draws=500, seed=3)

    def quiet_width(posterior):
        spread = posterior["posterior"]["log_walk"].std(("chain", "draw")).to_numpy()
        return np.delete(spread, [16, 17, 18]).mean()

    assert quiet_width(normal) > 1.25 * quiet_width(losses.posterior)


def test_the_change_points_are_the_bad_month_and_its_end(bad_month):
    losses = bad_month[2]
    found = change_points(losses, accept_maturity="a table that is finished")
    first, second = MONTHS[17], MONTHS[18]
    assert found["probability"][[first, second]].sum() > 0.999
    assert found["low"][first] > 300
    assert found["high"][second] < -70


def test_months_and_regions_are_recovered_together():
    rng = np.random.default_rng(11)
    exposure = rng.lognormal(12, 0.7, 15).round()
    walk = np.cumsum(np.r_[0, 0.15 * rng.standard_t(4, 29)])
    effect = rng.normal(0, 0.6, 15)
    rate = np.exp(walk[:, None] + effect + np.log(exposure / exposure.mean()))
    rate *= 40_000 / rate.sum()
    names, unseen = rng.poisson(rate * COVERAGE), rng.poisson(rate * (1 - COVERAGE))
    strata = tuple(f"region {i}" for i in range(15))
    cells = Cells(names, MONTHS, "month", strata, exposure=exposure)
    model = Model(Walk() * Pooled(), {"names": Count(cells, uniform(0.499, 0.501))})
    posterior = fit(model, draws=1000, seed=3)
    losses = Losses(posterior)
    deaths = names + unseen
    assert _inside(losses.deaths.sum(axis=(1, 2)), deaths.sum(), 0.999)
    assert _inside(losses.deaths.sum(axis=2), deaths.sum(axis=1)).sum() >= 26
    assert _inside(losses.deaths.sum(axis=1), deaths.sum(axis=0)).sum() >= 12
    assert _inside(losses.deaths, deaths).mean() == pytest.approx(0.95, abs=0.04)
    spread = posterior["posterior"]["spread"]
    assert float(spread.quantile(0.001)) < 0.6 < float(spread.quantile(0.999))
