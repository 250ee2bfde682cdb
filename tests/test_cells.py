"""Tables of counts as values: what is right is kept as it is, what is wrong is told in one line."""

import copy
import dataclasses
import datetime
import pickle

import numpy as np
import pytest

from models import (
    Cells,
    Count,
    Flat,
    InvalidValueError,
    Model,
    NotEstimableError,
    Pooled,
    RefusedError,
    UndercountError,
    Walk,
    uniform,
    walk_pooled,
)
from models.cells import next_period
from tests.contract.cells_reference import of, weeks

STRATA = ("A", "B", "C")
COUNTS = [[3, 4, 0], [5, 0, 1]]
GOOD = {"counts": COUNTS, "periods": weeks(2), "step": "week", "strata": STRATA}


def cells(**changes):
    """Return a good table but for what is changed."""
    return Cells(**GOOD | changes)


def test_a_good_table_says_what_it_holds():
    table = cells(
        missing=[[0, 0, 0], [0, 1, 0]], apart=("C",), exposure=[90, 80, 5], undated=[2, 0, 0],
        unknown_stratum=[1, 0], unknown_period=[0, 0, 3],
    )  # fmt: skip
    assert table.shape == (2, 3)
    assert table.total == 13 + 2 + 1 + 3
    assert table.dims() == ("period", "stratum")
    assert table.coords() == {
        "period": ["2024-01-01", "2024-01-08", "unknown"], "stratum": list(STRATA)
    }  # fmt: skip
    assert table.pooled.tolist() == [True, True, False]
    assert table.exposure.tolist() == [90, 80, 1]
    assert (~table.observed).sum() == 1
    assert table.counts.dtype == np.int64


def test_defaults_are_nothing():
    table = cells()
    assert table.observed.all()
    assert table.exposure.tolist() == [1, 1, 1]
    for name in ("unknown_stratum", "unknown_period", "undated"):
        assert not table.extra(name).any()


def test_what_stands_in_a_missing_cell_does_not_matter():
    missing = [[0, 0, 0], [0, 1, 0]]
    expected = cells(missing=missing).content()
    for odd in (-1, 0.5, np.nan, np.inf, 10**15, None):
        counts = [[3, 4, 0], [5, odd, 1]]
        assert cells(counts=counts, missing=missing).content() == expected
    masked = np.ma.masked_array(COUNTS, missing)
    assert cells(counts=masked, missing=missing).content() == expected


def test_arrays_are_copies_that_cannot_be_changed():
    counts = np.array(COUNTS)
    table = cells(counts=counts)
    counts[0, 0] = 99
    assert table.counts[0, 0] == 3
    for name in ("counts", "missing", "exposure", "unknown_stratum", "unknown_period", "undated"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(table, name).flat[0] = 1


def test_copies_are_the_same_table():
    table = cells(apart=("C",), exposure=[90, 80, 5])
    copies = (pickle.loads(pickle.dumps(table)), copy.deepcopy(table), dataclasses.replace(table))
    for other in copies:
        assert other.content() == table.content()
    assert dataclasses.replace(cells(), counts=[[9, 9, 9], [9, 9, 9]]).total == 54
    alone = Cells([[5], [6]], weeks(2), "week")
    assert dataclasses.replace(alone, counts=[[7], [8]]).total == 15


WRONG = {
    "shape": ({"counts": [[1, 2], [3, 4]]}, r"counts: has shape \(2, 2\), not \(2, 3\)"),
    "one axis": ({"counts": [1, 2, 3]}, r"counts: has shape \(3,\)"),
    "negative": ({"counts": [[3, -4, 0], [5, 0, 1]]}, r"counts\[2024-01-01, B\]: -4 is no count"),
    "fraction": ({"counts": [[3, 4, 0], [5, 0, 1.5]]}, r"counts\[2024-01-08, C\]: 1.5 is no"),
    "nan": ({"counts": [[3, np.nan, 0], [5, 0, 1]]}, r"counts\[2024-01-01, B\]: nan is no count"),
    "infinite": ({"counts": [[3, np.inf, 0], [5, 0, 1]]}, r"counts\[2024-01-01, B\]: inf"),
    "huge": ({"counts": [[3, 10**13, 0], [5, 0, 1]]}, r"1e\+13 is no count"),
    "masked": ({"counts": np.ma.masked_equal(COUNTS, 4)}, "counts: holds masked cells"),
    "text": ({"counts": [["x", "4", "0"], ["5", "0", "1"]]}, "counts"),
    "ragged missing": ({"missing": [[0, 0], [0, 1]]}, r"missing: has shape \(2, 2\)"),
    "unknown shape": ({"unknown_stratum": [1, 2, 3]}, r"unknown_stratum: has shape \(3,\)"),
    "unknown shape 2": ({"unknown_period": [1, 2]}, r"unknown_period: has shape \(2,\)"),
    "undated shape": ({"undated": 3}, r"undated: has shape \(\)"),
    "unknown negative": ({"unknown_stratum": [-1, 0]}, r"unknown_stratum\[0\]: -1 is no count"),
    "undated fraction": ({"undated": [0, 0.5, 0]}, r"undated\[1\]: 0.5 is no count"),
    "no step": ({"step": ""}, "step: '' does not go with 2 periods"),
    "other step": ({"step": "decade"}, "step: 'decade' does not go with 2 periods; one of day"),
    "step alone": (
        {"periods": (), "counts": [[1, 2, 3]]}, "step: 'week' does not go with 0 periods"
    ),
    "gap": ({"periods": (weeks(1)[0], weeks(3)[2])}, "periods: 2024-01-15 does not follow"),
    "backwards": ({"periods": weeks(2)[::-1]}, "periods: are not in order"),
    "twice": ({"periods": (weeks(1)[0],) * 2}, "periods: are not in order, or one is given twice"),
    "text dates": ({"periods": ("2024-01-01", "2024-01-08")}, "periods: '2024-01-01' is no date"),
    "times": ({"periods": tuple(datetime.datetime(2024, 1, d) for d in (1, 8))}, "is no date"),
    "end of months": (
        {"periods": (datetime.date(2024, 1, 31), datetime.date(2024, 2, 29)), "step": "month"},
        "periods",
    ),
    "stratum twice": ({"strata": ("A", "B", "A")}, "strata: 'A' is given twice"),
    "stratum no text": ({"strata": ("A", "B", 3)}, "strata: must be text, not 3"),
    "strata as text": ({"strata": "ABC"}, "strata: must be a list of names, not 'ABC'"),
    "apart unknown": ({"apart": ("D",)}, "apart: no stratum 'D'"),
    "apart twice": ({"apart": ("A", "A")}, "apart: 'A' is given twice"),
    "all apart": ({"apart": STRATA}, "apart: leaves no stratum"),
    "exposure shape": ({"exposure": [90, 80]}, r"exposure: has shape \(2,\)"),
    "exposure 0": ({"exposure": [90, 0, 80]}, "exposure: must be above 0 and finite"),
    "exposure nan": ({"exposure": [90, np.nan, 80]}, "exposure: must be above 0 and finite"),
    "above exposure": ({"exposure": [90, 3, 80]}, "counts: more confirmed deaths than persons in"),
    "dating": ({"dating": "burial"}, "dating: no dating 'burial'; one of death, obituary, report"),
    "names nowhere": (
        {"missing": [[1, 1, 1], [0, 0, 0]], "unknown_stratum": [2, 0]},
        r"unknown_stratum\[2024-01-01\]: names without a stratum stand in a period",
    ),
    "names never": (
        {"missing": [[0, 0, 1], [0, 0, 1]], "unknown_period": [0, 0, 2]},
        r"unknown_period\[C\]",
    ),
    "undated without periods": (
        {"periods": (), "step": "", "counts": [[3, 4, 5]], "undated": [1, 0, 0]}, "undated"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", sorted(WRONG))
def test_what_is_wrong_is_told_in_one_line(case):
    changes, says = WRONG[case]
    with pytest.raises(InvalidValueError, match=says) as caught:
        cells(**changes)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"counts": np.zeros((2, 3))}, "no confirmed death in any cell"),
        ({"counts": np.zeros((2, 3)), "unknown_stratum": [3, 3]}, "no confirmed death in any cell"),
        ({"missing": np.ones((2, 3))}, "no confirmed death in any cell"),
        ({"counts": [[3, 4, 0], [5, 0, 0]], "apart": ("C",)}, "'C', which is apart"),
        ({"missing": [[0, 1, 0]] * 2, "apart": ("B",)}, "'B', which is apart"),
        # the level of the pooled strata would be free to fall to nothing
        ({"counts": [[0, 0, 3], [0, 0, 1]], "apart": ("C",)}, "no confirmed death"),
    ],
)
def test_what_no_data_determine_is_refused(changes, says):
    with pytest.raises(NotEstimableError, match=says) as caught:
        cells(**changes)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("step", "day", "following"),
    [
        ("day", (2024, 2, 28), (2024, 2, 29)),
        ("week", (2024, 12, 30), (2025, 1, 6)),
        ("month", (2024, 12, 1), (2025, 1, 1)),
        ("month", (2024, 1, 15), (2024, 2, 15)),
        ("year", (2023, 1, 1), (2024, 1, 1)),
        ("year", (2024, 12, 1), (2025, 12, 1)),
    ],
)
def test_periods_follow_each_other(step, day, following):
    days = (datetime.date(*day), datetime.date(*following))
    assert next_period(days[0], step) == days[1]
    assert Cells([[1], [2]], days, step).shape == (2, 1)


def test_exposure_is_not_read_for_strata_apart():
    table = cells(apart=("A",), exposure=[np.nan, 80, 90])
    assert table.exposure.tolist() == [1, 80, 90]


# -- tables and models that do not fit ------------------------------------------------------------

ROW = Cells([[3, 4, 5]], strata=STRATA)
COLUMN = Cells([[3], [4]], weeks(2), "week")
TABLE = Cells(**GOOD)
ONE_PERIOD = {"periods": weeks(1), "step": "week"}


@pytest.mark.parametrize(
    ("losses", "count", "error", "says"),
    [
        (Flat(), TABLE, InvalidValueError, "flat losses take one number, not a table"),
        (Walk(), 30, InvalidValueError, "walk losses need a table of counts"),
        (Walk(), ROW, InvalidValueError, "walk losses do not go with a table of strata"),
        (Walk(), TABLE, InvalidValueError, "walk losses do not go with a table of periods and"),
        (Pooled(), COLUMN, InvalidValueError, "pooled losses do not go with a table of periods"),
        (Pooled(), TABLE, InvalidValueError, "pooled losses do not go with a table of periods and"),
        (Pooled(), Cells([[3]]), InvalidValueError, "with a table of one cell"),
        (walk_pooled(), ROW, InvalidValueError, "walk_pooled losses do not go with a table of st"),
        (walk_pooled(), COLUMN, InvalidValueError, "walk_pooled losses do not go with a table of"),
        (Walk(), Cells([[3]], **ONE_PERIOD), InvalidValueError, "has fewer than 2 periods"),
        (walk_pooled(), Cells([[3, 4, 5]], strata=STRATA, **ONE_PERIOD), InvalidValueError,
         "has fewer than 2 periods"),
        (Pooled(), Cells([[3, 4, 5]], strata=STRATA, apart=("A", "B")), InvalidValueError,
         "has fewer than 2 pooled strata"),
    ],
)  # fmt: skip
def test_losses_and_tables_that_do_not_fit_are_refused(losses, count, error, says):
    with pytest.raises(error, match=says) as caught:
        of(losses, count)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("coverage", [[uniform(0.4, 0.6)] * 3, {"A": uniform(0.4, 0.6)}])
def test_beliefs_by_stratum_are_refused(coverage):
    with pytest.raises(RefusedError, match="coverage: is given by period or stratum") as caught:
        Count(ROW, coverage)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("count", "deviation", "says"),
    [
        (30, 0.5, "deviation: needs a table with strata"),
        (COLUMN, 0.5, "deviation: needs a table with strata"),
        (ROW, -0.1, "deviation: must lie between 0 and 1"),
        (ROW, 1.1, "deviation: must lie between 0 and 1"),
        (ROW, float("nan"), "deviation: must be finite"),
        (ROW, "0.5", "deviation: must be a number"),
    ],
)
def test_deviations_that_mean_nothing_are_refused(count, deviation, says):
    with pytest.raises(InvalidValueError, match=says):
        Count(count, uniform(0.4, 0.6), deviation=deviation)


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: Walk(step=0), "step: must be above 0"),
        (lambda: Walk(tail=0.5), "tail: must be 1 or more"),
        (lambda: Walk(drift=-1), "drift: must be above 0"),
        (lambda: Walk(step=float("nan")), "step: must be finite"),
        (lambda: Pooled(spread=-1), "spread: must be above 0"),
        (lambda: walk_pooled(own_step=0), "own_step: must be above 0"),
    ],
)
def test_priors_out_of_range_are_refused(build, says):
    with pytest.raises(InvalidValueError, match=says):
        build()


def test_a_walk_times_pooled_strata_is_their_product():
    assert Walk(0.2) * Pooled(0.5) == walk_pooled(step=0.2, spread=0.5)
    with pytest.raises(TypeError):
        Walk() * 3


def test_models_of_tables_travel_between_processes():
    model = of(walk_pooled(own_step=0.1), TABLE, deviation=0.2)
    other = pickle.loads(pickle.dumps(model))
    assert isinstance(other, Model)
    assert other.content() == model.content()
    assert other.coords() == model.coords()


def test_a_field_replaced_by_nonsense_is_told_with_its_place():
    with pytest.raises(UndercountError, match=r"names\.deviation: must lie"):
        of(Pooled(), ROW).replace("names.deviation", 9.0)


@pytest.mark.parametrize("observed_rows", [0, 1])
def test_a_table_with_a_gap_in_nearly_every_period_builds(observed_rows):
    """No period is whole, so that nothing tells how far names determine the walk."""
    missing = np.zeros((6, 3), bool)
    missing[observed_rows:, 0] = True
    days = tuple(datetime.date(2024, month, 1) for month in range(1, 7))
    cells = Cells(np.full((6, 3), 50), days, "month", ("A", "B", "C"), missing=missing)
    model = Model(walk_pooled(own_step=0.1), {"names": Count(cells, uniform(0.4, 0.6))})
    assert model.joint.centered["walk"] is False
    assert model.joint.centered["own"] is False
