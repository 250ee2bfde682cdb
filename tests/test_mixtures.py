"""Mixtures of models against closed forms and against resampling."""

import numpy as np
import pytest
from scipy import optimize, stats

from estimation.comparison.mixtures import mix, stated_weights, weighted_quantiles
from estimation.errors import InvalidValueError
from estimation.summaries.estimates import estimate_rows

WEIGHTS = {"low": 0.2, "middle": 0.5, "high": 0.3}
NORMALS = {"low": (90.0, 5.0), "middle": (100.0, 10.0), "high": (130.0, 20.0)}


def _mixture_quantile(level):
    def below(x):
        return sum(w * stats.norm.cdf(x, *NORMALS[name]) for name, w in WEIGHTS.items()) - level

    return optimize.brentq(below, -100, 400)


def _draws(rng, size=100_000):
    # unequally many draws of each: weights are of models, not of draws
    sizes = {"low": size, "middle": size // 2, "high": 2 * size}
    return {name: rng.normal(*NORMALS[name], sizes[name]) for name in NORMALS}


def test_mixture_of_normals_has_its_closed_form(rng):
    found = mix(_draws(rng), WEIGHTS, prob=0.9)
    mean = sum(w * NORMALS[name][0] for name, w in WEIGHTS.items())
    within = sum(w * NORMALS[name][1] ** 2 for name, w in WEIGHTS.items())
    between = sum(w * (NORMALS[name][0] - mean) ** 2 for name, w in WEIGHTS.items())
    assert found.mean == pytest.approx(mean, abs=0.2)
    assert found.within == pytest.approx(within, rel=0.02)
    assert found.between == pytest.approx(between, rel=0.02)
    assert found.sd == pytest.approx(np.sqrt(within + between), rel=0.01)
    assert found.share_between == pytest.approx(between / (within + between), rel=0.02)
    assert found.low == pytest.approx(_mixture_quantile(0.05), abs=0.3)
    assert found.high == pytest.approx(_mixture_quantile(0.95), abs=0.6)
    for level, value in found.quantiles.items():
        assert value == pytest.approx(_mixture_quantile(level), abs=0.8)


def test_mixture_equals_resampling(rng):
    draws = {"a": rng.negative_binomial(5, 0.01, 4_000), "b": rng.poisson(900, 1_000)}
    weights = {"a": 0.35, "b": 0.65}
    found = mix(draws, weights)
    which = rng.random(400_000) < 0.35
    again = np.where(which, rng.choice(draws["a"], 400_000), rng.choice(draws["b"], 400_000))
    levels = list(found.quantiles)
    for level, expected in zip(levels, np.quantile(again, levels), strict=True):
        # the share of resampled draws below is the level, up to their noise and to ties
        assert np.mean(again < found.quantiles[level]) <= level + 4e-3
        assert np.mean(again <= found.quantiles[level]) >= level - 4e-3
        assert found.quantiles[level] == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("size", [2, 3, 1_001, 20_000])
def test_weight_one_gives_back_the_row_of_the_model_exactly(size, rng):
    draws = {"a": rng.gamma(3, 1_000, size), "b": rng.normal(size=50)}
    found = mix(draws, {"a": 1.0, "b": 0.0}, prob=0.8, method="mixture")
    (expected,) = estimate_rows({"total": draws["a"]}, 0.8, method="mixture")
    assert found.row() == expected
    assert found.between == 0
    assert found.share_between == 0


def test_halves_of_a_model_are_the_model(rng):
    values = rng.normal(size=1_000)
    found = mix({"a": values[:300], "b": values[300:]}, {"a": 0.3, "b": 0.7})
    np.testing.assert_allclose(
        list(found.quantiles.values()), np.quantile(values, [*found.quantiles])
    )
    assert found.mean == pytest.approx(values.mean())


def test_the_order_of_models_and_draws_does_not_matter(rng):
    draws = {"a": rng.poisson(5, 300), "b": rng.poisson(7, 200)}
    weights = {"a": 0.37, "b": 0.63}
    turned = {name: rng.permutation(draws[name]) for name in ("b", "a")}
    assert mix(draws, weights).quantiles == mix(turned, weights).quantiles


def test_quantiles_rise_with_their_level(rng):
    draws = {"a": rng.normal(size=50), "b": rng.normal(3, 1, 7)}
    found = weighted_quantiles(draws, {"a": 0.9, "b": 0.1}, np.linspace(0, 1, 501))
    assert (np.diff(found) >= 0).all()
    assert found[-1] == max(draws["a"].max(), draws["b"].max())


def test_all_axes_are_draws(rng):
    draws = rng.normal(size=(4, 250))
    assert mix({"a": draws}, {"a": 1}).median == np.median(draws)


@pytest.mark.parametrize(
    ("order", "mean", "sd"), [(0.8, False, False), (1.5, True, False), (3.0, True, True)]
)
def test_moments_that_do_not_exist_are_left_out(order, mean, sd, rng):
    draws = {"a": rng.pareto(order, 100), "b": rng.normal(size=100)}
    found = mix(draws, {"a": 0.5, "b": 0.5}, moment_orders={"a": order})
    assert (found.mean is not None) == mean
    assert (found.sd is not None) == sd
    assert (found.within is not None) == sd
    assert (found.between is not None) == mean
    assert (found.share_between is not None) == sd
    assert found.row()["sd"] == found.sd


def test_a_model_without_weight_takes_no_moments_away(rng):
    draws = {"a": rng.pareto(0.5, 100), "b": rng.normal(size=100)}
    found = mix(draws, {"a": 0.0, "b": 1.0}, moment_orders={"a": 0.5})
    assert found.sd == pytest.approx(np.std(draws["b"], ddof=1))


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ({"a": 0.5, "b": 0.4}, "sum to 0.9"),
        ({"a": 0.5, "b": 0.5 + 1e-8}, "sum to 1.00000001"),
        ({"a": -0.1, "b": 1.1}, "0 or more"),
        ({"a": np.nan, "b": 1.0}, "finite"),
        ({"a": np.inf, "b": 1.0}, "finite"),
        ({"a": "1", "b": 0.0}, "number"),
        ({"a": 1.0}, "one weight for each model"),
        ({"a": 0.5, "b": 0.25, "c": 0.25}, "one weight for each model"),
    ],
)
def test_weights_that_are_no_probabilities_are_refused(weights, words):
    with pytest.raises(InvalidValueError, match=words):
        mix({"a": [1, 2], "b": [3, 4]}, weights)


def test_rounded_weights_are_taken():
    assert stated_weights({"a": 0.1, "b": 0.2, "c": 0.7 + 1e-12}, ["c", "b", "a"])["a"] == 0.1


@pytest.mark.parametrize(
    "call",
    [
        lambda: mix({}, {}),
        lambda: mix({"a": []}, {"a": 1.0}),
        lambda: mix({"a": [1.0, np.nan]}, {"a": 1.0}),
        lambda: mix({"a": [1.0, 2.0]}, {"a": 1.0}, prob=1.0),
    ],
)
def test_bad_input_is_refused(call):
    with pytest.raises(InvalidValueError):
        call()
