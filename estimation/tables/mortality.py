"""``read_mortality``: a table of deaths by year, age and sex becomes `Mortality`."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from estimation.errors import DataError, InvalidValueError, UsageError
from estimation.tables.age_groups import bounds_of, chosen_groups, overlapped, tilings
from estimation.tables.checks import check_killed, read_counts
from estimation.tables.source import UNKNOWN_WORDS, Table, lines_of, open_table
from estimation.words import listed, suggestion
from models.mortality import OPEN_END, Mortality, age_bounds

if TYPE_CHECKING:
    import pandas as pd

#: Years of the pandemic: kept apart where a table has them, unless other years are named.
PANDEMIC = (2020, 2021)

#: What rows over all ages are called, and those without an age.
_ALL, _UNKNOWN = ("all", "total"), "unknown"

#: Ages may miss the sum that stands beside them by this share.
_TOLERANCE = 0.005

#: Fields of `Mortality` that an argument states, not the table.
_STATED = ("base", "first_year", "pandemic")


@dataclasses.dataclass(frozen=True)
class MortalityRead:
    """What a table of deaths holds.

    Parameters
    ----------
    mortality : Mortality
        The counts, from the first year of the base on.
    name : str
        Name of the file or dataset; "table" for a DataFrame.
    source : str
        Where a shipped dataset comes from; empty for other tables.
    notes : tuple of str
        What was left out.
    """

    mortality: Mortality
    name: str
    source: str
    notes: tuple[str, ...]


class _Cell(NamedTuple):
    year: int
    sex: str
    age: str


@dataclasses.dataclass(frozen=True)
class _Deaths:
    """The rows of one table by year, sex and age: line and count (none if empty)."""

    table: Table
    column: str
    rows: dict[_Cell, tuple[int, int | None]]


def read_mortality(
    source: str | Path | pd.DataFrame, *, affected: str = "m", other: str = "f",
    ages: str = "15-49", base: tuple[int, int] = (2015, 2019), first_year: int = 2022,
    pandemic: tuple[int, ...] = PANDEMIC, remove: str | Path | pd.DataFrame | None = None,
    year: str = "year", age: str = "age", sex: str = "sex", deaths: str | None = None,
    removed_deaths: str | None = None,
) -> MortalityRead:  # fmt: skip
    """Read a tidy table of deaths, one row a year, age and sex.

    Parameters
    ----------
    source : path, str or pandas.DataFrame
        A file that ends in .csv or .parquet, a DataFrame, or the name of a shipped dataset.
    affected, other : str
        The sex that fights and the other one, as the table has them.
    ages : str
        A range such as "15-49", to be filled exactly by age groups of the table.
    base : (int, int)
        First and last year of the years that are taken as usual.
    first_year : int
        The first year in which deaths of the war can be.
    pandemic : tuple of int
        Years kept apart; of the default those that the table has.
    remove : path, str or pandas.DataFrame, optional
        A table of deaths to take off first, such as those by HIV, with the same columns.
    year, age, sex : str
        Columns.
    deaths : str, optional
        Column of deaths; a shipped dataset knows its own, else "deaths".
    removed_deaths : str, optional
        The same of the second table.

    Returns
    -------
    MortalityRead
        From the first year of the base to the last of the table.

    Raises
    ------
    DataError
        If the table cannot be read as it is; the message names file, line and column.
    UsageError
        If base, first year, pandemic, ages or sexes do not go with the table or each other.
    """
    if affected == other:
        raise UsageError(f"is the affected sex too: {other!r}", where="other")
    if age_bounds(ages) is None:
        raise UsageError(f"{ages!r} is no range of ages", where="ages", remedy="write 15-49 or 15+")
    found = _read(open_table(source), (year, age, sex, deaths), (affected, other))
    years = _years(found, base)
    groups = _groups(found, years, ages, (affected, other))
    counts = _counts(found, years, groups, (affected, other))
    _check_sums(found, years, (affected, other), groups)
    notes = [*_left_out(found, years, groups), *_without_age(found, first_year, affected)]
    if remove is not None:
        off = _read(open_table(remove), (year, age, sex, removed_deaths), (affected, other))
        counts = counts - _removed(off, found, years, groups, (affected, other), counts)
        notes.append(f"Deaths in {off.table.label} were taken off both sexes first.")
    _refuse_none(found, years, groups, other, counts[1])
    if pandemic == PANDEMIC:
        pandemic = tuple(one for one in PANDEMIC if one in years)
    try:
        mortality = Mortality(
            years, groups, counts[0], counts[1], first_year=first_year, base=base,
            pandemic=pandemic,
        )  # fmt: skip
    except InvalidValueError as error:
        kind = UsageError if error.where in _STATED else DataError
        place = error.where if error.where in _STATED else f"{found.table.label}, {error.where}"
        raise kind(error.what, where=place, why=error.why, remedy=error.remedy) from None
    known = found.table.dataset
    return MortalityRead(
        mortality, found.table.name, known.source if known is not None else "", tuple(notes)
    )


def _read(table: Table, names: tuple[str, str, str, str | None], sexes: tuple[str, str]) -> _Deaths:
    """Return the rows of both sexes; every value of the table is judged."""
    year, age, sex, deaths = names
    known = table.dataset
    if deaths is None:
        deaths = known.count if known is not None and known.count else "deaths"
    check_killed(table, deaths)
    years, ages = table.column(year, "year"), table.column(age, "age").map(_age_name)
    persons, counts = table.column(sex, "sex"), read_counts(table, deaths)
    bad = lines_of(~years.str.fullmatch(r"[0-9]{4}"))
    if bad:
        raise table.fault(bad, year, f"{years[bad[0]]!r} is no year", remedy="write it like 2019")
    bad = lines_of(~ages.map(lambda one: one in (*_ALL, _UNKNOWN) or bool(age_bounds(one))))
    if bad:
        raise table.fault(bad, age, f"{ages[bad[0]]!r} is no age group",
                          remedy="write 15-19, 20, 85+, unknown or all")  # fmt: skip
    there = sorted(set(persons))
    for one in sexes:
        if one not in there:
            near = suggestion(one, there)
            raise DataError(
                f"no row has {sex} = {one!r}", where=f"{table.label}, column {sex}",
                why=f"the values are {listed(map(repr, there))}",
                remedy=near if near.startswith("did") else "name the sexes as the table does",
            )  # fmt: skip
    rows: dict[_Cell, tuple[int, int | None]] = {}
    for line in map(int, table.frame.index):
        cell = _Cell(int(years[line]), persons[line], ages[line])
        if cell in rows:
            raise table.fault(
                [line], "", f"{', '.join(map(str, cell))} stands in {table.unit} "
                f"{rows[cell][0]} already", why="which of the two holds cannot be told",
                remedy="keep one of them",
            )  # fmt: skip
        rows[cell] = (line, counts[line])
    return _Deaths(table, deaths, {cell: row for cell, row in rows.items() if cell.sex in sexes})


def _age_name(value: str) -> str:
    # spreadsheets like to write a longer dash
    plain = re.sub(r"\s*[-\u2010-\u2015]\s*", "-", value).lower()
    return _UNKNOWN if plain in UNKNOWN_WORDS else plain


def _years(found: _Deaths, base: tuple[int, int]) -> tuple[int, ...]:
    there = {cell.year for cell in found.rows}
    if base[0] not in there:
        raise UsageError(
            f"{found.table.label} has no row of {base[0]}", where="base",
            why=f"its years are {min(there)}-{max(there)}", remedy="take another base",
        )  # fmt: skip
    years = tuple(range(base[0], max(there) + 1))
    for year in years:
        if year not in there:
            raise DataError(
                f"has no row of {year}", where=found.table.label,
                why="a trend takes one step a year", remedy="add the year",
            )  # fmt: skip
    return years


def _groups(
    found: _Deaths, years: tuple[int, ...], ages: str, sexes: tuple[str, str]
) -> tuple[str, ...]:
    groups = bounds_of({cell.age for cell in found.rows if cell.year in years})
    whole = [
        name for name in groups
        if all(_Cell(year, sex, name) in found.rows for year in years for sex in sexes)
    ]  # fmt: skip
    return chosen_groups(groups, whole, ages, found.table.label)


def _counts(
    found: _Deaths, years: tuple[int, ...], groups: tuple[str, ...], sexes: tuple[str, str]
) -> NDArray[np.int64]:
    """Return the deaths of both sexes, (2, n_year, n_age)."""
    counts = np.empty((2, len(years), len(groups)), np.int64)
    for place in np.ndindex(counts.shape):
        cell = _Cell(years[place[1]], sexes[place[0]], groups[place[2]])
        if cell not in found.rows:
            raise DataError(
                f"has no row of {', '.join(map(str, cell))}", where=found.table.label,
                why="no row says nothing, not that nobody died", remedy="add it",
            )  # fmt: skip
        line, count = found.rows[cell]
        if count is None:
            raise found.table.fault(
                [line], found.column, "is empty", why="nothing says that nobody died",
                remedy="write the number of deaths",
            )  # fmt: skip
        counts[place] = count
    return counts


def _check_sums(
    found: _Deaths, years: tuple[int, ...], sexes: tuple[str, str], groups: tuple[str, ...]
) -> None:
    """Refuse ages that do not add up to the row over all, or of which some exceed it."""
    for year in years:
        for sex in sexes:
            there = {cell.age: row for cell, row in found.rows.items()
                     if cell.year == year and cell.sex == sex}  # fmt: skip
            line, stated = next((there[name] for name in _ALL if name in there), (0, None))
            every = tilings(bounds_of(there), 0, OPEN_END, most=1)
            if stated is None:
                continue
            # where some ages are not in the table, those that are read may still not exceed all
            read = (*every[0], _UNKNOWN) if every else groups
            together = sum(there[name][1] or 0 for name in read if name in there)
            off = together - stated if not every else abs(together - stated)
            if off > _TOLERANCE * stated:
                raise found.table.fault(
                    [line], found.column,
                    f"the ages of {year}, {sex} add up to {together:,}, not to {stated:,}",
                    why="a row is wrong or missing", remedy="compare them with the source",
                )  # fmt: skip


def _removed(
    off: _Deaths, found: _Deaths, years: tuple[int, ...], groups: tuple[str, ...],
    sexes: tuple[str, str], counts: NDArray[np.int64],
) -> NDArray[np.int64]:  # fmt: skip
    taken = _counts(off, years, groups, sexes)
    more = np.argwhere(taken > counts)
    if len(more):
        place = tuple(more[0])
        cell = _Cell(years[place[1]], sexes[place[0]], groups[place[2]])
        raise off.table.fault(
            [off.rows[cell][0]], off.column,
            f"{taken[place]:,} deaths to take off {counts[place]:,} in {found.table.label}",
            why="a part cannot be larger than the whole", remedy="compare the two tables",
        )  # fmt: skip
    return taken


def _refuse_none(
    found: _Deaths, years: tuple[int, ...], groups: tuple[str, ...], sex: str,
    counts: NDArray[np.int64],
) -> None:  # fmt: skip
    """Refuse a cell in which nobody of the other sex died."""
    for year, age in np.argwhere(counts == 0):
        line, _ = found.rows[_Cell(years[year], sex, groups[age])]
        raise found.table.fault(
            [line], found.column, f"no death of the other sex in {years[year]}, {groups[age]}",
            why="a ratio to nothing is not defined", remedy="take wider ages",
        )  # fmt: skip


def _left_out(found: _Deaths, years: tuple[int, ...], groups: tuple[str, ...]) -> list[str]:
    there = bounds_of({cell.age for cell in found.rows if cell.year in years})
    notes = []
    for name in overlapped(there, groups):
        when = sorted({cell.year for cell in found.rows if cell.age == name and cell.year in years})
        notes.append(
            f"Rows of {name} ({listed(map(str, when))}) are left out: other age groups hold them."
        )
    return notes


def _without_age(found: _Deaths, first_year: int, affected: str) -> list[str]:
    count = sum(
        row[1] or 0 for cell, row in found.rows.items()
        if cell.age == _UNKNOWN and cell.sex == affected and cell.year >= first_year
    )  # fmt: skip
    if not count:
        return []
    return [f"{count:,} deaths ({affected}, from {first_year} on) have no age and are left out."]
