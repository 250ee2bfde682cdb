"""Find, describe and load the tables that come with the package."""

from __future__ import annotations

import dataclasses
import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from estimation.errors import DataError
from estimation.words import suggestion

if TYPE_CHECKING:
    import pandas as pd

_FOLDER = Path(__file__).resolve().parent

#: Folders below that of the package, each with a `datasets.toml`; "" is that of the package.
_PARTS = ("", "lists")


@dataclasses.dataclass(frozen=True)
class Dataset:
    """What a reader must know of a shipped table.

    Parameters
    ----------
    name : str
        Name of the CSV without its suffix.
    title : str
        What the table holds, in half a line.
    rows : int
        Rows below the header.
    as_of : str
        The day, month, year or range of days whose knowledge the numbers are.
    source : str
        Where the numbers come from.
    license : str
        What the source says on use.
    caveats : tuple of str
        What could mislead.
    columns : mapping of str to str
        What each column is, with its unit.
    dating : {"death", "obituary", "report"}, optional
        What the dates of the periods are; none if the table has no periods.
    partial : bool
        Whether the table is known to lack part of the list.
    count, period, step, stratum : str, optional
        What ``read_cells`` reads unless told otherwise.
    event, published : str, optional
        What ``read_reports`` reads, with `count`, `step` and `stratum`, unless told otherwise.
    lists, strata : tuple of str
        Columns of overlapping lists and of strata, which ``read_patterns`` reads with `count`.
    occasions : int, optional
        How often something could be captured, of a table of captures; none if without limit.
    true_total : int, optional
        What is to be estimated, where it is known; the caveats say how well.
    part : {"", "lists"}
        The folder: "lists" of tables of overlapping lists and of captures.
    """

    name: str
    title: str
    rows: int
    as_of: str
    source: str
    license: str
    caveats: tuple[str, ...]
    columns: Mapping[str, str]
    dating: str | None = None
    partial: bool = False
    count: str | None = None
    period: str | None = None
    step: str | None = None
    stratum: str | None = None
    event: str | None = None
    published: str | None = None
    lists: tuple[str, ...] = ()
    strata: tuple[str, ...] = ()
    occasions: int | None = None
    true_total: int | None = None
    part: str = ""


def dataset_names() -> tuple[str, ...]:
    """Return the names of the shipped tables."""
    return tuple(_described())


def describe_datasets() -> tuple[Dataset, ...]:
    """Return the descriptions of all shipped tables."""
    return tuple(_described().values())


def describe_dataset(name: str) -> Dataset:
    """Return the description of one shipped table.

    Parameters
    ----------
    name : str
        One of ``dataset_names()``.

    Raises
    ------
    DataError
        If there is no such table; the nearest name is in the message.
    """
    try:
        return _described()[name]
    except KeyError:
        raise DataError(
            f"no dataset {name!r} comes with undercount", remedy=suggestion(name, dataset_names())
        ) from None


def dataset_path(name: str) -> Path:
    """Return the path of the CSV of a shipped table; an unknown name is a `DataError`.

    Large tables are compressed and end in ``.csv.gz``.
    """
    known = describe_dataset(name)
    plain = _FOLDER / known.part / f"{known.name}.csv"
    return plain if plain.is_file() else plain.with_name(f"{plain.name}.gz")


def load_dataset(name: str) -> pd.DataFrame:
    """Return a shipped table: numbers as numbers, all else as text.

    Dates stay text (ISO). An empty field is missing (NaN); the word "NA" is a word, since it is the
    code of names whose region is unknown.

    Parameters
    ----------
    name : str
        One of ``dataset_names()``.

    Raises
    ------
    DataError
        If there is no such table; the nearest name is in the message.
    """
    path = dataset_path(name)
    import pandas as pd

    return pd.read_csv(path, keep_default_na=False, na_values=[""], encoding="utf-8")


@functools.cache
def _described() -> dict[str, Dataset]:
    found: dict[str, Dataset] = {}
    for part in _PARTS:
        page = (_FOLDER / part / "datasets.toml").read_text(encoding="utf-8")
        for name, section in tomllib.loads(page).items():
            several = {
                key: tuple(section[key]) for key in ("caveats", "lists", "strata") if key in section
            }
            found[name] = Dataset(name=name, part=part, **{**section, **several})
    return found
