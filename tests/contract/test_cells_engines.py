"""Losses over cells under NUTS: the answer of importance sampling, and of a fresh compilation."""

import arviz_stats
import numpy as np
import pytest

from estimation import fit
from estimation.diagnostics.gate import tree_verdict
from estimation.fit.session import Session, session
from models import Cells, known
from tests.contract import cells_importance
from tests.contract.cells_reference import (
    PRECISE,
    both_of,
    of,
    pooled_of,
    walk_of,
    with_centering,
)

PROBABILITIES = (0.025, 0.25, 0.5, 0.75, 0.975)

# steps so large that they leave no mass at a step of 0, where centered walks are sampled badly
WALK = ([60, 22, 75], 12)
POOLED = {"counts": np.array([30, 12, 55, 21]), "exposure": np.array([900.0, 1.0, 4_000.0, 350.0]),
          "apart": np.array([0, 1, 0, 0], bool), "deviation": 0.5}  # fmt: skip
BOTH = {"counts": np.array([[40, 25], [33, 0]]), "missing": np.array([[0, 0], [0, 1]], bool)}
SAMPLING = {"draws": 100, "tune": 200, "chains": 2, "cores": 2, "seed": 3}


def _walk():
    return with_centering(walk_of(WALK[0], undated=[WALK[1]]), True)


def _pooled(strata=tuple("ABCD")):
    cells = Cells(POOLED["counts"][None], strata=strata, apart=(strata[1],),
                  exposure=POOLED["exposure"])  # fmt: skip
    model = of(pooled_of([1, 1]).losses, cells, deviation=POOLED["deviation"])
    return with_centering(model, True)


def _both():
    # two periods tell so little of the step that only a walk that is not centered reaches 0
    model = both_of(BOTH["counts"], missing=BOTH["missing"], unknown_stratum=[10, 0])
    return with_centering(model, False)


MODELS = {
    "walk": (_walk, lambda rng: cells_importance.walk(rng, *WALK, 0.45, 0.65)),
    "pooled": (_pooled, lambda rng: cells_importance.pooled(rng, **POOLED, low=0.45, high=0.65)),
    "both": (_both, lambda rng: cells_importance.both(
        rng, BOTH["counts"], BOTH["missing"], np.array([10, 0]), 0.45, 0.65)),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(MODELS))
def test_nuts_equals_importance_sampling(name, rng):
    build, sample = MODELS[name]
    posterior = fit(build(), "nuts", draws=1_500, tune=1_000, seed=11)["posterior"]
    expected, log_weight = sample(rng)
    assert cells_importance.effective(log_weight) > 10_000
    for variable, values in expected.items():
        found = posterior[variable].to_numpy()
        for index in np.ndindex(values.shape[1:]):
            ours, theirs = found[(..., *index)], values[(slice(None), *index)]
            if np.issubdtype(theirs.dtype, np.integer):
                if theirs.min() == theirs.max():
                    assert (ours == theirs[0]).all()
                    continue
                # spread over the unit above it, a whole number has quantiles that move smoothly
                ours, theirs = (one + rng.random(one.shape) for one in (ours, theirs))
            _same(ours, theirs, log_weight, f"{variable}{list(index)}")


def _same(ours, theirs, log_weight, where):
    expected, other_errors = cells_importance.quantiles(theirs, log_weight, PROBABILITIES)
    for i, prob in enumerate(PROBABILITIES):
        error = float(arviz_stats.mcse(ours, method="quantile", prob=prob))
        difference = abs(np.quantile(ours, prob) - expected[i])
        assert difference < 4.5 * np.hypot(error, other_errors[i]), (where, prob)


def test_models_of_one_structure_share_a_compilation():
    other = with_centering(walk_of([31, 44, 29], undated=[5], precision=PRECISE), True)
    assert session.compilation(_walk()) is session.compilation(other)
    other = with_centering(_pooled().replace("names.deviation", 0.1), True)
    assert session.compilation(_pooled()) is session.compilation(other)
    assert session.compilation(_walk()) is not session.compilation(_pooled())


def test_swapped_data_give_the_answer_of_a_fresh_compilation():
    model = with_centering(walk_of([310, 440, 290], precision=PRECISE, undated=[2]), True)
    session.sample(_walk(), **SAMPLING)
    swapped = session.sample(model, **SAMPLING)["posterior"]
    fresh = Session().sample(model, **SAMPLING)["posterior"]
    for name in fresh.data_vars:
        np.testing.assert_array_equal(swapped[name], fresh[name], err_msg=str(name))


def test_a_kept_fit_bears_the_labels_of_the_model_that_asks(own_store):
    """Labels are no part of what a fit is kept by: those of another model must not come with it."""
    options = {"draws": 50, "tune": 200, "chains": 2, "store": own_store}
    fit(_pooled(), "nuts", **options)
    strata = ("north", "abroad", "south", "west")
    found = fit(_pooled(strata), "nuts", **options)
    for name in ("deaths", "effect", "stratum_coverage"):
        assert tuple(found["posterior"][name]["stratum"].to_numpy()) == strata


def test_cells_that_are_constant_are_not_judged():
    """What cannot vary has no R-hat: deaths of cells where nobody is missed."""
    counts, missing = [55, 0, 70], [[0], [1], [0]]
    model = walk_of(counts, missing=missing, coverage=known(1.0), undated=[3])
    tree = fit(with_centering(model, True), "nuts", draws=200, tune=300, chains=2)
    assert not np.isnan([check.value for check in tree_verdict(tree, 0.95).checks]).any()
