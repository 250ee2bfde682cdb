"""The log density of losses over cells with NumPy and SciPy alone: the second opinion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from models.beliefs.base import FloatArray

if TYPE_CHECKING:
    from models.field import Field

#: Cells above which log probabilities are kept by period only: they would fill the memory.
POINTWISE = 10_000

_LOG_ROOT_TAU = 0.5 * np.log(2 * np.pi)


def log_prior(field: Field, theta: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Return the log prior density by unknown, (draw,); free levels add nothing.

    Densities are with respect to (step, drift, log_walk, spread, effect, own_step, own), effects
    and own steps on the space of vectors that sum to zero.
    """
    from scipy import stats

    found: dict[str, FloatArray] = {}
    walk, pooled = field.walk, field.pooled
    if walk is not None:
        step = theta["step"]
        found["step"] = stats.halfnorm.logpdf(step, scale=walk.step)
        drift: Any = 0.0
        if walk.drift is not None:
            drift = theta["drift"][:, None]
            found["drift"] = stats.norm.logpdf(theta["drift"], scale=walk.drift)
        scaled = (np.diff(theta["log_walk"], axis=1) - drift) / step[:, None]
        steps = stats.t.logpdf(scaled, walk.tail) - np.log(step)[:, None]
        found["log_walk"] = steps.sum(axis=1)
    if pooled is not None:
        spread, effect = theta["spread"], theta["effect"][:, field.cells.pooled]
        found["spread"] = stats.halfnorm.logpdf(spread, scale=pooled.spread)
        scale = np.sqrt(spread**2 + field.seen_deviation**2)
        found["effect"] = _zero_sum(effect, scale)
    if field.own_step is not None:
        step = theta["own_step"]
        found["own_step"] = stats.halfnorm.logpdf(step, scale=field.own_step)
        moves = np.diff(theta["own"], axis=1)
        found["own"] = np.sum([_zero_sum(moves[:, t], step) for t in range(moves.shape[1])], axis=0)
    return found


def _zero_sum(values: FloatArray, scale: FloatArray) -> FloatArray:
    """Return the log density of normals on the space of vectors that sum to zero, (draw,)."""
    free = values.shape[1] - 1  # one dimension less
    squares = np.sum(values**2, axis=1)
    return np.asarray(-0.5 * squares / scale**2 - free * (np.log(scale) + _LOG_ROOT_TAU))


def log_likelihood(field: Field, theta: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Return the log probability of the counts, by evidence.

    Returns
    -------
    dict
        By the name of the evidence (draw, ...cells), or (draw, n_period) if there are more than
        `POINTWISE` cells; by name and kind, what names without a cell add, (draw, n_period) or
        (draw, n_stratum).
    """
    from scipy.special import gammaln, xlogy

    cells = field.cells
    counts = np.asarray(cells.counts)
    draws = next(iter(theta.values())).shape[0]
    constant = gammaln(counts + 1.0)
    few = counts.size <= POINTWISE
    found = np.empty((draws, *counts.shape) if few else (draws, counts.shape[0]))
    extra = {kind: np.empty((draws, names.size)) for kind, names in field.unassigned().items()}
    for part in field.chunks(draws):
        log_rate = field.log_seen_rate(theta, part)
        rate = field.seen_rate(theta, part)
        each = np.where(cells.observed, counts * log_rate - rate - constant, 0.0)
        found[part] = each if few else each.sum(axis=2)
        for kind, names in field.unassigned().items():
            whole = rate.sum(axis=2 if kind == "unknown_stratum" else 1)
            extra[kind][part] = xlogy(names, whole) - gammaln(names + 1.0)
    sizes = dict(zip(("period", "stratum"), counts.shape, strict=True))
    if few:
        found = found.reshape(draws, *(sizes[dim] for dim in cells.dims()))
    return {field.name: found, **{f"{field.name}_{kind}": each for kind, each in extra.items()}}
