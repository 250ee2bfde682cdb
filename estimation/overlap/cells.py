"""Patterns as they are, and as a fit of latent classes foretells them."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from estimation.randomness import stream
from models.lists.expected import classes_of, log_listed, log_patterns, log_seen
from models.overlapping import Overlapping

#: Draws that are replicated.
_REPLICATES = 1000

#: A fit whose misfit would be exceeded so seldom by chance does not describe the table.
_SURPRISING = 0.01

#: How many cells are named.
_NAMED = 3


@dataclasses.dataclass(frozen=True, eq=False)
class CellCheck:
    """Posterior predictive check of the cells of a table.

    Parameters
    ----------
    tail : float
        Share of replicated tables that fit worse than the table does (Freeman-Tukey distance).
    rows : list of dict
        A row a cell: pattern, stratum, count, foretold median, low and high (95 %), and the share
        of replicates below it (ties count half).
    """

    tail: float
    rows: list[dict[str, Any]]

    def says(self) -> tuple[str, ...]:
        """Return what must be said of the fit; nothing if it describes the table."""
        if self.tail >= _SURPRISING:
            return ()
        far = sorted(self.rows, key=lambda row: min(row["below"], 1 - row["below"]))[:_NAMED]
        named = ", ".join(f"{row['pattern']} ({row['count']:,} against {row['median']:,.0f})"
                          for row in far)  # fmt: skip
        return (
            f"The classes do not describe the table: only {self.tail:.1%} of tables drawn from the "
            f"fit are farther from it than the true one; farthest are {named}.",
        )


def check_cells(joint: Overlapping, latent: NDArray[np.float64], seed: int) -> CellCheck:
    """Replicate the table from draws of the unknowns, and compare.

    Cells whose count is not known are left out; persons without a stratum make cells of their own.

    Parameters
    ----------
    joint : Overlapping
    latent : (draw, n_unknown) numbers
    seed : int
    """
    lists = joint.lists
    rng = stream(seed, "lists", "cells")
    some = latent[rng.choice(len(latent), min(_REPLICATES, len(latent)), replace=False)]
    classes = classes_of(joint, some)
    level = log_listed(joint, some) - log_seen(classes)
    expected = np.exp(level[:, None] + log_patterns(classes, lists.unique))
    counts, known = lists.counts.astype(float), ~lists.open
    if lists.unlabeled.any():  # whether a label is recorded is no part of the model: pattern sums
        expected = expected.sum(axis=2, keepdims=True)
        counts = counts.sum(axis=1, keepdims=True) + lists.unlabeled[:, None]
        known = known.all(axis=1, keepdims=True)
    means, observed = expected[:, known], counts[known]
    replicated = rng.poisson(means)
    distance = _distance(observed, means)
    tail = float(np.mean(_distance(replicated.astype(float), means) >= distance))
    below = (replicated < observed).mean(axis=0) + (replicated == observed).mean(axis=0) / 2
    low, median, high = np.quantile(replicated, [0.025, 0.5, 0.975], axis=0)
    names = joint.coords()
    strata = list(lists.strata) if counts.shape[1] > 1 else [""]
    labels = [
        (names["pattern"][pattern], strata[stratum]) for pattern, stratum in np.argwhere(known)
    ]
    rows = [
        {"pattern": pattern, "stratum": stratum, "count": int(observed[at]),
         "median": float(median[at]), "low": float(low[at]), "high": float(high[at]),
         "below": float(below[at])}
        for at, (pattern, stratum) in enumerate(labels)
    ]  # fmt: skip
    return CellCheck(tail, rows)


def _distance(counts: NDArray[np.float64], means: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the Freeman-Tukey distance of counts from means, summed over cells."""
    return np.asarray(((np.sqrt(counts) - np.sqrt(means)) ** 2).sum(axis=-1))
