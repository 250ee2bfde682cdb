"""Three opinions on one model: the PyMC graph, the NumPy density and SciPy agree."""

import numpy as np
import pytest
from scipy import stats

from models import GammaPrior, Known


def _points(model, rng, size=20):
    """Prior draws, and points where densities tend to go wrong."""
    base = model.base
    awkward = np.array([1e-6, 0.03, 0.5, 0.97, 1 - 1e-6])
    points = {}
    for name in ("coverage", "precision"):
        belief = getattr(base, name)
        points[name] = np.concatenate([belief.draw(rng, size), belief.quantile(awkward)])
    prior = model.losses.prior
    count = max(base.names, 1)
    if isinstance(prior, GammaPrior):
        rates = np.concatenate([prior.draw(rng, size), [1e-3, 1.0, count, 10 * count, 1e6]])
    else:
        rates = np.concatenate([rng.lognormal(np.log(count), 1, size), [1e-3, 1.0, 1e3, 1e6, 1e8]])
    return {"rate": rates, **points}


def test_graph_density_equals_numpy_density(reference, rng):
    model = reference
    graph = model.graph()
    density = graph.compile_logp(jacobian=False, mode="FAST_COMPILE")
    points = _points(model, rng)
    base = model.base
    beliefs = {name: getattr(base, name) for name in ("coverage", "precision")}
    expected = model.log_density(points)
    inclusion = points["coverage"] / points["precision"]
    if isinstance(model.losses.prior, GammaPrior):
        rate_name, transform = "seen_rate_log__", np.log(points["rate"] * inclusion)
        # the graph's free variable is the seen rate: d rate / d seen rate = 1 / inclusion
        expected = expected - np.log(inclusion)
    else:
        rate_name = "log_seen_rate_deviation"
        transform = np.log(points["rate"] * inclusion / base.names)
        # the scale prior is flat in log seen rate: d rate / d log seen rate = rate
        expected = expected + np.log(points["rate"])
    values = {rate_name: transform}
    jacobian = np.zeros(transform.size)
    for name, belief in beliefs.items():
        if isinstance(belief, Known):
            continue
        free = np.asarray(belief.to_free(points[name]))
        jacobian += belief.log_jacobian(points[name])
        variable = next(v for v in graph.free_RVs if v.name == belief.free_name(name))
        value = graph.rvs_to_values[variable]
        transformation = graph.rvs_to_transforms[variable]
        if transformation is not None:
            free = transformation.forward(free, *variable.owner.inputs).eval()
        values[value.name] = free
    for i in range(transform.size):
        one = {name: found[i] for name, found in values.items()}
        assert density(one) == pytest.approx(expected[i] + jacobian[i], rel=1e-9, abs=1e-7), (
            i, one,
        )  # fmt: skip


def test_graph_has_no_discrete_unknown_and_no_potential(reference):
    graph = reference.graph()
    assert not graph.discrete_value_vars
    assert not graph.potentials


def test_all_numbers_of_the_graph_are_data(reference):
    graph = reference.graph()
    names = {variable.name for variable in graph.data_vars}
    assert names == set(reference.graph_data())


def test_log_likelihood_equals_scipy(reference, rng):
    model, k = reference, reference.losses.clustering
    points = _points(model, rng)
    mean = points["rate"] * points["coverage"] / points["precision"]
    if k is None:
        expected = stats.poisson.logpmf(model.base.names, mean)
    else:
        expected = stats.nbinom.logpmf(model.base.names, k, k / (k + mean))
    np.testing.assert_allclose(
        model.log_likelihood(points)["names"], expected, rtol=1e-7, atol=1e-6
    )


def test_log_prior_equals_scipy(reference, rng):
    prior = reference.losses.prior
    rates = np.array([0.5, 3.0, 700.0, 2e5])
    if isinstance(prior, GammaPrior):
        expected = stats.gamma.logpdf(rates, prior.shape, scale=1 / prior.inverse_scale)
    else:
        expected = -np.log(rates)
    np.testing.assert_allclose(reference.losses.log_prior(rates), expected, rtol=1e-9, atol=1e-9)
