"""Scenarios: designs, exact ones against single fits, graphs sampled once, failures, resuming."""

import dataclasses
import os

import numpy as np
import pytest

from estimation import fit
from estimation.errors import InvalidValueError, RefusedError, UsageError
from estimation.fit import nuts
from estimation.fit.executors import named_executor
from estimation.sensitivity import posteriors
from estimation.sensitivity import scenarios as module
from estimation.sensitivity.axes import Axis
from estimation.sensitivity.chunks import Settings
from estimation.sensitivity.designs import Design
from estimation.sensitivity.effects import effects, levels
from estimation.sensitivity.posteriors import Posterior, Posteriors, Target
from estimation.sensitivity.scenarios import graphs, run_scenarios
from estimation.summaries.estimands import Estimand
from models import Cells, Count, Flat, GammaPrior, Known, Model, Walk, between, uniform
from tests.drawn_by_hand import sample_by_hand
from tests.fake_fits import periods_from

LOW = Axis("names.coverage.low", low=0.3, high=0.5, steps=3)
HIGH = Axis("names.coverage.high", low=0.6, high=0.8, steps=2)


@pytest.fixture(scope="module")
def walk():
    counts = np.array([40, 55, 90, 70, 65, 30, 20, 45, 50, 60, 80, 75])[:, None]
    cells = Cells(counts, periods_from("2024-01-01", "month", 12), "month")
    return Model(Walk(), {"names": Count(cells, between(0.45, 0.65, 0.9))})


# -- designs --------------------------------------------------------------------------------------


def test_a_full_design_holds_every_combination_once_and_the_model_as_stated():
    codes = Design([LOW, HIGH], "full").codes(0, 99)
    assert np.isnan(codes[0]).all()
    assert codes[1:].tolist() == [[a, b] for a in (0.3, 0.4, 0.5) for b in (0.6, 0.8)]


def test_one_at_a_time_leaves_the_others_as_stated():
    design = Design([LOW, HIGH])
    codes = design.codes(0, design.size)
    assert design.size == 6
    assert (~np.isnan(codes)).sum(axis=1).tolist() == [0, 1, 1, 1, 1, 1]
    assert np.nanmax(codes, axis=0).tolist() == [0.5, 0.8]


@pytest.mark.parametrize("kind", ["latin_hypercube", "sobol"])
def test_random_designs_cover_each_axis_evenly_and_repeat(kind):
    listed = Axis("names.precision", [0.9, 0.95, 1.0, uniform(0.9, 1.0)])
    design = Design([LOW, listed], kind, 64, seed=4)
    codes = design.codes(1, 65)
    in_tenths = np.histogram(codes[:, 0], np.linspace(0.3, 0.5, 9))[0]
    assert in_tenths.tolist() == [8] * 8
    assert np.bincount(codes[:, 1].astype(int)).tolist() == [16] * 4
    assert (Design([LOW, listed], kind, 64, seed=4).codes(1, 65) == codes).all()
    assert (Design([LOW, listed], kind, 64, seed=5).codes(1, 65) != codes).any()


def test_chunks_of_a_design_are_the_design():
    for kind, points in (("full", None), ("one_at_a_time", None), ("sobol", 16)):
        design = Design([LOW, HIGH], kind, points)
        parts = [design.codes(i, i + 4) for i in range(0, design.size, 4)]
        assert np.array_equal(np.concatenate(parts), design.codes(0, design.size), equal_nan=True)


def test_a_logarithmic_range_is_even_in_the_logarithm():
    assert Axis("losses.step", low=0.01, high=1, steps=3, scale="log").grid() == pytest.approx(
        [0.01, 0.1, 1]
    )


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Design([]), "the grid is empty"),
        (lambda: Axis("losses.step"), "a grid of nothing"),
        (lambda: Axis("losses.step", []), "a grid of nothing"),
        (lambda: Axis("losses.step", [1], low=1, high=2), "a list of values and a range"),
        (lambda: Axis("losses.step", low=1), "'high' is missing"),
        (lambda: Axis("losses.step", low=2, high=1), "must be below"),
        (lambda: Axis("losses.step", low=0, high=1, scale="log"), "above 0"),
        (lambda: Axis("losses.step", low=1, high=2, scale="square"), "no scale"),
        (lambda: Axis("losses.step", low=1, high=2, steps=1), "2 or more"),
        (lambda: Axis("losses.step", "12"), "must be a list"),
        (lambda: Axis("losses.step", [1], steps=3), "no steps"),
        (lambda: Design([LOW, LOW]), "varied twice"),
        (lambda: Design([LOW], "all"), "no design 'all'"),
        (lambda: Design([LOW], "full", 8), "has no number of points"),
        (lambda: Design([LOW], "sobol", 100), "take 128"),
        (lambda: Design([LOW], "latin_hypercube", 1), "1 points"),
        (lambda: Design([LOW], "given"), "given by its points"),
    ],
)
def test_what_is_no_design_is_refused(make, words):
    with pytest.raises(InvalidValueError, match=words):
        make()


# -- exact scenarios ------------------------------------------------------------------------------


def test_a_scenario_is_the_fit_of_its_model_to_the_last_bit(article):
    found = run_scenarios(article, Design([LOW, HIGH], "full"), seed=3, draws=1_000)
    assert not found.failed
    for i, row in enumerate(Design([LOW, HIGH], "full").codes(0, 7)):
        model = article
        if i:
            model = article.replace("names.coverage", uniform(*row))
        draws = fit(model, draws=1_000, seed=3)["posterior"]["total"].to_numpy()
        assert found.column("low")[i] == np.quantile(draws, 0.025)
        assert found.column("median")[i] == np.median(draws)
        assert found.column("mean")[i] == pytest.approx(draws.mean(), rel=1e-12)
        assert found.column("sd")[i] == pytest.approx(draws.std(ddof=1), rel=1e-12)


def test_closed_form_of_a_known_coverage(article):
    design = Design([Axis("names.coverage", low=0.3, high=0.9, steps=5)])
    found = run_scenarios(article, design)
    assert found.column("median")[1:] == pytest.approx(106_745 / design.codes(1, 6)[:, 0], rel=2e-4)


def test_executors_and_chunks_do_not_change_numbers(article, monkeypatch):
    design = Design([LOW, HIGH], "full")
    plain = run_scenarios(article, design, draws=500)
    monkeypatch.setattr(module, "_EXACT_CHUNK", 3)
    with named_executor("threads:2") as executor:
        shared = run_scenarios(article, design, draws=500, executor=executor)
    assert np.array_equal(plain.numbers, shared.numbers, equal_nan=True)


def test_wide_beliefs_get_the_draws_they_need(article):
    wide = article.replace("names.coverage", between(0.45, 0.65, 0.5))
    codes = np.linspace(0.40, 0.46, 30)[:, None]
    axis = Axis("names.coverage.low", low=0.4, high=0.46)
    design = Design([axis], "given", given=codes)
    settings = Settings("auto", 250, 25_000, 1, 0.95, None, None)
    few = Posteriors(draws=250, seed=1)
    assert few.posterior(wide).verdict(0.95).verdict == "fail"
    assert settings.more().draws == 1_000
    assert dataclasses.replace(settings, draws=25_000).more() is None
    found = run_scenarios(wide, design)
    assert not found.failed
    # asked for by somebody, the number of draws stays what it is
    with pytest.raises(RefusedError, match="the model as stated fails"):
        run_scenarios(wide, design, draws=250)


def test_a_scenario_that_fails_is_kept_with_its_reason_while_the_others_go_on(article):
    axis = Axis("names.coverage.low", [0.4, 0.7, 0.5])  # the high end is 0.65
    found = run_scenarios(article, Design([axis]))
    assert list(found.failed) == [2]
    assert "must be below high 0.65" in found.failed[2]
    assert np.isfinite(found.column("median")[[0, 1, 3]]).all()
    row = found.table().set_index("scenario").loc[2]
    assert np.isnan(row["median"])
    assert "0.65" in row["reason"]
    assert [level.words for level in levels(found, axis)] == ["0.4", "0.5"]


def test_what_is_stated_is_one_of_the_values_of_a_field_that_is_varied_alone(article):
    up = Axis("names.precision", [0.9])
    (effect,) = effects(run_scenarios(article, Design([up])))
    assert (effect.smallest.words, effect.largest.words) == ("0.9", "as stated")
    assert effect.width == pytest.approx(0.1 * 194_350, rel=0.02)


def test_effects_of_fields_that_were_varied_together_are_not_told(article):
    found = run_scenarios(article, Design([LOW, HIGH], "full"), draws=500)
    with pytest.raises(UsageError, match="one at a time"):
        effects(found)


def test_an_event_is_told_by_its_probability(monkeypatch):
    deaths = np.random.default_rng(1).random(2_000) < 0.3
    of = Posterior.of
    monkeypatch.setattr(Posterior, "of", lambda self, one: deaths if one.event else of(self, one))
    model = Model(Flat(), {"names": Count(100, Known(0.5))})
    target = Target("a rise", Estimand("rise", period="2024", over_period="2023"))
    found = run_scenarios(model, Design([Axis("names.coverage", [0.4])]), targets=[target])
    for name in ("median", "mean", "low", "high"):
        assert found.column(name).tolist() == [deaths.mean()] * 2
    assert np.isnan(found.column("sd")).all()
    assert next(found.rows())["estimand"] == "probability of a rise"


def test_counts_are_whole(article):
    found = run_scenarios(article, Design([Axis("names.count", low=100, high=201, steps=4)]))
    assert found.design.codes(1, 9)[:, 0].tolist() == [100, 134, 167, 201]
    assert [row["names.count"] for row in found.rows()] == ["", 100, 134, 167, 201]
    total = fit(article.replace("names.count", 134), seed=1)["posterior"]["total"]
    assert found.column("median")[2] == pytest.approx(float(total.median()), rel=0.01)


def test_a_point_beyond_what_is_stated_needs_no_way_through_it(article):
    low, high = (
        Axis(f"names.coverage.{end}", [value]) for end, value in (("low", 0.7), ("high", 0.9))
    )
    found = run_scenarios(article, Design([low, high], "full"))
    assert not found.failed
    assert found.column("median")[1] == pytest.approx(106_745 / 0.8, rel=0.01)


def test_a_model_that_fails_as_stated_ends_the_study():
    model = Model(Flat(GammaPrior(1.0, 1.0)), {"names": Count(10**6, Known(0.5))})
    model = model.replace("names.coverage", uniform(0.4, 0.5))
    with pytest.raises(RefusedError, match="the model as stated fails"):
        run_scenarios(model, Design([LOW]), prob=0.999999, draws=10)


def test_a_field_that_does_not_exist_is_told_those_that_do(article):
    with pytest.raises(InvalidValueError, match=r"no field 'losses\.step'; one of losses"):
        run_scenarios(article, Design([Axis("losses.step", low=1, high=2)]))


def test_moments_that_do_not_exist_are_left_out(article):
    heavy = Axis("names.coverage", [between(0.4, 0.7, 0.9), between(0.05, 0.9, 0.7)])
    assert heavy.values[1].alpha < 2
    found = run_scenarios(article, Design([heavy]))
    assert np.isfinite(found.column("sd")).tolist() == [True, True, False]


def test_interrupted_work_is_taken_up_again(article, tmp_path, monkeypatch):
    design = Design([LOW, HIGH], "full")
    monkeypatch.setattr(module, "_EXACT_CHUNK", 3)
    whole = run_scenarios(article, design, draws=500)
    stages = []
    first = module.evaluate_chunk

    def interrupted(model, axes, chunk, *rest):
        if chunk.index[0] == 3:
            raise KeyboardInterrupt
        return first(model, axes, chunk, *rest)

    monkeypatch.setattr(module, "evaluate_chunk", interrupted)
    with pytest.raises(KeyboardInterrupt, match="1 of 3 done and kept"):
        run_scenarios(article, design, draws=500, store=tmp_path)
    monkeypatch.setattr(module, "evaluate_chunk", first)
    again = run_scenarios(article, design, draws=500, store=tmp_path,
                          tell=lambda now: stages.append(now.stage))  # fmt: skip
    assert stages == ["stored", "made", "made"]
    assert np.array_equal(again.numbers, whole.numbers, equal_nan=True)


# -- sampled scenarios ----------------------------------------------------------------------------


def test_scenarios_are_grouped_by_graph(walk):
    coverage = Axis("names.coverage", low=0.4, high=0.6, steps=3)
    precision = Axis("names.precision", [0.9, uniform(0.9, 1)])
    step = Axis("losses.step", [0.1, 0.3, 0.9])  # 0.3 is stated
    groups = graphs(walk, Design([coverage, precision], "full"))
    assert [len(group) for group in groups.values()] == [7]
    groups = graphs(walk, Design([coverage, step], "full"))
    assert sorted(len(group) for group in groups.values()) == [3, 3, 4]
    # a value in the middle counts too, and so does what only another field lets through
    kinds = Axis("losses", [Walk(), Walk(tail=9.0), Walk()])
    assert len(graphs(walk, Design([kinds]))) == 2
    assert list(graphs(walk, Design([Axis("losses.step", [-1.0])]))) == [
        next(iter(groups)), ""
    ]  # fmt: skip


def test_a_grid_of_millions_is_not_listed_in_vain(walk, monkeypatch):
    asked = []
    key = module.graph_key
    monkeypatch.setattr(module, "graph_key", lambda model: asked.append(1) or key(model))
    million = Design([Axis("losses.step", low=0.1, high=1, steps=1_000_000)], "full")
    assert graphs(walk, million, most=20) is None
    assert len(asked) == 21


@pytest.fixture
def sampled(monkeypatch):
    """Draw the unknowns of graphs by hand, and return the models they were drawn of."""
    models = []

    def counted(model, *rest, **options):
        models.append(model)
        return sample_by_hand(model, *rest, **options)

    monkeypatch.setattr(posteriors, "sample_graph", counted)
    monkeypatch.setattr(nuts, "sample_graph", sample_by_hand)
    return models


def test_fields_outside_the_graph_need_no_sampling_and_give_what_a_fit_gives(walk, sampled):
    coverage = Axis("names.coverage", [0.5, between(0.3, 0.6, 0.9)])
    step = Axis("losses.step", [0.1])
    ratio = Target("rise", Estimand("ratio", period="2024-03", over_period="2024-07"), "a test")
    found = run_scenarios(walk, Design([coverage, step]), targets=[Target(), ratio], draws=400,
                          seed=17)  # fmt: skip
    assert not found.failed
    assert (found.sampled, len(sampled)) == (2, 2)
    whole = fit(walk.replace("names.coverage", between(0.3, 0.6, 0.9)), draws=400, seed=17)
    assert found.column("high")[2] == np.quantile(whole["posterior"]["total"], 0.975)
    # coverage that all periods share leaves ratios alone, within the noise of some dozen deaths
    assert found.column("median", 1)[1:3] == pytest.approx(found.column("median", 1)[0], rel=0.05)
    named = [effect.axis.field for effect in effects(found)]
    assert named == ["names.coverage", "losses.step"]


@pytest.mark.usefixtures("sampled")
def test_many_graphs_must_be_confirmed_and_the_time_is_told(walk):
    million = Design([Axis("losses.step", low=0.1, high=1, steps=1_000_000)], "full")
    words = r"up to 1,000,001 graphs to sample would take about .*confirm \(--yes\)"
    with pytest.raises(RefusedError, match=words):
        run_scenarios(walk, million, draws=50)


@pytest.mark.skipif(os.cpu_count() == 1, reason="two processes on one core show nothing")
def test_processes_give_the_same_numbers(article):
    with named_executor("processes:2") as executor:
        shared = run_scenarios(article, Design([LOW]), draws=500, executor=executor)
    assert np.array_equal(
        shared.numbers, run_scenarios(article, Design([LOW]), draws=500).numbers, equal_nan=True
    )
