"""A belief given by a table of its log density: what a small posterior from elsewhere becomes."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from models.beliefs.base import Belief, FloatArray
from models.checks import positive, real
from models.errors import InvalidValueError

if TYPE_CHECKING:
    from pytensor.tensor.variable import TensorVariable

#: Sub-steps of a table interval by which the distribution function is integrated.
_STEPS = 16

#: How far, in log density, the ends of a table must lie below its top: beyond is next to no mass.
_TAIL = 12.0


@dataclasses.dataclass(frozen=True)
class Tabulated(Belief):
    """A share whose log odds have a log density given at equally spaced knots.

    Between knots the log density is a cubic Hermite curve (smooth enough for gradients); beyond the
    first and last knot it goes on as a straight line, where it must fall.

    Parameters
    ----------
    start : float
        Log odds of the first knot.
    step : float
        Distance between knots in log odds, above 0.
    heights : tuple of float, shape (n_knot,)
        Log density of the log odds at the knots, up to a constant.
    """

    start: float
    step: float
    heights: tuple[float, ...]
    kind: ClassVar[str] = "tabulated"

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "start", real(self.start, "start"))
        object.__setattr__(self, "step", positive(self.step, "step"))
        heights = np.array([real(height, "heights") for height in self.heights])
        if heights.size < 8:
            raise InvalidValueError(f"has {heights.size} knots, needs 8 or more", where="heights")
        if heights[1] <= heights[0] or heights[-1] >= heights[-2]:
            raise InvalidValueError(
                "must rise at the first knot and fall at the last",
                where="heights",
                why="otherwise the belief has no finite mass",
            )
        if max(heights[0], heights[-1]) > heights.max() - _TAIL:
            raise InvalidValueError(
                f"must lie {_TAIL:g} or more below its top at both ends",
                where="heights",
                why="what lies beyond the knots is left out of quantiles",
            )
        t = self.start + self.step * np.arange(heights.size)
        fine = np.linspace(t[0], t[-1], _STEPS * (t.size - 1) + 1)
        density = np.exp(_hermite(fine, t[0], self.step, heights) - heights.max())
        mass = np.trapezoid(density, fine)
        normalized = heights - heights.max() - np.log(mass)
        object.__setattr__(self, "heights", tuple(float(height) for height in normalized))

    @functools.cached_property
    def _table(self) -> tuple[FloatArray, FloatArray]:
        heights = np.array(self.heights)
        last = self.start + self.step * (heights.size - 1)
        fine = np.linspace(self.start, last, _STEPS * (heights.size - 1) + 1)
        density = np.exp(_hermite(fine, self.start, self.step, heights))
        mass = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(fine))])
        return fine, mass / mass[-1]

    def quantile(self, probability: ArrayLike) -> FloatArray:
        """Return quantiles, same shape."""
        log_odds, mass = self._table
        found = np.interp(np.asarray(probability, dtype=float), mass, log_odds)
        return np.asarray(1 / (1 + np.exp(-found)))

    def log_density(self, value: ArrayLike) -> FloatArray:
        """Return the log density with respect to the share, same shape."""
        value = np.asarray(value, dtype=float)
        inside = (value > 0) & (value < 1)
        inner = np.where(inside, value, 0.5)
        log_odds = np.log(inner) - np.log1p(-inner)
        curve = _hermite(log_odds, self.start, self.step, np.array(self.heights))
        return np.where(inside, curve - np.log(inner * (1 - inner)), -np.inf)

    def inverse_moment_order(self) -> float:
        """Return the slope of the lower tail: E[share^-k] is finite for smaller k only."""
        return (self.heights[1] - self.heights[0]) / self.step

    def hyperparameters(self) -> dict[str, float | FloatArray]:
        """Return start, step and heights."""
        return {"start": self.start, "step": self.step, "heights": np.array(self.heights)}

    def graph(self, name: str) -> TensorVariable:
        """Add log odds with the tabulated density and the share that follows from them."""
        import pymc as pm

        data = [pm.Data(f"{name}_{key}", value) for key, value in self.hyperparameters().items()]
        log_odds = pm.CustomDist(
            f"logit_{name}", *data, logp=_graph_hermite, random=_random_log_odds,
            signature="(),(),(k)->()",
        )  # fmt: skip
        return pm.Deterministic(name, pm.math.sigmoid(log_odds))

    def free_name(self, name: str) -> str:
        """Return the name of the log odds."""
        return f"logit_{name}"

    def to_free(self, value: ArrayLike) -> FloatArray:
        """Return the log odds of a share."""
        value = np.asarray(value, dtype=float)
        return np.log(value) - np.log1p(-value)

    def log_jacobian(self, value: ArrayLike) -> FloatArray:
        """Return log of share times one minus share."""
        value = np.asarray(value, dtype=float)
        return np.log(value) + np.log1p(-value)

    def shape(self) -> tuple[int, ...]:
        """Return the number of knots."""
        return (len(self.heights),)


def _hermite(t: FloatArray, start: float, step: float, heights: FloatArray) -> FloatArray:
    """Return the cubic Hermite curve through `heights`, straight beyond the ends."""
    slopes = np.gradient(heights)
    last = heights.size - 1
    position = (np.asarray(t) - start) / step
    inner = np.clip(position, 0, last)
    k = np.minimum(inner.astype(int), last - 1)
    x = inner - k
    curve = (
        heights[k] * (1 + 2 * x) * (1 - x) ** 2
        + slopes[k] * x * (1 - x) ** 2
        + heights[k + 1] * x**2 * (3 - 2 * x)
        + slopes[k + 1] * x**2 * (x - 1)
    )
    return np.asarray(
        curve
        + np.minimum(position, 0) * slopes[0]
        + np.maximum(position - last, 0) * slopes[-1]
    )  # fmt: skip


def _graph_hermite(value: Any, start: Any, step: Any, heights: Any) -> Any:
    """Return the same curve as a PyTensor expression."""
    import pytensor.tensor as pt

    inner_slopes = (heights[2:] - heights[:-2]) / 2
    slopes = pt.concatenate(
        [heights[1:2] - heights[:1], inner_slopes, heights[-1:] - heights[-2:-1]]
    )
    last = heights.shape[0] - 1
    position = (value - start) / step
    inner = pt.clip(position, 0, last)
    k = pt.minimum(pt.floor(inner).astype("int64"), last - 1)
    x = inner - k
    curve = (
        heights[k] * (1 + 2 * x) * (1 - x) ** 2
        + slopes[k] * x * (1 - x) ** 2
        + heights[k + 1] * x**2 * (3 - 2 * x)
        + slopes[k + 1] * x**2 * (x - 1)
    )
    outside = pt.minimum(position, 0) * slopes[0] + pt.maximum(position - last, 0) * slopes[-1]
    return curve + outside


def _random_log_odds(start: Any, step: Any, heights: Any, rng: Any = None, size: Any = None) -> Any:
    """Return draws of the log odds, for prior predictive checks of the graph."""
    table = Tabulated(float(np.ravel(start)[0]), float(np.ravel(step)[0]), tuple(np.ravel(heights)))
    count = 1 if size is None else int(np.prod(size))
    draws = table.to_free(table.draw(rng, count))
    return draws[0] if size is None or tuple(size) == () else draws.reshape(size)
