"""Rows of a list of persons as text: places are told by line and column, never by content."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from estimation.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

#: How many lines a message names.
_MOST = 5


@dataclasses.dataclass(frozen=True, eq=False)
class Rows:
    """The columns of a list that are read, as text.

    Parameters
    ----------
    frame : pandas.DataFrame
        A column of text for each field; empty where missing.
    lines : (row,) integers
        Line at which a row begins in a CSV, the header being line 1; number of the row, from 1, in
        Parquet.
    positions : mapping from field to int
        Number of the column of each field in the file, from 1.
    label : str
        What messages call the file.
    unit : {"line", "row"}
        What `lines` counts.
    """

    frame: pd.DataFrame = dataclasses.field(repr=False)
    lines: NDArray[np.int64]
    positions: Mapping[str, int]
    label: str
    unit: str

    def kept(self, keep: NDArray[np.bool_]) -> Rows:
        """Return some of the rows."""
        frame = self.frame[keep].reset_index(drop=True)
        return dataclasses.replace(self, frame=frame, lines=self.lines[keep])

    def without(self, fields: Iterable[str]) -> Rows:
        """Return the rows without some of the fields."""
        return dataclasses.replace(self, frame=self.frame.drop(columns=list(fields)))

    def column(self, field: str) -> str:
        """Return what messages call the column of a field."""
        return f"column {self.positions[field]} ({field})"

    def fault(
        self, bad: NDArray[np.bool_], fields: str | Iterable[str], what: str, *,
        why: str = "", remedy: str = "",
    ) -> DataError:  # fmt: skip
        """Return the error of some rows; it names their lines and columns, and nothing in them."""
        names = [fields] if isinstance(fields, str) else list(fields)
        columns = " and ".join(self.column(name) for name in names)
        place = f"{self.label} {places(self.lines[bad], self.unit)}, {columns}"
        return DataError(what, where=place, why=why, remedy=remedy)


def places(lines: NDArray[np.int64], unit: str) -> str:
    """Return up to five lines (or rows) in words and how many more there are."""
    ordered = np.sort(lines)
    named = ", ".join(str(line) for line in ordered[:_MOST])
    more = f" and {len(lines) - _MOST:,} more" if len(lines) > _MOST else ""
    return f"{unit}{'s' if len(lines) > 1 else ''} {named}{more}"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
