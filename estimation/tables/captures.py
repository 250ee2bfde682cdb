"""``read_captures``: a table of how many were captured how often."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from estimation.errors import InvalidValueError, NotEstimableError
from estimation.tables.checks import read_counts
from estimation.tables.source import Table, is_unknown, lines_of
from estimation.tables.wide import open_wide

if TYPE_CHECKING:
    import pandas as pd


@dataclasses.dataclass(frozen=True, eq=False)
class CapturesRead:
    """How many were captured how often.

    Parameters
    ----------
    captures : (n,) integers
        Numbers of captures, from 1, rising; those with nobody are left out.
    counts : (n,) integers, persons (or animals, ...)
        How many were captured so often.
    occasions : int, optional
        How often one could be captured; none if without limit.
    name : str
        Name of the file or dataset; "table" for a DataFrame.
    source : str
        Where a shipped dataset comes from; empty for other tables.
    notes : tuple of str
        What was left out.
    """

    captures: NDArray[np.int64]
    counts: NDArray[np.int64]
    occasions: int | None
    name: str
    source: str
    notes: tuple[str, ...]


def is_captures(source: str | Path | pd.DataFrame | Table, captures: str = "captures") -> bool:
    """Return whether a table is one of captures and not of lists.

    Parameters
    ----------
    source : path, str, pandas.DataFrame or Table
        The table.
    captures : str
        Column that only a table of captures has.
    """
    return captures in open_wide(source).frame.columns


def read_captures(
    source: str | Path | pd.DataFrame | Table, *, captures: str = "captures",
    count: str = "count", occasions: int | None = None,
) -> CapturesRead:  # fmt: skip
    """Read how many were captured once, twice, ...; numbers without a row have nobody.

    Parameters
    ----------
    source : path, str, pandas.DataFrame or Table
        A file that ends in .csv, .csv.gz or .parquet, a DataFrame, or the name of a shipped
        dataset, which knows its own occasions.
    captures, count : str
        Columns.
    occasions : int, optional
        How often one could be captured; by default without limit.

    Raises
    ------
    DataError
        If the table cannot be read as it is; the message names file, line and column.
    InvalidValueError
        If `occasions` is no whole number of 1 or more.
    NotEstimableError
        If nobody was captured, or there was one occasion only.
    """
    table = open_wide(source)
    known = table.dataset
    if known is not None:
        count = known.count if count == "count" and known.count else count
        occasions = known.occasions if occasions is None else occasions
    _check_occasions(occasions)
    often, persons = _numbers(table, captures, "captures"), _numbers(table, count, "count")
    _refuse_twice(table, captures, often)
    notes = _refuse_unseen(table, count, often, persons)
    if occasions is not None:
        more = [line for line, times in often.items() if times > occasions and persons[line]]
        if more:
            raise table.fault(
                more, captures, f"{often[more[0]]} captures on {occasions} occasions",
                why="nobody is captured twice on one occasion", remedy="correct one of the two",
            )  # fmt: skip
    pairs = sorted((times, persons[line]) for line, times in often.items() if persons[line])
    if not pairs:
        raise NotEstimableError("nobody was captured", where=table.label,
                                why="without captures nothing tells who is missing")  # fmt: skip
    values = np.array(pairs, dtype=np.int64)
    return CapturesRead(
        values[:, 0].copy(), values[:, 1].copy(), occasions, table.name,
        known.source if known is not None else "", tuple(notes),
    )  # fmt: skip


def _check_occasions(occasions: int | None) -> None:
    if occasions is None:
        return
    whole = isinstance(occasions, (int, np.integer)) and not isinstance(occasions, bool)
    if not whole or occasions < 1:
        raise InvalidValueError(f"must be a whole number of 1 or more, not {occasions!r}",
                                where="occasions")  # fmt: skip
    if occasions == 1:
        raise NotEstimableError(
            "there was one occasion only", where="occasions",
            why="who was never captured shows only in who was captured again",
            remedy="add another occasion",
        )  # fmt: skip


def _numbers(table: Table, column: str, use: str) -> dict[int, int]:
    """Return the number of each line; an empty one is refused, save a count of none captured."""
    values = table.column(column, use)
    unknown = is_unknown(values)
    frame = values.mask(unknown, "").to_frame(column)
    read = read_counts(dataclasses.replace(table, frame=frame), column)
    if use == "captures" and unknown.any():
        raise table.fault(lines_of(unknown), column, "is empty",
                          remedy="write how often they were captured")  # fmt: skip
    # -1 marks what is not known until the row is known to be that of no capture
    return {line: -1 if number is None else number for line, number in read.items()}


def _refuse_twice(table: Table, column: str, often: dict[int, int]) -> None:
    first: dict[int, int] = {}
    for line, times in often.items():
        if times in first:
            raise table.fault(
                [line], column,
                f"gives {times} captures a second time ({table.unit} {first[times]} gives it too)",
                why="the same persons may count twice", remedy="add the two counts",
            )  # fmt: skip
        first[times] = line


def _refuse_unseen(
    table: Table, column: str, often: dict[int, int], persons: dict[int, int]
) -> list[str]:  # fmt: skip
    """Take out the row of no capture if it has nobody; refuse other counts that are not known."""
    notes = []
    none = [line for line, times in often.items() if times == 0]
    for line in none:
        if persons[line] > 0:
            raise table.fault(
                [line], column, f"{persons[line]:,} were never captured",
                why="how many were not is what is to be estimated", remedy="leave that row out",
            )  # fmt: skip
        persons[line] = 0
        notes.append("The row of those who were never captured has no count and is left out.")
    empty = [line for line, number in persons.items() if number < 0]
    if empty:
        raise table.fault(
            empty, column, "is empty", why="a number of captures without a row has nobody",
            remedy="write the count, or leave the row out if it is 0",
        )  # fmt: skip
    return notes
