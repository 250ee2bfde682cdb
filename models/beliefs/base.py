"""What every belief offers: a NumPy face, a PyMC face, a reason and a source."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.checks import text

if TYPE_CHECKING:
    from pytensor.tensor.variable import TensorVariable

FloatArray = NDArray[np.float64]

#: Number of equal-probability cells by which moments of a belief are computed.
_CELLS = 20_000


@dataclasses.dataclass(frozen=True, kw_only=True)
class Belief:
    """A probability distribution on a share in (0, 1], with its reason and source.

    Parameters
    ----------
    reason : str
        Why somebody believes it.
    source : str
        Who said it, where.
    stated : tuple of (low, high, mass), optional
        The range in the words of whoever stated it; mass 1 is a hard range.
    """

    reason: str = ""
    source: str = ""
    stated: tuple[float, float, float] | None = None

    kind: ClassVar[str] = ""
    #: True where the support ends inside (0, 1): such a belief may not stand beside other evidence.
    hard: ClassVar[bool] = False

    def __post_init__(self) -> None:
        text(self.reason, "reason")
        text(self.source, "source")

    # -- the NumPy face -------------------------------------------------------------------------

    def draw(self, rng: np.random.Generator, draws: int) -> FloatArray:
        """Return independent draws, shape (draws,)."""
        return self.quantile(rng.random(draws))

    def quantile(self, probability: ArrayLike) -> FloatArray:
        """Return the values below which the given probabilities lie, same shape."""
        raise TypeError(f"{type(self).__name__} has no quantile function")

    def log_density(self, value: ArrayLike) -> FloatArray:
        """Return the log density with respect to the share itself, same shape."""
        raise TypeError(f"{type(self).__name__} has no density")

    def hyperparameters(self) -> dict[str, float | FloatArray]:
        """Return the numbers that define the belief, by name."""
        return {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.name not in {"reason", "source", "stated"}
        }

    def content(self) -> dict[str, Any]:
        """Return kind and numbers as plain data: no reason, no source."""
        numbers = {key: np.asarray(value).tolist() for key, value in self.hyperparameters().items()}
        return {"kind": self.kind, **numbers}

    def inverse_moment_order(self) -> float:
        """Return the order below which moments of 1 / share exist (infinite if all do)."""
        return float("inf")

    def mean(self) -> float:
        """Return the mean of the share."""
        return float(np.mean(self._equal_cells()))

    def variance(self) -> float:
        """Return the variance of the share (0 for a known share)."""
        return float(np.var(self._equal_cells()))

    def _equal_cells(self) -> FloatArray:
        return self.quantile((np.arange(_CELLS) + 0.5) / _CELLS)

    def interval(self, prob: float) -> tuple[float, float]:
        """Return the equal-tailed interval that holds `prob` of the belief."""
        low, high = self.quantile(np.array([(1 - prob) / 2, (1 + prob) / 2]))
        return float(low), float(high)

    def implied_total(self, count: int, prob: float = 0.95) -> tuple[float, float, float]:
        """Return low, median and high of count / share: what the belief says before any fit.

        Counting noise is left out; it is small beside the belief for counts above a few hundred.
        """
        low, high = self.interval(prob)
        return count / high, count / float(self.quantile(0.5)), count / low

    # -- the PyMC face --------------------------------------------------------------------------

    def graph(self, name: str) -> TensorVariable:
        """Add the share to the PyMC model in context; hyperparameters become ``pm.Data``."""
        raise TypeError(f"{type(self).__name__} has no graph")

    def graph_data(self, name: str) -> dict[str, Any]:
        """Return the values of the ``pm.Data`` that `graph` creates, by name."""
        return {f"{name}_{key}": value for key, value in self.hyperparameters().items()}

    def free_name(self, name: str) -> str | None:
        """Return the name of the graph's free variable (None for a known share)."""
        return name

    def to_free(self, value: ArrayLike) -> FloatArray:
        """Return the free variable of the graph that stands for a share."""
        return np.asarray(value, dtype=float)

    def log_jacobian(self, value: ArrayLike) -> FloatArray:
        """Return the log of the absolute d share / d free variable, at a share."""
        return np.zeros_like(np.asarray(value, dtype=float))

    def shape(self) -> tuple[int, ...]:
        """Return what, beside the kind, fixes the structure of the graph."""
        return ()
