"""``read_cells``: a tidy table of confirmed counts becomes `Cells`."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from estimation.errors import DataError, InvalidValueError, UndercountError
from estimation.tables.checks import check_killed, chosen_rows, read_counts, single_as_of
from estimation.tables.exposure import read_exposure
from estimation.tables.grid import (
    GAPS,
    UNKNOWNS,
    Grid,
    Row,
    all_periods,
    all_strata,
    fill_grid,
    refuse_twice,
)
from estimation.tables.periods import check_step, inside, read_bound, read_periods
from estimation.tables.source import Table, is_unknown, open_table
from estimation.words import listed, suggestion
from models.cells import DATINGS, UNKNOWN, Cells

if TYPE_CHECKING:
    import pandas as pd

    from estimation.datasets.load import Dataset


@dataclasses.dataclass(frozen=True)
class TableRead:
    """What a table holds.

    Parameters
    ----------
    cells : Cells
        The counts.
    as_of : datetime.date, optional
        The day of the list, if the table or the description of the dataset gives it.
    name : str
        Name of the file or dataset; "table" for a DataFrame.
    source : str
        Where a shipped dataset comes from; empty for other tables.
    """

    cells: Cells
    as_of: datetime.date | None
    name: str
    source: str


def read_cells(
    source: str | Path | pd.DataFrame, *, count: str = "count", period: str | None = None,
    step: str | None = None, stratum: str | None = None,
    select: Mapping[str, object] | None = None, gaps: str | None = None, unknown: str = "keep",
    apart: Sequence[str] = (), exposure: Mapping[str, object] | None = None,
    dating: str | None = None, partial: bool | None = None,
    until: str | datetime.date | None = None, since: str | datetime.date | None = None,
) -> TableRead:  # fmt: skip
    """Read a tidy table, one row a cell, and refuse what would bend the estimate.

    Parameters
    ----------
    source : path, str or pandas.DataFrame
        A file that ends in .csv or .parquet, a DataFrame, or the name of a shipped dataset.
    count : str
        Column of confirmed deaths. A shipped dataset knows its own count, period, step and stratum;
        they are taken where the default stands.
    period : str, optional
        Column of periods: ISO dates of first days, ISO weeks, months or years, one form a column.
    step : {"day", "week", "month", "year"}, optional
        Length of a period; must be given with `period`.
    stratum : str, optional
        Column of strata. Empty, "unknown" and "NA" (any case) mean not known, in periods too.
    select : mapping of str to value, optional
        Only rows that hold these values, compared as text; dates in ISO form.
    gaps : {"zero", "missing"}, optional
        What a cell without a row or with an empty count means; must be given if there are any.
    unknown : {"keep", "allocate"}
        Keep names without a stratum or period apart and visible, or let the model allocate them.
    apart : sequence of str
        Strata that are not pooled with the others and need no exposure.
    exposure : mapping, optional
        Persons at risk: "table" (as `source`), "column", and "stratum" if that column is called
        otherwise than here. Its strata that the counts do not name are left out.
    dating : {"death", "obituary", "report"}, optional
        What the dates are of; "death" unless the dataset says otherwise.
    partial : bool, optional
        Whether the table is known to lack part of the list; false unless the dataset says so.
    until, since : ISO date, optional
        Only periods that lie wholly between these days, both included. Names without a period stay.

    Returns
    -------
    TableRead
        The cells, with periods and strata in order whatever the order of the rows.

    Raises
    ------
    DataError
        If the table cannot be read as it is; the message names file, line and column.
    NotEstimableError
        If there is not one confirmed death in it.
    """
    table = open_table(source)
    known = table.dataset
    usual = known is not None and count == "count" and known.count is not None
    if known is not None:
        count = known.count if usual and known.count else count
        if period is None:
            period, step = known.period, step or known.step
        stratum = stratum if stratum is not None else known.stratum
        dating = dating if dating is not None else known.dating
        partial = known.partial if partial is None else partial
    apart = _check_words(gaps, unknown, apart, dating, table, stratum)
    step = check_step(period, step)
    bounds = _bounds(period, since, until)
    table = chosen_rows(table, select)
    as_of = single_as_of(table) or (_described_day(known) if usual else None)
    check_killed(table, count)
    rows = _rows(table, count, period, step, stratum, bounds)
    refuse_twice(table, rows)
    strata = all_strata(rows, keep=unknown == "keep") if stratum is not None else ()
    apart = _apart(table, stratum, apart, strata)
    periods = all_periods(table, rows, step)
    grid = fill_grid(table, rows, periods, strata, gaps, count)
    persons = None
    if exposure is not None:
        if stratum is None:
            raise DataError(
                "is given without a column of strata", where="exposure",
                remedy="name the column: stratum = ...",
            )  # fmt: skip
        persons = read_exposure(exposure, stratum, table, rows, strata, apart)
    try:
        cells = Cells(
            grid.counts, periods=periods, step=step, strata=strata, missing=grid.missing,
            apart=apart, exposure=persons, dating=dating or "death", partial=bool(partial),
            **_beside(grid, keep=unknown == "keep"),
        )  # fmt: skip
    except InvalidValueError as error:
        raise DataError(
            error.what, where=f"{table.label}, {error.where}", why=error.why, remedy=error.remedy
        ) from None
    except UndercountError as error:
        error.where = f"{table.label}, {error.where}"
        raise
    return TableRead(cells, as_of, table.name, known.source if known is not None else "")


def _check_words(
    gaps: str | None, unknown: str, apart: Sequence[str], dating: str | None, table: Table,
    stratum: str | None,
) -> tuple[str, ...]:  # fmt: skip
    """Refuse arguments that nobody knows; return the strata apart."""
    for name, value, words in (
        ("gaps", gaps, GAPS), ("unknown", unknown, UNKNOWNS), ("dating", dating, DATINGS),
    ):  # fmt: skip
        if value is not None and value not in words:
            raise DataError(
                f"no {name} {value!r}", where=name, remedy=suggestion(str(value), words)
            )
    if isinstance(apart, str):
        raise DataError(f"must be a list of names, not {apart!r}", where="apart")
    if apart and stratum is None:
        raise DataError(
            f"names strata, and {table.label} is read without any", where="apart",
            remedy="name the column: stratum = ...",
        )  # fmt: skip
    return tuple(dict.fromkeys(map(str, apart)))


_Bounds = tuple[datetime.date | None, datetime.date | None]


def _bounds(period: str | None, since: object, until: object) -> _Bounds:
    first, last = read_bound(since, "since"), read_bound(until, "until")
    if period is None and (first or last):
        raise DataError(
            "bounds periods, and there is no column of them", where="since" if first else "until",
            remedy="name the column: period = ...",
        )  # fmt: skip
    if first and last and first > last:
        raise DataError(f"{first} is after until = {last}", where="since", remedy="swap them")
    return first, last


def _rows(
    table: Table, count: str, period: str | None, step: str, stratum: str | None, bounds: _Bounds
) -> list[Row]:
    """Return the rows inside the bounds of the user, by line."""
    strata: dict[int, str] = {}
    if stratum is not None:
        names = table.column(stratum, "stratum")
        known = names[~is_unknown(names)]
        strata = dict(zip(map(int, known.index), known.tolist(), strict=True))
    days = read_periods(table, period, step) if period is not None else {}
    counts = read_counts(table, count)
    found = []
    for line in sorted(counts):
        day = days.get(line)
        if day is None or inside(day, step, *bounds):
            found.append(Row(line, day, strata.get(line), counts[line]))
    if days and not any(row.period for row in found):
        begin = sorted(day for day in days.values() if day is not None)
        raise DataError(
            "no period lies wholly between since and until", where=table.label,
            why=f"periods begin from {begin[0]} to {begin[-1]}",
        )  # fmt: skip
    return found


def _apart(
    table: Table, stratum: str | None, apart: Sequence[str], strata: Sequence[str]
) -> tuple[str, ...]:
    """Return all strata that are apart, the unknown one too, or say that one is not there."""
    for name in apart:
        if name not in strata:
            near = suggestion(name, strata)
            raise DataError(
                f"no stratum {name!r} to be put apart", where=f"{table.label}, column {stratum}",
                remedy=near if near.startswith("did") else f"there are {listed(strata)}",
            )  # fmt: skip
    if stratum is not None and set(strata) <= {*apart, UNKNOWN}:
        raise DataError(
            "no stratum is known and not apart", where=f"{table.label}, column {stratum}",
            why="nothing is left to be estimated together", remedy="leave the column out",
        )  # fmt: skip
    return (*(name for name in apart if name != UNKNOWN), *([UNKNOWN] if UNKNOWN in strata else []))


def _beside(grid: Grid, *, keep: bool) -> dict[str, NDArray[np.int64]]:
    """Return the names without a cell, as `Cells` takes them."""
    if keep:
        return {"undated": grid.unknown_period}
    return {"unknown_stratum": grid.unknown_stratum, "unknown_period": grid.unknown_period}


def _described_day(dataset: Dataset | None) -> datetime.date | None:
    """Return the day of a dataset, if its description gives one and not a month or a range."""
    text = dataset.as_of if dataset is not None else ""
    return datetime.date.fromisoformat(text) if len(text) == 10 else None
