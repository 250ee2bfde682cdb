"""From dated rows to `ReportRows`: what no triangle can hold is told with its rows."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from estimation.errors import DataError, NotEstimableError
from estimation.tables.periods import read_bound
from estimation.tables.publications import Dated, publications
from estimation.tables.report_rows import NEGATIVES, UNDATED, ReportRows, settled
from estimation.tables.source import Table, is_unknown
from estimation.words import suggestion
from models.cells import DATINGS, UNKNOWN
from models.reports import period_after, steps_between

#: What the first publication may be taken for.
FIRSTS = ("mask", "keep")

#: Periods with this share of counts that never fall look like totals and not like new names.
_CUMULATIVE = 0.9


@dataclasses.dataclass(frozen=True)
class Options:
    """What a user said of a table of reports; see ``read_reports``."""

    negative: str | None
    published: Any
    first: str
    last_event: str | datetime.date | None
    dating: str
    increments: bool = True
    fewer: str = "is negative: names were withdrawn or re-dated"

    def check(self) -> None:
        """Refuse words that nobody knows."""
        for name, words in (("negative", NEGATIVES), ("first", FIRSTS), ("dating", DATINGS)):
            value = getattr(self, name)
            if value not in words and not (name == "negative" and value is None):
                raise DataError(
                    f"no {name} {value!r}", where=name, remedy=suggestion(str(value), words)
                )


def read_strata(table: Table, stratum: str | None) -> dict[int, str]:
    """Return the stratum of each line; "unknown" where it is not known, empty without strata."""
    if stratum is None:
        return {int(line): "" for line in table.frame.index}
    names = table.column(stratum, "stratum")
    names = names.mask(is_unknown(names), UNKNOWN)
    return dict(zip(map(int, names.index), names.tolist(), strict=True))


def make_rows(
    table: Table, dated: Dated, step: str, columns: Mapping[str, str], options: Options,
    notes: Sequence[str], seen_on: Mapping[int, datetime.date] | None = None,
) -> ReportRows:  # fmt: skip
    """Check dated rows and count them in steps.

    Parameters
    ----------
    table : Table
        For places in messages.
    dated : Dated
        The rows.
    step : str
        Length of a period.
    columns : mapping
        Names of the columns "event", "report" and "count", for messages.
    options : Options
        What the user said.
    notes : sequence of str
        What is already to be told.
    seen_on : mapping, optional
        Days of snapshots by report period.
    """
    told = list(notes)
    if all(day is None for day in dated.events):
        raise NotEstimableError("no name has a period of death", where=table.label)
    begin = min(day for day in dated.events if day is not None)
    event, report = dated.index(begin, step, "events"), dated.index(begin, step, "reports")
    strata = tuple(sorted(set(dated.strata), key=lambda name: (name == UNKNOWN, name)))
    of = {name: place for place, name in enumerate(strata)}
    stratum = np.array([of[name] for name in dated.strata], np.int64)
    if seen_on is None:
        _refuse_off_grid(table, dated, begin, report, step, columns["report"])
    _refuse_early(table, dated, event, report, columns["report"], seen_on or {})
    _refuse_twice(table, dated, np.stack([event, report, stratum]))
    if not options.increments:
        _refuse_cumulative(table, event, report, stratum, dated.counts, columns["count"])
    _refuse_negative(table, dated, options, columns["count"])
    published, first = publications(
        table, dated, report, begin, step, options.published, snapshots=seen_on is not None,
        told=told,
    )  # fmt: skip
    last = _last_event(table, event, begin, step, len(published) - 1, options.last_event, told)
    backlog = (report == first) & (event != UNDATED) & (event < report) & (dated.counts > 0)
    mask = options.first == "mask" and bool(backlog.any())
    if mask:
        names = int(dated.counts[(report == first) & (event != UNDATED)].sum())
        told.append(
            f"The first publication, {period_after(begin, first, step)}, carries names of earlier "
            f"periods ({names:,} names): its names, and those of further ones until a twentieth of "
            "all is known, count as reported and say nothing of delays."
        )
    _, dropped = settled(event, report, stratum, dated.counts, options.negative)
    _tell_rest(told, event, report, dated.counts, step, begin, last, options, dropped)
    known = table.dataset
    return ReportRows(
        begin, step, () if strata == ("",) else strata, event, report, stratum, dated.counts,
        published, first, last, options.negative, mask, seen_on or {}, options.dating,
        table.label, table.name, known.source if known is not None else "", tuple(told),
    )  # fmt: skip


def _refuse_off_grid(
    table: Table, dated: Dated, begin: datetime.date, report: NDArray[np.int64], step: str,
    column: str,
) -> None:  # fmt: skip
    off = [
        place for place, day in enumerate(dated.reports)
        if period_after(begin, int(report[place]), step) != day
    ]  # fmt: skip
    if off:
        raise table.fault(
            [dated.lines[place] for place in off], column,
            f"{dated.reports[off[0]]} begins no {step} when {begin} does",
            why="reports are counted in steps from the period of death",
            remedy=f"write the first day of the {step} of report",
        )  # fmt: skip


def _refuse_early(
    table: Table, dated: Dated, event: NDArray[np.int64], report: NDArray[np.int64], column: str,
    seen_on: Mapping[int, datetime.date],
) -> None:  # fmt: skip
    early = np.flatnonzero((event != UNDATED) & (report < event) & (dated.counts != 0))
    if len(early):
        place = int(early[0])
        raise table.fault(
            [dated.lines[int(one)] for one in early], column,
            f"{seen_on.get(int(report[place]), dated.reports[place])} is before the period of "
            f"death, {dated.events[place]}",
            why="nobody is reported before the death", remedy="correct one of the two dates",
        )  # fmt: skip


def _refuse_twice(table: Table, dated: Dated, keys: NDArray[np.int64]) -> None:
    _, first, inverse = np.unique(keys, axis=1, return_index=True, return_inverse=True)
    original = first[np.ravel(inverse)]
    again = np.flatnonzero(original != np.arange(keys.shape[1]))
    if len(again):
        place = int(again[0])
        parts = [str(dated.events[place] or UNKNOWN), f"reported {dated.reports[place]}"]
        parts += [repr(dated.strata[place])] * bool(dated.strata[place])
        raise table.fault(
            [dated.lines[int(one)] for one in again], "",
            f"gives the cell {', '.join(parts)} a second time "
            f"({table.unit} {dated.lines[int(original[place])]} gives it too)",
            why="the same names may be counted twice",
            remedy="keep one of the rows, choose rows by select, or name the column that tells "
            "them apart as stratum",
        )  # fmt: skip


def _refuse_cumulative(
    table: Table, event: NDArray[np.int64], report: NDArray[np.int64],
    stratum: NDArray[np.int64], counts: NDArray[np.int64], column: str,
) -> None:  # fmt: skip
    """Refuse totals that are given as new names: along the delay they hardly ever fall."""
    order = np.lexsort((report, event, stratum))
    order = order[event[order] != UNDATED]
    keys = np.stack([event[order], stratum[order]])
    starts = np.flatnonzero(np.r_[True, (keys[:, 1:] != keys[:, :-1]).any(axis=0)])
    series = [part for part in np.split(counts[order], starts[1:]) if len(part) >= 3]
    if len(series) < 3:
        return
    rising = sum(bool((np.diff(part) >= 0).all()) for part in series)
    grown = sum(bool(part[-1] > part[0]) for part in series)
    if rising >= _CUMULATIVE * len(series) and grown >= len(series) / 2:
        raise DataError(
            f"looks cumulative: in {rising} of {len(series)} periods it never falls from report to "
            "report", where=f"{table.label}, column {column}",
            why="totals read as new names count the same persons again",
            remedy="give the changes, or read totals with read_snapshots (increments = True if "
            "these are new names)",
        )  # fmt: skip


def _refuse_negative(table: Table, dated: Dated, options: Options, column: str) -> None:
    falls = np.flatnonzero(dated.counts < 0)
    if len(falls) and options.negative is None:
        raise table.fault(
            [dated.lines[int(one)] for one in falls], column,
            f"{int(dated.counts[falls[0]])} {options.fewer}",
            why="no count of new names is below 0",
            remedy='say negative = "earlier" (taken off the latest earlier reports of the same '
            'period) or "zero" (ignored)',
        )  # fmt: skip


def _last_event(
    table: Table, event: NDArray[np.int64], begin: datetime.date, step: str, end: int,
    given: str | datetime.date | None, told: list[str],
) -> int:  # fmt: skip
    """Return the index of the last period of death that the table covers."""
    seen = int(event.max())
    if given is None:
        if seen < end:
            told.append(
                f"No row has a period of death after {period_after(begin, seen, step)}, and "
                f"reports go to {period_after(begin, end, step)}: later periods are left out; "
                'last_event = "report" takes them as without names yet.'
            )
        return seen
    if given == "report":
        return end
    day = read_bound(given, "last_event")
    assert day is not None
    last = steps_between(begin, day, step)
    if last < 0 or period_after(begin, last, step) != day:
        raise DataError(
            f"{day} is no period of death of {table.label}", where="last_event",
            why=f"they begin at {begin}, one {step} apart",
        )  # fmt: skip
    return min(last, end)


def _tell_rest(
    told: list[str], event: NDArray[np.int64], report: NDArray[np.int64],
    counts: NDArray[np.int64], step: str, begin: datetime.date, last: int, options: Options,
    dropped: int,
) -> None:  # fmt: skip
    """Tell of periods without rows, rows that are left out, and withdrawn names."""
    there = set(map(int, event[event != UNDATED]))
    holes = [place for place in range(max(there)) if place not in there]
    if holes:
        told.append(
            f"Periods of death without a row, taken as without names: {len(holes):,} of "
            f"{max(there) + 1:,} (the first: {period_after(begin, holes[0], step)})."
        )
    if (event > last).any():
        told.append(f"Names after last_event, left out: {int(counts[event > last].sum()):,}.")
    fallen = -int(counts[counts < 0].sum())
    if fallen:
        cells = int((counts < 0).sum())
        how = "taken off earlier reports of the same period"
        if dropped:
            how += f"; {dropped:,} found none and were dropped: sums are too high by as many"
        if options.negative == "zero":
            how = "ignored: sums are too high by as many"
        told.append(f"Names withdrawn or re-dated: {fallen:,} in {cells:,} cells, {how}.")
