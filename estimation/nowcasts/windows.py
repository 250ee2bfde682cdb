"""Which delays and periods a nowcast looks at, chosen from what was known at its date alone."""

from __future__ import annotations

import dataclasses
import datetime

import numpy as np
from numpy.typing import NDArray

from estimation.errors import NotEstimableError
from estimation.tables.report_rows import ReportRows
from models.checks import whole
from models.reports import Reports, period_after

#: The longest delay that is chosen unless told otherwise, steps.
LONGEST_DELAY = 60

#: The share of names that have come by the delay that is chosen.
COMPLETE = 0.995

#: Periods beyond the longest delay, and periods in all, that a window has at least.
_FINISHED, _SHORTEST = 20, 52

#: Periods whose nowcast is shown and scored, by step.
_LAST = {"day": 14, "week": 6, "month": 6, "year": 6}


@dataclasses.dataclass(frozen=True)
class Scope:
    """What a nowcast looks at.

    Parameters
    ----------
    max_delay : int
        The longest delay with cells of its own, steps.
    window : int
        Periods, the last ones.
    notes : tuple of str
        What was chosen for the user, as sentences.
    """

    max_delay: int
    window: int
    notes: tuple[str, ...] = ()


def choose_scope(
    rows: ReportRows, as_of: str | datetime.date | None, max_delay: int | None, window: int | None
) -> Scope:
    """Return what was asked for; what was not is chosen by what was known at a date.

    Parameters
    ----------
    rows : ReportRows
    as_of : ISO date, optional
        See ``ReportRows.reports``.
    max_delay, window : int, optional
        `default_delay` and `default_window` unless given.
    """
    notes = []
    if max_delay is None:
        known = rows.reports(as_of, max_delay=LONGEST_DELAY)
        max_delay = default_delay(known)
        notes.append(
            f"The longest delay is taken as {counted(max_delay, rows.step)}: by then "
            f"{100 * COMPLETE:g} % of names had come (at most {LONGEST_DELAY} {rows.step}s, or "
            "half of the reports)."
        )
        longest_seen = _followed(known)
        if longest_seen < 2 * max_delay:
            notes.append(
                f"No period was followed from its start for more than "
                f"{counted(longest_seen, rows.step)}: longer delays cannot be seen, and if there "
                "are any the answer is too low."
            )
    longest = whole(max_delay, "max_delay", why="it counts steps")
    kept = default_window(longest) if window is None else window
    return Scope(longest, whole(kept, "window", low=2, why="it counts periods"), tuple(notes))


def default_delay(reports: Reports) -> int:
    """Return the delay by which 99.5 % of names come, by the chain ladder.

    Of the names with delays up to d, those with d itself are counted over the periods that have had
    time for it; what the longest delay has seen is taken as all.  Periods whose true delays are
    masked are left out unless there are no others.  The delay is 1 or more, at most `LONGEST_DELAY`
    and at most half of the reports, so that some periods have seen it.

    Parameters
    ----------
    reports : Reports
        With `LONGEST_DELAY` as its longest delay, names beyond it included.
    """
    kept = _clean(reports)
    by_delay = np.column_stack([reports.counts.sum(axis=2), reports.extra("beyond").sum(axis=1)])
    by_delay, age = by_delay[kept], (reports.n_report - 1 - np.arange(len(kept)))[kept]
    share, found = 1.0, 1
    for delay in range(by_delay.shape[1] - 1, 0, -1):
        old = by_delay[age >= delay]
        so_far = int(old[:, : delay + 1].sum())
        share *= 1 - old[:, delay].sum() / so_far if so_far else 1.0
        if share < COMPLETE:
            found = delay
            break
    most = min(LONGEST_DELAY, max(reports.n_report // 2, 1), reports.n_delay - 1)
    return max(min(found, most), 1)


def _clean(reports: Reports) -> NDArray[np.bool_]:
    """Return the periods whose delays are all true ones; all, if these have no names."""
    clean: NDArray[np.bool_] = ~reports.extra("masked").any(axis=1)
    return clean if reports.counts[clean].any() else np.ones_like(clean)


def _followed(reports: Reports) -> int:
    """Return for how many steps the oldest of these periods was followed."""
    return reports.n_report - 1 - int(np.argmax(_clean(reports)))


def refuse_without_delays(reports: Reports) -> None:
    """Refuse reports of which no name has a true delay.

    Raises
    ------
    NotEstimableError
        If all names came with a first publication.
    """
    learned = reports.reported & ~reports.extra("masked")
    if not reports.counts[learned].any():
        raise NotEstimableError(
            "no name has a known delay", where=f"reports as of {reports.as_of}",
            why="a first publication carries names of all delays",
            remedy="take a later date, or keep the delays of the first if they are true",
        )  # fmt: skip


def default_window(max_delay: int) -> int:
    """Return periods enough to see every delay twenty times, and 52 at least."""
    return max(max_delay + 1 + _FINISHED, _SHORTEST)


def default_last(step: str, max_delay: int) -> int:
    """Return how many of the last periods are shown and scored: those that are still filling.

    At most 14 days, or 6 weeks, months or years.
    """
    return min(max_delay + 1, _LAST[step])


def counted(count: int, step: str) -> str:
    """Return so many steps in words."""
    return f"{count:,} {step}{'' if count == 1 else 's'}"


def within(reports: Reports) -> Reports:
    """Return reports without the names that came later than the longest delay.

    Raises
    ------
    NotEstimableError
        If no others were known.
    """
    if not reports.extra("beyond").any():
        return reports
    if not (reports.counts.any() or reports.extra("undated").any()):
        raise NotEstimableError(
            "every name came later than the longest delay", where="max_delay",
            why="nothing is known of shorter ones", remedy="take a larger max_delay",
        )  # fmt: skip
    return dataclasses.replace(reports, beyond=None)


def padded(reports: Reports, periods: int) -> Reports:
    """Return reports with masked periods without names put in front, so that shapes are equal.

    Models of equal shapes share a compilation.  What a fit says of such a period means nothing.

    Parameters
    ----------
    reports : Reports
    periods : int
        How many there shall be; no fewer than there are.
    """
    more = periods - len(reports.periods)
    if more <= 0:
        return reports
    first = reports.periods[0]
    added = tuple(period_after(first, place - more, reports.step) for place in range(more))

    def before(name: str, value: int) -> np.ndarray:
        values = reports.extra(name)
        empty = np.full((more, *values.shape[1:]), value, values.dtype)
        return np.concatenate([empty, values])

    return dataclasses.replace(
        reports, periods=added + reports.periods, counts=before("counts", 0),
        published=before("published", 1), masked=before("masked", 1), beyond=before("beyond", 0),
        undated=before("undated", 0),
    )  # fmt: skip
