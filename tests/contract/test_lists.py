"""Overlapping lists: graph, NumPy density and plain loops agree, in any order of their parts."""

import functools

import numpy as np
import pytest

from models import Patterns
from models.lists.density import log_jacobian
from tests.contract.lists_reference import (
    PALEMBANG,
    PATTERNS,
    SPINA,
    blocks_of,
    by_stratum,
    changes,
    list_models,
    plain_classes,
    plain_expected,
    plain_log_likelihood_of,
    plain_log_prior,
    three_lists,
)

FORMS = sorted(list_models())

#: Expected persons on lists in simulations, of a stratum on average.
RATE = 500.0


@pytest.fixture(params=FORMS)
def name(request):
    """Return the name of each reference model in turn."""
    return request.param


@pytest.fixture
def form(name):
    """Each reference model in turn."""
    return list_models()[name]


@functools.cache
def compiled(name):
    """Return the graph of a reference model and its compiled density."""
    graph = list_models()[name].graph()
    parts = graph.compile_logp(mode="FAST_COMPILE", sum=False)
    return graph, lambda latent: sum(float(np.sum(part)) for part in parts({"latent": latent}))


def density(model, latent):
    """Return the log density in the coordinates of the sampler."""
    return model.log_density({"latent": latent}) + log_jacobian(model.joint, latent)


def plain(model, latent):
    """Return the same of each draw, in loops."""
    return [
        plain_log_prior(model, one) + sum(plain_log_likelihood_of(model, one).values())
        for one in latent
    ]


def awkward(model, rng):
    """Return points where classes vanish or are never reached, all are listed, scales are tiny."""
    base = 0.3 * rng.standard_normal(model.joint.form.size)
    blocks, found = model.joint.form.blocks, []
    far = {"level": (30, -8), "stick": (25, -25), "class": (-25, 6), "capture": (-25, 5),
           "center": (-15, 3), "concentration": (8, -8)}  # fmt: skip
    for block, values in far.items():
        for value in values if block in blocks else ():
            found.append(base.copy())
            found[-1][blocks[block]] = value
    one = base.copy()  # only one class that no list reaches, nearly all deaths in it
    for block in {"class", "capture"} & set(blocks):
        one[blocks[block]][: len(one[blocks[block]]) // 3] = -30
    tiny = base.copy()
    for block in model.joint.form.scales:
        tiny[blocks[block]] = -3
    return np.array([*found, one, tiny])


def test_graph_density_equals_numpy_density_and_plain_loops(name, form, rng):
    graph, graph_density = compiled(name)
    assert not graph.discrete_value_vars
    assert not graph.potentials
    drawn = form.simulate(rng, 4, RATE)["latent"]
    latent = np.array([*drawn, *rng.standard_normal((3, form.joint.form.size)),
                       *awkward(form, rng)])  # fmt: skip
    expected = np.array(plain(form, latent))
    assert np.isfinite(expected).all()
    found = [graph_density(one) for one in latent]
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-6)
    if form.base.has_belief:
        # with NumPy a share next to 1 is a number, not its log odds: there digits are lost
        missed = np.array([1 - plain_expected(form, one)["coverage"] for one in latent])
        latent, expected = latent[missed > 1e-9], expected[missed > 1e-9]
        assert len(latent) >= 10
    np.testing.assert_allclose(density(form, latent), expected, rtol=1e-8, atol=1e-6)


def test_log_likelihood_by_evidence_equals_plain_loops(form, rng):
    latent = form.simulate(rng, 4, RATE)["latent"]
    found = form.log_likelihood({"latent": latent})
    assert set(found) == set(form.evidence)
    each = [plain_log_likelihood_of(form, one) for one in latent]
    for evidence, values in found.items():
        values = np.reshape(values, (4, -1)).sum(axis=1)
        np.testing.assert_allclose(values, [one[evidence] for one in each], rtol=1e-8, atol=1e-6)


def test_one_compiled_graph_serves_all_numbers(name, form, rng):
    """Whatever number is replaced, swapped data give the density of the other model."""
    import pymc as pm

    graph, graph_density = compiled(name)
    held = form.graph_data()
    assert {variable.name for variable in graph.data_vars} == set(held)
    changed = form.replace_all(changes(form))
    others = [changed]
    if not (form.base.strata or form.base.open.any()):  # a table with other patterns
        others.append(changed.replace("names.patterns", three_lists((9, 0, 5, 7, 0, 0, 2))))
    latent = 0.5 * rng.standard_normal((4, form.joint.form.size))
    for other in others:
        assert other.structure() == form.structure()
        try:
            pm.set_data(other.graph_data(), model=graph)
            found = [graph_density(one) for one in latent]
        finally:
            pm.set_data(held, model=graph)
        np.testing.assert_allclose(found, density(other, latent), rtol=1e-10)
        assert not np.isclose(found, density(form, latent), rtol=1e-10).any()


# -- what changes nothing ---------------------------------------------------------------------


def reordered(model, latent, lists=None, strata=None):
    """Return the unknowns of the model whose lists or strata stand in another order."""
    form, moved = model.joint.form, np.empty_like(latent)
    by_list, by_stratum = {"list", "capture", "deviation"}, {"level", "stick_stratum"}
    for block, place in form.blocks.items():
        values = latent[:, place]
        if lists is not None and block in by_list | {"list_stratum"}:
            values = values.reshape(len(latent), -1, form.lists)[:, :, lists]
        elif strata is not None and block in by_stratum | {"list_stratum"}:
            values = values.reshape(len(latent), form.strata, -1)[:, strata]
        moved[:, place] = values.reshape(len(latent), -1)
    return moved


def test_order_of_rows_and_lists_does_not_matter(form, rng):
    latent = form.simulate(rng, 3, RATE)["latent"]
    of, rows = form.base.patterns, rng.permutation(len(form.base.patterns.counts))
    lists = [2, 0, 1]
    turned = Patterns(
        tuple(of.lists[j] for j in lists), of.on[rows][:, lists], of.counts[rows], of.strata,
        of.stratum_of[rows], of.is_unknown[rows], of.is_bound[rows],
    )  # fmt: skip
    other = form.replace("names.patterns", turned)
    moved = reordered(form, latent, lists=lists)
    np.testing.assert_allclose(density(other, moved), density(form, latent), rtol=1e-12)
    ours, theirs = form.complete({"latent": latent}, rng)[0], other.complete(
        {"latent": moved}, rng)[0]  # fmt: skip
    np.testing.assert_allclose(theirs["list_coverage"], ours["list_coverage"][:, lists])
    np.testing.assert_allclose(theirs["coverage"], ours["coverage"])


def test_order_of_strata_does_not_matter(rng):
    form = list_models()["strata"]
    latent = form.simulate(rng, 3, RATE)["latent"]
    turned = by_stratum((SPINA[1], SPINA[0], SPINA[2]), ("others", "largest"))
    other = form.replace_all({"names.patterns": turned, "names.exposure": (1.0, 9.0)})
    moved = reordered(form, latent, strata=[1, 0])
    np.testing.assert_allclose(density(other, moved), density(form, latent), rtol=1e-12)


@pytest.mark.parametrize("which", ["pooled", "uniform"])
def test_relabeled_classes_have_the_same_likelihood(which, rng):
    form = list_models()[which]
    latent = form.simulate(rng, 4, RATE)["latent"]
    blocks, order, moved = form.joint.form.blocks, [2, 0, 1], latent.copy()
    for block in {"capture", "class", "deviation"} & set(blocks):
        values = latent[:, blocks[block]].reshape(4, 3, -1)[:, order]
        moved[:, blocks[block]] = values.reshape(4, -1)
    for at, one in enumerate(latent):
        weights, _ = plain_classes(form, one)
        share = np.exp(np.array(weights[0])[order])
        concentration = np.exp(form.base.concentration_spread * blocks_of(form, one)[
            "concentration"][0])  # fmt: skip
        left = 1 - np.cumsum([0, *share[:-1]])
        kept = concentration * np.log1p(-share[:-1] / left[:-1])  # log of a uniform variable
        moved[at, blocks["stick"]] = np.log(-np.expm1(kept)) - kept
    ours, theirs = (form.log_likelihood({"latent": at})["names"] for at in (latent, moved))
    np.testing.assert_allclose(theirs, ours, rtol=1e-7)
    assert not np.isclose(*(form.log_density({"latent": at}) for at in (latent, moved))).any()


def test_patterns_of_nobody_may_stand_in_the_table_or_not(rng):
    """A pattern that is not there has no person, which is knowledge: its rate costs."""
    rows = np.array(PALEMBANG) > 0
    short = Patterns(("a", "b", "c"), np.array(PATTERNS, bool)[rows], np.array(PALEMBANG)[rows])
    form = list_models()["uniform"]
    latent = form.simulate(rng, 4, RATE)["latent"]
    np.testing.assert_array_equal(
        density(form.replace("names.patterns", short), latent), density(form, latent)
    )
    unknown = Patterns(short.lists, np.array(PATTERNS, bool), np.array(PALEMBANG), unknown=~rows)
    more = form.replace("names.patterns", unknown).log_likelihood({"latent": latent})["names"]
    means = [plain_expected(form, one)["cells"][0][0, 1, 1] for one in latent]
    less = form.log_likelihood({"latent": latent})["names"]
    np.testing.assert_allclose(more - less, means, rtol=1e-7, atol=1e-9)
