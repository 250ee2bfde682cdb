"""Estimates of a register that a study names or holds: tables, stated intervals, draws."""

from __future__ import annotations

import datetime
import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from estimation.errors import DataError, UndercountError
from estimation.study.sections import as_table, flag, refuse_unknown
from estimation.study.tables import is_file, named_source, placed, resolved
from estimation.tables.estimates import USUAL_LEVEL, read_estimates
from estimation.tables.source import Table, lines_of, open_table
from models.checks import text
from models.estimates import Estimates
from models.spans import Day

#: Ways to give estimates, of which a register takes one.
_WAYS = ("table", "estimates", "draws")

#: Options of a table that are texts.
_WORDS = ("source", "central", "low", "high", "begin", "end", "period", "step", "measure", "group")

_OF_ROW = ("central", "low", "high", "level", "begin", "end")

Read = tuple[dict[str, Any], tuple[str, ...]]


def with_estimates(section: Mapping[str, Any], where: str, folder: Path | None) -> Read:
    """Return a section of a register with its estimates made, and notes on how they were read.

    Parameters
    ----------
    section : mapping
        With one of "table" (options of `read_estimates`), "estimates" (a list of intervals, their
        last day included) and "draws" (a file with a column a row; their "spans" beside it).
    where : str
        The place, for messages.
    folder : Path, optional
        Of the study; files are looked for there.

    Raises
    ------
    DataError
        If there is not exactly one of them, or it cannot be read.
    """
    given = [way for way in _WAYS if way in section]
    if len(given) != 1:
        raise DataError(
            f"gives {' and '.join(given)}" if given else "holds no estimates", where=where,
            why="a register is one set of estimates" if given else "",
            remedy="give one of table, estimates, draws",
        )  # fmt: skip
    own = {key: value for key, value in section.items()
           if key not in (*_WAYS, "correlation", "spans")}  # fmt: skip
    correlation = section.get("correlation")
    if "spans" in section and given != ["draws"]:
        raise DataError("belongs to draws", where=f"{where}.spans",
                        remedy="give begin and end with each estimate")  # fmt: skip
    if given == ["table"]:
        found, source, notes = _from_table(section["table"], correlation, where, folder)
        return {"estimates": found, **source} | own, notes
    if given == ["estimates"]:
        found, notes = _from_rows(section["estimates"], correlation, where)
        return {"estimates": found} | own, notes
    if correlation is not None:
        raise DataError("is given beside draws", where=f"{where}.correlation",
                        why="draws say how rows err together", remedy="leave it out")  # fmt: skip
    found = _from_draws(section["draws"], section.get("spans"), where, folder)
    return {"estimates": found} | own, ()


def day_after(value: object, where: str) -> Day:
    """Return the day after the last one of a span, given that last day as people write it."""
    day = _day(value, where)
    if day == datetime.date.max:
        raise DataError("is no day that has another after it", where=where)
    return None if day is None else day + datetime.timedelta(days=1)


def read_span(table: Mapping[str, Any], where: str) -> tuple[Day, Day]:
    """Return the first day and the day after the last one; "end" is the last day in a study."""
    begin, end = _day(table.get("begin"), f"{where}.begin"), table.get("end")
    after = day_after(end, f"{where}.end")
    if begin is not None and after is not None and begin >= after:
        raise DataError(f"begin {begin} is after end {end}", where=where, remedy="swap them")
    return begin, after


def _day(value: object, where: str) -> Day:
    if value is None:
        return None
    if isinstance(value, datetime.datetime) or not isinstance(value, datetime.date):
        raise DataError(f"must be a date, not {value!r}", where=where,
                        remedy="write 2024-12-31, without quotes")  # fmt: skip
    return value


def _from_table(
    section: object, correlation: object, where: str, folder: Path | None
) -> tuple[Estimates, dict[str, str], tuple[str, ...]]:
    place = f"{where}.table"
    options = dict(as_table(section, place))
    known = list(inspect.signature(read_estimates).parameters)
    refuse_unknown(options, known, place)
    for key in _WORDS:
        if key in options:
            text(options[key], f"{place}.{key}")
    flag(options, "cumulative", place, default=False)
    if correlation is not None:
        if "correlation" in options:
            raise DataError("is given twice", where=f"{where}.correlation", remedy="keep one")
        options["correlation"] = correlation
    source = named_source(options, place, folder)
    try:
        found = read_estimates(source, **options)
    except UndercountError as error:
        raise placed(error, place, known) from None
    return found.estimates, {"source": found.source} if found.source else {}, found.notes


def _from_rows(rows: object, correlation: object, where: str) -> tuple[Estimates, tuple[str, ...]]:
    place = f"{where}.estimates"
    if not isinstance(rows, list) or not rows:
        raise DataError("must be a list of estimates", where=place,
                        remedy="as in [{ low = 160000, high = 165000, level = 0.95 }]")  # fmt: skip
    made: list[Estimates] = []
    unstated = []
    for number, row in enumerate(rows, 1):
        table = as_table(row, f"{place}[{number}]")
        if "level" not in table:
            unstated.append(number)
        made.append(_one_row(table, f"{place}[{number}]"))
    notes: tuple[str, ...] = ()
    if unstated:
        which = ", ".join(map(str, unstated))
        notes = (f"estimate{'s' * (len(unstated) > 1)} {which} of {len(rows)}: no level is stated, "
                 f"read as {USUAL_LEVEL:.0%}".replace("%", " %"),)  # fmt: skip
    try:
        found = Estimates(
            np.concatenate([one.central for one in made]),
            np.concatenate([one.errors for one in made]),
            0.0 if correlation is None else correlation,  # type: ignore[arg-type]  # is judged there
            tuple(one.begin[0] for one in made), tuple(one.end[0] for one in made),
        )  # fmt: skip
    except UndercountError as error:
        raise error.inside(where if error.where == "correlation" else place) from None
    return found, notes


def _one_row(table: Mapping[str, Any], where: str) -> Estimates:
    refuse_unknown(table, _OF_ROW, where)
    for key in ("low", "high"):
        if key not in table:
            raise DataError(f"{key!r} is missing", where=where,
                            why="nothing says how certain it is")  # fmt: skip
    begin, after = read_span(table, where)
    middle = table.get("central")
    try:
        return Estimates.from_bounds(
            None if middle is None else [middle], [table["low"]], [table["high"]],
            table.get("level", USUAL_LEVEL), [begin], [after],
        )  # fmt: skip
    except UndercountError as error:
        # there is one row, and its number stands in the place
        error.where = error.where.removesuffix("[0]").replace("row 0", "")
        raise error.inside(where) from None


def _from_draws(name: object, spans: object, where: str, folder: Path | None) -> Estimates:
    place = f"{where}.draws"
    if not is_file(name):
        raise DataError(f"must be the name of a table, not {name!r}", where=place,
                        remedy='as in draws = "draws.csv", with a column a row')  # fmt: skip
    try:
        table = open_table(resolved(name, folder))
        drawn = _numbers(table)
    except UndercountError as error:
        raise placed(error, place, ()) from None
    rows = _spans(spans, drawn.shape[1], where)
    try:
        return Estimates.from_draws(drawn, [one[0] for one in rows], [one[1] for one in rows])
    except UndercountError as error:
        error.where = f"{place}: {error.where}"
        raise


def _spans(spans: object, columns: int, where: str) -> Sequence[tuple[Day, Day]]:
    place = f"{where}.spans"
    if spans is None:
        if columns > 1:
            raise DataError(
                f"are missing, and the draws have {columns} columns", where=place,
                why="which deaths each of them is about is not known",
                remedy="spans = [{ begin = 2022-02-24, end = 2022-12-31 }, ...] in their order",
            )  # fmt: skip
        return [(None, None)]
    if not isinstance(spans, list) or len(spans) != columns:
        raise DataError(f"must be a list of {columns}, a span a column of the draws", where=place)
    found = []
    for number, span in enumerate(spans, 1):
        table = as_table(span, f"{place}[{number}]")
        refuse_unknown(table, ("begin", "end"), f"{place}[{number}]")
        found.append(read_span(table, f"{place}[{number}]"))
    return found


def _numbers(table: Table) -> np.ndarray:
    """Return the values of a table of draws, (n_draw, n_row)."""
    import pandas as pd

    columns = []
    for column in table.frame.columns:
        values = pd.to_numeric(table.frame[column], errors="coerce")
        bad = lines_of(values.isna())
        if bad:
            said = table.frame.loc[bad[0], column]
            raise table.fault(bad, str(column), f"{said!r} is no number" if said else "is empty",
                              why="each line is one joint draw of all rows")  # fmt: skip
        columns.append(values.to_numpy(float))
    return np.column_stack(columns)
