"""Simulated losses over cells and the tables that are made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from models.completion import relative_odds
from models.errors import RefusedError
from models.thinning import LARGEST_MEAN

if TYPE_CHECKING:
    from models.field import Field


def simulate(
    field: Field, rng: np.random.Generator, draws: int, rate: ArrayLike | None
) -> dict[str, np.ndarray]:
    """Simulate unknowns from their priors, and tables from them.

    The level has the scale prior, which cannot be drawn from: the mean rate of a cell is fixed.

    Parameters
    ----------
    field : Field
        Its counts are not read; missing cells stay missing, and the share of names without a
        stratum or period is what it is in its table.
    rng : numpy.random.Generator
    draws : int
    rate : float or (draw,) array
        Expected deaths of a cell that was observed, on average.

    Returns
    -------
    dict of (draw, ...) arrays
        Unknowns by name; deaths, count and confirmed (draw, n_period, n_stratum); unknown_stratum
        (draw, n_period), unknown_period (draw, n_stratum); seen, unseen, total (draw,).
    """
    if rate is None:
        raise RefusedError(
            "the scale prior cannot be simulated from", where="losses", why="it is improper",
            remedy="fix the rate",
        )  # fmt: skip
    cells, count = field.cells, field.count
    periods, strata = cells.shape
    coverage, precision = count.coverage.draw(rng, draws), count.precision.draw(rng, draws)
    theta: dict[str, np.ndarray] = {"coverage": coverage, "precision": precision}
    log_rate = np.zeros((draws, periods, strata))
    if field.walk is not None:
        log_rate += _walk(field, rng, theta, draws)[:, :, None]
    d = count.deviation * rng.standard_normal((draws, strata))
    if field.pooled is not None:
        theta["spread"] = np.abs(rng.normal(0, field.pooled.spread, draws))
        effect = theta["spread"][:, None] * rng.standard_normal((draws, strata))
        seen_share = field.seen_deviation / max(count.deviation, 1e-300)
        log_rate += (effect + seen_share * d + field.log_base)[:, None, :]
    if field.own_step is not None:
        theta["own_step"] = np.abs(rng.normal(0, field.own_step, draws))
        steps = rng.standard_normal((draws, periods - 1, strata))
        steps = (steps - steps.mean(axis=2, keepdims=True)) * theta["own_step"][:, None, None]
        log_rate += np.pad(np.cumsum(steps, axis=1), ((0, 0), (1, 0), (0, 0)))
    highest = np.where(cells.observed, log_rate, -np.inf).max(axis=(1, 2), keepdims=True)
    seen_rate = np.exp(np.minimum(log_rate - highest, np.log(LARGEST_MEAN)))
    listed = np.asarray(rate, float) * cells.observed.sum() * coverage / precision
    weights = (seen_rate * cells.observed).sum(axis=1)
    seen_rate *= (listed / weights.sum(axis=1))[:, None, None]
    odds = ((1 - coverage) / coverage)[:, None] * relative_odds(d, weights)
    true_rate = seen_rate * precision[:, None, None]
    confirmed = rng.poisson(true_rate * cells.observed)
    largest = LARGEST_MEAN / cells.counts.size
    unseen_rate = true_rate * (odds[:, None, :] + ~cells.observed)
    unseen = rng.poisson(np.minimum(unseen_rate, largest))
    names = confirmed + rng.poisson((seen_rate - true_rate) * cells.observed)
    found = theta | {"deaths": confirmed + unseen, "confirmed": confirmed}
    found |= _unassigned(field, names, rng)
    if count.deviation > 0:
        found["stratum_coverage"] = 1 / (1 + odds)
    seen, missed = confirmed.sum(axis=(1, 2)), unseen.sum(axis=(1, 2))
    return found | {"seen": seen, "unseen": missed, "total": seen + missed}


def _walk(
    field: Field, rng: np.random.Generator, theta: dict[str, np.ndarray], draws: int
) -> np.ndarray:
    walk = field.walk
    if walk is None:
        raise TypeError("the field has no walk")
    theta["step"] = np.abs(rng.normal(0, walk.step, draws))
    steps = rng.standard_t(walk.tail, (draws, field.cells.shape[0] - 1)) * theta["step"][:, None]
    if walk.drift is not None:
        theta["drift"] = rng.normal(0, walk.drift, draws)
        steps += theta["drift"][:, None]
    return np.pad(np.cumsum(steps, axis=1), ((0, 0), (1, 0)))


def _unassigned(field: Field, names: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Take stratum or period from as many names as lack it in the field's table."""
    found: dict[str, np.ndarray] = {}
    left = field.cells.total - field.cells.extra("undated").sum()
    for kind, axis in (("unknown_stratum", 2), ("unknown_period", 1)):
        taken = field.cells.extra(kind).sum()
        lost = rng.binomial(names, taken / left)
        left = left - taken
        names = names - lost
        found[kind] = lost.sum(axis=axis)
    return found | {"count": names}
