"""Which variables of a field are centered: the choice that is worth more than any sampler.

Centered, a variable is the log rate itself, which suits cells that their own names determine;
not centered, it is a standardized step or effect, which suits cells that only their neighbors
determine.  The better of the two is the one whose posterior is nearer to a round one; both
condition numbers follow from a = names * (typical step)^2, for which counts give an estimate.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.cells import Cells

#: For a chain of T periods the condition numbers are about 1 + 4 / a, centered, and
#: 1 + a (2 T / pi)^2, not centered: equal at a = pi / T.
_CHAIN = np.pi

#: Periods below which few steps leave their scale open, so that centered walks are funnels too.
_LONG = 20

#: The same for independent effects: 1 + 1 / a against 1 + a.
_EFFECT = 1.0

#: Own walks of strata share most of what the names tell with the walk of all; trials with 85 strata
#: and 40 periods put the limit here.
_OWN = 0.5

#: Strata below which the mean of centered own walks, of which no names speak, weighs too much.
_MANY = 20

#: Probability that the variance of steps or effects is smaller than what it is taken for.
_DOUBT = 0.001

#: Steps that counting noise cannot make, in its standard deviations.
_JUMP = 6.0

#: Fewest differences that the variance of a step is told by.
_BLOCKS = 8

#: Names in half of the cells below which differences of their logs say nothing.
_FEWEST = 5


def walk_is_centered(cells: Cells) -> bool:
    """Return whether the names determine each period of the walk."""
    names = cells.counts.sum(axis=1)[cells.observed.all(axis=1)]
    if names.size < 2 or float(np.median(names)) < _FEWEST:
        return False
    steps, noise = _steps(names[:, None])
    beyond = np.abs(steps) > _JUMP * np.sqrt(noise)
    if names.size < _LONG:
        return bool(beyond.mean() > 0.5)
    # one step far beyond counting noise: small scales have no chance with Student's t either
    jump = bool(beyond.any())
    lags = [2**i for i in range(int(np.log2(names.size / _BLOCKS)) + 1)]
    return jump or max(_information(names[:, None], lag) for lag in lags) > _CHAIN / names.size


def effects_are_centered(cells: Cells) -> bool:
    """Return whether the names determine the effect of each stratum."""
    pooled = cells.pooled
    names = cells.counts.sum(axis=0)[pooled]
    logs = np.log((names + 0.5) / np.asarray(cells.exposure)[pooled])
    spread = _surely(float(np.var(logs)), names.size) - float(np.mean(1 / (names + 0.5)))
    return bool(np.median(names) * spread > _EFFECT)


def own_walks_are_centered(cells: Cells) -> bool:
    """Return whether the names determine each cell."""
    names = np.asarray(cells.counts)[cells.observed.all(axis=1)]
    return cells.shape[1] >= _MANY and _information(names) > _OWN


def _information(names: NDArray[np.int64], lag: int = 1) -> float:
    """Return median names times what the variance of a step is at least, (n_period, series).

    Over longer lags steps add up and counting noise does not.
    """
    if names.shape[0] < 2 or float(np.median(names)) < _FEWEST:
        return 0.0
    typical = float(np.median(names))
    steps, noise = _steps(names[::lag])
    # heavy tails: half of the steps tell the scale of all, and one bad period nothing
    scale = 1.4826 * float(np.median(np.abs(steps)))
    return typical * (_surely(scale**2, steps.size) - float(np.median(noise))) / lag


def _steps(names: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return differences of log names, and the variances that counting alone would give them."""
    steps = np.log(names[1:] + 0.5) - np.log(names[:-1] + 0.5)
    if names.shape[1] > 1:
        steps = steps - steps.mean(axis=1, keepdims=True)  # what all share is not their own
    return steps, 1 / (names[1:] + 0.5) + 1 / (names[:-1] + 0.5)


def _surely(variance: float, size: int) -> float:
    """Return what the variance behind a sample variance of so many values is at least, nearly.

    Where steps or effects could be next to nothing, a centered variable cannot follow them there:
    its posterior is a funnel.  Not centered is slower for rich data, but never wrong.
    """
    from scipy.special import chdtri

    freedom = max(size - 1, 1)
    return variance * freedom / float(chdtri(freedom, _DOUBT))
