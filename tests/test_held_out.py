"""Held-out future and strata: their ranking, by draws made without a sampler, and refusals."""

import math

import numpy as np
import pytest

from estimation.comparison import predicting
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
from estimation.comparison.held_out import _cutoffs, leave_future_out, leave_stratum_out
from estimation.errors import InvalidValueError, RefusedError, UsageError
from estimation.fit import nuts
from models import Count, Model, Pooled, Walk, uniform
from models.cells import Cells
from models.losses import walk_pooled
from tests.drawn_by_hand import sample_by_hand, weekly
from tests.fake_fits import periods_from

COVERAGE = uniform(0.45, 0.65)
STRATA = tuple("ABCDEFGH")
DRAWS = {"draws": 500}


def restless():
    """Return a walk that changes by a fifth a week."""
    rng = np.random.default_rng(4)
    log_rate = np.log(300) + np.cumsum(0.2 * rng.standard_normal(24))
    return weekly(rng.poisson(np.exp(log_rate)))


@pytest.fixture(autouse=True)
def no_sampler(monkeypatch):
    """Draw without compilation, and follow fewer paths; all else is as with NUTS."""
    monkeypatch.setattr(nuts, "sample_graph", sample_by_hand)
    monkeypatch.setattr(predicting, "_PATHS", 8_000)


@pytest.fixture(scope="module")
def walks():
    losses = {"free": Walk(), "stiff": Walk(step=0.01)}
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
    found = leave_future_out(walks, horizon=2, folds=6, store=tmp_path, **DRAWS)
    assert [one.failed for one in found.folds] == [""] * 12
    assert found.shared == tuple(one.fold for one in found.of("free"))
    assert len(found.shared) == 6
    assert list(found.differences) == ["free", "stiff"]
    worse = found.differences["stiff"]
    assert worse.difference < -2 * worse.difference_se
    pairs = zip(found.of("free"), found.of("stiff"), strict=True)
    paired = np.array([second.log_density - first.log_density for first, second in pairs])
    assert worse.difference == pytest.approx(paired.sum())
    assert worse.difference_se == pytest.approx(math.sqrt(6) * paired.std(ddof=1))
    assert max(one.error for one in found.folds) < 0.05
    # all of it is kept: nothing is fitted again
    again = leave_future_out(walks, 2, 6, store=tmp_path, refit="never", **DRAWS)
    assert again.elpd_by_fold() == found.elpd_by_fold()
    scores = found.scores()
    assert len(scores) == 2 * 6 * 2
    mean = {name: np.mean([row["crps"] for row in scores if row["model"] == name])
            for name in walks}  # fmt: skip
    assert 0 < mean["free"] < 200
    for one in found.of("free"):
        low, high = np.quantile(one.predicted, [0.0005, 0.9995], axis=0)
        assert ((low <= one.truth) & (one.truth <= high)).all()


def test_few_cutoffs_rank_nothing(walks):
    found = compare_models(walks, ("future",), horizon=3, folds=2, earliest=12, **DRAWS)
    assert found.verdicts["future"].verdict == FEW
    row = found.rows()[1]
    assert row["verdict"] == FEW
    assert "rests on 2 of 2 cutoffs" in row["says"]


def test_strata_unlike_each_other_are_predicted_by_a_wide_spread(pooled):
    comparison = compare_models(pooled, ("stratum",), **DRAWS)
    found = comparison.details["stratum"]
    assert found.asked == len(found.shared) == 8
    assert comparison.verdicts["stratum"].verdict == RANKED
    assert [row["verdict"] for row in comparison.rows()] == [BEST, WORSE]
    assert comparison.rows()[0]["weight"] is None
    for one in found.of("wide"):
        assert one.predicted.shape == (2000, 1)
        assert one.truth[0] == pooled["wide"].base.cells.counts[0, STRATA.index(one.fold)]


def test_a_fold_that_fails_is_kept_with_its_reason():
    """Only one stratum has names: without it nothing is left."""
    counts = np.array([[0, 3, 0, 0, 0, 0, 0, 0]])
    cells = Cells(counts, strata=STRATA)
    models = {
        name: Model(Pooled(spread), {"names": Count(cells, COVERAGE)})
        for name, spread in (("wide", 1.0), ("wider", 2.0))
    }
    found = leave_stratum_out(models, ["A", "B"], **DRAWS)
    by_name = {(one.model, one.fold): one for one in found.folds}
    assert "no confirmed death" in by_name["wide", "B"].failed
    assert math.isnan(by_name["wide", "B"].log_density)
    assert "B" not in found.shared
    assert "fits failed" in found.says()
    assert "1 of 2" in found.says()


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
    for wrong in ({"earliest": 3}, {"earliest": 23}, {"horizon": 24}):
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


@pytest.mark.parametrize(
    ("periods", "horizon", "folds"), [(24, 4, 8), (63, 4, 8), (182, 4, 8), (40, 7, 3)]
)
def test_cutoffs_never_overlap(periods, horizon, folds):
    """Periods that are predicted twice would count twice, and make models that are alike differ."""
    days = periods_from("2024-01-01", "day", periods)
    cells = Cells(np.ones((periods, 1), int), days, "day")
    found = _cutoffs(cells, horizon, folds, None)
    assert min(np.diff(found)) >= horizon
    assert found[0] == periods // 2
    assert found[-1] == periods - horizon
    assert len(found) == min(folds, 1 + (found[-1] - found[0]) // horizon)
