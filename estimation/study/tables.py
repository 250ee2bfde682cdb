"""Tables that a study names: a file beside it, or a shipped dataset."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from estimation.errors import DataError, UndercountError, UsageError
from estimation.study.sections import as_table, refuse_unknown
from estimation.tables.read import read_cells
from models.checks import text

#: What tells a file from a shipped dataset.
_ENDINGS = (".csv", ".csv.gz", ".parquet")

#: Keys of a table that may name files: itself, the dates of its publications, deaths to take off.
_OF_TABLE = ("source", "published", "remove")

#: Keys that name a file outside a table: draws of a register, patterns of overlapping lists.
_PLAIN = ("draws", "patterns")

#: Options of a table that are texts.
_WORDS = ("source", "count", "period", "step", "stratum", "gaps", "unknown", "dating")


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
    source = named_source(options, place, folder)
    _check_types(options, place)
    exposure = options.get("exposure")
    if exposure is not None:
        exposure = dict(as_table(exposure, f"{place}.exposure"))
        if "table" in exposure:
            table = text(exposure["table"], f"{place}.exposure.table")
            exposure["table"] = resolved(table, folder)
        options["exposure"] = exposure
    try:
        found = read_cells(source, **options)
    except UndercountError as error:
        raise placed(error, place, known) from None
    read = {"count": found.cells, "as_of": found.as_of, "source": found.source}
    own = {key: value for key, value in section.items() if key != "table"}
    return {key: value for key, value in read.items() if value} | own


def named_source(options: dict[str, Any], place: str, folder: Path | None) -> Any:
    """Take the source out of the options of a table; return the file or dataset that it names."""
    if "source" not in options:
        raise DataError("'source' is missing", where=place, remedy="a file, or a shipped dataset")
    return resolved(text(options.pop("source"), f"{place}.source"), folder)


def placed(error: UndercountError, place: str, known: Collection[str]) -> UndercountError:
    """Return an error of a reader with its place in the study.

    Parameters
    ----------
    error : UndercountError
    place : str
        Where the study names the table.
    known : collection of str
        Options of the reader: what is wrong with one of them is told by its name.
    """
    if isinstance(error, UsageError):  # a file is to blame here, not the words of a command
        error = DataError(error.what, where=error.where, why=error.why, remedy=error.remedy)
    if error.where.partition(".")[0].partition("[")[0] in known:
        return error.inside(place)
    error.where = f"{place}: {error.where}" if error.where else place  # a file and its line
    return error


def _check_types(options: Mapping[str, Any], place: str) -> None:
    """Refuse values of a type that reading a table would not survive, or would misread."""
    for key, value in options.items():
        if key in _WORDS:
            text(value, f"{place}.{key}")
        if key == "apart" and not isinstance(value, list):
            raise DataError(f"must be a list of names, not {value!r}", where=f"{place}.apart")
        if key == "partial" and not isinstance(value, bool):
            raise DataError(f"must be true or false, not {value!r}", where=f"{place}.partial")


def is_file(source: object) -> bool:
    """Return whether a source is the name of a file; words without an ending are datasets."""
    return isinstance(source, str) and source.lower().endswith(_ENDINGS)


def resolved(source: object, folder: Path | None) -> Any:
    """Return the file that a source names, beside the study; a dataset as it is."""
    if folder is None or not isinstance(source, str) or not is_file(source):
        return source
    return folder / source


def with_copies(table: Any) -> Any:
    """Return a study that names its files by the bare names under which a run keeps them."""
    if isinstance(table, list):
        return [with_copies(item) for item in table]
    if not isinstance(table, Mapping):
        return table
    return {
        key: _with_bare_names(value) if _names_files(key, value)
        else Path(value).name if key in _PLAIN and _file(value) else with_copies(value)
        for key, value in table.items()
    }  # fmt: skip


def _names_files(key: str, value: object) -> bool:
    """Return whether a section describes a table; sources of other sections are labels."""
    return key == "table" and isinstance(value, Mapping)


def _with_bare_names(table: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(table)
    for key in _OF_TABLE:
        for source in _file(found.get(key)):
            found[key] = Path(source).name
    exposure = found.get("exposure")
    if isinstance(exposure, Mapping):
        found["exposure"] = dict(exposure)
        for source in _file(exposure.get("table")):
            found["exposure"]["table"] = Path(source).name
    return found


def named_files(table: object) -> list[str]:
    """Return the files that the sections of a study name, whatever their depth."""
    found: list[str] = []
    if isinstance(table, Mapping):
        for key, value in table.items():
            if _names_files(key, value):
                found += [name for one in _OF_TABLE for name in _file(value.get(one))]
                exposure = value.get("exposure")
                found += _file(exposure.get("table")) if isinstance(exposure, Mapping) else []
            elif key in _PLAIN:
                found += _file(value)
            else:
                found += named_files(value)
    elif isinstance(table, list):
        for item in table:
            found += named_files(item)
    return list(dict.fromkeys(found))


def refuse_same_names(files: Mapping[str, Path]) -> None:
    """Refuse tables of one name in several folders: a run keeps copies of all in one."""
    kept: dict[str, tuple[str, Path]] = {}
    for source, path in files.items():
        first, place = kept.setdefault(path.name, (source, path))
        if place.resolve() != path.resolve():
            raise DataError(
                f"{first!r} and {source!r} are two tables named {path.name}", where="table",
                why="a run keeps copies of both in one folder", remedy="rename one of them",
            )  # fmt: skip


def _file(source: object) -> list[str]:
    return [source] if isinstance(source, str) and is_file(source) else []
