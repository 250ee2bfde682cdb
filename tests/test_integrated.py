"""Densities of counts whose log rate is integrated out, against brute force."""

import math

import numpy as np
import pytest
from scipy import integrate, special, stats

from estimation.comparison.integrated import integrated_log_likelihood, log_count_probability
from estimation.comparison.predicting import future, stratum_total
from models import Count, Model, Pooled, Walk, uniform
from models.cells import Cells
from models.losses import walk_pooled
from tests.drawn_by_hand import weekly

COVERAGE = uniform(0.45, 0.65)


def brute_force(count, centers, scale, tail):
    """Integrate by adaptive quadrature between all that matters."""
    normal = np.isinf(tail)
    constant = (stats.norm.pdf(0) if normal else stats.t.pdf(0, tail)) / scale

    def kernel(x):
        # by hand, as scipy takes longer to look at a single number than all the rest
        found = 1.0
        for one in centers:
            square = ((x - one) / scale) ** 2
            power = -square / 2 if normal else -(tail + 1) / 2 * math.log1p(square / tail)
            found *= constant * math.exp(power)
        return found

    def both(x):
        return kernel(x) * math.exp(count * x - math.exp(x) - math.lgamma(count + 1))

    marks = sorted({np.log(max(count, 0.5)), *centers})
    low, high = marks[0] - 60 * scale - 6, marks[-1] + 60 * scale + 4
    options = {"points": marks, "limit": 500, "epsabs": 0, "epsrel": 1e-9}
    above = integrate.quad(both, low, min(high, 12), **options)[0]
    below = integrate.quad(kernel, low, high, **options)[0] if len(centers) == 2 else 1.0
    return np.log(above / below)


@pytest.mark.parametrize("count", [0, 1, 7, 150])
@pytest.mark.parametrize("tail", [3.0, 200.0])
@pytest.mark.parametrize("offsets", [(0.1,), (0.2, -0.1), (1.5, 3.0), (-2.0, 1.0)])
def test_integrals_equal_brute_force(count, tail, offsets):
    centers = [np.log(max(count, 0.5)) + one for one in offsets]
    found = log_count_probability(
        count, [np.array([one]) for one in centers], np.array([0.3]), tail
    )
    assert found[0] == pytest.approx(brute_force(count, centers, 0.3, tail), abs=2e-5)


def test_integrals_of_pooled_strata_equal_brute_force():
    found = log_count_probability(30, [np.array([4.0])], np.array([0.5]), np.inf)
    assert found[0] == pytest.approx(brute_force(30, [4.0], 0.5, np.inf), abs=1e-6)


def test_probabilities_of_all_counts_add_up_to_one():
    centers, scale = [np.array([1.0]), np.array([1.5])], np.array([0.4])
    total = sum(np.exp(log_count_probability(n, centers, scale, 4.0)[0]) for n in range(200))
    assert total == pytest.approx(1, abs=1e-5)


def test_pooled_strata_are_integrated_too(rng):
    cells = Cells(np.array([[30, 50, 40, 9]]), strata=("A", "B", "C", "D"))
    field = Model(Pooled(), {"names": Count(cells, COVERAGE)}).joint
    effect = rng.normal(0, 0.2, (5, 4))
    effect -= effect.mean(axis=1, keepdims=True)
    theta = {"effect": effect, "spread": np.full(5, 0.3), "log_level": rng.normal(0, 0.1, 5)}
    found = integrated_log_likelihood(field, theta, [3])[:, 0]
    rates = theta["log_level"][:, None] + effect + field.log_base
    center, scale = rates[:, :3].mean(axis=1), 0.3 * np.sqrt(4 / 3)
    expected = [brute_force(9, [one], scale, np.inf) for one in center]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_the_joint_density_of_two_periods_equals_brute_force(rng):
    """One draw, so that the filter is all that could err."""
    model = Model(Walk(), {"names": Count(weekly([80] * 8 + [95, 70]), COVERAGE)})
    field, step, draws = model.joint, 0.2, 50
    theta = {"log_walk": np.zeros((draws, 10)), "step": np.full(draws, step)}
    found = future(field, theta, 8, 2, rng)
    start = field.log_base[0]

    def inner(x):
        density = stats.t.pdf(x, 4, start, step)
        likelihood = np.exp(95 * x - np.exp(x) - special.gammaln(96))
        last = log_count_probability(70, [np.array([x])], np.array([step]), 4.0)[0]
        return density * likelihood * np.exp(last)

    expected = np.log(integrate.quad(inner, start - 3, start + 3, limit=200)[0])
    assert float(found["joint"]) == pytest.approx(expected, abs=5 * float(found["error"]) + 1e-4)
    assert float(found["error"]) < 0.02
    first = log_count_probability(95, [np.array([start])], np.array([step]), 4.0)[0]
    assert found["each"][0] == pytest.approx(first, abs=1e-9)


def test_the_future_of_strata_with_walks_of_their_own(rng):
    """One period ahead: the filter against plain Monte Carlo of its own."""
    counts = rng.poisson(60, (9, 2))
    cells = Cells(counts, strata=("A", "B"), step="week", periods=weekly([1] * 9).periods)
    field = Model(walk_pooled(own_step=0.1), {"names": Count(cells, COVERAGE)}).joint
    draws = 2000
    theta = {"log_walk": np.zeros((draws, 9)), "step": np.full(draws, 0.1),
             "spread": np.full(draws, 0.1), "own_step": np.full(draws, 0.1),
             "effect": np.zeros((draws, 2)), "own": np.zeros((draws, 9, 2))}  # fmt: skip
    found = future(field, theta, 8, 1, rng)
    size = 200_000
    own = 0.1 * rng.standard_normal((size, 2))
    own -= own.mean(axis=1, keepdims=True)
    log_rate = field.log_base + 0.1 * rng.standard_t(4, (size, 1)) + own
    density = stats.poisson.pmf(counts[8], np.exp(log_rate)).prod(axis=1)
    assert float(found["joint"]) == pytest.approx(
        np.log(density.mean()), abs=6 * float(found["error"])
    )
    assert float(found["joint"]) == pytest.approx(float(found["each"][0]), abs=0.1)


def test_the_total_of_a_stratum_equals_brute_force(rng):
    cells = Cells(np.array([[30, 50, 40, 9]]), strata=tuple("ABCD"))
    field = Model(Pooled(), {"names": Count(cells, COVERAGE)}).joint
    effect = np.array([[0.1, 0.2, -0.1, -0.2]])
    theta = {"effect": effect, "spread": np.array([0.3]), "log_level": np.zeros(1)}
    found = stratum_total(field, theta, 3, rng)
    center, scale = field.log_base[0] + effect[0, :3].mean(), 0.3 * math.sqrt(4 / 3)

    def inner(x):
        return stats.norm.pdf(x, center, scale) * np.exp(9 * x - np.exp(x) - special.gammaln(10))

    expected = math.log(integrate.quad(inner, -3, 8, limit=200)[0])
    assert float(found["joint"]) == pytest.approx(expected, abs=1e-6)
