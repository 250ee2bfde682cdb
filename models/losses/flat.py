"""The loss process: what is believed about the rate of deaths before anybody is counted."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from models.beliefs.base import FloatArray
from models.checks import LARGEST_COUNT, ordered, positive, probability, text
from models.declare import Assumption, Parameter
from models.errors import InvalidValueError

if TYPE_CHECKING:
    from pytensor.tensor.variable import TensorVariable


#: Above this size a gamma mixture cannot be told from none in double precision.
_LARGEST_CLUSTERING = 1e9
#: Below this size draws of the mixture underflow.
_SMALLEST_CLUSTERING = 0.05


@dataclasses.dataclass(frozen=True)
class ScalePrior:
    """The scale prior p(rate) ~ 1 / rate: no opinion on the order of magnitude. Improper."""

    reason: str = "no opinion on the order of magnitude"
    source: str = ""
    kind: ClassVar[str] = "scale"
    proper: ClassVar[bool] = False

    def says(self) -> str:
        """Return the prior in words."""
        return "scale prior, p(rate) ~ 1 / rate (improper)"


@dataclasses.dataclass(frozen=True)
class GammaPrior:
    """A proper gamma prior on the rate (expected deaths) with mean shape / inverse_scale.

    Parameters
    ----------
    shape : float
        Shape, above 0.
    inverse_scale : float
        Inverse scale, above 0, per death.
    """

    shape: float
    inverse_scale: float
    reason: str = ""
    source: str = ""
    kind: ClassVar[str] = "gamma"
    proper: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", positive(self.shape, "shape"))
        object.__setattr__(self, "inverse_scale", positive(self.inverse_scale, "inverse_scale"))
        if self.shape / self.inverse_scale > LARGEST_COUNT:
            raise InvalidValueError(
                f"a mean of {self.shape / self.inverse_scale:.3g} deaths is too large to represent",
                where="inverse_scale",
                remedy=f"expect {LARGEST_COUNT:,} deaths at most",
            )
        text(self.reason, "reason")
        text(self.source, "source")

    def says(self) -> str:
        """Return the prior in words."""
        mean = self.shape / self.inverse_scale
        return f"gamma, shape {self.shape:.4g}, mean {mean:,.4g} deaths"

    def draw(self, rng: np.random.Generator, draws: int) -> FloatArray:
        """Return draws of the rate, shape (draws,), deaths."""
        return rng.standard_gamma(self.shape, draws) / self.inverse_scale

    def log_density(self, rate: ArrayLike) -> FloatArray:
        """Return the log density of the rate, same shape."""
        from scipy.special import gammaln, xlogy

        rate = np.asarray(rate, dtype=float)
        constant = self.shape * np.log(self.inverse_scale) - gammaln(self.shape)
        return np.asarray(constant + xlogy(self.shape - 1, rate) - self.inverse_scale * rate)


def gamma_between(low: float, high: float, mass: float = 0.95, **words: Any) -> GammaPrior:
    """Return the gamma prior with `mass` between `low` and `high` deaths and equal tails outside.

    Raises
    ------
    InvalidValueError
        If the range has no width, or is too wide or too narrow for a gamma.
    """
    from scipy.special import gammaincinv

    low, high = positive(low, "low"), positive(high, "high")
    ordered(low, high, "range", strictly=True)
    tail = (1 - probability(mass, "mass")) / 2
    # the ratio of two quantiles of a gamma falls as its shape grows
    left, right = np.log(1e-2), np.log(1e12)
    for _ in range(100):
        middle = (left + right) / 2
        ends = gammaincinv(np.exp(middle), [tail, 1 - tail])
        if ends[0] == 0 or ends[1] / ends[0] > high / low:
            left = middle
        else:
            right = middle
    shape = float(np.exp(right))
    ends = gammaincinv(shape, [tail, 1 - tail])
    if not np.isclose(ends[1] / ends[0], high / low, rtol=1e-4):
        raise InvalidValueError(
            f"no gamma distribution has mass {mass:g} between {low:g} and {high:g}", where="range"
        )
    return GammaPrior(shape, float(ends[1] / high), **words)


@dataclasses.dataclass(frozen=True)
class Flat:
    """One rate of deaths without links to other cells.

    Model: deaths ~ Poisson(rate * g), rate with a scale prior or a gamma; g = 1, or, if deaths
    cluster, g ~ Gamma(clustering, clustering), shared by the seen and the unseen.

    Parameters
    ----------
    prior : ScalePrior or GammaPrior
        Prior of the rate (expected deaths).
    clustering : float, optional
        Size k of the gamma mixture of the rate: small k, strong clustering; none by default.
        Under the scale prior it leaves the total of a single cell unchanged.
    """

    prior: ScalePrior | GammaPrior = ScalePrior()
    clustering: float | None = None
    kind: ClassVar[str] = "flat"

    def __post_init__(self) -> None:
        if not isinstance(self.prior, (ScalePrior, GammaPrior)):
            raise InvalidValueError(
                f"must be a ScalePrior or a GammaPrior, not {self.prior!r}", where="prior"
            )
        if self.clustering is not None:
            object.__setattr__(self, "clustering", positive(self.clustering, "clustering"))
            if self.clustering < _SMALLEST_CLUSTERING:
                raise InvalidValueError(
                    f"{self.clustering:g} is below {_SMALLEST_CLUSTERING:g}", where="clustering",
                    why="nearly all such worlds have no deaths at all, and a few have all of them",
                    remedy="sizes of 1 to 100 are usual",
                )  # fmt: skip
            if self.clustering > _LARGEST_CLUSTERING:
                raise InvalidValueError(
                    f"{self.clustering:g} is the same as none", where="clustering",
                    why="it is the size of the mixture: larger means weaker",
                    remedy="leave it out",
                )  # fmt: skip

    def parameters(self) -> tuple[Parameter, ...]:
        """Return the unknowns that the losses bring."""
        prior = self.prior
        return (
            Parameter(
                "rate", "expected deaths", "deaths", "above 0", prior.says(), prior.reason,
                prior.source,
            ),
        )  # fmt: skip

    def assumptions(self) -> tuple[Assumption, ...]:
        """Return what must hold for the losses."""
        if self.clustering is None:
            return ()
        return (
            Assumption(
                f"deaths cluster with size {self.clustering:g}, the seen and the unseen alike",
                "either",
                "a burst of reports is not a burst of deaths",
            ),
        )

    def log_prior(self, rate: ArrayLike) -> FloatArray:
        """Return the log prior density of the rate (up to a constant if improper), same shape."""
        if isinstance(self.prior, GammaPrior):
            return self.prior.log_density(rate)
        return -np.log(np.asarray(rate, dtype=float))

    def content(self) -> dict[str, Any]:
        """Return the numbers that define the losses."""
        prior: dict[str, Any] = {"kind": self.prior.kind}
        if isinstance(self.prior, GammaPrior):
            prior |= {"shape": self.prior.shape, "inverse_scale": self.prior.inverse_scale}
        return {"kind": self.kind, "prior": prior, "clustering": self.clustering}

    def structure(self) -> tuple[Any, ...]:
        """Return what fixes the form of the graph, numbers aside."""
        return (self.kind, self.prior.kind, self.clustering is not None)

    def graph(self, inclusion: TensorVariable, count: TensorVariable) -> TensorVariable:
        """Add the rate to the PyMC model in context.

        The free variable is the *seen* rate (rate * inclusion): data determine it well whatever the
        inclusion is, so that the sampler meets no ridge between rate and coverage.

        Parameters
        ----------
        inclusion : scalar tensor
            Expected listed names per death.
        count : scalar tensor
            Listed names; the scale of the improper rate, so that zero is a sensible start.
        """
        import pymc as pm

        if isinstance(self.prior, GammaPrior):
            inverse_scale = pm.Data("rate_inverse_scale", self.prior.inverse_scale)
            seen_rate = pm.Gamma(
                "seen_rate", alpha=pm.Data("rate_shape", self.prior.shape),
                beta=inverse_scale / inclusion,
            )  # fmt: skip
        else:
            deviation = pm.Flat("log_seen_rate_deviation")
            seen_rate = pm.Deterministic("seen_rate", count * pm.math.exp(deviation))
        pm.Deterministic("rate", seen_rate / inclusion)
        return seen_rate

    def graph_data(self) -> dict[str, Any]:
        """Return the values of the ``pm.Data`` that `graph` creates, by name."""
        if isinstance(self.prior, GammaPrior):
            shape, inverse_scale = self.prior.shape, self.prior.inverse_scale
            return {"rate_shape": shape, "rate_inverse_scale": inverse_scale}
        return {}
