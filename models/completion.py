"""From rates of listed names to deaths by cell: coverage, precision and the unseen.

They are drawn outside the graph, because with a free level under the scale prior the counts say
nothing of aggregate coverage.  In stratum s the odds of a death not to be on the list are

    (1 - coverage) / coverage * exp(-d[s]) / mean(exp(-d)),

the mean taken over listed names: coverage of all deaths together is then exactly what was drawn,
and no stratum's coverage leaves (0, 1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from models.beliefs import Known
from models.beliefs.base import FloatArray
from models.thinning import LARGEST_MEAN

if TYPE_CHECKING:
    from models.field import Field

#: Totals above this are kept as 64-bit integers.
_LARGEST_SHORT = 2e9

#: Sums of expected deaths that still fit a 64-bit integer safely.
_LARGEST_SUM = 8e18


def complete_cells(
    field: Field, theta: dict[str, FloatArray], rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Draw deaths by cell given rates of listed names.

    Parameters
    ----------
    field : Field
    theta : dict of (draw, ...) arrays
        What `Field.unknowns` returned.
    rng : numpy.random.Generator

    Returns
    -------
    dict
        total, unseen, observed, realized_coverage, coverage, precision (draw,); deaths (draw,
        ...cells), a period "unknown" last; confirmed, the same, where it is not simply the table;
        stratum_coverage (draw, n_stratum) where coverage differs.
    """
    shares, counts = rng.spawn(2)
    count, cells = field.count, field.cells
    draws = next(iter(theta.values())).shape[0]
    coverage = count.coverage.draw(shares, draws)
    precision = count.precision.draw(shares, draws)
    parts = field.chunks(draws)
    weights = np.concatenate([field.seen_rate(theta, part).sum(axis=1) for part in parts])
    # names without a date have a rate of their own in each stratum, with the scale prior
    undated_rate = shares.standard_gamma(cells.extra("undated"), weights.shape)
    relative = _relative_odds(field, theta, weights + undated_rate, shares)
    odds = ((1 - coverage) / coverage)[:, None] * relative
    undated = bool(cells.extra("undated").any())
    shape = (draws, cells.shape[0] + undated, cells.shape[1])
    lowest = max(float(count.coverage.quantile(1e-9)), 1e-300)
    # nothing bounds the deaths of a cell that nobody saw
    short = bool(cells.observed.all()) and cells.total / lowest < _LARGEST_SHORT
    deaths = np.empty(shape, np.int32 if short else np.int64)
    varies = not _exactly_one(count.precision) or bool(field.unassigned())
    confirmed = np.empty(shape, deaths.dtype) if varies else None
    for part in parts:
        seen, unseen = _cells(field, theta, part, odds[part], precision[part], counts)
        if undated:
            row = _undated(field, undated_rate[part], odds[part], precision[part], counts)
            seen = np.concatenate([seen, row[0][:, None]], axis=1)
            unseen = np.concatenate([unseen, row[1][:, None]], axis=1)
        deaths[part] = seen + unseen
        if confirmed is not None:
            confirmed[part] = seen
    total = deaths.sum(axis=(1, 2), dtype=np.int64)
    observed = np.full(draws, cells.total)
    if confirmed is not None:
        observed = confirmed.sum(axis=(1, 2), dtype=np.int64)
    found: dict[str, np.ndarray] = {
        "total": total, "unseen": total - observed, "observed": observed,
        "realized_coverage": observed / total, "coverage": coverage, "precision": precision,
        "deaths": _squeezed(field, deaths),
    }  # fmt: skip
    if confirmed is not None:
        found["confirmed"] = _squeezed(field, confirmed)
    if count.deviation > 0:
        found["stratum_coverage"] = 1 / (1 + odds)
    return found


def relative_odds(deviations: FloatArray, weights: FloatArray) -> FloatArray:
    """Return exp(-d) over its mean by listed names, (draw, n_stratum)."""
    raw = np.exp(-deviations)
    mean = (raw * weights).sum(axis=1, keepdims=True) / weights.sum(axis=1, keepdims=True)
    return np.asarray(raw / mean)


def _relative_odds(
    field: Field, theta: dict[str, FloatArray], weights: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Draw how odds differ between strata, given the effects of the rates of listed names."""
    deviation = field.count.deviation
    if deviation == 0:
        return np.ones((weights.shape[0], 1))
    # effect and d are normal together: Var(effect) = spread^2 + seen^2, Cov = seen * deviation
    seen = field.seen_deviation
    variance = (theta["spread"] ** 2 + seen**2)[:, None]
    center = theta["effect"] * seen * deviation / variance
    scale = deviation * np.sqrt(np.maximum(1 - seen**2 / variance, 0.0))
    pooled = field.cells.pooled  # of strata that are apart the effect says nothing
    drawn = rng.standard_normal(theta["effect"].shape)
    # effects sum to zero: of the mean of the pooled strata they say nothing
    common = drawn[:, pooled].mean(axis=1, keepdims=True)
    d = np.where(pooled, center + scale * drawn + (deviation - scale) * common, deviation * drawn)
    return relative_odds(d, weights)


def _cells(
    field: Field, theta: dict[str, FloatArray], part: slice, odds: FloatArray,
    precision: FloatArray, rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Return true names and unseen deaths of the cells, (draw, n_period, n_stratum)."""
    cells = field.cells
    # what cannot be represented is cut off, so that all cells together fit 64 bits
    largest = min(LARGEST_MEAN, _LARGEST_SUM / cells.counts.size)
    rate = np.exp(np.minimum(field.log_seen_rate(theta, part), np.log(LARGEST_MEAN)))
    listed: Any = np.broadcast_to(cells.counts, rate.shape)
    for kind, names in field.unassigned().items():
        listed = listed + _allocated(names, rate * cells.observed, kind, rng)
    seen = listed if _exactly_one(field.count.precision) else (
        rng.binomial(listed, precision[:, None, None])
    )  # fmt: skip
    rate = rate * precision[:, None, None]
    # where nobody looked, all who died are unseen
    unseen = rate * (odds[:, None, :] + ~cells.observed)
    return seen, rng.poisson(np.minimum(unseen, largest))


def _allocated(
    names: np.ndarray, rate: FloatArray, kind: str, rng: np.random.Generator
) -> np.ndarray:
    """Share out names without a cell in proportion to the rates of those with one."""
    rate = rate if kind == "unknown_stratum" else np.swapaxes(rate, 1, 2)
    found = np.zeros(rate.shape, np.int64)
    for i in np.flatnonzero(names):
        found[:, i] = rng.multinomial(
            names[i], rate[:, i] / rate[:, i].sum(axis=1, keepdims=True)
        )  # fmt: skip
    return found if kind == "unknown_stratum" else np.swapaxes(found, 1, 2)


def _undated(
    field: Field, rate: FloatArray, odds: FloatArray, precision: FloatArray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Return true names and unseen deaths without a period, (draw, n_stratum)."""
    listed: Any = np.broadcast_to(field.cells.extra("undated"), rate.shape)
    seen = listed if _exactly_one(field.count.precision) else (
        rng.binomial(listed, precision[:, None])
    )  # fmt: skip
    unseen = rate * precision[:, None] * odds
    return seen, rng.poisson(np.minimum(unseen, LARGEST_MEAN))


def _exactly_one(precision: Any) -> bool:
    return isinstance(precision, Known) and precision.value == 1


def _squeezed(field: Field, values: np.ndarray) -> np.ndarray:
    """Return values without the axes that the table does not have."""
    axes = tuple(
        axis for axis, dim in ((1, "period"), (2, "stratum")) if dim not in field.cells.dims()
    )
    return values.squeeze(axis=axes) if axes else values
