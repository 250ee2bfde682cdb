"""Tables of deaths by year, age and sex: what is read, what is refused, and where it says so."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from estimation.errors import DataError, InvalidValueError, UsageError
from estimation.tables.mortality import read_mortality
from models.mortality import Mortality, age_bounds

AGES = ("0-14", "15-29", "30-44", "45+")
YEARS = range(2015, 2024)


def _rows(ages=AGES, years=YEARS) -> list[dict[str, object]]:
    return [
        {"year": year, "age": age, "sex": sex, "deaths": 100 * (place + 1) + (sex == "m") * 50}
        for year in years for place, age in enumerate(ages) for sex in "mf"
    ]  # fmt: skip


def _with(rows, change, **where) -> list[dict[str, object]]:
    """Return the rows with some of them changed, or left out if nothing is to be changed."""
    hit = [all(row[key] == value for key, value in where.items()) for row in rows]
    assert any(hit)
    both = zip(rows, hit, strict=True)
    return [row | (change if one else {}) for row, one in both if change or not one]


def _read(rows, **options):
    return read_mortality(pd.DataFrame(rows), **{"ages": "15-44"} | options)


# -- what is read ---------------------------------------------------------------------------------


def test_a_tidy_table_in_any_order():
    rows = _rows()
    read = _read(rows[::-1])
    found = read.mortality
    assert (found.years, found.ages) == (tuple(YEARS), ("15-29", "30-44"))
    np.testing.assert_array_equal(found.affected, np.tile([250, 350], (9, 1)))
    np.testing.assert_array_equal(found.other, np.tile([200, 300], (9, 1)))
    assert (found.base, found.first_year, found.pandemic) == ((2015, 2019), 2022, (2020, 2021))
    assert found.war_years == (2022, 2023)
    assert (read.name, read.source, read.notes) == ("table", "", ())
    swapped = _read(rows, affected="f", other="m").mortality
    np.testing.assert_array_equal(swapped.affected, found.other)


def test_files_with_other_columns(tmp_path):
    names = {"year": "jahr", "age": "alter", "sex": "who", "deaths": "n"}
    table = pd.DataFrame(_rows()).rename(columns=names)
    table["who"] = table["who"].map({"m": "men", "f": "women"})
    table["alter"] = table["alter"].str.replace("-", " \u2013 ")
    table.to_csv(tmp_path / "deaths.csv", index=False)
    read = read_mortality(
        tmp_path / "deaths.csv", affected="men", other="women", ages="15-44",
        **names,
    )  # fmt: skip
    assert read.name == "deaths.csv"
    assert read.mortality.content() == _read(_rows()).mortality.content()


def test_the_shipped_tables():
    read = read_mortality("deaths_by_age_sex")
    found = read.mortality
    assert found.ages == tuple(f"{low}-{low + 4}" for low in range(15, 50, 5))
    assert int(found.affected[-1].sum()) == 187_565
    assert "Rosstat" in read.source
    assert read.notes == (
        "Rows of 15-17 (2023) are left out: other age groups hold them.",
        "3,108 deaths (m, from 2022 on) have no age and are left out.",
    )
    off = read_mortality("deaths_by_age_sex", remove="hiv_deaths_by_age_sex")
    assert "hiv_deaths_by_age_sex.csv were taken off" in off.notes[-1]
    taken = found.affected - off.mortality.affected
    assert (taken >= 0).all()
    assert taken[-1].tolist() == [5, 30, 188, 1067, 2316, 2966, 2161]
    assert read_mortality("deaths_by_age_sex", ages="80+").mortality.ages == ("80-84", "85+")


def test_rows_outside_the_ages_and_before_the_base_are_not_needed():
    rows = [row for row in _rows() if row["age"] in ("15-29", "30-44")]
    rows += [{"year": 2001, "age": "15-29", "sex": "m", "deaths": 7}]
    rows += [{"year": 2023, "age": word, "sex": "m", "deaths": 7} for word in ("85+", "unknown")]
    rows += [{"year": 2023, "age": "15-29", "sex": "both", "deaths": 7}]
    read = _read(rows)
    assert read.mortality.content() == _read(_rows()).mortality.content()
    assert read.notes == ("7 deaths (m, from 2022 on) have no age and are left out.",)


def test_pandemic_years_that_the_table_does_not_reach_are_dropped_only_by_default():
    rows = _rows(years=range(2010, 2018))
    scope = {"base": (2010, 2014), "first_year": 2016}
    assert _read(rows, **scope).mortality.pandemic == ()
    with pytest.raises(UsageError, match="pandemic: 2009 is not inside the years 2010-2017"):
        _read(rows, **scope, pandemic=(2009,))


# -- ages -----------------------------------------------------------------------------------------


def test_groups_within_others_are_left_out_and_told():
    extra = [{"year": 2023, "age": "15-17", "sex": sex, "deaths": 9} for sex in "mf"]
    read = _read(_rows() + extra)
    assert read.mortality.ages == ("15-29", "30-44")
    assert read.notes == ("Rows of 15-17 (2023) are left out: other age groups hold them.",)
    # the finer ages are not there in every year
    extra += [{"year": 2023, "age": "18-29", "sex": sex, "deaths": 9} for sex in "mf"]
    assert _read(_rows() + extra).mortality.ages == ("15-29", "30-44")


@pytest.mark.parametrize(
    ("rows", "ages", "says"),
    [
        (_rows(), "15-40", r"do not fill 15-40: 30-44 reaches beyond it .* begin and end: 0-14, "),
        (_rows(), "20-44", "15-29 reaches beyond it"),
        (_rows(("15-29", "35-44")), "15-44", "no group that fits begins at 30"),
        (_rows(("15-29", "25-44")), "15-44", "no group that fits begins at 30"),
        (_rows(("15-29", "30-44")), "15-50", "no group that fits begins at 45"),
        (_rows(), "0+", None),
        (_rows((*AGES, "15-19", "20-29")), "15-44",
         "15-44 can be put together in more than one way: by 15-29, or by 15-19, 20-29"),
        (_rows(tuple(map(str, range(100))) + tuple(f"{n}-{n + 4}" for n in range(0, 100, 5))),
         "10-59", "in more than one way"),
    ],
)  # fmt: skip
def test_ages_must_fill_the_range_in_one_way(rows, ages, says):
    if says is None:
        assert _read(rows, ages=ages).mortality.ages == AGES
        return
    with pytest.raises(DataError, match=says):
        _read(rows, ages=ages)


@pytest.mark.parametrize("ages", ["", "15", "49-15", "fifteen", "15-"])
def test_what_is_no_range_of_ages(ages):
    if ages == "15":
        with pytest.raises(DataError, match="do not fill 15"):
            _read(_rows(), ages=ages)
        return
    with pytest.raises(UsageError, match=r"ages: .* is no range of ages"):
        _read(_rows(), ages=ages)


def test_ages_must_add_up_to_the_row_of_all():
    every = [
        {"year": year, "age": "all", "sex": sex, "deaths": 1007 + 200 * (sex == "m")}
        for year in YEARS for sex in "mf"
    ]  # fmt: skip
    unknown = [row | {"age": "unknown", "deaths": 7} for row in every]
    assert _read(_rows() + every + unknown).mortality.ages == ("15-29", "30-44")
    with pytest.raises(
        DataError, match="row 73, column deaths: the ages of 2015, m add up to 1,200, not to 1,207"
    ):  # fmt: skip
        _read(_rows() + every)
    # some ages are not there: what is stated for all cannot be compared
    assert _read(_rows(("15-29", "30-44")) + every).mortality.years == tuple(YEARS)
    # but it cannot be less than these
    less = [row | {"deaths": row["deaths"] - 900} for row in every]
    with pytest.raises(DataError, match=r"ages of 2015, m add up to [0-9,]+, not to 307"):
        _read(_rows(("15-29", "30-44")) + less)
    near = [row | {"deaths": row["deaths"] - 5} for row in every]
    assert _read(_rows() + near).mortality.ages == ("15-29", "30-44")


# -- rows -----------------------------------------------------------------------------------------

_ONE = {"year": 2018, "age": "30-44", "sex": "f"}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"deaths": -3}, "table row 30, column deaths: '-3' is negative"),
        ({"deaths": 3.5}, "row 30, column deaths: '3.5' is not whole"),
        ({"deaths": "many"}, "row 30, column deaths: 'many' is no count"),
        ({"deaths": ""}, "row 30, column deaths: is empty"),
        ({"deaths": 0}, "row 30, column deaths: no death of the other sex in 2018, 30-44"),
        ({"age": "30 to 44"}, "row 30, column age: '30 to 44' is no age group"),
        ({"age": "44-30"}, "row 30, column age: '44-30' is no age group"),
        ({"year": "18"}, "row 30, column year: '18' is no year"),
        ({"year": ""}, "row 30, column year: '' is no year"),
        ({"year": 2017}, "row 30: 2017, f, 30-44 stands in row 22 already"),
        ({"sex": "m"}, "row 30: 2018, m, 30-44 stands in row 29 already"),
        ({"age": "unknown"}, "table: has no row of 2018, f, 30-44"),
        (None, "table: has no row of 2018, f, 30-44"),
    ],
)
def test_a_bad_row_is_told_with_its_place(change, says):
    with pytest.raises(DataError, match=says):
        _read(_with(_rows(), change, **_ONE))


def test_places_in_files_are_lines(tmp_path):
    path = tmp_path / "deaths.csv"
    pd.DataFrame(_with(_rows(), {"deaths": -3}, **_ONE)).to_csv(path, index=False)
    with pytest.raises(DataError, match=r"deaths.csv line 31, column deaths: '-3' is negative"):
        read_mortality(path, ages="15-44")


def test_years_and_sexes_that_are_not_there():
    rows = _rows()
    with pytest.raises(DataError, match="table: has no row of 2018 "):
        _read(_with(rows, None, year=2018))
    with pytest.raises(DataError, match=r"column sex: no row has sex = 'f' .*the values are 'm'"):
        _read(_with(rows, None, sex="f"))
    with pytest.raises(DataError, match="no row has sex = 'male'"):
        _read(rows, affected="male")
    with pytest.raises(DataError, match="has no row of 2023, m, 15-29"):
        _read(_with(rows, None, year=2023, sex="m"))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"base": (2014, 2019)}, "base: table has no row of 2014 .*2015-2023"),
        ({"base": (2015, 2016)}, "base: 2015-2016 is less than 3 years"),
        ({"base": (2015, 2022)}, "base: 2015-2022 reaches into the war, which begins in 2022"),
        ({"base": (2020, 2025), "first_year": 2026}, "base: 2020-2025 is not inside"),
        ({"base": (2019, 2015)}, "base: 2019-2015 is less than 3 years"),
        ({"first_year": 2024}, "first_year: 2024 is after the last year, 2023"),
        ({"base": (2015, 2020)}, "pandemic: 2020 is in the base 2015-2020"),
        ({"pandemic": (2020, 2020)}, "pandemic: a year is given twice"),
        ({"other": "m"}, "other: is the affected sex too: 'm'"),
    ],
)
def test_scopes_that_do_not_go_with_the_table(options, says):
    with pytest.raises(UsageError, match=says):
        _read(_rows(), **options)


def test_columns_that_are_not_there_or_count_others():
    rows = [{**row, "casualties": 1} for row in _rows()]
    with pytest.raises(DataError, match="has no column 'killed'"):
        _read(rows, deaths="killed")
    with pytest.raises(DataError, match="column casualties: does not count the killed"):
        _read(rows, deaths="casualties")


# -- what is taken off ----------------------------------------------------------------------------


def test_deaths_are_taken_off():
    off = [row | {"deaths": 10 * (row["sex"] == "m") + 1} for row in _rows(("15-29", "30-44"))]
    read = _read(_rows(), remove=pd.DataFrame(off))
    np.testing.assert_array_equal(read.mortality.affected, np.tile([239, 339], (9, 1)))
    np.testing.assert_array_equal(read.mortality.other, np.tile([199, 299], (9, 1)))
    table = pd.DataFrame(off).rename(columns={"deaths": "hiv"})
    named = _read(_rows(), remove=table, removed_deaths="hiv")
    assert named.mortality.content() == read.mortality.content()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"deaths": 301}, "table row 16, column deaths: 301 deaths to take off 300 in table"),
        ({"deaths": 300}, "table row 30, column deaths: no death of the other sex in 2018, 30-44"),
        ({"deaths": -1}, "row 16, column deaths: '-1' is negative"),
        (None, "has no row of 2018, f, 30-44"),
    ],
)
def test_what_cannot_be_taken_off(change, says):
    off = [row | {"deaths": 1} for row in _rows(("15-29", "30-44"))]
    off = _with(off, change, **_ONE)
    with pytest.raises(DataError, match=says):
        _read(_rows(), remove=pd.DataFrame(off))


# -- the data object ------------------------------------------------------------------------------

_GOOD = Mortality(tuple(YEARS), ("15-29", "85+"), np.full((9, 2), 9), np.full((9, 2), 5), 2022,
                  (2015, 2019))  # fmt: skip


def _counts(value: float) -> np.ndarray:
    return np.where(np.arange(18).reshape(9, 2) == 3, value, 5.0)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"years": (*range(2015, 2023), 2024)}, "years: 2024 does not follow 2022"),
        ({"years": tuple(YEARS)[::-1]}, "years: 2022 does not follow 2023"),
        ({"years": ()}, "years: are empty"),
        ({"years": (2015.5,)}, "years: must be a whole number, not 2015.5"),
        ({"base": (2014, 2019)}, "base: 2014-2019 is not inside the years 2015-2023"),
        ({"base": (2015, 2016)}, "base: 2015-2016 is less than 3 years"),
        ({"base": (2015, 2022)}, "base: 2015-2022 reaches into the war"),
        ({"base": (2015,)}, "base: must be a first and a last year"),
        ({"first_year": 2024}, "first_year: 2024 is after the last year"),
        ({"pandemic": (2019,)}, "pandemic: 2019 is in the base"),
        ({"pandemic": (2030,)}, "pandemic: 2030 is not inside"),
        ({"affected": _counts(-1)}, r"affected\[2016, 85\+\]: -1 is no count"),
        ({"other": _counts(0.5)}, r"other\[2016, 85\+\]: 0.5 is no count"),
        ({"other": _counts(np.nan)}, r"other\[2016, 85\+\]: nan is no count"),
        ({"other": _counts(0)}, r"other\[2016, 85\+\]: no death of the other sex"),
        ({"affected": np.ones((9, 3))}, r"affected: has shape \(9, 3\), not \(9, 2\)"),
        ({"affected": [["a"]]}, "affected: holds what is no number"),
        ({"ages": ("15-29", "20-24")}, "ages: 15-29 and 20-24 overlap"),
        ({"ages": ("15-17", "15-19")}, "ages: 15-17 and 15-19 overlap"),
        ({"ages": ("85+", "90-94")}, r"ages: 85\+ and 90-94 overlap"),
        ({"ages": ("30-34", "15-29")}, "ages: 15-29 stands after 30-34"),
        ({"ages": ("young", "old")}, "ages: 'young' is no age group"),
        ({"ages": ()}, "ages: are empty"),
        ({"ages": "15-29"}, "ages: must be a list of age groups"),
    ],
)
def test_what_no_table_can_hold(change, says):
    with pytest.raises(InvalidValueError, match=says):
        dataclasses.replace(_GOOD, **change)


def test_a_table_cannot_be_changed_and_gives_some_of_its_ages():
    with pytest.raises(ValueError, match="read-only"):
        _GOOD.affected[0, 0] = 1
    assert _GOOD.affected.dtype == np.int64
    part = _GOOD.select(["85+"])
    assert (part.ages, part.affected.shape, part.years) == (("85+",), (9, 1), _GOOD.years)
    assert _GOOD.select(("85+", "15-29")).content() == _GOOD.content()
    assert part.content() != _GOOD.content()
    with pytest.raises(InvalidValueError, match="no age group '15-19'"):
        _GOOD.select(["15-19"])
    assert age_bounds("85+")[0] == 85
    assert (age_bounds("20"), age_bounds("20-"), age_bounds("9-5")) == ((20, 21), None, None)
