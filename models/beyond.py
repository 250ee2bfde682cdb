"""Deaths that no evidence of a model can see: a belief on their number, added to the total."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.beliefs.base import FloatArray
from models.checks import LARGEST_COUNT, ordered, positive, real, text
from models.errors import InvalidValueError
from models.spans import read_day

#: Tails of a range nearer than this to 0 or to all fix no distribution.
_SMALLEST_TAIL = 1e-6

#: Probability at which the belief must still be a number of persons.
_FAR = 1 - 1e-9


@dataclasses.dataclass(frozen=True)
class Beyond:
    """Deaths outside all evidence, such as fighters of another army: log-normal.

    Nothing in a model informs them: their posterior is this belief, and a total that holds them is
    the sum of both, draw by draw.

    Parameters
    ----------
    low, high : float
        Bounds of the central range, deaths, above 0.
    mass : float
        Probability of the range, strictly between 0 and 1; the rest is half below and half above.
    reason : str
        Why somebody believes it.
    source : str
        Who said it, where.
    scope : str
        Whose deaths they are.
    as_of : datetime.date, optional
        The date until which they are counted.

    Raises
    ------
    InvalidValueError
        If the bounds are not in order, not above 0, or no mass is stated.
    """

    low: float
    high: float
    mass: float
    reason: str = ""
    source: str = ""
    scope: str = ""
    as_of: datetime.date | None = None
    kind: ClassVar[str] = "beyond"

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "low", positive(self.low, "low"))
        put(self, "high", positive(self.high, "high"))
        ordered(self.low, self.high, "range", strictly=True)
        put(self, "mass", self._checked_mass())
        for name in ("reason", "source", "scope"):
            text(getattr(self, name), name)
        read_day(self.as_of, "as_of")
        if self.log_quantile(_FAR) > np.log(LARGEST_COUNT):
            raise InvalidValueError(
                f"{self.mass:g} between {self.low:g} and {self.high:g} allows more dead than "
                "persons who ever lived", where="range", remedy="state a narrower range",
            )  # fmt: skip

    def _checked_mass(self) -> float:
        mass = real(self.mass, "mass")
        if mass == 1:
            raise InvalidValueError(
                "1 says that the range holds everything", where="mass",
                why="a range without a level is no distribution", remedy="state mass < 1",
            )  # fmt: skip
        if not _SMALLEST_TAIL <= mass <= 1 - _SMALLEST_TAIL:
            hint = f"write {mass / 100:g} for {mass:g} %" if 1 < mass < 100 else ""
            raise InvalidValueError(
                f"must lie between 0 and 1, not {mass:g}", where="mass",
                why="it is the probability of the range", remedy=hint,
            )  # fmt: skip
        return mass

    @property
    def log_mean(self) -> float:
        """Return the mean of the log: the log of the median."""
        return float((np.log(self.low) + np.log(self.high)) / 2)

    @property
    def log_error(self) -> float:
        """Return the standard deviation of the log."""
        from scipy.special import ndtri

        width = np.log(self.high) - np.log(self.low)
        return float(width / (2 * ndtri((1 + self.mass) / 2)))

    def log_quantile(self, probability: ArrayLike) -> FloatArray:
        """Return the logs of the numbers below which the given probabilities lie, same shape."""
        from scipy.special import ndtri

        return np.asarray(self.log_mean + self.log_error * ndtri(np.asarray(probability, float)))

    def quantile(self, probability: ArrayLike) -> FloatArray:
        """Return the numbers below which the given probabilities lie, same shape."""
        return np.asarray(np.exp(self.log_quantile(probability)))

    def draw(self, rng: np.random.Generator, draws: int) -> NDArray[np.int64]:
        """Return independent draws of the number of deaths, whole numbers, shape (draws,)."""
        found = np.exp(self.log_mean + self.log_error * rng.standard_normal(draws))
        return np.rint(np.minimum(found, LARGEST_COUNT)).astype(np.int64)

    def content(self) -> dict[str, Any]:
        """Return the numbers that define the belief (no labels, reasons, dates)."""
        return {"kind": self.kind, "low": self.low, "high": self.high, "mass": self.mass}

    def describe(self) -> str:
        """Return the belief in a few words."""
        of = f" ({self.scope})" if self.scope else ""
        return (
            f"log-normal, {self.mass:.4g} between {self.low:,.0f} and {self.high:,.0f} deaths{of}; "
            f"median {float(self.quantile(0.5)):,.0f}"
        )
