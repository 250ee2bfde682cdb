"""From rows to a grid of periods and strata: cells given twice, gaps, unknown places."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from estimation.errors import DataError
from estimation.tables.source import Table
from models.cells import UNKNOWN, next_period

#: What gaps may mean.
GAPS = ("zero", "missing")

#: What happens to names without a period or stratum.
UNKNOWNS = ("keep", "allocate")

#: Above this a year is mistyped rather than a table so large.
_LARGEST_GRID = 2_000_000

#: Days of the shortest period of a step.
_SHORTEST = {"day": 1, "week": 7, "month": 28, "year": 365}


@dataclasses.dataclass(frozen=True)
class Row:
    """One row: period or stratum is none if not known or not there, count if the field is empty."""

    line: int
    period: datetime.date | None
    stratum: str | None
    count: int | None


@dataclasses.dataclass(frozen=True, eq=False)
class Grid:
    """Counts by period and stratum, and those without a place; shapes as in `Cells`."""

    counts: NDArray[np.int64]
    missing: NDArray[np.bool_]
    unknown_stratum: NDArray[np.int64]
    unknown_period: NDArray[np.int64]


def refuse_twice(table: Table, rows: Sequence[Row]) -> None:
    """Refuse a cell that is given by two rows."""
    seen: dict[tuple[datetime.date | None, str | None], int] = {}
    again: list[tuple[int, int, str]] = []
    for row in rows:
        first = seen.setdefault((row.period, row.stratum), row.line)
        if first != row.line:
            again.append((row.line, first, cell_name(row.period, row.stratum)))
    if again:
        _, first, cell = again[0]
        raise table.fault(
            [line for line, _, _ in again], "",
            f"gives {cell} a second time ({table.unit} {first} gives it too)",
            why="the same names may be counted twice",
            remedy="keep one of the rows, choose rows by select, or name the column that tells "
            "them apart as period or stratum",
        )  # fmt: skip


def all_periods(table: Table, rows: Sequence[Row], step: str) -> tuple[datetime.date, ...]:
    """Return all first days from the first to the last known period."""
    known = sorted({row.period for row in rows if row.period is not None})
    if not known:
        return ()
    strata = len({row.stratum for row in rows})
    if (known[-1] - known[0]).days // _SHORTEST[step] * strata > _LARGEST_GRID:
        raise DataError(
            f"periods run from {known[0]} to {known[-1]}", where=table.label,
            why=f"more than {_LARGEST_GRID:,} cells: a year is mistyped",
            remedy="look at the first and last period, or set since and until",
        )  # fmt: skip
    found = [known[0]]
    while found[-1] < known[-1]:
        found.append(next_period(found[-1], step))
    return tuple(found)


def all_strata(rows: Sequence[Row], *, keep: bool) -> tuple[str, ...]:
    """Return the strata in order; "unknown" is last, and is there only if it is kept with names."""
    known = sorted({row.stratum for row in rows if row.stratum is not None})
    unknown = keep and any(row.stratum is None and row.count for row in rows)
    return (*known, *([UNKNOWN] if unknown else []))


def fill_grid(
    table: Table, rows: Sequence[Row], periods: Sequence[datetime.date], strata: Sequence[str],
    gaps: str | None, count: str,
) -> Grid:  # fmt: skip
    """Put rows into cells; what has no period or stratum is counted beside them.

    Parameters
    ----------
    table : Table
        For the place in messages.
    rows : sequence of Row
        Each cell once.
    periods, strata : sequence
        All of them, in order; empty if the table has no such dimension.
    gaps : {"zero", "missing"}, optional
        What a cell without a count means.
    count : str
        The column of counts, for messages.

    Raises
    ------
    DataError
        If there are gaps and nobody said what they mean, or what they mean cannot be kept.
    """
    shape = max(1, len(periods)), max(1, len(strata))
    counts = np.zeros(shape, np.int64)
    observed = np.zeros(shape, bool)
    unknown_stratum, unknown_period = np.zeros(shape[0], np.int64), np.zeros(shape[1], np.int64)
    at = {day: place for place, day in enumerate(periods)}
    of = {name: place for place, name in enumerate(strata)}
    empty: list[int] = []
    for row in rows:
        period = at.get(row.period) if row.period and periods else None if periods else 0
        stratum = of.get(row.stratum or UNKNOWN) if strata else 0
        if row.count is None:
            empty.append(row.line)
            if gaps == "missing" and (period is None or stratum is None):
                raise table.fault(
                    [row.line], count, "is empty beside an unknown period or stratum",
                    why="names without a cell cannot be missing from one",
                    remedy="write the number of names, or remove the row",
                )  # fmt: skip
        elif period is not None and stratum is not None:
            counts[period, stratum], observed[period, stratum] = row.count, True
        elif period is not None:
            unknown_stratum[period] += row.count
        elif stratum is not None:
            unknown_period[stratum] += row.count
        elif row.count:
            raise table.fault(
                [row.line], "", "has neither a period nor a stratum",
                why="such names cannot be allocated to cells", remedy='set unknown = "keep", or '
                "give one of the two",
            )  # fmt: skip
    if gaps is None:
        _refuse_gaps(table, periods, strata, observed, empty, count)
    missing = ~observed if gaps == "missing" else np.zeros(shape, bool)
    return Grid(counts, missing, unknown_stratum, unknown_period)


def _refuse_gaps(
    table: Table, periods: Sequence[datetime.date], strata: Sequence[str],
    observed: NDArray[np.bool_], empty: Sequence[int], count: str,
) -> None:  # fmt: skip
    remedy = 'say gaps = "zero" (nothing was confirmed) or gaps = "missing" (not observed)'
    why = "nothing confirmed and not looked at are different facts"
    if empty:
        raise table.fault(empty, count, "is empty", why=why, remedy=remedy)
    gaps = np.argwhere(~observed)
    if len(gaps):
        period, stratum = map(int, gaps[0])
        cell = cell_name(periods[period] if periods else None, strata[stratum] if strata else None)
        raise DataError(
            f"{cell} is missing"
            + (f", the first of {len(gaps)} cells without a row" if len(gaps) > 1 else ""),
            where=table.label, why=why, remedy=remedy,
        )  # fmt: skip


def cell_name(period: datetime.date | None, stratum: str | None) -> str:
    """Return how messages call a cell."""
    parts = [str(period)] * (period is not None) + [repr(stratum)] * (stratum is not None)
    return "the cell " + ", ".join(parts) if parts else "the one cell of the table"
