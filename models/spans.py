"""Spans of days: which periods of a model an estimate or an audit speaks of."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.cells import next_period
from models.errors import InvalidValueError

#: First day and the day after the last one; None is an open end.
Day = datetime.date | None


def read_days(values: Sequence[object], length: int, where: str) -> tuple[Day, ...]:
    """Return bounds of spans, one a row; all are open if none are given.

    Raises
    ------
    InvalidValueError
        If a bound is no date, or there are not as many as rows.
    """
    if isinstance(values, (str, datetime.date)):
        raise InvalidValueError(f"must be a list of dates, not {values!r}", where=where)
    given = tuple(values) or (None,) * length
    if len(given) != length:
        raise InvalidValueError(f"has {len(given)} dates for {length} rows", where=where)
    return tuple(read_day(day, f"{where}[{row}]") for row, day in enumerate(given))


def read_day(value: object, where: str) -> Day:
    """Return a bound of a span: a date, or None for an open end."""
    if value is None:
        return None
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value
    raise InvalidValueError(f"{value!r} is no date", where=where)


def check_order(begin: Day, end: Day, where: str) -> None:
    """Refuse a span that holds no day."""
    if begin is not None and end is not None and begin >= end:
        raise InvalidValueError(
            f"begin {begin} is not before end {end}", where=where,
            why="end is the day after the last one", remedy="swap them, or add the last day",
        )  # fmt: skip


def are_disjoint(begin: Sequence[Day], end: Sequence[Day]) -> bool:
    """Return whether no two spans have a day in common."""
    first = [day or datetime.date.min for day in begin]
    after = [day or datetime.date.max for day in end]
    spans = sorted(zip(first, after, strict=True))
    return all(last <= start for (_, last), (start, _) in itertools.pairwise(spans))


def said(begin: Day, end: Day) -> str:
    """Return a span in words, its last day included."""
    first = "the beginning" if begin is None else begin.isoformat()
    last = "the end" if end is None else (end - datetime.timedelta(days=1)).isoformat()
    return f"{first} to {last}"


def span_weights(
    begin: Sequence[Day], end: Sequence[Day], periods: Sequence[datetime.date], step: str, *,
    split: bool = False, where: str = "estimates", known_to: Day = None,
) -> NDArray[np.float64]:  # fmt: skip
    """Return the share of each period that lies in each span.

    Parameters
    ----------
    begin, end : (n_row,) dates or None
        First days, and the days after the last ones; None reaches as far as the periods do.
    periods : (n_period,) dates
        First days, in order, without gaps; none if the model is one number.
    step : {"day", "week", "month", "year", ""}
        Length of a period.
    split : bool
        Whether a period across a bound is shared by days: deaths are spread evenly in it.
    where : str
        What messages call the spans.
    known_to : datetime.date, optional
        The day after the last one that the table knows of: where the last period goes on after it,
        it ends there.

    Returns
    -------
    (n_row, n_period) numbers
        0 or 1; between them where a period is split.  Without periods (n_row, 1) ones.

    Raises
    ------
    InvalidValueError
        If a bound lies inside a period (without `split`), a span reaches outside the periods or
        holds none, or a model without periods is given spans with bounds.
    """
    if not periods:
        _refuse_bounds(begin, end, where)
        return np.ones((len(begin), 1))
    after = next_period(periods[-1], step)
    covered, outside = said(periods[0], after), after.toordinal()
    if known_to is not None and periods[-1] < known_to < after:
        after = known_to  # what came in the rest of the last period is not in the table
    edges = np.array([day.toordinal() for day in (*periods, after)])
    weights = np.empty((len(begin), len(periods)))
    for row, (first, last) in enumerate(zip(begin, end, strict=True)):
        place = f"{where} {said(first, last)}"
        low = edges[0] if first is None else first.toordinal()
        high = edges[-1] if last is None else last.toordinal()
        if low < edges[0] or high > outside:
            raise InvalidValueError(
                f"reaches outside the periods of the model, {covered}",
                where=place, why="deaths there are no part of the model",
                remedy="leave the row out, or give the table these periods",
            )  # fmt: skip
        high = min(high, edges[-1])
        inside = np.minimum(high, edges[1:]) - np.maximum(low, edges[:-1])
        weights[row] = np.clip(inside, 0, None) / np.diff(edges)
        if not weights[row].any():
            raise InvalidValueError("holds no period of the model", where=place)
        cut = (weights[row] > 0) & (weights[row] < 1)
        if cut.any() and not split:
            raise InvalidValueError(
                f"covers only a part of the {step} of {periods[int(np.argmax(cut))]}", where=place,
                why="how many of its deaths are meant is not known",
                remedy="set split = true to share it by days, or give spans on bounds of periods",
            )  # fmt: skip
    return weights


def refuse_gaps(begin: Sequence[Day], end: Sequence[Day], where: str) -> None:
    """Refuse spans, in order, that do not follow each other without gap or overlap."""
    for (_, last), (first, after) in itertools.pairwise(zip(begin, end, strict=True)):
        if last == first and last is not None:
            continue
        overlap = last is None or first is None or first < last
        raise InvalidValueError(
            f"{'overlaps the one before' if overlap else f'leaves a gap after {said(None, last)}'}",
            where=f"{where} {said(first, after)}",
            why="its deaths would count twice" if overlap else "a sum would lack its deaths",
            remedy="give spans that follow each other",
        )  # fmt: skip


def _refuse_bounds(begin: Sequence[Day], end: Sequence[Day], where: str) -> None:
    for first, last in zip(begin, end, strict=True):
        if first is not None or last is not None:
            raise InvalidValueError(
                "has bounds, and the model has no periods", where=f"{where} {said(first, last)}",
                why="its share of one total is not known",
                remedy="leave the bounds out if it speaks of all deaths, or give periods",
            )  # fmt: skip
