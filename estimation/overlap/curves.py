"""How the total moves with what no table can tell: dependence among the unseen, and the prior."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from estimation.summaries.overlap import OverlapEstimate

#: Odds to be on no list against those that the identifying assumption implies, as in [1]_ of
#: `dependence_curve`.
FACTORS = (0.5, 2 / 3, 1.0, 1.5, 2.0)

#: Priors of the total, p(N) ~ N^power; -1 is the scale prior.
POWERS = (-2.0, -1.0, 0.0)

#: Above this Pareto shape, weights of draws do not settle.
_UNSETTLED = 0.7


def dependence_curve(
    estimates: Mapping[str, OverlapEstimate], prob: float = 0.95,
    factors: Sequence[float] = FACTORS,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return the total where the unseen are more or fewer than the identifying assumption implies.

    Every method has one assumption that turns persons on lists into persons on none.  With odds to
    be on none `factor` times as large, persons on lists are described as well as before, and
    the unseen are multiplied: the data cannot tell factors apart.

    Parameters
    ----------
    estimates : mapping of str to OverlapEstimate
    prob : float
    factors : sequence of float

    Returns
    -------
    list of dict
        method, factor, median, low, high.

    References
    ----------
    .. [1] Aleshin-Guendel, S., Sadinle, M. and Wakefield, J. (2024). The central role of the
       identifying assumption in population size estimation. Biometrics 80(1), ujad028.
       https://doi.org/10.1093/biomtc/ujad028
    """
    levels = [0.5, (1 - prob) / 2, (1 + prob) / 2]
    found = []
    for name, one in estimates.items():
        base = np.quantile(one.draws - one.observed, levels)
        for factor in factors:
            median, low, high = one.observed + factor * base
            found.append({"method": name, "factor": float(factor), "median": float(median),
                          "low": float(low), "high": float(high)})  # fmt: skip
    return found


def prior_curve(
    estimates: Mapping[str, OverlapEstimate], prob: float = 0.95, powers: Sequence[float] = POWERS
) -> list[dict[str, Any]]:
    """Return the total of Bayesian methods under other priors p(N) ~ N^power.

    Draws under the scale prior are weighted by N^(power + 1), smoothed by Pareto tails [1]_.

    Parameters
    ----------
    estimates : mapping of str to OverlapEstimate
        Classical ones have no prior, and are left out.
    prob : float
    powers : sequence of float

    Returns
    -------
    list of dict
        method, power, median, low, high, and `settled`: whether so many draws suffice.

    References
    ----------
    .. [1] Vehtari, A. et al. (2024). Pareto smoothed importance sampling. Journal of Machine
       Learning Research 25(72).
    """
    found = []
    for name, one in estimates.items():
        if one.engine == "classical":
            continue
        for power in powers:
            weight, shape = _smoothed((power + 1) * np.log(one.draws))
            median, low, high = _weighted(one.draws, weight, [0.5, (1 - prob) / 2, (1 + prob) / 2])
            found.append({"method": name, "power": float(power), "median": median, "low": low,
                          "high": high, "settled": bool(shape < _UNSETTLED)})  # fmt: skip
    return found


def _smoothed(log_weight: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    if np.ptp(log_weight) == 0:
        return np.full(log_weight.size, 1 / log_weight.size), 0.0
    from arviz_stats.base import array_stats

    try:
        # it takes log likelihoods, whose inverses are the weights of leave-one-out
        values, shape = array_stats.psislw(-log_weight)
    except ValueError:  # the largest weights are all alike: there is no tail to smooth
        raw = np.exp(log_weight - log_weight.max())
        return raw / raw.sum(), 0.0
    return np.exp(values), float(shape)


def _weighted(
    values: NDArray[np.float64], weight: NDArray[np.float64], levels: Sequence[float]
) -> list[float]:
    order = np.argsort(values)
    places = np.cumsum(weight[order]) - weight[order] / 2
    return [float(one) for one in np.interp(levels, places, values[order])]
