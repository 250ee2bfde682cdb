"""``ReportRows``: all that a table of reports says, from which any earlier state can be made."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from estimation.errors import DataError, InvalidValueError, UndercountError
from estimation.tables.periods import read_bound
from models.checks import whole
from models.reports import Reports, period_after, steps_between

#: The index of a period of death that is not known.
UNDATED = -1

#: What to do with withdrawn or re-dated names.
NEGATIVES = ("earlier", "zero")

#: Share of all names that the first reports may bring before their delays are believed.
_BACKLOG = 0.05

#: Above this a triangle does not fit into memory beside a fit.
_LARGEST_TRIANGLE = 20_000_000


@dataclasses.dataclass(frozen=True, eq=False)
class ReportRows:
    """Changes of a list by period of death and date of report, as numbers.

    Periods and reports are counted in steps from `begin`.

    Parameters
    ----------
    begin : datetime.date
        First day of the first period of death.
    step : {"day", "week", "month", "year"}
        Length of a period.
    strata : tuple of str
        Names; empty if the table has none.
    event_index, report_index, stratum_index : (n_row,) integers
        Where each change belongs; the event is -1 where the period of death is not known.
    counts : (n_row,) integers, deaths
        New names; negative where names were withdrawn or re-dated.
    published : (n_report,) booleans
        Whether anything was published, from `begin` to the last report.
    first_report, last_event : int
        The first publication, and the last period of death that the table covers.
    negative : {"earlier", "zero"}, optional
        What to do with negative changes, if there are any.
    mask_first : bool
        Whether the first publications, until a twentieth of all names is known, carry names of
        unknown delay.
    seen_on : mapping of int to datetime.date
        For tables of snapshots, the day of the snapshot of each report period.
    dating, label, name, source : str
        What the periods are of; what messages call the table; its name; where it comes from.
    notes : tuple of str
        What must be known of the way the table was read, as sentences.
    """

    begin: datetime.date
    step: str
    strata: tuple[str, ...]
    event_index: NDArray[np.int64]
    report_index: NDArray[np.int64]
    stratum_index: NDArray[np.int64]
    counts: NDArray[np.int64]
    published: NDArray[np.bool_]
    first_report: int
    last_event: int
    negative: str | None = None
    mask_first: bool = False
    seen_on: Mapping[int, datetime.date] = dataclasses.field(default_factory=dict)
    dating: str = "death"
    label: str = "table"
    name: str = "table"
    source: str = ""
    notes: tuple[str, ...] = ()

    @property
    def as_of(self) -> datetime.date:
        """Return the first day of the last report period."""
        return self.day(len(self.published) - 1)

    @property
    def publications(self) -> tuple[datetime.date, ...]:
        """Return the first days of the report periods in which something was published."""
        return tuple(self.day(int(index)) for index in np.flatnonzero(self.published))

    @property
    def total(self) -> int:
        """Return the sum of all changes, those without a period of death too."""
        return int(self.counts.sum())

    def day(self, index: int) -> datetime.date:
        """Return the first day of a period by its index."""
        return period_after(self.begin, index, self.step)

    def reports(
        self, as_of: str | datetime.date | None = None, *, max_delay: int | None = None,
        window: int | None = None,
    ) -> Reports:  # fmt: skip
        """Return the triangle as it was known at a date, made from rows reported by then alone.

        Parameters
        ----------
        as_of : ISO date, optional
            First day of the last report period that was seen; the last of the table by default.
            For snapshots also any day after the snapshot of its period.
        max_delay : int, optional
            The longest delay, in steps, with cells of its own; names of longer ones are counted in
            `beyond`. The longest that was seen by default.
        window : int, optional
            Only so many periods, the last ones; all by default.

        Raises
        ------
        DataError
            If the date is none of the table's, or nothing was known by then.
        NotEstimableError
            If there was one period only, or no name at all.
        """
        last = self._last(as_of)
        seen = (self.report_index <= last) & (self.event_index <= self.last_event)
        event, report, stratum, counts = (
            column[seen]
            for column in (self.event_index, self.report_index, self.stratum_index, self.counts)
        )
        counts, _ = settled(event, report, stratum, counts, self.negative)
        dated = event != UNDATED
        if not dated.any():
            raise DataError(
                f"no name with a period of death was known on {self.day(last)}", where=self.label,
                remedy=f"the first report is of {self.day(self.first_report)}",
            )  # fmt: skip
        first, final = int(event[dated].min()), min(last, self.last_event)
        longest = int((report - event)[dated].max()) if max_delay is None else max_delay
        longest = whole(longest, "max_delay", why="it counts steps")
        begin = first
        if window is not None:
            kept = whole(window, "window", low=2, why="it counts periods")
            begin = max(first, final - kept + 1)
        shape = (final - begin + 1, longest + 1, max(1, len(self.strata)))
        if np.prod(shape, dtype=float) > _LARGEST_TRIANGLE:
            raise DataError(
                f"{shape[0]:,} periods and {shape[1]:,} delays are more than a triangle can hold",
                where=self.label, remedy="set max_delay or window",
            )  # fmt: skip
        delay = self._closed(event, report, last, longest)
        inside, late = (event >= begin) & (delay <= longest), (event >= begin) & (delay > longest)
        cells = np.zeros(shape, np.int64)
        np.add.at(cells, (event[inside] - begin, delay[inside], stratum[inside]), counts[inside])
        beyond = np.zeros((shape[0], shape[2]), np.int64)
        np.add.at(beyond, (event[late] - begin, stratum[late]), counts[late])
        undated = np.zeros((last - begin + 1, shape[2]), np.int64)
        # what was reported before the first period is known in it; a window leaves it out
        left = ~dated & ((report >= begin) | (begin == first))
        np.add.at(undated, (np.maximum(report[left] - begin, 0), stratum[left]), counts[left])
        published = self.published[begin : last + 1].copy()
        published[0] |= bool(undated[0].any())
        due = np.arange(shape[0])[:, None] + np.arange(shape[1])
        masked = (due <= self._backlog(report, counts) - begin) & self.mask_first
        try:
            return Reports(
                cells, tuple(self.day(begin + place) for place in range(shape[0])), self.step,
                self.day(last), strata=self.strata, published=published, masked=masked,
                beyond=beyond, undated=undated, dating=self.dating,
            )  # fmt: skip
        except InvalidValueError as error:
            raise DataError(
                error.what, where=f"{self.label}, {error.where}", why=error.why,
                remedy=error.remedy,
            ) from None  # fmt: skip
        except UndercountError as error:
            error.where = f"{self.label}, {error.where}"
            raise

    def _closed(
        self, event: NDArray[np.int64], report: NDArray[np.int64], last: int, longest: int
    ) -> NDArray[np.int64]:
        """Return delays; those of the first publication at the longest delay or later are that one.

        Where nothing is published just then, names of that delay come with the next publication.
        """
        following = np.full(last + 2, last + 1)
        for index in range(last, -1, -1):
            published = self.published[index]
            following[index] = index if published else following[index + 1]
        due = np.clip(event + longest, 0, last + 1)
        late = (report - event > longest) & (report == following[due])
        return np.where(late, longest, report - event)

    def _backlog(self, report: NDArray[np.int64], counts: NDArray[np.int64]) -> int:
        """Return the last report period in which a backlog may have been worked off.

        A list that begins late begins with names of long ago, and not on one day alone: until the
        first twentieth of all names has come, delays tell when the list began, not how late names
        are.
        """
        by_report = np.cumsum(np.bincount(np.maximum(report, 0), counts))
        first = int(np.argmax(by_report >= _BACKLOG * by_report[-1]))
        return max(self.first_report, first)

    def told(self, reports: Reports) -> tuple[str, ...]:
        """Return the notes of the table and those of one of its triangles.

        Parameters
        ----------
        reports : Reports
            Made by ``reports`` of this table.
        """
        late = int(reports.extra("beyond").sum())
        if not late:
            return self.notes
        longest = f"{reports.n_delay - 1} {self.step}{'s' if reports.n_delay != 2 else ''}"
        return (
            *self.notes,
            f"{late:,} of {int(reports.known.sum()):,} names came later than the longest delay, "
            f"{longest}: they are counted as known and belong to the tail.",
        )

    def _last(self, as_of: str | datetime.date | None) -> int:
        """Return the index of the last report period by a date."""
        end = len(self.published) - 1
        day = read_bound(as_of, "as_of")
        if day is None:
            return end
        index = steps_between(self.begin, day, self.step)
        begins = self.day(index)
        if begins != day and not (self.seen_on and self.seen_on.get(index, day) <= day):
            raise DataError(
                f"{day} begins no {self.step} of the reports", where="as_of",
                why="what was known amid a period of report cannot be told from the table",
                remedy=f"{begins} takes the {self.step} that holds that day as seen in whole, "
                f"{self.day(index - 1)} the one before",
            )  # fmt: skip
        if index < self.first_report:
            raise DataError(
                f"{day} is before the first report, {self.day(self.first_report)}", where="as_of",
                why=f"nothing in {self.label} was known by then",
            )  # fmt: skip
        if index > end:
            raise DataError(
                f"{day} is after the end of {self.label}: the file ends at {self.as_of}",
                where="as_of", why="what came later is not in it, so the end would look quiet",
            )  # fmt: skip
        return index


def settled(
    event: NDArray[np.int64], report: NDArray[np.int64], stratum: NDArray[np.int64],
    counts: NDArray[np.int64], negative: str | None,
) -> tuple[NDArray[np.int64], int]:  # fmt: skip
    """Return counts without negative ones, and how many withdrawn names found no report.

    Parameters
    ----------
    event, report, stratum : (n_row,) integers
        Where the changes belong.
    counts : (n_row,) integers
        The changes.
    negative : {"earlier", "zero"}, optional
        Take withdrawn names off the latest earlier reports of the same period, or ignore them.
    """
    found = counts.copy()
    falls = np.flatnonzero(found < 0)
    if not len(falls) or negative is None:
        return found, 0
    if negative == "zero":
        return np.maximum(found, 0), 0
    order = np.lexsort((report, event, stratum))
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    unmatched = 0
    for fall in sorted(falls, key=lambda row: int(rank[row])):
        rest, found[fall], place = -int(found[fall]), 0, int(rank[fall]) - 1
        while rest and place >= 0:
            row = order[place]
            if event[row] != event[fall] or stratum[row] != stratum[fall]:
                break
            taken = min(rest, int(found[row]))
            found[row] -= taken
            rest, place = rest - taken, place - 1
        unmatched += rest
    return found, unmatched
