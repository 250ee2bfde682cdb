"""Parquet files of persons as text."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from estimation.errors import DataError
from estimation.tables.record_columns import positions
from estimation.tables.record_rows import Rows

if TYPE_CHECKING:
    import pandas as pd


def read_parquet(data: bytes, label: str, columns: Mapping[str, str]) -> tuple[Rows, list[str]]:
    """Return the columns of a list that are read, and notes.

    Parameters
    ----------
    data : bytes
        The file.
    label : str
        What messages call it.
    columns : mapping from field to heading
        What the user states.

    Raises
    ------
    DataError
        If it is no Parquet, or a column holds something else than text, numbers or dates.
    """
    import pandas as pd
    import pyarrow
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(io.BytesIO(data))
        header = [str(one) for one in file.schema_arrow.names]
    except (pyarrow.ArrowException, OSError):
        file = None
    if file is None:
        raise _damaged(label)
    # the index of a DataFrame is no column of the list
    own = [one for one in header if not one.startswith("__index_level_")]
    found, notes = positions(own, columns, label)
    try:
        table = file.read(columns=[own[place] for place in found.values()])
    except (pyarrow.ArrowException, OSError):
        table = None
    if table is None:
        raise _damaged(label)
    if not table.num_rows:
        raise DataError("has no rows", where=label, remedy="give one row a record")
    frame = pd.DataFrame(
        {
            field: _text(table.column(own[place]), f"{label} column {place + 1} ({field})")
            for field, place in found.items()
        }
    )
    lines = np.arange(1, table.num_rows + 1)
    numbers = {field: place + 1 for field, place in found.items()}
    return Rows(frame, lines, numbers, label, "row"), notes


def _damaged(label: str) -> DataError:
    return DataError("is no Parquet, or damaged", where=label, remedy="write it anew")


def _text(column: Any, where: str) -> pd.Series[str]:
    """Return a column as a CSV would hold it."""
    import pandas as pd
    from pyarrow import compute, large_string, types

    kind = column.type
    if types.is_dictionary(kind):
        column = compute.cast(column, kind.value_type)
        kind = kind.value_type
    plain = types.is_string(kind) or types.is_large_string(kind) or types.is_null(kind)
    if types.is_timestamp(kind):
        if kind.tz is not None:
            raise DataError(
                "holds times of a time zone", where=where,
                why="the day is another one elsewhere", remedy="write dates without times",
            )  # fmt: skip
        column = compute.strftime(compute.cast(column, "timestamp[s]", safe=False),
                                  format="%Y-%m-%d %H:%M:%S")  # fmt: skip
    elif not (plain or types.is_integer(kind) or types.is_floating(kind) or types.is_date(kind)):
        raise DataError(
            "holds neither text nor numbers nor dates", where=where, remedy="write it as text"
        )
    text = pd.Series(compute.cast(column, large_string()).to_pandas(), dtype="str").fillna("")
    if types.is_floating(kind):
        text = text.replace("nan", "").str.replace(r"\.0$", "", regex=True)
    return text
