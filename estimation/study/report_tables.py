"""Tables of late reports that a study names, read into a triangle."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from estimation.errors import DataError, UndercountError
from estimation.study.sections import as_table, flag, refuse_unknown
from estimation.study.tables import is_file, resolved
from estimation.tables.report_rows import ReportRows
from estimation.tables.reports import read_reports
from estimation.tables.snapshots import read_snapshots
from estimation.tables.source import open_table
from models.checks import text
from models.reports import Reports

#: What is made of the rows once they are read; `as_of` is a date here, and never a column.
_OF_TRIANGLE = ("as_of", "max_delay", "window")

#: The column of snapshots that the readers call `as_of`.
_AS_OF_COLUMN = "as_of_column"

#: Options of a table that are texts.
_WORDS = ("source", "event", "report", "delay", "count", "period", "stratum", "step", "negative",
          "first", "dating", _AS_OF_COLUMN)  # fmt: skip


def with_reports(
    section: Mapping[str, Any], where: str, folder: Path | None
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return a section of evidence with its table of reports read, and notes on how it was.

    Parameters
    ----------
    section : mapping
        Of a triangle, with a key "table" in place of "reports".
    where : str
        The place, for messages.
    folder : Path, optional
        Of the study; files are looked for there.

    Raises
    ------
    DataError
        If there is no table, or it cannot be read.
    NotEstimableError
        If nothing can be learned of delays from it.
    """
    if "reports" in section:
        raise DataError("cannot be written into a study", where=f"{where}.reports",
                        remedy="name a table of reports")  # fmt: skip
    if "table" not in section:
        raise DataError("'table' is missing", where=where, why="triangle needs it",
                        remedy='write table = { source = "FILE.csv" }')  # fmt: skip
    rows, reports = read_triangle(section["table"], f"{where}.table", folder)
    own = {key: value for key, value in section.items() if key != "table"}
    read = {"reports": reports} | ({"source": rows.source} if rows.source else {})
    return read | own, rows.told(reports)


def read_triangle(
    section: object, where: str, folder: Path | None = None
) -> tuple[ReportRows, Reports]:
    """Return the rows of a table of reports, and the triangle of the date that is asked for.

    Parameters
    ----------
    section : mapping
        `source`; options of `read_reports`, or of `read_snapshots` with `snapshots = true`, which
        is also taken from a column "as_of" in a table without dates of report; `as_of`,
        `max_delay` and `window` as of `ReportRows.reports`.
    where : str
        The place, for messages.
    folder : Path, optional
        Of the study.
    """
    options = dict(as_table(section, where))
    if "source" not in options:
        raise DataError("'source' is missing", where=where, remedy="a file, or a shipped dataset")
    for key in _WORDS:
        if key in options:
            text(options[key], f"{where}.{key}")
    source = resolved(options.pop("source"), folder)
    chosen = {key: options.pop(key) for key in _OF_TRIANGLE if key in options}
    try:
        snapshots = _are_snapshots(options, source, where)
        options.pop("snapshots", None)
        rows = _read(source, options, where, folder, snapshots=snapshots)
        return rows, rows.reports(chosen.pop("as_of", None), **chosen)
    except UndercountError as error:
        if error.where.startswith(where):
            raise
        key = error.where.rpartition(", ")[2].partition("[")[0]
        if key in (*_OF_TRIANGLE, *options):
            raise error.inside(where) from None
        error.where = f"{where}: {error.where}" if error.where else where  # a file and its line
        raise


def _are_snapshots(options: Mapping[str, Any], source: object, where: str) -> bool:
    if "snapshots" in options:
        return flag(options, "snapshots", where)
    if {"event", "report", "delay"} & set(options):
        return False
    columns = set(open_table(source).frame.columns)
    return "as_of" in columns and not {"report_period", "delay"} & columns


def _read(
    source: Any, options: Mapping[str, Any], where: str, folder: Path | None, *, snapshots: bool
) -> ReportRows:
    """Return the rows; the options of the two readers have other names."""
    values = dict(options)
    reader: Any = read_snapshots if snapshots else read_reports
    known = set(inspect.signature(reader).parameters) - {"source", "as_of"}
    kind = "snapshots" if snapshots else "reports"
    own = {*known, *({_AS_OF_COLUMN} if snapshots else ())}
    refuse_unknown(values, {*own, "source", "snapshots", *_OF_TRIANGLE}, f"{where} ({kind})")
    if _AS_OF_COLUMN in values:
        values["as_of"] = values.pop(_AS_OF_COLUMN)
    if "select" in values:
        as_table(values["select"], f"{where}.select")
    flag(values, "increments", where)
    published = values.get("published")
    if published is not None and not isinstance(published, (str, list)):
        raise DataError(f"must be a list of dates or a table, not {published!r}",
                        where=f"{where}.published")  # fmt: skip
    if is_file(published):
        values["published"] = resolved(published, folder)
    return reader(source, **values)  # type: ignore[no-any-return]  # either reader makes rows
