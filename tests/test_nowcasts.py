"""Nowcasts from what was known at one date: sums, rows, windows; without fits."""

import datetime

import numpy as np
import pytest

from estimation.errors import GateError, NotEstimableError, UsageError
from estimation.nowcasts.nowcast import nowcast
from estimation.nowcasts.windows import (
    choose_scope,
    default_delay,
    default_last,
    default_window,
    padded,
    within,
)
from estimation.tables.report_rows import ReportRows
from estimation.tables.reports import read_reports
from models.reports import Reports
from tests.fake_nowcasts import FIRST, FakeFits, write_table


@pytest.fixture
def fits(monkeypatch):
    return FakeFits(monkeypatch)


def _rows(tmp_path, **options) -> ReportRows:
    path = write_table(tmp_path, **options)
    return read_reports(path, stratum="place" if options.get("strata") else None)


def test_the_sum_comes_first_and_holds_what_is_known(tmp_path, fits):
    found = nowcast(_rows(tmp_path), max_delay=3, window=10)
    rows = found.rows()
    assert (rows[0]["name"], rows[0]["index"]) == ("eventual", {})
    # 40 periods before the window are complete: 20 names each
    assert found.earlier.tolist() == [40 * 20]
    assert found.total_known == 47 * 20 + 18 + 14 + 8
    assert (found.total == found.names.sum(axis=(1, 2)) + 800).all()
    assert rows[0]["median"] == pytest.approx(1000, abs=5)
    assert rows[0]["mean"] is None  # this model has none
    by_period = [row for row in rows if row["name"] == "eventual" and "period" in row["index"]]
    assert [row["index"]["period"] for row in by_period] == [
        str(FIRST + datetime.timedelta(days=k)) for k in range(40, 50)
    ]
    assert by_period[0]["low"] == by_period[0]["high"] == 20
    assert by_period[-1]["low"] < 20 < by_period[-1]["high"]
    known = [row["median"] for row in rows if row["name"] == "known"]
    assert known == [20] * 7 + [18, 14, 8]
    reported = [row["median"] for row in rows if row["name"] == "reported_by_now"]
    assert reported[-4:] == pytest.approx([1, 0.9, 0.7, 0.4])
    said = " ".join(found.notes)
    assert "Delays are learned from the last 10 days, from 2024-02-10 on" in said
    assert "their 800 names" in said
    assert found.result().to_dict()["engine"] == "nuts"


def test_an_earlier_date_sees_nothing_of_what_came_later(tmp_path, fits):
    rows = _rows(tmp_path)
    found = nowcast(rows, "2024-01-31", max_delay=3, window=20)
    assert (found.as_of, found.reports.periods[-1]) == (datetime.date(2024, 1, 31),) * 2
    assert found.known[-4:].tolist() == [20, 18, 14, 8]
    # the same from a table that ends there
    short = _rows(tmp_path, periods=31, name="short.csv")
    again = nowcast(short, max_delay=3, window=20)
    assert again.reports.content() == found.reports.content()
    assert (again.total == found.total).all()


def test_the_last_periods_are_summed_from_joint_draws(tmp_path, fits):
    found = nowcast(_rows(tmp_path), max_delay=3, window=10)
    row = found.rows()[1]
    assert row["index"] == {"last": "4"}
    assert row["high"] == np.quantile(found.by_period[:, -4:].sum(axis=1), 0.975)


def test_strata_have_rows_and_sums_of_their_own(tmp_path, fits):
    found = nowcast(_rows(tmp_path, strata=("east", "west")), max_delay=3, window=10)
    assert found.names.shape[1:] == (10, 2)
    rows = {tuple(row["index"].items()): row for row in found.rows() if row["name"] == "eventual"}
    east, west = rows[("stratum", "east"),], rows[("stratum", "west"),]
    assert east["median"] == pytest.approx(1000, abs=5)
    assert (east["low"], west["low"]) > (800, 800)
    day = ("period", "2024-02-19")
    assert {(day, ("stratum", "east")), (day, ("stratum", "west")), (day,)} <= set(rows)
    assert found.rows()[0]["median"] == pytest.approx(2000, abs=8)


def test_names_without_a_period_are_part_of_the_sum_alone(tmp_path, fits):
    path = write_table(tmp_path)
    path.write_text(path.read_text() + "unknown,2024-01-05,7\nunknown,2024-02-19,3\n")
    found = nowcast(read_reports(path), max_delay=3, window=10)
    assert found.earlier.tolist() == [810]
    assert (found.total == found.names.sum(axis=(1, 2)) + 810).all()


def test_the_chain_ladder_needs_no_fit(tmp_path, fits):
    found = nowcast(_rows(tmp_path), method="chain-ladder", max_delay=3)
    assert not fits.shapes
    result = found.result().to_dict()
    assert result["engine"] == "classical"
    assert result["diagnostics"]["verdict"] == "pass"
    assert result["estimates"][0]["method"] == "over_dispersed_poisson"
    # a table without noise: the factors are exact
    assert found.rows()[0]["median"] == 1000
    assert "delays of the last periods" in found.assumptions[0]["statement"]
    with pytest.raises(UsageError, match="chain-ladder"):
        nowcast(_rows(tmp_path), method="chain-lader")


def test_a_fit_that_failed_is_refused_unless_accepted(tmp_path, monkeypatch):
    FakeFits(monkeypatch, unsound=True)
    rows = _rows(tmp_path)
    with pytest.raises(GateError, match="R-hat"):
        nowcast(rows, max_delay=3)
    found = nowcast(rows, max_delay=3, accept="a trial")
    assert found.verdict.accepted == "a trial"


def test_names_of_longer_delays_are_told(tmp_path, fits):
    found = nowcast(_rows(tmp_path), max_delay=1, window=10)
    said = " ".join(found.notes)
    assert "came later than the longest delay, 1 day" in said
    assert found.known[:7].tolist() == [20] * 7


# -- what is looked at ----------------------------------------------------------------------------


def test_the_longest_delay_is_that_of_almost_all_names(tmp_path):
    rows = _rows(tmp_path)
    scope = choose_scope(rows, None, None, None)
    assert (scope.max_delay, scope.window) == (3, 52)
    assert "The longest delay is taken as 3 days" in scope.notes[0]
    given = choose_scope(rows, None, 2, 30)
    assert (given.max_delay, given.window, given.notes) == (2, 30, ())


@pytest.mark.parametrize(("counts", "beyond", "delay"), [
    # 4 in 1000 come later than 1, 6 in 1000 with a delay of 2
    ([900, 96, 0, 4], 0, 1), ([900, 94, 6, 0], 0, 2), ([900, 90, 0, 0], 10, 3),
    ([5, 0, 0, 0], 0, 1),
])  # fmt: skip
def test_the_rule_of_the_longest_delay(counts, beyond, delay):
    periods = tuple(FIRST + datetime.timedelta(days=k) for k in range(8))
    age = 7 - np.arange(8)
    cells = np.where(np.arange(4) <= age[:, None], counts, 0)[:, :, None]
    late = np.where(age >= 4, beyond, 0)[:, None]
    assert default_delay(Reports(cells, periods, "day", periods[-1], beyond=late)) == delay


def test_other_defaults():
    assert [default_window(delay) for delay in (3, 31, 40)] == [52, 52, 61]
    assert default_last("day", 3) == 4
    assert default_last("day", 40) == 14
    assert [default_last(step, 40) for step in ("week", "month", "year")] == [6, 6, 6]


def test_padding_adds_masked_periods_without_names(tmp_path):
    reports = _rows(tmp_path).reports("2024-01-08", max_delay=3)
    found = padded(reports, 12)
    assert found.shape == (12, 4, 1)
    assert found.n_report == 12
    assert found.periods[4:] == reports.periods
    assert found.extra("masked")[:4].all()
    assert found.counts[:4].sum() == 0
    assert (found.counts[4:] == reports.counts).all()
    assert (found.extra("published")[4:] == reports.extra("published")).all()
    assert padded(reports, 5) is reports


def test_names_beyond_are_dropped_where_they_are_not_scored(tmp_path):
    reports = _rows(tmp_path).reports(max_delay=1)
    assert reports.known[:40].tolist() == [[20]] * 40
    assert within(reports).known[:40].tolist() == [[14]] * 40


def test_a_first_publication_alone_says_nothing_of_delays(fits):
    rows = read_reports("sweden_covid_deaths", negative="earlier")
    for method in ("model", "chain-ladder"):
        with pytest.raises(NotEstimableError, match="no name has a known delay"):
            nowcast(rows, "2020-04-02", method=method)
    notes = choose_scope(rows, "2020-04-10", None, None).notes
    assert "No period was followed from its start for more than 7 days" in notes[1]
