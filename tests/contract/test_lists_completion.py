"""Overlapping lists: what is completed follows laws in closed form."""

import numpy as np
import pytest
from scipy import special, stats

from models import Flat, Lists, Model
from models.lists.completion import _bounded_poisson
from tests.contract.lists_reference import (
    PATTERNS,
    SIZE,
    SPINA,
    blocks_of,
    list_models,
    plain_expected,
    three_lists,
)

#: Expected persons on lists in simulations, of a stratum on average.
RATE = 500.0


def agree(values, distribution, bins=12):
    """Whole numbers follow a distribution: chi-square over bins of alike probability."""
    edges = np.unique(distribution.ppf(np.linspace(0, 1, bins + 1)[1:-1]))
    expected = values.size * np.diff(np.concatenate([[0], distribution.cdf(edges), [1]]))
    counts = np.bincount(np.searchsorted(edges, values), minlength=len(edges) + 1)
    some = expected > 0
    assert not counts[~some].any()
    assert some.sum() > 1
    assert stats.chisquare(counts[some], expected[some]).pvalue > 1e-4


def test_totals_follow_the_negative_binomial_given_the_classes(rng):
    """Under the scale prior the rate of those listed is gamma, and what is added so mixed."""
    draws, coverage = 20_000, []
    for which in ("pooled", "gamma"):  # the second takes twice the odds to be on no list
        form = list_models()[which]
        one = form.simulate(rng, 1, RATE)["latent"]
        latent = np.repeat(one, draws, axis=0)
        data, n = form.graph_data(), form.base.names
        listed = np.log(rng.standard_gamma(n, draws))
        latent[:, form.joint.form.blocks["level"].start] = (
            listed - data["level_center"][0]) / data["level_spread"][0]  # fmt: skip
        coverage.append(plain_expected(form, one[0])["coverage"])
        found = form.complete({"latent": latent}, rng)[0]
        np.testing.assert_allclose(found["coverage"], coverage[-1], rtol=1e-9)
        assert (found["observed"] == n).all()
        agree(found["total"] - n, stats.nbinom(n, coverage[-1]))
    assert min(coverage) > 0.05
    assert max(coverage) < 0.99


def surely_listed(model):
    """Return unknowns under which each death is on the second list, so that none is added."""
    latent = np.zeros(model.joint.form.size)
    for block, place in model.joint.form.blocks.items():
        if block.startswith(SIZE):
            latent[place] = -1
        elif block == "capture":
            latent[place] = np.tile([-0.5, 45.0, 0.3], 3)
        elif block == "list":
            scale = 2 * np.exp(np.sinh(-1))
            latent[place] = [2 / scale, 60 / scale, 1 / scale]
    return latent


def test_bounded_cells_follow_the_truncated_poisson(rng):
    marked = np.array(PATTERNS)[:, 1] & (np.array(PATTERNS).sum(axis=1) == 3)
    table = three_lists((0, 40, 0, 21, 0, 18, 12), at_most=marked)
    form = Model(Flat(), {"names": Lists(table, captures="uniform", classes=3)})
    one = surely_listed(form)
    mean = plain_expected(form, one)["cells"][0][1, 1, 1]
    assert 12 < mean < 30  # the bound is in the lower tail
    found = form.complete({"latent": np.repeat(one[None], 20_000, axis=0)}, rng)[0]
    assert (found["observed"] == 79).all()
    assert found["unseen"].min() >= 0
    assert found["unseen"].max() == 12
    weight = stats.poisson(mean).pmf(np.arange(13))
    agree(found["unseen"], stats.rv_discrete(values=(np.arange(13), weight / weight.sum())))


@pytest.mark.parametrize(("mean", "bound"), [(0.3, 0), (2.0, 1), (300.0, 3), (1e-9, 5), (900, 880)])
def test_bounded_poisson_holds_in_the_far_tails(mean, bound, rng):
    found = _bounded_poisson(np.full(5_000, mean), bound, rng)
    assert found.min() >= 0
    assert found.max() <= bound
    logs = stats.poisson(mean).logpmf(np.arange(bound + 1))
    weight = np.exp(logs - special.logsumexp(logs))
    error = np.sqrt(weight @ (np.arange(bound + 1) - weight @ np.arange(bound + 1)) ** 2 / 5_000)
    assert found.mean() == pytest.approx(weight @ np.arange(bound + 1), abs=4.5 * error + 1e-6)


def test_unlabeled_persons_are_shared_out_by_chance(rng):
    form = list_models()["strata"]
    one = surely_listed(form)
    expected = plain_expected(form, one)
    assert sum(expected["missed"]) < 1e-9
    found = form.complete({"latent": np.repeat(one[None], 20_000, axis=0)}, rng)[0]
    assert (found["total"] == 626).all()
    first = [cells[pattern] / sum(of[pattern] for of in expected["cells"])
             for pattern in PATTERNS for cells in expected["cells"][:1]]  # fmt: skip
    share = np.repeat(first, SPINA[2])
    assert 0.5 < share.mean() < 0.99
    law = np.ones(1)  # of a sum of trials with chances of their own
    for chance in share:
        law = np.convolve(law, [1 - chance, chance])
    agree(found["deaths"][:, 0] - sum(SPINA[0]),
          stats.rv_discrete(values=(np.arange(len(law)), law)))  # fmt: skip


@pytest.mark.parametrize("name", sorted(list_models()))
def test_completed_deaths_have_the_means_of_plain_loops(name, rng):
    form = list_models()[name]
    draws = 4_000
    one = 0.3 * rng.standard_normal(form.joint.form.size)
    expected = plain_expected(form, one)
    found = form.complete({"latent": np.repeat(one[None], draws, axis=0)}, rng)[0]
    np.testing.assert_array_equal(found["total"], found["observed"] + found["unseen"])
    assert (found["observed"] == form.base.names).all()
    assert (found["unseen"] >= 0).all()
    np.testing.assert_allclose(found["rate"], sum(expected["deaths"]), rtol=1e-9)
    np.testing.assert_allclose(found["coverage"], expected["coverage"], rtol=1e-9)
    np.testing.assert_allclose(found["list_coverage"][0], expected["list_coverage"], rtol=1e-9)
    np.testing.assert_allclose(found["realized_coverage"], found["observed"] / found["total"])
    mean = variance = sum(expected["missed"])
    for cell, stratum in np.argwhere(form.base.open):
        of = expected["cells"][stratum][tuple(form.base.unique[cell].astype(int))]
        bound = form.base.bounds[cell, stratum]
        law = stats.poisson(of)
        if bound >= 0:
            weight = law.pmf(np.arange(bound + 1))
            law = stats.rv_discrete(values=(np.arange(bound + 1), weight / weight.sum()))
        mean, variance = mean + law.mean(), variance + law.var()
    assert found["unseen"].mean() == pytest.approx(mean, abs=4.5 * np.sqrt(variance / draws))
    assert found["unseen"].var() == pytest.approx(variance, rel=0.15)
    if "deaths" in found:
        np.testing.assert_array_equal(found["total"], found["deaths"].sum(axis=1))
        odds = np.array(expected["odds"])
        np.testing.assert_allclose(found["stratum_coverage"][0], 1 / (1 + odds), rtol=1e-9)
    dims, coords = form.dims(), form.coords()
    for variable, values in found.items():
        if values.ndim > 1:
            assert values.shape[1:] == tuple(len(coords[dim]) for dim in dims[variable]), variable


def test_beliefs_of_registers_are_completed(rng):
    form = list_models()["register"]
    latent = form.simulate(rng, 50, RATE)["latent"]
    found = form.complete({"latent": latent}, rng)[0]
    value = [blocks_of(form, one) for one in latent]
    np.testing.assert_allclose(found["bias_survey"], [0.1 * one["bias_survey"][0] for one in value])
    np.testing.assert_allclose(
        found["share_survey"], [special.expit(one["share_survey"][0]) for one in value]
    )
