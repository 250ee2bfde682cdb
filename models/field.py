"""The joint of losses over cells and a table of confirmed counts.

The rate of all listed names of a cell is exp(base + walk[t] + effect[s] + own[t, s]) * exposure[s];
the count of the cell is Poisson.  The level is free with the scale prior, so that aggregate
coverage and precision stay outside: their posterior is their prior (models/completion.py draws
them).  Names without a cell are missing at random: beside the counts of cells they say of a period
(or stratum) as a whole that it has as many more.

If coverage differs between strata by log odds d[s] ~ Normal(0, deviation), the effects of *seen*
rates are those of the rates plus (1 - coverage) * d[s], to first order; the joint of effect and d
is taken as that normal one, whatever the drawn coverage, with the mean of 1 - coverage.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from models import centering
from models.beliefs import Known
from models.beliefs.base import FloatArray
from models.cells import Cells
from models.completion import complete_cells
from models.count import Count
from models.errors import InvalidValueError
from models.losses import Pooled, Walk, WalkPooled
from models.thinning import refuse_unbounded

if TYPE_CHECKING:
    import pymc

#: Periods or pooled strata below which a walk or a spread cannot be told from its prior.
_FEWEST = 2


@dataclasses.dataclass(frozen=True, eq=False)
class Field:
    """Losses over cells, and the counts of a list.

    Parameters
    ----------
    losses : Walk, Pooled or WalkPooled
    count : Count
        With a table.
    cells : Cells
        That table.
    name : str
        Name of the evidence.

    Raises
    ------
    InvalidValueError
        If losses and table have other dimensions.
    NotEstimableError
        If the belief on coverage leaves the total unbounded.
    """

    losses: Walk | Pooled | WalkPooled
    count: Count
    cells: Cells
    name: str

    def __post_init__(self) -> None:
        needed = (("period",) if self.walk else ()) + (("stratum",) if self.pooled else ())
        if self.cells.dims() != needed:
            plural = {"period": "periods", "stratum": "strata"}
            found = " and ".join(plural[dim] for dim in self.cells.dims()) or "one cell"
            raise InvalidValueError(
                f"{self.losses.kind} losses do not go with a table of {found}",
                where=f"evidence.{self.name}.count",
                why="it needs " + " and ".join(plural[dim] for dim in needed),
                remedy="walk for periods, pooled for strata, walk_pooled for both",
            )  # fmt: skip
        sizes = {"periods": (self.walk, self.cells.shape[0]),
                 "pooled strata": (self.pooled, int(self.cells.pooled.sum()))}  # fmt: skip
        for what, (part, size) in sizes.items():
            if part is not None and size < _FEWEST:
                raise InvalidValueError(
                    f"has fewer than {_FEWEST} {what}", where=f"evidence.{self.name}.count",
                    why=f"{self.losses.kind} losses link them",
                )  # fmt: skip
        refuse_unbounded(self.cells.total, self.count.coverage)

    # -- parts ----------------------------------------------------------------------------------

    @property
    def walk(self) -> Walk | None:
        """Return the walk, if there is one."""
        if isinstance(self.losses, WalkPooled):
            return self.losses.walk
        return self.losses if isinstance(self.losses, Walk) else None

    @property
    def pooled(self) -> Pooled | None:
        """Return the pooling, if there is one."""
        if isinstance(self.losses, WalkPooled):
            return self.losses.pooled
        return self.losses if isinstance(self.losses, Pooled) else None

    @property
    def own_step(self) -> float | None:
        """Return the scale of the own walks of strata, if there are any."""
        return self.losses.own_step if isinstance(self.losses, WalkPooled) else None

    @functools.cached_property
    def centered(self) -> dict[str, bool]:
        """Return which of walk, effect and own are centered."""
        return {
            "walk": self.walk is not None and centering.walk_is_centered(self.cells),
            "effect": self.pooled is not None and centering.effects_are_centered(self.cells),
            "own": self.own_step is not None and centering.own_walks_are_centered(self.cells),
        }

    @functools.cached_property
    def log_base(self) -> FloatArray:
        """Return the log of the mean count of a cell, by exposure, (n_stratum,)."""
        exposure = np.asarray(self.cells.exposure)
        relative = np.where(self.cells.pooled, exposure / exposure[self.cells.pooled].mean(), 1.0)
        names = self.cells.total - self.cells.extra("undated").sum()
        weights = (relative * self.cells.observed).sum()
        return np.asarray(np.log(relative) + np.log(names / weights))

    @functools.cached_property
    def seen_deviation(self) -> float:
        """Return the standard deviation of log seen rates that differing coverage brings."""
        return self.count.deviation * (1 - self.count.coverage.mean())

    # -- what is estimated ----------------------------------------------------------------------

    @property
    def exact(self) -> bool:
        """Return whether independent draws exist."""
        return False

    @property
    def scale_free(self) -> bool:
        """Return whether the level has the scale prior, so that coverage keeps its prior."""
        return True

    def dims(self) -> dict[str, tuple[str, ...]]:
        """Return the dimensions of what has any: estimands, data, and log probabilities."""
        from models.field_density import POINTWISE

        cells = self.cells.dims()
        period = "dated_period" if self.cells.extra("undated").any() else "period"
        table = tuple(period if dim == "period" else dim for dim in cells)
        found = {"deaths": cells, "confirmed": cells, f"{self.name}_count": table}
        found[self.name] = table if self.cells.counts.size <= POINTWISE else (period,)
        for kind, dim in (("unknown_stratum", period), ("unknown_period", "stratum")):
            found |= {f"{self.name}_{kind}": (dim,), f"{self.name}_{kind}_count": (dim,)}
        if self.walk is not None:
            found["log_walk"] = (period,)
        if self.pooled is not None:
            found |= {"effect": ("stratum",), "stratum_coverage": ("stratum",)}
        return found

    def coords(self) -> dict[str, list[str]]:
        """Return the labels of each dimension."""
        found = self.cells.coords()
        if self.cells.extra("undated").any():
            found["dated_period"] = [day.isoformat() for day in self.cells.periods]
        return found

    def constants(self) -> frozenset[str]:
        """Return the estimands that the model takes as known, or that are part of others."""
        found = {"confirmed"}
        if isinstance(self.count.precision, Known):
            found.add("precision")
            if self.count.precision.value == 1:
                found.add("observed")
        if isinstance(self.count.coverage, Known):
            found.add("coverage")
            if self.count.coverage.value == 1:
                found |= {"stratum_coverage"} if self.count.deviation > 0 else set()
                if self.cells.observed.all():
                    found |= {"unseen", "realized_coverage"}
                    found |= {"total"} if "observed" in found else set()
                    found |= {"deaths"} if "observed" in found and not self.unassigned() else set()
        return frozenset(found)

    def moment_orders(self) -> dict[str, float]:
        """Return, by estimand, the order below which posterior moments exist; absent: all do."""
        order = self.count.coverage.inverse_moment_order()
        if self.walk is not None and not self.cells.observed.any(axis=1).all():
            order = 0.0  # nothing bounds a step of Student's t into a period that nobody saw
        return {"total": order, "unseen": order, "deaths": order}

    def formula(self) -> list[str]:
        """Return the model as lines of formulas."""
        index = ", ".join(dim[0] if dim == "stratum" else "t" for dim in self.cells.dims())
        terms = ["level"]
        lines = []
        if self.walk is not None:
            terms = ["walk[t]"]
            drift = " + drift" if self.walk.drift is not None else ""
            lines.append(f"walk[t] = walk[t-1]{drift} + step * StudentT({self.walk.tail:g})")
        if self.pooled is not None:
            terms.append("effect[s]")
            lines.append("effect[s] ~ Normal(0, spread)")
        if self.own_step is not None:
            terms.append("own[t, s]")
            lines.append("own[t, s] = own[t-1, s] + Normal(0, own_step), summing to 0 over s")
        exposure = "exposure[s] * " if self.pooled is not None else ""
        share = "coverage"
        if self.count.deviation > 0:
            share = "coverage[s]"
            lines.append("log odds of coverage[s] differ by Normal(0, deviation)")
        return [
            f"{self.name}[{index}] ~ Poisson(rate[{index}] * {share} / precision)",
            f"rate[{index}] = {exposure}exp({' + '.join(terms)})",
            *lines,
            f"unseen[{index}] ~ Poisson(rate[{index}] * (1 - {share}))",
            "total = observed + unseen, summed over all cells",
        ]

    def rank_quantities(self, values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return what calibration ranks, each (draw,), of simulated truths or posterior draws."""
        names = ("total", "coverage", "precision", "step", "drift", "spread", "own_step")
        found = {
            name: values[name] for name in names
            if name in values and name not in self.constants()
        }  # fmt: skip
        deaths = values["deaths"].reshape(values["deaths"].shape[0], -1)
        found |= {"first cell": deaths[:, 0], "last cell": deaths[:, -1]}
        if "stratum_coverage" in values:
            found["coverage of the first stratum"] = values["stratum_coverage"][:, 0]
        return found

    def simulated_data(self, simulated: Mapping[str, np.ndarray], index: int) -> Cells:
        """Return the table of one simulation."""
        data = {kind: simulated[kind][index] for kind in ("unknown_stratum", "unknown_period")}
        return dataclasses.replace(self.cells, counts=simulated["count"][index], **data)

    def structure(self) -> tuple[Any, ...]:
        """Return what fixes the form of the graph, numbers aside."""
        walk = self.walk
        parts = (walk is not None, walk is not None and walk.drift is not None,
                 self.pooled is not None, self.own_step is not None)  # fmt: skip
        return ("field", self.name, self.cells.shape, len(self.cells.apart), parts,
                tuple(self.centered.values()), tuple(self.unassigned()))  # fmt: skip

    def unassigned(self) -> dict[str, np.ndarray]:
        """Return names without a cell that are allocated, by their kind, where there are any."""
        kinds = ("unknown_stratum", "unknown_period")
        return {kind: self.cells.extra(kind) for kind in kinds if self.cells.extra(kind).any()}

    # -- the PyMC face --------------------------------------------------------------------------

    def graph(self) -> pymc.Model:
        """Return the PyMC model; every number is ``pm.Data``."""
        from models.field_graph import build_graph

        return build_graph(self)

    def graph_data(self) -> dict[str, Any]:
        """Return the values of all ``pm.Data``, by name."""
        cells, walk = self.cells, self.walk
        found: dict[str, Any] = {
            f"{self.name}_count": np.asarray(cells.counts),
            "observed_cell": cells.observed.astype(float),
            "log_base": self.log_base,
        }
        if walk is not None:
            found |= {"step_scale": walk.step, "tail": walk.tail}
            if walk.drift is not None:
                found["drift_scale"] = walk.drift
        if self.pooled is not None:
            order = np.argsort(np.concatenate([np.flatnonzero(cells.pooled),
                                               np.flatnonzero(~cells.pooled)]))  # fmt: skip
            found |= {"spread_scale": self.pooled.spread, "seen_deviation": self.seen_deviation,
                      "stratum_order": order}  # fmt: skip
        if self.own_step is not None:
            found["own_scale"] = self.own_step
        extra = self.unassigned().items()
        return found | {f"{self.name}_{kind}_count": names for kind, names in extra}

    # -- the NumPy face -------------------------------------------------------------------------

    def unknowns(self, free: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
        """Return what densities are functions of, given variables of the graph, (draw, ...)."""
        names = ("log_walk", "log_level", "step", "drift", "effect", "spread", "own_step")
        found = {name: free[name] for name in names if name in free}
        if self.own_step is not None:
            if self.centered["own"]:
                path = np.swapaxes(free["own_path"], 1, 2)
                path = path - path.mean(axis=2, keepdims=True)
            else:
                steps = free["own_raw"] * free["own_step"][:, None, None]
                path = np.cumsum(steps, axis=1)
            found["own"] = np.pad(path, ((0, 0), (1, 0), (0, 0)))
        return found

    def log_seen_rate(self, theta: Mapping[str, FloatArray], draws: slice) -> FloatArray:
        """Return the log rate of listed names of all cells, (draw, n_period, n_stratum).

        Parameters
        ----------
        theta : mapping
            log_walk (draw, n_period) or log_level (draw,); effect (draw, n_stratum); own (draw,
            n_period, n_stratum), as far as the model has them.
        draws : slice
            Which draws: memory is short for all of them.
        """
        level = theta["log_walk"] if self.walk is not None else theta["log_level"][:, None]
        found = level[draws][:, :, None] + self.log_base
        if self.pooled is not None:
            found = found + theta["effect"][draws][:, None, :]
        if self.own_step is not None:
            found = found + theta["own"][draws]
        return np.asarray(found)

    def seen_rate(self, theta: Mapping[str, FloatArray], draws: slice) -> FloatArray:
        """Return the rate of listed names of all cells, 0 where nobody looked."""
        log_rate = self.log_seen_rate(theta, draws)
        return np.asarray(np.exp(np.where(self.cells.observed, log_rate, -np.inf)))

    def chunks(self, draws: int) -> list[slice]:
        """Return slices of draws that are worked on at once: some 16 MB of cells each."""
        size = max(1, 2_000_000 // self.cells.counts.size)
        return [slice(i, min(i + size, draws)) for i in range(0, draws, size)]

    def log_prior(self, theta: Mapping[str, ArrayLike]) -> dict[str, FloatArray]:
        """Return the log prior density by unknown, (draw,); a free level adds nothing."""
        from models.field_density import log_prior

        return log_prior(self, {name: np.asarray(value) for name, value in theta.items()})

    def log_likelihood(self, theta: Mapping[str, ArrayLike]) -> dict[str, FloatArray]:
        """Return the log probability of the counts, (draw, ...cells), and of unassigned names."""
        from models.field_density import log_likelihood

        return log_likelihood(self, {name: np.asarray(value) for name, value in theta.items()})

    def complete(
        self, free: Mapping[str, FloatArray], rng: np.random.Generator
    ) -> tuple[dict[str, np.ndarray], dict[str, FloatArray]]:
        """Draw totals given what the graph was sampled for; see `models.model.Model.complete`."""
        theta = self.unknowns(free)
        estimands = complete_cells(self, theta, rng)
        kept = ("step", "drift", "spread", "own_step", "log_walk", "effect")
        return estimands | {name: theta[name] for name in kept if name in theta}, theta

    def simulate(
        self, rng: np.random.Generator, draws: int, rate: ArrayLike | None
    ) -> dict[str, np.ndarray]:
        """Simulate unknowns and tables; see `models.model.Model.simulate`."""
        from models.field_simulation import simulate

        return simulate(self, rng, draws, rate)
