"""``read_records``, ``read_lists``: lists of persons, one row a record, that are to be linked.

No message tells what stands in a cell: places are told by line and column.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from estimation.errors import DataError, UsageError
from estimation.tables.record_date_forms import check_forms
from estimation.tables.record_file import open_rows
from estimation.tables.record_frame import person_frame, without_empty
from estimation.tables.record_settings import ListSettings, RecordSettings, columns_from_toml
from estimation.tables.record_values import clean
from estimation.words import suggestion

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ListSettings", "RecordSettings", "Records", "columns_from_toml", "list_name", "read_lists",
    "read_records",
]  # fmt: skip


@dataclasses.dataclass(frozen=True, eq=False)
class Records:
    """A list of persons.

    Parameters
    ----------
    name : str
        Name of the list.
    path : Path
        Its file.
    label : str
        What messages call it.
    frame : pandas.DataFrame
        One row a record; columns `line` (integer: line at which the record begins in a CSV, the
        header being line 1; number of the row, from 1, in Parquet); `id`, `name`, `surname`,
        `given`, `patronymic`, `place` (text as it is in the file, empty where missing); `sex`
        ("m", "f" or empty); `birth_day`, `death_day` (floats, days since 1970-01-01, not a number
        where missing); `birth_year` (float, not a number where missing) and `birth_year_slack`
        (integer: 1 if the year is that of death minus the age, so that the person may have been
        born a year before; otherwise 0).
    notes : tuple of str
        What was left out or read in a way that was not certain at once.
    digest : str
        SHA-256 of the file.
    """

    name: str
    path: Path
    label: str
    # nobody may be shown by a log or the message of a failed test
    frame: pd.DataFrame = dataclasses.field(repr=False)
    notes: tuple[str, ...]
    digest: str

    def __len__(self) -> int:
        return len(self.frame)


def read_records(
    path: str | Path, *, columns: Mapping[str, str] | None = None,
    dates: Sequence[str] | None = None, name: str | None = None, encoding: str | None = None,
) -> Records:  # fmt: skip
    """Read a list of persons.

    Parameters
    ----------
    path : path or str
        A file that ends in .csv, .csv.gz or .parquet.
    columns : mapping from field to heading, optional
        Columns whose heading is not the field (id, name, surname, given, patronymic, birth_date,
        birth_year, age, death_date, place, sex) or a well-known word for it; an empty heading
        says that a field is not to be read.
    dates : sequence of str, optional
        Forms of dates as ``datetime.strptime`` has them; each value must then be a date in exactly
        one. By default each column must be in one certain form.
    name : str, optional
        Name of the list; by default that of the file.
    encoding : str, optional
        Encoding of a CSV that is not UTF-8 (or UTF-16 with its mark).

    Raises
    ------
    DataError
        If the list cannot be read as it is; the message names lines and columns, never what
        stands there.
    UsageError
        If what is stated cannot be so.
    """
    forms = check_forms(dates)
    path = Path(path)
    rows, digest, notes = open_rows(path, columns or {}, encoding)
    rows, said = clean(rows)
    notes += said
    rows = without_empty(rows, notes)
    frame = person_frame(rows, forms, notes)
    return Records(name or list_name(path), path, path.name, frame, tuple(notes), digest)


def read_lists(
    paths: Sequence[str | Path], settings: RecordSettings = RecordSettings()
) -> tuple[Records, ...]:
    """Read the lists that are to be linked.

    Parameters
    ----------
    paths : sequence of paths
        At least two files.
    settings : RecordSettings
        How to read them, see `columns_from_toml`.

    Raises
    ------
    UsageError
        If there are fewer than two lists, two have the same name, or settings are for none.
    DataError
        If a list cannot be read, or two are the same list.
    """
    files = [Path(path) for path in paths]
    if len(files) < 2:
        raise UsageError("at least two lists are needed", where="lists",
                         why="who is on no list is estimated from the overlap",
                         remedy="give two or more files")  # fmt: skip
    names = [list_name(path) for path in files]
    for place, path in enumerate(files):
        for before, other in enumerate(files[:place]):
            if path.resolve() == other.resolve():
                raise UsageError("is given twice", where=str(path), remedy="give each list once")
            if names[place] == names[before]:
                raise UsageError(f"{other} and {path} have the same name {names[place]!r}",
                                 where="lists", remedy="rename one of the files")  # fmt: skip
    for name in settings.lists:
        if name not in names:
            raise UsageError(f"settings are for a list {name!r} that is not given", where="lists",
                             remedy=suggestion(name, names))  # fmt: skip
    records: list[Records] = []
    seen: dict[int, Records] = {}
    for path, name in zip(files, names, strict=True):
        own = settings.of(name)
        one = read_records(path, columns=own.columns, dates=own.dates, encoding=own.encoding)
        same = next((other for other in records if other.digest == one.digest), None)
        same = same or seen.get(content := _content(one))
        if same is not None:
            raise DataError(
                "are the same list", where=f"{same.label} and {one.label}",
                why="a list that is counted twice makes the overlap complete",
                remedy="give each list once",
            )  # fmt: skip
        seen[content] = one
        records.append(one)
    return tuple(records)


def list_name(path: Path) -> str:
    """Return the name of a list: that of its file without ending."""
    return path.name.removesuffix(".gz").removesuffix(".csv").removesuffix(".parquet")


def _content(records: Records) -> int:
    """Return a hash of the records whatever their order and ids."""
    import pandas as pd

    frame = records.frame.drop(columns=["line", "id"])
    rows = pd.util.hash_pandas_object(frame, index=False).sort_values()
    return hash(rows.to_numpy().tobytes())
