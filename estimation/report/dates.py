"""The horizontal axis of figures over time: periods as steps, years as labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from estimation.report import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Days from which years are labeled; below, first days of periods.
_YEARS_FROM = 400

#: Labels at most, and the share of the width below which the rest of a year gets none.
_MOST_YEARS, _MOST_DAYS, _NARROW = 14, 6, 0.045

_YEAR = "datetime64[Y]"

#: Months before the day of a list in which it still fills.
_FILLING = 12


class Timeline:
    """Periods on an axis that counts days.

    Parameters
    ----------
    periods : (n_period,) dates
        First days, in order.  Where one is missing, there is a gap.
    unit : {"day", "week", "month", "year"}
        Length of a period.

    Attributes
    ----------
    edges : (n_edge,) array
        Where steps begin and end, days.
    middles : (n_period,) array
        Middles of the periods, days.
    """

    def __init__(self, periods: ArrayLike, unit: str) -> None:
        self._days = np.asarray(periods, dtype="datetime64[D]")
        self._unit = unit
        starts = self._days.astype(np.int64)
        ends = _later(self._days, unit).astype(np.int64)
        # a first day inside the period before cuts that one off
        ends[:-1] = np.minimum(ends[:-1], starts[1:])
        self.edges = np.unique(np.concatenate([starts, ends])).astype(float)
        self.middles = (starts + ends) / 2
        self._steps = np.searchsorted(self.edges, starts)
        margin = 0.01 * (self.edges[-1] - self.edges[0])
        self.first, self.last = self.edges[0] - margin, self.edges[-1] + margin

    def spread(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return one value a step, NaN in gaps, given one a period."""
        found = np.full(self.edges.size - 1, np.nan)
        found[self._steps] = np.asarray(values, float)
        return found

    def day(self, date: Any) -> float | None:
        """Return where a date stands, or nothing if it is outside the periods."""
        found = float(np.datetime64(date, "D").astype(np.int64))
        return found if self.edges[0] <= found <= self.edges[-1] else None

    def still_filling(self, as_of: Any) -> tuple[float, float] | None:
        """Return the part of the axis that a list of a day still fills, if there is any."""
        if as_of is None:
            return None
        day = np.datetime64(as_of, "D")
        month = day.astype("datetime64[M]")
        within = day - month.astype("datetime64[D]")
        before = (month - np.timedelta64(_FILLING, "M")).astype("datetime64[D]") + within
        left = max(float(before.astype(np.int64)), self.first)
        right = min(float(day.astype(np.int64)), self.last)
        return (left, right) if left < right else None

    def draw_axis(self, axes: Axes, by: str) -> None:
        """Set limits that clip nothing, ticks and labels."""
        axes.set_xlim(self.first, self.last)
        axes.set_xlabel(f"{by}, by {self._unit}")
        if self.edges[-1] - self.edges[0] < _YEARS_FROM:
            self._label_periods(axes)
        else:
            self._label_years(axes)

    def _label_periods(self, axes: Axes) -> None:
        skip = -(-self._days.size // _MOST_DAYS)
        shown = slice(None, None, skip)
        form = {"month": "datetime64[M]", "year": _YEAR}.get(self._unit, "datetime64[D]")
        words = [str(day) for day in self._days[shown].astype(form)]
        axes.set_xticks(self.middles[shown], words)

    def _label_years(self, axes: Axes) -> None:
        """Put ticks between years, and each year in the middle of what is shown of it."""
        first, last = np.array([self.first, self.last]).astype("datetime64[D]").astype(_YEAR)
        years = np.arange(first, last + np.timedelta64(2, "Y"))
        turns = years.astype("datetime64[D]").astype(np.int64).astype(float)
        inside = (turns >= self.first) & (turns <= self.last)
        if turns.size > _MOST_YEARS:
            # many years: some of their first days, with labels at the ticks
            numbers = years.astype(np.int64) + 1970
            skip = next(n for n in (2, 5, 10, 20, 50, 100, 1000) if turns.size / n < _MOST_YEARS)
            shown = inside & (numbers % skip == 0)
            axes.set_xticks(turns[shown], [str(number) for number in numbers[shown]])
            return
        axes.set_xticks(turns[inside], [""] * int(inside.sum()))
        axes.tick_params(axis="x", length=7)
        ends = np.clip(turns, self.first, self.last)
        wide = np.diff(ends) >= _NARROW * (self.last - self.first)
        middles = (ends[:-1] + ends[1:]) / 2
        axes.set_xticks(middles[wide], [str(year) for year in years[:-1][wide]], minor=True)
        axes.tick_params(axis="x", which="minor", length=0, pad=4, labelsize=style.NORMAL)


def _later(days: NDArray[np.datetime64], unit: str) -> NDArray[np.datetime64]:
    """Return the first day after each period."""
    if unit in ("day", "week"):
        return days + np.timedelta64(1 if unit == "day" else 7, "D")
    months = days.astype("datetime64[M]")
    within = days - months.astype("datetime64[D]")
    found: NDArray[np.datetime64] = (
        months + np.timedelta64(1 if unit == "month" else 12, "M")
    ).astype("datetime64[D]") + within
    return found
