"""Columns of a table of overlapping lists: 0 and 1, counts that may be bounds, labels of strata."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from estimation.errors import DataError
from estimation.tables.checks import read_counts
from estimation.tables.source import Table, is_unknown
from estimation.words import suggestion

if TYPE_CHECKING:
    import pandas as pd

#: How 0 and 1 may be written.
_ZERO_ONE = r"\+?0*[01](?:\.0*)?"

#: A count that is an upper bound.
_AT_MOST = r"^(?:<=|\u2264)\s*(?=\S)"

#: How people write 0 and 1 who do not.
_WORDS = ("true", "false", "yes", "no", "y", "n", "t", "f", "x")


def names_of(table: Table, names: str | Sequence[str], use: str) -> tuple[str, ...]:
    """Return named columns; each must be there, and once."""
    found = (names,) if isinstance(names, str) else tuple(names)
    for place, name in enumerate(found):
        table.column(name, use)
        if name in found[:place]:
            raise DataError(f"names {name!r} twice", where=use, remedy="name it once")
    return found


def list_columns(
    table: Table, lists: Sequence[str] | None, count: str, strata: Sequence[str]
) -> tuple[str, ...]:  # fmt: skip
    """Return the columns that are lists: those named, or all that are nothing else."""
    known = table.dataset
    if lists is None and known is not None and known.lists:
        lists = known.lists
    if lists is not None:
        found = names_of(table, lists, "list")
        both = next((name for name in found if name == count or name in strata), None)
        if both is not None:
            raise DataError(f"{both!r} is named as {'count' if both == count else 'stratum'} too",
                            where="list", remedy="name it once")  # fmt: skip
        return found
    return tuple(name for name in table.frame.columns if name != count and name not in strata)


def check_count_column(table: Table, count: str, strata: Sequence[str]) -> None:
    """Refuse a table without counts; if it holds one row a person, say how to count them."""
    there = [str(name) for name in table.frame.columns]
    if count in there:
        return
    first = table.frame.head(1000)
    flags = [
        name for name in there
        if name not in strata and bool(first[name].str.fullmatch(_ZERO_ONE).all())
    ]  # fmt: skip
    near = suggestion(count, [name for name in there if name not in flags])
    if len(flags) < 2 or near.startswith("did"):
        table.column(count, "count")
    raise DataError(
        f"has no column {count!r}: is it one row a person?", where=table.label,
        why="a table of patterns has one row for each combination of lists, with its count",
        remedy="count its rows first: table.groupby(columns).size().rename(\"count\")"
        ".reset_index(), columns being those of the lists and strata",
    )  # fmt: skip


def read_flags(table: Table, lists: Sequence[str]) -> NDArray[np.bool_]:
    """Return which rows are on which list, (n_row, n_list).

    Raises
    ------
    DataError
        If a value is neither 0 nor 1; the column, the first such row and its value are named.
    """
    import pandas as pd

    on = np.zeros((len(table.frame), len(lists)), dtype=bool)
    for place, name in enumerate(lists):
        values = table.frame[name]
        codes, different = pd.factorize(values)
        texts = pd.Series(different, dtype=str)
        good = texts.str.fullmatch(_ZERO_ONE).to_numpy(bool)
        if not good.all():
            bad = ~good[codes]
            raise _no_flag(table, name, values, values[bad])
        on[:, place] = (texts.str.split(".").str[0].str[-1] == "1").to_numpy(bool)[codes]
    return on


def _no_flag(
    table: Table, name: str, values: pd.Series[str], bad: pd.Series[str]
) -> DataError:  # fmt: skip
    first = str(bad.iloc[0])
    what = f"{first!r} is neither 0 nor 1" if first else "is empty"
    why = "1 says that the persons are on the list, 0 that they are not"
    number = bool(bad.str.fullmatch(r"[+-]?[0-9.,]+").all())
    if bool(values.str.lower().isin(_WORDS).all()):
        remedy = "write 1 and 0"
    elif not first:
        remedy = "write 0 if they are not on it, or leave the row out if that is not known"
    elif number and name.lower() in ("captures", "captured", "times"):
        remedy = "a table of how often each was captured has the columns captures and count only"
    elif number and values.nunique() > len(values) / 2 and len(values) > 4:
        remedy = f"if it holds the counts, name it: --count {name}; if it tells persons apart, " \
                 "remove it"  # fmt: skip
    else:
        remedy = f"if it is a stratum, name it: --stratum {name}"
    return table.fault([int(line) for line in bad.index], name, what, why=why, remedy=remedy)


@dataclasses.dataclass(frozen=True, eq=False)
class RowCounts:
    """Counts of rows, (n_row,) each: 0 where not known; a bound where marked."""

    counts: NDArray[np.int64]
    unknown: NDArray[np.bool_]
    at_most: NDArray[np.bool_]


def read_bounded_counts(table: Table, column: str) -> RowCounts:
    """Return counts, of which some may be empty (not known) or written as "<=122" (at most).

    Raises
    ------
    DataError
        If a count is negative, fractional, text, not finite, or has marks between its digits.
    """
    import pandas as pd

    given = table.column(column, "count")
    # the same few counts stand in many rows
    codes, different = pd.factorize(given)
    once = pd.Series(different, given.index[~given.duplicated().to_numpy()], dtype=str)
    try:
        found = _judged(table, column, once)
    except DataError:
        # over all rows, so that it says how many are bad
        _judged(table, column, given)
        raise
    return RowCounts(found.counts[codes], found.unknown[codes], found.at_most[codes])


def _judged(table: Table, column: str, given: pd.Series[str]) -> RowCounts:
    at_most = given.str.contains(_AT_MOST, regex=True).to_numpy(bool)
    texts = given.str.replace(_AT_MOST, "", regex=True)
    unknown = is_unknown(texts)
    frame = texts.mask(unknown, "").to_frame(column)
    read = read_counts(dataclasses.replace(table, frame=frame), column)
    counts = np.array([number or 0 for number in read.values()], dtype=np.int64)
    missing = unknown.to_numpy(bool)
    return RowCounts(counts, missing, at_most & ~missing)


def read_labels(
    table: Table, strata: Sequence[str]
) -> tuple[tuple[str, ...], NDArray[np.int64]]:  # fmt: skip
    """Return names of strata in order, and the place of each row's, -1 where it is not recorded.

    Several columns make one label, with " / " between them; it is not recorded if one of them
    is not.
    """
    import pandas as pd

    rows = len(table.frame)
    if not strata:
        return (), np.zeros(rows, dtype=np.int64)
    missing = np.zeros(rows, dtype=bool)
    label: Any = None
    for name in strata:
        values = table.column(name, "stratum")
        missing |= is_unknown(values).to_numpy(bool)
        label = values if label is None else label + " / " + values
    codes, different = pd.factorize(label.mask(missing), sort=True)
    if not len(different):
        raise DataError("no row has a label", where=f"{table.label}, column {', '.join(strata)}",
                        remedy="read it without strata")  # fmt: skip
    return tuple(map(str, different)), codes.astype(np.int64)
