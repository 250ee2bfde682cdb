"""Counts by period of death and delay of their report: a triangle, open where reports are due."""

from __future__ import annotations

import dataclasses
import datetime
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.cells import DATINGS, STEPS, next_period
from models.checks import LARGEST_COUNT, text, whole
from models.errors import InvalidValueError, NotEstimableError


@dataclasses.dataclass(frozen=True, eq=False)
class Reports:
    """New names by period of death and delay, as they were known on one day.

    Report periods have the length of periods of death and begin on the same days; they are counted
    from ``periods[0]``, so that names of period ``t`` with delay ``d`` were reported in ``t + d``.

    Parameters
    ----------
    counts : (n_period, n_delay, n_stratum) integers, deaths
        Names that became known so many steps after their period of death; 0 where it is not yet
        that late, and where nothing was published.  At the longest delay stand those of the first
        publication at that delay or later.
    periods : sequence of datetime.date
        First days, in order, without gaps; two or more.
    step : {"day", "week", "month", "year"}
        Length of a period, and of a step of delay.
    as_of : datetime.date
        First day of the last report period that was seen; may lie after the last period.
    strata : sequence of str
        Names; empty if the table has no strata (one column).
    published : (n_report,) booleans, optional
        Whether anything was published in that report period; always, by default. Names due in one
        without publication come with the next.
    masked : (n_period, n_delay) booleans, optional
        Cells whose true delay is not known, since a first publication carried all names until then:
        they count as reported and say nothing of delays; none by default.
    beyond : (n_period, n_stratum) integers, optional
        Names known by `as_of` with ``n_delay`` steps of delay or more; 0 by default.
    undated : (n_report, n_stratum) integers, optional
        Names without a period of death, by period of report; 0 by default.
    dating : {"death", "obituary", "report"}
        What the periods are periods of.

    Raises
    ------
    InvalidValueError
        If shapes or dates do not fit, a count is negative, fractional or missing, or stands where
        nothing can be known yet.
    NotEstimableError
        If there is one period only, or no name in any period.
    """

    counts: NDArray[np.int64]
    periods: tuple[datetime.date, ...]
    step: str
    as_of: datetime.date
    strata: tuple[str, ...] = ()
    published: NDArray[np.bool_] | None = None
    masked: NDArray[np.bool_] | None = None
    beyond: NDArray[np.int64] | None = None
    undated: NDArray[np.int64] | None = None
    dating: str = "death"

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "periods", tuple(_day(day, "periods") for day in self.periods))
        put(self, "strata", _names(self.strata))
        self._check_words()
        shape = np.shape(self.counts)
        if len(shape) != 3 or shape[1] < 1:
            raise InvalidValueError(f"has shape {shape}, not one of period, delay and stratum",
                                    where="counts")  # fmt: skip
        period, delay, stratum = len(self.periods), int(shape[1]), max(1, len(self.strata))
        put(self, "counts", _whole(self.counts, (period, delay, stratum), "counts"))
        put(self, "beyond", _whole(self.beyond, (period, stratum), "beyond"))
        put(self, "undated", _whole(self.undated, (self.n_report, stratum), "undated"))
        put(self, "published", _flags(self.published, (self.n_report,), "published", usual=True))
        masked = _flags(self.masked, (period, delay), "masked", usual=False)
        put(self, "masked", _frozen(masked & self.reported))
        self._refuse_impossible()
        if period == 1:
            raise NotEstimableError(
                "one period alone", where="periods",
                why="delays are learned from older periods that are more complete",
            )  # fmt: skip
        if self.known.sum() == 0:
            raise NotEstimableError(
                "no name in any period", where="counts",
                why="zero names fit every rate down to nothing, and say nothing of delays",
            )  # fmt: skip

    def _check_words(self) -> None:
        if self.step not in STEPS:
            raise InvalidValueError(
                f"no step {self.step!r}", where="step", remedy="one of " + ", ".join(STEPS)
            )
        if self.dating not in DATINGS:
            raise InvalidValueError(
                f"no dating {self.dating!r}", where="dating", remedy="one of " + ", ".join(DATINGS)
            )
        if not self.periods:
            raise InvalidValueError("are empty", where="periods")
        if self.step in ("month", "year") and self.periods[0].day > 28:
            raise InvalidValueError(
                f"{self.periods[0]} begins no {self.step}: not every month has that day",
                where="periods", remedy="give first days",
            )  # fmt: skip
        for day, following in itertools.pairwise(self.periods):
            if next_period(day, self.step) != following:
                raise InvalidValueError(
                    f"{following} does not follow {day} by one {self.step}", where="periods",
                    why="a step of delay is a step of periods",
                )  # fmt: skip
        _day(self.as_of, "as_of")
        self._on_grid(self.as_of)
        if self.as_of < self.periods[-1]:
            raise InvalidValueError(
                f"{self.as_of} is before the last period, {self.periods[-1]}", where="as_of",
                why="nothing can be known of a period that has not begun",
            )  # fmt: skip

    def _on_grid(self, day: datetime.date) -> int:
        """Return the index of the report period that begins on `day`."""
        index = steps_between(self.periods[0], day, self.step)
        if period_after(self.periods[0], index, self.step) != day:
            raise InvalidValueError(
                f"{day} begins no {self.step} when {self.periods[0]} does", where="as_of",
                remedy="give the first day of the last report period that was seen",
            )  # fmt: skip
        return index

    def _refuse_impossible(self) -> None:
        """Refuse names that stand where none can be known."""
        later = (self.counts > 0).any(axis=2) & ~self.reported
        if later.any():
            place, delay = map(int, np.argwhere(later)[0])
            raise InvalidValueError(
                f"a name is reported after as_of = {self.as_of}",
                where=f"counts[{self.periods[place]}, {delay}]",
            )  # fmt: skip
        due = np.arange(len(self.periods)) + self.n_delay < self.n_report
        early = self.extra("beyond").any(axis=1) & ~due
        if early.any():
            day = self.periods[int(np.argmax(early))]
            raise InvalidValueError(
                f"a delay of {self.n_delay} or more ends after as_of = {self.as_of}",
                where=f"beyond[{day}]",
            )  # fmt: skip
        silent = (self.counts > 0).any(axis=2) & ~self.published_cells
        if silent.any():
            period, delay = map(int, np.argwhere(silent)[0])
            day = period_after(self.periods[0], period + delay, self.step)
            raise InvalidValueError(
                f"names were reported on {day}, when nothing was published", where="published",
            )  # fmt: skip

    # -- what the triangle says -----------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, int, int]:
        """Return the numbers of periods, delays and strata."""
        period, delay, stratum = self.counts.shape
        return period, delay, stratum

    @property
    def n_delay(self) -> int:
        """Return the number of delays: 0 to the longest one that has a cell."""
        return self.shape[1]

    @property
    def n_report(self) -> int:
        """Return the number of report periods, from the first period of death to `as_of`."""
        return steps_between(self.periods[0], self.as_of, self.step) + 1

    @property
    def reported(self) -> NDArray[np.bool_]:
        """Return which cells are past, (n_period, n_delay)."""
        return self.reported_by(self.n_report - 1)

    @property
    def published_cells(self) -> NDArray[np.bool_]:
        """Return which cells' names have been published, (n_period, n_delay).

        Names of the longest delay count as published once there was a publication at that delay or
        later: then all names have come.
        """
        report = np.arange(len(self.periods))[:, None] + np.arange(self.n_delay)
        last = self.n_report - 1
        published = self.extra("published")
        found = self.reported & published[np.minimum(report, last)]
        later = np.flip(np.maximum.accumulate(np.flip(published)))
        closing = report[:, -1]
        found[:, -1] = (closing <= last) & later[np.minimum(closing, last)]
        return np.asarray(found)

    @property
    def told(self) -> NDArray[np.int64]:
        """Return the number of delays of each period whose names have come, (n_period,)."""
        delays = np.arange(1, self.n_delay + 1)
        return np.asarray((self.published_cells * delays).max(axis=1))

    @property
    def by_report(self) -> NDArray[np.int64]:
        """Return the names of each report period that have a cell or no period, (n_report,)."""
        period, delay = self.counts.shape[:2]
        index = np.arange(period)[:, None] + np.arange(delay)
        cells = np.bincount(index.ravel(), self.counts.sum(axis=2).ravel())
        found: NDArray[np.int64] = self.extra("undated").sum(axis=1)
        length = min(len(cells), self.n_report)
        found[:length] += cells[:length].astype(np.int64)
        return found

    @property
    def known(self) -> NDArray[np.int64]:
        """Return the names known by `as_of`, (n_period, n_stratum)."""
        return np.asarray(self.counts.sum(axis=1) + self.extra("beyond"))

    @property
    def total(self) -> int:
        """Return all names known by `as_of`, those without a period too."""
        return int(self.known.sum() + self.extra("undated").sum())

    def extra(self, name: str) -> NDArray[Any]:
        """Return an array that may be left out when a triangle is made, such as "masked"."""
        return np.asarray(getattr(self, name))

    def coords(self) -> dict[str, list[str]]:
        """Return the labels of periods, delays and, if there are any, strata."""
        found = {
            "period": [day.isoformat() for day in self.periods],
            "delay": [str(delay) for delay in range(self.n_delay)],
        }
        return {**found, "stratum": list(self.strata)} if self.strata else found

    def content(self) -> dict[str, Any]:
        """Return the numbers; names, dates and how they are dated do not count."""
        fields = ("counts", "published", "masked", "beyond", "undated")
        return {name: self.extra(name).tolist() for name in fields}

    # -- parts of it ----------------------------------------------------------------------------

    def window(self, periods: int) -> Reports:
        """Return the last periods only; undated names reported before them are left out.

        Parameters
        ----------
        periods : int
            How many to keep, 2 or more; more than there are keeps all.
        """
        drop = len(self.periods) - whole(periods, "window", low=2, why="it counts periods")
        if drop <= 0:
            return self
        fields = ("counts", "published", "masked", "beyond", "undated")
        cut: dict[str, Any] = {name: self.extra(name)[drop:] for name in fields}
        return dataclasses.replace(self, periods=self.periods[drop:], **cut)

    def until(self, as_of: datetime.date) -> Reports:
        """Return what was known at an earlier date alone; periods after it are dropped.

        Withdrawals that were taken off earlier reports are not put back: where there may be some,
        build the earlier state from the rows of the table.

        Parameters
        ----------
        as_of : datetime.date
            First day of a report period, not after ``self.as_of``.

        Raises
        ------
        InvalidValueError
            If names in `beyond` may have been reported before or after that date: they carry none.
        """
        last = self._on_grid(_day(as_of, "as_of"))
        if not 0 <= last < self.n_report:
            raise InvalidValueError(
                f"{as_of} is not between {self.periods[0]} and {self.as_of}", where="as_of"
            )
        kept = min(len(self.periods), last + 1)
        beyond = self.extra("beyond")[:kept]
        due = np.arange(kept) + self.n_delay <= last
        if beyond[due].any() and last + 1 < self.n_report:
            raise InvalidValueError(
                "names beyond the longest delay carry no date of report", where="beyond",
                remedy="build the earlier state from the rows, or keep more delays",
            )  # fmt: skip
        counts = np.where(self.reported_by(last)[:kept, :, None], self.counts[:kept], 0)
        return dataclasses.replace(
            self, counts=counts, periods=self.periods[:kept], as_of=as_of,
            published=self.extra("published")[: last + 1],
            masked=self.extra("masked")[:kept], beyond=np.where(due[:, None], beyond, 0),
            undated=self.extra("undated")[: last + 1],
        )  # fmt: skip

    def reported_by(self, report: int) -> NDArray[np.bool_]:
        """Return which cells are past after a report period by index, (n_period, n_delay)."""
        period, delay = self.counts.shape[:2]
        return np.arange(period)[:, None] + np.arange(delay) <= report


def steps_between(first: datetime.date, day: datetime.date, step: str) -> int:
    """Return how many whole steps lead from `first` to `day`, rounded down."""
    if step in ("day", "week"):
        return (day - first).days // (1 if step == "day" else 7)
    months = (day.year - first.year) * 12 + day.month - first.month - (day.day < first.day)
    return months // (1 if step == "month" else 12)


def period_after(first: datetime.date, count: int, step: str) -> datetime.date:
    """Return the first day of the period so many steps after the one that begins on `first`."""
    if step in ("day", "week"):
        return first + datetime.timedelta(days=count * (1 if step == "day" else 7))
    months = first.year * 12 + first.month - 1 + count * (1 if step == "month" else 12)
    return datetime.date(months // 12, months % 12 + 1, first.day)


def _day(value: Any, where: str) -> datetime.date:
    if not isinstance(value, datetime.date) or isinstance(value, datetime.datetime):
        raise InvalidValueError(f"{value!r} is no date", where=where)
    return value


def _names(values: Sequence[Any]) -> tuple[str, ...]:
    if isinstance(values, str):
        raise InvalidValueError(f"must be a list of names, not {values!r}", where="strata")
    found = tuple(text(name, "strata") for name in values)
    if len(set(found)) < len(found):
        repeated = next(name for name in found if found.count(name) > 1)
        raise InvalidValueError(f"{repeated!r} is given twice", where="strata")
    return found


def _shaped(values: Any, shape: tuple[int, ...], where: str) -> None:
    if np.shape(values) != shape:
        raise InvalidValueError(f"has shape {np.shape(values)}, not {shape}", where=where)


def _whole(values: ArrayLike | None, shape: tuple[int, ...], where: str) -> NDArray[np.int64]:
    """Return counts as frozen integers, zero if none are given."""
    found = np.zeros(shape) if values is None else np.asarray(values)
    _shaped(found, shape, where)
    try:
        plain = found.astype(float)
    except (TypeError, ValueError):
        raise InvalidValueError("holds what is no number", where=where) from None
    wrong = ~np.isfinite(plain) | (plain < 0) | (plain != np.floor(plain)) | (plain > LARGEST_COUNT)
    if wrong.any():
        index = tuple(map(int, np.argwhere(wrong)[0]))
        raise InvalidValueError(
            f"{plain[index]:g} is no count", where=f"{where}[{', '.join(map(str, index))}]",
            why="a count is a whole number, 0 or more",
            remedy="take withdrawn names off the reports that brought them",
        )  # fmt: skip
    counts: NDArray[np.int64] = _frozen(plain.astype(np.int64))
    return counts


def _flags(
    values: ArrayLike | None, shape: tuple[int, ...], where: str, *, usual: bool
) -> NDArray[np.bool_]:
    found = np.full(shape, usual) if values is None else np.asarray(values, bool)
    _shaped(found, shape, where)
    flags: NDArray[np.bool_] = _frozen(found)
    return flags


def _frozen(values: Any) -> Any:
    values = np.array(values)
    values.flags.writeable = False
    return values
