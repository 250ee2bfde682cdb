"""Reading tables of counts: what is right becomes cells, what is wrong is told with its line."""

import datetime
import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estimation.errors import DataError, NotEstimableError
from estimation.tables.read import read_cells

WEEKS = {"period": "week", "step": "week"}
BOTH = {**WEEKS, "stratum": "region"}
GOOD = """week,region,count
2024-01-15,A,3
2024-01-15,B,4
2024-01-22,A,5
2024-01-22,B,0
"""


@pytest.fixture
def table(tmp_path: Path):
    """Return a function that writes a CSV and returns its path."""

    def write(text: str | bytes, name: str = "list.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


def _numbers(cells):
    return (cells.content(), cells.periods, cells.step, cells.strata, cells.apart, cells.dating)


def _message(source, **options):
    with pytest.raises(DataError) as caught:
        read_cells(source, **options)
    said = str(caught.value)
    assert "\n" not in said
    assert caught.value.exit_code == 3
    return said


# -- what is right ------------------------------------------------------------------------------


def test_a_table_becomes_cells(table):
    read = read_cells(table(GOOD), **BOTH)
    assert read.cells.counts.tolist() == [[3, 4], [5, 0]]
    assert read.cells.periods == (datetime.date(2024, 1, 15), datetime.date(2024, 1, 22))
    assert (read.cells.step, read.cells.strata) == ("week", ("A", "B"))
    assert (read.as_of, read.name, read.source) == (None, "list.csv", "")
    assert (read.cells.dating, read.cells.partial) == ("death", False)


@pytest.mark.parametrize(
    ("step", "words", "first"),
    [
        ("day", ("2024-02-28", "2024-02-29", "2024-03-01"), (2024, 2, 28)),
        ("week", ("2024-W52", "2025-W01", "2025-W02"), (2024, 12, 23)),
        ("week", ("2024-02-22", "2024-02-29", "2024-03-07"), (2024, 2, 22)),
        ("month", ("2024-11", "2024-12", "2025-01"), (2024, 11, 1)),
        ("month", ("2024-11-01", "2024-12-01", "2025-01-01"), (2024, 11, 1)),
        ("year", ("2023", "2024", "2025"), (2023, 1, 1)),
    ],
)
def test_each_form_of_period(table, step, words, first):
    rows = "".join(f"{word},{place}\n" for place, word in enumerate(words))
    cells = read_cells(table("when,count\n" + rows), period="when", step=step).cells
    assert cells.periods[0] == datetime.date(*first)
    assert cells.counts.ravel().tolist() == [0, 1, 2]


def test_gaps_mean_what_the_user_says(table):
    text = "week,region,count\n2024-01-15,A,3\n2024-01-15,B,\n2024-01-29,A,5\n2024-01-29,B,1\n"
    zero = read_cells(table(text), **BOTH, gaps="zero").cells
    assert zero.counts.tolist() == [[3, 0], [0, 0], [5, 1]]
    assert zero.observed.all()
    missing = read_cells(table(text), **BOTH, gaps="missing").cells
    assert missing.observed.tolist() == [[True, False], [False, False], [True, True]]


UNKNOWN = "week,region,count\n2024-01-15,A,3\n2024-01-15,NA,4\nunknown,A,5\n,Unknown,6\n"


def test_unknown_places_are_kept_in_sight(table):
    cells = read_cells(table(UNKNOWN), **BOTH).cells
    assert (cells.strata, cells.apart) == (("A", "unknown"), ("unknown",))
    assert (cells.counts.tolist(), cells.undated.tolist()) == ([[3, 4]], [5, 6])
    assert cells.total == 18


def test_unknown_places_are_left_to_the_model(table):
    cells = read_cells(table(UNKNOWN.replace(",Unknown,6\n", "")), **BOTH, unknown="allocate").cells
    assert (cells.strata, cells.apart, cells.counts.tolist()) == (("A",), (), [[3]])
    assert (cells.unknown_stratum.tolist(), cells.unknown_period.tolist()) == ([4], [5])
    periods = "week,count\n2024-01-15,3\nunknown,5\n"
    assert read_cells(table(periods), **WEEKS, unknown="allocate").cells.unknown_period[0] == 5
    strata = "region,count\nA,3\nNA,5\n"
    cells = read_cells(table(strata), stratum="region", unknown="allocate").cells
    assert cells.unknown_stratum[0] == 5


def test_one_row_is_one_cell(table):
    read = read_cells(table("as_of,count\n2024-01-15,7.0\n"))
    assert (read.cells.total, read.cells.dims()) == (7, ())
    assert read.as_of == datetime.date(2024, 1, 15)


def test_bounds_keep_whole_periods(table):
    options = {"since": "2024-01-16", "until": datetime.date(2024, 1, 28)}
    assert read_cells(table(GOOD), **BOTH, **options).cells.counts.tolist() == [[5, 0]]
    options["until"] = "2024-01-27"
    assert "no period lies wholly" in _message(table(GOOD), **BOTH, **options)


def test_exposure_is_found_by_name(table):
    table("area,men\nB,200\nA,100.5\nC,5\nunknown,\n", "men.csv")
    text = GOOD + "2024-01-15,abroad,1\n2024-01-22,abroad,1\n"
    path = table(text)
    exposure = {"table": path.parent / "men.csv", "column": "men", "stratum": "area"}
    cells = read_cells(path, **BOTH, exposure=exposure, apart=["abroad"]).cells
    assert (cells.exposure.tolist(), cells.strata[2]) == ([100.5, 200.0, 1.0], "abroad")


def test_select_compares_dates_as_text(table):
    text = "as_of,measure,count\n2024-01-15,killed,7\n2024-02-15,killed,9\n2024-02-15,wounded,99\n"
    chosen = {"as_of": datetime.date(2024, 2, 15), "measure": "killed"}
    read = read_cells(table(text), select=chosen)
    assert (read.cells.total, read.as_of) == (9, datetime.date(2024, 2, 15))


def test_lines_are_those_of_an_editor(table):
    text = 'week,count,note\n2024-01-15,1,"two\nlines"\n\n2024-01-22,x,\n'
    assert "list.csv line 5, column count: 'x' is no count" in _message(table(text), **WEEKS)
    marked = b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()
    assert read_cells(table(marked), **BOTH).cells.total == 12


# -- what is wrong, row by row ------------------------------------------------------------------

W = "week,count\n2024-01-15,1\n"
R = "week,region,count\n2024-01-15,A,1\n"
COUNT = "list.csv line 3, column count: "
PERIOD = "list.csv line 3, column week: "
BAD = {
    "negative": (W + "2024-01-22,-3\n", WEEKS, COUNT + "'-3' is negative (a count"),
    "fraction": (W + "2024-01-22,1.5\n", WEEKS, COUNT + "'1.5' is not whole"),
    "word": (W + "2024-01-22,many\n", WEEKS, COUNT + "'many' is no count"),
    "power": (W + "2024-01-22,1e3\n", WEEKS, COUNT + "'1e3' is no count"),
    "nan": (W + "2024-01-22,NaN\n", WEEKS, COUNT + "'NaN' is not a number"),
    "infinite": (W + "2024-01-22,-inf\n", WEEKS, COUNT + "'-inf' is infinite"),
    "marked": (W + '2024-01-22,"1,234"\n', WEEKS, COUNT + "'1,234' has marks", "write digits"),
    "large": (W + "2024-01-22,9999999999999\n", WEEKS, COUNT, "is too large"),
    "several": (W + "2024-01-22,x\n2024-01-29,-1\n", WEEKS, "the first of 2 such rows"),
    "empty": (W + "2024-01-22,\n", WEEKS, COUNT + "is empty", 'gaps = "zero"', '"missing"'),
    "slashes": (W + "01/02/2024,1\n", WEEKS, PERIOD, "more than one day", "write ISO"),
    "day first": (W + "15-01-2024,1\n", WEEKS, PERIOD, "more than one day"),
    "mixed": (W + "2024-W04,1\n", WEEKS, PERIOD + "'2024-W04' is an ISO week where line 2 has a d"),
    "no period": (W + "spring,1\n", WEEKS, PERIOD + "'spring' is no period"),
    "with time": (W + "2024-01-22T10:00,1\n", WEEKS, PERIOD, "is no period"),
    "no day": (W + "2024-02-30,1\n", WEEKS, PERIOD + "'2024-02-30' is no date of the calendar"),
    "weekday": (W + "2024-01-23,1\n", WEEKS, PERIOD + "'2024-01-23' is a Tuesday where line 2"),
    "no fit": (W.replace("-15", ""), WEEKS, "line 2, column week: '2024-01' is a month, which is"),
    "late": (W, {**WEEKS, "step": "month"}, "'2024-01-15' is not the first day of a month"),
    "no week": ("week,count\n2024-W53,1\n", WEEKS, "'2024-W53' is no ISO week of the calendar"),
    "far year": (W + "9024-01-15,1\n", {**WEEKS, "step": "day", "gaps": "zero"}, "is mistyped"),
    "none known": ("week,count\nunknown,1\n", WEEKS, "no row has a known period"),
    "twice": (R + "2024-01-15,B,2\n2024-01-15,A,2\n", BOTH,
              "list.csv line 4: gives the cell 2024-01-15, 'A' a second time (line 2 gives"),
    "twice in all": ("count\n1\n2\n", {}, "line 3: gives the one cell of the table a second time"),
    "gap": (R + "2024-01-22,B,2\n", BOTH,
            "list.csv: the cell 2024-01-15, 'B' is missing, the first of 2 cells", "gaps ="),
    "gap in time": (W + "2024-01-29,2\n", WEEKS, "the cell 2024-01-22 is missing (nothing"),
    "gap of none": ("week,count\n2024-01-15,1\nunknown,\n", {**WEEKS, "gaps": "missing"},
                    "line 3, column count: is empty beside an unknown"),
    "no place": (R + "NA,,2\n", {**BOTH, "unknown": "allocate"},
                 "line 3: has neither a period nor a stratum", 'unknown = "keep"'),
    "mixed days": ("as_of,count\n2024-01-15,1\n2024-01-16,2\n", {},
                   "line 3, column as_of: mixed as-of dates: '2024-01-16' where line 2 has '2024"),
    "no as-of": ("as_of,count\n15.1.24,1\n", {}, "line 2, column as_of: '15.1.24' is no ISO date"),
    "casualties": ("measure,count\nkilled,1\ncasualties,2\n", {},
                   "line 3, column measure: 'casualties' is not the killed", "never be mixed"),
    "two measures": ("measure,count\nkilled,1\ndead,2\n", {}, "'dead' where line 2 has 'killed'"),
    "column": ("uk_casualties\n1\n", {"count": "uk_casualties"}, "column uk_casualties: does not"),
    "no column": (W, {**WEEKS, "count": "counts"}, "list.csv: has no column 'counts'",
                  "did you mean 'count'? (there are week, count)"),
    "no rows": (W, {**WEEKS, "select": {"week": "2024-01-16"}},
                "no row has week = '2024-01-16' (the values are '2024-01-15')"),
    "no stratum": (R, {**BOTH, "apart": ["a"]}, "no stratum 'a'", "there are A"),
    "all apart": (R, {**BOTH, "apart": ["A"]}, "no stratum is known and not apart"),
    "too long": (W + "2024-01-22,1,2\n", WEEKS, "list.csv line 3: has 3 fields where the header"),
    "too short": (R + "2024-01-22,B\n", BOTH, "list.csv line 3: has 2 fields where the header"),
    "open quote": (W + '2024-01-22,"2\n', WEEKS, "quotation mark that is not closed"),
    "header twice": ("week,count,count\n2024-01-15,1,1\n", WEEKS, "columns 2 and 3 have the same"),
    "semicolons": ("week;count\n2024-01-15;1\n", WEEKS, "list.csv: has semicolons between"),
    "nothing": ("", {}, "list.csv: is empty"),
    "blank": ("\n\n", {}, "list.csv: has no header in line 1"),
    "no row": ("count\n", {}, "list.csv: has a header but no rows"),
    "latin": ("week,region,count\n2024-01-15,\xe9,1\n".encode("latin-1"), BOTH, "is not UTF-8"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_table_is_told_in_one_line(name, table):
    text, options, *parts = BAD[name]
    said = _message(table(text), **options)
    for part in parts:
        assert part in said


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({**BOTH, "step": None}, "step: no step is given"),
        ({**BOTH, "step": "fortnight"}, "step: no step 'fortnight'"),
        ({"stratum": "region", "step": "week"}, "step: 'week' is given without a column"),
        ({**BOTH, "gaps": "null"}, "gaps: no gaps 'null'; one of zero, missing"),
        ({**BOTH, "unknown": "drop"}, "unknown: no unknown 'drop'"),
        ({**BOTH, "dating": "deaths"}, "dating: no dating 'deaths'; did you mean 'death'?"),
        ({**BOTH, "apart": "A"}, "apart: must be a list of names"),
        ({**WEEKS, "apart": ["A"]}, "apart: names strata"),
        ({**BOTH, "select": ["week"]}, "select: must name columns and values"),
        ({**BOTH, "select": {"week": ""}}, "no row has week = ''"),
        ({**BOTH, "since": "2024"}, "since: '2024' is no ISO date"),
        ({**BOTH, "until": "2024-02-30"}, "until: '2024-02-30' is no ISO date"),
        ({**BOTH, "since": "2024-02-01", "until": "2024-01-01"}, "since: 2024-02-01 is after"),
        ({"stratum": "region", "until": "2024-01-01"}, "until: bounds periods"),
        ({**WEEKS, "exposure": {}}, "gives the cell"),
        ({**BOTH, "exposure": "men"}, "exposure: must be a table of"),
        ({**BOTH, "exposure": {"tables": "men"}}, "did you mean 'table'?"),
        ({**BOTH, "exposure": {"table": "men"}}, "exposure: 'column' is missing"),
    ],
)
def test_a_bad_argument_is_told_in_one_line(options, part, table):
    assert part in _message(table(GOOD), **options)


@pytest.mark.parametrize(
    ("men", "part"),
    [
        ("region,men\nA,9\nBe,9\n", "list.csv line 3, column region: 'B' is not in the exposure"),
        ("region,men\nA,9\nC,8\n", "add it there, or put it apart"),
        ("region,men\nA,9\nB,\n", "'B' is not in the exposure table"),
        ("region,men\nA,7\nB,9\n", "list.csv line 4, column region: with this row 'A' has 8"),
        ("region,men\nA,9\nA,8\n", "men.csv line 3, column region: 'A' stands there a second"),
        ("region,men\nA,0\nB,9\n", "men.csv line 2, column men: '0' is not above 0"),
        ('region,men\nA,"9,000"\nB,9\n', "men.csv line 2, column men: '9,000' has marks"),
        ("region,men\nA,x\nB,9\n", "men.csv line 2, column men: 'x' is no number"),
        ("area,men\nA,9\n", "men.csv: has no column 'region'"),
    ],
)
def test_a_bad_exposure_is_told_in_one_line(men, part, table):
    exposure = {"table": table(men, "men.csv"), "column": "men"}
    assert part in _message(table(GOOD), **BOTH, exposure=exposure)


def test_sources_that_are_no_table(tmp_path):
    (tmp_path / "list.parquet").write_bytes(b"no parquet")
    (tmp_path / "folder.csv").mkdir()
    for source, part in (
        (tmp_path / "none.csv", "none.csv: there is no such file"),
        (tmp_path / "list.xlsx", "list.xlsx: is no table that can be read; give a file that ends"),
        (tmp_path / "list.parquet", "list.parquet: cannot be read as Parquet"),
        (tmp_path / "folder.csv", "folder.csv: cannot be read: Is a directory"),
        ("named_by_weak", "did you mean 'named_by_week'?"),
        (7, "cannot read a table from int"),
        (pd.DataFrame({"count": []}), "table: is empty"),
    ):
        assert part in _message(source)


def test_nothing_confirmed_is_not_estimable(table):
    with pytest.raises(NotEstimableError, match=r"list\.csv, counts: no confirmed death"):
        read_cells(table("count\n0\n"))


# -- other forms, shipped tables -----------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_the_order_of_rows_does_not_matter(data):
    places = list(itertools.product(("2024-01-15", "2024-01-22", "NA"), ("A", "B", "unknown")))
    rows = [(*place, data.draw(st.integers(0, 99))) for place in places]
    rows[0] = (*rows[0][:2], 1 + rows[0][2])
    rows[2] = (*rows[2][:2], 1 + rows[2][2])  # an unknown stratum needs a name in some period
    shuffled = data.draw(st.permutations(rows))
    read = [
        read_cells(pd.DataFrame(each, columns=["week", "region", "count"]), **BOTH)
        for each in (rows, shuffled)
    ]
    assert _numbers(read[0].cells) == _numbers(read[1].cells)
    assert read[0].cells.total == sum(row[2] for row in rows)


@pytest.mark.parametrize("dates", ["text", "date", "datetime"])
def test_csv_parquet_and_frame_give_the_same(dates, tmp_path, table):
    frame = pd.read_csv(table(GOOD))
    frame.loc[4] = ["2024-01-29", "A", np.nan]  # counts become floats
    if dates != "text":
        frame["week"] = pd.to_datetime(frame["week"])
    if dates == "date":
        frame["week"] = frame["week"].dt.date
    frame.to_csv(tmp_path / "same.csv", index=False)
    frame.to_parquet(tmp_path / "same.parquet", index=False)
    frame.set_index("week").to_parquet(tmp_path / "index.parquet")
    sources = (frame, *(tmp_path / name for name in ("same.csv", "same.parquet", "index.parquet")))
    read = [_numbers(read_cells(source, **BOTH, gaps="missing").cells) for source in sources]
    assert read[0][0]["counts"] == [[3, 4], [5, 0], [0, 0]]
    assert all(each == read[0] for each in read)


def test_rows_of_parquet_and_frame_are_counted_from_1(tmp_path):
    frame = pd.DataFrame({"week": ["2024-01-15", "2024-01-22"], "count": [1.0, 2.5]}, [8, 9])
    assert "table row 2, column count: '2.5' is not whole" in _message(frame, **WEEKS)
    frame.to_parquet(tmp_path / "a.parquet")
    said = _message(tmp_path / "a.parquet", **WEEKS)
    assert "a.parquet row 2, column count: '2.5' is not whole" in said


def test_named_by_week_needs_no_arguments():
    read = read_cells("named_by_week")
    assert (read.cells.total, read.cells.shape) == (121_188, (182, 1))
    assert (read.cells.dating, read.cells.step) == ("obituary", "week")
    assert read.as_of == datetime.date(2025, 8, 15)
    assert "The Economist" in read.source
    other = read_cells("named_by_week", count="named_dated_to_2024_end")
    assert (other.cells.total, other.as_of) == (95_926, None)


def test_named_by_region_against_men():
    assert "mixed as-of dates" in _message("named_by_region")
    options = {"select": {"as_of": "2024-01-15"}}
    read = read_cells("named_by_region", **options)
    assert (read.cells.total, read.cells.shape) == (42_284, (1, 87))
    assert read.cells.apart == ("unknown",)
    options["exposure"] = {"table": "men_by_region", "column": "men_16_to_61"}
    assert "column region: 'foreign' is not in the exposure" in _message(
        "named_by_region", **options
    )
    cells = read_cells("named_by_region", **options, apart=["foreign"]).cells
    assert cells.exposure[cells.pooled].sum() > 4e7


def test_other_shipped_counts():
    cells = read_cells("named_by_category", select={"as_of": "2025-09-11"}).cells
    assert (cells.total, cells.shape) == (130_150, (1, 4))
    cells = read_cells("named_by_period", select={"as_of": "2025-05-04"}).cells
    assert cells.counts.ravel().tolist() == [17_890, 37_633, 45_287]
    assert read_cells("named_total", select={"as_of": "2025-05-04"}).cells.total == 106_745
    assert "is missing" in _message("named_by_day_partial")
    cells = read_cells("named_by_day_partial", gaps="missing").cells
    assert (cells.total, cells.partial, cells.dating) == (102_104, True, "obituary")
    assert "has no column 'count'" in _message("men_by_region")
