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
#: 1 + a (2 T / pi)^2, not centered: they are equal at a = pi / T.
_CHAIN = np.pi

#: The same for independent effects: 1 + 1 / a against 1 + a.
_EFFECT = 1.0

#: Own walks of strata share most of what the names tell with the walk of all; trials with 85 strata
#: and 40 periods put the limit here.
_OWN = 0.5

#: Names in half of the cells below which differences of their logs say nothing.
_FEWEST = 5


def walk_is_centered(cells: Cells) -> bool:
    """Return whether the names determine each period of the walk."""
    names = cells.counts.sum(axis=1)
    return _information(names[:, None]) > _CHAIN / names.size


def effects_are_centered(cells: Cells) -> bool:
    """Return whether the names determine the effect of each stratum."""
    pooled = cells.pooled
    names = cells.counts.sum(axis=0)[pooled]
    logs = np.log((names + 0.5) / np.asarray(cells.exposure)[pooled])
    spread = max(float(np.var(logs)) - float(np.mean(1 / (names + 0.5))), 0.0)
    return bool(np.median(names) * spread > _EFFECT)


def own_walks_are_centered(cells: Cells) -> bool:
    """Return whether the names determine each cell."""
    return _information(np.asarray(cells.counts)) > _OWN


def _information(names: NDArray[np.int64]) -> float:
    """Return median names times the variance of steps beyond counting noise, (n_period, series)."""
    typical = float(np.median(names))
    if names.shape[0] < 2 or typical < _FEWEST:
        return 0.0
    steps = np.diff(np.log(names + 0.5), axis=0)
    if names.shape[1] > 1:
        steps = steps - steps.mean(axis=1, keepdims=True)  # what all share is not their own
    noise = 1 / (names[1:] + 0.5) + 1 / (names[:-1] + 0.5)
    # heavy tails: half of the steps tell the scale of all, and one bad period nothing
    scale = 1.4826 * float(np.median(np.abs(steps)))
    return typical * max(scale**2 - float(np.median(noise)), 0.0)
