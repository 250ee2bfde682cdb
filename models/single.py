"""The joint of flat losses and one count: its densities, its graph, its simulation."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from models.beliefs import Known
from models.beliefs.base import FloatArray
from models.count import Count
from models.errors import NotEstimableError, RefusedError
from models.exact import Draws
from models.losses import Flat, GammaPrior
from models.thinning import complete_total, draw_mixing, refuse_unbounded

if TYPE_CHECKING:
    import pymc


@dataclasses.dataclass(frozen=True)
class Single:
    """One rate of deaths, one list of names.

    Parameters
    ----------
    losses : Flat
    count : Count
        With a plain number of names.
    name : str
        Name of the evidence.

    Raises
    ------
    NotEstimableError
        If the count does not determine the total.
    """

    losses: Flat
    count: Count
    name: str

    def __post_init__(self) -> None:
        if isinstance(self.losses.prior, GammaPrior):
            return
        if self.count.names == 0:
            raise NotEstimableError(
                "a count of zero under the scale prior has no posterior",
                where=f"evidence.{self.name}.count",
                why="zero names fit every rate down to nothing",
                remedy="state a proper gamma prior on the expected deaths "
                "(total: --prior LOW HIGH; study: losses.prior)",
            )
        refuse_unbounded(self.count.names, self.count.coverage)

    @property
    def exact(self) -> bool:
        """Return whether independent draws exist."""
        return True

    @property
    def scale_free(self) -> bool:
        """Return whether the level has the scale prior, so that coverage keeps its prior."""
        return not isinstance(self.losses.prior, GammaPrior)

    def dims(self) -> dict[str, tuple[str, ...]]:
        """Return the dimensions of estimands that have any."""
        return {}

    def coords(self) -> dict[str, list[str]]:
        """Return the labels of each dimension."""
        return {}

    def constants(self) -> frozenset[str]:
        """Return the estimands that the model takes as known."""
        found = set()
        if self.count.names == 0:
            found |= {"observed", "realized_coverage"}
        if isinstance(self.count.precision, Known):
            found.add("precision")
            if self.count.precision.value == 1:
                found.add("observed")
        if isinstance(self.count.coverage, Known):
            found.add("coverage")
            if self.count.coverage.value == 1:
                found |= {"unseen", "realized_coverage"}
                if "observed" in found:
                    found.add("total")
        return frozenset(found)

    def moment_orders(self) -> dict[str, float]:
        """Return, by estimand, the order below which posterior moments exist; absent: all do.

        Under the scale prior the total inherits the moments of 1 / coverage, and clustering of size
        k leaves the rate moments below k only.
        """
        if isinstance(self.losses.prior, GammaPrior):
            return {}
        order = self.count.coverage.inverse_moment_order()
        k = self.losses.clustering
        return {"total": order, "unseen": order, "rate": min(order, k if k else float("inf"))}

    def formula(self) -> list[str]:
        """Return the model as lines of formulas."""
        k = self.losses.clustering
        shared = " * g" if k is not None else ""
        lines = [f"{self.name} ~ Poisson(rate{shared} * coverage / precision)"]
        if k is not None:
            lines.append(f"g ~ Gamma({k:g}, {k:g}), shared by seen and unseen")
        return [
            *lines,
            f"observed ~ Binomial({self.name}, precision)",
            f"unseen ~ Poisson(rate{shared} * (1 - coverage))",
            "total = observed + unseen",
        ]

    def rank_quantities(self, values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return what calibration ranks, each (draw,), of simulated truths or posterior draws."""
        names = ("total", "coverage", "precision", "rate")
        return {name: values[name] for name in names if name not in self.constants()}

    def simulated_data(self, simulated: Mapping[str, np.ndarray], index: int) -> int:
        """Return the count of one simulated list."""
        return int(simulated["count"][index])

    def structure(self) -> tuple[Any, ...]:
        """Return what fixes the form of the graph, numbers aside."""
        return (self.losses.structure(), self.name, self.count.structure())

    # -- the NumPy face -------------------------------------------------------------------------

    def log_prior(self, theta: Mapping[str, ArrayLike]) -> dict[str, FloatArray]:
        """Return the log prior density of each unknown, each (draw,).

        Densities are with respect to (rate, coverage, precision); known shares add nothing, the
        scale prior adds -log(rate).
        """
        found = {"rate": self.losses.log_prior(theta["rate"])}
        for name in ("coverage", "precision"):
            belief = getattr(self.count, name)
            if not isinstance(belief, Known):
                found[name] = belief.log_density(theta[name])
        return found

    def log_likelihood(self, theta: Mapping[str, ArrayLike]) -> dict[str, FloatArray]:
        """Return the log probability of the count, (draw,), by the name of the evidence."""
        clustering = self.losses.clustering
        return {self.name: self.count.log_likelihood(theta["rate"], dict(theta), clustering)}

    def complete(
        self, free: Mapping[str, FloatArray], rng: np.random.Generator
    ) -> tuple[dict[str, np.ndarray], dict[str, FloatArray]]:
        """Draw totals given what the graph was sampled for.

        Parameters
        ----------
        free : mapping of (draw,) arrays
            Variables of the graph.
        rng : numpy.random.Generator

        Returns
        -------
        estimands, unknowns : dict of (draw,) arrays
            What is reported, and what densities are functions of.
        """
        rate = free["rate"]

        def share(name: str) -> FloatArray:
            if name in free:
                return free[name]
            return np.full(rate.shape, getattr(self.count, name).value)

        coverage, precision = share("coverage"), share("precision")
        seen_rate = rate * coverage / precision
        mixing = draw_mixing(self.count.names, seen_rate, self.losses.clustering, rng)
        known = self.count.precision
        exactly_one = isinstance(known, Known) and known.value == 1
        observed, total = complete_total(
            rate * mixing * (1 - coverage), self.count.names, None if exactly_one else precision,
            rng,
        )  # fmt: skip
        unknowns = {"rate": rate, "coverage": coverage, "precision": precision}
        return dict(Draws(rate, coverage, precision, observed, total).named()), unknowns

    def simulate(
        self, rng: np.random.Generator, draws: int, rate: ArrayLike | None
    ) -> dict[str, np.ndarray]:
        """Simulate unknowns and lists; see `models.model.Model.simulate`."""
        prior = self.losses.prior
        if rate is None:
            if not isinstance(prior, GammaPrior):
                raise RefusedError(
                    "the scale prior cannot be simulated from", where="losses.prior",
                    why="it is improper", remedy="fix the rate",
                )  # fmt: skip
            rate = prior.draw(rng, draws)
        rates = np.broadcast_to(np.asarray(rate, dtype=float), (draws,))
        theta = {
            "coverage": self.count.coverage.draw(rng, draws),
            "precision": self.count.precision.draw(rng, draws),
        }
        k = self.losses.clustering
        mixing = 1.0 if k is None else rng.standard_gamma(k, draws) / k
        return {"rate": rates, **theta, **self.count.simulate(rates * mixing, dict(theta), rng)}

    # -- the PyMC face --------------------------------------------------------------------------

    def graph(self) -> pymc.Model:
        """Return the PyMC model: all numbers are ``pm.Data``, nothing discrete is free."""
        import pymc as pm

        with pm.Model() as model:
            count = pm.Data(f"{self.name}_count", self.count.names)
            clustering = None
            if self.losses.clustering is not None:
                clustering = pm.Data("clustering", self.losses.clustering)
            inclusion = self.count.graph_inclusion()
            seen_rate = self.losses.graph(inclusion, count)
            self.count.graph(self.name, seen_rate, clustering, count)
        return model

    def graph_data(self) -> dict[str, Any]:
        """Return the values of all ``pm.Data`` of the graph, by name."""
        found = {**self.count.graph_data(self.name), **self.losses.graph_data()}
        if self.losses.clustering is not None:
            found["clustering"] = self.losses.clustering
        return found
