"""What an average over graphs of lists is: the posterior of a total on a grid."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import ArrayLike

from models.lists.graph_evidence import FloatArray
from models.lists.patterns import IntArray


@dataclasses.dataclass(frozen=True)
class WeightedGraph:
    """A graph of lists that depend on each other, and what it says.

    Parameters
    ----------
    edges : tuple of pairs of str
        Lists that depend on each other given the others.
    cliques : tuple of tuples of str
        The same as largest sets of lists that all depend on each other; sets without a common list
        are independent.
    weight : float
        Its posterior probability.
    median : float
        Posterior median of the total under it, persons.
    """

    edges: tuple[tuple[str, str], ...]
    cliques: tuple[tuple[str, ...], ...]
    weight: float
    median: float


@dataclasses.dataclass(frozen=True, eq=False)
class GraphAverage:
    """The posterior of a total, averaged over decomposable graphs.

    Parameters
    ----------
    observed : int
        Persons on any list.
    missing : (n_step,) numbers, persons
        Numbers of missing persons on the grid.
    bounds : (n_step + 1,) numbers, persons
        Half-integers between which each number of the grid stands.
    mass : (n_step,) numbers
        Posterior probability of each step; sums to 1.
    graphs : tuple of WeightedGraph
        The graphs with most weight, the heaviest first.
    log_evidence : float or None
        Log of the evidence summed over graphs, each with prior mass 1; priors of the total are not
        normalized, so that only differences with the same prior mean something. None if not
        `complete`.
    visited : int
        How many graphs were looked at.
    complete : bool
        Whether these were all graphs, or all but those of negligible weight.
    tail : float
        Probability that was cut off at the end of the grid, by the power of the number of missing
        with which the posterior falls there; 1 if it has no finite sum.
    notes : tuple of str
        What a reader must know beside the numbers.
    """

    observed: int
    missing: FloatArray
    bounds: FloatArray
    mass: FloatArray
    graphs: tuple[WeightedGraph, ...]
    log_evidence: float | None
    visited: int
    complete: bool
    tail: float
    notes: tuple[str, ...]

    def quantile(self, levels: ArrayLike) -> FloatArray:
        """Return quantiles of the total, whole persons, of the shape of `levels`."""
        return self.observed + missing_quantile(self.bounds, self.mass, levels)

    def draw(self, rng: np.random.Generator, draws: int) -> IntArray:
        """Return draws of the total, whole persons, (draws,)."""
        return self.quantile(rng.random(draws)).astype(np.int64)


def missing_quantile(bounds: FloatArray, mass: FloatArray, levels: ArrayLike) -> FloatArray:
    """Return quantiles of the missing, whole persons; within a step all are equally likely.

    Parameters
    ----------
    bounds : (n_step + 1,) numbers, persons
        Half-integers between the steps.
    mass : (n_step,) numbers
        Probability of each step.
    levels : array
        Levels, 0 to 1.
    """
    below = np.concatenate([[0.0], np.cumsum(mass)])
    # what has no probability is no quantile, not even that of level 0
    wanted = np.maximum(np.asarray(levels, dtype=float) * below[-1], np.nextafter(0, 1))
    step = np.clip(np.searchsorted(below, wanted, side="left") - 1, 0, len(mass) - 1)
    inside = np.divide(
        wanted - below[step], mass[step], out=np.zeros(wanted.shape), where=mass[step] > 0
    )
    reached = bounds[step] + np.clip(inside, 0, 1) * (bounds[step + 1] - bounds[step])
    # the half-integer at which a step ends belongs to the person before it
    return np.asarray(np.maximum(np.ceil(reached - 0.5), bounds[step] + 0.5))
