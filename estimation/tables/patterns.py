"""``read_patterns``: a table of overlapping lists becomes `Patterns`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from estimation.errors import DataError, InvalidValueError, NotEstimableError
from estimation.tables.captures import CapturesRead, is_captures, read_captures
from estimation.tables.pattern_columns import (
    RowCounts,
    check_count_column,
    list_columns,
    names_of,
    read_bounded_counts,
    read_flags,
    read_labels,
)
from estimation.tables.pattern_rows import (
    added_up,
    lists_alike,
    mark_bounds,
    reduced_lists,
    refuse_twice,
    refuse_unseen,
)
from estimation.tables.source import Table
from estimation.tables.wide import open_wide
from estimation.words import listed
from models.lists.patterns import Patterns

if TYPE_CHECKING:
    import pandas as pd

    from estimation.tables.pattern_rows import BoolArray, IntArray

__all__ = [
    "DRAW", "REACH", "CapturesRead", "PatternsRead", "holds_draws", "is_captures",
    "read_captures", "read_patterns",
]  # fmt: skip

#: Columns of draws of a linkage: the number of the draw, and what it takes blocking to have kept.
DRAW, REACH = "draw", "reach"


@dataclasses.dataclass(frozen=True)
class PatternsRead:
    """What a table of overlapping lists holds.

    Parameters
    ----------
    patterns : Patterns
        The counts.
    name : str
        Name of the file or dataset; "table" for a DataFrame.
    source : str
        Where a shipped dataset comes from; empty for other tables.
    notes : tuple of str
        What was left out, and what is to be known of the lists.
    """

    patterns: Patterns
    name: str
    source: str
    notes: tuple[str, ...]


def read_patterns(
    source: str | Path | pd.DataFrame | Table, *, lists: Sequence[str] | None = None,
    count: str = "count", strata: str | Sequence[str] = (),
    merge: Mapping[str, Sequence[str]] | None = None, leave_out: str | Sequence[str] = (),
    at_most: str | Sequence[str] = (),
) -> PatternsRead:  # fmt: skip
    """Read how many persons are on exactly these lists, one row a pattern (and stratum).

    Parameters
    ----------
    source : path, str, pandas.DataFrame or Table
        A file that ends in .csv, .csv.gz or .parquet, a DataFrame, or the name of a shipped
        dataset, which knows its own lists and strata.
    lists : sequence of str, optional
        Columns of 0 and 1; by default all but those of counts and strata.
    count : str
        Column of persons. Empty and "NA" mean not known, "<=122" at most so many.
    strata : str or sequence of str
        Columns of strata; several make one label. Empty means that it was not recorded.
    merge : mapping of str to sequence of str, optional
        New names, and the lists that they take the place of: on it is who was on any of them.
    leave_out : str or sequence of str
        Lists to drop: who was on them alone is gone.
    at_most : str or sequence of str
        Patterns whose count is an upper bound, as "A" for those on A alone or "A+B".

    Returns
    -------
    PatternsRead
        A pattern without a row has no person.

    Raises
    ------
    DataError
        If the table cannot be read as it is; the message names file, line and column.
    InvalidValueError
        If lists that are not there are to be merged, left out or bounded, or there are too many.
    NotEstimableError
        If there is one list only, or nobody on any.
    """
    table = open_wide(source)
    known = table.dataset
    if known is not None:
        count = known.count if count == "count" and known.count else count
        strata = strata or known.strata
    columns = names_of(table, strata, "stratum")
    if is_captures(table) and lists is None:
        raise DataError(
            "holds how often each was captured, not on which lists", where=table.label,
            why="who is on which list together cannot be told from it",
            remedy="read it with read_captures, or name the lists",
        )  # fmt: skip
    _refuse_draws(table, count, lists)
    check_count_column(table, count, columns)
    names = list_columns(table, lists, count, columns)
    if not names:
        raise DataError("has no column of a list", where=table.label,
                        remedy="give each list a column of 0 and 1")  # fmt: skip
    rows = read_bounded_counts(table, count)
    on = read_flags(table, names)
    labels, stratum = read_labels(table, columns)
    unread = [one for one in table.frame.columns if one not in (*names, *columns, count)]
    refuse_twice(table, names, on, stratum, unread)
    notes = refuse_unseen(table, on, rows, count)
    mark_bounds(table, names, on, rows, at_most)
    names, on = reduced_lists(names, on, merge, leave_out)
    on, stratum, rows = added_up(on, stratum, rows)
    names, on = _without_empty(table, names, on, rows, notes)
    patterns = _patterns(table, names, on, labels, stratum, rows)
    notes += lists_alike(patterns)
    notes += _told(patterns)
    return PatternsRead(
        patterns, table.name, known.source if known is not None else "", tuple(notes)
    )


def holds_draws(table: Table) -> bool:
    """Return whether a table has the column of draws of a linkage."""
    return DRAW in table.frame.columns


def _refuse_draws(table: Table, count: str, lists: Sequence[str] | None) -> None:
    """Refuse draws of a linkage, unless their column is named as something else."""
    if not holds_draws(table) or count == DRAW or DRAW in (lists or ()):
        return
    raise DataError(
        f"has a column {DRAW!r}: it holds draws of a linkage", where=table.label,
        why="every draw is a whole table of the same persons, who would count once in each",
        remedy="give it to `undercount lists`, which mixes the draws, or keep the rows of one draw "
        f"without that column; a list or stratum of the name {DRAW} needs another name",
    )  # fmt: skip


def _without_empty(
    table: Table, names: tuple[str, ...], on: BoolArray, rows: RowCounts, notes: list[str]
) -> tuple[tuple[str, ...], BoolArray]:  # fmt: skip
    """Drop lists on which nobody is; refuse what then has less than two."""
    there = (rows.counts > 0) | rows.unknown | rows.at_most
    if not there.any():
        raise NotEstimableError("nobody is on any list", where=table.label,
                                why="without overlap nothing tells who is missing")  # fmt: skip
    full = on[there].any(axis=0)
    empty = [name for name, some in zip(names, full, strict=True) if not some]
    if empty:
        notes.append(f"Lists on which nobody is, left out: {listed(empty)}.")
    names, on = tuple(name for name in names if name not in empty), on[:, full]
    if len(names) < 2:
        raise NotEstimableError(
            f"there is one list only: {names[0]}", where=table.label,
            why="who is on no list shows only in how several lists overlap",
            remedy="add another list; for a total with a known share use `undercount total`",
        )  # fmt: skip
    return names, on


def _patterns(
    table: Table, names: tuple[str, ...], on: BoolArray, labels: tuple[str, ...],
    stratum: IntArray, rows: RowCounts,
) -> Patterns:  # fmt: skip
    try:
        return Patterns(names, on, rows.counts, labels, stratum, rows.unknown, rows.at_most)
    except InvalidValueError as error:
        raise error.inside(table.label) from None


def _told(patterns: Patterns) -> list[str]:
    """Return notes on rows whose count or stratum is not known."""
    notes = []
    for marked, what in (
        (patterns.is_unknown, "Patterns whose count is not known"),
        (patterns.is_bound, "Patterns whose count is an upper bound"),
    ):
        if marked.any():
            rows = [patterns.label(int(row)) for row in np.flatnonzero(marked)]
            notes.append(f"{what}: {listed(rows, most=4)}.")
    without = patterns.stratum_of == -1
    if without.any():
        persons = int(patterns.counts[without & patterns.counted].sum())
        notes.append(f"The stratum of {persons:,} persons is not recorded.")
    return notes
