"""Sobol indices: which uncertain number moves the answer most, alone and with others."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from estimation.errors import InvalidValueError, RefusedError
from estimation.randomness import integer
from estimation.sensitivity.axes import Axis
from estimation.sensitivity.designs import Design
from estimation.sensitivity.posteriors import TOTAL, Target
from estimation.sensitivity.scenarios import BUDGET, FEWEST_DRAWS, MOST_DRAWS, run_scenarios
from models.checks import whole
from models.model import Model

#: What is explained of the posterior of the target.
STATISTICS = ("median", "low", "high", "width")

_LARGEST = 65_536

#: Level of the bootstrap intervals of indices.
_LEVEL = 0.95


@dataclasses.dataclass(frozen=True)
class Index:
    """Sobol indices of a field for one statistic of the posterior of a target.

    Parameters
    ----------
    field, target, statistic : str
    first, total : float
        Share of the variance (over the ranges of all fields) that goes if this field were fixed;
        and that stays if all others were fixed.
    first_low, first_high, total_low, total_high : float
        Bootstrap intervals, 95 %; wider than the error, since they take balanced points as random
        ones.
    """

    field: str
    target: str
    statistic: str
    first: float
    first_low: float
    first_high: float
    total: float
    total_low: float
    total_high: float


def sobol_indices(
    model: Model, axes: Sequence[Axis], size: int = 256, *, target: Target = TOTAL,
    prob: float = 0.95, seed: int = 1, **options: Any,
) -> list[Index]:  # fmt: skip
    """Return first-order and total Sobol indices of fields, uniform over the ranges of their axes.

    Parameters
    ----------
    model : Model
    axes : sequence of Axis
        Two or more; on a log scale they are uniform in the logarithm.
    size : int
        Points of each of the samples, a power of two; n * (fields + 2) scenarios are evaluated.
    target : Target
    prob : float
        Level of the interval whose ends and width are explained.
    seed : int
    **options
        Of `estimation.sensitivity.scenarios.run_scenarios`.

    Raises
    ------
    InvalidValueError
        If there are fewer than two axes, or the size is no power of two.
    RefusedError
        If a scenario in the ranges fails.

    References
    ----------
    Saltelli, A. et al. (2010). https://doi.org/10.1016/j.cpc.2009.09.018
    """
    from scipy import stats

    axes = tuple(axes)
    if options.get("draws") is None and model.joint.exact and options.get("engine") != "nuts":
        # the same number everywhere: other draws would look like an effect of some field
        each = BUDGET // max(size * (len(axes) + 2), 1) if isinstance(size, int) else FEWEST_DRAWS
        options = options | {"draws": min(max(each, 4 * FEWEST_DRAWS), MOST_DRAWS) // 4}
    size = check_size(size, len(axes))
    found: list[np.ndarray] = []

    def explained(places: np.ndarray) -> np.ndarray:
        codes = np.stack([axis.at(place) for axis, place in zip(axes, places, strict=True)], axis=1)
        design = Design(axes, "given", given=codes)
        scenarios = run_scenarios(
            model, design, targets=[target], prob=prob, seed=seed, **options
        )  # fmt: skip
        for number, reason in scenarios.failed.items():
            raise RefusedError(f"scenario {number} fails: {reason}", where="indices",
                               remedy="narrow the ranges")  # fmt: skip
        low, high = scenarios.column("low")[1:], scenarios.column("high")[1:]
        found.append(np.stack([scenarios.column("median")[1:], low, high, high - low]))
        return found[-1]

    place: Any = stats.uniform()
    result = stats.sobol_indices(
        func=explained, n=size, dists=[place] * len(axes), rng=integer(seed, "sobol indices")
    )
    orders = _with_intervals(result, found, len(axes), seed)
    return [
        Index(axis.field, target.name, statistic,
              *(float(values[i, j]) for order in orders for values in order))
        for j, axis in enumerate(axes)
        for i, statistic in enumerate(STATISTICS)
    ]  # fmt: skip


def check_size(size: object, fields: int) -> int:
    """Return the size of the samples, or refuse it; see `sobol_indices`."""
    if fields < 2:
        raise InvalidValueError("needs two fields or more", where="indices",
                                why="the share of one field is all of it")  # fmt: skip
    number = whole(size, "indices", high=_LARGEST, why="")
    if number < 16 or number & (number - 1):
        raise InvalidValueError(f"{number} points", where="indices", why="the points are balanced "
                                "in powers of two", remedy="take 64 to 4096")  # fmt: skip
    return number


def _with_intervals(
    result: Any, found: list[np.ndarray], fields: int, seed: int
) -> list[tuple[np.ndarray, ...]]:
    """Return first-order and total indices, each with the ends of bootstrap intervals.

    The bootstrap that comes with the indices cannot be seeded.
    """
    from scipy import stats

    first, second, mixed = found
    size = first.shape[1]
    mixed = np.moveaxis(mixed.reshape(-1, size, fields), -1, 0)

    def indices(chosen: np.ndarray) -> np.ndarray:
        values = (first[:, chosen], second[:, chosen], mixed[..., chosen])
        given: Any = dict(zip(("f_A", "f_B", "f_AB"), values, strict=True))
        again = stats.sobol_indices(func=given, n=size)
        return np.stack([again.first_order, again.total_order])

    spread: Any = stats.bootstrap(
        [np.arange(size)], indices, method="percentile", confidence_level=_LEVEL, n_resamples=999,
        vectorized=False, rng=np.random.default_rng(integer(seed, "bootstrap of indices")),
    ).confidence_interval  # fmt: skip
    return [
        (result.first_order, spread.low[0], spread.high[0]),
        (result.total_order, spread.low[1], spread.high[1]),
    ]
