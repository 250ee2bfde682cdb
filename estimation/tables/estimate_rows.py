"""Rows of a table of estimates: numbers with bounds, spans that may or may not touch."""

from __future__ import annotations

import dataclasses
import datetime
import itertools
import math
import re
from collections.abc import Mapping, Sequence

from estimation.errors import DataError
from estimation.tables.source import Table
from models.spans import Day, said

_MARKED = re.compile(r"[+-]?[0-9]{1,3}(?:[,' \u00a0\u202f][0-9]{3})+(?:\.[0-9]*)?")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


@dataclasses.dataclass(frozen=True)
class EstimateRow:
    """One estimate: its line, its span, median (NaN if not given) and bounds, deaths."""

    line: int
    begin: Day
    end: Day
    central: float
    low: float
    high: float


def read_rows(
    table: Table, columns: tuple[str | None, str, str], spans: Mapping[int, tuple[Day, Day]]
) -> tuple[list[EstimateRow], list[str]]:
    """Return the rows with numbers in the order of their spans, and notes on the others.

    Raises
    ------
    DataError
        If a number is none, not above 0 or out of order, a bound is missing, or no row has any.
    """
    central, low, high = columns
    middles = _read_numbers(table, central, "central value") if central is not None else {}
    lows, highs = _read_numbers(table, low, "low"), _read_numbers(table, high, "high")
    found, empty, inferred = [], [], 0
    for line in sorted(lows):
        numbers = middles.get(line), lows[line], highs[line]
        if numbers == (None, None, None):
            empty.append(line)
            continue
        bottom, top = _both_bounds(table, line, columns, numbers)
        point = numbers[0]
        _refuse_order(table, line, columns, (point, bottom, top))
        inferred += point is None
        found.append(
            EstimateRow(line, *spans[line], math.nan if point is None else point, bottom, top)
        )
    if not found:
        raise DataError(
            "no row holds an estimate", where=table.label,
            why=f"{', '.join(name for name in columns if name)} are empty in all rows",
            remedy="select other rows or columns",
        )  # fmt: skip
    notes = []
    if empty:
        rows = "1 row" if len(empty) == 1 else f"{len(empty)} rows"
        notes.append(f"{rows} without any number left out, the first in {table.unit} {empty[0]}")
    if inferred:
        notes.append(
            f"no central value in {inferred} of {len(found)} rows: the geometric mean of the "
            "bounds is taken"
        )
    return sorted(found, key=_order), notes


def _read_numbers(table: Table, column: str, use: str) -> dict[int, float | None]:
    """Return the number of each line; none where the field is empty."""
    values = table.column(column, use)
    found: dict[int, float | None] = {}
    for line, text in zip(map(int, values.index), values.tolist(), strict=True):
        if not text:
            found[line] = None
            continue
        if not _NUMBER.fullmatch(text):
            marked = bool(_MARKED.fullmatch(text))
            raise table.fault(
                [line], column,
                f"{text!r} " + ("has marks between its digits" if marked else "is no number"),
                why="a comma may be a thousand or a decimal" if marked else "",
                remedy="write digits only" if marked else "leave the field empty if none is known",
            )  # fmt: skip
        found[line] = float(text)
        if not 0 < float(text) < math.inf:
            raise table.fault(
                [line], column, f"{text!r} is not above 0" + " and finite" * ("e" in text.lower()),
                why="the error of an estimate is that of its logarithm",
            )  # fmt: skip
    return found


def _both_bounds(
    table: Table, line: int, columns: tuple[str | None, str, str],
    numbers: tuple[float | None, float | None, float | None],
) -> tuple[float, float]:  # fmt: skip
    """Return low and high, or say what a row without one of them is."""
    _, low, high = columns
    point, bottom, top = numbers
    if bottom is not None and top is not None:
        return bottom, top
    if point is not None:
        absent = low if bottom is None else high
        what = "a central value without bounds" if bottom is None and top is None else (
            f"a central value without {absent}"
        )  # fmt: skip
    else:
        absent = high if top is None else low
        what = f'"at least" {bottom:g}' if bottom is not None else f'"at most" {top:g}'
    raise table.fault(
        [line], absent, f"{what} is no estimate",
        why="nothing says how certain it is", remedy="give low and high, or leave the row out",
    )  # fmt: skip


def _refuse_order(
    table: Table, line: int, columns: tuple[str | None, str, str],
    numbers: tuple[float | None, float, float],
) -> None:  # fmt: skip
    central, low, high = columns
    point, bottom, top = numbers
    column, what = low, ""
    if bottom >= top:
        what = f"low {bottom:g} is not below high {top:g}"
    elif point is not None and bottom > point:
        what = f"low {bottom:g} is above the central value {point:g}"
    elif point is not None and top < point:
        column, what = high, f"high {top:g} is below the central value {point:g}"
    if what:
        raise table.fault(
            [line], column, what, why=f"{low}, {central or 'center'} and {high} must be in order",
            remedy="check whether columns are swapped",
        )  # fmt: skip


def refuse_overlaps(table: Table, rows: Sequence[EstimateRow]) -> None:
    """Refuse rows, in order of their spans, that share days."""
    far: EstimateRow | None = None
    for row in rows:
        if far is not None and (far.end is None or row.begin is None or row.begin < far.end):
            where = f"{table.unit} {far.line}"
            what = f"overlaps {said(far.begin, far.end)} of {where}"
            if (row.begin, row.end) == (far.begin, far.end):
                what = f"is given a second time ({where} gives it too)"
            raise table.fault(
                [row.line], "", f"{said(row.begin, row.end)} {what}",
                why="its deaths would count twice", remedy="keep one of the rows",
            )  # fmt: skip
        far = row


def refuse_gaps_in_years(table: Table, rows: Sequence[EstimateRow]) -> None:
    """Refuse rows of one year, in order of their spans, that leave days out."""
    for before, row in itertools.pairwise(rows):
        if before.begin is None or row.begin is None or before.end is None:
            continue
        if before.begin.year == row.begin.year and before.end != row.begin:
            raise table.fault(
                [row.line], "",
                f"begins on {row.begin}, and {table.unit} {before.line} ends with "
                f"{before.end - datetime.timedelta(days=1)}",
                why="the sum of the year would lack the deaths between them",
                remedy="give rows for these days, or leave group out",
            )  # fmt: skip


def refuse_falling(table: Table, rows: Sequence[EstimateRow]) -> None:
    """Refuse totals from the beginning, in order, that are of one day or fall with time."""
    for before, row in itertools.pairwise(rows):
        if before.end == row.end:
            raise table.fault(
                [row.line], "",
                f"gives {said(row.begin, row.end)} a second time ({table.unit} {before.line} gives "
                "it too)", why="which of them holds cannot be told", remedy="keep one of the rows",
            )  # fmt: skip
        if _median(row) < _median(before):
            raise table.fault(
                [row.line], "",
                f"a total of {_median(row):g} after {_median(before):g} in {table.unit} "
                f"{before.line}", why="deaths from the beginning cannot become fewer",
                remedy="check whether rows are totals at all",
            )  # fmt: skip


def _median(row: EstimateRow) -> float:
    return math.sqrt(row.low * row.high) if math.isnan(row.central) else row.central


def _order(row: EstimateRow) -> tuple[datetime.date, datetime.date]:
    return row.begin or datetime.date.min, row.end or datetime.date.max
