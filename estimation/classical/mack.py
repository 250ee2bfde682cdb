"""Mack's standard error of the chain ladder: no distribution, only two moments."""

from __future__ import annotations

import dataclasses
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from estimation.classical.chain_ladder import ChainLadder, chain_ladder
from estimation.classical.staircase import FloatArray
from estimation.errors import NotEstimableError, UsageError
from estimation.words import suggestion

LastSigma = Literal["mack", "log_linear"]


@dataclasses.dataclass(frozen=True, eq=False)
class MackError:
    """Chain-ladder forecasts with Mack's standard error of prediction.

    Parameters
    ----------
    fitted : ChainLadder
        The forecasts.
    variance : (n_delay - 1,) numbers
        Mack's sigma squared: variance of the next cumulative count over this one.
    covariance : (n_event, n_event) numbers
        Of the errors of prediction: periods share the estimated factors.
    """

    fitted: ChainLadder
    variance: FloatArray
    covariance: FloatArray

    @property
    def by_event(self) -> FloatArray:
        """Standard error of the reserve of each period, (n_event,)."""
        found: FloatArray = np.sqrt(np.diagonal(self.covariance))
        return found

    @property
    def total(self) -> float:
        """Standard error of the whole reserve."""
        return float(np.sqrt(self.covariance.sum()))


def mack_error(
    counts: ArrayLike, known: ArrayLike, masked: ArrayLike | None = None,
    *, last_sigma: LastSigma = "mack",
) -> MackError:  # fmt: skip
    """Return the chain ladder with Mack's standard error: process and estimation variance.

    Parameters
    ----------
    counts, known, masked : (n_event, n_delay) arrays
        See `estimation.classical.staircase.staircase`.
    last_sigma : {"mack", "log_linear"}
        How variances are found that fewer than two periods tell (the last one): the smallest of the
        two before and their geometric continuation, as Mack did; or a straight line through the
        logarithms of all before, as some packages do.

    Raises
    ------
    UsageError
        If the rule is not known.
    NotEstimableError
        If no step from one delay to the next was made by two periods.
    InvalidValueError
        If the triangle has holes.

    References
    ----------
    .. [1] Mack, T. (1993). Distribution-free calculation of the standard error of chain ladder
       reserve estimates. ASTIN Bulletin 23(2), 213-225. https://doi.org/10.2143/AST.23.2.2005092
    """
    if last_sigma not in get_args(LastSigma):
        raise UsageError(
            f"no rule {last_sigma!r}", where="last_sigma",
            remedy=suggestion(str(last_sigma), get_args(LastSigma)),
        )  # fmt: skip
    fitted = chain_ladder(counts, known, masked)
    variance = _variances(fitted, last_sigma)
    cumulative, volume, ahead = fitted.cumulative, fitted.volume, fitted.triangle.ahead
    events = len(cumulative)
    covariance = np.zeros((events, events))
    # from delay to delay: errors so far grow by the factor, those of this step join them
    for step, factor in enumerate(fitted.factors):
        rows = np.flatnonzero(ahead[:, step])
        if volume[step] == 0 or rows.size == 0:
            continue
        before = cumulative[rows, step]
        block = covariance[np.ix_(rows, rows)] * factor**2
        block += np.outer(before, before) * variance[step] / volume[step]
        block[np.diag_indices(rows.size)] += np.maximum(before, 0.0) * variance[step]
        covariance[np.ix_(rows, rows)] = block
    return MackError(fitted, variance, covariance)


def _variances(fitted: ChainLadder, rule: LastSigma) -> FloatArray:
    cumulative = fitted.cumulative
    # a period that had nothing at a delay says nothing of its factor
    used = fitted.triangle.telling & (cumulative[:, :-1] > 0)
    before = np.where(used, cumulative[:, :-1], 1.0)
    residuals = np.where(used, cumulative[:, 1:] - fitted.factors * before, 0.0)
    freedom = used.sum(axis=0) - 1
    found: FloatArray = (residuals**2 / before).sum(axis=0) / np.where(freedom > 0, freedom, np.nan)
    if fitted.triangle.ahead.any() and np.isnan(found).all():
        raise NotEstimableError(
            "no step from one delay to the next was made by two periods",
            where="counts",
            why="Mack's variance is the scatter of factors between periods",
            remedy="add earlier periods, or use the over-dispersed Poisson",
        )
    for step in np.flatnonzero(np.isnan(found)):
        found[step] = _continued(found[:step], rule)
    return found


def _continued(earlier: FloatArray, rule: LastSigma) -> float:
    """Return the variance that follows; of a first one that is not told, 0."""
    if rule == "mack":
        two, one = earlier[-2:] if earlier.size > 1 else (earlier.sum(), earlier.sum())
        return float(min(one**2 / two, two, one)) if two > 0 else 0.0
    at = np.flatnonzero(earlier > 0)
    if at.size < 2:
        return float(earlier[at].sum())
    slope, level = np.polyfit(at, np.log(earlier[at]), 1)
    return float(np.exp(level + slope * earlier.size))
