"""The exact engine against closed forms and brute force."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad
from scipy.special import gammaln

from estimation.fit.exact import exact_draws
from estimation.notes import notes
from models import (
    Beta,
    Count,
    Flat,
    GammaPrior,
    LogitNormal,
    Model,
    NotEstimableError,
    audited,
    between,
    gamma_between,
    known,
    uniform,
)
from models.inclusion import (
    InclusionSampler,
    count_log_likelihood,
    log_ratio,
    mixing_log_density,
    mixing_mode,
    mixing_slope,
    mixing_width,
)
from models.log_concave import draw_log_concave


def _model(losses, *count):
    return Model(losses, {"names": Count(*count)})


def test_unseen_is_negative_binomial_when_coverage_is_known():
    unseen = exact_draws(_model(Flat(), 7, known(0.4)), 200_000, 1)["unseen"]
    values = np.arange(60)
    expected = stats.nbinom.pmf(values, 7, 0.4) * unseen.size
    found = np.bincount(unseen, minlength=60)[:60]
    keep = expected > 10
    statistic = ((found - expected)[keep] ** 2 / expected[keep]).sum()
    assert statistic < stats.chi2.ppf(0.9999, keep.sum() - 1)


def test_headline_interval_is_the_division_up_to_counting_noise(article):
    total = exact_draws(article, 1_000_000, 2)["total"]
    # equal tails of a uniform coverage: 106,745 / 0.645 and / 0.455
    assert np.quantile(total, [0.025, 0.975]) == pytest.approx([165_496, 234_604], rel=1e-3)
    assert np.median(total) == pytest.approx(106_745 / 0.55, rel=1e-3)


def test_scale_prior_leaves_coverage_at_its_prior(article):
    coverage = exact_draws(article, 100_000, 3)["coverage"]
    assert stats.kstest((coverage - 0.45) / 0.2, "uniform").pvalue > 1e-4


def test_clustering_leaves_the_total_of_one_cell_unchanged_under_the_scale_prior():
    count = (400, between(0.3, 0.6, 0.9))
    plain = exact_draws(_model(Flat(), *count), 50_000, 4)
    mixed = exact_draws(_model(Flat(clustering=0.7), *count), 50_000, 4)
    np.testing.assert_array_equal(plain["total"], mixed["total"])
    assert np.std(np.log(mixed["rate"])) > 3 * np.std(np.log(plain["rate"]))


def test_precision_scales_the_total():
    plain = exact_draws(_model(Flat(), 10_000, known(0.5)), 50_000, 5)["total"]
    scaled = exact_draws(_model(Flat(), 10_000, known(0.5), known(0.9)), 50_000, 5)["total"]
    assert scaled.mean() == pytest.approx(0.9 * plain.mean(), rel=2e-3)


def test_coverage_of_one_means_all_are_known():
    draws = exact_draws(_model(Flat(), 123, known(1.0)), 1_000, 6)
    assert set(draws["total"]) == {123}


@pytest.mark.parametrize("clustering", [None, 0.4, 5.0, 1e4])
@pytest.mark.parametrize("count", [0, 1, 40, 900])
def test_gamma_prior_equals_importance_sampling(count, clustering, rng):
    """Prior draws weighted by the SciPy likelihood: nothing of the exact engine is used."""
    prior = GammaPrior(2.0, 2.0 / (2.5 * count + 5))
    model = _model(Flat(prior, clustering), count, between(0.3, 0.7, 0.9), uniform(0.8, 1.0))
    size = 400_000
    rate = rng.gamma(prior.shape, 1 / prior.inverse_scale, size)
    coverage = model.base.coverage.draw(rng, size)
    precision = model.base.precision.draw(rng, size)
    mean = rate * coverage / precision
    weight = stats.poisson.pmf(count, mean)
    if clustering is not None:
        weight = stats.nbinom.pmf(count, clustering, clustering / (clustering + mean))
    mixing = 1.0
    if clustering is not None:
        mixing = rng.gamma(clustering + count, 1 / (clustering + mean))
    unseen = rng.poisson(rate * mixing * (1 - coverage))
    found = exact_draws(model, 40_000, 7)
    effective = weight.sum() ** 2 / (weight**2).sum()
    assert effective > 5_000
    expected = {"rate": rate, "coverage": coverage, "precision": precision, "unseen": unseen}
    for name, values in expected.items():
        order = np.argsort(values, kind="stable")
        cumulative = np.cumsum(weight[order]) / weight.sum()
        grid = values[order][np.searchsorted(cumulative, [0.05, 0.25, 0.5, 0.75, 0.95])]
        for point in np.unique(grid):
            reference = weight[values <= point].sum() / weight.sum()
            ours = np.mean(found[name] <= point)
            error = np.sqrt(reference * (1 - reference) * (1 / effective + 1 / 40_000))
            assert abs(ours - reference) < 5 * error + 1e-9, (name, point)


@pytest.mark.parametrize("count", [0, 3, 1_000, 1_000_000])
@pytest.mark.parametrize("clustering", [0.05, 1.0, 100.0])
def test_marginal_likelihood_with_clustering_equals_adaptive_quadrature(count, clustering):
    prior = GammaPrior(3.0, 3.0 / max(2 * count, 4))
    s = np.log(0.55)
    ours = count_log_likelihood(count, prior, clustering)(np.array([s]))[0]
    plain = count_log_likelihood(count, prior, None)

    def log_integrand(z):
        # the density of log g, g ~ Gamma(k, k): written out, since exp(z) may underflow
        k = clustering
        log_gamma = k * z - k * np.exp(z) + k * np.log(k) - gammaln(k)
        return float(log_gamma + plain(np.array([s + z]))[0])

    mode = float(mixing_mode(np.array([s]), count, prior, clustering)[0])
    top = log_integrand(mode)
    breaks = [-1500, -300, -60, -15, -4, -1, -0.3, -0.1, 0, 0.1, 0.3, 1, 4, 15]
    found = sum(
        quad(lambda z: np.exp(log_integrand(mode + z) - top), low, high, limit=500)[0]
        for low, high in itertools.pairwise(breaks)
    )
    assert ours == pytest.approx(np.log(found) + top, abs=1e-6)


@pytest.mark.parametrize(("count", "k"), [(0, 0.5), (3, 2.0), (500, 0.1), (500, 300.0)])
def test_mixing_draws_follow_their_density(count, k, rng):
    prior, size = GammaPrior(2.0, 0.01), 40_000
    s = np.full(size, np.log(0.5))
    mode = mixing_mode(s, count, prior, k)
    draws = draw_log_concave(
        lambda z, s: mixing_log_density(z, s, count, prior, k),
        lambda z, s: mixing_slope(z, s, count, prior, k),
        mode, mixing_width(mode, s, count, prior, k), s, rng,
    )  # fmt: skip
    grid = np.linspace(draws.min() - 5, draws.max() + 5, 200_001)
    density = mixing_log_density(grid, np.full(grid.size, s[0]), count, prior, k)
    cumulative = np.cumsum(np.exp(density - density.max()))
    below = np.interp(np.sort(draws), grid, cumulative / cumulative[-1])
    distance = np.abs(below - (np.arange(size) + 0.5) / size).max()
    assert distance < 2.23 / np.sqrt(size)


def test_a_tight_prior_informs_coverage_and_is_still_exact():
    """With the rate all but known, coverage is count / rate."""
    model = _model(Flat(GammaPrior(1e8, 1e3)), 52_000, between(0.3, 0.7, 0.9))
    coverage = exact_draws(model, 5_000, 8)["coverage"]
    assert coverage.mean() == pytest.approx(0.52, abs=1e-3)
    assert coverage.std() == pytest.approx(np.sqrt(52_000) / 1e5, rel=0.1)


def test_contradiction_of_prior_and_belief_is_refused():
    model = _model(Flat(GammaPrior(1e8, 1e4)), 1_000_000, between(0.1, 0.2, 0.9))
    with pytest.raises(NotEstimableError, match="contradict"):
        exact_draws(model, 100, 9)


def test_a_surprising_count_is_said():
    model = _model(Flat(GammaPrior(100, 0.1)), 400, uniform(0.1, 0.2))
    assert any("far outside" in note for note in notes(model, exact_draws(model, 1_000, 9)))
    expected = model.replace("names.count", 150)
    assert not any(
        "far outside" in note for note in notes(expected, exact_draws(expected, 1_000, 9))
    )


def test_coverage_next_to_zero_is_refused():
    with pytest.raises(NotEstimableError, match="near zero"):
        _model(Flat(), 10**9, Beta(0.01, 5.0))


@pytest.mark.parametrize("seed", range(5))
def test_what_is_not_refused_is_drawn_whatever_the_seed(seed):
    total = exact_draws(_model(Flat(), 100, audited(0, 20)), 100_000, seed)["total"]
    assert total.min() >= 100


@pytest.mark.parametrize("belief", [Beta(0.01, 1.0), LogitNormal(0.0, 300.0), Beta(0.02, 0.01)])
@pytest.mark.parametrize("count", [0, 20])
def test_shares_of_exactly_zero_do_not_hang_the_exact_engine(belief, count):
    draws = exact_draws(_model(Flat(GammaPrior(2.0, 0.01), 2.0), count, belief), 5_000, 11)
    assert np.isfinite(draws["rate"]).all()


def test_the_envelope_is_never_exceeded(rng):
    """Heights of random proposals stay below the bound of their cell: else draws are not exact."""
    for k in (None, 0.05, 0.5, 20.0):
        for count in (0, 7, 500):
            prior = GammaPrior(0.7, 0.7 / (2 * count + 3))
            likelihood = count_log_likelihood(count, prior, k)
            coverage, precision = between(0.2, 0.8, 0.9), uniform(0.7, 1.0)
            sampler = InclusionSampler(likelihood, coverage, precision)
            cell = rng.integers(0, sampler._bound.size, 5_000)
            u, v = sampler._low[:, cell] + sampler._width[:, cell] * rng.random((2, 5_000))
            heights = likelihood(log_ratio(coverage.quantile(u), precision.quantile(v)))
            assert (heights - sampler._bound[cell]).max() < 1e-7


@settings(deadline=None, max_examples=30)
@given(
    count=st.integers(1, 10**7), low=st.floats(0.02, 0.9), width=st.floats(0.01, 0.99),
    seed=st.integers(0, 10**6),
)  # fmt: skip
def test_hard_range_bounds_the_total_up_to_counting_noise(count, low, width, seed):
    high = low + width * (1 - low)
    total = exact_draws(_model(Flat(), count, uniform(low, high)), 2_000, seed)["total"]
    noise = 7 / np.sqrt(count)
    assert total.min() >= count
    assert np.median(total) <= count / low * (1 + noise) + 20
    assert np.median(total) >= count / high * (1 - noise) - 20


@settings(deadline=None, max_examples=30)
@given(low=st.floats(1, 1e6), ratio=st.floats(1.05, 50), mass=st.floats(0.5, 0.99))
def test_gamma_between_holds_its_mass(low, ratio, mass):
    found = gamma_between(low, low * ratio, mass)
    cdf = stats.gamma.cdf([low, low * ratio], found.shape, scale=1 / found.inverse_scale)
    np.testing.assert_allclose(cdf, [(1 - mass) / 2, (1 + mass) / 2], atol=1e-4)


def test_recovery_of_known_totals():
    """Simulated wars with known totals: the median comes ever closer as the list grows."""
    errors = []
    for rate in (300, 30_000, 3_000_000):
        rng = np.random.default_rng(rate)
        model = _model(Flat(), 1, known(0.5))
        truth = model.simulate(rng, 40, rate)
        found = [
            np.median(exact_draws(model.replace("names.count", int(n)), 2_000, 1)["total"])
            for n in truth["count"]
        ]
        errors.append(np.mean(np.abs(np.array(found) / truth["total"] - 1)))
    assert errors[0] < 0.12
    assert errors[1] < 0.012
    assert errors[2] < 0.0012


@pytest.mark.parametrize("share", [0.7, 1.0])
def test_completing_draws_of_a_graph_takes_known_false_names_out(share):
    """Drawing from the graph's posterior by hand must give what the exact engine gives."""
    model = Model(Flat(), {"names": Count(1_000, known(0.5), known(share))})
    rng = np.random.default_rng(5)
    free = {"rate": rng.standard_gamma(1_000, 40_000) * share / 0.5}
    completed, _ = model.complete(free, rng)
    exact = exact_draws(model, 40_000, 3)
    for name in ("observed", "total"):
        assert completed[name].mean() == pytest.approx(exact[name].mean(), rel=2e-3)
        assert completed[name].std() == pytest.approx(exact[name].std(), rel=0.03)
    assert completed["observed"].mean() == pytest.approx(1_000 * share, rel=2e-3)
