"""Tipping points, Sobol indices and power scaling against closed forms and ArviZ."""

import arviz_stats
import numpy as np
import pytest
import xarray
from scipy import stats

from estimation import fit
from estimation.errors import InvalidValueError, RefusedError
from estimation.sensitivity import indices
from estimation.sensitivity.axes import Axis
from estimation.sensitivity.indices import sobol_indices
from estimation.sensitivity.posteriors import Posterior, Posteriors, Target
from estimation.sensitivity.power_scaling import power_scaling
from estimation.sensitivity.tipping import RELATIVE_COVERAGE, Question, tipping_point
from estimation.summaries.estimands import Estimand
from models import Cells, Count, Flat, GammaPrior, Known, Model, Walk, between, uniform
from tests.fake_fits import fake_tree, periods_from

NAMES = 106_745


@pytest.fixture(scope="module")
def posteriors():
    return Posteriors(draws=5_000, seed=2)


def known(coverage=0.5, precision=1.0):
    return Model(Flat(), {"names": Count(NAMES, Known(coverage), Known(precision))})


# -- tipping points -------------------------------------------------------------------------------


def test_the_coverage_that_puts_the_total_above_a_number_is_their_ratio(article, posteriors):
    question = Question("names.coverage", 250_000, 0.2, 0.9)
    found = tipping_point(posteriors, article, question)
    assert found.median == pytest.approx([NAMES / 250_000], rel=3e-4)
    # where an end of the negative binomial's interval reaches the threshold
    for ends, level in ((found.low, 0.025), (found.high, 0.975)):
        missing = stats.nbinom.ppf(level, NAMES, ends[0])
        assert NAMES + missing == pytest.approx(250_000, rel=3e-4)
    assert "above 250,000 where names.coverage is below 0.427" in found.says


def test_a_rising_field_is_told_in_the_other_direction(posteriors):
    question = Question("names.precision", 150_000, 0.5, 1.0)
    found = tipping_point(posteriors, known(0.5), question)
    assert found.median == pytest.approx([150_000 * 0.5 / NAMES], rel=2e-3)
    assert "where names.precision is above 0.70" in found.says


def test_no_crossing_is_said_with_what_the_total_does_instead(article, posteriors):
    found = tipping_point(posteriors, article, Question("names.precision", 500_000, 0.5, 1.0))
    assert found.median == ()
    assert "stays at or below 500,000 for names.precision from 0.5 to 1" in found.says


def test_the_belief_can_be_asked_in_its_own_words(posteriors):
    model = Model(Flat(), {"names": Count(NAMES, between(0.45, 0.65, 0.9))})
    found = tipping_point(posteriors, model, Question("names.coverage.low", 200_000, 0.3, 0.6))
    median = between(found.median[0], 0.65, 0.9).quantile(0.5)
    assert NAMES / median == pytest.approx(200_000, rel=0.01)


def test_relative_coverage_reverses_a_ratio(article, posteriors, monkeypatch):
    ratio = np.random.default_rng(1).lognormal(0.3, 0.05, 20_000)
    monkeypatch.setattr(Posterior, "of", lambda self, target: ratio)
    target = Target("2024 over 2023", Estimand("ratio", period="2024", over_period="2023"))
    found = tipping_point(posteriors, article, Question(RELATIVE_COVERAGE, 1, target=target))
    low, middle, high = np.quantile(ratio, [0.025, 0.5, 0.975])
    assert (found.low, found.median, found.high) == ((low,), (middle,), (high,))
    assert "would be 1 if the list held the first 1.35 times as completely" in found.says


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Question("names.coverage", 1), "needs a range to look at"),
        (lambda: Question("names.coverage", 1, 0.5, 0.5), "must be below"),
        (lambda: Question("names.coverage", float("nan"), 0.1, 0.5), "finite"),
        (lambda: Question(RELATIVE_COVERAGE, 1, 0.5, 2.0), "has no range"),
        (lambda: Question(RELATIVE_COVERAGE, 1), "needs a ratio"),
    ],
)
def test_what_is_no_question_is_refused(make, words):
    with pytest.raises(InvalidValueError, match=words):
        make()


def test_a_count_can_tip_the_answer(posteriors):
    found = tipping_point(posteriors, known(0.5), Question("names.count", 3_000, 1_000, 2_000))
    assert found.median == pytest.approx([1_500], abs=2)


def test_an_event_tips_by_its_probability(article, posteriors, monkeypatch):
    uniform_draws = np.random.default_rng(1).random(10_000)

    of = Posterior.of

    def event(self, target):
        happens = uniform_draws < self.planned.model.base.coverage.mean()
        return happens if target.event else of(self, target)

    monkeypatch.setattr(Posterior, "of", event)
    target = Target("a rise", Estimand("rise", period="2024", over_period="2023"))
    found = tipping_point(posteriors, article, Question("names.coverage", 0.6, 0.1, 0.9, target))
    assert found.median == pytest.approx([0.6], abs=0.02)
    assert found.low == found.high == ()
    assert found.says.startswith("probability of a rise is above 0.6 where names.coverage is above")


def test_a_value_that_is_refused_is_named(article, posteriors):
    question = Question("names.coverage.low", 200_000, 0.3, 0.7)  # the high end is 0.65
    with pytest.raises(InvalidValueError, match=r"^names.coverage.low = 0.6625: names.coverage"):
        tipping_point(posteriors, article, question)


# -- Sobol indices --------------------------------------------------------------------------------


def test_indices_of_a_product_are_those_of_the_closed_form():
    axes = [Axis("names.coverage", low=0.45, high=0.65), Axis("names.precision", low=0.8, high=1)]
    found = sobol_indices(known(), axes, 512, draws=250)
    # total = names * precision / coverage, precision and coverage uniform and independent
    a, b = 0.45, 0.65
    inverse, inverse_square = np.log(b / a) / (b - a), (1 / a - 1 / b) / (b - a)
    precision, precision_square = 0.9, 0.9**2 + 0.2**2 / 12
    variance = inverse_square * precision_square - (inverse * precision) ** 2
    first = [
        (inverse_square - inverse**2) * precision**2 / variance,
        (precision_square - precision**2) * inverse**2 / variance,
    ]
    total = [1 - first[1], 1 - first[0]]
    medians = [one for one in found if one.statistic == "median"]
    assert [one.field for one in medians] == ["names.coverage", "names.precision"]
    for one, of_first, of_total in zip(medians, first, total, strict=True):
        assert one.first == pytest.approx(of_first, abs=0.03)
        assert one.total == pytest.approx(of_total, abs=0.03)
        assert one.first_low < of_first < one.first_high
        assert one.total_low < of_total < one.total_high


def test_a_field_that_does_nothing_has_no_index(monkeypatch):
    """Shared random numbers must stay shared: other draws would look like an effect."""
    monkeypatch.setattr(indices, "MOST_DRAWS", 16_000)  # fewer, to be quick
    model = Model(Flat(clustering=5.0), {"names": Count(NAMES, uniform(0.45, 0.65))})
    axes = [Axis("names.coverage.low", low=0.44, high=0.46),
            Axis("losses.clustering", low=1, high=50)]  # fmt: skip
    for one in sobol_indices(model, axes, 256):
        if one.field == "losses.clustering":
            assert one.total == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("axes", "size", "words"),
    [
        ([Axis("names.coverage", low=0.4, high=0.6)], 64, "two fields or more"),
        ([Axis("names.coverage", low=0.4, high=0.6)] * 2, 100, "powers of two"),
        ([Axis("names.coverage", low=0.4, high=0.6)] * 2, 8, "powers of two"),
    ],
)
def test_what_gives_no_indices_is_refused(article, axes, size, words):
    with pytest.raises(InvalidValueError, match=words):
        sobol_indices(article, axes, size)


def test_a_failing_scenario_ends_the_indices(article):
    axes = [Axis("names.coverage.low", low=0.4, high=0.9), Axis("names.precision", low=0.8, high=1)]
    with pytest.raises(RefusedError, match=r"scenario \d+ fails.*narrow the ranges"):
        sobol_indices(article, axes, 16, draws=250)


# -- power scaling --------------------------------------------------------------------------------


def test_power_scaling_is_that_of_arviz():
    model = Model(Flat(GammaPrior(2.0, 1e-5)), {"names": Count(NAMES, between(0.45, 0.65, 0.9))})
    tree = fit(model, draws=2_000)
    found = {(one.kind, one.name): one for one in power_scaling(tree, model, ["total", "coverage"])
             if one.variable == "total"}  # fmt: skip
    assert list(found) == [("prior", "rate"), ("prior", "coverage"), ("source", "names")]
    for name in ("rate", "coverage"):
        expected = arviz_stats.psense(tree, var_names=["total"], group_var_names=[name])
        assert found["prior", name].sensitivity == pytest.approx(float(expected["total"]), rel=1e-9)
    likelihood = arviz_stats.psense(tree, var_names=["total"], group="likelihood")
    assert found["source", "names"].sensitivity == pytest.approx(float(likelihood["total"]))
    assert found["prior", "coverage"].responds
    assert not found["source", "names"].responds


def test_only_what_stands_at_the_top_is_scaled():
    tree = fake_tree(np.ones((40, 3, 1), int), first="2024-01-01", step="month")
    step = np.random.default_rng(1).random((1, 40)) + 0.1
    tree["posterior"] = (
        tree["posterior"]
        .to_dataset()
        .assign(step=(("chain", "draw"), step), coverage=(("chain", "draw"), step / 2))
    )
    densities = {name: (("chain", "draw"), np.log(step)) for name in ("step", "log_walk")}
    tree["log_prior"] = xarray.Dataset(densities)
    tree["log_likelihood"] = xarray.Dataset({"names": (("chain", "draw"), -np.log(step))})
    cells = Cells(np.ones((3, 1), int), periods_from("2024-01-01", "month", 3), "month")
    model = Model(Walk(), {"names": Count(cells, between(0.3, 0.6, 0.9))})
    found = [one.name for one in power_scaling(tree, model, ["step"])]
    assert found == ["step", "coverage", "names"]


def test_densities_lost_in_rounding_are_not_scaled():
    model = Model(Flat(), {"names": Count(10**12, between(0.45, 0.65, 0.9))})
    found = {one.name: one for one in power_scaling(fit(model), model)}
    assert found["names"].sensitivity is None
    assert found["coverage"].sensitivity is not None
    few = power_scaling(fit(model, draws=10), model)
    assert {one.says for one in few if one.name == "coverage"} == {
        "40 draws are too few to scale the prior coverage"
    }  # fmt: skip


def test_a_hard_range_is_said_to_be_flat():
    model = Model(Flat(), {"names": Count(NAMES, uniform(0.45, 0.65))})
    found = {one.name: one for one in power_scaling(fit(model, draws=500), model)}
    assert found["coverage"].sensitivity is None
    assert "flat in its range" in found["coverage"].says
    assert not found["coverage"].responds
