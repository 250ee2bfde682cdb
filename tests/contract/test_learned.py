"""Coverage that is learned: graph, NumPy density and plain loops agree; simulation follows them."""

import dataclasses
import functools

import numpy as np
import pytest
from scipy import linalg, stats

from models import Audits, Beyond, Count, Excess, Model, RefusedError, Register, Triangle
from models.learning.density import log_jacobian
from models.learning.form import SCALE
from tests.contract.learned_reference import (
    blocks_of,
    changes,
    learned_models,
    months,
    plain_expected,
    plain_log_likelihood_of,
    plain_log_prior,
    prior_of,
)

FORMS = sorted(learned_models())

#: Expected deaths of a period in simulations: none of a row or an age is then refused.
RATE = 500.0


@pytest.fixture(params=FORMS)
def form(request):
    """Each model whose coverage is learned in turn."""
    return learned_models()[request.param]


def compile_density(graph):
    """Return the log density of a graph as a function of the sampler's coordinates."""
    parts = graph.compile_logp(mode="FAST_COMPILE", sum=False)
    return lambda position: sum(float(part.sum()) for part in parts({"position": position}))


@functools.cache
def compiled(name):
    """Return the graph of a reference model and its compiled density."""
    graph = learned_models()[name].graph()
    return graph, compile_density(graph)


def name_of(model):
    return next(name for name, one in learned_models().items() if one.content() == model.content())


def positions(model, latent):
    """Return the sampler's coordinates of unknowns, and the unknowns that these give exactly."""
    data = model.graph_data()
    position = linalg.solve(data["factor"], (latent - data["center"]).T).T
    return position, data["center"] + position @ data["factor"].T


def awkward(model, rng):
    """Return draws from the prior, points near the posterior, and points where densities fail."""
    data, blocks = model.graph_data(), model.joint.form.blocks
    near = data["center"] + rng.standard_normal((4, data["center"].size)) @ data["factor"].T
    found = [*model.simulate(rng, 4, RATE)["latent"], *near]
    for block, values in {"coverage": (-12, 12), "level": (8, -4), "precision": (-6, 12)}.items():
        for value in values if block in blocks else ():
            found.append(near[0].copy())
            found[-1][blocks[block]] = value
    tiny = near[1].copy()
    noise = isinstance(model.base, Triangle)  # there SciPy's own density loses its digits
    for block, place in blocks.items():
        if block.startswith("log_") and not (noise and block == "log_noise"):
            tiny[place] = -12
        elif block.startswith(SCALE):
            tiny[place] = -3
    return np.array([*found, tiny])


def density(model, latent):
    """Return the log density in the coordinates of the sampler, its constant left out."""
    return model.log_density({"latent": latent}) + log_jacobian(model.joint, latent)


def test_graph_density_equals_numpy_density_and_plain_loops(form, rng):
    graph, graph_density = compiled(name_of(form))
    assert not graph.discrete_value_vars
    assert not graph.potentials
    position, latent = positions(form, awkward(form, rng))
    expected = density(form, latent)
    assert np.isfinite(expected).all()
    found = [graph_density(one) for one in position]
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-6)
    plain = [
        plain_log_prior(form, one) + sum(plain_log_likelihood_of(form, one).values())
        for one in latent
    ]
    np.testing.assert_allclose(expected, plain, rtol=1e-8, atol=1e-5)


def test_log_likelihood_by_evidence_equals_plain_loops(form, rng):
    latent = form.simulate(rng, 5, RATE)["latent"]
    found = form.log_likelihood({"latent": latent})
    assert set(found) == set(form.evidence)
    for name, values in found.items():
        plain = [plain_log_likelihood_of(form, one)[name] for one in latent]
        np.testing.assert_allclose(values.reshape(5, -1).sum(axis=1), plain, rtol=1e-8, atol=1e-6)


def test_one_compiled_graph_serves_all_numbers(form, rng):
    """Whatever number is replaced, swapped data give the density of a graph made anew."""
    import pymc as pm

    graph, graph_density = compiled(name_of(form))
    held = form.graph_data()
    assert {variable.name for variable in graph.data_vars} == set(held)
    changed = form.replace_all(changes(form))
    assert changed.structure() == form.structure()
    data = changed.graph_data()
    assert {key: np.shape(one) for key, one in data.items()} == {
        key: np.shape(one) for key, one in held.items()
    }
    position = rng.standard_normal((4, held["center"].size))
    fresh = compile_density(changed.graph())
    expected = [fresh(one) for one in position]
    np.testing.assert_allclose(
        expected, density(changed, data["center"] + position @ data["factor"].T), rtol=1e-8
    )
    try:
        pm.set_data(data, model=graph)
        found = [graph_density(one) for one in position]
    finally:
        pm.set_data(held, model=graph)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_beyond_adds_up_and_changes_nothing_else(rng):
    model = learned_models()["walk-drift"]
    with_beyond = Model(model.losses, model.evidence, {"army": Beyond(2_000, 3_000, 0.9)})
    assert with_beyond.structure() == model.structure()
    assert with_beyond.content() != model.content()
    latent = model.simulate(rng, 2_000, RATE)["latent"]
    found = with_beyond.complete({"latent": latent}, np.random.default_rng(1))[0]
    same = model.complete({"latent": latent}, np.random.default_rng(1))[0]
    np.testing.assert_array_equal(found["total"], same["total"])
    np.testing.assert_array_equal(found["total_with_beyond"], found["total"] + found["beyond_army"])
    low, high = np.quantile(found["beyond_army"], [0.05, 0.95])
    assert low == pytest.approx(2_000, rel=0.03)
    assert high == pytest.approx(3_000, rel=0.03)


def test_simulated_unknowns_have_their_priors(form, rng):
    latent = form.simulate(rng, 1_500, RATE)["latent"]
    for name, block in form.joint.form.blocks.items():
        if name == "level":
            continue
        prior, to, _ = prior_of(form, name)
        values = prior.cdf(np.vectorize(to)(latent[:, block]))
        assert stats.kstest(values[:, 0], "uniform").pvalue > 1e-4, name
        assert values.mean() == pytest.approx(0.5, abs=2.5 / np.sqrt(values.size)), name


def test_simulated_data_have_the_moments_of_plain_loops(form, rng):
    """Standardized by what one draw expects, all data have mean 0 and variance 1."""
    draws = 250
    simulated = form.simulate(rng, draws, RATE)
    left: dict[str, list[np.ndarray]] = {name: [] for name in [*form.evidence, "total"]}
    for at in range(draws):
        of = plain_expected(form, simulated["latent"][at])
        deaths = np.array(of["deaths"])
        assert deaths.mean() == pytest.approx(RATE)
        if isinstance(form.base, Count):  # the noise of late reports is looked at in test_late.py
            left["total"].append((simulated["total"][at] - deaths.sum()) / np.sqrt(deaths.sum()))
            means = np.array(of["names"])
            left["names"].append((simulated["count"][at] - means) / np.sqrt(means))
        for name, item in form.evidence.items():
            if isinstance(item, Register):
                center, covariance = of[name]
                off = np.log(simulated[name][at]) - center
                left[name].append(np.linalg.solve(np.linalg.cholesky(covariance), off))
            elif isinstance(item, Audits):
                chance, checked = 1 / (1 + np.exp(-np.array(of[name]))), np.array(item.checked)
                spread = np.sqrt(checked * chance * (1 - chance))
                left[name].append((simulated[name][at] - checked * chance) / spread)
            elif isinstance(item, Excess):
                left[name].append((simulated[name][at] - of[name][0]) / of[name][1])
    for name, values in left.items():
        if values:
            standardized = np.concatenate([np.ravel(one) for one in values])
            error = 4.5 / np.sqrt(standardized.size)
            assert standardized.mean() == pytest.approx(0, abs=error), name
            assert standardized.var() == pytest.approx(1, abs=2 * error), name


def test_simulated_lists_are_consistent_and_can_be_fitted(form, rng):
    simulated = form.simulate(rng, 40, RATE)
    np.testing.assert_array_equal(simulated["total"], simulated["seen"] + simulated["unseen"])
    assert (simulated["unseen"] >= 0).all()
    if "deaths" in simulated:
        np.testing.assert_array_equal(simulated["total"], simulated["deaths"].sum(axis=1))
    for index in range(2):
        data = form.joint.simulated_data(simulated, index)
        assert set(data) == set(form.evidence)
        fields = {f"{name}.{form.evidence[name].data_field}": one for name, one in data.items()}
        replaced = form.replace_all(fields)
        at = form.graph_data()["center"][None]
        assert np.isfinite(replaced.log_density({"latent": at})).all()
    truth = form.joint.rank_quantities(simulated)
    posterior = form.joint.rank_quantities(completed(form, rng, 20))
    assert set(truth) == set(posterior)
    with pytest.raises(RefusedError, match="improper"):
        form.simulate(rng, 3)


def completed(model, rng, draws):
    data = model.graph_data()
    latent = data["center"] + rng.standard_normal((draws, data["center"].size)) @ data["factor"].T
    return model.complete({"latent": latent}, rng)[0]


def test_completed_deaths_have_the_means_of_plain_loops(form, rng):
    """What is added to the list, given the unknowns, is what they say was missed."""
    latent = np.repeat(form.graph_data()["center"][None], 4_000, axis=0)
    of = plain_expected(form, latent[0])
    found = form.complete({"latent": latent}, rng)[0]
    np.testing.assert_array_equal(found["total"], found["observed"] + found["unseen"])
    assert (found["unseen"] >= 0).all()
    if "deaths" in found:
        np.testing.assert_array_equal(found["total"], found["deaths"].sum(axis=1))
    share = sum(of["true"]) / sum(of["deaths"])
    np.testing.assert_allclose(found["coverage"], share, rtol=1e-9)
    if "period_coverage" in found:  # of all deaths together they make what was drawn
        by_period = np.array(of["true"]) / np.array(of["deaths"])
        np.testing.assert_allclose(found["period_coverage"][0], by_period, rtol=1e-9)
    if isinstance(form.base, Count):
        missed = np.dot(of["true"], of["odds"])
        assert found["unseen"].mean() == pytest.approx(missed, abs=4.5 * np.sqrt(missed / 4_000))
        true = form.base.names * found["precision"][0]
        assert found["observed"].mean() == pytest.approx(true, abs=4.5 * np.sqrt(true / 4_000))
    dims, coords = form.dims(), form.coords()
    for name, values in found.items():
        if values.ndim > 1:
            assert values.shape[1:] == tuple(len(coords[dim]) for dim in dims[name]), name


def test_order_of_evidence_rows_and_places_does_not_matter(rng):
    model = learned_models()["walk-audits"]
    latent = model.simulate(rng, 3, RATE)["latent"]
    order = [2, 0, 1]
    register, graves = model.evidence["probate"], model.evidence["graves"]
    of = register.estimates
    turned = dataclasses.replace(
        of, central=of.central[order], error=of.errors[order],
        begin=tuple(of.begin[i] for i in order), end=tuple(of.end[i] for i in order),
    )  # fmt: skip
    looked = dataclasses.replace(
        graves, places=tuple(graves.places[i] for i in order),
        **{key: tuple(getattr(graves, key)[i] for i in order) for key in ("found", "checked")},
    )  # fmt: skip
    other = Model(model.losses, {
        "graves": looked, "probate": dataclasses.replace(register, estimates=turned),
        "names": model.base,
    })  # fmt: skip
    moved = np.empty_like(latent)
    for name, block in other.joint.form.blocks.items():
        values = latent[:, model.joint.form.blocks[name]]
        moved[:, block] = values[:, order] if name == "place_graves" else values
    np.testing.assert_allclose(density(other, moved), density(model, latent), rtol=1e-10)


def test_nothing_listed_or_found_has_a_density(rng):
    model = learned_models()["walk-audits"]
    empty = model.replace_all({
        "names.count": months([0, 0, 30, 0, 1, 0, 0, 20]),
        "graves.found": (0, 9, 45), "graves.checked": (20, 9, 45),
    })  # fmt: skip
    latent = awkward(empty, rng)
    assert np.isfinite(density(empty, latent)).all()
    for at in latent[:3]:
        expected = plain_log_prior(empty, at) + sum(plain_log_likelihood_of(empty, at).values())
        assert density(empty, at[None])[0] == pytest.approx(expected, rel=1e-9)
    assert set(blocks_of(empty, latent[0])) == set(blocks_of(model, latent[0]))
