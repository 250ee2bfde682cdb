"""From draws of a fit to predictive densities of counts that it did not see."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from estimation.comparison.integrated import (
    absent_effect,
    integrated_log_likelihood,
    is_integrable,
    log_count_probability,
)
from models.beliefs.base import FloatArray
from models.field import Field

#: Paths that are followed into the future, and predictive draws that are kept.
_PATHS, _KEPT = 20_000, 2000

#: Log rates above which a count cannot be represented.
_LARGEST = 40.0


def cell_density(field: Field, theta: Mapping[str, FloatArray], index: int) -> FloatArray:
    """Return the log probability of the count of one cell under each draw, (draw,).

    Parameters
    ----------
    field : Field
        With the count that was held out.
    theta : mapping
        Draws of the fit without it.
    index : int
        The cell, in the order of the table's rows.
    """
    if is_integrable(field):  # far steadier than the density at a drawn rate
        return integrated_log_likelihood(field, theta, [index])[:, 0]
    row, column = divmod(index, field.cells.shape[1])
    draws = next(iter(theta.values())).shape[0]
    log_rate = np.concatenate(
        [field.log_seen_rate(theta, part)[:, row, column] for part in field.chunks(draws)]
    )
    return _log_poisson(int(field.cells.counts[row, column]), log_rate)


def future(
    field: Field, theta: Mapping[str, FloatArray], first: int, horizon: int,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Return how probable the next counts of a walk are, and predictive counts.

    The walk is drawn anew from the last period that was fitted on.  The joint density is that of a
    particle filter whose particles start at the draws: its value in expectation, without the noise
    of hitting several counts at once by chance.

    Parameters
    ----------
    field : Field
        With the counts that were held out.
    theta : mapping
        Draws of the fit without them.
    first : int
        The first period held out.
    horizon : int
        Periods.
    rng : numpy.random.Generator

    Returns
    -------
    dict
        joint, the log density of all counts together, and error, its Monte Carlo error, both ();
        each (horizon,), log densities of single periods, not a number where nobody looked;
        predicted (draw, horizon) and truth (horizon,), all names of a period.
    """
    draws = theta["step"].shape[0]
    start = rng.permutation(np.tile(np.arange(draws), max(1, -(-_PATHS // draws))))
    free, filtered = _State(field, theta, start, first), _State(field, theta, start, first)
    each, joint, variance = np.full(horizon, np.nan), 0.0, 0.0
    counts, predicted = np.asarray(field.cells.counts), np.zeros((_KEPT, horizon), np.int64)
    for ahead in range(horizon):
        row = first + ahead
        seen = field.cells.observed[row]
        if not seen.any():
            free.step(rng)
            filtered.step(rng)
            continue
        truth = counts[row, seen]
        each[ahead] = _log_mean(free.log_density(truth, seen, rng))[0]
        found, error = _log_mean(filtered.log_density(truth, seen, rng))
        joint, variance = joint + found, variance + error**2
        weights = _log_poisson(truth, filtered.log_rates()[:, seen]).sum(axis=1)
        filtered.resample(weights, rng)
        rates = np.exp(np.minimum(free.log_rates()[:_KEPT, seen], _LARGEST))
        predicted[:, ahead] = rng.poisson(rates).sum(axis=1)
    seen_counts = np.where(field.cells.observed, counts, 0)[first : first + horizon]
    return {
        "joint": np.array(joint), "error": np.array(np.sqrt(variance)), "each": each,
        "predicted": predicted, "truth": seen_counts.sum(axis=1),
    }  # fmt: skip


def stratum_total(
    field: Field, theta: Mapping[str, FloatArray], stratum: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Return how probable all names of a stratum are, and predictive totals.

    Parameters
    ----------
    field : Field
        With the counts that were held out.
    theta : mapping
        Draws of the fit without them.
    stratum : int
        Which.
    rng : numpy.random.Generator

    Returns
    -------
    dict
        joint and error (), each (1,), predicted (draw, 1), truth (1,); as `future` has them.
    """
    seen = field.cells.observed[:, stratum]
    truth = int(np.asarray(field.cells.counts)[seen, stratum].sum())
    draws = theta["spread"].shape[0]
    # its own effect is drawn anew, given those of the others
    bare = dict(theta) | {"effect": np.zeros_like(theta["effect"])}
    log_rates = np.concatenate(
        [field.log_seen_rate(bare, part)[:, seen, stratum] for part in field.chunks(draws)]
    )
    level = np.logaddexp.reduce(log_rates, axis=1)
    effect, scale = absent_effect(field, theta, stratum)
    density = log_count_probability(truth, [level + effect], scale, np.inf)
    joint, error = _log_mean(density)
    picked = rng.integers(0, draws, _KEPT)
    drawn = (level + effect)[picked] + scale[picked] * rng.standard_normal(_KEPT)
    predicted = rng.poisson(np.exp(np.minimum(drawn, _LARGEST)))
    return {
        "joint": np.array(joint), "error": np.array(error), "each": np.array([joint]),
        "predicted": predicted[:, None], "truth": np.array([truth]),
    }  # fmt: skip


class _State:
    """Where paths of a walk stand: one a draw, or several."""

    def __init__(
        self, field: Field, theta: Mapping[str, FloatArray], start: NDArray[np.intp], first: int
    ) -> None:
        if field.walk is None:
            raise TypeError("the field has no walk")
        self._plain = field.pooled is None
        self._tail = field.walk.tail
        self._walk = theta["log_walk"][start, first - 1]
        self._step = theta["step"][start]
        self._drift = theta["drift"][start] if "drift" in theta else np.zeros(start.size)
        self._fixed = np.broadcast_to(field.log_base, (start.size, field.log_base.size))
        if field.pooled is not None:
            self._fixed = self._fixed + theta["effect"][start]
        self._own = theta["own"][start, first - 1] if "own" in theta else None
        self._own_step = theta["own_step"][start] if self._own is not None else None

    def log_rates(self) -> FloatArray:
        """Return log rates of the cells, (path, n_stratum)."""
        found = self._fixed + self._walk[:, None]
        return np.asarray(found if self._own is None else found + self._own)

    def step(self, rng: np.random.Generator) -> None:
        """Go one period on."""
        size = self._walk.size
        self._walk = self._walk + self._drift + self._step * rng.standard_t(self._tail, size)
        if self._own is not None and self._own_step is not None:
            moves = rng.standard_normal(self._own.shape)
            moves -= moves.mean(axis=1, keepdims=True)
            self._own = self._own + self._own_step[:, None] * moves

    def log_density(
        self, truth: NDArray[np.int64], seen: NDArray[np.bool_], rng: np.random.Generator
    ) -> FloatArray:
        """Go one period on, and return the log density of its counts, (path,)."""
        if self._plain:  # the last step is integrated, not drawn
            before = self._walk + self._fixed[:, 0] + self._drift
            found = log_count_probability(int(truth[0]), [before], self._step, self._tail)
            self.step(rng)
            return found
        self.step(rng)
        return np.asarray(_log_poisson(truth, self.log_rates()[:, seen]).sum(axis=1))

    def resample(self, log_weights: FloatArray, rng: np.random.Generator) -> None:
        """Keep paths in proportion to their weights, evenly spread (systematic resampling)."""
        share = np.exp(log_weights - log_weights.max())
        edges = np.cumsum(share) / share.sum()
        points = (rng.random() + np.arange(share.size)) / share.size
        kept = np.minimum(np.searchsorted(edges, points), share.size - 1)
        for name in ("_walk", "_step", "_drift", "_fixed", "_own", "_own_step"):
            value = getattr(self, name)
            setattr(self, name, value if value is None else value[kept])


def _log_poisson(count: int | NDArray[np.int64], log_rate: FloatArray) -> FloatArray:
    from scipy.special import gammaln

    rate = np.exp(np.minimum(log_rate, 700.0))
    return np.asarray(count * log_rate - rate - gammaln(np.asarray(count) + 1.0))


def _log_mean(log_values: FloatArray) -> tuple[float, float]:
    """Return the log of the mean, and its Monte Carlo error if the values were independent."""
    highest = float(log_values.max())
    values = np.exp(log_values - highest)
    mean = float(values.mean())
    error = float(values.std()) / mean / np.sqrt(values.size)
    return highest + np.log(mean), error
