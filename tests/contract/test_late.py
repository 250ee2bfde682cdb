"""Late reports: graph, NumPy density and plain loops agree; names are completed as they should."""

import dataclasses
import datetime
import pickle

import numpy as np
import pytest
from scipy import stats

from models import (
    Delays,
    InvalidValueError,
    Model,
    NotEstimableError,
    Pooled,
    RefusedError,
    Triangle,
    Walk,
    known,
    uniform,
    walk_pooled,
)
from models.reporting.density import log_jacobian, scale_name
from models.reporting.form import HEAVY, NORMAL
from tests.contract.late_reference import late_models, plain_log_likelihood, points, triangle

FORMS = sorted(late_models())


@pytest.fixture(params=FORMS)
def form(request):
    """Each model of late reports in turn."""
    return late_models()[request.param]


def completed(model, draws=4000, seed=5):
    """Return estimands of draws from the normal approximation, with their unknowns."""
    rng = np.random.default_rng(seed)
    data = model.graph_data()
    position = rng.standard_normal((draws, data["center"].size))
    return model.complete({"latent": data["center"] + position @ data["factor"].T}, rng)[0]


def test_graph_density_equals_numpy_density(form, rng):
    """The determinant of the sampler's coordinates, a constant, is left out of both."""
    position, latent = points(form, rng)
    graph = form.graph()
    assert not graph.discrete_value_vars
    assert not graph.potentials
    density = graph.compile_logp(mode="FAST_COMPILE")
    found = [density({"position": one}) for one in position]
    expected = form.log_density({"latent": latent}) + log_jacobian(form.joint.layout, latent)
    assert np.isfinite(expected).all()
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-7)


def test_log_likelihood_equals_plain_loops(form, rng):
    _, latent = points(form, rng, draws=12)
    latent = latent[:-2]  # far out, products of probabilities and SciPy's density lose their digits
    found = form.log_likelihood({"latent": latent})["names"]
    expected = [plain_log_likelihood(form, one) for one in latent]
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-8)


def test_log_prior_equals_scipy(form, rng):
    _, latent = points(form, rng)
    layout = form.joint.layout
    found = form.log_prior({"latent": latent})
    assert len(found) == len(layout.form.blocks) - 1  # the level is free
    for name, block in layout.form.blocks.items():
        values = latent[:, block]
        if name.startswith("log_"):
            label = scale_name(name)
            each = stats.halfnorm.logpdf(np.exp(values), 0, layout.priors[name])
        elif name in HEAVY:
            label, each = f"{name}_raw", stats.t.logpdf(np.sinh(values), 4.0 if name != "step" else
                                                        layout.priors["step_tail"])  # fmt: skip
        elif name != "level":
            label = f"{name}_raw" if name in NORMAL else name.removeprefix("walk_")
            each = stats.norm.logpdf(values)
        else:
            continue
        np.testing.assert_allclose(found[label], each.sum(axis=1), rtol=1e-9, atol=1e-9)


def test_all_numbers_of_the_graph_are_data(form):
    graph = form.graph()
    held = {variable.name: np.asarray(variable.get_value()) for variable in graph.data_vars}
    expected = form.graph_data()
    assert set(held) == set(expected)
    for name, values in held.items():
        np.testing.assert_array_equal(values, expected[name], err_msg=name)


def test_priors_and_counts_do_not_change_the_structure(form):
    delays = form.base.delays
    changed = dataclasses.replace(delays, shock=0.9, noise=0.2, first=-2.0)
    other = form.replace("names.delays", changed)
    assert other.structure() == form.structure()
    assert other.content() != form.content()
    shapes = {name: np.shape(value) for name, value in form.graph_data().items()}
    assert shapes == {name: np.shape(value) for name, value in other.graph_data().items()}


def test_center_is_the_mode_of_the_effects(form):
    """Given the scales, no effect can be moved a tenth of its error to where density is higher."""
    data, layout = form.graph_data(), form.joint.layout
    size, width = data["center"].size, 0.1
    effects = np.ones(size, bool)
    for name, block in layout.form.blocks.items():
        effects[block] = not name.startswith("log_")
    errors = np.sqrt((data["factor"] ** 2).sum(axis=1))
    moves = np.diag(width * errors)[effects]
    latent = data["center"] + np.concatenate([np.zeros((1, size)), moves, -moves])
    height = form.log_density({"latent": latent}) + log_jacobian(layout, latent)
    assert (height[1:] - height[0]).max() < 0.05


def test_factor_is_the_root_of_the_covariance(form, rng):
    """Near the center the density falls as that of the normal approximation, scales aside."""
    data, layout = form.graph_data(), form.joint.layout
    size = data["center"].size
    effects = np.ones(size, bool)
    for name, block in layout.form.blocks.items():
        effects[block] = not name.startswith("log_")
    information = np.linalg.inv(data["factor"] @ data["factor"].T)
    moves = np.where(effects, rng.standard_normal((40, size)), 0.0)
    fall = np.einsum("ij,jk,ik->i", moves, information, moves) / 2
    moves *= (0.2 / np.sqrt(fall))[:, None]  # to where the log density is 0.04 lower
    sides = [data["center"] + sign * moves for sign in (0, 1, -1)]
    middle, up, down = (form.log_density({"latent": x}) + log_jacobian(layout, x) for x in sides)
    ratio = (middle - (up + down) / 2) / 0.04
    assert np.median(ratio) == pytest.approx(1.0, abs=0.3)


def test_completed_names_are_consistent(form):
    found = completed(form, draws=500)
    reports = form.joint.reports
    known_now = form.joint.squeezed(reports.known)
    assert (found["eventual_names"] >= known_now).all()
    undated = reports.extra("undated").sum()
    by_cell = found["eventual_names"].reshape(500, -1).sum(axis=1)
    if undated:
        assert (found["eventual"] >= by_cell + undated).all()
    else:
        np.testing.assert_array_equal(found["eventual"], by_cell)
    np.testing.assert_array_equal(found["total"], found["deaths"].reshape(500, -1).sum(axis=1))
    np.testing.assert_array_equal(found["total"], found["observed"] + found["unseen"])
    assert ((found["reported_by_now"] >= 0) & (found["reported_by_now"] <= 1)).all()
    dims, coords = form.dims(), form.coords()
    for name, values in found.items():
        if values.ndim > 1:
            assert values.shape[1:] == tuple(len(coords[dim]) for dim in dims[name]), name


def test_reported_probability_says_what_is_due():
    """Given the rate, what is still to come is rate times what is not reported."""
    model = late_models()["weeks"]
    _, latent = points(model, np.random.default_rng(1), draws=3)
    latent = np.repeat(latent[:1], 60_000, axis=0)
    found = model.complete({"latent": latent}, np.random.default_rng(2))[0]
    due = found["eventual_names"] - model.joint.squeezed(model.joint.reports.known)
    from models.reporting.curves import curves

    rate = np.exp(curves(model.joint.layout, latent[:1]).log_rate[0, :, 0])
    expected = (rate * (1 - found["reported_by_now"])).mean(axis=0)
    error = due.std(axis=0) / np.sqrt(due.shape[0])
    np.testing.assert_array_less(np.abs(due.mean(axis=0) - expected), 4.5 * error + 1e-9)


def test_without_drift_and_shock_reported_within_gives_the_share_by_age():
    model = late_models()["weeks"]
    latent = model.graph_data()["center"][None].copy()
    latent[:, model.joint.layout.form.blocks["log_shock"]] = -30
    found = model.complete({"latent": latent}, np.random.default_rng(2))[0]
    # six weeks, four delays: the last week is 0 steps old
    shares = found["reported_within"][0]
    np.testing.assert_allclose(found["reported_by_now"][0], [1, 1, 1, *shares[[2, 1, 0]]])


def test_tail_adds_what_is_not_yet_seen_of_it():
    """Of a tail with share b beyond the longest delay, the older a period the less is to come."""
    reports = triangle(periods=30, late=0)
    share = 0.2
    with_tail = Model(Walk(), {"names": Triangle(reports, tail=known(share), tail_length=5.0)})
    without = Model(Walk(), {"names": Triangle(reports)})
    added = completed(with_tail)["eventual_names"].mean(axis=0) - completed(without)[
        "eventual_names"
    ].mean(axis=0)
    names = completed(without)["eventual_names"].mean(axis=0)
    assert reports.beyond.sum() == 0
    age = 29 - np.arange(30)
    seen = 1 - np.exp(-np.maximum(age - 3, 0) / 5.0)
    expected = names * share / (1 - share) * (1 - seen)
    # the rate is smoother than the names
    assert added[:25].sum() == pytest.approx(expected[:25].sum(), rel=0.05)
    np.testing.assert_allclose(added[:25], expected[:25], rtol=0.5, atol=0.1)
    now = completed(with_tail)["reported_by_now"].mean(axis=0)
    assert now[0] > 0.99 > now[20] > now[-1]


def test_total_is_eventual_over_coverage():
    reports = triangle(periods=12)
    model = Model(Walk(), {"names": Triangle(reports, known(0.5))})
    found = completed(model)
    ratio = found["total"] / found["eventual"]
    assert np.median(ratio) == pytest.approx(2.0, rel=0.03)
    # coverage is drawn outside the graph and keeps its prior
    judged = completed(Model(Walk(), {"names": Triangle(reports, uniform(0.45, 0.65))}))
    assert stats.kstest(judged["coverage"], stats.uniform(0.45, 0.2).cdf).pvalue > 1e-3


def test_simulated_counts_have_the_means_of_the_model(form):
    """Simulation and likelihood are written apart: cells must have the means and merges of it."""
    joint = form.joint
    draws = 15_000
    from models.reporting.density import log_mean
    from models.reporting.simulation import simulate_counts

    center = form.graph_data()["center"][None]
    latent = np.repeat(center, draws, axis=0)
    counts, eventual = simulate_counts(joint.layout, joint.reports, latent,
                                       np.random.default_rng(3))  # fmt: skip
    past = joint.past
    published = joint.reports.published_cells[past.period, past.delay]
    found = counts[:, past.period, past.delay]
    assert not found[:, ~published].any()
    expected = np.exp(log_mean(joint.layout, past, center)[0])[published]
    error = found[:, published].std(axis=0) / np.sqrt(draws)
    np.testing.assert_array_less(np.abs(found[:, published].mean(axis=0) - expected),
                                 5 * error + 1e-9)  # fmt: skip
    assert (eventual >= counts.sum(axis=2)).all()


def test_simulated_triangles_can_be_fitted(form, rng):
    simulated = form.simulate(rng, 3, rate=200.0)
    assert (simulated["total"] == simulated["seen"] + simulated["unseen"]).all()
    for index in range(3):
        replaced = form.replace("names.reports", form.joint.simulated_data(simulated, index))
        assert replaced.structure()[1][:2] == form.structure()[1][:2]
    truth = form.joint.rank_quantities(simulated)
    assert set(truth) <= set(form.joint.rank_quantities({**simulated, **completed(form, 10)}))
    with pytest.raises(RefusedError, match="improper"):
        form.simulate(rng, 3)


def test_other_order_of_strata_gives_the_same_density(rng):
    model = late_models()["strata"]
    _, latent = points(model, rng)
    reports = model.joint.reports
    order = [2, 0, 1]
    turned = dataclasses.replace(
        reports, counts=reports.counts[:, :, order], strata=tuple(reports.strata[i] for i in order)
    )
    other = model.replace("names.reports", turned)
    moved = latent.copy()
    for name in ("effect", "stratum_delay"):
        block = model.joint.layout.form.blocks[name]
        moved[:, block] = latent[:, block][:, order]
    # the level counts from a typical count, which does not depend on the order
    np.testing.assert_allclose(other.log_density({"latent": moved}),
                               model.log_density({"latent": latent}), rtol=1e-10)  # fmt: skip


def test_masked_cells_say_nothing(rng):
    reports = triangle()
    masked = np.arange(6)[:, None] + np.arange(4) <= 1
    changed = reports.counts.copy()
    changed[0, 0] += 500
    models = [
        Model(
            Walk(), {"names": Triangle(dataclasses.replace(reports, masked=masked, counts=counts))}
        )
        for counts in (reports.counts, changed)
    ]
    _, latent = points(models[0], rng)
    first, second = (one.log_likelihood({"latent": latent})["names"] for one in models)
    shift = models[0].joint.layout.typical - models[1].joint.layout.typical
    latent[:, 0] += shift
    second = models[1].log_likelihood({"latent": latent})["names"]
    np.testing.assert_allclose(first, second, rtol=1e-9)
    # but they are known
    names = [completed(one, 50)["eventual_names"][:, 0].min() for one in models]
    assert names[1] >= names[0] + 500


def test_models_pickle(form):
    again = pickle.loads(pickle.dumps(form))
    assert again.content() == form.content()


def test_weekday_of_the_first_day_is_part_of_the_numbers():
    reports = triangle(step="day")
    week_later = dataclasses.replace(
        reports, periods=tuple(day + datetime.timedelta(1) for day in reports.periods),
        as_of=reports.as_of + datetime.timedelta(1),
    )  # fmt: skip
    contents = [Triangle(one).content() for one in (reports, week_later)]
    assert contents[0] != contents[1]


def test_what_is_refused():
    reports = triangle()
    with pytest.raises(NotEstimableError, match="one delay only"):
        Triangle(triangle(delays=1))
    with pytest.raises(NotEstimableError, match="delay is known"):
        Triangle(dataclasses.replace(reports, masked=np.ones((6, 4), bool)))
    with pytest.raises(InvalidValueError, match="must be Reports"):
        Triangle(reports.counts)
    with pytest.raises(RefusedError, match="by period"):
        Triangle(reports, coverage={"2024-01-03": 0.5})
    with pytest.raises(NotEstimableError, match="nearly all names"):
        Triangle(reports, tail=uniform(0.1, 1.0))
    with pytest.raises(InvalidValueError, match="horizon"):
        Triangle(reports, horizon=5)
    with pytest.raises(InvalidValueError, match="drift"):
        Delays(drift=-0.1)
    for losses in (Pooled(), walk_pooled()):
        with pytest.raises(InvalidValueError, match="do not go with"):
            Model(losses, {"names": Triangle(reports)})
    with pytest.raises(InvalidValueError, match="do not go with"):
        Model(Walk(), {"names": Triangle(triangle(strata=2))})
