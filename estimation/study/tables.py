"""Tables that a study names: a file beside it, or a shipped dataset."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from estimation.errors import DataError, UndercountError
from estimation.study.sections import as_table, refuse_unknown
from estimation.tables.read import read_cells

#: What tells a file from a shipped dataset.
_ENDINGS = (".csv", ".parquet")


def with_table(section: Mapping[str, Any], where: str, folder: Path | None) -> dict[str, Any]:
    """Return a section of evidence with its table read.

    Parameters
    ----------
    section : mapping
        Of a count, with a key "table" in place of "count".
    where : str
        The place, for messages.
    folder : Path, optional
        Of the study; files are looked for there.

    Raises
    ------
    DataError
        If the section gives a count too, or the table cannot be read.
    """
    if "count" in section:
        raise DataError("gives a count and a table", where=where, remedy="keep one of them")
    place = f"{where}.table"
    options = dict(as_table(section["table"], place))
    known = inspect.signature(read_cells).parameters
    refuse_unknown(options, known, place)
    if "source" not in options:
        raise DataError("'source' is missing", where=place, remedy="a file, or a shipped dataset")
    exposure = options.get("exposure")
    if exposure is not None:
        exposure = dict(as_table(exposure, f"{place}.exposure"))
        if "table" in exposure:
            exposure["table"] = resolved(exposure["table"], folder)
        options["exposure"] = exposure
    try:
        found = read_cells(resolved(options.pop("source"), folder), **options)
    except UndercountError as error:
        raise error.inside(place) from None
    read = {"count": found.cells, "as_of": found.as_of, "source": found.source}
    own = {key: value for key, value in section.items() if key != "table"}
    return {key: value for key, value in read.items() if value} | own


def resolved(source: object, folder: Path | None) -> Any:
    """Return the file that a source names, beside the study; a dataset as it is."""
    if folder is None or not isinstance(source, str) or Path(source).suffix not in _ENDINGS:
        return source
    return folder / source


def with_copies(table: Any) -> Any:
    """Return a study that names its files by the bare names under which a run keeps them."""
    if isinstance(table, list):
        return [with_copies(item) for item in table]
    if not isinstance(table, Mapping):
        return table
    found = {key: with_copies(value) for key, value in table.items()}
    for key in ("source", "table"):
        if isinstance(found.get(key), str) and Path(found[key]).suffix in _ENDINGS:
            found[key] = Path(found[key]).name
    return found


def named_files(table: object) -> list[str]:
    """Return the files that the sections of a study name, whatever their depth."""
    found: list[str] = []
    if isinstance(table, Mapping):
        for key, value in table.items():
            if key == "table" and isinstance(value, Mapping):
                found += _file(value.get("source"))
                exposure = value.get("exposure")
                found += _file(exposure.get("table")) if isinstance(exposure, Mapping) else []
            else:
                found += named_files(value)
    elif isinstance(table, list):
        for item in table:
            found += named_files(item)
    return list(dict.fromkeys(found))


def _file(source: object) -> list[str]:
    return [source] if isinstance(source, str) and Path(source).suffix in _ENDINGS else []
