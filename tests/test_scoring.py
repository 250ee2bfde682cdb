"""Scores against hand calculations, closed forms, and the promise that the truth scores best."""

import arviz_base
import numpy as np
import pytest
import xarray as xr
from arviz_stats import loo_score
from scipy import stats
from scipy.special import logsumexp

from estimation.comparison.forecast_calibration import (
    coverage_table,
    covered,
    inside_intervals,
    pit,
    pit_ends,
)
from estimation.comparison.scoring import (
    crps,
    interval_score,
    log_score,
    score,
    score_row,
    scores,
    weighted_interval_score,
)
from estimation.errors import InvalidValueError
from estimation.summaries.estimates import QUANTILES, estimate_rows


def _normal_crps(mu, sigma, truth):
    z = (truth - mu) / sigma
    return sigma * (z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / np.sqrt(np.pi))


def test_interval_score_by_hand():
    # width 10; the truth 2 below at 80 %: 10 + 2 / 0.2 * 2; then 1 above
    found = interval_score([10, 10, 10], [20, 20, 20], 0.8, [8, 15, 21])
    np.testing.assert_allclose(found, [30, 10, 20])


def test_weighted_interval_score_by_hand():
    found = weighted_interval_score({0.25: 8.0, 0.5: 10.0, 0.75: 14.0}, 5.0)
    # (|5 - 10| / 2 + 0.25 * (6 + 4 * 3)) / 1.5
    assert found.value == pytest.approx((2.5 + 4.5) / 1.5)
    assert found.dispersion == pytest.approx(0.25 * 6 / 1.5)
    assert found.overprediction == pytest.approx((2.5 + 3) / 1.5)
    assert found.underprediction == 0


def test_weighted_interval_score_is_the_weighted_sum_of_interval_scores(rng):
    values = np.sort(rng.normal(size=(7, 50)), axis=0)
    truth = rng.normal(size=50) * 2
    found = weighted_interval_score(dict(zip(QUANTILES, values, strict=True)), truth)
    total = np.abs(truth - values[3]) / 2
    for k in range(3):
        prob = 1 - 2 * QUANTILES[k]
        total += QUANTILES[k] * interval_score(values[k], values[-1 - k], prob, truth)
    np.testing.assert_allclose(found.value, total / 3.5)
    parts = found.dispersion + found.overprediction + found.underprediction
    np.testing.assert_allclose(parts, found.value)


def test_the_median_alone_scores_its_absolute_error():
    assert weighted_interval_score({0.5: 3.0}, 5.0).value == pytest.approx(2.0)


@pytest.mark.parametrize("truth", [-2.5, 0.1, 1.0])
def test_weighted_interval_score_nears_the_crps_as_levels_become_dense(truth):
    misses = []
    for pairs in (9, 99, 999):
        levels = np.arange(1, 2 * pairs + 2) / (2 * pairs + 2)
        wis = weighted_interval_score(
            dict(zip(levels, stats.norm.ppf(levels), strict=True)), truth
        ).value
        misses.append(abs(wis - _normal_crps(0, 1, truth)))
    assert misses[2] < misses[1] < misses[0]
    assert misses[2] < 2e-3


@pytest.mark.parametrize("fair", [True, False])
def test_crps_is_the_double_sum(fair, rng):
    draws, truth = rng.poisson(5, (40, 3)).astype(float), np.array([2.0, 5.0, 11.0])
    pairs = np.abs(draws[:, None] - draws[None]).sum(axis=(0, 1)) / (40 * (39 if fair else 40))
    expected = np.abs(draws - truth).mean(axis=0) - pairs / 2
    np.testing.assert_allclose(crps(draws, truth, fair=fair), expected)


def test_crps_of_a_normal_has_its_closed_form(rng):
    draws = rng.normal(1e6, 300, 400_000)
    for truth in (1e6 - 700, 1e6, 1e6 + 120):
        assert crps(draws, truth) == pytest.approx(_normal_crps(1e6, 300, truth), rel=0.01)


def test_fair_crps_has_no_bias_with_few_draws(rng):
    draws = rng.normal(size=(5, 100_000))
    expected = _normal_crps(0, 1, 0.3)
    standard_error = crps(draws, np.full(100_000, 0.3)).std() / np.sqrt(100_000)
    fair = crps(draws, np.full(100_000, 0.3)).mean()
    assert abs(fair - expected) < 4 * standard_error
    unfair = crps(draws, np.full(100_000, 0.3), fair=False).mean()
    assert unfair - expected > 20 * standard_error


def test_crps_equals_that_of_arviz(rng):
    """ArviZ scores leave-one-out forecasts; with equal weights they are plain ones, negated."""
    draws, truth = rng.normal(10, 3, (4, 250, 6)), rng.normal(10, 3, 6)
    tree = arviz_base.from_dict(
        {
            "posterior_predictive": {"y": draws},
            "log_likelihood": {"y": np.zeros_like(draws)},
            "observed_data": {"y": truth},
        }
    )
    weights = xr.full_like(tree.log_likelihood["y"], -np.log(1000))
    pareto = xr.zeros_like(tree.observed_data["y"])
    theirs = loo_score(tree, pointwise=True, log_weights=weights, pareto_k=pareto).pointwise
    flat = draws.reshape(1000, 6)
    np.testing.assert_allclose(-np.asarray(theirs), crps(flat, truth, fair=False), rtol=1e-10)


@pytest.mark.parametrize("scale", [0.6, 1.0, 1.6])
@pytest.mark.parametrize("shift", [-0.4, 0.0, 0.4])
def test_the_true_distribution_scores_best(scale, shift, rng):
    truth = rng.normal(size=40_000)
    levels = np.array(QUANTILES)

    def mean_scores(mu, sigma):
        values = mu + sigma * stats.norm.ppf(levels)
        wis = weighted_interval_score(dict(zip(levels, values, strict=True)), truth).value
        interval = interval_score(values[1], values[-2], 0.9, truth)
        log = -stats.norm.logpdf(truth, mu, sigma)
        draws = mu + sigma * stats.norm.ppf((np.arange(200) + 0.5) / 200)
        dense = crps(np.broadcast_to(draws[:, None], (200, 4000)), truth[:4000], fair=False)
        return [one.mean() for one in (wis, interval, log, dense)]

    if (scale, shift) != (1.0, 0.0):
        assert (np.array(mean_scores(0.0, 1.0)) < mean_scores(shift, scale)).all()


def test_log_score_is_minus_the_log_of_the_mean_density():
    assert log_score(np.log([0.1, 0.3])) == pytest.approx(-np.log(0.2))
    assert log_score(np.array([-5_000.0, -5_001.0])) == pytest.approx(
        np.log(2) - logsumexp([-5_000.0, -5_001.0])
    )
    assert log_score([-np.inf, -np.inf]) == np.inf
    assert log_score(np.zeros((10, 3))).shape == (3,)


def test_ends_of_an_interval_belong_to_it():
    assert covered([1, 1, 1], [2, 2, 2], [1, 2, 2.1]).tolist() == [True, True, False]


def test_coverage_of_calibrated_forecasts_and_its_uncertainty(rng):
    center = rng.normal(0, 10, 400)
    inside = inside_intervals(rng.normal(center, 1, (1_000, 400)), rng.normal(center, 1))
    table = coverage_table(inside, prob=0.999)
    assert table.index.tolist() == [0.5, 0.8, 0.95]
    assert (table["low"] < table.index).all()
    assert (table["high"] > table.index).all()
    # Wilson by hand: 8 of 10 at 95 %
    found = coverage_table({0.8: [True] * 8 + [False] * 2 + [None]}).loc[0.8]
    z, n, p = stats.norm.ppf(0.975), 10, 0.8
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    assert found["forecasts"] == 10
    assert found["low"] == pytest.approx((p + z**2 / (2 * n)) / (1 + z**2 / n) - half)


def test_coverage_without_forecasts_says_nothing():
    found = coverage_table({0.8: [None]}).loc[0.8]
    assert found["forecasts"] == 0
    assert np.isnan(found["share"])


def test_ends_of_the_transform_by_hand():
    below, at_most = pit_ends([1, 2, 2, 3], 2)
    assert (below, at_most) == (1 / 5, 4 / 5)


@pytest.mark.parametrize("draws", [3, 400])
def test_transform_is_uniform_for_a_calibrated_count_and_not_for_a_wrong_one(draws, rng):
    rate = rng.gamma(4, 1, 4_000)
    truth = rng.poisson(rate)
    right = pit(rng.poisson(rate, (draws, 4_000)), truth, rng)
    wrong = pit(rng.poisson(1.3 * rate, (draws, 4_000)), truth, rng)
    assert stats.kstest(right, "uniform").pvalue > 1e-3
    assert stats.kstest(wrong, "uniform").pvalue < 1e-6


def test_one_forecast_has_all_its_scores(rng):
    draws = rng.poisson(100, (4, 500))
    found = score(draws, 120.0, log_densities=stats.poisson.logpmf(120, draws), rng=rng)
    flat = draws.ravel()
    assert found.crps == pytest.approx(crps(flat, 120.0))
    assert found.log_score == pytest.approx(log_score(stats.poisson.logpmf(120, flat)))
    assert found.wis == pytest.approx(
        found.dispersion + found.overprediction + found.underprediction
    )
    assert found.inside == {0.5: False, 0.8: False, 0.95: np.quantile(flat, 0.975) >= 120}
    assert found.below <= found.pit <= found.at_most


def test_rows_of_estimates_are_scored_like_their_draws(rng):
    draws = rng.poisson(1_000, 2_000)
    (row,) = estimate_rows({"total": draws}, 0.95)
    by_row, by_draws = score_row(row, 1_030), score(draws, 1_030)
    assert by_row.wis == pytest.approx(by_draws.wis)
    assert by_row.inside == {0.5: False, 0.8: None, 0.95: True}
    table = scores(
        [{**row, "index": {"list": "May"}, "truth": 1_030}, {**row, "truth": 900, "draws": draws}]
    )
    assert table["list"].tolist()[0] == "May"
    assert table["wis"][0] == pytest.approx(by_draws.wis)
    assert table["crps"][1] == pytest.approx(crps(draws, 900.0))
    counted = coverage_table(table)
    assert counted["forecasts"].tolist() == [2, 1, 2]
    assert counted["inside"].tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("quantiles", "words"),
    [
        ({0.25: 1, 0.75: 2}, "lack the median"),
        ({0.25: 1, 0.5: 2}, "not symmetric"),
        ({0.1: 1, 0.5: 2, 0.8: 3}, "not symmetric"),
        ({0.25: 3, 0.5: 2, 0.75: 4}, "not sorted"),
        ({"0.25": 1, "0.250": 1, 0.5: 2, "0.75": 3, "0.750": 3}, "twice"),
        ({"low": 1, 0.5: 2}, "no probabilities"),
        ({0.0: 1, 0.5: 2, 1.0: 3}, "no probabilities"),
        ({0.5: np.nan}, "finite"),
        ({}, "median"),
    ],
)
def test_quantiles_that_are_no_forecast_are_refused(quantiles, words):
    with pytest.raises(InvalidValueError, match=words):
        weighted_interval_score(quantiles, 1.0)


@pytest.mark.parametrize(
    "call",
    [
        lambda: interval_score(2, 1, 0.9, 1),
        lambda: interval_score(1, 2, 1.0, 1),
        lambda: crps([1.0], 1.0),
        lambda: crps([1.0, np.inf], 1.0),
        lambda: crps(np.ones((5, 3)), np.ones(5)),
        lambda: log_score([]),
        lambda: log_score([np.nan]),
        lambda: pit_ends([], 1.0),
        lambda: scores([{"quantiles": {0.5: 1}}]),
    ],
)
def test_bad_input_is_refused(call):
    with pytest.raises(InvalidValueError):
        call()
