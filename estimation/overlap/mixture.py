"""A mixture of methods with stated weights: its interval holds what lies between them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from estimation.errors import NotEstimableError, UsageError
from estimation.randomness import stream
from estimation.summaries.overlap import OverlapEstimate
from estimation.words import listed

#: Draws of a mixture.
_DRAWS = 40_000

#: Estimates that differ by this factor are no longer the same answer.
_FAR_APART = 1.5


@dataclasses.dataclass(frozen=True, eq=False)
class Mixed:
    """A mixture of methods.

    Parameters
    ----------
    estimate : OverlapEstimate
    weights : dict of str to float
        As used: those of methods that answered, summing to one.
    between : float
        Share of the variance of the log unseen that lies between methods.
    """

    estimate: OverlapEstimate
    weights: dict[str, float]
    between: float


def checked_weights(weights: Mapping[str, float]) -> dict[str, float]:
    """Return weights that sum to one.

    Raises
    ------
    UsageError
        If one is negative or not finite, or all are zero.
    """
    if any(not np.isfinite(one) or one < 0 for one in weights.values()):
        raise UsageError("must be 0 or more", where="weights")
    total = sum(weights.values())
    if total <= 0:
        raise UsageError("are all zero", where="weights", remedy="for example latent=1 graphical=1")
    return {name: one / total for name, one in weights.items() if one > 0}


def mixture(
    estimates: Mapping[str, OverlapEstimate], weights: Mapping[str, float], seed: int = 1
) -> Mixed:
    """Mix methods.

    All that any of them saw are persons on lists: no weight can be learned from how well they
    describe these, so weights are stated.

    Parameters
    ----------
    estimates : mapping of str to OverlapEstimate
    weights : mapping of str to float
        Those without an estimate are left out, and the others raised.
    seed : int

    Raises
    ------
    NotEstimableError
        If no method with a weight has an estimate.
    """
    used = {name: one for name, one in weights.items() if name in estimates and one > 0}
    if not used:
        raise NotEstimableError(
            "no method that has a weight has an answer", where="weights",
            remedy="give a weight to one that has",
        )  # fmt: skip
    used = checked_weights(used)
    draws = np.concatenate([
        thinned(estimates[name].draws, round(weight * _DRAWS)) for name, weight in used.items()
    ])  # fmt: skip
    stream(seed, "lists", "mixture").shuffle(draws)
    parts = [estimates[name] for name in used]
    words = listed([f"{name} {weight:.0%}" for name, weight in used.items()])
    points = np.array([one.estimate for one in parts])
    notes = [
        f"The first row is a mixture with stated weights ({words}): no data on listed persons can "
        "tell which method is right about the others, so its interval holds what lies between them "
        f"too, estimates from {points.min():,.0f} to {points.max():,.0f}."
    ]
    if points.max() > _FAR_APART * points.min():
        notes.append(
            f"The methods disagree: the largest estimate is {points.max() / points.min():.1f} "
            "times the smallest. The total rests on which assumption holds, more than on the data."
        )
    estimate = OverlapEstimate(
        "mixture", max((one.engine for one in parts), key=_ENGINES.index),
        float(np.median(draws)), draws, parts[0].observed,
        "That of each method, with the stated weight.", notes=tuple(notes),
        moment_order=min(one.moment_order for one in parts),
    )  # fmt: skip
    return Mixed(estimate, used, _between(parts, list(used.values())))


#: By how much a reader must ask for checks: sampled draws most.
_ENGINES = ("classical", "exact", "nuts")


def thinned(draws: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Return `size` values with the quantiles of the draws: no noise of a second draw."""
    levels = (np.arange(size) + 0.5) / size
    # as numpy.quantile with method="inverted_cdf", which is slow for many levels
    places = np.ceil(draws.size * levels - 1).astype(int)
    return np.asarray(np.sort(draws)[np.maximum(places, 0)])


def _between(parts: list[OverlapEstimate], weights: list[float]) -> float:
    logs = [np.log(np.maximum(one.unseen, 0.5)) for one in parts]
    means, shares = np.array([one.mean() for one in logs]), np.array(weights)
    between = float((shares * (means - (shares * means).sum()) ** 2).sum())
    within = float((shares * np.array([one.var() for one in logs])).sum())
    return between / (between + within) if between > 0 else 0.0
