"""The session: one compilation a structure, the right data in it, and mistakes told by name."""

import contextlib
import threading

import numpy as np
import pytest

from estimation import fit
from estimation.diagnostics.reference import reference_models
from estimation.errors import InvalidValueError, NotEstimableError, UndercountError
from estimation.fit.preflight import fitting_data, plain_data
from estimation.fit.reading import straight_reading
from estimation.fit.session import Session, session
from estimation.fit.stop import stop, working_for
from estimation.progress import Chain

SAMPLING = {"draws": 60, "tune": 100, "chains": 2, "cores": 2, "seed": 3}


class Cells:
    """A model of a third party: Poisson counts in cells under one gamma rate."""

    def __init__(self, counts, mean=5.0, low=0.0):
        self.counts, self.mean, self.low = counts, mean, low

    def structure(self):
        return ("cells",)

    def graph(self):
        import pymc as pm

        with pm.Model() as model:
            counts = pm.Data("counts", np.asarray(self.counts))
            mean = pm.Data("mean", self.mean)
            low = pm.Data("low", self.low)
            rate = pm.Gamma("rate", 2.0, 2.0 / mean)
            shift = pm.Uniform("shift", low, 10.0)
            pm.Poisson("deaths", rate + shift, observed=counts)
        return model

    def graph_data(self):
        return {"counts": self.counts, "mean": self.mean, "low": self.low}


@pytest.fixture(scope="module")
def own():
    """Return a session of this module."""
    return Session()


def test_one_structure_is_compiled_once_whoever_asks(own):
    for counts, mean in (([3, 4, 5], 5.0), ([7, 8, 9], 2.0), ([1, 1, 1], 9.0)):
        own.sample(Cells(counts, mean), **SAMPLING)
    assert own.compilations == 1
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(own.compilation(Cells([1, 2, 3]))))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(one) for one in found}) == 1
    assert own.compilations == 1


def test_data_and_hyperparameters_are_swapped(own):
    few = own.sample(Cells([3, 4, 5]), **SAMPLING)["posterior"]
    many = own.sample(Cells([303, 304, 305], 300.0), **SAMPLING)["posterior"]
    assert float(few["rate"].mean()) < 10
    assert 280 < float((many["rate"] + many["shift"]).mean()) < 320


def test_start_points_are_those_of_the_model_not_of_the_first_one(own):
    starts = {
        mean: own.compilation(model).holding(plain_data(model.graph_data())).initial_point_func(1)
        for mean, model in ((mean, Cells([3, 4, 5], mean)) for mean in (5.0, 500.0))
    }
    # log of the rate: the start follows the mean of its prior
    assert starts[500.0][0] - starts[5.0][0] == pytest.approx(np.log(100))


def test_a_fit_does_not_depend_on_what_was_fitted_before():
    model = reference_models()["gamma-precision"]
    alone, after = Session(), Session()
    expected = alone.sample(model, **SAMPLING)
    after.sample(model.replace("names.count", 1_500), **SAMPLING)
    found = after.sample(model, **SAMPLING)
    for name in ("rate", "coverage"):
        np.testing.assert_array_equal(expected["posterior"][name], found["posterior"][name])


def test_the_number_of_cores_changes_nothing(own):
    first, second = (
        own.sample(Cells([3, 4, 5]), **{**SAMPLING, "cores": cores})["posterior"]["rate"]
        for cores in (1, 2)
    )
    np.testing.assert_array_equal(first, second)


def test_progress_is_told(own):
    told = []
    own.sample(Cells([3, 4, 5]), **SAMPLING, progress=told.append)
    assert told[-1] == (Chain(160, 160), Chain(160, 160))


def test_other_shapes_are_other_structures():
    model = Cells([3, 4, 5])
    expected = plain_data(model.graph_data())
    with pytest.raises(UndercountError, match=r"counts: has shape \(2,\)"):
        fitting_data(expected, plain_data(Cells([3, 4]).graph_data()))


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        ([3.0, np.nan, 5.0], r"counts\[1\]: is nan \(a missing value would silently become"),
        ([3.0, 4.0, np.inf], r"counts\[2\]: is inf"),
        (np.ma.masked_equal([3, -1, 5], -1), r"counts\[1\]: is masked"),
        (["3", "4", "5"], "counts: holds <U1, not numbers"),
        ([3, 4.5, 5], r"counts\[1\]: 4.5 does not fit int"),
        ([3, 2**40, 5], r"counts\[1\]: 1099511627776 does not fit int32"),
    ],
)
def test_data_that_are_no_counts_are_refused(own, counts, says):
    own.compilation(Cells([3, 4, 5]))
    with pytest.raises(InvalidValueError, match=says):
        own.sample(Cells(counts), **SAMPLING)


def test_a_number_too_large_for_the_graph_is_not_compiled_in():
    """PyMC holds whole numbers in 32 bits and would cut this one off without a word."""
    with pytest.raises(InvalidValueError, match="does not fit int32"):
        Session().sample(Cells([3, 2**40, 5]), **SAMPLING)


def test_a_negative_count_is_named(own):
    with pytest.raises(
        NotEstimableError, match=r"deaths\[1\]: the observed -4 has log density -inf"
    ):
        own.sample(Cells([3, -4, 5]), **SAMPLING)


def test_a_prior_without_density_is_named(own):
    with pytest.raises(NotEstimableError, match="shift") as caught:
        own.sample(Cells([3, 4, 5], low=11.0), **SAMPLING)
    assert "shift_interval__" in str(caught.value)
    with pytest.raises(UndercountError) as caught:
        own.sample(Cells([3, 4, 5], mean=-5.0), **SAMPLING)
    for word in ("Rust", "stack", "ErrorCode", "<unknown>"):
        assert word not in str(caught.value)


class Table(Cells):
    """It reads a number, a row, and a table that is not square."""

    def structure(self):
        return ("table",)

    def graph(self):
        import pymc as pm

        with super().graph() as model:
            table = pm.Data("table", np.asarray(self.table()))
            effect = pm.Normal("effect", 0.0, 1.0, shape=2)
            pm.Poisson("cells", pm.math.exp(effect)[:, None] * model["rate"], observed=table)
        return model

    def table(self):
        return np.arange(6).reshape(2, 3) + self.counts[0]

    def graph_data(self):
        return {**super().graph_data(), "table": self.table()}


def test_reading_data_straight_changes_no_draw(monkeypatch):
    ours, theirs = Session(), Session()
    ours.compilation(Table([3, 4, 5]))
    with monkeypatch.context() as patch:
        patch.setattr("estimation.fit.session.straight_reading", contextlib.nullcontext)
        theirs.compilation(Table([3, 4, 5]))
    for model in (Table([3, 4, 5]), Table([9, 8, 1], 2.0)):
        found, expected = (one.sample(model, **SAMPLING)["posterior"] for one in (ours, theirs))
        for name in ("rate", "shift", "effect"):
            np.testing.assert_array_equal(found[name], expected[name])


def test_a_nutpie_that_reads_in_another_way_is_left_alone(monkeypatch):
    from nutpie import compile_pymc

    known = compile_pymc.make_extraction_fn
    with straight_reading():
        assert compile_pymc.make_extraction_fn is not known
    assert compile_pymc.make_extraction_fn is known

    def other(inner, data):
        """Take other parameters."""

    monkeypatch.setattr(compile_pymc, "make_extraction_fn", other)
    with straight_reading():
        assert compile_pymc.make_extraction_fn is other


class Hidden(Cells):
    """Its density is fine in the middle and nowhere else."""

    def structure(self):
        return ("hidden",)

    def graph(self):
        import pymc as pm

        with super().graph() as model:
            rate = model["rate"]
            near = pm.math.abs(pm.math.log(rate / model["mean"])) < 1e-6
            pm.Potential("trap", pm.math.switch(near, 0.0, -np.inf))
        return model


def test_a_start_that_only_the_sampler_meets_is_named_too():
    with pytest.raises(NotEstimableError, match="trap: it has log density -inf"):
        Session().sample(Hidden([3, 4, 5]), **SAMPLING)


class Forgetful(Cells):
    """Its graph has a number that its list of data does not name."""

    def structure(self):
        return ("forgetful",)

    def graph_data(self):
        return {"counts": self.counts, "mean": self.mean}


def test_a_model_that_hides_numbers_is_refused():
    with pytest.raises(UndercountError, match="disagree on low"):
        Session().sample(Forgetful([3, 4, 5]), **SAMPLING)


def test_sampling_stops_when_its_batch_does(own):
    stop("batch")
    with working_for("batch"), pytest.raises(KeyboardInterrupt):
        own.sample(Cells([3, 4, 5]), **{**SAMPLING, "draws": 2_000_000})
    own.sample(Cells([3, 4, 5]), **SAMPLING)  # the next one is not concerned


def test_masked_and_missing_counts_never_reach_a_model():
    model = reference_models()["scale-beta"]
    for count in (np.ma.masked, float("nan"), None, np.nan):
        with pytest.raises(InvalidValueError):
            model.replace("names.count", count)


def test_the_session_of_the_process_serves_fit():
    model = reference_models()["scale-uniform"]
    fit(model, "nuts", draws=60, tune=100)
    before = session.compilations
    for count in (10, 100, 1000):
        fit(model.replace("names.count", count), "nuts", draws=60, tune=100)
    assert session.compilations == before
