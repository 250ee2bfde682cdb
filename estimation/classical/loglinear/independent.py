"""Independent lists: the model without interactions, for any number of lists in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import gammaln, ndtri, xlog1py, xlogy

from estimation.classical.loglinear.estimate import cell_notes
from estimation.classical.loglinear.newton import FloatArray
from estimation.classical.loglinear.profile import even_levels, profile_of
from estimation.classical.loglinear.search import candidate
from estimation.classical.loglinear.table import Table, table_of
from estimation.errors import InvalidValueError, NotEstimableError
from estimation.summaries.overlap import OverlapEstimate
from models.lists.links import independent_total
from models.lists.patterns import Patterns

LEVELS = 4000

ASSUMPTION = (
    "Being on one list tells nothing of being on another, and all persons are equally likely to be "
    "on a list. The total is too low if some persons are found more easily than others, on all "
    "lists; too high if lists avoid each other."
)


def independence(patterns: Patterns, *, prob: float = 0.95) -> OverlapEstimate:
    """Return the total that independent lists tell.

    Parameters
    ----------
    patterns : Patterns
        Persons by the lists on which they are; strata are taken together.
    prob : float
        Level of the interval in `details`.

    Returns
    -------
    OverlapEstimate
        Its draws are quantiles of the profile likelihood's confidence distribution, so that their
        quantiles are profile limits; with cells without a count those of a log-normal.

    Raises
    ------
    NotEstimableError
        If no person is on two lists, or the cells without a count leave the total open.
    """
    if not 0 < prob < 1:
        raise InvalidValueError("must be between 0 and 1", where="prob")
    table = table_of(patterns)
    if table.unknown.size:
        return _with_unknown(table, prob)
    totals = _list_totals(table)
    total = independent_total(totals, table.observed)
    if not np.isfinite(total):
        raise NotEstimableError("independent lists have no estimate", where="lists",
                                why="nearly no person is on two lists")  # fmt: skip
    notes = list(table.notes)
    inside = totals.max() >= table.observed
    one = candidate(table, ())
    error = 0.0 if inside else float(one.fit.error[0])
    if inside:
        holder = table.names[int(totals.argmax())]
        notes.append(f"Everyone is on {holder}: then no person is missing by this estimate, and "
                     "nothing tells whether that list is complete.")  # fmt: skip
    profile = profile_of(
        lambda missing: _log_likelihood(totals, table.observed, missing), table.observed,
        total - table.observed, error,
    )  # fmt: skip
    draws = profile.draws(LEVELS)
    limits = profile.limits(prob)
    if np.isinf(limits[1]):
        notes.append(f"No upper limit found at {100 * prob:g} %: the number shown as such is the "
                     "largest total that was looked at.")  # fmt: skip
    finite = draws[np.isfinite(draws)]
    details: dict[str, Any] = {
        "formula": " + ".join(table.names), "se": error, "most_likely": profile.best,
        "profile": [limit if np.isfinite(limit) else None for limit in limits],
        "bic": one.bic, "aic": one.aic, "parameters": one.parameters,
    }  # fmt: skip
    return OverlapEstimate(
        method="independence", engine="classical", estimate=total,
        draws=np.minimum(draws, finite[-1]), observed=table.observed, assumption=ASSUMPTION,
        notes=tuple(notes), details=details,
    )  # fmt: skip


def _list_totals(table: Table) -> FloatArray:
    bits = 1 << np.arange(table.lists, dtype=np.int64)[::-1]
    return np.asarray(table.counts @ ((table.masks[:, None] & bits) > 0))


def _log_likelihood(totals: FloatArray, observed: float, missing: FloatArray) -> FloatArray:
    """Return the profile log-likelihood of independent lists: margins over the total are shares."""
    size = (observed + missing)[:, None]
    lists = xlogy(totals, totals / size) + xlog1py(size - totals, -totals / size)
    order = gammaln(size[:, 0] + 1) - gammaln(missing + 1)
    return np.asarray(order + lists.sum(axis=1))


def _with_unknown(table: Table, prob: float) -> OverlapEstimate:
    one = candidate(table, ())
    fit = one.fit
    if not fit.fine[0]:
        raise NotEstimableError(
            "independent lists have no estimate", where="lists",
            why="the cells without a count hold what would tell how the lists overlap",
            remedy="leave out the lists of these cells, or find their counts",
        )  # fmt: skip
    missing, error = float(fit.missing[0]), float(fit.error[0])
    # missing persons are positive and skewed: log-normal with the same mean and error
    width = float(np.sqrt(np.log1p((error / missing) ** 2)))
    draws = table.observed + missing * np.exp(width * ndtri(even_levels(LEVELS)))
    return OverlapEstimate(
        method="independence", engine="classical", estimate=table.observed + missing, draws=draws,
        observed=table.observed, assumption=ASSUMPTION,
        notes=(*table.notes, *cell_notes(table, (), fit),
               "The interval is a log-normal one, as the profile needs all counts."),
        details={
            "formula": " + ".join(table.names), "se": error, "profile": None, "bic": one.bic,
            "aic": one.aic, "parameters": one.parameters,
        },
    )  # fmt: skip
