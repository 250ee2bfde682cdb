"""``read_estimates``: a table of estimates with bounds becomes `Estimates`."""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from estimation.errors import DataError, InvalidValueError
from estimation.tables.checks import check_killed, chosen_rows, single_as_of
from estimation.tables.estimate_rows import (
    EstimateRow,
    read_rows,
    refuse_falling,
    refuse_gaps_in_years,
    refuse_overlaps,
)
from estimation.tables.periods import check_step, read_bound, read_periods, refuse_times
from estimation.tables.source import Table, open_table
from models.cells import next_period
from models.estimates import Estimates
from models.spans import Day

if TYPE_CHECKING:
    import pandas as pd

#: The level at which bounds are read when a source states none.
USUAL_LEVEL = 0.95

_GROUPS = (None, "year")
_ONE_DAY = datetime.timedelta(days=1)

#: A column of totals from the beginning, by its name.
_CUMULATIVE = re.compile(r"(?:^|_)cum(?:_|$|ulative)", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class EstimatesRead:
    """What a table of estimates holds.

    Parameters
    ----------
    estimates : Estimates
        Medians, errors of their logs, spans; in the order of the spans.
    notes : tuple of str
        How the table was read where it does not say so itself.
    name : str
        Name of the file or dataset; "table" for a DataFrame.
    source : str
        Where a shipped dataset comes from; empty for other tables.
    """

    estimates: Estimates
    notes: tuple[str, ...]
    name: str
    source: str


def read_estimates(
    source: str | Path | pd.DataFrame, *, central: str | None = "central", low: str = "low",
    high: str = "high", level: float | None = None, begin: str | None = None,
    end: str | None = None, period: str | None = None, step: str | None = None,
    measure: str = "measure", correlation: float = 0.0, group: str | None = None,
    select: Mapping[str, object] | None = None, cumulative: bool = False,
    until: str | datetime.date | None = None,
) -> EstimatesRead:  # fmt: skip
    """Read a table of estimates of deaths, one row a span of days.

    Rows in which central value, low and high are all empty are left out, with a note.

    Parameters
    ----------
    source : path, str or pandas.DataFrame
        A file that ends in .csv or .parquet, a DataFrame, or the name of a shipped dataset.
    central : str, optional
        Column of medians; where it is empty, or none is named, the geometric mean of the bounds is
        taken, with a note.
    low, high : str
        Columns of the bounds of central intervals.
    level : float, optional
        Probability of the intervals; if none is given 0.95 is taken, with a note.
    begin, end : str, optional
        Columns of the first and the *last* day of each span, the last included; empty where it is
        open.
    period : str, optional
        Column of periods, instead of `begin` and `end`: see `read_cells`. A shipped dataset knows
        its own period and step.
    step : {"day", "week", "month", "year"}, optional
        Length of a period; must be given with `period`.
    measure : str
        Column that says what was counted, if the table has it; only the killed are read.
    correlation : float
        Between the errors of different rows: 0 if each was estimated on its own, 1 if all come from
        one curve or one factor.
    group : {"year"}, optional
        Add rows by the calendar year in which they begin.
    select : mapping of str to value, optional
        Only rows that hold these values, compared as text; dates in ISO form.
    cumulative : bool
        Whether rows are totals from the beginning to the last day of `period`, or to `end`.
    until : ISO date, optional
        Only rows whose span ends on this day or before.

    Returns
    -------
    EstimatesRead
        The estimates, and notes on how they were read.

    Raises
    ------
    DataError
        If the table cannot be read as it is; the message names file, line and column.
    """
    table = open_table(source)
    known = table.dataset
    if period is None and begin is None and end is None and known is not None:
        period, step = known.period, step or known.step
    last = _check_words(group, cumulative, until, (period, begin, end))
    step = check_step(period, step)
    table = chosen_rows(table, select)
    columns = (central, low, high)
    _check_measure(table, columns, measure)
    _check_cumulative(table, columns, cumulative)
    spans = _spans(table, begin, end, period, step, cumulative)
    rows, notes = read_rows(table, columns, spans)
    rows = _until(table, rows, last)
    _check_rows(table, rows, group, cumulative, correlation, dated=bool(period or begin or end))
    if level is None:
        level = USUAL_LEVEL
        notes.append("the source states no level: read as 95 %")
    try:
        estimates = Estimates.from_bounds(
            [row.central for row in rows], [row.low for row in rows], [row.high for row in rows],
            level, [row.begin for row in rows], [row.end for row in rows], correlation,
            by=group or "",
        )  # fmt: skip
    except InvalidValueError as error:
        raise _at_its_line(table, error, rows, group) from None
    if group:
        notes.append(
            f"{len(rows)} rows added by {group}, their errors correlated by {correlation:g}"
        )
    return EstimatesRead(estimates, tuple(notes), table.name, known.source if known else "")


def _check_words(
    group: str | None, cumulative: bool, until: object, columns: tuple[str | None, ...]
) -> Day:
    """Refuse arguments that contradict each other; return the last day."""
    period, begin, end = columns
    last = read_bound(until, "until")
    if group not in _GROUPS:
        raise DataError(f"no group {group!r}", where="group", remedy="one of year")
    if period is not None and (begin or end):
        raise DataError(
            f"{begin or end!r} is given beside a column of periods, {period!r}", where="begin, end",
            why="a span cannot be told twice", remedy="name one of the two",
        )  # fmt: skip
    if cumulative and begin is not None:
        raise DataError(
            f"{begin!r} is given, and totals run from the beginning", where="begin",
            remedy="name the column of last days only: end = ...",
        )  # fmt: skip
    if cumulative and not (period or end):
        raise DataError("needs a column of periods or of last days", where="cumulative",
                        remedy="name it: period = ... or end = ...")  # fmt: skip
    if group and (cumulative or not (period or begin)):
        raise DataError(
            "needs rows that begin on a day of their own", where="group",
            why="totals from the beginning cannot be added" if cumulative else "",
            remedy="leave it out, or name a column of periods or first days",
        )  # fmt: skip
    if last is not None and not (period or begin or end):
        raise DataError("bounds spans, and there is no column of them", where="until",
                        remedy="name the column: period = ... or end = ...")  # fmt: skip
    return last


def _check_measure(table: Table, columns: tuple[str | None, ...], measure: str) -> None:
    for column in columns:
        if column is not None:
            check_killed(table, column)
    if measure == "measure":
        return
    table.column(measure, "measure")
    others = [name for name in table.frame.columns if name in ("measure", measure)]
    frame = table.frame.drop(columns=[name for name in others if name != measure])
    renamed = dataclasses.replace(table, frame=frame.rename(columns={measure: "measure"}))
    try:
        check_killed(renamed, "")
    except DataError as error:
        error.where = error.where.removesuffix("column measure") + f"column {measure}"
        raise


def _check_cumulative(table: Table, columns: Sequence[str | None], cumulative: bool) -> None:
    for column in columns:
        if column is not None and _CUMULATIVE.search(column) and not cumulative:
            raise DataError(
                "holds totals from the beginning, by its name",
                where=f"{table.label}, column {column}",
                why="totals that are read as numbers of single periods count the dead many times",
                remedy="set cumulative = true, or rename the column",
            )  # fmt: skip


def _spans(
    table: Table, begin: str | None, end: str | None, period: str | None, step: str,
    cumulative: bool,
) -> dict[int, tuple[Day, Day]]:  # fmt: skip
    """Return the first day and the day after the last one, by line."""
    lines = [int(line) for line in table.frame.index]
    if period is not None:
        refuse_times(table, period)
        found: dict[int, tuple[Day, Day]] = {}
        for line, day in read_periods(table, period, step).items():
            if day is None:
                raise table.fault(
                    [line], period, "does not say which period is meant",
                    why="an estimate without a span belongs nowhere",
                    remedy="write the period, or leave the row out",
                )  # fmt: skip
            found[line] = (None if cumulative else day, next_period(day, step))
        return found
    if begin is None and end is None:
        single_as_of(table)
    firsts, lasts = _days(table, begin), _days(table, end)
    for line in lines:
        first, last = firsts.get(line), lasts.get(line)
        if first is not None and last is not None and first > last:
            raise table.fault(
                [line], str(end), f"the last day {last} is before the first, {first}",
                remedy="swap them",
            )  # fmt: skip
        if cumulative and last is None:
            raise table.fault([line], str(end), "is empty", why="a total needs its last day")
    return {
        line: (firsts.get(line), day + _ONE_DAY if (day := lasts.get(line)) else None)
        for line in lines
    }


def _days(table: Table, column: str | None) -> dict[int, Day]:
    """Return the day of each line; none where the field is empty."""
    if column is None:
        return {}
    values = table.column(column, "bounds of spans")
    given = values[values != ""]
    if given.empty:
        return {}
    refuse_times(table, column)
    found = read_periods(dataclasses.replace(table, frame=given.to_frame()), column, "day")
    nowhere = [line for line, day in found.items() if day is None]
    if nowhere:
        raise table.fault(
            nowhere, column, f"{given[nowhere[0]]!r} is no ISO date",
            remedy="write it like 2024-01-15, or leave the field empty if the span is open",
        )  # fmt: skip
    return found


def _until(table: Table, rows: list[EstimateRow], last: Day) -> list[EstimateRow]:
    if last is None:
        return rows
    found = [row for row in rows if row.end is not None and row.end - _ONE_DAY <= last]
    if not found:
        raise DataError(
            f"no estimate ends on {last} or before", where=table.label,
            remedy="choose a later until",
        )  # fmt: skip
    return found


def _check_rows(
    table: Table, rows: list[EstimateRow], group: str | None, cumulative: bool,
    correlation: float, *, dated: bool,
) -> None:  # fmt: skip
    """Refuse rows that count deaths twice or, where they are added, lack some."""
    if len(rows) > 1 and not dated:
        raise table.fault(
            [row.line for row in rows[1:]], "", "is a second estimate, and no span is given",
            why="two estimates of one number count it as twice as certain",
            remedy="select one row, or name columns of spans: period, or begin and end",
        )  # fmt: skip
    if cumulative:
        refuse_falling(table, rows)
        if len(rows) > 1 and correlation == 0:
            raise DataError(
                f"{len(rows)} totals that hold each other are read as independent",
                where=f"{table.label}, correlation",
                why="their errors are nearly one error, and the sum would be far too certain",
                remedy="select one row, or state a correlation",
            )  # fmt: skip
        return
    refuse_overlaps(table, rows)
    if group:
        refuse_gaps_in_years(table, rows)


def _at_its_line(
    table: Table, error: InvalidValueError, rows: Sequence[EstimateRow], group: str | None
) -> DataError:
    """Return the error of a row of estimates with the place of its line."""
    named = re.fullmatch(r"(?:row |\w+\[)(\d+)\]?", error.where)
    where, remedy = f"{table.label}, {error.where}", error.remedy
    if named and group:
        year = sorted({row.begin.year for row in rows if row.begin})[int(named[1])]
        where = f"{table.label}, sum of {year}"
        remedy = "state a correlation: estimates made by one factor or one curve err together"
    elif named:
        where = table.place(rows[int(named[1])].line)
        if "counting noise" in error.what:
            remedy = 'add rows: group = "year"; the bounds leave chance in single spans out'
    return DataError(error.what, where=where, why=error.why, remedy=remedy)
