"""All methods for overlapping lists side by side: mixture, curves, tests of known answer, cells."""

import dataclasses
import math

import numpy as np
import pytest

from estimation.errors import GateError, NotEstimableError, UsageError
from estimation.overlap.cells import check_cells
from estimation.overlap.curves import dependence_curve, prior_curve
from estimation.overlap.known_truth import left_out, self_test, summarized
from estimation.overlap.latent import LatentOptions, latent, latent_model
from estimation.overlap.methods import METHODS, answers, checked_methods, classical_method
from estimation.overlap.mixture import checked_weights, mixture
from estimation.overlap.overlap import captures_overlap, overlap
from estimation.summaries.overlap import OverlapEstimate
from models import Patterns
from tests.list_tables import listed, typed
from tests.lists_by_hand import sample_disagreeing, sample_lists_by_hand

OPTIONS = LatentOptions(classes=4, draws=400)
HEPATITIS = typed("PQE", {"P": 69, "Q": 55, "E": 63, "PQ": 21, "PE": 17, "QE": 18, "PQE": 28})


@pytest.fixture
def by_hand(monkeypatch):
    """Draw latent classes without a sampler."""
    monkeypatch.setattr("estimation.fit.nuts.sample_graph", sample_lists_by_hand)


@pytest.fixture(scope="module")
def kosovo():
    return listed("kosovo_1999")


@pytest.fixture(scope="module")
def together(kosovo):
    """Return all methods of one table, latent classes drawn by hand."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("estimation.fit.nuts.sample_graph", sample_lists_by_hand)
        return overlap(kosovo, options=OPTIONS)


def _estimate(name, draws, observed=100, **parts):
    draws = np.asarray(draws, dtype=float)
    return OverlapEstimate(name, parts.pop("engine", "exact"), float(np.median(draws)), draws,
                           observed, "assumed", **parts)  # fmt: skip


def _narrow(center, size=4000, seed=1):
    return 100 + center * np.exp(0.02 * np.random.default_rng(seed).standard_normal(size))


# -- the mixture ------------------------------------------------------------------------------


def test_a_mixture_holds_the_spread_between_methods():
    one, two = _estimate("latent", _narrow(200)), _estimate("graphical", _narrow(800))
    found = mixture({"latent": one, "graphical": two}, {"latent": 1, "graphical": 1})
    row = found.estimate.row(0.95)
    assert row["low"] == pytest.approx(np.quantile(one.draws, 0.05), rel=1e-3)
    assert row["high"] == pytest.approx(np.quantile(two.draws, 0.95), rel=1e-3)
    assert row["high"] - row["low"] > 5 * np.ptp(two.draws) / 2
    assert found.between > 0.99
    assert mixture({"latent": one}, {"latent": 1}).between == 0
    far = [note for note in found.estimate.notes if note.startswith("The methods disagree")]
    assert len(far) == 1
    assert "3.0 times" in far[0]
    near = mixture({"latent": one, "graphical": _estimate("graphical", _narrow(230))},
                   {"latent": 1, "graphical": 1})  # fmt: skip
    assert not any("disagree" in note for note in near.estimate.notes)


def test_weights_are_shares_of_the_draws():
    parts = {"latent": _estimate("latent", _narrow(200)), "chao": _estimate("chao", _narrow(800))}
    found = mixture(parts, {"latent": 3, "chao": 1, "graphical": 4})
    assert found.weights == {"latent": 0.75, "chao": 0.25}
    assert np.mean(found.estimate.draws < 500) == 0.75
    assert mixture(parts, {"latent": 1, "chao": 0}).weights == {"latent": 1.0}
    again = mixture(parts, {"latent": 3, "chao": 1})
    np.testing.assert_array_equal(found.estimate.draws, again.estimate.draws)


def test_a_mixture_is_as_heavy_tailed_and_as_sampled_as_its_worst_part():
    parts = {
        "latent": _estimate("latent", _narrow(200), engine="nuts", moment_order=1.0),
        "loglinear": _estimate("loglinear", _narrow(200), engine="classical"),
    }
    found = mixture(parts, {"latent": 1, "loglinear": 1}).estimate
    assert (found.engine, found.row(0.95)["mean"]) == ("nuts", None)


@pytest.mark.parametrize(
    ("weights", "says"),
    [({"latent": -1.0}, "0 or more"), ({"latent": math.nan}, "0 or more"),
     ({"latent": math.inf}, "0 or more"), ({"latent": 0.0}, "all zero"), ({}, "all zero")],
)  # fmt: skip
def test_weights_that_are_none_are_refused(weights, says):
    with pytest.raises(UsageError, match=says):
        checked_weights(weights)


def test_a_mixture_of_nothing_is_refused():
    with pytest.raises(NotEstimableError, match="no method that has a weight has an answer"):
        mixture({"chao": _estimate("chao", _narrow(9))}, {"latent": 1})


# -- curves -----------------------------------------------------------------------------------


def test_the_unseen_are_multiplied_by_the_factor():
    one = _estimate("latent", [150, 200, 400, 300, 250])
    rows = dependence_curve({"latent": one}, 0.8, factors=(0.5, 1.0, 2.0))
    assert [row["median"] for row in rows] == [175, 250, 400]
    as_is = one.row(0.8)
    assert (rows[1]["low"], rows[1]["high"]) == pytest.approx((as_is["low"], as_is["high"]))
    assert rows[2]["high"] - 100 == pytest.approx(2 * (as_is["high"] - 100))


def test_the_prior_of_the_total_weighs_draws():
    rng = np.random.default_rng(1)
    draws = rng.gamma(400, 1.0, 40_000)  # under N^-2 the shape is one less, under N^0 one more
    exact = _estimate("graphical", draws, observed=0)
    rows = prior_curve({"graphical": exact, "chao": dataclasses.replace(exact, engine="classical")})
    assert [(row["method"], row["power"]) for row in rows] == [
        ("graphical", -2.0), ("graphical", -1.0), ("graphical", 0.0),
    ]  # fmt: skip
    medians = [row["median"] for row in rows]
    assert medians == pytest.approx([398.67, 399.67, 400.67], abs=0.4)
    assert np.diff(medians) == pytest.approx([1, 1], abs=0.1)
    assert all(row["settled"] for row in rows)


def test_a_total_that_is_alike_in_most_draws_is_weighed_too():
    # persons on all lists: hardly anybody is missing, and weights have no tail to smooth
    one = _estimate("graphical", np.where(np.arange(2000) < 10, 101.0, 100.0))
    rows = prior_curve({"graphical": one})
    assert [row["median"] for row in rows] == [100, 100, 100]
    assert rows[0]["settled"]


# -- all methods ------------------------------------------------------------------------------


def test_all_methods_of_a_known_table(together, kosovo):
    found = together
    assert list(found.estimates) == ["mixture", *METHODS]
    assert found.first.method == "mixture"
    assert found.answers.refused == {}
    # by hand classes are alike, and independence says 7,395 here
    assert found.estimates["latent"].estimate == pytest.approx(7395, rel=0.01)
    assert found.estimates["chao"].bound
    assert all(one.observed == kosovo.observed == 4400 for one in found.estimates.values())
    low, high = (found.rows()[0][key] for key in ("low", "high"))
    medians = [found.estimates[name].estimate for name in ("latent", "graphical", "loglinear")]
    assert low < min(medians) < max(medians) < high
    assert {row["method"] for row in found.dependence} == {*found.estimates} - {"chao"}
    assert {row["method"] for row in found.priors} == {"latent", "graphical"}
    notes = " ".join(found.notes())
    assert "Below the lower bound of Chao (8,5" in notes
    assert "latent: The classes do not describe the table" in notes
    rows = {(row["name"], *row["index"].values()): row for row in found.rows()[len(METHODS) + 1 :]}
    assert list(rows) == [("coverage",), *(("list_coverage", name) for name in kosovo.lists)]
    total = found.estimates["latent"].estimate
    shares = [rows["list_coverage", name]["median"] for name in kosovo.lists]
    assert shares == pytest.approx(kosovo.list_totals / total, rel=0.02)
    assert rows["coverage",]["median"] == pytest.approx(4400 / total, rel=0.02)


def test_one_method_alone_is_no_mixture(kosovo):
    found = overlap(kosovo, ["graphical"])
    assert list(found.estimates) == ["graphical"]
    assert (found.mixed, found.latent, found.result().engine) == (None, None, "exact")
    assert {row["method"] for row in found.self_test} == {"graphical"}


def test_a_method_that_refuses_is_told_beside_the_others(monkeypatch, kosovo):
    monkeypatch.setattr("estimation.fit.nuts.sample_graph", sample_disagreeing)
    found = answers(kosovo, ["chao", "latent"], options=OPTIONS)
    assert list(found.estimates) == ["chao"]
    assert found.latent is None
    assert "R-hat" in found.refused["latent"]
    with pytest.raises(GateError, match="R-hat"):
        answers(kosovo, ["latent"], options=OPTIONS)
    accepted = dataclasses.replace(OPTIONS, accept="a first look")
    fit = latent(kosovo, options=accepted)
    assert (fit.verdict.verdict, fit.verdict.accepted) == ("fail", "a first look")
    assert np.ptp(fit.estimate.details["chain_medians"]) > 1000


def test_names_of_methods_are_checked_and_ordered():
    assert checked_methods(["chao", "latent", "chao"]) == ("latent", "chao")
    with pytest.raises(UsageError, match=r"no method 'graphic'.*graphical"):
        checked_methods(["graphic"])


def test_no_answer_at_all_is_told_with_the_reasons():
    unknown = typed("ABC", {"A": 9, "B": 8, "AB": 5, "AC": 3, "BC": 2, "ABC": 2}, unknown={"C"})
    with pytest.raises(NotEstimableError, match=r"graphical: .*; chao: "):
        answers(unknown, ["graphical", "chao"])


def test_strata_are_pooled_and_their_rows_told(by_hand):
    part = HEPATITIS
    both = Patterns(part.lists, np.tile(part.on, (2, 1)), np.concatenate([part.counts] * 2),
                    ("f", "m"), np.repeat([0, 1], len(part.counts)))  # fmt: skip
    fit = latent(both, options=OPTIONS)
    rows = {(row["name"], *row["index"].values()): row["median"] for row in fit.rows}
    assert rows["total", "f"] == pytest.approx(rows["total", "m"], rel=0.03)
    assert rows["total", "f"] + rows["total", "m"] == pytest.approx(fit.estimate.estimate, rel=0.01)
    assert rows["coverage", "f"] == pytest.approx(271 / rows["total", "f"], rel=0.03)
    one = Patterns(part.lists, part.on, part.counts, ("m",), np.zeros(len(part.counts), int))
    assert latent(one, options=OPTIONS).estimate.observed == 271


# -- tests of known answer --------------------------------------------------------------------


def test_each_list_is_a_population_of_known_size(together, kosovo):
    rows = [row for row in together.self_test if row["method"] == "loglinear"]
    assert [row["truth"] for row in rows] == kosovo.list_totals.tolist()
    inside = kosovo.on_list("EXH")
    again = classical_method("chao", 1)(inside)
    row = next(r for r in together.self_test if (r["list"], r["method"]) == ("EXH", "chao"))
    assert (row["observed"], row["median"]) == (inside.observed, again.row(0.95)["median"])
    assert row["holds"] == (again.row(0.95)["low"] <= 1910)


def test_what_holds_is_judged_by_the_interval_and_of_a_bound_by_its_lower_end(kosovo):
    def says(low, high, *, bound=False):
        draws = np.linspace(low, high, 2001)
        return lambda table: _estimate("it", draws, observed=table.observed, bound=bound)

    asked = {
        "high": says(5000, 6000), "low": says(100, 200), "holds": says(100, 6000),
        "bound": says(100, 200, bound=True), "broken": says(5000, 6000, bound=True),
    }  # fmt: skip
    rows = self_test(kosovo, asked)
    held = {row["method"]: row["holds"] for row in rows}
    assert held == {"high": False, "low": False, "holds": True, "bound": True, "broken": False}
    found = summarized(rows)
    assert (found["high"]["too_high"], found["low"]["too_low"]) == (4, 4)
    assert found["low"]["bias"] == pytest.approx(np.log(150 / kosovo.list_totals).mean())
    assert (found["holds"]["asked"], found["holds"]["held"], found["bound"]["held"]) == (4, 4, 4)


def test_a_refusal_is_no_answer_in_the_summary(kosovo):
    def refuses(table):
        raise NotEstimableError("no answer", where="here")

    rows = self_test(kosovo, {"it": refuses})
    assert {row["refused"] for row in rows} == {"here: no answer"}
    found = summarized(rows)["it"]
    assert (found["asked"], found["answered"], math.isnan(found["bias"])) == (4, 0, True)


def test_without_each_list(together, kosovo):
    rows = {(row["list"], row["method"]): row for row in together.left_out}
    rest = kosovo.leave_out(["HRW"])
    assert rows["HRW", "chao"]["observed"] == rest.observed
    expected = classical_method("graphical", 1)(rest).row(0.95)["median"]
    assert rows["HRW", "graphical"]["median"] == expected
    two = typed("AB", {"A": 40, "B": 50, "AB": 30})
    asked = {"chao": classical_method("chao", 1)}
    assert (left_out(two, asked), self_test(two, asked)) == ([], [])


def test_small_lists_and_open_tables_are_no_test(kosovo):
    asked = {"chao": classical_method("chao", 1)}
    few = typed("ABC", {"A": 90, "B": 80, "AB": 40, "AC": 9, "BC": 9, "ABC": 5})
    # of list C 23 persons are on others
    assert {row["list"] for row in self_test(few, asked)} == {"A", "B"}
    unknown = typed("ABC", {"A": 90, "B": 80, "AB": 40, "AC": 9, "ABC": 5}, unknown={"C"})
    assert self_test(unknown, asked) == []


def test_many_lists_are_tested_by_the_bound_alone(monkeypatch):
    rng = np.random.default_rng(2)
    on = np.unique(rng.random((60, 9)) < 0.3, axis=0)
    on = on[on.any(axis=1)]
    table = Patterns(tuple("ABCDEFGHI"), on, rng.poisson(4, len(on)) + 1)
    slow = dataclasses.replace(_estimate("loglinear", _narrow(900)), observed=table.observed)
    monkeypatch.setattr("estimation.overlap.methods.classical_method",
                        lambda name, seed: lambda patterns: slow)  # fmt: skip
    monkeypatch.setattr("estimation.overlap.overlap._again",
                        lambda *_: lambda patterns: slow)  # fmt: skip
    found = overlap(table, ["loglinear", "chao"])
    assert {row["method"] for row in found.left_out} == {"chao"}
    assert any("loglinear were not tested" in note for note in found.notes())
    thorough = overlap(table, ["loglinear"], thorough=True)
    assert {row["method"] for row in thorough.left_out} == {"loglinear"}


# -- cells ------------------------------------------------------------------------------------


def _drawn_table(seed):
    """Return a table of three independent lists."""
    names = ("A", "B", "C", "AB", "AC", "BC", "ABC")
    chance = dict.fromkeys(names, 1.0)
    for name in names:
        for letter, share in zip("ABC", (0.4, 0.3, 0.5), strict=True):
            chance[name] *= share if letter in name else 1 - share
    rng = np.random.default_rng(seed)
    return typed("ABC", {name: int(rng.poisson(1500 * chance[name])) for name in names})


def test_a_table_that_the_classes_describe_passes_and_another_is_told(by_hand):
    good = latent(_drawn_table(3), options=OPTIONS)
    assert good.cells.tail > 0.05
    assert good.cells.says() == ()
    assert sum(row["low"] <= row["count"] <= row["high"] for row in good.cells.rows) >= 6
    bad = latent(HEPATITIS, options=OPTIONS)
    assert bad.cells.tail < 0.01
    (said,) = bad.cells.says()
    assert "P+Q+E (28 against" in said


def test_cells_of_unknown_count_are_left_out_and_strata_told(by_hand):
    table = typed("ABC", {"A": 90, "B": 80, "AB": 40, "AC": 9, "BC": 9, "ABC": 5}, unknown={"C"})
    model = latent_model(table, OPTIONS)
    free = sample_lists_by_hand(model, 200).free["latent"]
    found = check_cells(model.joint, free, 1)
    assert "C" not in {row["pattern"] for row in found.rows}
    assert len(found.rows) == 6
    for row in found.rows:
        assert 0 <= row["below"] <= 1
        assert row["low"] <= row["median"] <= row["high"]


# -- captures ---------------------------------------------------------------------------------


def test_a_table_of_captures_shows_the_bound_first():
    times, counts = np.array([1, 2, 3, 4, 6, 7]), np.array([43, 16, 8, 6, 2, 1])
    found = captures_overlap(times, counts, 18)
    assert found.first.bound
    assert found.first.estimate == pytest.approx(76 + 17 / 18 * 43**2 / (2 * 16))
    assert len(found.estimates) > 3
    assert (found.patterns, found.self_test, found.left_out) == (None, [], [])
    alone = captures_overlap(times, counts, 18, "chao")
    assert list(alone.estimates) == ["chao"]
    with pytest.raises(UsageError, match="graphical needs to know who is on which list"):
        captures_overlap(times, counts, None, "graphical")
    with pytest.raises(NotEstimableError, match="nobody was recorded exactly twice") as told:
        captures_overlap(np.array([1]), np.array([43]), None)
    assert str(told.value).count("exactly twice") == 1
