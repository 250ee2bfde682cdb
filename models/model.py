"""A Model: one loss process and named evidence, as a frozen value."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from models.beliefs.base import FloatArray
from models.count import Count
from models.declare import Assumption, Parameter
from models.errors import InvalidValueError, NotEstimableError, RefusedError
from models.field import Field
from models.fields import field_names, replaced, value_of
from models.late import Late
from models.losses import Flat, Pooled, Walk, WalkPooled
from models.single import Single
from models.triangle import Triangle

if TYPE_CHECKING:
    import pymc

#: Raised whenever an estimate of a stored fit would change for the same numbers.
MODEL_VERSION = 2

Losses = Flat | Walk | Pooled | WalkPooled
Evidence = Count | Triangle


@dataclasses.dataclass(frozen=True)
class Model:
    """What happened (losses) and how it came to be seen (evidence).

    Parameters
    ----------
    losses : Flat, Walk, Pooled or WalkPooled
        The loss process.
    evidence : mapping of str to Count or Triangle
        Evidence by name.

    Raises
    ------
    InvalidValueError
        If a part is of the wrong kind, or losses and evidence have other dimensions.
    RefusedError
        If one source serves twice.
    NotEstimableError
        If the data do not determine the total.
    """

    losses: Losses
    evidence: Mapping[str, Evidence]

    def __post_init__(self) -> None:
        if not isinstance(self.losses, Losses):
            raise InvalidValueError(f"must be a loss process, not {self.losses!r}", where="losses")
        if not isinstance(self.evidence, Mapping) or not self.evidence:
            raise InvalidValueError(
                "must name at least one evidence", where="evidence",
                remedy='for example {"names": Count(106745, uniform(0.45, 0.65))}',
            )  # fmt: skip
        for name, item in self.evidence.items():
            if not isinstance(name, str) or not name.isidentifier():
                raise InvalidValueError(f"{name!r} is no name", where="evidence")
            if not isinstance(item, Evidence):
                raise InvalidValueError(f"must be evidence, not {item!r}", where=f"evidence.{name}")
        object.__setattr__(self, "evidence", MappingProxyType(dict(self.evidence)))
        self._refuse_shared_sources()
        if len(self.evidence) > 1:
            raise NotEstimableError(
                f"{len(self.evidence)} lists of names stand in one model", where="evidence",
                why="the same death may be on several, and nothing says how they overlap",
                remedy="keep one list, or merge them first",
            )  # fmt: skip
        _ = self.joint  # refuses what does not fit together

    @functools.cached_property
    def joint(self) -> Single | Field | Late:
        """Return the joint of losses and evidence: densities, graph, completion."""
        cells = self.base.cells
        if isinstance(self.base, Triangle):
            if isinstance(self.losses, Flat):
                raise InvalidValueError(
                    "flat losses take one number, not a triangle",
                    where=f"evidence.{self.base_name}.reports",
                    why="nothing would link its periods", remedy="walk or walk_pooled losses",
                )  # fmt: skip
            return Late(self.losses, self.base, self.base_name)
        if isinstance(self.losses, Flat):
            if cells is not None:
                raise InvalidValueError(
                    "flat losses take one number, not a table",
                    where=f"evidence.{self.base_name}.count",
                    why="nothing would link its cells", remedy="walk, pooled or walk_pooled losses",
                )  # fmt: skip
            return Single(self.losses, self.base, self.base_name)
        if cells is None:
            raise InvalidValueError(
                f"{self.losses.kind} losses need a table of counts",
                where=f"evidence.{self.base_name}.count", why="one number has no periods or strata",
                remedy="give the counts by period or stratum, or take flat losses",
            )  # fmt: skip
        return Field(self.losses, self.base, cells, self.base_name)

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
    def base(self) -> Evidence:
        """The evidence that the total is completed from."""
        return self.evidence[self.base_name]

    def parameters(self) -> tuple[Parameter, ...]:
        """Return all unknowns with their priors, reasons and sources."""
        return (*self.losses.parameters(), *self.base.parameters())

    def assumptions(self) -> tuple[Assumption, ...]:
        """Return what must hold, and how the total errs if it does not."""
        return (*self.base.assumptions(), *self.losses.assumptions())

    def stated_division(self) -> dict[str, float] | None:
        """Return true names and the stated range of coverage: what a published range may repeat."""
        stated = self.base.coverage.stated
        if stated is None:
            return None
        names = self.base.names * self.base.precision.mean()
        return {"count": names, "low": stated[0], "high": stated[1]}

    def replace(self, field: str, value: Any) -> Model:
        """Return the same model with one field replaced.

        Parameters
        ----------
        field : str
            Dotted name: "losses", "losses.step", "names", "names.coverage", "names.coverage.low".
        value : object
            The new value.

        Raises
        ------
        InvalidValueError
            If there is no such field; the message lists those that exist.
        """
        return self.replace_all({field: value})

    def replace_all(self, values: Mapping[str, Any]) -> Model:
        """Return the same model with several fields replaced at once; see `replace`."""
        parts = replaced(self._parts, values)
        return Model(parts.pop("losses"), parts)

    def value_of(self, field: str) -> Any:
        """Return the value of a field; see `replace`."""
        return value_of(self._parts, field)

    def field_names(self) -> list[str]:
        """Return the dotted names of all fields that `replace` knows."""
        return field_names(self._parts)

    @property
    def _parts(self) -> dict[str, Any]:
        return {"losses": self.losses, **self.evidence}

    def formula(self) -> list[str]:
        """Return the model as lines of formulas."""
        return self.joint.formula()

    def content(self) -> dict[str, Any]:
        """Return the numbers that define the model: no labels, reasons or dates."""
        evidence = {name: item.content() for name, item in self.evidence.items()}
        return {"version": MODEL_VERSION, "losses": self.losses.content(), "evidence": evidence}

    def structure(self) -> tuple[Any, ...]:
        """Return what fixes the form of the graph: models of one structure share a compilation."""
        return (MODEL_VERSION, *self.joint.structure())

    # -- what is estimated ----------------------------------------------------------------------

    def constants(self) -> frozenset[str]:
        """Return the estimands that the model takes as known: they are never monitored."""
        return self.joint.constants()

    def moment_orders(self) -> dict[str, float]:
        """Return, by estimand, the order below which posterior moments exist; absent: all do."""
        return self.joint.moment_orders()

    def dims(self) -> dict[str, tuple[str, ...]]:
        """Return the dimensions, beside chain and draw, of estimands and data that have any."""
        return self.joint.dims()

    def coords(self) -> dict[str, list[str]]:
        """Return the labels of each dimension: first days of periods, names of strata."""
        return self.joint.coords()

    # -- three opinions: NumPy, PyMC, simulation ------------------------------------------------

    def log_density(self, theta: Mapping[str, ArrayLike]) -> FloatArray:
        """Return the log joint density of unknowns and data, shape (draw,)."""
        parts = [*self.log_prior(theta).values(), *self.log_likelihood(theta).values()]
        return np.asarray(sum(part.reshape(part.shape[0], -1).sum(axis=1) for part in parts))

    def log_prior(self, theta: Mapping[str, ArrayLike]) -> dict[str, FloatArray]:
        """Return the log prior density of each unknown, each (draw,); improper ones add none."""
        return self.joint.log_prior(theta)

    def log_likelihood(self, theta: Mapping[str, ArrayLike]) -> dict[str, FloatArray]:
        """Return the log probability of the data, by evidence, (draw,) or (draw, ...cells)."""
        return self.joint.log_likelihood(theta)

    def graph(self) -> pymc.Model:
        """Return the PyMC model: all numbers are ``pm.Data``, nothing discrete is free."""
        return self.joint.graph()

    def graph_data(self) -> dict[str, Any]:
        """Return the values of all ``pm.Data`` of the graph, by name."""
        return self.joint.graph_data()

    def complete(
        self, free: Mapping[str, FloatArray], rng: np.random.Generator
    ) -> tuple[dict[str, np.ndarray], dict[str, FloatArray]]:
        """Draw estimands given draws of the graph's variables.

        Parameters
        ----------
        free : mapping of (draw, ...) arrays
            Variables of the graph, by name.
        rng : numpy.random.Generator

        Returns
        -------
        estimands, unknowns : dict of (draw, ...) arrays
            What is reported, and what the densities are functions of.
        """
        return self.joint.complete(free, rng)

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
            Fixed expected deaths (of an average period and stratum, if there are any); needed
            under the improper scale prior.

        Returns
        -------
        dict of (draw, ...) arrays
            unknowns, seen, unseen, total, count (names on the list); of tables also deaths, by
            cell.
        """
        return self.joint.simulate(rng, draws, rate)
