"""Years of a fit, and the time until a date, with names and deaths of each."""

from __future__ import annotations

import dataclasses
import datetime

import numpy as np

from estimation.errors import UsageError
from estimation.summaries.losses import Losses
from models.cells import next_period

#: The label of all time, where a model has no periods.
ALL_TIME = "all"


@dataclasses.dataclass(frozen=True, eq=False)
class Span:
    """Periods of a fit.

    Parameters
    ----------
    label : str
        A year, "all", or "to DATE".
    periods : tuple of int
        Places of the periods.
    is_part : bool
        Whether all such spans together are all periods, without overlap.
    age : float, optional
        Months from the middle of the span to the date of the list.
    """

    label: str
    periods: tuple[int, ...]
    is_part: bool = True
    age: float | None = None


def spans_of(losses: Losses, through: datetime.date | None = None) -> tuple[Span, ...]:
    """Return the years of a fit, in which periods begin, and the time through a day.

    Of the time through a day only whole periods are taken, and its label has the last day of these.

    Raises
    ------
    UsageError
        If the day lies outside the periods, or there are none.
    """
    if not losses.periods:
        if through is not None:
            raise UsageError("the model has no periods", where="through",
                             remedy="leave it out")  # fmt: skip
        return (Span(ALL_TIME, (0,)),)
    years = sorted({day.year for day in losses.periods})
    found = []
    for year in years:
        rows = tuple(i for i, day in enumerate(losses.periods) if day.year == year)
        found.append(Span(str(year), rows, age=_age(losses, rows)))
    if through is not None:
        inside = tuple(range(whole_periods(losses.periods, losses.step, through)))
        last = next_period(losses.periods[inside[-1]], losses.step) - datetime.timedelta(days=1)
        found.append(Span(f"to {last}", inside, is_part=False, age=_age(losses, inside)))
    return tuple(found)


def whole_periods(periods: tuple[datetime.date, ...], step: str, through: datetime.date) -> int:
    """Return how many periods have ended by the evening of a day.

    Raises
    ------
    UsageError
        If none has, or the day comes after all of them.
    """
    ends = [next_period(day, step) - datetime.timedelta(days=1) for day in periods]
    if not ends[0] <= through <= ends[-1]:
        raise UsageError(
            f"{through} is not between {ends[0]} and {ends[-1]}", where="through",
            why="these are the last days of the first and of the last period",
        )  # fmt: skip
    return sum(end <= through for end in ends)


def _age(losses: Losses, rows: tuple[int, ...]) -> float | None:
    if losses.as_of is None:
        return None
    middle = losses.periods[rows[len(rows) // 2]]
    return (losses.as_of - middle).days / 30.4375


def deaths_of(losses: Losses, spans: tuple[Span, ...]) -> dict[str, np.ndarray]:
    """Return deaths by span, (draw,) each: sums of joint draws."""
    return {
        span.label: losses.deaths[:, list(span.periods)].sum(axis=(1, 2), dtype=np.int64)
        for span in spans
    }


def names_of(losses: Losses, spans: tuple[Span, ...]) -> dict[str, int]:
    """Return names on the list by span: the median, where precision is uncertain."""
    return {
        span.label: int(
            np.median(losses.observed[:, list(span.periods)].sum(axis=(1, 2), dtype=np.int64))
        )
        for span in spans
    }
