"""The one idea: given the rate, the seen and the unseen are independent Poissons.

So the unknown total is never sampled by a Markov chain: it is completed afterwards from the rate,
the inclusion and the count.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.beliefs.base import Belief, FloatArray
from models.errors import NotEstimableError

IntArray = NDArray[np.int64]

#: Largest expected number of unseen deaths whose Poisson draw still fits a 64-bit integer safely.
LARGEST_MEAN = 1e18


def complete_total(
    expected_unseen: FloatArray, count: int, precision: FloatArray | None, rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """Draw true names and totals.

    Parameters
    ----------
    expected_unseen : (draw,) expected deaths that are not on the list, clustering applied
    count : int
        Names on the list.
    precision : (draw,) shares, or None where precision is exactly 1
    rng : numpy.random.Generator

    Returns
    -------
    observed : (draw,) integers
        Listed names that are deaths in scope.
    total : (draw,) integers
        observed + unseen.

    Notes
    -----
    Means above 10^18 are taken as 10^18: `refuse_unbounded` has made sure that fewer than one draw
    in a million is concerned, so that no reported quantile is.
    """
    unseen = rng.poisson(np.minimum(expected_unseen, LARGEST_MEAN))
    if precision is None:
        return np.full(unseen.shape, count, dtype=np.int64), unseen + count
    observed = rng.binomial(count, precision)
    return observed, observed + unseen


def refuse_unbounded(count: int, coverage: Belief) -> None:
    """Refuse a belief under which totals, count / coverage, leave what can be represented.

    Raises
    ------
    NotEstimableError
        If one draw in a million or more would.
    """
    if count / max(float(coverage.quantile(1e-6)), 1e-300) > LARGEST_MEAN:
        raise NotEstimableError(
            "the belief on coverage reaches so near zero that the total cannot be represented",
            why="the total is the count divided by coverage",
            remedy="state a coverage that excludes values next to zero",
        )


def draw_mixing(
    count: int, seen_rate: FloatArray, clustering: float | None, rng: np.random.Generator
) -> FloatArray | float:
    """Draw the gamma that clustering shares between seen and unseen, given count and seen rate.

    g | count ~ Gamma(k + count, k + seen rate); exactly 1 without clustering.
    """
    if clustering is None:
        return 1.0
    k = clustering
    return rng.standard_gamma(k + count, seen_rate.shape) / (k + seen_rate)
