"""A list of names that come in late: the part of a joint that it makes."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from models.beliefs.base import Belief, FloatArray
from models.errors import RefusedError
from models.late import Late
from models.losses import Walk
from models.reporting.anchor import LateProblem
from models.reporting.curves import curves
from models.reporting.density import log_jacobian, log_prior
from models.reporting.form import PRIORS
from models.reporting.simulation import prior_latent, simulate_deaths

if TYPE_CHECKING:
    import datetime

    from models.reporting.completion import Shares
    from models.reports import Reports
    from models.triangle import Triangle


class Reported:
    """Names of one list by period and delay; see `models.learned.Learned` and `models.late.Late`.

    Parameters
    ----------
    losses : Walk
    triangle : Triangle
    name : str
        Name of the evidence.
    """

    def __init__(self, losses: Walk, triangle: Triangle, name: str) -> None:
        where = f"evidence.{name}.reports"
        if triangle.reports.strata:
            raise RefusedError(
                "has strata", where=where,
                why="what other evidence says of single strata is not stated",
                remedy="sum the table over strata",
            )  # fmt: skip
        if not isinstance(losses, Walk):
            raise RefusedError(
                f"{losses.kind} losses do not stand beside other evidence", where="losses",
                why="what a register or a table of deaths says of single strata is not stated",
                remedy="walk losses over periods",
            )  # fmt: skip
        self.late = Late(losses, triangle, name)
        self.losses, self.count, self.name = losses, triangle, name
        for kind, remedy in (
            ("masked", "take the first publication's delays as they are, or give a count"),
            ("beyond", "keep more delays, so that each name has its cell"),
        ):
            if triangle.reports.extra(kind).any():
                raise RefusedError(
                    f"holds names whose delay is not known ({kind})", where=where,
                    why="rates are learned from delays, and other evidence would be compared with "
                    "rates that leave these names out", remedy=remedy,
                )  # fmt: skip
        if triangle.tail is not None:
            raise RefusedError(
                "a tail stands beside other evidence", where=f"evidence.{name}.tail",
                why="nothing tells a name that comes late from one that never does",
                remedy="leave it out: coverage is then that within the longest delay",
            )  # fmt: skip
        if triangle.reports.extra("undated").any():
            raise RefusedError(
                "holds names without a period", where=where,
                why="it is not known in which span of the other evidence they belong",
                remedy="give their dates, or leave them out and say so in the scope",
            )  # fmt: skip

    # -- what there is --------------------------------------------------------------------------

    @property
    def periods(self) -> tuple[datetime.date, ...]:
        """Return first days."""
        return self.late.reports.periods

    @property
    def step(self) -> str:
        """Return the length of a period."""
        return self.late.reports.step

    def beliefs(self) -> dict[str, Belief]:
        """Return the beliefs on shares."""
        return {"coverage": self.count.coverage, "precision": self.count.precision}

    def sizes(self) -> list[tuple[str, int]]:
        """Return blocks of unknowns with their sizes."""
        blocks = self.late.layout.form.blocks
        return [(name, block.stop - block.start) for name, block in blocks.items()]

    def priors(self) -> dict[str, float]:
        """Return numbers of the priors, by name."""
        return {key: self.late.layout.priors[key] for key in PRIORS}

    def structure(self) -> tuple[Any, ...]:
        """Return what fixes the form of the graph beside the blocks."""
        return ("reported", *self.late.structure())

    def _own(self, latent: FloatArray) -> FloatArray:
        """Return the blocks of the list, which come first."""
        return np.asarray(latent[..., : self.late.layout.form.size])

    # -- the NumPy face -------------------------------------------------------------------------

    def log_rate(self, latent: FloatArray, blocks: Mapping[str, slice]) -> FloatArray:
        """Return the log expected names of each period within the longest delay."""
        return curves(self.late.layout, self._own(latent)).log_rate[:, :, 0]

    def log_prior(self, latent: FloatArray, blocks: Mapping[str, slice]) -> dict[str, FloatArray]:
        """Return the log prior by unknown, (draw,); the free level adds nothing."""
        return log_prior(self.late.layout, self._own(latent))

    def log_jacobian(self, latent: FloatArray, blocks: Mapping[str, slice]) -> FloatArray:
        """Return the log derivative of the unknowns by their unbounded coordinates, (draw,)."""
        return log_jacobian(self.late.layout, self._own(latent))

    def log_likelihood(self, latent: FloatArray, blocks: Mapping[str, slice]) -> FloatArray:
        """Return the log probability of the names by period of death, (draw, n_period)."""
        return self.late.log_likelihood({"latent": self._own(latent)})[self.name]

    def simulate(
        self, latent: FloatArray, blocks: Mapping[str, slice], shares: Shares,
        rng: np.random.Generator,
    ) -> dict[str, np.ndarray]:  # fmt: skip
        """Simulate triangles, names and deaths; see `models.late.Late.simulate`."""
        return simulate_deaths(self.late, self._own(latent), shares, rng)

    def data(self, simulated: Mapping[str, np.ndarray], index: int) -> Reports:
        """Return the data of one simulation."""
        return self.late.simulated_data(simulated, index)

    def prior_latent(
        self, latent: FloatArray, blocks: Mapping[str, slice], rng: np.random.Generator
    ) -> None:
        """Put draws from the priors into the blocks of the list, the level at 0."""
        size = self.late.layout.form.size
        latent[:, :size] = prior_latent(self.late.layout, rng, latent.shape[0])

    # -- what the search for coordinates asks -----------------------------------------------------

    @functools.cached_property
    def _problem(self) -> LateProblem:
        return LateProblem(self.late.layout, self.late.past)

    def tails(self) -> dict[str, float]:
        """Return the degrees of freedom of heavy-tailed blocks."""
        return dict(self._problem.tails)

    def scales(self) -> dict[str, str]:
        """Return the log scale that multiplies each block that has one."""
        return dict(self._problem.scales)

    def noises(self) -> tuple[str, ...]:
        """Return log scales that spread the data."""
        return self._problem.noises

    def start(self, block: str) -> float:
        """Return where a log scale begins."""
        return self._problem.start(block)

    def prior_derivatives(self, block: str, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return slope and curvature of the log prior of an effect."""
        return self._problem.prior_derivatives(block, values)

    def scoring(
        self, latent: FloatArray, blocks: Mapping[str, slice]
    ) -> tuple[FloatArray, FloatArray]:
        """Return slope and information of the log likelihood of the names."""
        size = self.late.layout.form.size
        slope, information = np.zeros(latent.size), np.zeros((latent.size, latent.size))
        slope[:size], information[:size, :size] = self._problem.scoring(self._own(latent))
        return slope, information

    # -- the PyMC face --------------------------------------------------------------------------

    def graph_data(self) -> dict[str, Any]:
        """Return the values of the ``pm.Data`` of the list, by name."""
        return self.late.cell_data()

    def graph_prior(self, latent: Any, blocks: Mapping[str, slice], priors: Any) -> Any:
        """Return the log prior density of the blocks of the list in latent coordinates."""
        from models.reporting.graph import prior_density

        return prior_density(self.late.layout.form, latent, priors)

    def graph_rate(self, latent: Any, blocks: Mapping[str, slice], data: Any, priors: Any) -> Any:
        """Return the log expected names of each period within the longest delay."""
        from models.reporting.graph import log_rate

        return log_rate(self.late.layout.form, latent, data, priors)

    def graph_observe(
        self, latent: Any, blocks: Mapping[str, slice], data: Any, priors: Any
    ) -> None:
        """Add the names of past cells to the PyMC model in context."""
        from models.reporting.graph import observe_cells

        observe_cells(self.name, self.late.layout.form, latent, data, priors)
