"""Forms of a belief: known, uniform, uniform on the total, beta, logit-normal."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from models.beliefs.base import Belief, FloatArray
from models.checks import ordered, positive, real, share
from models.errors import InvalidValueError

if TYPE_CHECKING:
    from pytensor.tensor.variable import TensorVariable

#: Log odds beyond this are a share of 0 or 1 for all purposes.
_LARGEST_LOG_ODDS = 100.0


@dataclasses.dataclass(frozen=True)
class Known(Belief):
    """A share that is taken as known exactly."""

    value: float
    kind: ClassVar[str] = "known"
    hard: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "value", share(self.value, "value"))

    def draw(self, rng: np.random.Generator, draws: int) -> FloatArray:
        """Return the known share `draws` times."""
        return np.full(draws, self.value)

    def quantile(self, probability: ArrayLike) -> FloatArray:
        """Return the known share for each probability."""
        return np.full(np.shape(probability), self.value)

    def variance(self) -> float:
        """Return 0."""
        return 0.0

    def log_density(self, value: ArrayLike) -> FloatArray:
        """Return 0 at the known share (a point mass adds nothing), minus infinity elsewhere."""
        return np.where(np.asarray(value, dtype=float) == self.value, 0.0, -np.inf)

    def graph(self, name: str) -> TensorVariable:
        """Add the share as data: it is no unknown."""
        import pymc as pm

        return pm.Data(f"{name}_value", self.value)

    def free_name(self, name: str) -> None:
        """Return None: a known share is not free."""
        return None


@dataclasses.dataclass(frozen=True)
class Uniform(Belief):
    """All shares between `low` and `high` equally likely, none outside: a hard range."""

    low: float
    high: float
    kind: ClassVar[str] = "uniform"
    hard: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        low, high = share(self.low, "low"), share(self.high, "high")
        ordered(low, high, "range", strictly=True)
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)
        if self.stated is None:
            object.__setattr__(self, "stated", (low, high, 1.0))

    def draw(self, rng: np.random.Generator, draws: int) -> FloatArray:
        """Return independent draws, shape (draws,)."""
        return rng.uniform(self.low, self.high, draws)

    def quantile(self, probability: ArrayLike) -> FloatArray:
        """Return quantiles, same shape."""
        return self.low + (self.high - self.low) * np.asarray(probability, dtype=float)

    def log_density(self, value: ArrayLike) -> FloatArray:
        """Return the log density, same shape."""
        value = np.asarray(value, dtype=float)
        inside = (value >= self.low) & (value <= self.high)
        return np.where(inside, -np.log(self.high - self.low), -np.inf)

    def graph(self, name: str) -> TensorVariable:
        """Add a uniform share."""
        import pymc as pm

        low, high = pm.Data(f"{name}_low", self.low), pm.Data(f"{name}_high", self.high)
        return pm.Uniform(name, lower=low, upper=high)


@dataclasses.dataclass(frozen=True)
class UniformTotal(Uniform):
    """A hard range of the share within which the *total* (count / share) is uniform.

    The share then has density proportional to 1 / share^2: the same range, read as a statement
    about how many died rather than about how complete the list is.
    """

    kind: ClassVar[str] = "uniform_total"

    def draw(self, rng: np.random.Generator, draws: int) -> FloatArray:
        """Return independent draws, shape (draws,)."""
        return 1 / rng.uniform(1 / self.high, 1 / self.low, draws)

    def quantile(self, probability: ArrayLike) -> FloatArray:
        """Return quantiles, same shape."""
        probability = np.asarray(probability, dtype=float)
        return 1 / (1 / self.low - (1 / self.low - 1 / self.high) * probability)

    def log_density(self, value: ArrayLike) -> FloatArray:
        """Return the log density, same shape."""
        value = np.asarray(value, dtype=float)
        inside = (value >= self.low) & (value <= self.high)
        with np.errstate(divide="ignore"):
            density = -2 * np.log(value) - np.log(1 / self.low - 1 / self.high)
        return np.where(inside, density, -np.inf)

    def graph(self, name: str) -> TensorVariable:
        """Add a uniform inverse share and the share that follows from it."""
        import pymc as pm

        low, high = pm.Data(f"{name}_low", self.low), pm.Data(f"{name}_high", self.high)
        inverse = pm.Uniform(f"inverse_{name}", lower=1 / high, upper=1 / low)
        return pm.Deterministic(name, 1 / inverse)

    def free_name(self, name: str) -> str:
        """Return the name of the inverse share."""
        return f"inverse_{name}"

    def to_free(self, value: ArrayLike) -> FloatArray:
        """Return the inverse share."""
        return 1 / np.asarray(value, dtype=float)

    def log_jacobian(self, value: ArrayLike) -> FloatArray:
        """Return log of share^2."""
        return 2 * np.log(np.asarray(value, dtype=float))


@dataclasses.dataclass(frozen=True)
class Beta(Belief):
    """A beta distribution with parameters `alpha` and `beta`, both above 0."""

    alpha: float
    beta: float
    kind: ClassVar[str] = "beta"

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "alpha", positive(self.alpha, "alpha"))
        object.__setattr__(self, "beta", positive(self.beta, "beta"))

    def draw(self, rng: np.random.Generator, draws: int) -> FloatArray:
        """Return independent draws, shape (draws,)."""
        return rng.beta(self.alpha, self.beta, draws)

    def quantile(self, probability: ArrayLike) -> FloatArray:
        """Return quantiles, same shape."""
        from scipy.special import betaincinv

        return np.asarray(betaincinv(self.alpha, self.beta, np.asarray(probability, dtype=float)))

    def log_density(self, value: ArrayLike) -> FloatArray:
        """Return the log density, same shape."""
        from scipy.special import betaln, xlog1py, xlogy

        value = np.asarray(value, dtype=float)
        kernel = xlogy(self.alpha - 1, value) + xlog1py(self.beta - 1, -value)
        inside = (value >= 0) & (value <= 1)
        return np.where(inside, kernel - betaln(self.alpha, self.beta), -np.inf)

    def mean(self) -> float:
        """Return the mean."""
        return self.alpha / (self.alpha + self.beta)

    def variance(self) -> float:
        """Return the variance."""
        size = self.alpha + self.beta
        return self.alpha * self.beta / (size**2 * (size + 1))

    def inverse_moment_order(self) -> float:
        """Return alpha: E[share^-k] is finite for k < alpha only."""
        return self.alpha

    def graph(self, name: str) -> TensorVariable:
        """Add a beta share."""
        import pymc as pm

        alpha = pm.Data(f"{name}_alpha", self.alpha)
        return pm.Beta(name, alpha=alpha, beta=pm.Data(f"{name}_beta", self.beta))


@dataclasses.dataclass(frozen=True)
class LogitNormal(Belief):
    """A share whose log odds are normal with mean `mu` and standard deviation `sigma`."""

    mu: float
    sigma: float
    kind: ClassVar[str] = "logit_normal"

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "mu", real(self.mu, "mu"))
        object.__setattr__(self, "sigma", positive(self.sigma, "sigma"))
        if abs(self.mu) > _LARGEST_LOG_ODDS:
            raise InvalidValueError(
                f"{self.mu:g} is no plausible log odds", where="mu",
                why="a share of 99.9 % has log odds of 6.9", remedy="0 means one half",
            )  # fmt: skip

    def draw(self, rng: np.random.Generator, draws: int) -> FloatArray:
        """Return independent draws, shape (draws,)."""
        with np.errstate(over="ignore"):  # an overflow is a share of 0
            return 1 / (1 + np.exp(-rng.normal(self.mu, self.sigma, draws)))

    def quantile(self, probability: ArrayLike) -> FloatArray:
        """Return quantiles, same shape."""
        from scipy.special import expit, ndtri

        return np.asarray(expit(self.mu + self.sigma * ndtri(np.asarray(probability, dtype=float))))

    def log_density(self, value: ArrayLike) -> FloatArray:
        """Return the log density, same shape."""
        value = np.asarray(value, dtype=float)
        inside = (value > 0) & (value < 1)
        inner = np.where(inside, value, 0.5)
        z = (np.log(inner) - np.log1p(-inner) - self.mu) / self.sigma
        density = (
            -0.5 * z**2 - np.log(self.sigma * np.sqrt(2 * np.pi)) - np.log(inner * (1 - inner))
        )
        return np.where(inside, density, -np.inf)

    def graph(self, name: str) -> TensorVariable:
        """Add a logit-normal share."""
        import pymc as pm

        mu, sigma = pm.Data(f"{name}_mu", self.mu), pm.Data(f"{name}_sigma", self.sigma)
        return pm.LogitNormal(name, mu=mu, sigma=sigma)
