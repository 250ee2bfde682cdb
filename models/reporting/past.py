"""The cells of a triangle that are past, and the probability to be reported in each.

Names due on a date without publication come with the next one: the cells in between are merged
into that of the next publication, for which the hazards of all of them count.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.reporting.curves import CERTAIN, Curves, FloatArray
from models.reports import Reports


@dataclasses.dataclass(frozen=True, eq=False)
class Past:
    """Past cells, ordered by period of death and delay.

    Parameters
    ----------
    period, delay : (n_cell,) integers
    begin : (n_cell,) integers
        Number of cells before the first one of the same period of death.
    merged : (n_cell,) integers
        Number of cells before the first one whose names come with this cell.
    seen : (n_cell,) booleans
        Whether the cell was published and its delays are known: the others say nothing.
    counts : (n_cell, n_stratum) integers, deaths
        0 where not seen.
    """

    period: NDArray[np.int64]
    delay: NDArray[np.int64]
    begin: NDArray[np.int64]
    merged: NDArray[np.int64]
    seen: NDArray[np.bool_]
    counts: NDArray[np.int64]


def past_cells(reports: Reports) -> Past:
    """Return the past cells of a triangle."""
    reported = reports.reported
    period, delay = np.nonzero(reported)
    published = reports.published_cells[period, delay]
    begin = np.flatnonzero(delay == 0)[period]
    merged = np.arange(period.size)
    for cell in range(1, period.size):
        if delay[cell] > 0 and not published[cell - 1]:
            merged[cell] = merged[cell - 1]
    seen = published & ~reports.extra("masked")[period, delay]
    counts = np.where(seen[:, None], reports.counts[period, delay], 0)
    return Past(period, delay, begin, merged, seen, counts)


def sparse_cells(
    name: str, past: Past, published: NDArray[np.bool_], last: int
) -> dict[str, NDArray[Any]]:
    """Return the data of a graph that holds published cells alone.

    Where nothing was published hazards depend on the delay only, so that what has passed by a
    delay is a sum over delays, the same for all periods, and a correction for each publication.

    Parameters
    ----------
    name : str
        Name of the evidence.
    past : Past
    published : (n_report,) booleans
    last : int
        The longest delay, at which all the rest is reported.

    Returns
    -------
    dict of arrays
        Of seen cells: period; first and last delay whose names come with it (`merged`, `delay`);
        how many corrections come before the period (`begin`), before the first and after the last
        of these delays (`before`, `after`); constant, counts.  Of corrections: their delay and
        publication (`corrected`, `publication`).
    """
    from scipy.special import gammaln

    shocked = published[past.period + past.delay] & (past.delay < last)
    passed = np.concatenate([[0], np.cumsum(shocked)])
    seen = np.flatnonzero(past.seen)
    return {
        "period": past.period[seen], "delay": past.delay[seen],
        "merged": past.delay[past.merged[seen]], "begin": passed[past.begin[seen]],
        "before": passed[past.merged[seen]], "after": passed[seen + 1],
        "corrected": past.delay[shocked],
        "publication": (np.cumsum(published) - 1)[(past.period + past.delay)[shocked]],
        "constant": gammaln(past.counts[seen] + 1.0), f"{name}_count": past.counts[seen],
    }  # fmt: skip


def log_reported(found: Curves, past: Past) -> FloatArray:
    """Return the log probability to be reported in each past cell, (draw, n_cell, n_stratum)."""
    last = found.base.shape[1]
    hazard = np.where(
        past.delay == last, CERTAIN, found.base[:, np.minimum(past.delay, last - 1)]
        + found.calendar[:, past.period + past.delay] + found.event[:, past.period],
    )  # fmt: skip
    for delay in range(found.early.shape[1]):
        at = past.delay == delay
        hazard[:, at] += found.early[:, delay, past.period[at]]
    whole = hazard[:, :, None] + found.stratum[:, None, :] * (past.delay < last)[:, None]
    passed = np.pad(np.cumsum(np.logaddexp(0.0, whole), axis=1), ((0, 0), (1, 0), (0, 0)))
    waited = passed[:, past.merged]
    now = passed[:, 1:] - waited
    return np.asarray(passed[:, past.begin] - waited + np.log(-np.expm1(-np.maximum(now, 1e-12))))
