"""A list of names as one number, or as a table by period: the part of a joint that it makes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from models.anchoring import LEVEL_INFORMATION
from models.beliefs.base import Belief, FloatArray
from models.cells import Cells
from models.count import Count
from models.errors import InvalidValueError, RefusedError
from models.losses import Flat, GammaPrior, Walk
from models.thinning import LARGEST_MEAN

if TYPE_CHECKING:
    import datetime

    from models.reporting.completion import Shares


@dataclasses.dataclass(frozen=True, eq=False)
class Counted:
    """Names of one list by period, each count Poisson; see `models.learned.Learned`.

    The level of the log rate of *listed* names is free with the scale prior; its steps are standard
    Student's t variables.

    Parameters
    ----------
    losses : Flat or Walk
    count : Count
    name : str
        Name of the evidence.
    """

    losses: Flat | Walk
    count: Count
    name: str

    def __post_init__(self) -> None:
        losses, cells = self.losses, self.count.cells
        where = f"evidence.{self.name}.count"
        if isinstance(losses, Flat):
            if isinstance(losses.prior, GammaPrior) or losses.clustering is not None:
                raise RefusedError(
                    "a gamma prior or clustering does not stand beside other evidence",
                    where="losses", why="not more than one of them is written into one model",
                    remedy="state what is known of the total as a register",
                )  # fmt: skip
            if cells is not None:
                raise InvalidValueError("flat losses take one number, not a table", where=where,
                                        remedy="walk losses")  # fmt: skip
            if self.count.names == 0:
                raise InvalidValueError("zero names beside other evidence", where=where,
                                        why="the free level has no posterior")  # fmt: skip
        elif not isinstance(losses, Walk):
            raise RefusedError(
                f"{losses.kind} losses do not stand beside other evidence", where="losses",
                why="what a register or a table of deaths says of single strata is not stated",
                remedy="walk losses over periods, or flat ones",
            )  # fmt: skip
        elif cells is None or not cells.periods:
            raise InvalidValueError("walk losses need a table by period", where=where,
                                    remedy="or take flat losses")  # fmt: skip
        else:
            _refuse_parts(cells, where)

    # -- what there is --------------------------------------------------------------------------

    @property
    def counts(self) -> NDArray[np.int64]:
        """Return the names of each period, (n_period,)."""
        cells = self.count.cells
        if cells is None:
            return np.array([self.count.names])
        return np.asarray(cells.counts[:, 0])

    @property
    def periods(self) -> tuple[datetime.date, ...]:
        """Return first days; none if there is one number."""
        return self.count.cells.periods if self.count.cells is not None else ()

    @property
    def step(self) -> str:
        """Return the length of a period."""
        return self.count.cells.step if self.count.cells is not None else ""

    def beliefs(self) -> dict[str, Belief]:
        """Return the beliefs on shares."""
        return {"coverage": self.count.coverage, "precision": self.count.precision}

    def sizes(self) -> list[tuple[str, int]]:
        """Return blocks of unknowns with their sizes."""
        found = [("level", 1)]
        if isinstance(self.losses, Walk):
            found += [("log_step", 1), ("step", len(self.periods) - 1)]
            found += [("walk_drift", 1)] if self.losses.drift is not None else []
        return found

    def priors(self) -> dict[str, float]:
        """Return numbers of the priors, by name."""
        if not isinstance(self.losses, Walk):
            return {}
        return {"log_step": self.losses.step, "step_tail": self.losses.tail,
                "walk_drift": self.losses.drift or 1.0}  # fmt: skip

    def structure(self) -> tuple[Any, ...]:
        """Return what fixes the form of the graph beside the blocks."""
        return ("counted", self.name)

    # -- the NumPy face -------------------------------------------------------------------------

    def log_rate(self, latent: FloatArray, blocks: Mapping[str, slice]) -> FloatArray:
        """Return the log expected names of each period, (draw, n_period)."""
        level = latent[:, blocks["level"]] + np.log(max(float(self.counts.mean()), 1.0))
        if not isinstance(self.losses, Walk):
            return np.asarray(level)
        steps = np.exp(latent[:, blocks["log_step"]]) * np.sinh(latent[:, blocks["step"]])
        if self.losses.drift is not None:
            steps = steps + self.losses.drift * latent[:, blocks["walk_drift"]]
        path = np.pad(np.cumsum(steps, axis=1), ((0, 0), (1, 0)))
        return np.asarray(level + path - path.mean(axis=1, keepdims=True))

    def log_prior(self, latent: FloatArray, blocks: Mapping[str, slice]) -> dict[str, FloatArray]:
        """Return the log prior by unknown, (draw,); the free level adds nothing."""
        from scipy import stats

        if not isinstance(self.losses, Walk):
            return {}
        losses = self.losses
        step = np.exp(latent[:, blocks["log_step"]])
        raw = np.sinh(latent[:, blocks["step"]])
        found = {
            "step": stats.halfnorm.logpdf(step, scale=losses.step).sum(axis=1),
            "step_raw": stats.t.logpdf(raw, losses.tail).sum(axis=1),
        }
        if losses.drift is not None:
            found["drift"] = stats.norm.logpdf(latent[:, blocks["walk_drift"]]).sum(axis=1)
        return found

    def log_jacobian(self, latent: FloatArray, blocks: Mapping[str, slice]) -> FloatArray:
        """Return the log derivative of the unknowns by their unbounded coordinates, (draw,)."""
        if not isinstance(self.losses, Walk):
            return np.zeros(latent.shape[0])
        steps = latent[:, blocks["step"]]
        heavy = (np.logaddexp(steps, -steps) - np.log(2)).sum(axis=1)
        return np.asarray(latent[:, blocks["log_step"]].sum(axis=1) + heavy)

    def log_likelihood(self, latent: FloatArray, blocks: Mapping[str, slice]) -> FloatArray:
        """Return the log probability of the names, (draw, n_period), or (draw,) of one number."""
        from scipy.special import gammaln

        log_rate = self.log_rate(latent, blocks)
        found = self.counts * log_rate - np.exp(log_rate) - gammaln(self.counts + 1.0)
        return np.asarray(found if self.periods else found[:, 0])

    def simulate(
        self, latent: FloatArray, blocks: Mapping[str, slice], shares: Shares,
        rng: np.random.Generator,
    ) -> dict[str, np.ndarray]:  # fmt: skip
        """Simulate names and deaths.

        Returns
        -------
        dict of (draw, ...) arrays
            count and, of a table, deaths (draw, n_period); seen, unseen, total, coverage,
            precision (draw,).
        """
        largest = LARGEST_MEAN / self.counts.size
        mean = np.exp(np.minimum(self.log_rate(latent, blocks), np.log(largest)))
        precision = shares.precision[:, None]
        true, false = rng.poisson(mean * precision), rng.poisson(mean * (1 - precision))
        missed = rng.poisson(np.minimum(mean * precision * shares.odds, largest))
        total, seen = (true + missed).sum(axis=1), true.sum(axis=1)
        found = {
            "count": true + false, "seen": seen, "unseen": total - seen, "total": total,
            "coverage": shares.coverage, "precision": shares.precision,
        }  # fmt: skip
        if not self.periods:
            return found | {"count": found["count"][:, 0]}
        return found | {"deaths": true + missed}

    def data(self, simulated: Mapping[str, np.ndarray], index: int) -> int | Cells:
        """Return the data of one simulation."""
        counts = simulated["count"][index]
        if self.count.cells is None:
            return int(counts)
        return dataclasses.replace(self.count.cells, counts=counts[:, None])

    def prior_latent(
        self, latent: FloatArray, blocks: Mapping[str, slice], rng: np.random.Generator
    ) -> None:
        """Put draws from the priors into the blocks of the list, the level at 0."""
        if not isinstance(self.losses, Walk):
            return
        draws = latent.shape[0]
        latent[:, blocks["log_step"]] = np.log(np.abs(rng.normal(0, self.losses.step, (draws, 1))))
        shape = (draws, len(self.periods) - 1)
        latent[:, blocks["step"]] = np.arcsinh(rng.standard_t(self.losses.tail, shape))
        if self.losses.drift is not None:
            latent[:, blocks["walk_drift"]] = rng.standard_normal((draws, 1))

    # -- what the search for coordinates asks -----------------------------------------------------

    def tails(self) -> dict[str, float]:
        """Return the degrees of freedom of heavy-tailed blocks."""
        return {"step": self.losses.tail} if isinstance(self.losses, Walk) else {}

    def scales(self) -> dict[str, str]:
        """Return the log scale that multiplies each block that has one."""
        return {"step": "log_step"} if isinstance(self.losses, Walk) else {}

    def noises(self) -> tuple[str, ...]:
        """Return log scales that spread the data: none."""
        return ()

    def start(self, block: str) -> float:
        """Return where a log scale begins."""
        return {"log_step": 0.1}[block]

    def prior_derivatives(self, block: str, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return slope and curvature of the log prior of an effect."""
        if block == "level":
            return np.zeros_like(values), np.full_like(values, LEVEL_INFORMATION)
        return -values, np.ones_like(values)

    def scoring(
        self, latent: FloatArray, blocks: Mapping[str, slice]
    ) -> tuple[FloatArray, FloatArray]:
        """Return slope and information of the log likelihood of the names."""
        width, size = 1e-5, latent.size
        points = np.concatenate([latent[None], latent + width * np.eye(size)])
        means = self.log_rate(points, blocks)
        jacobian = (means[1:] - means[0]) / width
        mean = np.exp(np.minimum(means[0], 25.0))
        return jacobian @ (self.counts - mean), (jacobian * mean) @ jacobian.T

    # -- the PyMC face --------------------------------------------------------------------------

    def graph_data(self) -> dict[str, Any]:
        """Return the values of the ``pm.Data`` of the list, by name."""
        counts = self.counts if self.periods else self.counts[0]
        return {f"{self.name}_count": counts,
                "typical": float(np.log(max(float(self.counts.mean()), 1.0)))}  # fmt: skip

    def graph_prior(self, latent: Any, blocks: Mapping[str, slice], priors: Any) -> Any:
        """Return the log prior density of the blocks of the list in latent coordinates."""
        import pytensor.tensor as pt

        from models.graph_priors import half_normal, standard_normal, student

        if not isinstance(self.losses, Walk):
            return pt.zeros(())
        total = half_normal(latent[blocks["log_step"]], priors["log_step"])
        total += student(latent[blocks["step"]], priors["step_tail"])
        if self.losses.drift is not None:
            total += standard_normal(latent[blocks["walk_drift"]])
        return total

    def graph_rate(self, latent: Any, blocks: Mapping[str, slice], data: Any, priors: Any) -> Any:
        """Return the log expected names of each period."""
        import pytensor.tensor as pt

        level = latent[blocks["level"]] + data["typical"]
        if not isinstance(self.losses, Walk):
            return level
        steps = pt.exp(latent[blocks["log_step"]]) * pt.sinh(latent[blocks["step"]])
        if self.losses.drift is not None:
            steps = steps + priors["walk_drift"] * latent[blocks["walk_drift"]]
        path = pt.concatenate([pt.zeros(1), pt.cumsum(steps)])
        return level + path - path.mean()

    def graph_observe(
        self, latent: Any, blocks: Mapping[str, slice], data: Any, priors: Any
    ) -> None:
        """Add the observed names to the PyMC model in context."""
        import pymc as pm
        import pytensor.tensor as pt

        rate = self.graph_rate(latent, blocks, data, priors)
        mean = pt.exp(rate if self.periods else rate[0])
        pm.Poisson(self.name, mean, observed=data[f"{self.name}_count"])


def _refuse_parts(cells: Cells, where: str) -> None:
    """Refuse what cannot stand beside other evidence."""
    if cells.strata:
        raise RefusedError(
            "has strata", where=where,
            why="what other evidence says of single strata is not stated",
            remedy="sum the table over strata",
        )  # fmt: skip
    if not cells.observed.all():
        raise RefusedError("has periods that were not observed", where=where,
                           why="the list says nothing of them, and other evidence speaks of sums",
                           remedy="leave them out at the ends, or fill them")  # fmt: skip
    kinds = ("unknown_period", "unknown_stratum", "undated")
    if any(cells.extra(kind).any() for kind in kinds):
        raise RefusedError(
            "holds names without a period", where=where,
            why="it is not known in which span of the other evidence they belong",
            remedy="give their dates, or leave them out and say so in the scope",
        )  # fmt: skip
    if len(cells.periods) < 2:
        raise InvalidValueError("has one period", where=where, remedy="flat losses")
