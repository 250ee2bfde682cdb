"""How lists of persons are to be read: a small TOML file."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from estimation.errors import DataError
from estimation.tables.record_columns import FIELDS
from estimation.words import suggestion


@dataclasses.dataclass(frozen=True)
class ListSettings:
    """How to read one list.

    Parameters
    ----------
    columns : mapping from field to heading
        Columns whose headings are not well known.
    dates : tuple of str, optional
        Forms of dates.
    encoding : str, optional
        Encoding of a CSV that is not UTF-8.
    """

    columns: Mapping[str, str] = dataclasses.field(default_factory=dict)
    dates: tuple[str, ...] | None = None
    encoding: str | None = None


@dataclasses.dataclass(frozen=True)
class RecordSettings:
    """How to read several lists.

    Parameters
    ----------
    every : ListSettings
        What holds for all lists.
    lists : mapping from name to ListSettings
        What holds for one list, by the name of its file without ending; it goes before `every`.
    """

    every: ListSettings = ListSettings()
    lists: Mapping[str, ListSettings] = dataclasses.field(default_factory=dict)

    def of(self, name: str) -> ListSettings:
        """Return how to read a list."""
        own = self.lists.get(name, ListSettings())
        return ListSettings(
            {**self.every.columns, **own.columns},
            self.every.dates if own.dates is None else own.dates,
            self.every.encoding if own.encoding is None else own.encoding,
        )


def columns_from_toml(path: str | Path) -> RecordSettings:
    """Read how lists are to be read.

    The file may have ``dates`` and ``encoding``, a section ``[columns]`` of fields and headings,
    and for single lists sections ``[lists.NAME]`` with the same keys.

    Parameters
    ----------
    path : path or str
        The file.

    Raises
    ------
    DataError
        If it cannot be read, or holds a key or value that is not known.
    """
    path = Path(path)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=str(path)) from None
    except UnicodeDecodeError:
        raise DataError("is not UTF-8", where=path.name, remedy="save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        # the file may be a list by mistake: only the place is told
        place = re.search(r"line \d+", str(error))
        where = f"{path.name} {place.group()}" if place else path.name
        raise DataError("is no TOML", where=where) from None
    own = table.pop("lists", {})
    every = _settings(table, path.name)
    if not isinstance(own, dict):
        raise DataError("must be sections", where=f"{path.name}: lists", remedy="[lists.NAME]")
    lists = {name: _settings(one, f"{path.name}: lists.{name}") for name, one in own.items()}
    return RecordSettings(every, lists)


def _settings(table: Any, where: str) -> ListSettings:
    keys = ("columns", "dates", "encoding", "lists")
    if not isinstance(table, dict):
        raise DataError("must be a section", where=where)
    columns = table.get("columns", {})
    if not isinstance(columns, dict) or not all(isinstance(one, str) for one in columns.values()):
        raise DataError("must be headings by field", where=f"{where}: columns")
    for known, given in ((keys, table), (FIELDS, columns)):
        for key in given:
            if key not in known:
                raise DataError(f"{key!r} is not known", where=where,
                                remedy=suggestion(key, known))  # fmt: skip
    dates, encoding = table.get("dates"), table.get("encoding")
    if dates is not None and not (
        isinstance(dates, list) and all(isinstance(one, str) for one in dates)
    ):
        raise DataError("must be a list of forms", where=f"{where}: dates",
                        remedy='such as ["%d.%m.%Y"]')  # fmt: skip
    if encoding is not None and not isinstance(encoding, str):
        raise DataError("must be a word", where=f"{where}: encoding")
    return ListSettings(columns, None if dates is None else tuple(dates), encoding)
