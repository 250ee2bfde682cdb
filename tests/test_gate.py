"""The gate lets nothing through that its checks do not carry."""

import json

import arviz_stats
import numpy as np
import pytest
import xarray

from estimation import fit, summary, tree_verdict
from estimation.diagnostics.gate import exact_verdict, require
from estimation.errors import GateError, UsageError
from estimation.summaries.estimates import QUANTILES, estimate_rows
from models import Beta, Count, Flat, Model, known


def _tree(draws, **statistics):
    """Return a fit as NUTS would leave it, with given draws and sampler statistics."""
    chains, size = draws.shape
    coords = {"chain": np.arange(chains), "draw": np.arange(size)}

    def dataset(values):
        return xarray.Dataset({k: (("chain", "draw"), v) for k, v in values.items()}, coords=coords)

    shape = (chains, size)
    kept = {
        "diverging": np.zeros(shape, bool),
        "energy": np.random.default_rng(1).normal(size=shape),
        "maxdepth_reached": np.zeros(shape, bool),
    } | statistics
    tree = xarray.DataTree.from_dict(
        {"posterior": dataset({"total": draws}), "sample_stats": dataset(kept)}
    )
    tree.attrs = {"engine": "nuts", "constants": "[]", "moment_orders": "{}"}
    return tree


@pytest.fixture
def good(rng):
    return rng.normal(1000, 50, (4, 1000))


def _verdicts(tree):
    return {check.name: check.verdict for check in tree_verdict(tree, 0.95).checks}


def test_good_draws_pass(good):
    found = _verdicts(_tree(good))
    assert set(found.values()) == {"pass"}
    assert set(found) == {
        "rhat", "ess_bulk", "ess_tail", "mcse", "divergences", "bfmi", "depth",
    }  # fmt: skip


def test_a_chain_apart_fails(good):
    good[0] += 60
    tree = _tree(good)
    assert _verdicts(tree)["rhat"] == "fail"
    with pytest.raises(GateError, match="R-hat"):
        summary(tree)


def test_sticky_chains_fail(rng):
    steps = rng.normal(size=(4, 1000)).cumsum(axis=1)
    assert _verdicts(_tree(1000 + steps))["ess_bulk"] == "fail"


@pytest.mark.parametrize(("number", "verdict"), [(0, "pass"), (4, "inconclusive"), (5, "fail")])
def test_divergences_up_to_a_thousandth_are_inconclusive(good, number, verdict):
    diverging = np.zeros(good.shape, bool)
    diverging.ravel()[:number] = True
    tree = _tree(good, diverging=diverging)
    assert _verdicts(tree)["divergences"] == verdict
    if verdict == "inconclusive":
        assert summary(tree).attrs["verdict"] == "inconclusive"


@pytest.mark.parametrize("name", ["maxdepth_reached", "reached_max_treedepth"])
def test_depth_is_checked_under_the_names_of_both_samplers(good, name):
    hits = np.zeros(good.shape, bool)
    hits[:, :20] = True
    tree = _tree(good, **{name: hits})
    assert tree_verdict(tree, 0.95).verdict == "fail"


def test_a_sampler_without_depths_is_inconclusive(good):
    tree = _tree(good)
    tree["sample_stats"] = tree["sample_stats"].to_dataset().drop_vars("maxdepth_reached")
    assert _verdicts(tree)["depth"] == "inconclusive"


def test_low_energy_information_fails(good, rng):
    energy = rng.normal(size=good.shape).cumsum(axis=1)
    assert _verdicts(_tree(good, energy=energy))["bfmi"] == "fail"


def test_draws_that_are_not_numbers_fail(good):
    good[1, 3] = np.nan
    assert tree_verdict(_tree(good), 0.95).verdict == "fail"


def test_a_constant_that_should_vary_fails():
    verdict = exact_verdict({"total": np.full(10, 5.0)}, (), 0.95)
    assert verdict.verdict == "fail"


def test_few_exact_draws_fail(article):
    tree = fit(article, draws=50)
    with pytest.raises(GateError, match="independent draws 200 below 400"):
        summary(tree)


def test_bounds_in_tails_that_nobody_drew_fail(article):
    with pytest.raises(GateError, match="Monte Carlo error"):
        summary(fit(article, draws=1000), prob=0.999999)


def test_acceptance_needs_a_reason_and_keeps_it(article):
    tree = fit(article, draws=50)
    with pytest.raises(GateError):
        summary(tree, accept="   ")
    assert summary(tree, accept="a sketch").attrs["accepted"] == "a sketch"
    assert require(tree_verdict(tree, 0.95), "a sketch").to_dict()["accepted"] == "a sketch"


def test_monte_carlo_error_of_bounds_is_that_of_repeated_draws(rng):
    errors, bounds = [], []
    for _ in range(300):
        draws = rng.gamma(3, 1, 4000)
        check = exact_verdict({"total": draws}, (), 0.9).checks[1]
        errors.append(check.value)
        bounds.append(np.quantile(draws, [0.05, 0.95]))
    low, high = np.std(bounds, axis=0)
    width = np.mean([b - a for a, b in bounds])
    assert np.mean(errors) == pytest.approx(max(low, high) / width, rel=0.15)


def test_summary_is_the_table_of_arviz_and_equals_the_rows(article):
    tree = fit(article)
    found = summary(tree, 0.9)
    theirs = arviz_stats.summary(
        tree["posterior"].to_dataset().drop_vars(article.constants()),
        ci_prob=0.9,
        ci_kind="eti",
        round_to="none",
    )
    rows = estimate_rows({k: v.to_numpy() for k, v in tree["posterior"].data_vars.items()}, 0.9)
    for row in rows:
        if row["name"] not in found.index:
            continue
        line = found.loc[row["name"]]
        assert line["eti90_lb"] == theirs.loc[row["name"], "eti90_lb"]
        assert (line["median"], line["mean"]) == pytest.approx((row["median"], row["mean"]))
        assert (line["eti90_lb"], line["eti90_ub"]) == pytest.approx((row["low"], row["high"]))
        assert line["sd"] == pytest.approx(row["sd"])
    assert "precision" not in found.index
    assert "r_hat" not in found.columns


def test_rows_hold_the_seven_quantiles_and_the_total_first(article):
    tree = fit(article, draws=500)
    draws = {k: v.to_numpy() for k, v in tree["posterior"].data_vars.items()}
    rows = estimate_rows(draws, 0.95, constants=article.constants())
    assert rows[0]["name"] == "total"
    assert list(rows[0]["quantiles"]) == [str(p) for p in QUANTILES]
    assert {row["name"] for row in rows} == {
        "total", "unseen", "realized_coverage", "coverage", "rate",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("alpha", "mean", "sd"), [(0.9, False, False), (1.5, True, False), (2.5, True, True)]
)
def test_moments_that_do_not_exist_are_not_reported(alpha, mean, sd):
    tree = fit(Model(Flat(), {"names": Count(50, Beta(alpha, 3.0))}))
    line = summary(tree).loc["total"]
    assert np.isfinite(line["mean"]) == mean
    assert np.isfinite(line["sd"]) == sd


def test_known_coverage_of_one_has_a_summary():
    tree = fit(Model(Flat(), {"names": Count(50, known(1.0))}))
    assert summary(tree).loc["total", "median"] == 50
    assert json.loads(tree.attrs["constants"]) == [
        "coverage", "observed", "precision", "realized_coverage", "total", "unseen",
    ]  # fmt: skip


@pytest.mark.parametrize("prob", [0, 1, -0.1, 95, float("nan")])
def test_levels_outside_zero_and_one_are_refused(article, prob):
    with pytest.raises(UsageError, match="strictly between"):
        summary(fit(article, draws=200), prob)
