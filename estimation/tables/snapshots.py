"""``read_snapshots``: totals by period of death, as a list had them at several dates."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from estimation.errors import NotEstimableError
from estimation.tables.checks import check_killed, chosen_rows, read_counts
from estimation.tables.periods import check_step, read_periods, refuse_times
from estimation.tables.publications import Dated
from estimation.tables.report_checks import Options, make_rows, read_strata
from estimation.tables.report_rows import ReportRows
from estimation.tables.reports import inferred_step
from estimation.tables.source import Table, open_table
from models.cells import UNKNOWN
from models.reports import period_after, steps_between

if TYPE_CHECKING:
    import pandas as pd

_Cell = tuple[datetime.date | None, str]


@dataclasses.dataclass(frozen=True)
class _Total:
    """One row: names of a cell on one day of the list."""

    line: int
    cell: _Cell
    day: datetime.date
    count: int


def read_snapshots(
    source: str | Path | pd.DataFrame, *, period: str = "period", as_of: str = "as_of",
    count: str = "count", stratum: str | None = None, step: str | None = None,
    select: Mapping[str, object] | None = None, negative: str | None = None,
    first: str = "mask", last_event: str | datetime.date | None = None,
    dating: str | None = None,
) -> ReportRows:  # fmt: skip
    """Read totals by period of death at several dates; new names are the differences.

    Snapshots belong to the period of report in which their day falls; of two in one period the
    later counts. Periods of report without a snapshot have no publication.

    Parameters
    ----------
    source : path, str or pandas.DataFrame
        A file that ends in .csv, .csv.gz or .parquet, a DataFrame, or the name of a shipped
        dataset.
    period : str
        Column of periods of death. Empty, "unknown" and "NA" mean not known.
    as_of : str
        Column of days of the list, ISO dates.
    count : str
        Column of all names that the list of that day had for the period.
    stratum : str, optional
        Column of strata.
    step : {"day", "week", "month", "year"}, optional
        Length of a period of death and of report; by default what the periods have.
    select : mapping of str to value, optional
        Only rows that hold these values, compared as text.
    negative : {"earlier", "zero"}, optional
        What to do where a total falls; see ``read_reports``.
    first : {"mask", "keep"}
        What the first snapshot says of delays: nothing, or as if all its names were new.
    last_event : ISO date or "report", optional
        The last period of death that the table covers; by default the last with a row.
    dating : {"death", "obituary", "report"}, optional
        What the periods of death are periods of; "death" unless the dataset says otherwise.

    Raises
    ------
    DataError
        If the table cannot be read as it is; the message names file, line and column.
    """
    table = open_table(source)
    if dating is None and table.dataset is not None:
        dating = table.dataset.dating
    options = Options(
        negative, None, first, last_event, dating or "death",
        increments=True, fewer="against the list before: the total falls",
    )  # fmt: skip
    options.check()
    table = chosen_rows(table, select)
    check_killed(table, count)
    for column in (period, as_of):
        refuse_times(table, column)
    step, notes = (check_step(period, step), []) if step else inferred_step(table, [period])
    totals = _totals(table, period, as_of, count, stratum, step)
    begin = min(total.cell[0] for total in totals if total.cell[0] is not None)
    days = sorted({total.day for total in totals})
    # of several snapshots in one period of report the last stays
    seen_on = {steps_between(begin, day, step): day for day in days}
    if len(seen_on) == 1:
        raise NotEstimableError(
            f"one snapshot alone, of {days[-1]}", where=f"{table.label}, column {as_of}",
            why="delays are learned from what was added between two",
            remedy=f"add the totals of another {step}",
        )  # fmt: skip
    if len(days) > len(seen_on):
        notes.append(
            f"{len(days) - len(seen_on)} of {len(days)} snapshots are left out: a later one falls "
            f"into the same {step}."
        )
    rows = _increments(table, totals, begin, step, seen_on)
    columns = {"event": period, "report": as_of, "count": count}
    return make_rows(table, rows, step, columns, options, notes, seen_on)


def _totals(
    table: Table, period: str, as_of: str, count: str, stratum: str | None, step: str
) -> list[_Total]:
    """Return all rows, each cell once a day."""
    periods, days = read_periods(table, period, step), read_periods(table, as_of, "day")
    counts, strata = read_counts(table, count), read_strata(table, stratum)
    found: list[_Total] = []
    seen: dict[tuple[_Cell, datetime.date], int] = {}
    for line in sorted(counts):
        day, number, cell = days[line], counts[line], (periods[line], strata[line])
        if day is None or number is None:
            raise table.fault(
                [line], as_of if day is None else count, "is empty",
                why="a snapshot is a total on a day", remedy="write it, or leave the row out",
            )  # fmt: skip
        if (cell, day) in seen:
            raise table.fault(
                [line], "",
                f"gives {_called(cell)} on {day} a second time "
                f"({table.unit} {seen[cell, day]} gives it too)",
                why="which of them holds cannot be told",
                remedy="keep one of the rows, or name the column that tells them apart as stratum",
            )  # fmt: skip
        seen[cell, day] = line
        found.append(_Total(line, cell, day, number))
    return found


def _increments(
    table: Table, totals: list[_Total], begin: datetime.date, step: str,
    seen_on: Mapping[int, datetime.date],
) -> Dated:  # fmt: skip
    """Return the differences between consecutive snapshots of each cell.

    Raises
    ------
    DataError
        If a cell with names is not in a later snapshot, or names come before their period.
    """
    kept = {day: index for index, day in seen_on.items()}
    at = {(total.cell, kept[total.day]): total for total in totals if total.day in kept}
    cells = sorted({total.cell for total in totals}, key=lambda cell: (str(cell[0]), cell[1]))
    found: list[tuple[int, _Cell, datetime.date, int]] = []
    for cell in cells:
        before: _Total | None = None
        for index in sorted(seen_on):
            total = at.get((cell, index))
            if total is None:
                if before is not None and before.count:
                    raise table.fault(
                        [before.line], "",
                        f"gives names of {_called(cell)}, and no row does so for the list of "
                        f"{seen_on[index]}",
                        why="whether they were withdrawn or left out cannot be told",
                        remedy="write the total of every period in each later snapshot",
                    )  # fmt: skip
                continue
            change = total.count - (before.count if before is not None else 0)
            if change or cell[0] is None or index >= steps_between(begin, cell[0], step):
                found.append((total.line, cell, period_after(begin, index, step), change))
            before = total
    return Dated(
        [row[0] for row in found], [row[1][0] for row in found], [row[2] for row in found],
        [row[1][1] for row in found], np.array([row[3] for row in found], np.int64),
    )  # fmt: skip


def _called(cell: _Cell) -> str:
    day, stratum = cell
    return f"{day or UNKNOWN}" + (f", {stratum!r}" if stratum else "")
