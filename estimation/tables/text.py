"""Read CSV, Parquet and DataFrames as text: every value keeps its line, and "NA" survives."""

from __future__ import annotations

import csv
import datetime
import gzip
import math
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING

from estimation.errors import DataError
from estimation.files import unguarded

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd


def read_csv(path: Path) -> pd.DataFrame:
    """Return a CSV as text; its index holds the lines at which rows begin, as editors count."""
    import pandas as pd

    try:
        # the header is read as a row, since pandas renames repeated names; only the python engine
        # tells a row that ends early (NaN) from empty fields ("")
        read = pd.read_csv(
            path, header=None, dtype=str, keep_default_na=False, skip_blank_lines=False,
            encoding="utf-8-sig", engine="python",
        )  # fmt: skip
    except UnicodeDecodeError:
        raise DataError(
            "is not UTF-8", where=path.name, remedy="save it as UTF-8 (CSV UTF-8 in a spreadsheet)"
        ) from None
    except pd.errors.EmptyDataError:
        raise _empty(path.name) from None
    except pd.errors.ParserError as error:
        raise _broken(path, str(error)) from None
    except (EOFError, zlib.error) as error:
        raise DataError(f"cannot be unpacked: {error}", where=path.name) from None
    ended = read.isna()
    header_blank = len(read) == 0 or ended.iloc[0].all()
    if header_blank:
        raise _empty(path.name, "has no header in line 1")
    # a quoted field may run over several lines
    inner = read.map(lambda text: text.count("\n") if isinstance(text, str) else 0).sum(axis=1)
    read.index = pd.Index(range(1, len(read) + 1)) + inner.cumsum().shift(fill_value=0).to_numpy()
    ended.index = read.index
    frame = read.fillna("").map(_cell)
    header, frame = frame.iloc[0].tolist(), frame.iloc[1:]
    _check_header(header, path.name)
    frame.columns = pd.Index(header)
    blank = (frame == "").all(axis=1).to_numpy()
    frame, ended = frame[~blank], ended.iloc[1:][~blank]
    if frame.empty:
        raise _empty(path.name, "has a header but no rows")
    short = ended.any(axis=1)
    if short.any():
        line = int(short.index[short.to_numpy()][0])
        fields = len(header) - int(ended.loc[line].to_numpy().sum())
        raise DataError(
            f"has {fields} fields where the header has {len(header)}",
            where=f"{path.name} line {line}", why="the row is cut off, or a comma is missing",
            remedy="write all fields of the row",
        )  # fmt: skip
    return frame


def _cell(text: str) -> str:
    """Return the text of a cell; the apostrophe by which our own files guard it is taken off."""
    return unguarded(text.strip())


def _broken(path: Path, message: str) -> DataError:
    """Return the error of a file whose rows do not have the fields of its header."""
    opened: Callable[..., IO[str]] = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as lines:
        rows = csv.reader(lines)
        width, started = 0, 1
        for row in rows:
            if width and len(row) > width:
                return DataError(
                    f"has {len(row)} fields where the header has {width}",
                    where=f"{path.name} line {started}",
                    remedy="put fields that hold commas into quotation marks",
                )
            width = width or len(row)
            if not width:
                return _empty(path.name, "has no header in line 1")
            started = rows.line_num + 1
    return DataError(
        f"cannot be read as CSV: {message}", where=path.name,
        remedy="look for a quotation mark that is not closed",
    )  # fmt: skip


def read_parquet(path: Path) -> pd.DataFrame:
    """Return a Parquet file as text; its index counts rows from 1."""
    import pandas as pd
    from pyarrow import ArrowException

    try:
        read = pd.read_parquet(path)
    except ArrowException as error:
        said = str(error).splitlines()[0]
        raise DataError(f"cannot be read as Parquet: {said}", where=path.name) from None
    return frame_as_text(read, path.name)


def frame_as_text(read: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return a DataFrame as text; its index counts rows from 1."""
    import pandas as pd

    if any(level is not None for level in read.index.names):
        read = read.reset_index()
    header = [str(column).strip() for column in read.columns]
    _check_header(header, name)
    if read.empty:
        raise _empty(name)
    lines = pd.RangeIndex(1, len(read) + 1)
    columns = {
        name: pd.Series([as_text(value) for value in read.iloc[:, place].tolist()], lines, str)
        for place, name in enumerate(header)
    }
    return pd.DataFrame(columns)


def as_text(value: object) -> str:
    """Return a value as a CSV would hold it: whole numbers without point, dates in ISO form."""
    import pandas as pd

    if value is None or value is pd.NaT or value is pd.NA:
        return ""
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return str(int(value)) if value.is_integer() else repr(float(value))
    if isinstance(value, datetime.datetime):
        # midnight in a time zone is no date: elsewhere it is the day before
        midnight = value.time() == datetime.time() and value.tzinfo is None
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    return str(value).strip()


def _check_header(header: list[str], name: str) -> None:
    repeated = next((one for one in header if header.count(one) > 1), None)
    if repeated is not None:
        first, second = [place + 1 for place, one in enumerate(header) if one == repeated][:2]
        raise DataError(
            f"columns {first} and {second} have the same name {repeated!r}", where=name,
            why="which of them is meant cannot be told", remedy="rename or remove one",
        )  # fmt: skip
    for mark, called in ((";", "semicolons"), ("\t", "tabs")):
        if len(header) == 1 and mark in header[0]:
            raise DataError(
                f"has {called} between its fields", where=name, remedy="save it with commas"
            )


def _empty(name: str, what: str = "is empty") -> DataError:
    return DataError(
        what, where=name, why="no row says nothing, not that nobody died",
        remedy="give a header and one row a cell",
    )  # fmt: skip
