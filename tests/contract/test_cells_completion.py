"""Losses over cells: simulated tables and completed deaths follow the story."""

import numpy as np
import pytest

from estimation.fit.tree import to_tree
from models import Cells, Known, RefusedError, Walk, known
from tests.contract.cells_reference import (
    PRECISE,
    both_of,
    cells_models,
    of,
    points,
    pooled_of,
    walk_of,
)

DRAWS = 4_000


@pytest.fixture(params=sorted(cells_models()))
def form(request):
    """Each model of a table in turn."""
    return cells_models()[request.param]


def _completed(model, rng, draws=DRAWS, **given):
    """Complete given the same unknowns again and again: only what is drawn there varies."""
    theta = points(model, np.random.default_rng(7))
    theta = {name: np.repeat(values[:1], draws, axis=0) for name, values in theta.items()} | given
    free = dict(theta)
    if "own" in free:
        path = np.diff(free.pop("own"), axis=1)
        steps = path / free["own_step"][:, None, None]
        free |= {"own_raw": steps, "own_path": np.swapaxes(np.cumsum(path, axis=1), 1, 2)}
    found, unknowns = model.complete(free, rng)
    return found, unknowns


def _as_cells(model, values):
    """Return values with both axes, a period "unknown" too."""
    periods, strata = model.joint.cells.shape
    undated = bool(model.joint.cells.extra("undated").any())
    return values.reshape(values.shape[0], periods + undated, strata)


def _is_zero_on_average(values, where=""):
    error = np.std(values, axis=0) / np.sqrt(values.shape[0])
    assert (np.abs(np.mean(values, axis=0)) <= 4.5 * error + 1e-9).all(), where


# -- simulation -----------------------------------------------------------------------------------


def test_simulated_tables_follow_the_story(form, rng):
    cells, count, rate = form.joint.cells, form.base, 30.0
    with pytest.raises(RefusedError, match="improper"):
        form.simulate(rng, 10)
    found = form.simulate(rng, DRAWS, rate)
    np.testing.assert_array_equal(found["seen"] + found["unseen"], found["total"])
    np.testing.assert_array_equal(found["deaths"].sum(axis=(1, 2)), found["total"])
    np.testing.assert_array_equal(found["confirmed"].sum(axis=(1, 2)), found["seen"])
    assert (found["deaths"] >= found["confirmed"]).all()
    for name in ("count", "confirmed"):
        assert (found[name][:, ~cells.observed] == 0).all()
    listed = sum(
        found[name].reshape(DRAWS, -1).sum(axis=1)
        for name in ("count", "unknown_stratum", "unknown_period")
    )
    expected = rate * cells.observed.sum()
    _is_zero_on_average(listed - expected * found["coverage"] / found["precision"], "listed")
    # deaths where somebody looked: coverage of all of them together is what was drawn
    _is_zero_on_average(found["deaths"][:, cells.observed].sum(axis=1) - expected, "deaths")
    if isinstance(count.precision, Known) and count.precision.value == 1:
        np.testing.assert_array_equal(listed, found["seen"])


def test_as_many_simulated_names_lack_a_cell_as_in_the_table(form, rng):
    cells = form.joint.cells
    found = form.simulate(rng, DRAWS, 30.0)
    kinds = ("unknown_stratum", "unknown_period")
    listed = sum(found[n].reshape(DRAWS, -1).sum(axis=1) for n in ("count", *kinds))
    dated = cells.total - cells.extra("undated").sum()
    for kind in kinds:
        share = cells.extra(kind).sum() / dated
        _is_zero_on_average(found[kind].sum(axis=1) - share * listed, kind)


def test_simulated_cells_that_nobody_saw_may_be_anything(rng):
    """Steps with tails like Cauchy's reach rates beyond all numbers where nothing was observed."""
    missing = [[0], [0], [1]]
    model = walk_of([5, 6, 0], Walk(tail=1.0), missing=missing)
    found = model.simulate(rng, DRAWS, 10.0)
    assert (found["deaths"] >= 0).all()


# -- completion -----------------------------------------------------------------------------------


def test_completed_deaths_add_up(form, rng):
    cells, count = form.joint.cells, form.base
    found, _ = _completed(form, rng)
    for name in ("total", "unseen", "observed", "deaths", "confirmed"):
        assert name not in found or np.issubdtype(found[name].dtype, np.integer), name
    deaths = _as_cells(form, found["deaths"])
    assert (deaths >= 0).all()
    np.testing.assert_array_equal(deaths.sum(axis=(1, 2)), found["total"])
    np.testing.assert_array_equal(found["observed"] + found["unseen"], found["total"])
    assert (found["unseen"] >= 0).all()
    np.testing.assert_array_equal(found["realized_coverage"], found["observed"] / found["total"])
    exact = isinstance(count.precision, Known) and count.precision.value == 1
    if exact:
        assert (found["observed"] == cells.total).all()
    confirmed = np.broadcast_to(np.asarray(cells.counts), (DRAWS, *cells.shape))
    if cells.extra("undated").any():
        last = np.broadcast_to(cells.extra("undated"), (DRAWS, 1, cells.shape[1]))
        confirmed = np.concatenate([confirmed, last], axis=1)
    if "confirmed" in found:
        ours = _as_cells(form, found["confirmed"])
        assert not exact or (ours >= confirmed).all()
        confirmed = ours
    assert (deaths >= confirmed).all()
    np.testing.assert_array_equal(confirmed.sum(axis=(1, 2)), found["observed"])
    assert (confirmed[:, : cells.shape[0]][:, ~cells.observed] == 0).all()


def test_dims_fit_the_estimands_and_the_tree(form, rng):
    found, unknowns = _completed(form, rng, 40)
    import xarray

    tree = to_tree(
        form, found, unknowns, xarray.Dataset(), engine="nuts", seed=1,
        settings={"chains": 2, "draws": 20, "tune": 10},
    )  # fmt: skip
    cells = form.joint.cells
    assert tree["observed_data"]["names"].shape == tuple(s for s in cells.shape if s > 1)
    for kind in form.joint.unassigned():
        assert f"names_{kind}" in tree["observed_data"]
        assert tree["log_likelihood"][f"names_{kind}"].sizes["draw"] == 20
    labels = tree["posterior"]["deaths"].coords
    for dim in cells.dims():
        assert labels[dim].to_numpy().tolist() == cells.coords()[dim]


def test_coverage_of_all_deaths_is_what_was_drawn(form, rng):
    """Expected deaths of strata, each times its coverage, over expected deaths: exactly."""
    found, theta = _completed(form, rng)
    rate = np.exp(form.joint.log_seen_rate(theta, slice(None))) * form.joint.cells.observed
    by_stratum = rate.sum(axis=1)
    share = found.get("stratum_coverage", found["coverage"][:, None])
    together = by_stratum.sum(axis=1) / (by_stratum / share).sum(axis=1)
    np.testing.assert_allclose(together, found["coverage"], rtol=1e-10)
    assert ((share > 0) & (share <= 1)).all()


def test_completed_cells_have_their_expectations(form, rng):
    cells = form.joint.cells
    found, theta = _completed(form, rng)
    rate = np.exp(form.joint.log_seen_rate(theta, slice(None))) * found["precision"][:, None, None]
    share = found.get("stratum_coverage", found["coverage"][:, None])[:, None, :]
    expected = np.where(cells.observed, rate * (1 / share - 1), rate / share)
    deaths = _as_cells(form, found["deaths"])[:, : cells.shape[0]]
    confirmed = np.asarray(cells.counts)
    if "confirmed" in found:
        confirmed = _as_cells(form, found["confirmed"])[:, : cells.shape[0]]
    _is_zero_on_average(deaths - confirmed - expected)


def test_names_without_a_cell_are_shared_out_by_rates(rng):
    model = cells_models()["both-gaps"]
    cells = model.joint.cells
    found, theta = _completed(model, rng)
    rate = np.exp(model.joint.log_seen_rate(theta, slice(None))) * cells.observed
    expected = np.array(cells.counts, float)
    for names, axis in ((cells.unknown_stratum[:, None], 2), (cells.unknown_period[None], 1)):
        whole = rate.sum(axis=axis, keepdims=True)
        expected = expected + names * np.divide(rate, whole, where=whole > 0, out=0 * rate)
    _is_zero_on_average(found["confirmed"] - expected)


def test_names_without_a_date_stay_with_their_stratum(rng):
    """A stratum none of whose names lack a date must not be given unseen deaths without one."""
    model = both_of([[40, 40], [50, 50]], undated=[30, 0])
    found, _ = _completed(model, rng)
    share = found["coverage"]
    undated = found["deaths"][:, -1] - np.array([30, 0])
    expected = np.array([30, 0]) * (1 / share - 1)[:, None]
    _is_zero_on_average(undated - expected)


def test_effects_that_speak_of_coverage_do_not_speak_of_strata_apart(rng):
    """Effects sum to 0: of the mean difference of coverage of pooled strata nothing is known."""
    model = pooled_of([300, 300, 300], apart=("C",), deviation=0.5)
    spread = np.full(DRAWS * 5, 1e-3)
    found, _ = _completed(model, rng, DRAWS * 5, spread=spread, effect=np.zeros((DRAWS * 5, 3)))
    odds = np.log(1 / found["stratum_coverage"] - 1)
    contrast = odds[:, 2] - odds[:, :2].mean(axis=1)
    # its own variance and that of the mean of two
    variance = 0.5**2 * (1 + 1 / 2)
    assert np.var(contrast) == pytest.approx(variance, rel=0.06)


def test_the_order_of_strata_changes_no_answer(rng):
    order = np.array([2, 0, 3, 1])
    names, exposure = np.array(list("ABCD")), np.array([900, 1, 4_000, 350])
    counts, effect = np.array([30, 12, 55, 0]), np.array([0.3, 0.9, -0.1, -0.2])
    answers = []
    for chosen in (np.arange(4), order):
        cells = Cells(counts[None, chosen], strata=tuple(names[chosen]), apart=("B",),
                      exposure=exposure[chosen], unknown_period=np.arange(4)[chosen])  # fmt: skip
        model = of(pooled_of([1, 1]).losses, cells, deviation=0.5)
        given = np.tile(effect[chosen], (DRAWS, 1))
        found, _ = _completed(model, rng, effect=given, spread=np.full(DRAWS, 0.4))
        back = np.argsort(chosen)
        answers.append((found["deaths"][:, back], found["stratum_coverage"][:, back]))
    for first, second in zip(*answers, strict=True):
        error = np.hypot(first.std(axis=0), second.std(axis=0)) / np.sqrt(DRAWS)
        assert (np.abs(first.mean(axis=0) - second.mean(axis=0)) < 4.5 * error).all()
        deviations = first.std(axis=0) / second.std(axis=0)
        np.testing.assert_allclose(deviations, 1, atol=0.12)


@pytest.mark.parametrize("high", [25.0, 60.0, 800.0])
def test_deaths_of_cells_that_nobody_saw_do_not_wrap_around(rng, high):
    """The rate of a missing period may be anything: no integer may overflow, no cell be NaN."""
    missing = [[0], [0], *[[1]] * 12]
    model = walk_of([5, 6] + [0] * 12, missing=missing)
    path = np.tile([0.0, 0.0] + [high] * 12, (50, 1))
    found, theta = _completed(model, rng, 50, log_walk=path, step=np.ones(50))
    assert (found["deaths"] >= 0).all()
    assert (found["total"] > 1e10).all()
    assert np.isfinite(model.log_likelihood(theta)["names"]).all()


@pytest.mark.parametrize("place", [0, 1, 3])
def test_moments_of_periods_that_nobody_saw_do_not_exist(place):
    """The exponential of Student's t has no mean."""
    missing = np.zeros((4, 1), bool)
    missing[place] = True
    orders = walk_of([30, 20, 40, 35], missing=missing).moment_orders()
    assert {name: orders[name] for name in ("total", "unseen", "deaths")} == {
        "total": 0.0, "unseen": 0.0, "deaths": 0.0
    }  # fmt: skip
    assert walk_of([30, 20, 40, 35]).moment_orders()["total"] == np.inf


@pytest.mark.parametrize(
    "model",
    [
        walk_of([30, 20], coverage=known(1.0)),
        walk_of([30, 20], coverage=known(1.0), precision=PRECISE),
        walk_of([30, 0, 9], coverage=known(1.0), missing=[[0], [1], [0]]),
        walk_of([30, 20], coverage=known(1.0), undated=[4]),
        walk_of([30, 20], coverage=known(1.0), unknown_period=[4]),
        pooled_of([30, 20], coverage=known(1.0), unknown_stratum=[4]),
        pooled_of([30, 20], coverage=known(1.0), deviation=0.5),
        pooled_of([30, 20], coverage=known(0.5), precision=known(0.9), deviation=0.5),
    ],
)
def test_constants_are_constant_and_only_they(model, rng):
    found, _ = _completed(model, rng)
    # unknowns are given here, and confirmed names are part of the deaths
    for name in set(found) - {"step", "spread", "log_walk", "effect", "confirmed"}:
        assert (np.ptp(found[name], axis=0) == 0).all() == (name in model.constants()), name
