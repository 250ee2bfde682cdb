"""Later counts of a span, completed by delays learned from a triangle."""

import datetime
import json

import numpy as np
import pytest
import xarray

from estimation.diagnostics.verdicts import Verdict
from estimation.errors import DataError, NotEstimableError
from estimation.report.eventual import draw_eventual, eventual_says
from estimation.study.eventual import EventualFound, complete_all, eventual_rows, refuse_twice
from estimation.summaries.eventual import (
    Eventual,
    LaterCount,
    complete_count,
    foresee,
    share_known,
)
from estimation.summaries.losses import Losses
from estimation.summaries.report_places import report_place, rows_inside
from tests.fake_fits import fake_losses, periods_from
from tests.late_by_hand import late_losses, late_model

DECEMBER = datetime.date(2024, 12, 1)
MAY, AUGUST = datetime.date(2025, 5, 4), datetime.date(2025, 8, 15)


def later(count=45_287, as_of=MAY, **parts):
    """Return a count of 2024."""
    return LaterCount(**{"name": "may", "period": "2024", "count": count, "as_of": as_of, **parts})


def fake_late(names, ahead, as_of="2024-12-01"):
    """Return the losses of a fit of months to the end of 2024.

    Parameters
    ----------
    names : (draw, n_period) integers
    ahead : (draw, horizon + 1, n_period) numbers
    """
    names, ahead = np.asarray(names), np.asarray(ahead)
    months = [day.isoformat() for day in periods_from("2022-02-01", "month", 35)]
    months = months[-names.shape[1] :]
    dims = ("chain", "draw")
    tree = xarray.DataTree.from_dict({"posterior": xarray.Dataset(
        {"deaths": ((*dims, "period"), names[None]),
         "eventual_names": ((*dims, "period"), names[None]),
         "total": (dims, names.sum(axis=1)[None]),
         "reported_ahead": ((*dims, "ahead", "period"), ahead[None])},
        coords={"period": months},
    )})  # fmt: skip
    table = {"step": "month", "dating": "obituary", "partial": False, "apart": [],
             "names": "names", "exposure": None, "late": True,
             "known": np.ones((names.shape[1], 1), int).tolist()}  # fmt: skip
    tree.attrs = {"table": json.dumps(table), "as_of": as_of}
    return Losses(tree, 0.9, verdict=Verdict(()))


@pytest.mark.parametrize(
    ("day", "place"),
    [
        (datetime.date(2024, 12, 31), (0, 0.0)),
        (datetime.date(2025, 1, 31), (1, 0.0)),
        (datetime.date(2025, 2, 14), (1, 14 / 28)),
        (MAY, (4, 4 / 31)),
        (AUGUST, (7, 15 / 31)),
        (datetime.date(2025, 9, 30), (9, 0.0)),
    ],
)
def test_shares_hold_at_the_ends_of_report_periods(day, place):
    assert report_place(day, DECEMBER, "month", 9) == pytest.approx(place)


def test_days_outside_of_what_the_model_tells_are_refused():
    with pytest.raises(DataError, match="is before the date of the triangle, 2024-12-31"):
        report_place(datetime.date(2024, 12, 30), DECEMBER, "month", 9)
    with pytest.raises(DataError, match=r"the horizon of the model, 2025-09-30.*above 9"):
        report_place(datetime.date(2025, 10, 1), DECEMBER, "month", 9)


def test_a_span_must_lie_in_the_triangle():
    months = tuple(periods_from("2023-12-01", "month", 13))
    assert rows_inside("2024", months, "month") == list(range(1, 13))
    for words in ("2023", "2025", "2024-06..2025-01"):
        with pytest.raises(DataError, match="it runs from 2023-12-01 to 2024-12-31"):
            rows_inside(words, months, "month")


def test_periods_count_by_their_eventual_names():
    """Two months, two draws; in May 4/31 of the fifth month ahead is over."""
    names = [[300, 100], [100, 300]]
    four, five = [[0.9, 0.5], [0.8, 0.4]], [[1.0, 0.7], [0.9, 0.6]]
    ahead = np.zeros((2, 10, 2))
    ahead[:, 4], ahead[:, 5] = four, five
    found = share_known(later(period="2024-11..2024-12"), fake_late(names, ahead))
    at_four = [0.75 * 0.9 + 0.25 * 0.5, 0.25 * 0.8 + 0.75 * 0.4]
    at_five = [0.75 * 1.0 + 0.25 * 0.7, 0.25 * 0.9 + 0.75 * 0.6]
    expected = np.array(at_four) * 27 / 31 + np.array(at_five) * 4 / 31
    np.testing.assert_allclose(found, expected)
    # one month of them alone
    one = share_known(later(period="2024-12"), fake_late(names, ahead))
    np.testing.assert_allclose(one, np.array([0.5, 0.4]) * 27 / 31 + np.array([0.7, 0.6]) * 4 / 31)


def test_a_count_is_completed_as_under_the_scale_prior():
    """Negative binomial: mean n (1 - p) / p, variance n (1 - p) / p^2."""
    losses = fake_late(np.full((20_000, 12), 50), np.full((20_000, 10, 12), 0.8))
    found = complete_count(later(1000), losses, 7)
    to_come = found.names - 1000
    assert to_come.mean() == pytest.approx(250, abs=0.6)
    assert to_come.var() == pytest.approx(312.5, rel=0.05)
    again = complete_count(later(1000), losses, 7)
    np.testing.assert_array_equal(found.names, again.names)
    other = complete_count(later(1000, name="august"), losses, 7)
    assert (found.names != other.names).any()
    names, share = found.rows(0.9)
    assert names["index"] == {"period": "2024", "as_of": "2025-05-04"}
    assert (names["name"], names["mean"], share["name"]) == ("eventual", None, "reported_share")
    assert share["median"] == pytest.approx(0.8)


def test_all_known_and_next_to_nothing_known():
    everything = fake_late(np.full((50, 12), 5), np.ones((50, 10, 12)))
    assert set(complete_count(later(9), everything, 1).names) == {9}
    nothing = fake_late(np.full((50, 12), 5), np.zeros((50, 10, 12)))
    assert (complete_count(later(9), nothing, 1).names > 10**17).all()


def test_a_later_count_is_foretold_by_an_earlier_one():
    """Of 250 to come of 1,000 the share rises from 0.75 to 0.9: 150 of them are expected."""
    draws = 20_000
    earlier = Eventual(later(750), np.full(draws, 0.75), np.full(draws, 1000))
    at_last = Eventual(later(900, AUGUST, name="august"), np.full(draws, 0.9), np.full(draws, 1))
    found = foresee(earlier, at_last, 0.9, 3)
    assert found.names.mean() == pytest.approx(900, abs=0.3)
    assert found.names.var() == pytest.approx(250 * 0.6 * 0.4, rel=0.05)
    assert (found.low, found.median, found.high) == pytest.approx((887, 900, 913), abs=1)
    assert found.verdict == "inside"
    (row,) = found.rows(0.9)
    assert row["index"] == {"period": "2024", "as_of": "2025-08-15", "seen_from": "2025-05-04"}
    for count, verdict in ((914 + 1, "above"), (885, "below")):
        missed = Eventual(later(count, AUGUST, name="august"), at_last.share, at_last.names)
        assert foresee(earlier, missed, 0.9, 3).verdict == verdict


def test_nothing_is_left_to_come():
    full = Eventual(later(750), np.ones(9), np.full(9, 750))
    assert set(foresee(full, full, 0.9, 1).names) == {750}


def test_what_no_count_can_be():
    with pytest.raises(NotEstimableError, match="count: a count of zero"):
        later(0)
    with pytest.raises(DataError, match="as_of: must be a date"):
        later(as_of="2025-05-04")
    with pytest.raises(DataError, match="is no period"):
        later(period="spring")
    twice = [later(), later(44_000, name="other", period="2024-01..2024-12")]
    with pytest.raises(DataError, match="'may' and 'other' count"):
        refuse_twice(twice)


def test_fits_without_late_reports_or_horizon_are_refused():
    counted = fake_losses(np.ones((9, 12, 1)), first="2024-01-01", step="month", as_of="2024-12-31")
    with pytest.raises(DataError, match="has no late reports"):
        share_known(later(), counted)
    with pytest.raises(DataError, match="has no horizon"):
        share_known(later(period="2024-04"), late_losses(late_model(horizon=0)))


def test_counts_of_one_span_are_paired_in_the_order_of_their_dates():
    losses = fake_late(np.full((500, 12), 50), np.full((500, 10, 12), 0.8))
    asked = [
        later(900, AUGUST, name="august", model="late"), later(800, model="late"),
        later(70, period="2024-03", name="march", model="late"), later(name="lost", model="gone"),
    ]  # fmt: skip
    found = complete_all(asked, {"late": losses}, {"gone": "no fit"}, prob=0.9, seed=1)
    assert [one.later.name for one in found.counts] == ["august", "may", "march"]
    assert [(one.earlier.name, one.later.name) for one in found.foreseen] == [("may", "august")]
    assert found.failed == {"eventual lost": "the model gone has no fit to report: no fit"}
    assert [row["name"] for row in found.rows(0.9)] == ["eventual", "reported_share"] * 3 + [
        "foreseen"
    ]
    rows = {row["name"]: row for row in eventual_rows(found, 0.9)}
    assert rows["august"]["foreseen_from"] == "2025-05-04"
    assert rows["august"]["count_is"] == "above"  # nothing was to come between the two dates
    assert rows["may"]["count_is"] == ""
    assert found.of("late") == (list(found.counts), list(found.foreseen))
    assert found.of("base") == ([], [])
    said = eventual_says(found.counts, found.foreseen, 0.9)
    assert "900 known: above the interval" in said
    assert "too high and the eventual count too low" in said


def test_the_figure_has_known_names_and_later_counts(tmp_path):
    losses = fake_late(np.full((500, 12), 50), np.full((500, 10, 12), 0.8))
    asked = [later(800), later(900, AUGUST, name="august")]
    found = complete_all(asked, {"base": losses}, {}, prob=0.9, seed=1)
    months = np.array(losses.periods, "datetime64[D]")
    names = losses.eventual.sum(axis=2)
    for counts, foreseen in ((found.counts, found.foreseen), ((), ())):
        draw_eventual(months, np.full(12, 40), names, counts, foreseen, 0.9, "Names",
                      tmp_path / "eventual", unit="month")  # fmt: skip
        written = (tmp_path / "eventual.svg").read_text()
        assert ("seen from 2025-05-04" in written) == bool(counts)
    assert EventualFound().rows(0.9) == []
