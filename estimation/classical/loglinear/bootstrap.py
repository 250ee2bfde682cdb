"""The spread of an estimate with the choice of the model repeated in each replicate [1]_.

The persons seen are drawn again, with replacement, from the cells seen; in each replicate the best
of the kept models is chosen anew.  Bias is corrected and the spread accelerated (BCa) by leaving
out one person of each cell in turn, which also chooses anew.

References
----------
.. [1] Silverman, B. W., Chan, L. and Vincent, K. (2024). Bootstrapping multiple systems estimates
   to account for model selection. Statistics and Computing 34, 44.
   https://doi.org/10.1007/s11222-023-10346-9
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr, ndtri

from estimation.classical.loglinear.newton import FloatArray
from estimation.classical.loglinear.profile import even_levels
from estimation.classical.loglinear.search import Candidate, penalty
from estimation.classical.loglinear.table import Table
from estimation.classical.loglinear.threads import one_thread
from estimation.randomness import stream

#: An estimate of more than so many times the persons seen is no estimate.
ABSURD = 1e5
#: Numbers in one block of tables drawn again.
BLOCK = 20_000_000
#: From so many cells one person is left out; of more cells as many are drawn.
MOST_LEFT_OUT = 1000
#: Levels at which the confidence distribution is handed on.
LEVELS = 4000


@dataclasses.dataclass(frozen=True, eq=False)
class Bootstrap:
    """Replicates of an estimate.

    Parameters
    ----------
    totals : (n_replicate,) numbers, persons
        Estimates, ascending; infinite where no model has one.
    bias : float
        How far the estimate lies from the median of the replicates, in standard deviations.
    acceleration : float
        How fast the spread changes with the estimate.
    chosen : (n_model,) numbers
        Share of replicates in which each model is the best.
    """

    totals: FloatArray
    bias: float
    acceleration: float
    chosen: FloatArray

    @property
    def failed(self) -> int:
        """Return the number of replicates without an estimate."""
        return int(np.isinf(self.totals).sum())

    def quantiles(self, levels: FloatArray) -> FloatArray:
        """Return quantiles of the confidence distribution, infinite if none, (n_level,)."""
        normal = self.bias + ndtri(levels)
        slowed = 1 - self.acceleration * normal
        with np.errstate(divide="ignore", invalid="ignore"):
            moved = self.bias + normal / slowed
        # beyond the pole the transformation has run off its end
        moved = np.where(slowed <= 0, np.copysign(np.inf, self.acceleration), moved)
        place = np.clip(ndtr(moved), 0.0, 1.0) * (len(self.totals) - 1)
        below = np.floor(place).astype(int)
        above = np.minimum(below + 1, len(self.totals) - 1)
        finite = np.where(np.isinf(self.totals), 0.0, self.totals)
        part = place - below
        found = finite[below] * (1 - part) + finite[above] * part
        reached = np.where(part > 0, above, below)
        return np.asarray(np.where(np.isinf(self.totals[reached]), np.inf, found))

    def draws(self, number: int = LEVELS) -> FloatArray:
        """Return quantiles at even levels; infinite ones are the largest finite one."""
        found = self.quantiles(even_levels(number))
        finite = self.totals[np.isfinite(self.totals)]
        return np.asarray(np.minimum(found, finite[-1]))


@one_thread()
def bootstrap(
    table: Table,
    models: Sequence[Candidate],
    *,
    criterion: str,
    replicates: int,
    seed: int,
) -> Bootstrap:
    """Return replicates of the estimate of the best of some models.

    Parameters
    ----------
    table : Table
        Counts.
    models : sequence of Candidate
        Models among which each replicate chooses; the first is the best of the data.
    criterion : {"bic", "aic"}
        What is to be low.
    replicates : int
        Number of replicates.
    seed : int
        Seed of the run.
    """
    rng = stream(seed, "loglinear", "bootstrap")
    length = max(1, BLOCK // len(table.counts))
    parts = []
    for first in range(0, replicates, length):
        size = min(length, replicates - first)
        drawn = rng.multinomial(table.observed, table.counts / table.observed, size=size)
        parts.append(_chosen(table, models, drawn.astype(float), criterion))
    totals, best = (np.concatenate([part[which] for part in parts]) for which in (0, 1))
    estimate = table.observed + float(models[0].fit.missing[0])
    below = float(((totals < estimate) + 0.5 * (totals == estimate)).mean())
    below = float(np.clip(below, 0.5 / replicates, 1 - 0.5 / replicates))
    chosen = np.bincount(best, minlength=len(models)) / replicates
    acceleration = _acceleration(*_left_out(table, models, criterion, rng))
    return Bootstrap(np.sort(totals), float(ndtri(below)), acceleration, chosen)


def _left_out(
    table: Table, models: Sequence[Candidate], criterion: str, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Return estimates without one person of each cell, and how many persons that stands for."""
    cells, weights = np.arange(len(table.counts)), table.counts
    if len(cells) > MOST_LEFT_OUT:
        share = table.counts / table.observed
        cells = rng.choice(cells, MOST_LEFT_OUT, replace=False, p=share)
        weights = np.ones(MOST_LEFT_OUT)
    length = max(1, BLOCK // len(table.counts))
    parts = []
    for first in range(0, len(cells), length):
        some = cells[first : first + length]
        counts = np.tile(table.counts, (len(some), 1))
        counts[np.arange(len(some)), some] -= 1
        parts.append(_chosen(table, models, counts, criterion)[0])
    return np.concatenate(parts), weights


def _acceleration(left: FloatArray, weights: FloatArray) -> float:
    finite = np.isfinite(left)
    if finite.sum() < 2:
        return 0.0
    left, weights = left[finite], weights[finite]
    change = np.average(left, weights=weights) - left
    second = float(weights @ change**2)
    return float(weights @ change**3) / (6 * second**1.5) if second > 0 else 0.0


def _chosen(
    table: Table, models: Sequence[Candidate], counts: FloatArray, criterion: str
) -> tuple[FloatArray, np.ndarray]:
    """Return totals by the best model for each table, and which it is."""
    observed = counts.sum(axis=1)
    lowest = np.full(len(counts), np.inf)
    totals = np.full(len(counts), np.inf)
    best = np.zeros(len(counts), dtype=int)
    for place, one in enumerate(models):
        fits = table.refit(one.model, counts, start=one.fit.beta[0])
        fine = fits.fine & (fits.missing < ABSURD * observed)
        cost = np.log(observed) if criterion == "bic" else penalty("aic", 1.0)
        score = np.where(fine, -2 * fits.gain + cost * one.parameters, np.inf)
        better = score < lowest
        lowest[better], best[better] = score[better], place
        totals[better] = (observed + fits.missing)[better]
    return totals, best
