"""A list of which totals over time are known: the part of a joint that it makes."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from models.beliefs import Known
from models.beliefs.base import FloatArray
from models.errors import RefusedError
from models.learning.counted import Counted
from models.losses import Walk
from models.snapshots import Snapshots, Totals
from models.thinning import LARGEST_MEAN

if TYPE_CHECKING:
    import datetime

    from models.reporting.completion import Shares

#: Log of no share at all: small enough to vanish beside any rate, and still a number.
_NOTHING = -1e3

#: Smallest sum of expected names, relative to the largest rate.
_TINY = 1e-300


@dataclasses.dataclass(frozen=True, eq=False)
class Tallied(Counted):
    """Names of one list that came between two days; see `models.snapshots.Snapshots`.

    The log rate of listed names is a walk as that of `Counted`, its level that of the periods until
    the last total; after it the walk goes on without data.  Names between two days are a negative
    binomial sum over the days of the periods.

    Parameters
    ----------
    losses : Walk
    count : Snapshots
    name : str
        Name of the evidence.
    """

    losses: Walk
    count: Snapshots  # type: ignore[assignment]

    def __post_init__(self) -> None:
        if not isinstance(self.losses, Walk):
            raise RefusedError(
                f"{self.losses.kind} losses do not stand beside totals over time", where="losses",
                why="rates of different periods made the totals", remedy="walk losses",
            )  # fmt: skip

    # -- what there is --------------------------------------------------------------------------

    @property
    def counts(self) -> NDArray[np.int64]:
        """Return the names between two days, (n_row,)."""
        return self.count.totals.increments

    @property
    def periods(self) -> tuple[datetime.date, ...]:
        """Return first days."""
        return self.count.totals.periods

    @property
    def step(self) -> str:
        """Return the length of a period."""
        return self.count.totals.step

    @property
    def weights(self) -> FloatArray:
        """Return the share of each period in each row of names, (n_row, n_period)."""
        return self.count.totals.weights

    @functools.cached_property
    def known(self) -> FloatArray:
        """Return the share of each period that lies before the last total, (n_period,)."""
        return np.minimum(self.weights.sum(axis=0), 1.0)

    @property
    def log_known(self) -> FloatArray:
        """Return its log; a large negative number after the last total."""
        until = self.known > 0
        return np.where(until, np.log(np.where(until, self.known, 1.0)), _NOTHING)

    @property
    def typical(self) -> float:
        """Return the log of the mean names of a period."""
        return float(np.log(max(self.counts.sum() / self.known.sum(), 1.0)))

    def dims(self) -> dict[str, tuple[str, ...]]:
        """Return the dimensions of the data and their log probabilities."""
        return dict.fromkeys((self.name, f"{self.name}_count"), (f"{self.name}_day",))

    def coords(self) -> dict[str, list[str]]:
        """Return the labels of rows of names: the days at which they end."""
        days = [day.isoformat() for day in self.count.totals.days]
        room = [f"room {at + 1}" for at in range(self.counts.size - len(days))]
        return {f"{self.name}_day": days + room}

    def sizes(self) -> list[tuple[str, int]]:
        """Return blocks of unknowns with their sizes."""
        return [*super().sizes(), ("log_noise", 1)]

    def priors(self) -> dict[str, float]:
        """Return numbers of the priors, by name."""
        return super().priors() | {"log_noise": self.count.noise}

    def structure(self) -> tuple[Any, ...]:
        """Return what fixes the form of the graph beside the blocks."""
        return ("tallied", self.name, self.counts.size)

    # -- the NumPy face -------------------------------------------------------------------------

    def log_rate(self, latent: FloatArray, blocks: Mapping[str, slice]) -> FloatArray:
        """Return the log expected names of each whole period, (draw, n_period)."""
        steps = np.exp(latent[:, blocks["log_step"]]) * np.sinh(latent[:, blocks["step"]])
        if self.losses.drift is not None:
            steps = steps + self.losses.drift * latent[:, blocks["walk_drift"]]
        path = np.pad(np.cumsum(steps, axis=1), ((0, 0), (1, 0)))
        # what the walk does after the last total must not move the level of what is known
        center = path @ (self.known / self.known.sum())
        return np.asarray(latent[:, blocks["level"]] + self.typical + path - center[:, None])

    def log_means(self, log_rate: FloatArray, weights: FloatArray | None = None) -> FloatArray:
        """Return the log expected names of rows, (draw, n_row).

        Parameters
        ----------
        log_rate : (draw, n_period) numbers
        weights : (n_row, n_period) shares, optional
            Of each period in each row; those between two totals by default.
        """
        weights = self.weights if weights is None else weights
        used = weights.any(axis=0)
        rate = log_rate[:, used]
        highest = rate.max(axis=1, keepdims=True)
        sums = np.exp(rate - highest) @ weights[:, used].T
        return np.asarray(np.log(np.maximum(sums, _TINY)) + highest)

    def log_prior(self, latent: FloatArray, blocks: Mapping[str, slice]) -> dict[str, FloatArray]:
        """Return the log prior by unknown, (draw,); the free level adds nothing."""
        from scipy import stats

        noise = np.exp(latent[:, blocks["log_noise"]])
        each = stats.halfnorm.logpdf(noise, scale=self.count.noise).sum(axis=1)
        return super().log_prior(latent, blocks) | {"noise": each}

    def log_jacobian(self, latent: FloatArray, blocks: Mapping[str, slice]) -> FloatArray:
        """Return the log derivative of the unknowns by their unbounded coordinates, (draw,)."""
        noise = latent[:, blocks["log_noise"]].sum(axis=1)
        return np.asarray(super().log_jacobian(latent, blocks) + noise)

    def log_likelihood(self, latent: FloatArray, blocks: Mapping[str, slice]) -> FloatArray:
        """Return the log probability of the names between two days, (draw, n_row)."""
        from scipy.special import gammaln

        means = self.log_means(self.log_rate(latent, blocks))
        log_inverse = 2 * latent[:, blocks["log_noise"]]
        counts, size = self.counts, np.exp(-log_inverse)
        rising = gammaln(counts + size) - gammaln(size) + counts * log_inverse
        return np.asarray(
            rising - gammaln(counts + 1.0) + counts * means
            - (counts + size) * np.logaddexp(0.0, means + log_inverse)
        )  # fmt: skip

    def simulate(
        self, latent: FloatArray, blocks: Mapping[str, slice], shares: Shares,
        rng: np.random.Generator,
    ) -> dict[str, np.ndarray]:  # fmt: skip
        """Simulate names and deaths until the last day.

        Returns
        -------
        dict of (draw, ...) arrays
            count (draw, n_row), deaths (draw, n_period); seen, unseen, total, coverage, precision
            (draw,).
        """
        means = self._means(latent, blocks)
        size = np.exp(-2 * latent[:, blocks["log_noise"]])
        batches = rng.standard_gamma(size, means.shape) / size
        precision = shares.precision[:, None]
        true = rng.poisson(means * batches * precision)
        false = rng.poisson(means * batches * (1 - precision))
        seen = true.sum(axis=1)
        unseen, deaths = self._deaths(latent, blocks, shares, means * batches, seen, rng)
        return {
            "count": true + false, "seen": seen, "unseen": unseen, "total": seen + unseen,
            "deaths": deaths, "coverage": shares.coverage, "precision": shares.precision,
        }  # fmt: skip

    def complete(
        self, latent: FloatArray, blocks: Mapping[str, slice], shares: Shares,
        rng: np.random.Generator,
    ) -> dict[str, np.ndarray]:  # fmt: skip
        """Draw deaths until the last day given the unknowns and the names.

        Returns
        -------
        dict of (draw, ...) arrays
            total, unseen, observed, realized_coverage, coverage, precision, noise (draw,); deaths
            (draw, n_period), which are spread over periods as their rates are: names do not tell
            when somebody died.  There are none after the last day.
        """
        means = self._means(latent, blocks)
        size = np.exp(-2 * latent[:, blocks["log_noise"]])
        batches = rng.standard_gamma(size + self.counts) / (size + means)
        listed = np.full(latent.shape[0], self.count.names)
        precision = self.count.precision
        exact = isinstance(precision, Known) and precision.value == 1
        seen = listed if exact else rng.binomial(listed, shares.precision)
        unseen, deaths = self._deaths(latent, blocks, shares, means * batches, seen, rng)
        total = seen + unseen
        return {
            "total": total, "unseen": unseen, "observed": seen, "deaths": deaths,
            "realized_coverage": seen / np.maximum(total, 1), "coverage": shares.coverage,
            "precision": shares.precision, "noise": np.exp(latent[:, blocks["log_noise"].start]),
        }  # fmt: skip

    def _means(self, latent: FloatArray, blocks: Mapping[str, slice]) -> FloatArray:
        largest = np.log(LARGEST_MEAN / self.counts.size)
        return np.exp(np.minimum(self.log_means(self.log_rate(latent, blocks)), largest))

    def _deaths(
        self, latent: FloatArray, blocks: Mapping[str, slice], shares: Shares, listed: FloatArray,
        seen: NDArray[np.int64], rng: np.random.Generator,
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:  # fmt: skip
        """Return deaths that are not listed (draw,), and all by period, until the last day.

        Batches change which deaths are listed, not how many there are: what they bring beyond the
        rate was missed before.
        """
        until = self.known > 0
        expected = np.zeros((latent.shape[0], until.size))
        rate = self.log_rate(latent, blocks)[:, until] + np.log(self.known[until])
        odds = np.broadcast_to(shares.odds, expected.shape)[:, until]
        rate = np.minimum(rate, np.log(LARGEST_MEAN / until.size))
        expected[:, until] = np.exp(rate) * shares.precision[:, None] * (1 + odds)
        total = expected.sum(axis=1)
        missed = total - shares.precision * listed.sum(axis=1)
        unseen = rng.poisson(np.clip(missed, 0, LARGEST_MEAN))
        return unseen, rng.multinomial(seen + unseen, expected / total[:, None])

    def data(self, simulated: Mapping[str, np.ndarray], index: int) -> Totals:  # type: ignore[override]
        """Return the data of one simulation."""
        of = self.count.totals
        totals = np.cumsum(simulated["count"][index][: len(of.days)])
        return dataclasses.replace(of, totals=totals)

    def prior_latent(
        self, latent: FloatArray, blocks: Mapping[str, slice], rng: np.random.Generator
    ) -> None:
        """Put draws from the priors into the blocks of the list, the level at 0."""
        super().prior_latent(latent, blocks, rng)
        drawn = np.abs(rng.normal(0, self.count.noise, (latent.shape[0], 1)))
        latent[:, blocks["log_noise"]] = np.log(drawn)

    # -- what the search for coordinates asks -----------------------------------------------------

    def noises(self) -> tuple[str, ...]:
        """Return log scales that spread the data."""
        return ("log_noise",)

    def start(self, block: str) -> float:
        """Return where a log scale begins."""
        return {"log_noise": 0.2}.get(block) or super().start(block)

    def scoring(
        self, latent: FloatArray, blocks: Mapping[str, slice]
    ) -> tuple[FloatArray, FloatArray]:
        """Return slope and expected information of the log likelihood of the names."""
        width, size = 1e-5, latent.size
        points = np.concatenate([latent[None], latent + width * np.eye(size)])
        means = self.log_means(self.log_rate(points, blocks))
        jacobian = (means[1:] - means[0]) / width
        mean = np.exp(np.minimum(means[0], 25.0))
        weight = 1 / (1 + mean * np.exp(2 * latent[blocks["log_noise"]][0]))
        slope = jacobian @ (weight * (self.counts - mean))
        return slope, (jacobian * (weight * mean)) @ jacobian.T

    # -- the PyMC face --------------------------------------------------------------------------

    def graph_data(self) -> dict[str, Any]:
        """Return the values of the ``pm.Data`` of the list, by name."""
        return {f"{self.name}_count": self.counts, f"{self.name}_days": self.weights,
                f"{self.name}_known": self.log_known, "typical": self.typical}  # fmt: skip

    def graph_prior(self, latent: Any, blocks: Mapping[str, slice], priors: Any) -> Any:
        """Return the log prior density of the blocks of the list in latent coordinates."""
        from models.graph_priors import half_normal

        noise = half_normal(latent[blocks["log_noise"]], priors["log_noise"])
        return super().graph_prior(latent, blocks, priors) + noise

    def graph_rate(self, latent: Any, blocks: Mapping[str, slice], data: Any, priors: Any) -> Any:
        """Return the log expected names of each whole period."""
        import pytensor.tensor as pt

        steps = pt.exp(latent[blocks["log_step"]]) * pt.sinh(latent[blocks["step"]])
        if self.losses.drift is not None:
            steps = steps + priors["walk_drift"] * latent[blocks["walk_drift"]]
        path = pt.concatenate([pt.zeros(1), pt.cumsum(steps)])
        known = pt.minimum(data[f"{self.name}_days"].sum(axis=0), 1.0)
        return latent[blocks["level"]] + data["typical"] + path - (path * known).sum() / known.sum()

    def graph_observe(
        self, latent: Any, blocks: Mapping[str, slice], data: Any, priors: Any
    ) -> None:
        """Add the names between two days to the PyMC model in context."""
        import pymc as pm
        import pytensor.tensor as pt

        days = data[f"{self.name}_days"]
        rate = self.graph_rate(latent, blocks, data, priors)
        # periods after the last total are in no row, however high the walk goes there
        rate = pt.switch(pt.gt(days.sum(axis=0), 0), rate, _NOTHING)
        sums = (days * pt.exp(rate - rate.max())[None, :]).sum(axis=1)
        means = pt.log(pt.maximum(sums, _TINY)) + rate.max()
        size = pt.exp(-2 * latent[blocks["log_noise"]])[0]
        pm.NegativeBinomial(
            self.name, mu=pt.exp(means), alpha=size, observed=data[f"{self.name}_count"]
        )  # fmt: skip
