"""The profile likelihood of the total: its limits, and the confidence distribution they make.

The number of persons on no list is taken as known and the model fitted to the completed table; the
multinomial likelihood of the total is then highest over the other parameters [1]_.  The signed root
of twice the fall from the maximum is close to a standard normal.

References
----------
.. [1] Cormack, R. M. (1992). Interval estimation for mark-recapture studies of closed populations.
   Biometrics 48(2), 567-576. https://doi.org/10.2307/2532310
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import CubicSpline, PchipInterpolator
from scipy.special import gammaln, ndtri

from estimation.classical.loglinear.newton import FloatArray
from estimation.classical.loglinear.table import Table
from estimation.classical.loglinear.terms import Model
from estimation.classical.loglinear.threads import one_thread

#: Twice the fall of the log-likelihood up to which the profile is computed.
FALL = 24.0
POINTS = 121
#: Fewest missing persons that are looked at; fewer are none.
NOBODY = 1e-4


@dataclasses.dataclass(frozen=True, eq=False)
class Profile:
    """The profile likelihood of a total.

    Parameters
    ----------
    observed : float
        Persons on any list.
    log_missing : (n_point,) numbers
        Logarithms of numbers of missing persons, ascending.
    root : (n_point,) numbers
        Signed root there, ascending.
    """

    observed: float
    log_missing: FloatArray
    root: FloatArray

    def total_at(self, root: ArrayLike) -> FloatArray:
        """Return totals by signed root; infinite beyond the last point that was found."""
        asked = np.asarray(root, dtype=float)
        inverse = PchipInterpolator(self.root, self.log_missing)
        inside = np.clip(asked, self.root[0], self.root[-1])
        missing = np.exp(inverse(inside))
        missing = np.where(asked < self.root[0], 0.0, missing)
        return np.asarray(self.observed + np.where(asked > self.root[-1], np.inf, missing))

    @property
    def best(self) -> float:
        """Return the total with the highest likelihood."""
        return float(self.total_at(max(0.0, float(self.root[0]))))

    def limits(self, prob: float) -> tuple[float, float]:
        """Return the limits of an interval; the upper one is infinite if there is none."""
        low, high = self.total_at(ndtri([(1 - prob) / 2, (1 + prob) / 2]))
        return float(low), float(high)

    def draws(self, number: int) -> FloatArray:
        """Return quantiles of the confidence distribution at even levels, (number,)."""
        return self.total_at(ndtri(even_levels(number)))


def even_levels(number: int) -> FloatArray:
    """Return levels whose quantiles have, as plain draws, nearly the same quantiles, (number,)."""
    edge = 0.25 / number
    return np.clip(np.linspace(0.0, 1.0, number), edge, 1 - edge)


def profile_of(
    log_likelihood: Callable[[FloatArray], FloatArray],
    observed: float,
    missing: float,
    error: float,
) -> Profile:
    """Return the profile around an estimate.

    Parameters
    ----------
    log_likelihood : function
        Log-likelihoods of numbers of missing persons, (n,) to (n,).
    observed, missing, error : float
        Persons on any list, the estimate of those missing and its standard error.
    """
    width = float(np.clip(error / missing, 0.02, 2.0)) if missing > NOBODY else 1.0
    middle = np.log(max(missing, 10 * NOBODY))
    low, high = middle - 6 * width, middle + 6 * width
    for _ in range(12):
        grid = np.linspace(max(low, np.log(NOBODY)), high, POINTS)
        heights = log_likelihood(np.exp(grid))
        fall = 2 * (heights.max() - heights)
        wider = False
        if fall[0] < FALL and low > np.log(NOBODY):
            low, wider = low - 4 * width, True
        if fall[-1] < FALL and high < np.log(1e7 * observed):
            high, wider = high + 4 * width, True
        if not wider:
            break
        width *= 1.5
    near = np.flatnonzero(fall <= 2 * FALL)
    first, last = max(near[0] - 1, 0), min(near[-1] + 1, POINTS - 1)
    grid = np.linspace(grid[first], grid[last], POINTS)
    return _rooted(grid, log_likelihood(np.exp(grid)), observed)


def _rooted(grid: FloatArray, heights: FloatArray, observed: float) -> Profile:
    curve = CubicSpline(grid, heights)
    fine = np.linspace(grid[0], grid[-1], 50 * POINTS)
    top = float(fine[np.argmax(curve(fine))])
    turns = curve.derivative().roots(extrapolate=False)
    near = turns[np.abs(turns - top) < fine[1] - fine[0]]
    top = float(near[np.argmax(curve(near))]) if near.size else top
    fall = np.maximum(float(curve(top)) - heights, 0.0)
    root = np.sign(grid - top) * np.sqrt(2 * fall)
    # next to the maximum the root of a small difference is mostly rounding: the maximum is put in
    keep = np.abs(root) > 0.01
    at = np.concatenate([grid[keep], [top]])
    root = np.concatenate([root[keep], [0.0]])
    order = np.argsort(at)
    at, root = at[order], root[order]
    rising = np.concatenate([[True], root[1:] > np.maximum.accumulate(root)[:-1] + 1e-9])
    return Profile(observed, at[rising], root[rising])


@one_thread()
def model_profile(table: Table, model: Model, missing: float, error: float) -> Profile:
    """Return the profile of a model; all cells but that of no list need a count."""

    def log_likelihood(nobody: FloatArray) -> FloatArray:
        total = table.observed + nobody
        counts = np.broadcast_to(table.counts, (len(nobody), len(table.counts)))
        gain = table.refit(model, counts, nobody=nobody).gain
        order = gammaln(total + 1) - gammaln(nobody + 1)
        return np.asarray(order + gain + total - total * np.log(total))

    return profile_of(log_likelihood, table.observed, missing, error)
