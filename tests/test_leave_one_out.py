"""Leave-one-out: ArviZ's numbers, exact refits, and what is refused."""

import dataclasses
import warnings

import numpy as np
import pytest
import xarray
from arviz_stats import compare, loo

from estimation.comparison import leave_one_out as module
from estimation.comparison.comparing import BEST, FEW, compare_models
from estimation.comparison.leave_one_out import leave_one_out, scored_tree
from estimation.comparison.masked import Settings
from estimation.comparison.refusals import refuse_incomparable
from estimation.comparison.wrapper import refit_without
from estimation.errors import InvalidValueError, RefusedError, UsageError
from estimation.fit import nuts
from estimation.fit.batch import fit_many
from models import Count, Flat, Model, Pooled, Walk, uniform
from models.cells import Cells
from models.losses import walk_pooled
from tests.drawn_by_hand import sample_by_hand, weekly

# more points than are all refitted, and a table whose graph has one form whatever is left out
PERIODS, OUTLIER = 21, 13
COVERAGE = uniform(0.45, 0.65)
DRAWS = {"draws": 1000, "tune": 500}


def counts_with_an_outlier():
    """Return a calm walk with one week that has far more deaths."""
    rng = np.random.default_rng(3)
    log_rate = np.log(60) + np.cumsum(0.05 * rng.standard_normal(PERIODS))
    log_rate[OUTLIER] += np.log(2.5)
    return rng.poisson(np.exp(log_rate))


def two_tails(cells):
    walks = {"heavy": Walk(tail=4), "normal": Walk(tail=200)}
    return {name: Model(one, {"names": Count(cells, COVERAGE)}) for name, one in walks.items()}


@pytest.fixture(scope="module")
def models():
    return two_tails(weekly(counts_with_an_outlier()))


@pytest.fixture(scope="module")
def fits(models):
    return fit_many(models, "nuts", **DRAWS)


@pytest.fixture(scope="module")
def found(models, fits):
    return leave_one_out(models, fits=fits, **DRAWS)


def test_numbers_are_those_of_arviz(models, fits, found):
    scored, kind = scored_tree(models["heavy"], fits["heavy"], np.arange(PERIODS))
    assert kind == found.models["heavy"].kind == "integrated"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of influential points
        own = loo(scored, pointwise=True)
    good = (own.pareto_k <= own.good_k).to_numpy()  # others were refitted
    assert good.sum() >= PERIODS - 1
    np.testing.assert_allclose(
        found.models["heavy"].elpd.elpd_i[good], own.elpd_i[good], rtol=0, atol=1e-12
    )
    both = {"heavy": found.models["heavy"].elpd, "normal": found.models["normal"].elpd}
    table = compare(both, method="stacking", round_to="none")
    for column in ("elpd", "se", "elpd_diff", "dse", "weight"):
        np.testing.assert_allclose(found.table[column], table[column], rtol=0, atol=1e-12)


def test_influential_points_are_refitted(found):
    """Normal steps take the one week for many."""
    one = found.models["normal"]
    assert one.reliable
    assert one.refits == one.influential
    assert (one.elpd.pareto_k <= one.elpd.good_k).all()


def test_conditional_numbers_are_those_of_arviz_on_the_fit_itself(rng):
    cells = Cells(rng.poisson(50, (6, 3)), strata=("A", "B", "C"), step="week",
                  periods=weekly([1] * 6).periods)  # fmt: skip
    model = Model(walk_pooled(), {"names": Count(cells, COVERAGE)})
    theta = {"log_walk": rng.normal(0, 0.05, (400, 6)), "effect": np.zeros((400, 3)),
             "step": np.full(400, 0.1), "spread": np.full(400, 0.1)}  # fmt: skip
    likelihood = model.log_likelihood(theta)["names"].reshape(4, 100, 6, 3)
    step = theta["log_walk"][:, 0].reshape(4, 100)
    tree = xarray.DataTree.from_dict({
        "posterior": xarray.Dataset({"step": (("chain", "draw"), step)}),
        "log_likelihood": xarray.Dataset(
            {"names": (("chain", "draw", "period", "stratum"), likelihood)}
        ),
    })  # fmt: skip
    scored, kind = scored_tree(model, tree, np.arange(18))
    assert kind == "conditional"
    assert loo(scored).elpd == pytest.approx(loo(tree).elpd, abs=1e-12)


def test_integrated_equals_exact_refits(models, found):
    """Also for the week that importance sampling of drawn rates cannot leave out."""
    weeks = {week: week for week in (0, 7, OUTLIER - 1, OUTLIER, PERIODS - 1)}
    refits = refit_without(models["heavy"], weeks, Settings(**DRAWS, seed=2))
    elpd = found.models["heavy"].elpd
    for week, one in refits.items():
        assert not one.failed
        values = np.exp(one.arrays["log_density"])
        error = (
            values.std() / values.mean() / np.sqrt(values.size / 10)
        )  # draws are not independent
        limit = 5 * error + 0.1
        assert float(elpd.elpd_i[week]) == pytest.approx(np.log(values.mean()), abs=limit)
        assert limit < (4 if week == OUTLIER else 0.5)


def test_integration_leaves_no_influential_points_where_conditional_ones_abound(fits, found):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        conditional = loo(fits["heavy"], pointwise=True)
    assert int((conditional.pareto_k > conditional.good_k).sum()) >= 5
    assert found.models["heavy"].influential <= 1


def test_an_outlier_prefers_heavy_tails(found):
    assert list(found.table.index) == ["heavy", "normal"]
    difference = found.table.loc["normal"]
    assert difference["elpd_diff"] < -2
    assert found.table["weight"].sum() == pytest.approx(1)
    assert found.table.loc["heavy", "weight"] > 0.8


def test_too_many_influential_points_are_not_ranked(models, fits, monkeypatch):
    monkeypatch.setattr(module, "is_integrable", lambda field: False)
    found = leave_one_out(models, fits=fits, most_refits=3)
    assert found.table is None
    assert "too many influential points" in found.models["heavy"].failed
    assert "use leave-future-out" in found.models["heavy"].failed
    verdict = compare_models(models, fits=fits, most_refits=3).verdicts["loo"]
    assert verdict.verdict == "unreliable"


def test_few_points_are_all_left_out_by_refits(monkeypatch):
    monkeypatch.setattr(nuts, "sample_graph", sample_by_hand)
    counts = np.array([[20, 100, 25, 90, 40]])
    cells = Cells(counts, strata=tuple("ABCDE"), apart=("E",))
    models = {
        str(spread): Model(Pooled(spread), {"names": Count(cells, COVERAGE)})
        for spread in (1.0, 0.1)
    }
    comparison = compare_models(models)
    left = comparison.details["loo"]
    assert left.points == 4  # nothing predicts the stratum that is apart
    for one in left.models.values():
        assert (one.kind, one.refits, one.failed) == ("refits", 4, "")
        assert float(one.elpd.elpd) == pytest.approx(float(one.elpd.elpd_i.sum()))
        assert (one.elpd.pareto_k == 0).all()
    assert [row["verdict"] for row in comparison.rows()] == [BEST, FEW]
    assert comparison.rows()[0]["model"] == "1.0"
    assert comparison.verdicts["loo"].verdict == FEW


# -- what is refused -----------------------------------------------------------------------------


def refused(models, words):
    with pytest.raises(RefusedError) as caught:
        refuse_incomparable(models)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.why
    assert caught.value.remedy


def test_one_model_is_refused(models):
    refused({"heavy": models["heavy"]}, "nothing to compare")
    refused({}, "no model")


def test_single_counts_are_refused():
    flat = {
        str(high): Model(Flat(), {"names": Count(100, uniform(0.4, high))}) for high in (0.6, 0.7)
    }
    refused(flat, "same marginal likelihood")


def test_what_counts_say_nothing_about_is_refused(models):
    surer = models["heavy"].replace("names.coverage", uniform(0.5, 0.6))
    refused({**models, "surer": surer}, "'heavy' and 'surer' differ only in")
    renamed = Model(Walk(tail=4), {"deaths": surer.base})
    refused({**models, "renamed": renamed}, "differ only in")


def test_other_data_are_refused(models):
    cells = models["heavy"].base.cells
    other = np.asarray(cells.counts) + 1
    missing = np.zeros((PERIODS, 1), bool)
    missing[3] = True
    changes = {
        "their shape": weekly(cells.counts[:-1, 0]),
        "their counts": dataclasses.replace(cells, counts=other),
        "which cells are missing": dataclasses.replace(cells, missing=missing),
    }
    for words, changed in changes.items():
        second = models["normal"].replace("names.count", changed)
        refused({"heavy": models["heavy"], "normal": second}, f"differ in {words}")


def test_names_in_one_cell_are_refused():
    counts = np.zeros(PERIODS, int)
    counts[5] = 40
    with pytest.raises(RefusedError, match="all names stand in one cell"):
        leave_one_out(two_tails(weekly(counts)))


def test_bad_input_is_told(models, fits):
    with pytest.raises(UsageError, match="method"):
        leave_one_out(models, method="exact")
    for wrong in (-1, 2.5, True):
        with pytest.raises(UsageError, match="most_refits"):
            leave_one_out(models, most_refits=wrong)
    with pytest.raises(InvalidValueError, match="fit of another model"):
        leave_one_out(models, fits={"normal": fits["heavy"]})
    with pytest.raises(InvalidValueError, match="no model"):
        leave_one_out(models, fits={"other": fits["heavy"]})
    with pytest.raises(InvalidValueError, match="must be a Model"):
        leave_one_out({"a": models["heavy"], "b": 3})
    for wrong in ("loo", (), ("waic",)):
        with pytest.raises(UsageError, match="methods"):
            compare_models(models, wrong)
