"""The deaths of two vintages of one list, completed together.

Each alone is completed as in `models.thinning`.  Together, a name that stands on both in one period
is the same person: true in both as far as both precisions allow, with the same unseen beside it as
far as both coverages allow.  Equal vintages have equal deaths, draw by draw.
"""

from __future__ import annotations

import numpy as np

from estimation.comparison.alignment import Aligned
from estimation.randomness import stream
from models.beliefs import Belief
from models.beliefs.base import FloatArray
from models.thinning import LARGEST_MEAN, IntArray

#: Ranks nearer to 0 or 1 than this are not drawn: a belief may have no finite quantile there.
_NEAREST = 1e-12


def joint_shares(
    one: Belief, other: Belief, seed: int, name: str, draws: int
) -> tuple[FloatArray, FloatArray]:
    """Return draws of a share under two beliefs, by the same ranks.

    Parameters
    ----------
    one, other : Belief
    seed : int
        Of the run.
    name : str
        Of the share, for its random numbers.
    draws : int
        How many.
    """
    ranks = np.clip(stream(seed, "revision", name).random(draws), _NEAREST, 1 - _NEAREST)
    first, second = (np.maximum(belief.quantile(ranks), 1e-300) for belief in (one, other))
    return first, second


def completed_pair(
    aligned: Aligned, coverage: tuple[FloatArray, FloatArray],
    precision: tuple[FloatArray, FloatArray], rng: np.random.Generator,
) -> tuple[IntArray, IntArray]:  # fmt: skip
    """Complete the deaths of both vintages, (draw, n_period) each.

    Parameters
    ----------
    aligned : Aligned
        Names by period.
    coverage, precision : ((draw,), (draw,)) shares
        Of the earlier and the later vintage.
    rng : numpy.random.Generator
    """
    seen, unseen = rng.spawn(2)
    shape = (coverage[0].size, len(aligned.periods))
    common = np.minimum(aligned.before, aligned.after)
    only = (aligned.before - common, aligned.after - common)
    true = _true(common, only, precision, shape, seen)
    gamma = unseen.standard_gamma(common, shape)
    means = []
    for extra, c, p in zip(only, coverage, precision, strict=True):
        rate = gamma + unseen.standard_gamma(extra, shape)
        means.append(np.minimum(rate * (p * (1 - c) / c)[:, None], LARGEST_MEAN / shape[1]))
    # two Poisson numbers with as much in common as their means allow
    lowest = np.minimum(*means)
    shared = unseen.poisson(lowest)
    first, second = (
        names + shared + unseen.poisson(mean - lowest)
        for names, mean in zip(true, means, strict=True)
    )
    return first, second


def _true(
    common: IntArray, only: tuple[IntArray, IntArray], precision: tuple[FloatArray, FloatArray],
    shape: tuple[int, int], rng: np.random.Generator,
) -> list[IntArray]:  # fmt: skip
    """Draw the true names of both vintages; a name on both is true in both as far as p allows."""
    lowest = np.minimum(*precision)[:, None]
    both = rng.binomial(common, np.broadcast_to(lowest, shape))
    found = []
    for extra, share in zip(only, precision, strict=True):
        p = share[:, None]
        more = np.where(lowest < 1, (p - lowest) / np.maximum(1 - lowest, _NEAREST), 0.0)
        rest = rng.binomial(common - both, np.clip(more, 0.0, 1.0))
        found.append(both + rest + rng.binomial(extra, np.broadcast_to(p, shape)))
    return found
