"""Where a date stands among the report periods to come, and a span among periods of death."""

from __future__ import annotations

import datetime

from estimation.errors import DataError
from estimation.summaries.spans import last_day, middle_day, parse_span
from models.reports import period_after


def report_place(
    day: datetime.date, as_of: datetime.date, step: str, horizon: int
) -> tuple[int, float]:
    """Return the report period after whose end a day comes, and which share of the next is over.

    Parameters
    ----------
    day : datetime.date
    as_of : datetime.date
        First day of the last report period of the triangle; it is period 0.
    step : str
        Length of a period.
    horizon : int
        The last report period that the model tells of.

    Raises
    ------
    DataError
        If the day is before the end of period 0 or after that of the last.
    """
    ends = [last_day(period_after(as_of, ahead, step), step) for ahead in range(horizon + 1)]
    if day < ends[0]:
        raise DataError(
            f"{day} is before the date of the triangle, {ends[0]}", where="as_of",
            why="what was known before it is in the triangle itself", remedy="take a later date",
        )  # fmt: skip
    if day > ends[-1]:
        raise DataError(
            f"{day} is after the horizon of the model, {ends[-1]}", where="as_of",
            why="it does not tell which share of names will have come by then",
            remedy=f"set a horizon above {horizon} {step}s",
        )  # fmt: skip
    ahead = max(place for place, end in enumerate(ends) if end <= day)
    if ahead == horizon:
        return horizon, 0.0
    return ahead, (day - ends[ahead]).days / (ends[ahead + 1] - ends[ahead]).days


def rows_inside(words: str, periods: tuple[datetime.date, ...], step: str) -> list[int]:
    """Return which periods lie in a span; all of it must be in the triangle.

    Parameters
    ----------
    words : str
        The span, as in "2024".
    periods : tuple of datetime.date
        First days of the periods of death.
    step : str
        Their length.

    Raises
    ------
    DataError
        If part of the span lies outside of them.
    """
    span = parse_span(words)
    found = [i for i, day in enumerate(periods) if span.first <= middle_day(day, step) <= span.last]
    begins, ends = (periods[0], last_day(periods[-1], step)) if periods else (span.last, span.first)
    if not found or span.first < begins or span.last > ends:
        raise DataError(
            f"{words} is not all in the triangle", where="period",
            why="delays of periods without a cell are not known",
            remedy=f"it runs from {begins} to {ends}",
        )  # fmt: skip
    return found
