"""Where a table is: a file, a shipped dataset or a DataFrame; and the places of its values."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from estimation.datasets.load import Dataset, dataset_path, describe_dataset
from estimation.errors import DataError
from estimation.tables.text import frame_as_text, read_csv, read_parquet
from estimation.words import suggestion

if TYPE_CHECKING:
    import pandas as pd

#: What may be read.
SUFFIXES = (".csv", ".csv.gz", ".parquet")

#: What stands, in upper or lower case, where a period or stratum is not known.
UNKNOWN_WORDS = ("", "unknown", "na")


@dataclasses.dataclass(frozen=True, eq=False)
class Table:
    """A table of text; the index of the frame holds lines (of a CSV) or rows (from 1).

    Parameters
    ----------
    frame : pandas.DataFrame
        All values as text without blanks around them; empty where nothing stands.
    name : str
        Name of the file or dataset.
    label : str
        What messages call the table.
    unit : {"line", "row"}
        What the index counts.
    dataset : Dataset, optional
        The description, if the table comes with the package.
    """

    frame: pd.DataFrame
    name: str
    label: str
    unit: str
    dataset: Dataset | None = None

    def place(self, line: int, column: str = "") -> str:
        """Return the place of a row or value, as messages have it."""
        return f"{self.label} {self.unit} {line}" + (f", column {column}" if column else "")

    def fault(
        self, lines: Sequence[int], column: str, what: str, *, why: str = "", remedy: str = ""
    ) -> DataError:
        """Return the error of the first of some bad rows; it says how many they are."""
        more = f", the first of {len(lines)} such rows" if len(lines) > 1 else ""
        return DataError(
            what + more, where=self.place(int(lines[0]), column), why=why, remedy=remedy
        )

    def column(self, name: str, use: str) -> pd.Series[str]:
        """Return a column, or say which columns there are."""
        if name not in self.frame.columns:
            known = [str(one) for one in self.frame.columns]
            near = suggestion(name, known)
            there = "" if near.startswith("one of") else f" (there are {', '.join(known)})"
            raise DataError(
                f"has no column {name!r}", where=self.label, why=f"it was named as {use}",
                remedy=near + there,
            )  # fmt: skip
        return self.frame[name]


def open_table(source: Any) -> Table:
    """Return the text of a file, a shipped dataset (a word without suffix) or a DataFrame.

    Parameters
    ----------
    source : path, str or pandas.DataFrame
        Where the table is.

    Raises
    ------
    DataError
        If there is no such file or dataset, or it cannot be read as what it is.
    """
    if isinstance(source, str) and not Path(source).suffix and not Path(source).is_file():
        dataset = describe_dataset(source)
        path = dataset_path(source)
        return Table(read_csv(path), source, path.name, "line", dataset)
    if isinstance(source, (str, Path)):
        return _open_file(Path(source))
    import pandas as pd

    if isinstance(source, pd.DataFrame):
        return Table(frame_as_text(source, "table"), "table", "table", "row")
    raise DataError(
        f"cannot read a table from {type(source).__name__}",
        remedy="give a path, the name of a dataset or a pandas DataFrame",
    )


def _open_file(path: Path) -> Table:
    if not path.name.lower().endswith(SUFFIXES):
        raise DataError(
            "is no table that can be read", where=str(path),
            remedy="give a file that ends in .csv or .parquet, or in .csv.gz",
        )  # fmt: skip
    if not path.exists():
        raise DataError("there is no such file", where=str(path), remedy="check the path")
    try:
        if path.suffix.lower() != ".parquet":
            return Table(read_csv(path), path.name, path.name, "line")
        return Table(read_parquet(path), path.name, path.name, "row")
    except OSError as error:
        raise DataError(
            f"cannot be read: {error.strerror or error}", where=str(path)
        ) from None  # fmt: skip


def lines_of(flags: pd.Series[bool]) -> list[int]:
    """Return the lines at which a flag is set, in order."""
    return sorted(int(line) for line in flags.index[flags.to_numpy()])


def is_unknown(values: pd.Series[str]) -> pd.Series[bool]:
    """Return which values say that the period or stratum is not known."""
    return values.str.lower().isin(UNKNOWN_WORDS)
