"""Held-out future and strata: the densities, their ranking, and what is refused."""

import math

import numpy as np
import pytest
from scipy import integrate, special, stats

from estimation.comparison.comparing import (
    BEST,
    CLOSE,
    FEW,
    RANKED,
    UNRELIABLE,
    WORSE,
    _judged,
    compare_models,
)
from estimation.comparison.held_out import leave_future_out, leave_stratum_out
from estimation.comparison.integrated import log_count_probability
from estimation.comparison.predicting import future, stratum_total
from estimation.errors import InvalidValueError, RefusedError, UsageError
from models import Count, Model, Pooled, Walk, uniform
from models.cells import Cells
from models.losses import walk_pooled
from tests.test_leave_one_out import weekly

COVERAGE = uniform(0.45, 0.65)
DRAWS = {"draws": 1500, "tune": 600}
STRATA = tuple("ABCDEFGH")
MORE = {"draws": 2000}


def restless():
    """Return a walk that changes by a fifth a week."""
    rng = np.random.default_rng(11)
    log_rate = np.log(300) + np.cumsum(0.2 * rng.standard_normal(40))
    return weekly(rng.poisson(np.exp(log_rate)))


@pytest.fixture(scope="module")
def walks():
    losses = {"free": Walk(), "stiff": Walk(step=0.02)}
    return {
        name: Model(one, {"names": Count(restless(), COVERAGE)}) for name, one in losses.items()
    }


@pytest.fixture(scope="module")
def pooled():
    counts = np.array([[20, 100, 22, 95, 18, 110, 25, 90]])
    cells = Cells(counts, strata=STRATA)
    losses = {"wide": Pooled(spread=1.0), "narrow": Pooled(spread=0.1)}
    return {name: Model(one, {"names": Count(cells, COVERAGE)}) for name, one in losses.items()}


def test_steps_of_the_right_size_predict_the_future_better(walks, tmp_path):
    found = leave_future_out(walks, horizon=2, folds=8, store=tmp_path, **DRAWS)
    assert [one.failed for one in found.folds] == [""] * 16
    assert found.shared == tuple(one.fold for one in found.of("free"))
    assert len(found.shared) == 8
    assert list(found.differences) == ["free", "stiff"]
    worse = found.differences["stiff"]
    assert worse.difference < -2 * worse.difference_se
    pairs = zip(found.of("free"), found.of("stiff"), strict=True)
    paired = np.array([second.log_density - first.log_density for first, second in pairs])
    assert worse.difference == pytest.approx(paired.sum())
    assert worse.difference_se == pytest.approx(math.sqrt(8) * paired.std(ddof=1))
    assert max(one.error for one in found.folds) < 0.05
    assert not found.overlapping
    # all of it is kept: nothing is fitted again
    again = leave_future_out(walks, 2, 8, store=tmp_path, refit="never", **DRAWS)
    assert again.elpd_by_fold() == found.elpd_by_fold()
    scores = found.scores()
    assert len(scores) == 2 * 8 * 2
    mean = {name: np.mean([row["crps"] for row in scores if row["model"] == name])
            for name in walks}  # fmt: skip
    assert 0 < mean["free"] < 200
    for one in found.of("free"):
        low, high = np.quantile(one.predicted, [0.0005, 0.9995], axis=0)
        assert ((low <= one.truth) & (one.truth <= high)).all()


def test_horizons_that_overlap_are_told(walks):
    found = compare_models(walks, ("future",), horizon=6, folds=2, earliest=33, **DRAWS)
    assert found.details["future"].overlapping
    assert found.verdicts["future"].verdict == FEW
    row = found.rows()[1]
    assert row["verdict"] == FEW
    assert "rests on 2 of 2 cutoffs; horizons overlap" in row["says"]


def test_strata_unlike_each_other_are_predicted_by_a_wide_spread(pooled):
    comparison = compare_models(pooled, ("stratum",), **MORE)
    found = comparison.details["stratum"]
    assert found.asked == len(found.shared) == 8
    assert comparison.verdicts["stratum"].verdict == RANKED
    assert [row["verdict"] for row in comparison.rows()] == [BEST, WORSE]
    assert comparison.rows()[0]["weight"] is None
    for one in found.of("wide"):
        assert one.predicted.shape == (2000, 1)
        assert one.truth[0] == pooled["wide"].base.cells.counts[0, STRATA.index(one.fold)]


def test_a_fold_that_fails_is_kept_with_its_reason(pooled):
    """Only one stratum has names: without it nothing is left."""
    counts = np.array([[0, 50, 0, 0, 0, 0, 0, 0]])
    models = {
        name: one.replace("names.count", Cells(counts, strata=STRATA))
        for name, one in pooled.items()
    }
    found = leave_stratum_out(models, ["A", "B"], **MORE)
    by_name = {(one.model, one.fold): one for one in found.folds}
    assert "no confirmed death" in by_name["wide", "B"].failed
    assert math.isnan(by_name["wide", "B"].log_density)
    assert "B" not in found.shared
    assert "fits failed" in found.says()
    assert "1 of 2" in found.says() or "0 of 2" in found.says()


# -- densities -----------------------------------------------------------------------------------


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


@pytest.mark.parametrize(
    ("difference", "error", "size", "failed", "verdict"),
    [
        (-30, 5, 200, "", WORSE),
        (-3, 0.1, 200, "", CLOSE),
        (-30, 20, 200, "", CLOSE),
        (-30, math.nan, 200, "", CLOSE),
        (-30, 5, 99, "", FEW),
        (-30, 5, 200, "broken", UNRELIABLE),
    ],
)
def test_verdicts_follow_one_rule(difference, error, size, failed, verdict):
    found, says = _judged("second", "first", difference, error, size, 100, "points", failed)
    assert found == verdict
    assert says


# -- what is refused -----------------------------------------------------------------------------


def test_bad_input_is_told(walks, pooled):
    for wrong in ({"horizon": 0}, {"horizon": 2.5}, {"folds": 1}, {"folds": True}):
        with pytest.raises(UsageError, match=next(iter(wrong))):
            leave_future_out(walks, **wrong)
    with pytest.raises(UsageError, match="earliest"):
        leave_future_out(walks, earliest="soon")
    for wrong in ({"earliest": 3}, {"earliest": 39}, {"horizon": 40}):
        with pytest.raises(InvalidValueError, match="no cutoff"):
            leave_future_out(walks, **wrong)
    with pytest.raises(InvalidValueError, match="no periods"):
        leave_future_out(pooled)
    with pytest.raises(InvalidValueError, match="no strata"):
        leave_stratum_out(walks)
    with pytest.raises(InvalidValueError, match="no stratum 'X'"):
        leave_stratum_out(pooled, ["X", "A"])
    with pytest.raises(InvalidValueError, match="fewer than two"):
        leave_stratum_out(pooled, ["A"])


def test_strata_that_are_apart_are_not_predicted(pooled):
    cells = Cells(np.arange(5, 13)[None], strata=STRATA, apart=("H",))
    models = {name: one.replace("names.count", cells) for name, one in pooled.items()}
    with pytest.raises(RefusedError, match="'H' is apart"):
        leave_stratum_out(models, ["A", "H"])


def test_names_outside_the_cells_are_refused():
    cells = Cells(np.full((9, 2), 20), strata=("A", "B"), step="week",
                  periods=weekly([1] * 9).periods, unknown_stratum=np.full(9, 3))  # fmt: skip
    models = {
        str(tail): Model(walk_pooled(tail=tail), {"names": Count(cells, COVERAGE)})
        for tail in (4, 200)
    }
    for compare in (leave_future_out, leave_stratum_out):
        with pytest.raises(RefusedError, match="names without a stratum"):
            compare(models)
