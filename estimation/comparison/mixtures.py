"""Mixtures of models by stated weights: one row of estimates from the draws of several."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from estimation.errors import InvalidValueError
from estimation.summaries.estimates import QUANTILES
from models.beliefs.base import FloatArray
from models.checks import probability, real

#: How far the sum of stated weights may be from 1: the rounding of a few decimal numbers.
_ROUNDING = 1e-9


@dataclasses.dataclass(frozen=True)
class Mixture:
    """What several models say together, each believed with its weight.

    Parameters
    ----------
    weights : mapping of str to float
        Weight of each model; they sum to 1.
    prob : float
        Level of the equal-tailed interval.
    median, low, high : float
        Of the mixture, in the units of the draws.
    quantiles : mapping of float to float
        The quantiles that every row of estimates holds.
    mean, sd : float or None
        None where a model with weight has none.
    within : float or None
        Mean of the variances of the models.
    between : float or None
        Variance of the means of the models.
    name, method, index
        What tells its row apart.
    """

    weights: Mapping[str, float]
    prob: float
    median: float
    low: float
    high: float
    quantiles: Mapping[float, float]
    mean: float | None
    sd: float | None
    within: float | None
    between: float | None
    name: str = "total"
    method: str = "mixture"
    index: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def share_between(self) -> float | None:
        """Return the share of the variance that comes from not knowing which model is right."""
        if self.within is None or self.between is None:
            return None
        variance = self.within + self.between
        return self.between / variance if variance > 0 else 0.0

    def row(self) -> dict[str, Any]:
        """Return the mixture in the form of `estimate_rows`, to stand among other rows."""
        return {
            "name": self.name,
            "method": self.method,
            "index": dict(self.index),
            "median": self.median,
            "mean": self.mean,
            "sd": self.sd,
            "low": self.low,
            "high": self.high,
            "quantiles": {str(level): value for level, value in self.quantiles.items()},
        }


def mix(
    draws: Mapping[str, ArrayLike],
    weights: Mapping[str, float],
    *,
    prob: float = 0.95,
    moment_orders: Mapping[str, float] | None = None,
    name: str = "total",
    method: str = "mixture",
    index: Mapping[str, str] | None = None,
) -> Mixture:
    """Return the mixture of one estimand of several models by weights.

    Quantiles are weighted quantiles of the pooled draws: nothing is resampled, so that the same
    draws and weights give the same numbers, and weight 1 gives those of `estimate_rows`.

    Parameters
    ----------
    draws : mapping of str to array
        Draws of the estimand by model; all axes are draws, and models may have unequally many.
    weights : mapping of str to float
        By the same models; 0 or more, with sum 1.
    prob : float
        Level of the equal-tailed interval.
    moment_orders : mapping of str to float, optional
        By model, the order below which moments of the estimand exist; absent: all do.
    name, method, index : str, str, mapping
        What tells the row apart.

    Raises
    ------
    InvalidValueError
        If weights do not fit the models or do not sum to 1, or draws are missing or not finite.
    """
    stated = stated_weights(weights, draws)
    prob = probability(prob, "prob")
    used = {model: weight for model, weight in stated.items() if weight > 0}
    values = {model: _finite(draws[model], model) for model in used}
    low, high, *quantiles = weighted_quantiles(
        values, used, [(1 - prob) / 2, (1 + prob) / 2, *QUANTILES]
    ).tolist()
    order = min((moment_orders or {}).get(model, np.inf) for model in used)
    mean, within, between = _moments(values, used, order)
    return Mixture(
        weights=stated, prob=prob, low=low, high=high,
        median=quantiles[QUANTILES.index(0.5)],
        quantiles=dict(zip(QUANTILES, quantiles, strict=True)),
        mean=mean, within=within, between=between,
        sd=None if within is None or between is None else float(np.sqrt(within + between)),
        name=name, method=method, index=dict(index or {}),
    )  # fmt: skip


def stated_weights(weights: Mapping[str, float], models: Collection[str]) -> dict[str, float]:
    """Return weights in the order of the models, or refuse those that do not fit them.

    Raises
    ------
    InvalidValueError
        If a model has no weight, a weight no model, one is negative or not finite, or their sum is
        not 1; they are not normalized, because a sum that is not 1 may be a forgotten model.
    """
    if not models:
        raise InvalidValueError("there is no model", where="weights")
    if set(weights) != set(models):
        raise InvalidValueError(
            f"are of {sorted(weights)}, the models are {sorted(models)}", where="weights",
            remedy="state one weight for each model, 0 to leave it out",
        )  # fmt: skip
    found = {model: real(weights[model], f"weights.{model}") for model in models}
    for model, weight in found.items():
        if weight < 0:
            raise InvalidValueError(
                f"must be 0 or more, not {weight:g}", where=f"weights.{model}",
                why="it is the probability of a model",
            )  # fmt: skip
    total = sum(found.values())
    if abs(total - 1) > _ROUNDING:
        raise InvalidValueError(
            f"sum to {total:.12g}, not to 1", where="weights",
            why="what is missing or too much may be a forgotten model, or one that is there twice",
            remedy="state weights that sum to 1",
        )  # fmt: skip
    return found


def weighted_quantiles(
    values: Mapping[str, FloatArray], weights: Mapping[str, float], levels: ArrayLike
) -> FloatArray:
    """Return quantiles of the mixture, (level,): linear between pooled draws.

    Each draw of a model has the weight of the model over its number of draws, and neighbors stand
    the mean of their weights apart: draws of equal weight have their usual (linear) quantiles, and
    quantiles never fall as the level rises.  (Frequency weights, as of `scipy.stats.quantile`, do
    not promise that where they are fractions.)
    """
    levels = np.asarray(levels, dtype=float)
    if len(values) == 1:  # the same numbers to the last digit
        return np.asarray(np.quantile(next(iter(values.values())), levels))
    each = [np.full(one.size, weights[model] / one.size) for model, one in values.items()]
    pooled, mass = np.concatenate(list(values.values())), np.concatenate(each)
    # one order whatever the order of the models, ties included
    order = np.lexsort((mass, pooled))
    pooled, mass = pooled[order], mass[order]
    place = np.concatenate([[0.0], np.cumsum((mass[1:] + mass[:-1]) / 2)])
    return np.asarray(np.interp(levels, place / place[-1], pooled))


def _moments(
    values: Mapping[str, FloatArray], weights: Mapping[str, float], order: float
) -> tuple[float | None, float | None, float | None]:
    """Return mean, variance within and variance between; None where a moment does not exist."""
    if order <= 1:
        return None, None, None
    means = {model: float(np.mean(one)) for model, one in values.items()}
    total = sum(weights.values())  # 1 up to the rounding of what was stated
    mean = sum(weights[model] * means[model] for model in values) / total
    between = sum(weights[model] * (means[model] - mean) ** 2 for model in values) / total
    if order <= 2:
        return mean, None, between
    variances = {model: float(np.var(one, ddof=1)) for model, one in values.items()}
    return mean, sum(weights[model] * variances[model] for model in values) / total, between


def _finite(values: ArrayLike, model: str) -> FloatArray:
    found = np.asarray(values, dtype=float).ravel()
    if found.size < 2:
        raise InvalidValueError(
            f"has {found.size} draws", where=f"draws.{model}", remedy="give two or more"
        )
    if not np.isfinite(found).all():
        raise InvalidValueError("has draws that are not finite", where=f"draws.{model}")
    return found
