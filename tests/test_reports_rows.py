"""Earlier states of tables of reports; the shipped tables have the sums that are known of them."""

import datetime
import gzip
import pickle

import numpy as np
import pandas as pd
import pytest

from estimation.datasets.load import dataset_path, load_dataset
from estimation.errors import DataError, NotEstimableError
from estimation.tables.reports import read_reports
from estimation.tables.snapshots import read_snapshots
from estimation.tables.source import open_table
from models.reports import Reports

DENGUE = {"1990-08-27": (44, 44), "1990-09-03": (54, 57), "1990-09-10": (38, 45),
          "1990-09-17": (71, 78), "1990-09-24": (40, 52), "1990-10-01": (10, 75)}  # fmt: skip
TRIANGLES = {"abc": (11, 10_221_194), "genins": (10, 34_358_090), "mortgage": (9, 32_029_758),
             "mw2008": (9, 30_986_807), "raa": (10, 160_987), "ukmotor": (7, 75_672)}  # fmt: skip


def _same(one: Reports, other: Reports) -> bool:
    named = (one.periods, one.as_of, one.step, one.strata, one.dating)
    return one.content() == other.content() and named == (
        other.periods, other.as_of, other.step, other.strata, other.dating
    )  # fmt: skip


@pytest.fixture(scope="module")
def sweden():
    return read_reports("sweden_covid_deaths", negative="earlier")


@pytest.fixture(scope="module")
def dengue():
    return read_reports("dengue_puerto_rico")


# -- earlier states -----------------------------------------------------------------------------


@pytest.mark.parametrize("as_of", ["2020-04-07", "2020-05-19", "2020-07-14", "2020-08-22"])
@pytest.mark.parametrize("max_delay", [None, 35])
def test_an_earlier_state_is_that_of_a_file_cut_by_hand(as_of, max_delay, sweden):
    frame = load_dataset("sweden_covid_deaths")
    dates = load_dataset("sweden_covid_report_dates")["report_period"]
    cut = read_reports(
        frame[frame["report_period"] <= as_of], published=list(dates[dates <= as_of]),
        negative="earlier", last_event="report",
    )  # fmt: skip
    published_on = max(dates[dates <= as_of])
    there = cut.reports(published_on, max_delay=max_delay)
    here = sweden.reports(published_on, max_delay=max_delay)
    assert _same(there, here)
    assert here.periods[-1] == here.as_of == cut.as_of
    # a day without publication after it knows as much, and one more period that nobody knows
    later = sweden.reports(as_of, max_delay=max_delay)
    assert later.known.sum() == here.known.sum()


@pytest.mark.parametrize("as_of", ["1991-03-04", "1995-12-25"])
def test_an_earlier_state_by_week(as_of, dengue):
    frame = load_dataset("dengue_puerto_rico")
    cut = read_reports(frame[frame["report_period"] <= as_of], last_event="report")
    assert _same(cut.reports(max_delay=10), dengue.reports(as_of, max_delay=10))
    assert _same(
        cut.reports(max_delay=10, window=26), dengue.reports(as_of, max_delay=10).window(26)
    )


def test_rows_and_triangle_agree_on_the_past(dengue):
    whole = dengue.reports("1990-12-31")
    for day in ("1990-10-01", "1990-12-24"):
        date = datetime.date.fromisoformat(day)
        narrow = dengue.reports(day, max_delay=whole.n_delay - 1)
        assert _same(whole.until(date), narrow)


def test_rows_survive_pickling(dengue):
    again = pickle.loads(pickle.dumps(dengue))
    assert _same(again.reports("1990-10-01"), dengue.reports("1990-10-01"))


def test_undated_names_by_report():
    frame = _frame([("2024-01-05", "2024-01-05", 3), ("2024-01-06", "2024-01-07", 2),
                    ("", "2024-01-03", 4), ("unknown", "2024-01-06", 5),
                    ("NA", "2024-01-07", -2)])  # fmt: skip
    read = read_reports(frame, negative="earlier", published="all")
    # known before the first period: known in it
    assert read.reports().undated.ravel().tolist() == [4, 3, 0]
    assert read.reports("2024-01-06").undated.ravel().tolist() == [4, 5]
    assert read.reports().total == read.total == 12
    zero = read_reports(frame, negative="zero", published="all", last_event="report")
    assert zero.reports(window=2).undated.ravel().tolist() == [5, 0]


def test_a_last_event_leaves_later_ones_out(dengue):
    cut = read_reports("dengue_puerto_rico", last_event="1990-12-24")
    assert cut.reports().periods[-1] == datetime.date(1990, 12, 24)
    assert any("after last_event, left out" in note for note in cut.notes)


# -- withdrawn names ----------------------------------------------------------------------------


def _frame(rows):
    return pd.DataFrame(rows, columns=["event_period", "report_period", "count"])


def test_withdrawn_names_are_taken_off_the_latest_reports():
    frame = _frame([("2024-01-01", "2024-01-01", 5), ("2024-01-01", "2024-01-02", 3),
                    ("2024-01-01", "2024-01-04", -4), ("2024-01-01", "2024-01-05", 2),
                    ("2024-01-02", "2024-01-03", 1), ("2024-01-02", "2024-01-05", -3)])  # fmt: skip
    earlier = read_reports(frame, negative="earlier")
    assert earlier.reports().counts[:, :, 0].tolist() == [[4, 0, 0, 0, 2], [0, 0, 0, 0, 0]]
    assert "7 in 2 cells, taken off earlier reports" in earlier.notes[-1]
    assert "2 found none and were dropped" in earlier.notes[-1]
    assert earlier.reports().total == earlier.total + 2
    # before the withdrawal nobody knew of it
    assert earlier.reports("2024-01-03").counts[0, :2, 0].tolist() == [5, 3]
    zero = read_reports(frame, negative="zero")
    assert zero.reports().total == zero.total + 7 == 11
    assert "7 in 2 cells, ignored" in zero.notes[-1]


def test_treatments_keep_the_totals(sweden):
    ignored = read_reports("sweden_covid_deaths", negative="zero")
    assert ignored.reports().total == sweden.total + 186
    for as_of in ("2020-06-02", "2020-10-27"):
        raw = load_dataset("sweden_covid_deaths")
        raw = raw[raw["report_period"] <= as_of]
        assert sweden.reports(as_of).total == raw["count"].sum()
        by_day = raw.groupby("event_period")["count"].sum()
        found = sweden.reports(as_of)
        known = dict(zip(map(str, found.periods), found.known[:, 0].tolist(), strict=True))
        assert {day: known[day] for day in by_day.index} == by_day.to_dict()


# -- what is known of the shipped tables --------------------------------------------------------


def test_sweden(sweden):
    with pytest.raises(DataError, match=r"column count: -1 is negative.*first of 164 such rows"):
        read_reports("sweden_covid_deaths")
    assert int(sweden.counts[sweden.counts < 0].sum()) == -186
    dates = load_dataset("sweden_covid_report_dates").iloc[-1]
    assert sweden.total + dates["deaths_with_unknown_date"] == dates["total_published"] == 5_918
    assert len(sweden.publications) == 162
    assert any("first publication, 2020-04-02" in note for note in sweden.notes)
    assert any("186 in 164 cells" in note for note in sweden.notes)
    found = sweden.reports(max_delay=35)
    assert found.dating == "death"
    first = (datetime.date(2020, 4, 2) - found.periods[0]).days
    index = np.arange(found.shape[0])[:, None] + np.arange(36)
    # a twentieth of all names is known with the second publication only
    assert found.by_report[first] < 0.05 * found.total < found.by_report[: first + 2].sum()
    assert (found.masked == (index <= first + 1)).all()
    # of what is known on an earlier day it is with the first
    early = sweden.reports("2020-05-19", max_delay=35)
    index = np.arange(early.shape[0])[:, None] + np.arange(36)
    assert (early.masked == ((index <= first) & early.reported)).all()
    assert f"{found.beyond.sum()} of 5,911 names came later" in sweden.told(found)[-1]


def test_completeness_in_sweden():
    frame = load_dataset("sweden_covid_deaths")
    frame = frame[frame["event_period"].between("2020-03-11", "2020-06-30")]
    delay = pd.to_datetime(frame["report_period"]) - pd.to_datetime(frame["event_period"])
    final = frame["count"].sum()
    assert final == 5_481
    for days, percent in ((0, 3.0), (7, 72.9), (14, 95.9), (21, 98.9), (28, 99.7)):
        share = frame.loc[delay.dt.days <= days, "count"].sum() / final
        assert round(100 * share, 1) == percent


def test_dengue(dengue):
    found = dengue.reports()
    assert (found.total, found.step, found.periods[-1]) == (
        52_987, "week", datetime.date(2010, 11, 29)
    )  # fmt: skip
    now = dengue.reports("1990-10-01")
    at = {str(day): place for place, day in enumerate(found.periods)}
    for day, (reported, eventual) in DENGUE.items():
        assert now.known[at[day], 0] == reported
        assert found.known[at[day], 0] == eventual
    assert not found.masked.any()
    assert found.published.all()


def test_germany():
    rows = read_reports("germany_covid_hosp")
    found = rows.reports()
    assert (found.total, found.n_delay, rows.name) == (381_584, 41, "germany_covid_hosp")
    now = rows.reports("2021-08-22", max_delay=39, window=40)
    assert now.shape == (40, 40, 1)
    assert now.known[-7:].sum() == 1_093
    last = found.periods.index(datetime.date(2021, 8, 22))
    assert found.counts[last - 6 : last + 1, :40].sum() == 2_134
    ages = read_reports("germany_covid_hosp_by_age").reports()
    assert (ages.total, ages.shape) == (126_501, (153, 41, 6))
    assert ages.strata[0] == "00-04"


def test_hus_and_mpox():
    rows = read_reports("hus_o104_germany_2011")
    assert rows.reports().total == 630
    # delays of 15 days and more are one cell in the source
    found = rows.reports(max_delay=14)
    assert found.beyond.sum() == rows.reports().counts[:, 15].sum() > 0
    assert read_reports("mpox_nyc_diagnosis").reports(max_delay=10).total == 3_323
    assert read_reports("mpox_nyc_onset").reports(max_delay=30).total == 2_511


@pytest.mark.parametrize("name", TRIANGLES)
def test_claims(name):
    negative = "earlier" if name == "raa" else None
    rows = read_reports("claims_triangles", select={"triangle": name}, negative=negative)
    found = rows.reports()
    size, total = TRIANGLES[name]
    assert (found.shape, found.total, found.step) == ((size, size, 1), total, "year")
    assert found.as_of == found.periods[-1]
    assert (found.reported.sum(), found.masked.any()) == (size * (size + 1) // 2, False)


def test_claims_as_totals_or_without_a_choice():
    with pytest.raises(DataError, match=r"gives the cell .* a second time .*choose rows by select"):
        read_reports("claims_triangles")
    with pytest.raises(DataError, match="-103 is negative"):
        read_reports("claims_triangles", select={"triangle": "raa"})
    frame = load_dataset("claims_triangles").query("triangle == 'genins'")
    frame["count"] = frame.groupby("event_period")["count"].cumsum()
    with pytest.raises(DataError, match="looks cumulative: in 8 of 8 periods"):
        read_reports(frame)


def test_too_many_delays_are_refused():
    rows = read_reports(_frame([(f"19{year}-01-01", "2020-01-01", 1) for year in range(50, 99)]),
                        step="day")  # fmt: skip
    with pytest.raises(DataError, match="are more than a triangle can hold; set max_delay"):
        rows.reports()
    assert rows.reports(max_delay=5).total == 49


def test_packed_tables(tmp_path):
    path = dataset_path("germany_covid_hosp")
    assert path.name == "germany_covid_hosp.csv.gz"
    assert load_dataset("germany_covid_hosp")["count"].sum() == 381_584
    for name, content, part in (
        ("cut", path.read_bytes()[:9_999], r"cut\.csv\.gz: cannot be"),
        ("plain", b"count\n1\n", r"plain\.csv\.gz: cannot be read: Not a gzipped file"),
        ("wide", gzip.compress(b"count\n1,2\n"), r"wide\.csv\.gz line 2: has 2 fields"),
    ):
        (tmp_path / f"{name}.csv.gz").write_bytes(content)
        with pytest.raises(DataError, match=part):
            open_table(tmp_path / f"{name}.csv.gz")


def test_the_named_list_as_snapshots():
    """The first three columns have one definition; the fourth has another, so totals fall."""
    weeks = load_dataset("named_by_week")
    days = {f"named_dated_to_{year}_end": f"{year}-12-31" for year in (2022, 2023, 2024)}
    days["named_2025_08"] = "2025-08-15"
    table = weeks.melt("week_start", list(days), "as_of", "count")
    table["as_of"] = table["as_of"].map(days)
    with pytest.raises(DataError, match="2022-12-31 is before the period of death, 2023-01-02"):
        read_snapshots(table, period="week_start")
    table = table[table["week_start"] <= table["as_of"]]  # a few records carry impossible dates
    same = read_snapshots(table[table["as_of"] < "2025"], period="week_start")
    assert same.total == 95_926 - 46
    assert [str(day) for day in same.publications] == ["2022-12-26", "2023-12-25", "2024-12-30"]
    assert same.reports("2023-12-31").total == 42_195 - 54
    with pytest.raises(DataError, match=r"-23 against the list before.*first of 51 such rows"):
        read_snapshots(table, period="week_start")
    both = read_snapshots(table, period="week_start", negative="earlier")
    assert both.reports().total == 121_188


def test_one_period_in_the_past_is_refused(dengue):
    with pytest.raises(NotEstimableError, match="one period alone"):
        dengue.reports("1990-01-01")
