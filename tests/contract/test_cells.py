"""Losses over cells: graph, NumPy density and SciPy agree, however variables are centered."""

import dataclasses

import numpy as np
import pytest
from scipy import stats

from models import Cells, known
from tests.contract.cells_reference import (
    both_of,
    cells_models,
    points,
    pooled_of,
    to_graph,
    walk_of,
    weeks,
    with_centering,
)

FORMS = sorted(cells_models())


@pytest.fixture(params=FORMS)
def form(request):
    """Each model of a table in turn."""
    return cells_models()[request.param]


def test_graph_density_equals_numpy_density_centered_and_not(form, rng):
    """At the same unknowns both parametrizations have one density, but for their Jacobians."""
    theta = points(form, rng)
    expected, found = form.log_density(theta), {}
    assert np.isfinite(expected).all()
    for centered in (False, True):
        model = with_centering(form, centered)
        graph = model.graph()
        values, jacobian = to_graph(model, theta, rng)
        assert set(values) == {variable.name for variable in graph.value_vars}
        density = graph.compile_logp(mode="FAST_COMPILE")
        heights = [density({k: v[i] for k, v in values.items()}) for i in range(expected.size)]
        found[centered] = np.array(heights) - jacobian
        np.testing.assert_allclose(heights, expected + jacobian, rtol=1e-9, atol=1e-7)
    scale = np.abs(jacobian) + np.abs(expected)
    np.testing.assert_allclose(found[True] / scale, found[False] / scale, atol=1e-9)


def test_graph_has_no_discrete_unknown_and_no_potential(form):
    graph = form.graph()
    assert not graph.discrete_value_vars
    assert not graph.potentials


def test_all_numbers_of_the_graph_are_data(form):
    graph = form.graph()
    held = {variable.name: np.asarray(variable.get_value()) for variable in graph.data_vars}
    expected = form.graph_data()
    assert set(held) == set(expected)
    for name, values in held.items():
        np.testing.assert_array_equal(values, expected[name], err_msg=name)


@pytest.mark.parametrize("centered", [False, True])
def test_unknowns_follow_from_variables_of_the_graph(form, rng, centered):
    model = with_centering(form, centered)
    theta = points(model, rng)
    own = to_graph(model, theta, rng)[0]
    free = {name: values for name, values in theta.items() if name != "own"}
    if "own_path" in own:
        free["own_path"] = own["own_path"]
    elif "own" in theta:
        free["own_raw"] = np.diff(theta["own"], axis=1) / theta["own_step"][:, None, None]
    found = model.joint.unknowns(free)
    assert set(found) == set(theta)
    for name, values in theta.items():
        np.testing.assert_allclose(found[name], values, atol=1e-9, err_msg=name)


def test_log_likelihood_equals_scipy(form, rng):
    theta, cells = points(form, rng), form.joint.cells
    rate = np.exp(form.joint.log_seen_rate(theta, slice(None)))
    found = form.log_likelihood(theta)
    each = stats.poisson.logpmf(cells.counts, rate)
    expected = np.where(cells.observed, each, 0.0).reshape(found["names"].shape)
    np.testing.assert_allclose(found["names"], expected, rtol=1e-9, atol=1e-7)
    # names without a cell: all names of a margin are Poisson, their split is multinomial, and that
    # they have no cell says nothing
    for kind, axis in (("unknown_stratum", 2), ("unknown_period", 1)):
        names = cells.extra(kind)
        if names.any():
            listed = (rate * cells.observed).sum(axis=axis)
            whole = stats.poisson.logpmf(names, listed) + listed
            np.testing.assert_allclose(found[f"names_{kind}"], whole, rtol=1e-9, atol=1e-7)


def test_log_prior_equals_scipy(form, rng):
    theta, joint = points(form, rng), form.joint
    found = form.log_prior(theta)
    free = {"log_level"} | ({"effect"} if joint.cells.shape[1] == len(joint.cells.apart) else set())
    assert set(found) == set(theta) - free
    scales = {"step": joint.walk and joint.walk.step, "own_step": joint.own_step,
              "spread": joint.pooled and joint.pooled.spread}  # fmt: skip
    for name, scale in scales.items():
        if scale:
            np.testing.assert_allclose(found[name], stats.halfnorm.logpdf(theta[name], 0, scale))
    if joint.walk is not None:
        center = theta.get("drift", np.zeros(1))[:, None]
        moves = np.diff(theta["log_walk"], axis=1)
        steps = stats.t.logpdf(moves, joint.walk.tail, center, theta["step"][:, None])
        np.testing.assert_allclose(found["log_walk"], steps.sum(axis=1), rtol=1e-9, atol=1e-9)
    if joint.pooled is not None:
        effect = theta["effect"][:, joint.cells.pooled]
        scale = np.hypot(theta["spread"], joint.seen_deviation)
        expected = _log_differences(effect, scale)
        np.testing.assert_allclose(found["effect"], expected, rtol=1e-7, atol=1e-6)
    if joint.own_step is not None:
        moves = np.diff(theta["own"], axis=1)
        expected = sum(_log_differences(moves[:, t], theta["own_step"])
                       for t in range(moves.shape[1]))  # fmt: skip
        np.testing.assert_allclose(found["own"], expected, rtol=1e-7, atol=1e-6)


def _log_differences(values, scale):
    """Return the density of iid normals whose mean is integrated out, in any orthonormal basis."""
    size = values.shape[1]
    basis = np.linalg.svd(np.ones((1, size)))[2][1:].T
    return stats.norm.logpdf(values @ basis, 0, scale[:, None]).sum(axis=1)


def test_one_more_name_without_a_cell_says_as_much_as_its_margin(rng):
    """A single stratum: names without one are as good as counted."""
    theta = points(walk_of([5, 9, 4]), rng)
    alone = walk_of([5, 9, 4], unknown_stratum=[0, 3, 0])
    counted = walk_of([5, 12, 4])
    difference = alone.log_density(theta) - counted.log_density(theta)
    np.testing.assert_allclose(difference, difference[0], atol=1e-6)


# -- relabeling, content and structure ------------------------------------------------------------

ORDER = np.array([3, 1, 4, 0, 2])


def _shuffled(model):
    cells, names = model.joint.cells, np.array(model.joint.cells.strata)
    fields = {
        "counts": cells.counts[:, ORDER], "missing": cells.missing[:, ORDER],
        "strata": tuple(names[ORDER]), "exposure": np.asarray(cells.exposure)[ORDER],
        "apart": cells.apart, "unknown_period": cells.unknown_period[ORDER],
    }  # fmt: skip
    return model.replace("names.count", Cells(**fields))


def test_the_order_of_strata_changes_nothing(rng):
    model = cells_models()["pooled-apart"]
    theta = points(model, rng)
    other = _shuffled(model)
    moved = theta | {"effect": theta["effect"][:, ORDER]}
    assert other.joint.centered == model.joint.centered
    np.testing.assert_allclose(other.log_density(moved), model.log_density(theta), rtol=1e-12)
    graph, values = other.graph(), to_graph(other, moved, rng)[0]
    density = graph.compile_logp(mode="FAST_COMPILE")
    expected = other.log_density(moved) + to_graph(other, moved, rng)[1]
    found = [density({k: v[i] for k, v in values.items()}) for i in range(expected.size)]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-7)


def test_labels_do_not_change_the_content(form):
    cells = form.joint.cells
    days = weeks(len(cells.periods) + 3)[3:] if cells.periods else ()
    names = {name: f"region {name}" for name in cells.strata}
    relabeled = Cells(
        cells.counts, days, cells.step, tuple(names.values()), cells.missing,
        tuple(names[name] for name in cells.apart), cells.exposure if cells.strata else None,
        cells.unknown_stratum, cells.unknown_period, cells.undated, "report", partial=True,
    )  # fmt: skip
    other = form.replace("names.count", relabeled)
    assert other.content() == form.content()
    assert other.structure() == form.structure()
    assert other.coords() != form.coords()


def test_numbers_change_the_content_but_not_the_structure(form):
    cells = form.joint.cells
    place = tuple(np.argwhere(cells.counts == cells.counts.max())[0])
    counts = np.array(cells.counts)
    counts[place] += 1
    other = form.replace("names.count", dataclasses.replace(cells, counts=counts))
    assert other.content() != form.content()
    assert other.structure() == form.structure()
    assert {k: np.shape(v) for k, v in other.graph_data().items()} == {
        k: np.shape(v) for k, v in form.graph_data().items()
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("names.coverage", known(0.4)), ("names.precision", known(0.9)), ("names.deviation", 0.7),
        ("losses.own_step", 0.5),
    ],
)  # fmt: skip
def test_each_number_counts(field, value):
    model = both_of([[40, 12], [30, 20], [10, 9]], own_step=0.2)
    other = model.replace(field, value)
    assert other.content() != model.content()
    assert other.structure() == model.structure()


def test_each_part_of_a_table_counts():
    base = {"counts": [30, 12, 55, 8], "apart": ("B",)}
    model = pooled_of(**base)
    for change in (
        {"apart": ("C",)}, {"exposure": [90, 1, 80, 70]}, {"unknown_period": [1, 0, 0, 0]},
        {"missing": [[0, 0, 0, 1]]}, {"unknown_stratum": [4]},
    ):  # fmt: skip
        assert pooled_of(**base | change).content() != model.content(), change


def test_structures_differ_where_graphs_do():
    found = {
        model.structure()
        for form in cells_models().values()
        for model in (with_centering(form, True), with_centering(form, False))
    }
    assert len(found) >= 2 * len(FORMS) - 4  # some forms differ by numbers alone
