"""Totals of a list over time: graph, NumPy density and plain loops agree; batches add no deaths."""

import dataclasses
import functools
import pickle

import numpy as np
import pytest
from scipy import linalg

from estimation import fit
from estimation.diagnostics.verdicts import Verdict
from estimation.summaries.losses import Losses
from models import (
    Audits,
    Cells,
    Count,
    Estimates,
    Flat,
    InvalidValueError,
    Model,
    NotEstimableError,
    RefusedError,
    Register,
    Snapshots,
    Totals,
    Walk,
    between,
    known,
)
from models.learning.density import log_jacobian
from tests.contract.snapshots_reference import (
    BEGIN,
    DAY,
    DAYS,
    TOTALS,
    WIDE,
    plain_expected,
    plain_log_likelihood,
    plain_log_prior,
    snapshot_models,
    totals,
)
from tests.late_by_hand import sample_late_by_hand

#: Expected deaths of a period in simulations.
RATE = 500.0


@pytest.fixture(params=sorted(snapshot_models()))
def form(request):
    """Each model of totals in turn."""
    return snapshot_models()[request.param]


def compile_density(graph):
    parts = graph.compile_logp(mode="FAST_COMPILE", sum=False)
    return lambda position: sum(float(part.sum()) for part in parts({"position": position}))


@functools.cache
def compiled(step):
    graph = snapshot_models()[f"{step}s"].graph()
    return graph, compile_density(graph)


def density(model, latent):
    """Return the log density in the coordinates of the sampler, its constant left out."""
    return model.log_density({"latent": latent}) + log_jacobian(model.joint, latent)


def near(model, rng, draws):
    data = model.graph_data()
    return data["center"] + rng.standard_normal((draws, data["center"].size)) @ data["factor"].T


def awkward(model, rng):
    """Return draws from the prior, points near the posterior, and points where densities fail."""
    blocks, close = model.joint.form.blocks, near(model, rng, 4)
    found = [*model.simulate(rng, 4, RATE)["latent"], *close]
    for block, values in {"coverage": (-12, 12), "level": (8, -4), "log_noise": (-5, 2)}.items():
        for value in values:
            found.append(close[0].copy())
            found[-1][blocks[block]] = value
    wild = close[1].copy()
    wild[blocks["step"]][-1] = 6.0  # a jump of factor e^20 and more after the last total
    return np.array([*found, wild])


# -- three opinions -------------------------------------------------------------------------------


def test_graph_density_equals_numpy_density_and_plain_loops(form, rng):
    graph, graph_density = compiled(form.base.totals.step)
    assert not graph.discrete_value_vars
    assert not graph.potentials
    data = form.graph_data()
    position = linalg.solve(data["factor"], (awkward(form, rng) - data["center"]).T).T
    latent = data["center"] + position @ data["factor"].T
    expected = density(form, latent)
    assert np.isfinite(expected).all()
    found = [graph_density(one) for one in position]
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-5)
    plain = [plain_log_prior(form, one) + plain_log_likelihood(form, one) for one in latent]
    np.testing.assert_allclose(expected, plain, rtol=1e-8, atol=1e-5)


def test_one_compiled_graph_serves_all_numbers_and_fewer_totals(rng):
    import pymc as pm

    model = snapshot_models()["months"]
    graph, graph_density = compiled("month")
    held = model.graph_data()
    assert {variable.name for variable in graph.data_vars} == set(held)
    changed = model.replace_all({
        "losses.step": 0.21, "losses.tail": 7.0, "names.totals": totals(3, room=7),
        "names.noise": 0.7, "names.coverage": between(0.4, 0.6, 0.8, "logit_normal"),
        "names.coverage_drift": 0.7, "probate.bias": 0.17, "probate.row_error": 0.03,
        "probate.share": between(0.7, 0.9, 0.9), "probate.estimates":
        Estimates([1_500.0], [0.2], begin=(None,), end=(DAY(2023, 12, 2),)),
    })  # fmt: skip
    assert changed.structure() == model.structure()
    data = changed.graph_data()
    position = rng.standard_normal((4, held["center"].size))
    try:
        pm.set_data(data, model=graph)
        found = [graph_density(one) for one in position]
    finally:
        pm.set_data(held, model=graph)
    latent = data["center"] + position @ data["factor"].T
    np.testing.assert_allclose(found, density(changed, latent), rtol=1e-8)
    without = changed.replace("names.totals", totals(3))
    assert without.structure() != changed.structure()
    np.testing.assert_allclose(density(without, latent), density(changed, latent), rtol=1e-12)


def test_what_comes_after_the_last_total_says_nothing_of_it(rng):
    """The walk goes on freely there: names and register have the same density."""
    model = snapshot_models()["months"]
    latent = near(model, rng, 5)
    other = latent.copy()
    other[:, model.joint.form.blocks["step"]][:, -2:] += 3.0
    for name, values in model.log_likelihood({"latent": latent}).items():
        same = model.log_likelihood({"latent": other})[name]
        np.testing.assert_allclose(values, same, rtol=1e-12, err_msg=name)


def test_simulated_data_have_the_moments_of_plain_loops(form, rng):
    draws = 300
    found = form.simulate(rng, draws, RATE)
    np.testing.assert_array_equal(found["total"], found["seen"] + found["unseen"])
    np.testing.assert_array_equal(found["total"], found["deaths"].sum(axis=1))
    names, register = [], []
    for at in range(draws):
        of = plain_expected(form, found["latent"][at])
        rows, mean = len(of["names"]), np.array(of["names"])
        assert not found["count"][at, rows:].any()
        assert np.mean(of["deaths"]) == pytest.approx(RATE)
        spread = np.sqrt(mean + (of["noise"] * mean) ** 2)
        names.append((found["count"][at, :rows] - mean) / spread)
        off = np.log(found["probate"][at]) - of["centers"]
        register.append(np.linalg.solve(np.linalg.cholesky(of["covariance"]), off))
    for values in (np.concatenate(names), np.concatenate(register)):
        assert values.mean() == pytest.approx(0, abs=4.5 / np.sqrt(values.size))
    assert np.concatenate(register).var() == pytest.approx(1, abs=9 / np.sqrt(draws))
    # a gamma mixture has heavy tails: its variance is known less well
    assert np.concatenate(names).var() == pytest.approx(1, abs=0.3)
    data = form.joint.simulated_data(found, 0)
    again = form.replace_all({"names.totals": data["names"], "probate.estimates": data["probate"]})
    assert again.base.names == found["count"][0].sum()
    assert set(form.joint.rank_quantities(found)) == set(
        form.joint.rank_quantities(form.complete({"latent": near(form, rng, 9)}, rng)[0])
    )


def test_batches_change_the_list_and_add_no_deaths(rng):
    """Given the unknowns deaths are Poisson around the rate, whatever batches have brought."""
    model = snapshot_models()["months"]
    latent = np.repeat(model.graph_data()["center"][None], 4_000, axis=0)
    latent[:, model.joint.form.blocks["log_noise"]] = np.log(0.4)
    for final in (1_330, 1_700):  # the last row as expected, or nearly twice as long
        of = dataclasses.replace(model.base.totals, totals=np.array([*TOTALS[:-1], final]))
        other = model.replace("names.totals", of)
        latent[:, model.joint.form.blocks["level"]] = np.log(1_330 / final)
        found = other.complete({"latent": latent}, rng)[0]
        expected = plain_expected(other, latent[0])["total"]
        counting = np.sqrt(expected / 4_000)
        # what noise leaves open of a row is known from its names to a few percent
        assert found["total"].mean() == pytest.approx(expected, abs=4.5 * counting + 0.02 * final)
        assert (found["observed"] == final).all()


def test_completed_deaths_add_up_until_the_last_day(form, rng):
    latent = near(form, rng, 500)
    found = form.complete({"latent": latent}, rng)[0]
    np.testing.assert_array_equal(found["total"], found["observed"] + found["unseen"])
    np.testing.assert_array_equal(found["total"], found["deaths"].sum(axis=1))
    assert (found["unseen"] >= 0).all()
    after = np.array([day > DAYS[-1] for day in form.base.totals.periods])
    assert not found["deaths"][:, after].any()
    assert found["deaths"][:, ~after].any(axis=0).all()
    assert ("observed" in form.constants()) == bool(np.ptp(found["observed"]) == 0)
    assert found["observed"].max() <= form.base.names
    dims, coords = form.dims(), form.coords()
    for name, values in (*found.items(), *form.log_likelihood({"latent": latent}).items()):
        if values.ndim > 1:
            assert values.shape[1:] == tuple(len(coords[dim]) for dim in dims[name]), name


def test_a_fit_holds_the_sum_until_the_last_day(form, monkeypatch):
    monkeypatch.setattr("estimation.fit.nuts.sample_graph", sample_late_by_hand)
    tree = fit(form, draws=20)
    losses = Losses(tree, verdict=Verdict(()))
    assert (losses.periods, losses.as_of) == ((), DAYS[-1])
    np.testing.assert_array_equal(losses.deaths[:, 0, 0], tree["posterior"]["total"].values.ravel())
    assert tree["observed_data"]["names"].sum() == form.base.names
    labels = tree["log_likelihood"]["names"].coords["names_day"].values.tolist()
    assert labels[: len(form.base.totals.days)] == [str(day) for day in form.base.totals.days]


# -- what makes such a model ----------------------------------------------------------------------


def test_numbers_change_the_content_and_labels_do_not():
    model = snapshot_models()["months"]
    content = model.content()
    for field, value in {
        "names.noise": 0.4, "names.coverage_drift": 0.4, "names.coverage": WIDE,
        "names.totals": dataclasses.replace(totals(room=7), totals=np.array(TOTALS) + 1),
    }.items():  # fmt: skip
        assert model.replace(field, value).content() != content, field
    moved = dataclasses.replace(totals(room=7), days=(DAY(2023, 10, 31), *DAYS[1:]))
    assert model.replace("names.totals", moved).content() != content
    same = model.replace_all({"names.source": "somebody", "names.scope": "soldiers"})
    assert same.content() == content
    again = pickle.loads(pickle.dumps(model))
    assert (again.content(), again.structure()) == (content, model.structure())
    assert "names.totals" in model.field_names()
    assert "names.totals.days" not in model.field_names()
    assert (model.base.as_of, model.base.names, model.base.dating) == (DAYS[-1], 1_330, "report")
    (late,) = (one for one in model.assumptions() if "names came" in one.statement)
    assert late.if_false == "either"
    assert "risen" in late.because
    assert "NegBinomial" in model.formula()[0]


TOTAL = Register(Estimates([2_000.0], [0.1], begin=(None,), end=(DAY(2024, 2, 24),)))


def build(of=None, losses=None, coverage=WIDE, **evidence):
    listed = Snapshots(of or totals(), coverage)
    return Model(losses or Walk(), {"names": listed, **(evidence or {"probate": TOTAL})})


def since(days=DAYS, numbers=TOTALS, **options):
    return Totals.since(options.pop("begin", BEGIN), days, numbers, **options)


REFUSED = {
    "a fall": (InvalidValueError, "falls to 350 from 400.*withdrawn",
               lambda: since(numbers=(210, 400, 350, 900, 1_330))),
    "days out of order": (InvalidValueError, "stands after", lambda: since(DAYS[::-1])),
    "a day twice": (InvalidValueError, "stands after", lambda: since((*DAYS[:4], DAYS[3]))),
    "no name": (NotEstimableError, "no name", lambda: since(DAYS[:2], (0, 0))),
    "half a name": (InvalidValueError, "whole number", lambda: since(DAYS[:2], (2, 3.5))),
    "other lengths": (InvalidValueError, "for 5 days", lambda: since(numbers=(1, 2))),
    "no days": (InvalidValueError, "are none", lambda: since((), ())),
    "late beginning": (InvalidValueError, "after the first total",
                       lambda: since(begin=DAY(2023, 11, 1))),
    "early end": (InvalidValueError, "before the last total",
                  lambda: since(through=DAY(2024, 3, 1))),
    "no such step": (InvalidValueError, "no step", lambda: since(step="fortnight")),
    "one period": (InvalidValueError, "fewer than two", lambda: since(DAYS[:1], (5,), step="year")),
    "the 31st": (InvalidValueError, "begins no month", lambda: since(begin=DAY(2023, 8, 31))),
    "alone": (RefusedError, "stand alone", lambda: Model(
        Walk(), {"names": Snapshots(totals(), WIDE)})),
    "flat losses": (RefusedError, "flat losses", lambda: build(losses=Flat())),
    "open end": (InvalidValueError, "open end", lambda: build(
        probate=Register(Estimates([2_000.0], [0.1])))),
    "open audits": (InvalidValueError, "open end", lambda: build(
        graves=Audits(found=(12,), checked=(20,)))),
    "known coverage": (RefusedError, "taken as known", lambda: build(coverage=known(0.5))),
    "two lists": (NotEstimableError, "2 lists", lambda: build(other=Count(
        Cells(np.full((8, 1), 9), totals().periods[:8], "month"), WIDE))),
    "coverage by period": (RefusedError, "by period", lambda: build(coverage=[WIDE, WIDE])),
    "no totals": (InvalidValueError, "must be Totals", lambda: Snapshots(9, WIDE)),
    "negative room": (InvalidValueError, "room", lambda: totals(room=-1)),
}  # fmt: skip


@pytest.mark.parametrize("what", sorted(REFUSED))
def test_what_is_refused_before_any_sampling(what):
    error, words, refused = REFUSED[what]
    with pytest.raises(error, match=words):
        refused()
