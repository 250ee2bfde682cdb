"""The triangle `Reports`: what it refuses, what it says, its parts."""

import dataclasses
import datetime
import pickle

import numpy as np
import pytest

from estimation.errors import InvalidValueError, NotEstimableError
from models.reports import Reports, period_after, steps_between

DAYS = tuple(datetime.date(2024, 1, day) for day in (1, 2, 3))
FIFTH = datetime.date(2024, 1, 5)


def _triangle(**changes):
    """Three days, delays 0 to 2, seen until the fourth day."""
    counts = np.array([[5, 2, 1], [4, 3, 1], [6, 2, 0]])[:, :, None]
    usual = {"periods": DAYS, "step": "day", "as_of": datetime.date(2024, 1, 4)}
    return Reports(**{"counts": counts, **usual, **changes})


def test_what_a_triangle_says():
    found = _triangle(beyond=[[2], [0], [0]], undated=[[1], [0], [0], [3]])
    assert (found.shape, found.n_delay, found.n_report) == ((3, 3, 1), 3, 4)
    assert found.reported.tolist() == [[True] * 3, [True] * 3, [True, True, False]]
    assert found.known.ravel().tolist() == [10, 8, 8]
    assert found.total == 26 + 4
    assert found.by_report.tolist() == [5 + 1, 2 + 4, 1 + 3 + 6, 1 + 2 + 3]
    assert found.published.all()
    assert not found.masked.any()
    assert found.coords() == {
        "period": ["2024-01-01", "2024-01-02", "2024-01-03"], "delay": ["0", "1", "2"]
    }  # fmt: skip
    assert not found.counts.flags.writeable


def test_content_is_numbers_and_survives_pickling():
    found = _triangle(masked=np.eye(3, dtype=bool), published=[True] * 4)
    again = pickle.loads(pickle.dumps(found))
    assert again.content() == found.content()
    later = _triangle(masked=np.eye(3, dtype=bool), dating="report")
    assert later.content() == found.content()
    # a cell that is not past says nothing, masked or not
    assert found.masked.tolist() == [[True, False, False], [False, True, False], [False] * 3]


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"counts": np.ones((3, 3))}, r"counts: has shape \(3, 3\), not one of period, delay"),
        ({"counts": np.ones((2, 3, 1))}, r"counts: has shape \(2, 3, 1\), not \(3, 3, 1\)"),
        ({"counts": np.full((3, 3, 1), -1)}, r"counts\[0, 0, 0\]: -1 is no count"),
        ({"counts": np.full((3, 3, 1), 0.5)}, "0.5 is no count"),
        ({"counts": np.full((3, 3, 1), np.nan)}, "nan is no count"),
        ({"counts": np.full((3, 3, 1), "x")}, "holds what is no number"),
        ({"counts": np.ones((3, 3, 1))}, r"counts\[2024-01-03, 2\]: a name is reported after as_"),
        ({"periods": DAYS[:1] + DAYS[2:]}, "2024-01-03 does not follow 2024-01-01 by one day"),
        ({"periods": ("2024-01-01",)}, "periods: '2024-01-01' is no date"),
        ({"periods": ()}, "periods: are empty"),
        ({"step": "hour"}, "no step 'hour'"),
        ({"dating": "birth"}, "no dating 'birth'"),
        ({"as_of": DAYS[1]}, "as_of: 2024-01-02 is before the last period, 2024-01-03"),
        ({"as_of": datetime.datetime(2024, 1, 4)}, "as_of: .* is no date"),
        ({"strata": "AB"}, "strata: must be a list of names"),
        ({"strata": ("A", "A")}, "strata: 'A' is given twice"),
        ({"published": [True] * 3}, r"published: has shape \(3,\), not \(4,\)"),
        ({"published": [True, True, False, True]}, "reported on 2024-01-03, when nothing was publ"),
        ({"undated": np.ones((3, 1))}, r"undated: has shape"),
        ({"masked": np.ones((3, 2))}, r"masked: has shape"),
        ({"beyond": [[0], [2], [0]]}, r"beyond\[2024-01-02\]: a delay of 3 or more ends after"),
    ],
)
def test_what_cannot_be(changes, part):
    with pytest.raises(InvalidValueError, match=part):
        _triangle(**changes)


def test_dates_off_the_grid():
    weeks = tuple(datetime.date(2024, 1, day) for day in (1, 8, 15))
    with pytest.raises(InvalidValueError, match="2024-01-23 begins no week when 2024-01-01 does"):
        _triangle(periods=weeks, step="week", as_of=datetime.date(2024, 1, 23))
    assert _triangle(periods=weeks, step="week", as_of=datetime.date(2024, 1, 22)).n_report == 4
    with pytest.raises(InvalidValueError, match="not every month has that day"):
        _triangle(periods=[datetime.date(2024, 1, 31)], step="month", as_of=FIFTH)


def test_what_tells_nothing():
    with pytest.raises(NotEstimableError, match="no name in any period"):
        _triangle(counts=np.zeros((3, 3, 1)))
    with pytest.raises(NotEstimableError, match="one period alone"):
        _triangle(counts=np.ones((1, 3, 1)), periods=DAYS[:1])


def test_a_window_keeps_the_last_periods():
    found = _triangle(
        beyond=[[2], [0], [0]], undated=[[1], [0], [0], [3]], masked=np.eye(3, dtype=bool)
    )
    cut = found.window(2)
    assert cut.periods == DAYS[1:]
    assert cut.counts.tolist() == found.counts[1:].tolist()
    assert (cut.n_report, cut.as_of) == (3, found.as_of)
    assert cut.undated.ravel().tolist() == [0, 0, 3]
    assert cut.masked.tolist() == [[False, True, False], [False] * 3]
    assert cut.beyond.sum() == 0
    assert found.window(3) is found.window(99) is found
    with pytest.raises(InvalidValueError, match="window: must be 2 or more"):
        found.window(1)


def test_until_leaves_what_was_known():
    found = _triangle(undated=[[1], [0], [0], [3]], masked=np.eye(3, dtype=bool))
    past = found.until(DAYS[1])
    assert past.periods == DAYS[:2]
    assert past.counts[:, :, 0].tolist() == [[5, 2, 0], [4, 0, 0]]
    assert (past.total, past.n_report, past.as_of) == (11 + 1, 2, DAYS[1])
    third = found.until(DAYS[2])
    assert third.until(DAYS[1]).content() == past.content()
    assert found.until(found.as_of).content() == found.content()
    for day in (FIFTH, datetime.date(2023, 12, 31)):
        with pytest.raises(InvalidValueError, match="is not between 2024-01-01 and 2024-01-04"):
            found.until(day)


def test_names_beyond_the_longest_delay_have_no_date():
    found = _triangle(beyond=[[2], [0], [0]], as_of=FIFTH)
    assert found.until(DAYS[2]).total == found.until(DAYS[2]).counts.sum()
    with pytest.raises(InvalidValueError, match="beyond the longest delay carry no date of report"):
        found.until(datetime.date(2024, 1, 4))
    assert dataclasses.replace(found, beyond=None).until(datetime.date(2024, 1, 4)).total == 24


@pytest.mark.parametrize("step", ["day", "week", "month", "year"])
def test_steps_and_dates_are_inverse(step):
    first = datetime.date(2023, 11, 28)
    for count in range(-14, 15):
        day = period_after(first, count, step)
        assert steps_between(first, day, step) == count
        assert steps_between(first, day - datetime.timedelta(days=1), step) == count - 1
