"""Dates in lists of persons: one stated or certain form a column, or a refusal."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from estimation.tables.record_date_forms import (
    EARLIEST_YEAR,
    DateValue,
    by_forms,
    by_shape,
    check_day,
    day_number,
)
from estimation.tables.record_rows import Rows, counted

if TYPE_CHECKING:
    import pandas as pd

#: What is wrong with a value, and what to do.
_FAULTS = {
    "two digits": ("dates with a year of two digits", "the century is not told",
                   "write years with four digits"),
    "serial": ("numbers where dates should be", "they look like the day numbers of a spreadsheet",
               "format the column as a date and save it again"),
    "unknown": ("dates in no known form", "", "write them as 1990-05-31 or 31.05.1990, leave "
                "unknown ones empty, or state the form under dates"),
    "unstated": ("dates in none of the stated forms", "", "state their form under dates, too"),
    "several": ("dates that are different days in the stated forms", "",
                "write one form, or state fewer"),
    "impossible": ("days that no calendar has", "", "correct them or leave them empty"),
    "early": (f"dates before {EARLIEST_YEAR}", "", "correct them or leave them empty"),
    "future": ("dates in the future", "", "correct them or leave them empty"),
}  # fmt: skip


@dataclasses.dataclass(frozen=True, eq=False)
class Dates:
    """Dates of a column.

    Parameters
    ----------
    days : (row,) floats, days since 1970-01-01
        Not a number where the day is not known.
    years : (row,) floats
        Not a number where the year is not known.
    partly : (row,) booleans
        Where the year is known and the day is not.
    notes : tuple of str
        How they were read, if that was not certain at once.
    """

    days: NDArray[np.float64]
    years: NDArray[np.float64]
    partly: NDArray[np.bool_]
    notes: tuple[str, ...]


def read_dates(rows: Rows, field: str, forms: Sequence[str]) -> Dates:
    """Return the dates of a column.

    Parameters
    ----------
    rows : Rows
        The list.
    field : str
        The column.
    forms : sequence of str
        What the user states; by default the column must be in one certain form.

    Raises
    ------
    DataError
        If some value is no date, the form is not certain, or there are several.
    """
    import pandas as pd

    codes, different = pd.factorize(rows.frame[field])
    texts = [str(one) for one in different]
    if forms:
        values, notes = [by_forms(text, forms) for text in texts], []
    else:
        values = [by_shape(text) for text in texts]
        notes = _settle(values, codes, rows, field)
    for value in values:
        check_day(value)
    faults = np.array([value.fault for value in values], dtype=object)[codes]
    for fault, (what, why, remedy) in _FAULTS.items():
        bad = faults == fault
        if bad.any():
            raise rows.fault(bad, field, what, why=why, remedy=remedy)
    years = np.array([value.year or np.nan for value in values], float)[codes]
    days = np.array([day_number(value) for value in values], float)[codes]
    return Dates(days, years, np.isnan(days) & ~np.isnan(years), tuple(notes))


def _settle(
    values: Sequence[DateValue], codes: NDArray[np.int64], rows: Rows, field: str
) -> list[str]:
    """Decide what comes first, day or month, by days after the 12th; refuse several forms."""
    notes = []
    for mark in "-/":
        open_ones = [value for value in values if value.form == f"?{mark}"]
        day_first = [value for value in open_ones if value.day > 12]
        month_first = [value for value in open_ones if value.month > 12]
        forms = {"day": f"%d{mark}%m{mark}%Y", "month": f"%m{mark}%d{mark}%Y"}
        if open_ones and not (day_first or month_first):
            here = np.array([value.form == f"?{mark}" for value in values])[codes]
            raise rows.fault(
                here, field, "dates in which day and month cannot be told apart",
                why="no day after the 12th shows which comes first",
                remedy=f'state dates = ["{forms["day"]}"] or ["{forms["month"]}"]',
            )  # fmt: skip
        if day_first and month_first:
            for value in open_ones:
                value.form = forms["month"] if value.month > 12 else forms["day"]
        for value in open_ones:
            if not day_first:
                value.day, value.month = value.month, value.day
            if not (day_first and month_first):
                value.form = forms["day" if day_first else "month"]
        if open_ones and not (day_first and month_first):
            proofs = _rows_of(values, codes, lambda value: value.day > 12)
            first, second = ("day", "month") if day_first else ("month", "day")
            notes.append(
                f"{rows.label}: {rows.column(field)} is read as {first}, {second}, year, as "
                f"{counted(int(proofs.sum()), 'day')} after the 12th show"
            )
    _refuse_several(values, codes, rows, field)
    return notes


def _refuse_several(
    values: Sequence[DateValue], codes: NDArray[np.int64], rows: Rows, field: str
) -> None:
    forms = sorted({value.form for value in values if value.form})
    if len(forms) < 2:
        return
    said = []
    every = np.zeros(len(codes), dtype=bool)
    for form in forms:
        here = np.array([value.form == form for value in values])[codes]
        first = int(rows.lines[here].min())
        said.append(f"{int(here.sum()):,} as {form} (first in {rows.unit} {first})")
        every |= here
    raise rows.fault(
        every, field, f"dates in several forms: {', '.join(said)}",
        why="day and month may be exchanged in some",
        remedy="write one form, or state all: dates = [" + ", ".join(f'"{one}"' for one in forms)
        + "]",
    )  # fmt: skip


def _rows_of(
    values: Sequence[DateValue], codes: NDArray[np.int64], chosen: Callable[[DateValue], bool]
) -> NDArray[np.bool_]:
    return np.array([bool(value.form) and chosen(value) for value in values])[codes]


def years_in(values: pd.Series[str]) -> NDArray[np.float64]:
    """Return texts of four digits as years; -1 where something else stands.

    Parameters
    ----------
    values : (row,) Series of str
        Empty where missing.
    """
    whole = values.str.fullmatch(r"\d{4}(?:\.0+)?").to_numpy(bool)
    numbers = np.full(len(values), -1.0)
    numbers[whole] = values[whole].astype(float).to_numpy()
    numbers[(values == "").to_numpy(bool)] = np.nan
    return numbers
