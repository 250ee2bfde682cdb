"""What audits are expected to tell, against conjugate closed forms and simulation."""

import functools

import numpy as np
import pytest
from scipy import stats

from estimation.errors import InvalidValueError, RefusedError
from estimation.sensitivity.after_audit import SCORES, Table
from estimation.sensitivity.information import expected_information, second_list
from estimation.sensitivity.posteriors import Posteriors, Target
from models import (
    Beta,
    Count,
    Flat,
    LogitNormal,
    Model,
    audited,
    between,
    gamma_between,
    known,
    uniform,
    uniform_total,
)
from tests.test_anatomy import sampled_by_hand, strata

HUGE = 10**11
BELIEF = between(0.45, 0.65, 0.9)


def _model(count, coverage, losses=None):
    return Model(losses or Flat(), {"names": Count(count, coverage)})


def _posteriors(**options):
    return Posteriors(accept="few draws are enough here", **options)


def _closed_form(belief, size):
    """Return the expected width of N / coverage after an audit, for N = 1."""
    found = np.arange(size + 1)
    alpha, beta = belief.alpha + found, belief.beta + size - found
    low, high = stats.beta.ppf([[0.025], [0.975]], alpha, beta)
    return stats.betabinom.pmf(found, size, belief.alpha, belief.beta) @ (1 / low - 1 / high)


@pytest.mark.parametrize("belief", [BELIEF, Beta(2.0, 2.0), Beta(5.0, 1.0)])
def test_expected_widths_of_a_huge_count_equal_the_conjugate_form(belief):
    found = expected_information(_posteriors(), _model(HUGE, belief), [1, 30, 120])
    assert found.now == pytest.approx(HUGE * _closed_form(belief, 0), rel=2e-3)
    for audit in found.audits:
        expected = HUGE * _closed_form(belief, audit.size)
        assert audit.expected_width == pytest.approx(expected, rel=5e-3)
        assert audit.share_of_now == pytest.approx(audit.expected_width / found.now)
        assert audit.method == "exact"
    assert found.limit < 1e-4 * found.now


@pytest.mark.parametrize("size", [1, 37, 2_000])
@pytest.mark.parametrize("belief", [BELIEF, Beta(0.6, 3.0), Beta(400.0, 90.0)])
def test_predicted_results_are_beta_binomial(belief, size):
    coverage = belief.quantile(stats.norm.cdf(SCORES))
    table = Table(coverage, np.full((20, 4), 1.0), recall=1.0, prob=0.95)
    found = np.unique(np.linspace(0, size, 300).round())
    expected = stats.betabinom.pmf(found, size, belief.alpha, belief.beta)
    np.testing.assert_allclose(table.predicted(found, size), expected, atol=1e-6)


def test_width_today_is_that_of_the_negative_binomial_mixture():
    count = 2_000
    found = expected_information(_posteriors(), _model(count, BELIEF), [5])
    coverage = BELIEF.quantile((np.arange(400) + 0.5) / 400)
    totals = np.arange(count, 12_000, 10)
    cumulative = stats.nbinom.cdf(totals[:, None] - count, count, coverage).mean(axis=1)
    low, high = np.interp([0.025, 0.975], cumulative, totals)
    assert found.now == pytest.approx(high - low, rel=5e-3)
    noise = np.mean(np.diff(stats.nbinom.ppf([[0.025], [0.975]], count, coverage), axis=0))
    assert found.limit == pytest.approx(noise, rel=0.02)


@functools.cache
def _exact_and_simulated():
    model, sizes = _model(5_000, BELIEF), [20, 100, 300]
    exact = expected_information(_posteriors(), model, sizes)
    return exact, expected_information(_posteriors(), model, sizes, simulations=1_000)


def test_simulation_agrees_with_the_sum_over_all_results():
    for one, other in zip(*(found.audits for found in _exact_and_simulated()), strict=True):
        assert (one.method, other.method) == ("exact", "simulated")
        assert 0 < one.error < other.error < 0.02 * other.expected_width
        assert abs(one.expected_width - other.expected_width) < 4 * other.error
        assert other.coverage_width == pytest.approx(one.coverage_width, rel=0.01)
        assert other.width_10 == pytest.approx(one.width_10, rel=0.05)
        assert one.width_10 < one.expected_width < one.width_90


def test_larger_audits_tell_more_up_to_a_limit():
    found = expected_information(
        _posteriors(), _model(5_000, BELIEF), [10_000, 1, 50, 1_000_000, 500, 20], simulations=300
    )
    widths = [audit.expected_width for audit in found.audits]
    assert [audit.size for audit in found.audits] == [1, 20, 50, 500, 10_000, 1_000_000]
    assert all(np.diff([found.now, *widths, found.limit]) < 3 * found.audits[-1].error)
    assert widths[-1] == pytest.approx(found.limit, rel=0.02)
    widths = [audit.coverage_width for audit in found.audits]
    assert all(np.diff(widths) < 0)


def test_coverage_is_as_narrow_as_the_conjugate_posterior():
    (audit,) = expected_information(_posteriors(), _model(500, BELIEF), [80]).audits
    found = np.arange(81)
    ends = stats.beta.ppf([[0.025], [0.975]], BELIEF.alpha + found, BELIEF.beta + 80 - found)
    weights = stats.betabinom.pmf(found, 80, BELIEF.alpha, BELIEF.beta)
    assert audit.coverage_width == pytest.approx(float(weights @ (ends[1] - ends[0])), rel=1e-3)


def test_an_audit_tells_what_a_refit_after_it_tells():
    """Nothing of the fast way is used: a fit for each of a few audits."""
    model, size = _model(300, BELIEF), 30
    (audit,) = expected_information(_posteriors(), model, [size]).audits
    found = np.arange(size + 1)
    weights = stats.betabinom.pmf(found, size, BELIEF.alpha, BELIEF.beta)
    expected = 0.0
    for k, weight in zip(found, weights, strict=True):
        if weight > 1e-4:
            belief = Beta(BELIEF.alpha + k, BELIEF.beta + size - k)
            total = _posteriors(draws=10_000).of(model.replace("names.coverage", belief))
            expected += weight * np.diff(np.quantile(total, [0.025, 0.975]))[0]
    assert audit.expected_width == pytest.approx(expected, rel=0.01)


def test_imperfect_recall_tells_less_and_is_what_a_second_list_is():
    model, perfect = _model(5_000, BELIEF), _exact_and_simulated()[0].audits[1]
    linked = second_list(_posteriors(), model, [100], recall=0.8, cost=2.5).audits[0]
    same = expected_information(_posteriors(), model, [100], recall=0.8).audits[0]
    assert linked.expected_width == same.expected_width > 1.05 * perfect.expected_width
    assert linked.cost == 250
    assert perfect.cost is None


@pytest.mark.parametrize("belief", [audited([8, 15], [20, 25]), LogitNormal(0.2, 0.5)])
def test_beliefs_without_a_conjugate_form_are_taken(belief):
    found = expected_information(_posteriors(), _model(900, belief), [50])
    low, high = np.quantile(Posteriors().of(_model(900, belief)), [0.025, 0.975])
    assert found.now == pytest.approx(high - low, rel=0.03)
    assert found.limit < found.audits[0].expected_width < found.now


def test_where_the_count_informs_coverage_its_posterior_is_audited():
    model = _model(1_000, BELIEF, Flat(gamma_between(1_700, 2_100)))
    found = expected_information(_posteriors(), model, [100])
    draws = Posteriors().posterior(model)
    low, high = np.quantile(draws.of(), [0.025, 0.975])
    assert found.now == pytest.approx(high - low, rel=0.03)
    # importance weights of the draws, for one audit after another
    coverage, total = draws.of(Target("coverage")), draws.of()
    rng = np.random.default_rng(3)
    widths, audited_shares = [], coverage[:60]
    order = np.argsort(total)
    coverage, total = coverage[order], total[order]
    for k in rng.binomial(100, audited_shares):
        weights = np.cumsum(coverage**k * (1 - coverage) ** (100 - k))
        ends = np.searchsorted(weights / weights[-1], [0.025, 0.975])
        widths.append(np.diff(total[ends])[0])
    error = np.std(widths) / np.sqrt(60)
    assert abs(found.audits[0].expected_width - np.mean(widths)) < 4 * error


def test_a_table_is_sampled_once():
    model = strata(BELIEF, known(1.0))
    posteriors = sampled_by_hand(model)
    found = expected_information(posteriors, model, [30, 300])
    assert len(posteriors._sampled) == 1
    assert found.limit < found.audits[1].expected_width < found.audits[0].expected_width < found.now
    low, high = np.quantile(posteriors.of(model), [0.025, 0.975])
    assert found.now == pytest.approx(high - low, rel=0.05)


def test_rows_hold_what_is_told():
    found = _exact_and_simulated()[0]
    assert list(found.rows()[0]) == [
        "size", "expected_width", "error", "share_of_now", "width_10", "width_90",
        "coverage_width", "cost", "method",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "belief", [uniform(0.4, 0.6), uniform_total(0.4, 0.6), known(0.5)], ids=lambda one: one.kind
)
def test_hard_ranges_are_refused(belief):
    with pytest.raises(RefusedError, match=r"hard range.*cannot stand beside.*soft belief"):
        expected_information(_posteriors(), _model(500, belief), [10])


@pytest.mark.parametrize(
    ("sizes", "choices", "message"),
    [
        ([], {}, "is empty"), ("25", {}, "list of sizes"), (25, {}, "list of sizes"),
        ([0], {}, r"sizes\[0\]: must be 1 or more"), ([10, 2.5], {}, r"sizes\[1\]: .*whole"),
        ([True], {}, "whole"), ([1_000_001], {}, "1,000,000 at most"),
        ([5, 7, 5], {}, "5 is named twice"),
        ([5], {"cost": -1.0}, "cost: must be 0 or more"), ([5], {"cost": "x"}, "cost"),
        ([5], {"recall": 0.0}, "recall"), ([5], {"recall": 1.5}, "recall"),
        ([5], {"simulations": 1}, "simulations"), ([5], {"prob": 1.0}, "prob"),
        ([5], {"field": "names.cover"}, "no field"),
    ],
)  # fmt: skip
def test_what_is_no_audit_is_refused(sizes, choices, message):
    with pytest.raises(InvalidValueError, match=message):
        expected_information(_posteriors(), _model(500, BELIEF), sizes, **choices)


def test_a_coverage_next_to_zero_is_refused():
    with pytest.raises(RefusedError, match="infinite"):
        expected_information(_posteriors(), _model(500, Beta(0.9, 2.0)), [5])


@pytest.mark.parametrize("field", ["names.precision", "names.count", "losses"])
def test_only_coverage_is_audited(field):
    with pytest.raises(RefusedError, match="no belief on coverage"):
        expected_information(_posteriors(), _model(500, BELIEF), [5], field=field)
