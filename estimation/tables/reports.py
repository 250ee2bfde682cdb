"""``read_reports``: a table of new names by period of death and date of report."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from estimation.errors import DataError
from estimation.tables.checks import (
    check_killed,
    chosen_rows,
    read_changes,
    read_delays,
    single_as_of,
)
from estimation.tables.periods import check_step, infer_step, read_periods, refuse_times
from estimation.tables.publications import Dated
from estimation.tables.report_checks import Options, make_rows, read_strata
from estimation.tables.report_rows import ReportRows
from estimation.tables.source import Table, open_table
from models.reports import period_after, steps_between

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ReportRows", "read_reports"]

_EVENT, _REPORT, _DELAY = "event_period", "report_period", "delay"


def read_reports(
    source: str | Path | pd.DataFrame, *, event: str = _EVENT, report: str | None = None,
    delay: str | None = None, count: str = "count", stratum: str | None = None,
    step: str | None = None, select: Mapping[str, object] | None = None,
    negative: str | None = None,
    published: str | Path | Sequence[str | datetime.date] | None = None, first: str = "mask",
    last_event: str | datetime.date | None = None, dating: str | None = None,
    increments: bool = False,
) -> ReportRows:  # fmt: skip
    """Read new names by period of death and date of report; absent cells have none.

    Parameters
    ----------
    source : path, str or pandas.DataFrame
        A file that ends in .csv, .csv.gz or .parquet, a DataFrame, or the name of a shipped
        dataset, which knows its own count, event, step, stratum and published.
    event : str
        Column of periods of death. Empty, "unknown" and "NA" mean not known.
    report, delay : str, optional
        Columns of periods of report and of delays in steps: one of them, or both, which must
        agree. By default those of "report_period" and "delay" that are there.
    count : str
        Column of new names; negative where names were withdrawn or re-dated.
    stratum : str, optional
        Column of strata.
    step : {"day", "week", "month", "year"}, optional
        Length of a period; by default what all dates have, which a note tells.
    select : mapping of str to value, optional
        Only rows that hold these values, compared as text.
    negative : {"earlier", "zero"}, optional
        Take withdrawn names off the latest earlier reports of the same period of death, or ignore
        them; must be given if there are any.
    published : str, path or sequence of dates, optional
        Periods in which something was published: "all" from the first report on, a list, or a
        table with a column report_period. By default all; in daily tables those with a row.
    first : {"mask", "keep"}
        What a first publication with names of earlier periods says of their delays: nothing, or
        what it says of others.
    last_event : ISO date or "report", optional
        The last period of death that the table covers; "report" means that of the last report. By
        default the last with a row.
    dating : {"death", "obituary", "report"}, optional
        What the periods of death are periods of; "death" unless the dataset says otherwise.
    increments : bool
        Whether counts are known to be of new names although they look cumulative.

    Raises
    ------
    DataError
        If the table cannot be read as it is; the message names file, line and column.
    """
    table = open_table(source)
    known = table.dataset
    if known is not None:
        count = known.count if count == "count" and known.count else count
        event = known.event if event == _EVENT and known.event else event
        step, stratum = step or known.step, stratum if stratum is not None else known.stratum
        published = published if published is not None else known.published
        dating = dating if dating is not None else known.dating
    options = Options(negative, published, first, last_event, dating or "death", increments)
    options.check()
    table = chosen_rows(table, select)
    report, delay = _columns(table, report, delay)
    if "as_of" not in (report, event):
        single_as_of(table)
    check_killed(table, count)
    dates = [column for column in (event, report) if column is not None]
    for column in dates:
        refuse_times(table, column)
    step, notes = (check_step(event, step), []) if step else inferred_step(table, dates)
    events = read_periods(table, event, step)
    lines = sorted(events)
    reports = _reports(table, events, step, report, delay)
    counts, strata = read_changes(table, count), read_strata(table, stratum)
    rows = Dated(
        lines, [events[line] for line in lines], [reports[line] for line in lines],
        [strata[line] for line in lines], np.array([counts[line] for line in lines], np.int64),
    )  # fmt: skip
    columns = {"event": event, "report": report or delay or "", "count": count}
    return make_rows(table, rows, step, columns, options, notes)


def inferred_step(table: Table, columns: Sequence[str]) -> tuple[str, list[str]]:
    """Return the step that the dates of all columns have, and the note that tells it.

    Raises
    ------
    DataError
        If two columns have dates of different steps.
    """
    found = {column: infer_step(table, column) for column in columns}
    steps = {step for step in found.values() if step}
    if len(steps) > 1:
        said = " and ".join(f"{step}s in {column}" for column, step in found.items())
        raise DataError(
            f"dates look like {said}", where=table.label, why="delays are counted in one step",
            remedy="name it: step = ..., and write reports on its first days",
        )  # fmt: skip
    step = next(iter(steps), "day")
    how = {
        "day": "days follow each other", "week": "they are whole weeks apart",
        "month": "they begin months", "year": "they begin years",
    }[step]  # fmt: skip
    return step, [f"The step is taken from the dates as a {step}: {how}."]


def _columns(
    table: Table, report: str | None, delay: str | None
) -> tuple[str | None, str | None]:  # fmt: skip
    """Return the columns of reports and delays that are to be read."""
    there = table.frame.columns
    if report is None and delay is None:
        report = _REPORT if _REPORT in there else None
        delay = _DELAY if _DELAY in there else None
    if report is None and delay is None:
        raise DataError(
            f"has neither a column {_REPORT!r} nor {_DELAY!r}", where=table.label,
            why="without a date of report nothing is known of delays",
            remedy="totals by date of the list are read by read_snapshots" if "as_of" in there
            else "name one: report = ... or delay = ...",
        )  # fmt: skip
    return report, delay


def _reports(
    table: Table, events: Mapping[int, datetime.date | None], step: str, report: str | None,
    delay: str | None,
) -> dict[int, datetime.date]:  # fmt: skip
    """Return the period of report of each line, from a date, a delay, or both if they agree."""
    dates = read_periods(table, report, step) if report is not None else {}
    delays = read_delays(table, delay) if delay is not None else {}
    found: dict[int, datetime.date] = {}
    undue: list[int] = []
    apart: list[int] = []
    for line, event in events.items():
        date = dates.get(line)
        if date is None and report is not None:
            undue.append(line)
        elif date is not None:
            found[line] = date
            if delay is not None and event and steps_between(event, date, step) != delays[line]:
                apart.append(line)
        elif event is None:
            undue.append(line)
        else:
            try:
                found[line] = period_after(event, delays[line], step)
            except (OverflowError, ValueError):
                raise table.fault(
                    [line], delay or "", f"{delays[line]} ends after the calendar",
                ) from None  # fmt: skip
    if undue:
        raise table.fault(
            undue, report or delay or "", "has no date of report",
            why="names without one cannot be put before or after a day", remedy="write it",
        )  # fmt: skip
    if apart:
        line = apart[0]
        raise table.fault(
            apart, delay or "",
            f"{delays[line]} is not the delay from {events[line]} to {found[line]}, which is "
            f"{steps_between(events[line] or found[line], found[line], step)} {step}s",
            why=f"{report} and {delay} contradict each other", remedy="name one of the two",
        )  # fmt: skip
    return found
