"""In which periods of report something was published; rows with dates, before they are counted."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from estimation.errors import DataError
from estimation.tables.periods import read_bound, read_periods, refuse_times
from estimation.tables.report_rows import UNDATED
from estimation.tables.source import Table, open_table
from models.reports import period_after, steps_between

_LONGEST_GRID = 100_000


@dataclasses.dataclass(frozen=True, eq=False)
class Dated:
    """Rows with dates, before they are counted in steps; the event is none if not known."""

    lines: Sequence[int]
    events: Sequence[datetime.date | None]
    reports: Sequence[datetime.date]
    strata: Sequence[str]
    counts: NDArray[np.int64]

    def index(self, begin: datetime.date, step: str, which: str) -> NDArray[np.int64]:
        """Return dates as steps from `begin`."""
        days = getattr(self, which)
        steps = {day: UNDATED if day is None else steps_between(begin, day, step) for day in days}
        return np.array([steps[day] for day in days], np.int64)


def publications(
    table: Table, dated: Dated, report: NDArray[np.int64], begin: datetime.date, step: str,
    given: Any, *, snapshots: bool, told: list[str],
) -> tuple[NDArray[np.bool_], int]:  # fmt: skip
    """Return which report periods had a publication, and the index of the first.

    Parameters
    ----------
    table : Table
        For places in messages.
    dated : Dated
        The rows.
    report : (n_row,) integers
        Their reports in steps from `begin`.
    begin : datetime.date
        First day of the first period of death.
    step : str
        Length of a period.
    given : "all", path, name, sequence of dates or none
        What the user said.
    snapshots : bool
        Whether the rows are differences of snapshots: only those were published.
    told : list of str
        Takes what is to be told.
    """
    rows = set(map(int, report))
    if max(rows) > _LONGEST_GRID:
        raise DataError(
            f"dates run from {begin} to {max(dated.reports)}", where=table.label,
            why=f"more than {_LONGEST_GRID:,} {step}s: a year is mistyped",
            remedy="look at the first and last dates",
        )  # fmt: skip
    silent = given is None and (step == "day" or snapshots)
    if silent:
        dates = rows
    elif given is None or (isinstance(given, str) and given == "all"):
        dates = set(range(min(rows), max(rows) + 1))
    else:
        dates = _publication_dates(given, begin, step)
        missed = [
            place for place, index in enumerate(report)
            if int(index) not in dates and dated.counts[place]
        ]  # fmt: skip
        if missed:
            raise table.fault(
                [dated.lines[place] for place in missed], "",
                f"reports names on {dated.reports[missed[0]]}, which is no date of publication",
                why="names become known by a publication", remedy="add the date to published",
            )  # fmt: skip
    found = np.zeros(max(*dates, *rows, 0) + 1, bool)
    found[[index for index in dates if index >= 0]] = True
    first = min(dates)
    quiet = int((~found[max(first, 0) :]).sum())
    if quiet and silent and not snapshots:
        told.append(
            f"{step.capitalize()}s of report without a row, taken as without a publication: "
            f"{quiet:,} of {len(found) - max(first, 0):,}; "
            'published = "all" takes them as without news.'
        )
    return found, first


def _publication_dates(given: Any, begin: datetime.date, step: str) -> set[int]:
    """Return the dates of a list, or of the column report_period of a table, as indexes."""
    days: list[datetime.date]
    if isinstance(given, (str, Path)):
        table = open_table(given)
        refuse_times(table, "report_period")
        read = read_periods(table, "report_period", step).values()
        days = [day for day in read if day is not None]
    else:
        try:
            days = [day for value in given if (day := read_bound(value, "published"))]
        except TypeError:
            raise DataError(f"cannot be {given!r}", where="published",
                            remedy='"all", a list of dates, or a table with report_period',
                            ) from None  # fmt: skip
    if not days:
        raise DataError("holds no date", where="published")
    for day in days:
        if period_after(begin, steps_between(begin, day, step), step) != day:
            raise DataError(f"{day} begins no {step} when {begin} does", where="published")
    return {steps_between(begin, day, step) for day in days}
