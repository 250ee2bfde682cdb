"""Draws of confidence distributions: their plain quantiles are the limits at any level."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.optimize import minimize_scalar
from scipy.special import ndtri

from estimation.classical.captures.fitting import CaptureFit, profile
from estimation.classical.captures.models import FloatArray
from estimation.errors import NotEstimableError
from estimation.randomness import stream

#: How many draws are made if nothing is said.
DRAWS = 4000

#: Signed roots between which the profile is computed; one draw in 30,000 lies beyond.
_REACH = 4.0

#: Points of the profile on each side.
_POINTS = 24

#: Totals above so many times the observed are no answer.
_ABSURD = 1e6

#: Logarithm of so few unseen that they are none.
_NOBODY = float(np.log(1e-3))


def standard_draws(draws: int, seed: int) -> FloatArray:
    """Return standard normal numbers whose quantiles are exact, in random order, (draw,)."""
    levels = np.linspace(0.0, 1.0, draws)
    levels[0], levels[-1] = 0.5 / draws, 1 - 0.5 / draws
    found: FloatArray = stream(seed, "captures", "draws").permutation(ndtri(levels))
    return found


def log_normal_draws(
    estimate: float, standard_error: float, observed: int, *, draws: int, seed: int
) -> FloatArray:
    """Return draws of a total whose excess over the observed is log-normal [1]_.

    Parameters
    ----------
    estimate, standard_error : numbers, persons
    observed : int
        Persons on any list; the total is not smaller.
    draws, seed : int

    References
    ----------
    .. [1] Chao, A. (1987). Estimating the population size for capture-recapture data with unequal
       catchability. Biometrics 43(4), 783-791. https://doi.org/10.2307/2531532
    """
    unseen = estimate - observed
    if unseen <= 0:
        return np.full(draws, float(observed))
    spread = np.sqrt(np.log1p((standard_error / unseen) ** 2))
    found: FloatArray = observed + unseen * np.exp(spread * standard_draws(draws, seed))
    return found


def profile_draws(fitted: CaptureFit, *, draws: int, seed: int) -> tuple[FloatArray, float]:
    """Return draws whose quantiles are the multinomial profile limits, and the maximum.

    The signed root of the deviance of a total is standard normal in large samples; a draw is the
    total at which the root is a standard normal number. Limits at any level are then those at which
    the deviance is the quantile of a chi-squared variable [1]_.

    Parameters
    ----------
    fitted : CaptureFit
    draws, seed : int

    Returns
    -------
    draws : (draw,) numbers, persons
    maximum : number, persons
        Where the profile is highest: near to the Poisson estimate, not equal to it.

    Raises
    ------
    NotEstimableError
        If the likelihood does not fall as the total grows.

    References
    ----------
    .. [1] Cormack, R. M. (1992). Interval estimation for mark-recapture studies of closed
       populations. Biometrics 48(2), 567-576. https://doi.org/10.2307/2532310
    """
    observed = fitted.observed
    roots, places = _signed_roots(fitted)
    center = float(observed + np.exp(np.interp(0.0, roots, places)))
    curve = PchipInterpolator(roots, places)
    normal = standard_draws(draws, seed)
    inside = np.clip(normal, roots[0], roots[-1])
    found = observed + np.exp(curve(inside))
    # so few unseen that the likelihood hardly falls down to none of them
    found[normal < roots[0]] = observed
    return found, center


def _signed_roots(fitted: CaptureFit) -> tuple[FloatArray, FloatArray]:
    """Return signed roots of the deviance, rising, and logarithms of the unseen there."""
    middle, highest = _highest(fitted)
    first = min(fitted.standard_error / max(np.exp(middle), 0.5), 3.0) * _REACH / _POINTS
    found = [(0.0, middle)]
    for side in (-1.0, 1.0):
        parameters = fitted.parameters
        place, step, root = middle, first, 0.0
        while abs(root) < _REACH:
            place += side * step
            if place < _NOBODY:
                break
            if place > np.log(_ABSURD * fitted.observed):
                raise NotEstimableError(
                    "the likelihood does not fall as the total grows", where="lists",
                    why="too few persons are on several lists to set an upper limit",
                    remedy="take a method with fewer terms",
                )  # fmt: skip
            value, parameters = profile(fitted.model, parameters, float(np.exp(place)))
            before, new = root, side * np.sqrt(max(2 * (highest - value), 0.0))
            if abs(new) <= abs(before):  # rounding next to the maximum
                step *= 2
                continue
            root = new
            found.append((root, place))
            # steps that are equal in the root, so that a long tail takes few of them
            step *= np.clip((_REACH / _POINTS) / abs(root - before), 0.5, 2.0)
    found.sort()
    roots, places = np.array(found).T
    return roots, places


def _highest(fitted: CaptureFit) -> tuple[float, float]:
    """Return the logarithm of the unseen where the profile is highest, and its value there."""
    parameters = fitted.parameters

    def lost(place: float) -> float:
        return -profile(fitted.model, parameters, float(np.exp(place)))[0]

    guess = max(float(np.log(fitted.unseen)), _NOBODY)
    width = min(max(fitted.standard_error / fitted.unseen, 1e-3), 1.0)
    low, high = guess - width, guess + width
    while lost(low) < lost(guess) and low > _NOBODY:
        low -= width
    while lost(high) < lost(guess) and high < np.log(_ABSURD * fitted.observed):
        high += width
    best = minimize_scalar(lost, bounds=(max(low, _NOBODY), high), method="bounded",
                           options={"xatol": 1e-8})  # fmt: skip
    return float(best.x), -float(best.fun)
