"""Beliefs: draws, quantiles and densities are three views of one distribution."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from models import (
    Beta,
    InvalidValueError,
    LogitNormal,
    Tabulated,
    UniformTotal,
    audited,
    between,
    known,
    uniform,
    uniform_total,
)

BELIEFS = {
    "uniform": uniform(0.45, 0.65),
    "uniform_total": uniform_total(0.2, 0.9),
    "beta": Beta(3.0, 2.0),
    "logit_normal": LogitNormal(0.3, 0.8),
    "audited": audited([12, 30, 5], [20, 40, 20]),
    "audited, all found": audited([5, 5], [5, 5]),
    "audited, none found": audited([0, 0], [5, 9]),
}


@pytest.fixture(params=sorted(BELIEFS))
def belief(request):
    return BELIEFS[request.param]


def test_density_integrates_to_one(belief):
    # in log odds, where even a belief next to 0 or 1 is smooth
    t = np.linspace(-40, 40, 400_001)
    share = 1 / (1 + np.exp(-t))
    density = np.exp(belief.log_density(share)) * share * (1 / (1 + np.exp(t)))
    assert integrate.trapezoid(density, t) == pytest.approx(1, abs=2e-4)


def test_quantile_inverts_the_density(belief):
    for prob in (0.05, 0.5, 0.95):
        end = float(belief.quantile(prob))
        t = np.linspace(-40, np.log(end / (1 - end)), 400_001)
        share = 1 / (1 + np.exp(-t))
        density = np.exp(belief.log_density(share)) * share * (1 / (1 + np.exp(t)))
        assert integrate.trapezoid(density, t) == pytest.approx(prob, abs=3e-4)


def test_draws_follow_the_quantiles(belief, rng):
    draws = belief.draw(rng, 20_000)
    grid = (np.arange(200) + 0.5) / 200
    below = np.searchsorted(np.sort(draws), belief.quantile(grid), "right") / draws.size
    # the 99.99 % point of the Kolmogorov-Smirnov distance
    assert np.abs(below - grid).max() < 2.23 / np.sqrt(draws.size)


def test_moments_follow_the_draws(belief, rng):
    draws = belief.draw(rng, 200_000)
    assert belief.mean() == pytest.approx(draws.mean(), abs=5 * draws.std() / 447)
    assert belief.variance() == pytest.approx(draws.var(), rel=0.03)


@settings(deadline=None, max_examples=60)
@given(
    low=st.floats(0.02, 0.8), width=st.floats(0.05, 0.95), mass=st.floats(0.5, 0.99),
    shape=st.sampled_from(["beta", "logit_normal"]),
)  # fmt: skip
def test_between_holds_its_mass_with_equal_tails(low, width, mass, shape):
    high = low + width * (0.995 - low)
    if high - low < 0.005:
        high = low + 0.005
    found = between(low, high, mass, shape)
    ends = found.quantile([(1 - mass) / 2, (1 + mass) / 2])
    np.testing.assert_allclose(ends, [low, high], rtol=1e-4, atol=1e-7)


def test_article_range_as_a_beta():
    found = between(0.45, 0.65, 0.9)
    assert stats.beta.cdf([0.45, 0.65], found.alpha, found.beta) == pytest.approx([0.05, 0.95])


def test_uniform_total_makes_the_total_uniform(rng):
    totals = 1000 / UniformTotal(0.45, 0.65).draw(rng, 20_000)
    low, high = 1000 / 0.65, 1000 / 0.45
    assert stats.kstest((totals - low) / (high - low), "uniform").pvalue > 1e-4


def test_known_range_is_known():
    assert uniform(0.5, 0.5).kind == "known"
    assert uniform_total(0.5, 0.5).interval(0.9) == (0.5, 0.5)


def test_one_audited_site_is_the_jeffreys_posterior():
    found = audited(12, 20)
    assert (found.alpha, found.beta) == (12.5, 8.5)


def test_several_sites_equal_brute_force():
    """The mean coverage of beta-binomial sites by quadrature over both unknowns in SciPy."""
    hits, trials = [12, 30, 5], [20, 40, 20]
    mean = np.linspace(0.0005, 0.9995, 1000)
    correlation = np.linspace(0.0005, 0.9995, 1000)
    size = (1 - correlation) / correlation
    weight = np.zeros((mean.size, size.size))
    for hit, trial in zip(hits, trials, strict=True):
        weight += stats.betabinom.logpmf(
            hit, trial, mean[:, None] * size, (1 - mean[:, None]) * size
        )
    posterior = np.exp(weight).sum(axis=1) / np.sqrt(mean * (1 - mean))
    cumulative = np.cumsum(posterior) / posterior.sum()
    expected = np.interp([0.025, 0.25, 0.5, 0.75, 0.975], cumulative, mean)
    found = audited(hits, trials).quantile([0.025, 0.25, 0.5, 0.75, 0.975])
    np.testing.assert_allclose(found, expected, atol=0.002)


@pytest.mark.parametrize(("found", "order"), [([0, 0], 0.5), ([1, 0], 1.5), ([1, 2], 2.5)])
def test_moments_of_the_total_after_an_audit(found, order):
    """The lower tail falls by one power for each site where somebody was found, and a half."""
    assert audited(found, [10, 10]).inverse_moment_order() == pytest.approx(order, abs=0.05)


def test_sites_that_differ_say_less_than_their_sum():
    together = audited(100, 200).interval(0.95)
    apart = audited([90, 10], [100, 100]).interval(0.95)
    assert apart[1] - apart[0] > 3 * (together[1] - together[0])


def test_implied_total_is_the_division():
    low, middle, high = uniform(0.45, 0.65).implied_total(106_745, 0.9999999)
    assert (round(low), round(high)) == (164_223, 237_211)
    assert middle == pytest.approx(106_745 / 0.55)


def test_reason_and_source_are_kept():
    found = between(0.4, 0.6, 0.5, reason="cemeteries", source="page 3")
    assert (found.reason, found.source, found.stated) == ("cemeteries", "page 3", (0.4, 0.6, 0.5))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: uniform(0, 0.5), "(0, 1]"),
        (lambda: uniform(0.5, 1.1), "(0, 1]"),
        (lambda: uniform(45, 65), "0.45 for 45 %"),
        (lambda: uniform(0.6, 0.5), "swap"),
        (lambda: uniform(float("nan"), 0.5), "finite"),
        (lambda: uniform("0.4", 0.5), "must be a number"),
        (lambda: uniform(True, 0.5), "must be a number"),
        (lambda: between(0.5, 0.5, 0.9), "width"),
        (lambda: between(0.4, 1.0, 0.9), "strictly between"),
        (lambda: between(0.4, 0.5, 1.0), "strictly between"),
        (lambda: between(0.4, 0.5, 0.9, "normal"), "no shape"),
        (lambda: Beta(0, 1), "above 0"),
        (lambda: LogitNormal(0, -1), "above 0"),
        (lambda: LogitNormal(1e300, 1), "log odds"),
        (lambda: between(0.4, 0.5, 1e-9), "too near"),
        (lambda: audited(5, 4), "5 of 4"),
        (lambda: audited([1, 2], [3]), "2 sites found, 1 sites checked"),
        (lambda: audited(0, 0), "1 or more"),
        (lambda: audited([], []), "empty"),
        (lambda: audited(1.5, 4), "whole"),
        (lambda: known(0), "(0, 1]"),
        (lambda: Tabulated(0.0, 0.1, (0.0,) * 5), "knots"),
        (lambda: Tabulated(0.0, 0.1, (0.0,) * 9), "rise"),
        (lambda: Tabulated(-2.0, 0.5, tuple(-0.5 * x * x for x in np.arange(-2, 2.1, 0.5))), "12"),
        (lambda: between(0.98, 0.999, 0.01), "nearly all at 0 and 1"),
        (lambda: uniform(0.4, 0.5, reason=3), "text"),
    ],
)
def test_bad_beliefs_say_what_is_wrong(make, says):
    with pytest.raises(InvalidValueError) as caught:
        make()
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
