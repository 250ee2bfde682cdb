"""A Model: one loss process and named evidence, as a frozen value."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from models.beliefs import Known
from models.beliefs.base import FloatArray
from models.count import Count
from models.declare import Assumption, Parameter
from models.errors import InvalidValueError, NotEstimableError, RefusedError, UndercountError
from models.losses import Flat, GammaPrior
from models.thinning import refuse_unbounded

if TYPE_CHECKING:
    import pymc

#: Raised whenever an estimate of a stored fit would change for the same numbers.
MODEL_VERSION = 1


@dataclasses.dataclass(frozen=True)
class Model:
    """What happened (losses) and how it came to be seen (evidence).

    Parameters
    ----------
    losses : Flat
        The loss process.
    evidence : mapping of str to Count
        Evidence by name.

    Raises
    ------
    InvalidValueError
        If a part is of the wrong kind.
    RefusedError
        If one source serves twice.
    NotEstimableError
        If the data do not determine the total.
    """

    losses: Flat
    evidence: Mapping[str, Count]

    def __post_init__(self) -> None:
        if not isinstance(self.losses, Flat):
            raise InvalidValueError(f"must be a loss process, not {self.losses!r}", where="losses")
        if not isinstance(self.evidence, Mapping) or not self.evidence:
            raise InvalidValueError(
                "must name at least one evidence", where="evidence",
                remedy='for example {"names": Count(106745, uniform(0.45, 0.65))}',
            )  # fmt: skip
        for name, item in self.evidence.items():
            if not isinstance(name, str) or not name.isidentifier():
                raise InvalidValueError(f"{name!r} is no name", where="evidence")
            if not isinstance(item, Count):
                raise InvalidValueError(f"must be evidence, not {item!r}", where=f"evidence.{name}")
        object.__setattr__(self, "evidence", MappingProxyType(dict(self.evidence)))
        self._refuse_shared_sources()
        if len(self.evidence) > 1:
            raise NotEstimableError(
                f"{len(self.evidence)} lists of names stand in one model", where="evidence",
                why="the same death may be on several, and nothing says how they overlap",
                remedy="keep one list, or merge them first",
            )  # fmt: skip
        if not isinstance(self.losses.prior, GammaPrior) and self.base.count == 0:
            raise NotEstimableError(
                "a count of zero under the scale prior has no posterior",
                where=f"evidence.{self.base_name}.count",
                why="zero names fit every rate down to nothing",
                remedy="state a proper gamma prior on the expected deaths "
                "(total: --prior LOW HIGH; study: losses.prior)",
            )
        if not isinstance(self.losses.prior, GammaPrior):
            refuse_unbounded(self.base.count, self.base.coverage)

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what another process needs to build the same model."""
        return Model, (self.losses, dict(self.evidence))

    def _refuse_shared_sources(self) -> None:
        seen: dict[str, str] = {}
        for name, item in self.evidence.items():
            for source in {item.source, *item.derived_from} - {""}:
                if source in seen:
                    raise RefusedError(
                        f"source {source!r} stands behind {seen[source]!r} and {name!r}",
                        where="evidence",
                        why="the same information would count twice",
                        remedy="keep one of the two",
                    )
                seen[source] = name

    # -- parts ----------------------------------------------------------------------------------

    @property
    def base_name(self) -> str:
        """Name of the evidence that the total is completed from."""
        return next(iter(self.evidence))

    @property
    def base(self) -> Count:
        """The evidence that the total is completed from."""
        return self.evidence[self.base_name]

    def parameters(self) -> tuple[Parameter, ...]:
        """Return all unknowns with their priors, reasons and sources."""
        return (*self.losses.parameters(), *self.base.parameters())

    def assumptions(self) -> tuple[Assumption, ...]:
        """Return what must hold, and how the total errs if it does not."""
        return (*self.base.assumptions(), *self.losses.assumptions())

    def constants(self) -> frozenset[str]:
        """Return the estimands that the model takes as known: they are never monitored."""
        found = set()
        if self.base.count == 0:
            found |= {"observed", "realized_coverage"}
        if isinstance(self.base.precision, Known):
            found.add("precision")
            if self.base.precision.value == 1:
                found.add("observed")
        if isinstance(self.base.coverage, Known):
            found.add("coverage")
            if self.base.coverage.value == 1:
                found |= {"unseen", "realized_coverage"}
                if "observed" in found:
                    found.add("total")
        return frozenset(found)

    def stated_division(self) -> dict[str, float] | None:
        """Return true names and the stated range of coverage: what a published range may repeat."""
        stated = self.base.coverage.stated
        if stated is None:
            return None
        names = self.base.count * self.base.precision.mean()
        return {"count": names, "low": stated[0], "high": stated[1]}

    def moment_orders(self) -> dict[str, float]:
        """Return, by estimand, the order below which posterior moments exist; absent: all do.

        Under the scale prior the total inherits the moments of 1 / coverage, and clustering of size
        k leaves the rate moments below k only.
        """
        if isinstance(self.losses.prior, GammaPrior):
            return {}
        order = self.base.coverage.inverse_moment_order()
        k = self.losses.clustering
        return {"total": order, "unseen": order, "rate": min(order, k if k else float("inf"))}

    def replace(self, field: str, value: Any) -> Model:
        """Return the same model with one field replaced.

        Parameters
        ----------
        field : str
            "losses", "losses.FIELD", "EVIDENCE" or "EVIDENCE.FIELD", as in "names.coverage".
        value : object
            The new value.

        Raises
        ------
        InvalidValueError
            If there is no such field; the message lists those that exist.
        """
        head, _, tail = field.partition(".")
        parts: dict[str, Any] = {"losses": self.losses, **self.evidence}
        if head not in parts or (tail and tail not in _fields(parts[head])):
            known = [f"{key}.{name}" for key, part in parts.items() for name in _fields(part)]
            raise InvalidValueError(
                f"no field {field!r}", where="model", remedy="one of " + ", ".join([*parts, *known])
            )
        try:
            part = dataclasses.replace(parts[head], **{tail: value}) if tail else value
        except UndercountError as error:
            raise error.inside(head) from None
        if head == "losses":
            return Model(part, self.evidence)
        return Model(self.losses, {**self.evidence, head: part})

    def content(self) -> dict[str, Any]:
        """Return the numbers that define the model: no labels, reasons or dates."""
        evidence = {name: item.content() for name, item in self.evidence.items()}
        return {"version": MODEL_VERSION, "losses": self.losses.content(), "evidence": evidence}

    def structure(self) -> tuple[Any, ...]:
        """Return what fixes the form of the graph: models of one structure share a compilation."""
        names = tuple((name, item.structure()) for name, item in self.evidence.items())
        return (MODEL_VERSION, self.losses.structure(), names)

    # -- three opinions: NumPy, PyMC, simulation ------------------------------------------------

    def log_density(self, theta: Mapping[str, ArrayLike]) -> FloatArray:
        """Return the log joint density of rate, coverage, precision and data, shape (draw,).

        Densities are with respect to (rate, coverage, precision); known shares add nothing, the
        scale prior adds -log(rate).
        """
        return sum(self.log_prior(theta).values(), self.log_likelihood(theta))

    def log_prior(self, theta: Mapping[str, ArrayLike]) -> dict[str, FloatArray]:
        """Return the log prior density of each unknown, each (draw,)."""
        found = {"rate": self.losses.log_prior(theta["rate"])}
        for name in ("coverage", "precision"):
            belief = getattr(self.base, name)
            if not isinstance(belief, Known):
                found[name] = belief.log_density(theta[name])
        return found

    def log_likelihood(self, theta: Mapping[str, ArrayLike]) -> FloatArray:
        """Return the log probability of the count given the unknowns, shape (draw,)."""
        return self.base.log_likelihood(theta["rate"], dict(theta), self.losses.clustering)

    def graph(self) -> pymc.Model:
        """Return the PyMC model: all numbers are ``pm.Data``, nothing discrete is free."""
        import pymc as pm

        with pm.Model() as model:
            count = pm.Data(f"{self.base_name}_count", self.base.count)
            clustering = None
            if self.losses.clustering is not None:
                clustering = pm.Data("clustering", self.losses.clustering)
            inclusion = self.base.graph_inclusion()
            seen_rate = self.losses.graph(inclusion, count)
            self.base.graph(self.base_name, seen_rate, clustering, count)
        return model

    def graph_data(self) -> dict[str, Any]:
        """Return the values of all ``pm.Data`` of the graph, by name."""
        found = {**self.base.graph_data(self.base_name), **self.losses.graph_data()}
        if self.losses.clustering is not None:
            found["clustering"] = self.losses.clustering
        return found

    def simulate(
        self, rng: np.random.Generator, draws: int, rate: ArrayLike | None = None
    ) -> dict[str, np.ndarray]:
        """Simulate unknowns from their priors, and lists from them.

        Parameters
        ----------
        rng : numpy.random.Generator
        draws : int
            How many.
        rate : float or (draw,) array, optional
            Fixed expected deaths; needed under the improper scale prior.

        Returns
        -------
        dict of (draw,) arrays
            rate, coverage, precision, seen, unseen, total, count.
        """
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
            "coverage": self.base.coverage.draw(rng, draws),
            "precision": self.base.precision.draw(rng, draws),
        }
        k = self.losses.clustering
        mixing = 1.0 if k is None else rng.standard_gamma(k, draws) / k
        return {"rate": rates, **theta, **self.base.simulate(rates * mixing, dict(theta), rng)}


def _fields(part: Any) -> list[str]:
    return [field.name for field in dataclasses.fields(part)]
