"""A Model: one loss process and named evidence, as a frozen value."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from models.audits import Audits
from models.beliefs.base import FloatArray
from models.beyond import Beyond
from models.count import Count
from models.declare import Assumption, Parameter
from models.errors import InvalidValueError, NotEstimableError, RefusedError
from models.excess import Excess
from models.field import Field
from models.fields import field_names, replaced, value_of
from models.late import Late
from models.learned import Learned
from models.lists.lists import Lists
from models.losses import Flat, Pooled, Walk, WalkPooled
from models.overlapping import Overlapping
from models.register import Register
from models.single import Single
from models.snapshots import Snapshots
from models.triangle import Triangle

if TYPE_CHECKING:
    import pymc

#: Raised whenever an estimate of a stored fit would change for the same numbers.
MODEL_VERSION = 2

Losses = Flat | Walk | Pooled | WalkPooled
Listed = Count | Triangle | Snapshots | Lists
Evidence = Listed | Register | Excess | Audits


@dataclasses.dataclass(frozen=True)
class Model:
    """What happened (losses) and how it came to be seen (evidence).

    Parameters
    ----------
    losses : Flat, Walk, Pooled or WalkPooled
        The loss process.
    evidence : mapping of str to Count, Triangle, Snapshots, Lists, Register, Excess or Audits
        Evidence by name: one list of names, or one table of overlapping lists, the base of
        completion, and beside it what informs its coverage.
    beyond : mapping of str to Beyond, optional
        Deaths that no evidence can see, by name: added to the total as `beyond_<name>` and
        `total_with_beyond`, never silently.

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
    beyond: Mapping[str, Beyond] = dataclasses.field(default_factory=dict)

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
        for name, beyond in self.beyond.items():
            if name in (*self.evidence, "losses"):
                raise InvalidValueError(f"{name!r} is the name of another part too", where="beyond",
                                        remedy="give it another name")  # fmt: skip
            if not isinstance(name, str) or not name.isidentifier():
                raise InvalidValueError(f"{name!r} is no name", where="beyond")
            if not isinstance(beyond, Beyond):
                raise InvalidValueError(f"must be Beyond, not {beyond!r}", where=f"beyond.{name}")
        for field in ("evidence", "beyond"):
            object.__setattr__(self, field, MappingProxyType(dict(getattr(self, field))))
        self._refuse_shared_sources()
        self._refuse_lists()
        _ = self.joint  # refuses what does not fit together

    @functools.cached_property
    def joint(self) -> Single | Field | Late | Learned | Overlapping:
        """Return the joint of losses and evidence: densities, graph, completion."""
        if isinstance(self.base, Lists):
            return Overlapping(self.losses, self.evidence, self.base_name)
        if len(self.evidence) > 1:
            return Learned(self.losses, self.evidence, self.base_name)
        cells = self.base.cells
        if isinstance(self.base, Snapshots):
            raise RefusedError(
                "totals over time stand alone", where=f"evidence.{self.base_name}",
                why="they say no more of the deaths until the last day than its total",
                remedy="give that as a count, or add a register, audits or a table of deaths",
            )  # fmt: skip
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
        return Model, (self.losses, dict(self.evidence), dict(self.beyond))

    def _refuse_lists(self) -> None:
        """Refuse models without a list of names, or with several."""
        lists = [name for name, item in self.evidence.items() if isinstance(item, Listed)]
        if not lists:
            raise NotEstimableError(
                "no list of names stands in the model", where="evidence",
                why="the total is completed from one", remedy="add a count or a triangle",
            )  # fmt: skip
        if len(lists) > 1:
            raise NotEstimableError(
                f"{len(lists)} lists of names stand in one model", where="evidence",
                why="the same death may be on several, and nothing says how they overlap",
                remedy="keep one list, or give the table of who is on which (Lists)",
            )  # fmt: skip
        if len(self.evidence) == 1 and self.base.coverage_drift > 0:
            raise RefusedError(
                "coverage drifts, and nothing informs how",
                where=f"evidence.{lists[0]}.coverage_drift",
                why="the list alone cannot tell fewer deaths from fewer of them listed",
                remedy="add a register, audits or a table of deaths",
            )  # fmt: skip

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
        """Name of the list that the total is completed from."""
        return next(name for name, one in self.evidence.items() if isinstance(one, Listed))

    @property
    def base(self) -> Listed:
        """The list that the total is completed from."""
        found = self.evidence[self.base_name]
        if not isinstance(found, Listed):
            raise TypeError(f"{self.base_name} is no list")
        return found

    def parameters(self) -> tuple[Parameter, ...]:
        """Return all unknowns with their priors, reasons and sources."""
        found = [*self.losses.parameters(), *self.base.parameters()]
        for name, item in self.evidence.items():
            if name != self.base_name:
                found += [
                    dataclasses.replace(one, name=f"{one.name}_{name}") for one in item.parameters()
                ]
        return tuple(found)

    def assumptions(self) -> tuple[Assumption, ...]:
        """Return what must hold, and how the total errs if it does not."""
        found = [*self.base.assumptions(), *self.losses.assumptions()]
        for name, item in self.evidence.items():
            if name != self.base_name:
                found += [
                    dataclasses.replace(one, statement=f"{name}: {one.statement}")
                    for one in item.assumptions()
                ]
        return tuple(found)

    def stated_division(self) -> dict[str, float] | None:
        """Return true names and the stated range of coverage: what a published range may repeat."""
        coverage = self.base.coverage
        stated = coverage.stated if coverage is not None and len(self.evidence) == 1 else None
        if stated is None or isinstance(self.base, Lists):
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
        beyond = {name: parts.pop(name) for name in self.beyond}
        return Model(parts.pop("losses"), parts, beyond)

    def value_of(self, field: str) -> Any:
        """Return the value of a field; see `replace`."""
        return value_of(self._parts, field)

    def field_names(self) -> list[str]:
        """Return the dotted names of all fields that `replace` knows."""
        return field_names(self._parts)

    @property
    def _parts(self) -> dict[str, Any]:
        return {"losses": self.losses, **self.evidence, **self.beyond}

    def formula(self) -> list[str]:
        """Return the model as lines of formulas."""
        names = [f"beyond_{name}" for name in self.beyond]
        added = [f"total_with_beyond = {' + '.join(['total', *names])}"] if names else []
        return [*self.joint.formula(), *added]

    def content(self) -> dict[str, Any]:
        """Return the numbers that define the model: no labels, reasons or dates."""
        evidence = {name: item.content() for name, item in self.evidence.items()}
        found = {"version": MODEL_VERSION, "losses": self.losses.content(), "evidence": evidence}
        if isinstance(self.joint, Learned):
            # dates are no numbers, but what they make of spans and periods is
            weights = {name: one.tolist() for name, one in self.joint.weights.items()}
            found["spans"] = {"weights": weights, "step": self.joint.listed.step}
        if self.beyond:
            found["beyond"] = {name: item.content() for name, item in self.beyond.items()}
        return found

    def structure(self) -> tuple[Any, ...]:
        """Return what fixes the form of the graph: models of one structure share a compilation."""
        return (MODEL_VERSION, *self.joint.structure())

    # -- what is estimated ----------------------------------------------------------------------

    def constants(self) -> frozenset[str]:
        """Return the estimands that the model takes as known: they are never monitored."""
        return self.joint.constants()

    def moment_orders(self) -> dict[str, float]:
        """Return, by estimand, the order below which posterior moments exist; absent: all do."""
        found = self.joint.moment_orders()
        if self.beyond and "total" in found:
            found = found | {"total_with_beyond": found["total"]}
        return found

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
        estimands, unknowns = self.joint.complete(free, rng)
        return estimands | self.draw_beyond(estimands["total"], rng), unknowns

    def draw_beyond(self, total: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Draw the deaths that no evidence sees, and the total that holds them, each (draw,).

        Parameters
        ----------
        total : (draw,) integers
            Deaths that evidence speaks of.
        rng : numpy.random.Generator
        """
        if not self.beyond:
            return {}
        found = {f"beyond_{name}": one.draw(rng, total.size) for name, one in self.beyond.items()}
        return found | {"total_with_beyond": total + sum(found.values())}

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
