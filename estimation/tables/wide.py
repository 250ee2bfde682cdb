"""Open a table that may be wide and long: a million rows of 30 columns in seconds.

``open_table`` tells every fault with its line and is slow for that; here only small tables, and
those in which something is wrong, go that way.
"""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from estimation.files import unguarded
from estimation.tables.source import Table, open_table
from estimation.tables.text import as_text, frame_as_text

if TYPE_CHECKING:
    import pandas as pd

#: Files below so many bytes, and frames below so many fields, are read as all others are.
_SMALL_FILE, _SMALL_FRAME = 1_000_000, 500_000


def open_wide(source: Any) -> Table:
    """Return the text of a file, a shipped dataset or a DataFrame, quickly if it is large.

    Parameters
    ----------
    source : path, str, pandas.DataFrame or Table
        Where the table is; a `Table` is returned as it is.

    Raises
    ------
    DataError
        If there is no such file or dataset, or it cannot be read as what it is.
    """
    if isinstance(source, Table):
        return source
    import pandas as pd

    found = None
    if isinstance(source, pd.DataFrame):
        if source.size >= _SMALL_FRAME:
            found = Table(_quick_text(source, "table"), "table", "table", "row")
    elif isinstance(source, (str, Path)) and Path(source).is_file():
        path = Path(source)
        if path.stat().st_size >= _SMALL_FILE:
            if path.name.lower().endswith((".csv", ".csv.gz")):
                found = _quick_csv(path)
            elif path.suffix.lower() == ".parquet":
                found = _quick_parquet(path)
    return open_table(source) if found is None else found


def _quick_csv(path: Path) -> Table | None:
    """Return a CSV read by pyarrow; none if anything is odd, so that the slow way tells what."""
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import csv as arrow_csv

    try:
        opened = gzip.open if path.suffix.lower() == ".gz" else open
        with opened(path, "rt", encoding="utf-8-sig", newline="") as lines:
            header = next(csv.reader(lines), [])
        text = pa.large_string()
        read = arrow_csv.read_csv(
            path,
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(header, text), strings_can_be_null=False
            ),
        )
    except (pa.ArrowException, OSError, EOFError, UnicodeDecodeError, csv.Error):
        return None
    if read.num_rows == 0 or read.num_columns != len(header):
        return None
    names = [unguarded(name.strip()) for name in header]
    # raises if two names are alike, or fields end with semicolons
    frame_as_text(_frame([[name] for name in names], names), path.name)
    trimmed = pa.table(
        {name: pc.utf8_trim_whitespace(read.column(place)) for place, name in enumerate(names)}
    )
    frame = trimmed.to_pandas().astype(str)
    for name in names:
        if pc.any(pc.starts_with(trimmed[name], "'")).as_py():  # few columns have any
            frame[name] = frame[name].map(unguarded)
    # blank lines, and fields of several lines, shift lines: then rows are counted
    plain = _newlines(path) in (read.num_rows, read.num_rows + 1)
    frame.index = frame.index + (2 if plain else 1)
    blank = (frame == "").all(axis=1)
    return Table(frame[~blank], path.name, path.name, "line" if plain else "row")


def _newlines(path: Path) -> int:
    opened = gzip.open if path.suffix.lower() == ".gz" else open
    with opened(path, "rb") as content:
        return sum(block.count(b"\n") for block in iter(lambda: content.read(1 << 22), b""))


def _quick_parquet(path: Path) -> Table | None:
    import pandas as pd
    from pyarrow import ArrowException

    try:
        return Table(_quick_text(pd.read_parquet(path), path.name), path.name, path.name, "row")
    except (ArrowException, OSError):
        return None


def _quick_text(read: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return a large DataFrame as text; its index counts rows from 1."""
    import pandas as pd
    import pyarrow as pa

    if any(level is not None for level in read.index.names):
        read = read.reset_index()
    names = [str(column).strip() for column in read.columns]
    frame_as_text(_frame([[one] for one in names], names), name)
    lines = pd.RangeIndex(1, len(read) + 1)
    columns = {}
    for place, one in enumerate(names):
        values = read.iloc[:, place]
        if values.dtype.kind == "f" and bool((values == values.round()).all()):
            # a float that is whole is written without a point
            values = values.astype(np.int64) if bool((values.abs() < 2**53).all()) else values
        if values.dtype.kind in "iu":
            text = pa.array(values.to_numpy()).cast(pa.large_string())
            columns[one] = pd.Series(text, lines, str)
        elif isinstance(values.dtype, pd.StringDtype):
            columns[one] = pd.Series(values.fillna("").str.strip().to_numpy(), lines, str)
        else:
            columns[one] = pd.Series([as_text(value) for value in values.tolist()], lines, str)
    return pd.DataFrame(columns)


def _frame(columns: list[list[str]], names: list[str]) -> pd.DataFrame:
    import pandas as pd

    rows = [[column[0] for column in columns]]
    return pd.DataFrame(rows, columns=pd.Index(names))
