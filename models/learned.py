"""The joint of losses, one list of names, and evidence that learns its coverage.

The sampler sees the log rate of *listed* names, which the names themselves determine, and the log
odds of coverage; deaths are names / coverage.  What a register or a table of deaths says of deaths
it so says of coverage, but for a bias and a share of its own: the ridge between them is straight in
these coordinates, and models/anchoring.py turns and stretches them so that the sampler walks on a
round hill.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from models.audits import Audits
from models.beliefs import Belief, Known
from models.beliefs.base import FloatArray
from models.errors import RefusedError, UndercountError
from models.excess import Excess
from models.learning.checks import (
    refuse_combination,
    refuse_same_rows,
    refuse_uninformed_drift,
)
from models.learning.counted import Counted
from models.learning.form import SCALE, ExcessForm, Form, free_shares
from models.learning.reported import Reported
from models.learning.tallied import Tallied
from models.register import Register
from models.snapshots import Snapshots
from models.triangle import Triangle

if TYPE_CHECKING:
    import pymc

#: Periods of each step between knots of the walk of coverage: about a quarter of a year.
_SPACING = {"day": 91, "week": 13, "month": 3, "year": 1}

#: Periods of each step in a year.
_A_YEAR = {"day": 365.25, "week": 365.25 / 7, "month": 12.0, "year": 1.0}


@dataclasses.dataclass(frozen=True, eq=False)
class Learned:
    """Losses, one list of names, and evidence on how complete it is.

    Parameters
    ----------
    losses : Flat or Walk
    evidence : mapping
        One Count, Triangle or Snapshots, and Registers, Audits and Excess, by name.
    name : str
        Name of the list.

    Raises
    ------
    RefusedError
        If parts may not stand together; see ARCHITECTURE.md.
    InvalidValueError
        If spans do not match the periods.
    """

    losses: Any
    evidence: Mapping[str, Any]
    name: str

    def __post_init__(self) -> None:
        refuse_combination(self.evidence, self.name)
        for name, rows in self.weights.items():
            if name in self.registers:
                refuse_same_rows(rows, name)
        if self.drift > 0:
            refuse_uninformed_drift(self.weights, self.name)
        try:
            _ = self.shares
        except UndercountError as error:
            of, _, which = error.where.partition("_")
            where = f"{which}.share" if of == "share" and which else f"{self.name}.{error.where}"
            error.where = f"evidence.{where}"
            raise

    # -- parts ----------------------------------------------------------------------------------

    @functools.cached_property
    def listed(self) -> Counted | Reported:
        """Return the part that the list makes."""
        item = self.evidence[self.name]
        if isinstance(item, Triangle):
            return Reported(self.losses, item, self.name)
        part = Tallied if isinstance(item, Snapshots) else Counted
        return part(self.losses, item, self.name)

    def _of(self, kind: type) -> dict[str, Any]:
        # in the order of names: that in which they are given changes no number
        items = sorted(self.evidence.items())
        return {name: one for name, one in items if isinstance(one, kind)}

    @functools.cached_property
    def registers(self) -> dict[str, Register]:
        """Return the registers by name."""
        return self._of(Register)

    @functools.cached_property
    def audits(self) -> dict[str, Audits]:
        """Return the audits by name."""
        return self._of(Audits)

    @functools.cached_property
    def excess(self) -> dict[str, Excess]:
        """Return the tables of deaths by name."""
        return self._of(Excess)

    @functools.cached_property
    def weights(self) -> dict[str, FloatArray]:
        """Return, by evidence, the share of each period in each of its rows, (n_row, n_period)."""
        found = {}
        listed = self.listed
        others: dict[str, Any] = {**self.registers, **self.audits, **self.excess}
        for name, item in others.items():
            try:
                found[name] = item.weights(listed.periods, listed.step, self._known_to)
            except UndercountError as error:
                raise error.inside(f"evidence.{name}") from None
        return found

    @property
    def _known_to(self) -> datetime.date | None:
        """Return the day after that of a list of one day."""
        named = self.evidence[self.name]
        if isinstance(named, Triangle | Snapshots) or named.as_of is None:
            return None
        return named.as_of + datetime.timedelta(days=1)  # type: ignore[no-any-return]

    @functools.cached_property
    def beliefs(self) -> dict[str, Belief]:
        """Return the beliefs on all shares, by block."""
        found = self.listed.beliefs()
        for name, register in self.registers.items():
            found[f"share_{name}"] = register.share
        for name, table in self.excess.items():
            found[f"share_{name}"] = table.share
        return found

    @functools.cached_property
    def shares(self) -> dict[str, tuple[str, float, float]]:
        """Return kind and numbers of the priors of shares that are not known."""
        return free_shares(self.beliefs)

    @property
    def drift(self) -> float:
        """Return the scale of the drift of coverage, log odds a year; 0 if there is none."""
        return float(self.evidence[self.name].coverage_drift)

    @functools.cached_property
    def form(self) -> Form:
        """Return which unknowns there are."""
        knots = 0
        if self.drift > 0:
            periods = len(self.listed.periods)
            knots = min(periods, 1 + max(1, round((periods - 1) / _SPACING[self.listed.step])))
        excess = tuple(
            (name, ExcessForm(len(one.years), len(one.deaths.ages), len(one.pandemic)))
            for name, one in self.excess.items()
        )
        return Form(
            tuple(self.listed.sizes()), tuple((key, of[0]) for key, of in self.shares.items()),
            knots, tuple(self.registers),
            tuple((name, len(one.found)) for name, one in self.audits.items()), excess,
        )  # fmt: skip

    @property
    def _between_knots(self) -> float:
        """Return the time from knot to knot, years."""
        steps = (len(self.listed.periods) - 1) / (self.form.knots - 1)
        return steps / _A_YEAR[self.listed.step]

    @functools.cached_property
    def interpolation(self) -> FloatArray:
        """Return the weights of knots in each period, (n_period, n_knot)."""
        places = np.linspace(0, self.form.knots - 1, len(self.listed.periods))
        apart = np.abs(places[:, None] - np.arange(self.form.knots))
        return np.asarray(np.maximum(1 - apart, 0.0))

    @functools.cached_property
    def priors(self) -> dict[str, float]:
        """Return all numbers of the priors, by name, in the order in which the graph has them."""
        found = dict(self.listed.priors())
        for name, (_, first, second) in self.shares.items():
            found |= {f"{name}_first": first, f"{name}_second": second}
        for name, belief in self.beliefs.items():
            if isinstance(belief, Known):
                found[f"{name}_value"] = belief.value
        if self.form.knots:
            found[f"{SCALE}coverage_step"] = self.drift * self._between_knots**0.5
        for name, one in self.registers.items():
            found[f"bias_{name}"] = one.bias
        for name, audits in self.audits.items():
            found |= {f"bias_{name}": audits.bias, f"{SCALE}place_{name}": audits.spread}
        for name, table in self.excess.items():
            of = table.baseline
            found |= {
                f"slope_{name}": of.slope, f"{SCALE}slope_{name}": of.slope_spread,
                f"{SCALE}drift_{name}": of.drift, f"pandemic_{name}": of.pandemic,
                f"{SCALE}noise_{name}": of.noise, f"age_{name}": table.age_spread,
            }  # fmt: skip
        return found

    def prior_scale(self, block: str) -> float:
        """Return the scale of the half-normal prior of the scale whose log is a block."""
        return self.priors[block]

    def with_data(self, data: Mapping[str, Any]) -> Learned:
        """Return the same with the data of some evidence replaced."""
        evidence = dict(self.evidence)
        for name, value in data.items():
            evidence[name] = dataclasses.replace(
                evidence[name], **{evidence[name].data_field: value}
            )
        return Learned(self.losses, evidence, self.name)

    @functools.cached_property
    def _anchor(self) -> tuple[FloatArray, FloatArray]:
        from models.anchoring import anchor
        from models.learning.problem import LearnedProblem

        return anchor(LearnedProblem(self))

    # -- what is estimated ----------------------------------------------------------------------

    @property
    def exact(self) -> bool:
        """Return whether independent draws exist."""
        return False

    @property
    def scale_free(self) -> bool:
        """Return whether coverage keeps its prior: no, it is learned."""
        return False

    def dims(self) -> dict[str, tuple[str, ...]]:
        """Return the dimensions of what has any: estimands, data, and log probabilities."""
        from models.learning.labels import dims

        return dims(self)

    def coords(self) -> dict[str, list[str]]:
        """Return the labels of each dimension."""
        from models.learning.labels import coords

        return coords(self)

    def constants(self) -> frozenset[str]:
        """Return the estimands that the model takes as known, or that are part of others."""
        known = isinstance(self.listed, Reported)
        found = set(self.listed.late.constants()) if isinstance(self.listed, Reported) else set()
        found |= {"confirmed"}
        for name in ("coverage", "precision"):
            belief = self.beliefs[name]
            if isinstance(belief, Known):
                found.add(name)
                if name == "precision" and belief.value == 1 and not known:
                    found.add("observed")
        return frozenset(found)

    def moment_orders(self) -> dict[str, float]:
        """Return, by estimand, the order below which posterior moments exist; absent: all do."""
        if isinstance(self.listed, Reported):
            return self.listed.late.moment_orders()
        # where a share of its own is near nothing too, a source says nothing against low coverage
        order = self.beliefs["coverage"].inverse_moment_order()
        for name in {**self.registers, **self.excess}:
            order += self.beliefs[f"share_{name}"].inverse_moment_order()
        found = dict.fromkeys(("total", "unseen", "rate"), order)
        if self.form.knots:
            # log odds of a period are normal with a half-normal scale, a step a knot
            most = 1 / (self.priors[f"{SCALE}coverage_step"] * (self.form.knots - 1) ** 0.5)
            order = min(order, most)
        return found | {"deaths": order}

    def rank_quantities(self, values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return what calibration ranks, each (draw,), of simulated truths or posterior draws."""
        names = ["total", "coverage", "precision", "step", "coverage_step", "eventual"]
        names += [name for name in values if name.startswith(("bias_", "share_"))]
        found = {
            name: values[name] for name in names
            if name in values and name not in self.constants()
        }  # fmt: skip
        if "deaths" in values:
            found |= {
                "first period": values["deaths"][:, 0],
                "last period": values["deaths"][:, -1],
            }
        if "period_coverage" in values:
            found["last coverage"] = values["period_coverage"][:, -1]
        return found

    def simulated_data(self, simulated: Mapping[str, np.ndarray], index: int) -> dict[str, Any]:
        """Return the data of one simulation, by evidence."""
        from models.learning.simulation import simulated_data

        return simulated_data(self, simulated, index)

    def formula(self) -> list[str]:
        """Return the model as lines of formulas."""
        from models.learning.formula import formula

        return formula(self)

    def structure(self) -> tuple[Any, ...]:
        """Return what fixes the form of the graph, numbers aside."""
        tables = tuple(self.excess[name].structure() for name in sorted(self.excess))
        known = tuple(name for name, one in self.beliefs.items() if isinstance(one, Known))
        rows = tuple(one.estimates.rows for one in self.registers.values())
        return ("learned", self.listed.structure(), dataclasses.astuple(self.form), known, rows,
                tables, len(self.listed.periods))  # fmt: skip

    # -- the PyMC face --------------------------------------------------------------------------

    def graph(self) -> pymc.Model:
        """Return the PyMC model; every number is ``pm.Data``."""
        from models.learning.graph import build_graph

        return build_graph(self)

    def graph_data(self) -> dict[str, Any]:
        """Return the values of all ``pm.Data``, by name."""
        center, factor = self._anchor
        found: dict[str, Any] = {
            "center": center, "factor": factor, "priors": np.array(list(self.priors.values())),
            **self.listed.graph_data(),
        }  # fmt: skip
        if self.form.knots:
            found["interpolation"] = self.interpolation
        for name, register in self.registers.items():
            found |= {
                f"{name}_weights": self.weights[name], f"{name}_central": register.log_central,
                f"{name}_factor": np.linalg.cholesky(register.log_covariance),
            }  # fmt: skip
        for name, audits in self.audits.items():
            found |= {
                f"{name}_weights": self.weights[name], f"{name}_found": np.asarray(audits.found),
                f"{name}_checked": np.asarray(audits.checked),
            }  # fmt: skip
        for name, table in self.excess.items():
            found |= {
                f"{name}_weights": self.weights[name], f"{name}_x": table.from_middle,
                f"{name}_other": table.other.astype(float), f"{name}_affected": table.affected,
            }  # fmt: skip
        return found

    # -- the NumPy face -------------------------------------------------------------------------

    def log_prior(self, theta: Mapping[str, ArrayLike]) -> dict[str, FloatArray]:
        """Return the log prior density by unknown, (draw,); a free level adds nothing."""
        from models.learning.density import log_prior

        return log_prior(self, np.asarray(theta["latent"]))

    def log_likelihood(self, theta: Mapping[str, ArrayLike]) -> dict[str, FloatArray]:
        """Return the log probability of the data, by evidence."""
        from models.learning.density import log_likelihood

        return log_likelihood(self, np.asarray(theta["latent"]))

    def complete(
        self, free: Mapping[str, FloatArray], rng: np.random.Generator
    ) -> tuple[dict[str, np.ndarray], dict[str, FloatArray]]:
        """Draw deaths given what the graph was sampled for; see `models.model.Model.complete`."""
        from models.learning.completion import complete

        latent = np.asarray(free["latent"])
        return complete(self, latent, rng), {"latent": latent}

    def simulate(
        self, rng: np.random.Generator, draws: int, rate: ArrayLike | None
    ) -> dict[str, np.ndarray]:
        """Simulate unknowns from their priors, and the data of all evidence from them."""
        from models.learning.simulation import simulate

        if rate is None:
            raise RefusedError(
                "the scale prior cannot be simulated from", where="losses", why="it is improper",
                remedy="fix the rate",
            )  # fmt: skip
        return simulate(self, rng, draws, np.asarray(rate, float))
