"""The over-dispersed Poisson regression of a triangle: means, dispersion, error of prediction."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import ArrayLike

from estimation.classical.chain_ladder import ChainLadder, chain_ladder
from estimation.classical.staircase import FloatArray
from estimation.errors import NotEstimableError


@dataclasses.dataclass(frozen=True, eq=False)
class OverDispersedPoisson:
    """The fitted regression: the variance of an increment is ``dispersion`` times its mean.

    Parameters
    ----------
    fitted : ChainLadder
        The forecasts: those of the regression.
    means : (n_event, n_delay) numbers
        Fitted and forecast increments.
    dispersion : float
        Pearson's statistic over its degrees of freedom; NaN without a degree of freedom.
    covariance : (n_event, n_event) numbers
        Of the errors of prediction.
    """

    fitted: ChainLadder
    means: FloatArray
    dispersion: float
    covariance: FloatArray

    @property
    def by_event(self) -> FloatArray:
        """Standard error of the reserve of each period, (n_event,)."""
        found: FloatArray = np.sqrt(np.maximum(np.diagonal(self.covariance), 0.0))
        return found

    @property
    def total(self) -> float:
        """Standard error of the whole reserve."""
        return float(np.sqrt(max(self.covariance.sum(), 0.0)))


def over_dispersed_poisson(
    counts: ArrayLike, known: ArrayLike, masked: ArrayLike | None = None
) -> OverDispersedPoisson:
    """Fit the quasi-Poisson regression on period and delay with a log link, in closed form.

    The maximum is the chain ladder, read backwards from the forecast ends [1]_. In terms of the sum
    of each period and of the factors, the information matrix is diagonal: the variance of a
    period's known sum C is phi C, and that of the logarithm of a factor f with volume S is
    phi (f - 1) / (f S). From these the analytic error of prediction [2]_ [3]_ follows by the delta
    method, without a linear solve. With masked cells the volumes are the observed ones, not the
    expected. Delays whose fitted mean is
    negative (more withdrawn than reported) are left out of the dispersion and carry no variance.

    Parameters
    ----------
    counts, known, masked : (n_event, n_delay) arrays
        See `estimation.classical.staircase.staircase`.

    Raises
    ------
    InvalidValueError, NotEstimableError
        If the triangle has holes, a single period, or nothing in it, or if all that was reported up
        to some delay was withdrawn at the next.

    References
    ----------
    .. [1] Renshaw, A. E. and Verrall, R. J. (1998). A stochastic model underlying the chain-ladder
       technique. British Actuarial Journal 4(4), 903-923.
       https://doi.org/10.1017/S1357321700000222
    .. [2] England, P. D. and Verrall, R. J. (1999). Analytic and bootstrap estimates of prediction
       errors in claims reserving. Insurance: Mathematics and Economics 25(3), 281-293.
       https://doi.org/10.1016/S0167-6687(99)00016-5
    .. [3] England, P. D. and Verrall, R. J. (2002). Stochastic claims reserving in general
       insurance. British Actuarial Journal 8(3), 443-518.
       https://doi.org/10.1017/S1357321700003809
    """
    fitted = chain_ladder(counts, known, masked)
    if (fitted.factors <= 0).any():
        raise NotEstimableError(
            "all that was reported until then is withdrawn at once",
            where=f"counts[:, {int(np.argmax(fitted.factors <= 0)) + 1}]",
            why="a Poisson regression has no negative sums",
            remedy="take withdrawn names off the reports that brought them",
        )
    share = 1 / np.cumprod(np.concatenate([[1.0], fitted.factors[::-1]]))[::-1]
    means = np.outer(fitted.cumulative[:, -1], np.diff(share, prepend=0.0))
    dispersion = _dispersion(fitted, means)
    return OverDispersedPoisson(fitted, means, dispersion, dispersion * _unit_covariance(fitted))


def _dispersion(fitted: ChainLadder, means: FloatArray) -> float:
    """Return Pearson's statistic over its degrees of freedom; what is masked is one cell a row."""
    triangle = fitted.triangle
    delays = np.arange(means.shape[1])
    lumped = delays <= triangle.start[:, None]
    single = (delays > triangle.start[:, None]) & (delays < triangle.depth[:, None])
    expected = np.where(single, means, 0.0)
    found = np.where(single, triangle.counts, 0.0)
    expected[:, 0] = np.where(lumped, means, 0.0).sum(axis=1)
    found[:, 0] = np.where(lumped, triangle.counts, 0.0).sum(axis=1)
    # what cannot differ from its mean uses up no degree of freedom and adds none
    used = expected > 0
    steps = (fitted.volume > 0) & (fitted.factors > 1)
    freedom = int(used.sum() - used.any(axis=1).sum() - steps.sum())
    if freedom <= 0:
        return float("nan")
    return float(((found - expected)[used] ** 2 / expected[used]).sum() / freedom)


def _unit_covariance(fitted: ChainLadder) -> FloatArray:
    """Return the covariance of the errors of prediction at a dispersion of 1."""
    factors, volume, latest = fitted.factors, fitted.volume, fitted.triangle.latest
    uncertainty = np.divide(
        np.maximum(factors - 1, 0.0), factors * volume,
        out=np.zeros_like(factors), where=volume > 0,
    )  # fmt: skip
    ends = fitted.cumulative[:, -1, None] * fitted.triangle.ahead
    reserve = np.maximum(fitted.reserve, 0.0)
    level = np.divide(reserve**2, latest, out=np.zeros_like(latest), where=latest > 0)
    found: FloatArray = (ends * uncertainty) @ ends.T + np.diag(level + reserve)
    return found
