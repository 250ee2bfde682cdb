"""Tables of estimates: what is read, what is refused and where the message points."""

import datetime

import numpy as np
import pandas as pd
import pytest

from estimation.datasets.load import load_dataset
from estimation.errors import DataError
from estimation.tables.estimates import read_estimates
from models.estimates import Estimates

DAY = datetime.date
PROBATE = {"central": "probate_deaths", "low": "probate_low", "high": "probate_high"}
TOTALS = {
    "central": "probate_cumulative", "low": "probate_cumulative_low",
    "high": "probate_cumulative_high", "period": "week_start", "step": "week",
    "cumulative": True,
}  # fmt: skip
MONTHS = "month,central,low,high\n2022-11,900,700,1100\n2022-12,1000,800,1300\n2023-01,1100,,\n"
SPANS = (
    "first,last,central,low,high\n"
    "2022-01-01,2022-06-30,900,700,1100\n"
    "2022-07-01,2022-12-31,1000,800,1300\n"
)


@pytest.fixture
def read(tmp_path):
    def from_text(text, **words):
        path = tmp_path / "said.csv"
        path.write_text(text, encoding="utf-8")
        return read_estimates(path, **words)

    return from_text


def _says(call, *words):
    with pytest.raises(DataError) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message


# -- what is read -------------------------------------------------------------------------------


def test_periods_become_spans(read):
    found = read(MONTHS.replace("1100,,", "1100,900,1300"), period="month", step="month", level=0.9)
    rows = found.estimates
    assert rows.central.tolist() == [900, 1000, 1100]
    assert rows.begin == (DAY(2022, 11, 1), DAY(2022, 12, 1), DAY(2023, 1, 1))
    assert rows.end == (DAY(2022, 12, 1), DAY(2023, 1, 1), DAY(2023, 2, 1))
    by_hand = Estimates.from_bounds(
        [900, 1000, 1100], [700, 800, 900], [1100, 1300, 1300], 0.9, rows.begin, rows.end
    )
    assert rows.content() == by_hand.content()
    assert (found.notes, found.name, found.source) == ((), "said.csv", "")


def test_first_and_last_days_become_spans(read):
    found = read(SPANS, begin="first", end="last", level=0.95).estimates
    assert found.begin == (DAY(2022, 1, 1), DAY(2022, 7, 1))
    assert found.end == (DAY(2022, 7, 1), DAY(2023, 1, 1))
    turned = "\n".join([SPANS.splitlines()[0], *SPANS.splitlines()[:0:-1]])
    assert read(turned, begin="first", end="last").estimates.content() == found.content()
    open_end = SPANS.replace("2022-12-31", "")
    assert read(open_end, begin="first", end="last").estimates.end[1] is None
    until = read(SPANS, begin="first", end="last", until="2022-06-30").estimates
    assert until.central.tolist() == [900]


def test_what_the_table_does_not_say_is_noted(read):
    found = read("central,low,high\n,100,400\n", level=0.95)
    assert found.estimates.central == pytest.approx([200])
    assert found.estimates.begin == (None,)
    assert found.notes == (
        "no central value in 1 of 1 rows: the geometric mean of the bounds is taken",
    )
    found = read(MONTHS.replace("2023-01,1100", "2023-01,"), period="month", step="month")
    assert found.notes == (
        "1 row without any number left out, the first in line 4",
        "the source states no level: read as 95 %",
    )
    bounds = read("low,high\n100,400\n", central=None, level=0.95)
    assert bounds.estimates.central == pytest.approx([200])


def test_a_data_frame_and_a_column_of_measures():
    frame = pd.DataFrame(
        {"central": [500, 900], "low": [400, 800], "high": [600, 1000], "what": ["Deaths", "hurt"]}
    )
    found = read_estimates(frame, measure="what", select={"what": "Deaths"}, level=0.95)
    assert (found.estimates.central.tolist(), found.name) == ([500], "table")
    _says(lambda: read_estimates(frame, measure="what"), "row 2, column what: 'hurt' is not the")


def test_rows_added_by_year(read):
    months = MONTHS.replace("1100,,", "1100,900,1300")
    found = read(months, period="month", step="month", group="year", correlation=1, level=0.95)
    assert found.estimates.central == pytest.approx([1900, 1100], rel=1e-3)
    assert found.estimates.end == (DAY(2023, 1, 1), DAY(2023, 2, 1))
    assert found.notes == ("3 rows added by year, their errors correlated by 1",)


# -- what is refused ----------------------------------------------------------------------------

PERIODS = {"period": "month", "step": "month"}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("900,700,1100", "600,700,1100", "line 2, column low: low 700 is above the central value"),
        ("900,700,1100", "1200,700,1100", "line 2, column high: high 1100 is below the central"),
        ("900,700,1100", "900,1100,700", "line 2, column low: low 1100 is not below high 700"),
        ("900,700,1100", "900,900,900", "line 2, column low: low 900 is not below high 900"),
        ("900,700,1100", ",900,700", "line 2, column low: low 900 is not below high 700"),
        ("900,700,1100", "900,-7,1100", "line 2, column low: '-7' is not above 0"),
        ("900,700,1100", "0,700,1100", "line 2, column central: '0' is not above 0"),
        ("900,700,1100", "1e999,7,11", "line 2, column central: '1e999' is not above 0 and finite"),
        ("900,700,1100", "many,700,1100", "line 2, column central: 'many' is no number"),
        ("900,700,1100", "900,nan,1100", "line 2, column low: 'nan' is no number"),
        ("900,700,1100", '900,700,"1,100"', "column high: '1,100' has marks between its digits"),
        ("900,700,1100", "900,,1100", "line 2, column low: a central value without low"),
        ("900,700,1100", "900,700,", "line 2, column high: a central value without high"),
        ("900,700,1100", "900,,", "line 2, column low: a central value without bounds"),
        ("900,700,1100", ",700,", 'line 2, column high: "at least" 700 is no estimate'),
        ("900,700,1100", ",,1100", 'line 2, column low: "at most" 1100 is no estimate'),
        ("2022-12", "2022-11", "line 3: 2022-11-01 to 2022-11-30 is given a second time (line 2"),
        ("2022-12", "2022-13", "line 3, column month: '2022-13' is no month of the calendar"),
        ("2022-12", "12/22", "line 3, column month: '12/22' is no period"),
        ("2022-12", "", "line 3, column month: does not say which period is meant"),
        ("900,700,1100", "900,899,901", "line 2: 0.000567 is smaller than counting noise allows"),
    ],
)
def test_bad_rows_of_periods(read, old, new, words):
    text = MONTHS.replace(",1100,,", ",1100,900,1300").replace(old, new)
    _says(lambda: read(text, **PERIODS), words, "said.csv")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("2022-12-31", "2022-06-30", "line 3, column last: the last day 2022-06-30 is before the"),
        ("2022-07-01", "2022-06-30", "line 3: 2022-06-30 to 2022-12-31 overlaps 2022-01-01 to"),
        ("2022-07-01", "", "line 2: 2022-01-01 to 2022-06-30 overlaps the beginning to 2022-12"),
        ("2022-06-30", "", "line 3: 2022-07-01 to 2022-12-31 overlaps 2022-01-01 to the end"),
        ("2022-07-01", "1.7.2022", "line 3, column first: '1.7.2022' can be read as more than one"),
        ("2022-07-01", "unknown", "line 3, column first: 'unknown' is no ISO date"),
        ("2022-07-01", "2022-07-01 10:00", "has a time of day"),
    ],
)
def test_bad_spans(read, old, new, words):
    _says(lambda: read(SPANS.replace(old, new), begin="first", end="last"), words, "said.csv")


def test_a_gap_where_rows_are_added(read):
    gap = SPANS.replace("2022-07-01", "2022-07-03")
    assert read(gap, begin="first", end="last").estimates.rows == 2
    _says(
        lambda: read(gap, begin="first", end="last", group="year"),
        "said.csv line 3: begins on 2022-07-03, and line 2 ends with 2022-06-30",
    )
    empty = "month,central,low,high\n2022-10,9,,\n2022-11,,,\n2022-12,900,700,1100\n"
    text = empty.replace("9,,", "900,700,1100")
    _says(lambda: read(text, **PERIODS, group="year"), "line 4: begins on 2022-12-01, and line 2")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"period": "month"}, "step: no step is given"),
        ({"period": "week", "step": "week"}, "has no column 'week'"),
        ({"central": "middle"}, "has no column 'middle'"),
        ({"period": "month", "step": "month", "begin": "month"}, "beside a column of periods"),
        ({"group": "year"}, "group: needs rows that begin on a day of their own"),
        ({**PERIODS, "group": "decade"}, "group: no group 'decade'"),
        ({**PERIODS, "group": "year", "cumulative": True}, "totals from the beginning cannot be"),
        ({"cumulative": True}, "cumulative: needs a column of periods or of last days"),
        ({"begin": "month", "cumulative": True}, "and totals run from the beginning"),
        ({"until": "2022-12-31"}, "until: bounds spans, and there is no column of them"),
        ({**PERIODS, "until": "2022-10-31"}, "no estimate ends on 2022-10-31 or before"),
        ({**PERIODS, "until": "31.10.2022"}, "until: '31.10.2022' is no ISO date"),
        ({**PERIODS, "select": {"month": "2024-01"}}, "no row has month = '2024-01'"),
        ({**PERIODS, "measure": "what"}, "has no column 'what'"),
        ({}, "line 3: is a second estimate, and no span is given"),
    ],
)
def test_words_that_do_not_fit(read, words, said):
    _says(lambda: read(MONTHS.replace(",1100,,", ",1100,900,1300"), **words), said)


def test_levels_and_correlations_that_are_none(read):
    text = "central,low,high\n900,700,1100\n"
    _says(lambda: read(text, level=95), "level: must lie strictly between 0 and 1, not 95")
    _says(lambda: read(text, correlation=2), "correlation: must lie between 0 and 1, not 2")
    _says(lambda: read("central,low,high\n,,\n1,,\n"), "line 3, column low: a central value")
    nothing = "side,central,low,high\none,,,\nother,900,700,1100\n"
    _says(lambda: read(nothing, select={"side": "one"}), "no row holds an estimate")


def test_casualties_are_never_read(read):
    text = "casualties,low,high\n900,700,1100\n"
    never = "casualties are killed and wounded"
    _says(lambda: read(text, central="casualties"), "column casualties: does not count", never)
    wounded = "central,wounded_low,high\n900,700,1100\n"
    _says(lambda: read(wounded, low="wounded_low"), "column wounded_low: does not count", never)
    text = "measure,central,low,high\ncasualties,900,700,1100\n"
    _says(lambda: read(text), "line 2, column measure: 'casualties' is not the killed", never)


def test_totals_from_the_beginning(read):
    text = "last,total,low,high\n2022-12-31,900,700,1100\n2023-12-31,2000,1500,2600\n"
    words = {"end": "last", "central": "total", "cumulative": True}
    found = read(text, **words, correlation=0.9).estimates
    assert (found.begin, found.end) == ((None, None), (DAY(2023, 1, 1), DAY(2024, 1, 1)))
    _says(lambda: read(text, **words), "2 totals that hold each other are read as independent")
    falls = text.replace("2000,1500", "800,500")
    _says(lambda: read(falls, **words, correlation=0.9), "line 3: a total of 800 after 900")
    twice = text.replace("2023", "2022")
    _says(lambda: read(twice, **words, correlation=0.9), "line 3: gives", "(line 2 gives it too)")
    absent = text.replace("2023-12-31", "")
    _says(lambda: read(absent, **words, correlation=0.9), "line 3, column last: is empty")
    named = text.replace("total", "deaths_cum")
    _says(
        lambda: read(named, begin="last", central="deaths_cum"),
        "column deaths_cum: holds totals from the beginning, by its name",
    )


# -- shipped tables -----------------------------------------------------------------------------


def test_probate_by_year():
    found = read_estimates("probate_by_week", **PROBATE, correlation=1, group="year")
    rows = found.estimates
    assert rows.begin == (DAY(2022, 2, 21), DAY(2023, 1, 2), DAY(2024, 1, 1))
    assert rows.end == (*rows.begin[1:], DAY(2024, 11, 25))
    weeks = load_dataset("probate_by_week")
    sums = weeks["probate_deaths"].groupby(weeks["week_start"].str[:4]).sum()
    # errors of all weeks are nearly alike and correlated by 1: medians nearly add
    assert rows.central == pytest.approx(sums[["2022", "2023", "2024"]].to_numpy(), rel=1e-5)
    assert rows.central.round() == pytest.approx([19_116, 52_919, 79_567])
    assert rows.errors == pytest.approx([0.0351, 0.0349, 0.0372], abs=5e-5)
    # at correlation 1 the bounds of the sums are nearly the sums of the bounds
    bounds = weeks[["probate_low", "probate_high"]].groupby(weeks["week_start"].str[:4]).sum()
    by_sums = np.log(bounds["probate_high"] / bounds["probate_low"]) / (2 * 1.959964)
    assert rows.errors == pytest.approx(by_sums[["2022", "2023", "2024"]].to_numpy(), rel=0.01)
    assert found.notes == (
        "38 rows without any number left out, the first in line 146",
        "the source states no level: read as 95 %",
        "144 rows added by year, their errors correlated by 1",
    )
    assert "Meduza" in found.source


def test_single_weeks_of_probate_are_below_counting_noise():
    _says(
        lambda: read_estimates("probate_by_week", **PROBATE, correlation=1),
        "probate_by_week.csv line 2: 0.0319 is smaller than counting noise allows, 0.048",
        'group = "year"',
    )
    _says(
        lambda: read_estimates("probate_by_week", **PROBATE, group="year"),
        "sum of 2022: 0.00613 is smaller", "state a correlation",
    )  # fmt: skip


def test_probate_from_the_beginning():
    found = read_estimates("probate_cumulative", **TOTALS, select={"week_start": "2023-12-25"})
    assert found.estimates.central.tolist() == [80_782.59]
    assert (found.estimates.begin, found.estimates.end) == ((None,), (DAY(2024, 1, 1),))
    by_week = {**TOTALS, "cumulative": False}
    _says(lambda: read_estimates("probate_cumulative", **by_week), "set cumulative = true")
    _says(lambda: read_estimates("probate_cumulative", **TOTALS), "102 totals that hold each other")


def test_published_estimates():
    chosen = {"side": "russia", "measure": "deaths"}

    def of(day):
        return read_estimates("published_estimates", select={**chosen, "as_of": day}, level=0.95)

    assert of("2023-05-27").estimates.errors == pytest.approx([0.0812], abs=5e-5)
    _says(lambda: of("2022-07-20"), '"at least" 15000 is no estimate')
    _says(lambda: of("2022-06-29"), '"at most" 25000 is no estimate')
    _says(lambda: of("2022-09-21"), "a central value without bounds")
    _says(lambda: read_estimates("published_estimates", select=chosen), "mixed as-of dates")
    _says(lambda: read_estimates("published_estimates"), "'casualties' is not the killed")
    table = load_dataset("published_estimates")
    assert table["measure"].value_counts().to_dict() == {"deaths": 61, "casualties": 31}
