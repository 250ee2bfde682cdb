"""The joint of losses and overlapping lists, and of registers beside them.

Persons on lists are Poisson cells of pattern x stratum, whose sum the lists determine whatever the
classes; the sampler sees that sum (`level`) and the classes, never a number of persons.  The
persons on no list are completed afterwards: Poisson with the rate of listed persons times the odds
to be on none, which under the scale prior is the same as integrating the total out.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from models.beliefs import Belief, Known
from models.beliefs.base import FloatArray
from models.count import describe
from models.errors import InvalidValueError, RefusedError, UndercountError
from models.learning.form import free_shares, prior_numbers
from models.lists.form import POOLED, SCALE, Form
from models.lists.lists import Lists
from models.losses import Flat, GammaPrior, Pooled
from models.register import Register

if TYPE_CHECKING:
    import pymc

#: Log odds to be on an average list: mean and standard deviation of the normal prior, and scale of
#: the half-normal prior of the standard deviation between lists.  2 % to 69 % for an average list
#: (95 %), and single lists far smaller or larger: nearly complete lists surprise.
_CENTER, _CENTER_SPREAD, _BETWEEN_LISTS = -2.0, 1.5, 2.0


@dataclasses.dataclass(frozen=True, eq=False)
class Overlapping:
    """Losses, overlapping lists, and registers beside them.

    Parameters
    ----------
    losses : Flat or Pooled
        Pooled losses for lists with strata.
    evidence : mapping
        One Lists, and Registers, by name.
    name : str
        Name of the lists.

    Raises
    ------
    InvalidValueError
        If losses and lists have other dimensions.
    RefusedError
        If parts may not stand together.
    """

    losses: Any
    evidence: Mapping[str, Any]
    name: str

    def __post_init__(self) -> None:
        where = f"evidence.{self.name}"
        for name, item in self.evidence.items():
            if name != self.name and not isinstance(item, Register):
                raise RefusedError(
                    f"is {item.kind}, which does not stand beside overlapping lists",
                    where=f"evidence.{name}", why="lists have no periods",
                    remedy="take registers of the total, or a belief on the coverage of all lists",
                )  # fmt: skip
        if not isinstance(self.losses, Flat | Pooled):
            raise InvalidValueError(
                f"{self.losses.kind} losses need periods, and overlapping lists have none",
                where="losses", remedy="flat losses, or pooled ones for strata",
            )  # fmt: skip
        if isinstance(self.losses, Flat):
            if self.lists.strata:
                raise InvalidValueError(
                    "has strata, and flat losses have none", where=f"{where}.patterns",
                    remedy="take pooled losses, or the table without strata (patterns.pooled())",
                )  # fmt: skip
            if self.losses.clustering is not None:
                raise RefusedError(
                    "stands beside overlapping lists", where="losses.clustering",
                    why="one number of deaths does not tell how they cluster",
                    remedy="leave it out",
                )  # fmt: skip
        elif len(self.lists.strata) < 2:
            raise InvalidValueError(
                "pooled losses need two strata or more", where=f"{where}.patterns",
                remedy="take flat losses",
            )  # fmt: skip
        if self.lists.unlabeled.any() and self.lists.open.any():
            raise RefusedError(
                "has cells without a known count, and persons without a stratum",
                where=f"{where}.patterns", why="which of the two a person is cannot be told",
                remedy="leave either out",
            )  # fmt: skip
        for name, register in self.registers.items():
            try:
                register.weights((), "", None)
            except UndercountError as error:
                raise error.inside(f"evidence.{name}") from None
        try:
            _ = self.shares
        except UndercountError as error:
            raise error.inside("evidence") from None

    # -- parts ----------------------------------------------------------------------------------

    @property
    def lists(self) -> Lists:
        """Return the lists."""
        found: Lists = self.evidence[self.name]
        return found

    @functools.cached_property
    def registers(self) -> dict[str, Register]:
        """Return the registers by name."""
        items = sorted(self.evidence.items())
        return {name: one for name, one in items if isinstance(one, Register)}

    @functools.cached_property
    def beliefs(self) -> dict[str, Belief]:
        """Return the beliefs on shares in the scope of registers, by block."""
        return {f"share_{name}": one.share for name, one in self.registers.items()}

    @functools.cached_property
    def shares(self) -> dict[str, tuple[str, float, float]]:
        """Return kind and numbers of the priors of shares that are not known."""
        return free_shares(self.beliefs)

    @functools.cached_property
    def coverage_prior(self) -> tuple[str, float, float]:
        """Return kind and numbers of the belief on coverage."""
        if not self.lists.has_belief:
            raise TypeError("there is no belief on coverage")
        return prior_numbers(self.lists.coverage, "coverage")

    @functools.cached_property
    def form(self) -> Form:
        """Return which unknowns there are."""
        lists = self.lists
        losses = "pooled"
        if isinstance(self.losses, Flat):
            losses = "gamma" if isinstance(self.losses.prior, GammaPrior) else "scale"
        return Form(
            len(lists.patterns.lists), lists.classes, max(len(lists.strata), 1), lists.captures,
            losses, tuple(self.registers),
            tuple((name, kind) for name, (kind, *_) in self.shares.items()),
        )  # fmt: skip

    @functools.cached_property
    def priors(self) -> dict[str, float]:
        """Return all numbers of the priors, by name, in the order in which the graph has them."""
        lists = self.lists
        found = {
            "concentration": lists.concentration_spread, "dependence": lists.dependence,
            "center_mean": _CENTER, "center_spread": _CENTER_SPREAD,
            f"{SCALE}list": _BETWEEN_LISTS, f"{SCALE}class": lists.class_spread,
            f"{SCALE}deviation": lists.list_spread,
            f"{SCALE}stick_stratum": lists.stratum_spread,
            f"{SCALE}list_stratum": lists.stratum_spread,
        }  # fmt: skip
        if isinstance(self.losses, Pooled):
            found[f"{SCALE}rate"] = self.losses.spread
        elif isinstance(self.losses.prior, GammaPrior):
            found |= {"rate_shape": self.losses.prior.shape,
                      "rate_inverse": self.losses.prior.inverse_scale}  # fmt: skip
        if lists.has_belief:
            _, first, second = self.coverage_prior
            found |= {"coverage_first": first, "coverage_second": second}
        for name, (_, first, second) in self.shares.items():
            found |= {f"{name}_first": first, f"{name}_second": second}
        for name, belief in self.beliefs.items():
            if isinstance(belief, Known):
                found[f"{name}_value"] = belief.value
        return found | {f"bias_{name}": one.bias for name, one in self.registers.items()}

    def center(self, standard: FloatArray) -> FloatArray:
        """Return the log odds to be on an average list, given a standard normal variable."""
        return np.asarray(_CENTER + _CENTER_SPREAD * standard)

    @functools.cached_property
    def exposure(self) -> FloatArray:
        """Return persons at risk by stratum, (n_stratum,); ones if none are given."""
        return np.array(self.lists.exposure or np.ones(self.form.strata), dtype=float)

    @functools.cached_property
    def level_center(self) -> tuple[FloatArray, FloatArray]:
        """Return about the log rate of listed persons and its error, (n_stratum,) each."""
        lists = self.lists
        seen = lists.counts.sum(axis=0) + 0.5
        seen = seen * (1 + lists.unlabeled.sum() / seen.sum())
        return np.log(seen), 1 / np.sqrt(seen)

    def register_center(
        self, name: str, latent: FloatArray, log_deaths: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return log expected deaths of each row, (draw, n_row), and the bias, (draw,)."""
        at = self.form.blocks[f"bias_{name}"].start
        share = np.log(self._share(name, latent))
        rows = self.registers[name].estimates.rows
        logs = np.repeat((np.logaddexp.reduce(log_deaths, axis=1) + share)[:, None], rows, axis=1)
        return logs, self.registers[name].bias * latent[:, at]

    def _share(self, name: str, latent: FloatArray) -> FloatArray:
        block = f"share_{name}"
        belief = self.beliefs[block]
        if isinstance(belief, Known):
            return np.full(latent.shape[0], belief.value)
        return np.asarray(1 / (1 + np.exp(-latent[:, self.form.blocks[block].start])))

    def register_unknowns(self, latent: FloatArray) -> dict[str, np.ndarray]:
        """Return biases and shares of registers, (draw,)."""
        found = {}
        for name, register in self.registers.items():
            found[f"bias_{name}"] = (
                register.bias * latent[:, self.form.blocks[f"bias_{name}"].start]
            )
            if f"share_{name}" in self.form.blocks:
                found[f"share_{name}"] = self._share(name, latent)
        return found

    # -- what is estimated ----------------------------------------------------------------------

    @property
    def exact(self) -> bool:
        """Return whether independent draws exist."""
        return False

    @property
    def scale_free(self) -> bool:
        """Return whether coverage keeps its prior: no, the overlap informs it."""
        return False

    def dims(self) -> dict[str, tuple[str, ...]]:
        """Return the dimensions of what has any."""
        table = ("pattern", "stratum") if self.lists.strata else ("pattern", "all")
        found = {"list_coverage": ("list",), f"{self.name}_count": table}
        if self.lists.strata:
            found |= dict.fromkeys(("deaths", "confirmed", "stratum_coverage"), ("stratum",))
        return found

    def coords(self) -> dict[str, list[str]]:
        """Return the labels of each dimension."""
        names = self.lists.patterns.lists
        patterns = ["+".join(name for name, on in zip(names, row, strict=True) if on)
                    for row in self.lists.unique]  # fmt: skip
        strata = {"stratum": list(self.lists.strata)} if self.lists.strata else {"all": ["all"]}
        return {"list": list(names), "pattern": patterns, **strata}

    def constants(self) -> frozenset[str]:
        """Return the estimands that the model takes as known, or that are part of others."""
        return frozenset({"observed", "confirmed"})

    def moment_orders(self) -> dict[str, float]:
        """Return, by estimand, the order below which posterior moments exist; absent: all do.

        A class that no list reaches costs no likelihood: what bounds the total is the prior of its
        share and of its log odds.  Under the uniform prior odds o to be unseen have a tail o^-J for
        J lists; under the pooled one log odds have exponential tails, scale times scale, those of
        the class with rate 1 / class_spread, those of J deviations together sqrt(J) / list_spread.
        A belief on coverage multiplies that tail by its own, as does a free share of a register.
        The share of the class thins it a little further, which is not counted.
        """
        lists = self.lists
        number = len(lists.patterns.lists)
        order = float(number)
        if lists.captures == POOLED:
            order = min(1 / lists.class_spread, number**0.5 / lists.list_spread) + 1e-9
        if lists.has_belief:
            order += lists.coverage.inverse_moment_order() - 1
        if self.form.losses == "gamma":
            return {}
        for name in self.registers:
            order += self.beliefs[f"share_{name}"].inverse_moment_order()
        return dict.fromkeys(("total", "unseen", "rate", "deaths"), order)

    def rank_quantities(self, values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return what calibration ranks, each (draw,), of simulated truths or posterior draws."""
        names = ["total", "coverage", *(n for n in values if n.startswith(("bias_", "share_")))]
        found = {name: values[name] for name in names}
        if "deaths" in values:
            found["first stratum"] = values["deaths"][:, 0]
        return found

    def simulated_data(self, simulated: Mapping[str, np.ndarray], index: int) -> dict[str, Any]:
        """Return the data of one simulation, by evidence."""
        from models.lists.simulation import simulated_data

        return simulated_data(self, simulated, index)

    def formula(self) -> list[str]:
        """Return the model as lines of formulas."""
        lists, s = self.lists, "[s]" if self.lists.strata else ""
        capture = "free, uniform as a probability"
        if lists.captures == POOLED:
            capture = "list[j] + class[k] + deviation[k, j]"
        odds = "p[none] / (1 - p[none])"
        if lists.dependence != 1:
            odds = f"{lists.dependence:g} * {odds}"
        lines = [
            f"{self.name}[x]{s} ~ Poisson(rate{s} * coverage{s} * p[x]{s} / (1 - p[none]{s}))",
            f"p[x]{s} = sum over {lists.classes} classes k of weight[k]{s} * product of lists j",
            f"log odds of class k to be on list j = {capture}",
            f"(1 - coverage{s}) / coverage{s} = {odds}",
            f"unseen{s} ~ Poisson(rate{s} * (1 - coverage{s}))",
        ]
        if lists.has_belief:
            lines.append(
                f"coverage of all: that density, times a belief ({describe(lists.coverage)})"
            )
        if self.lists.strata:
            lines.append("log rate[s] = level + log exposure[s] + effect[s], effects pooled")
        for name in self.registers:
            lines.append(f"log {name} ~ Normal(log(share_{name} * rate) + bias_{name}, error)")
        return [*lines, "total = listed + unseen"]

    def structure(self) -> tuple[Any, ...]:
        """Return what fixes the form of the graph, numbers aside."""
        known = tuple(name for name, one in self.beliefs.items() if isinstance(one, Known))
        rows = tuple(one.estimates.rows for one in self.registers.values())
        return ("overlapping", self.name, self.lists.structure(), dataclasses.astuple(self.form),
                known, rows)  # fmt: skip

    # -- the PyMC face --------------------------------------------------------------------------

    def graph(self) -> pymc.Model:
        """Return the PyMC model; every number is ``pm.Data``."""
        from models.lists.graph import build_graph

        return build_graph(self)

    def graph_data(self) -> dict[str, Any]:
        """Return the values of all ``pm.Data``, by name."""
        lists = self.lists
        center, spread = self.level_center
        found: dict[str, Any] = {
            f"{self.name}_count": lists.counts.astype(float), "on": lists.unique.astype(float),
            "unlabeled": lists.unlabeled.astype(float), "open": lists.open.astype(float),
            "priors": np.array(list(self.priors.values())), "exposure": self.exposure,
            "start": np.zeros(self.form.size),
            "level_center": center, "level_spread": spread,
        }  # fmt: skip
        for name, register in self.registers.items():
            found |= {f"{name}_central": register.log_central,
                      f"{name}_factor": np.linalg.cholesky(register.log_covariance)}  # fmt: skip
        return found

    # -- the NumPy face -------------------------------------------------------------------------

    def log_prior(self, theta: Mapping[str, ArrayLike]) -> dict[str, FloatArray]:
        """Return the log prior density by unknown, (draw,)."""
        from models.lists.density import log_prior

        return log_prior(self, np.asarray(theta["latent"]))

    def log_likelihood(self, theta: Mapping[str, ArrayLike]) -> dict[str, FloatArray]:
        """Return the log probability of the data, by evidence, (draw,)."""
        from models.lists.density import log_likelihood

        return log_likelihood(self, np.asarray(theta["latent"]))

    def complete(
        self, free: Mapping[str, FloatArray], rng: np.random.Generator
    ) -> tuple[dict[str, np.ndarray], dict[str, FloatArray]]:
        """Draw estimands given draws of the graph; see `models.model.Model.complete`."""
        from models.lists.completion import complete

        latent = np.asarray(free["latent"])
        return complete(self, latent, rng), {"latent": latent}

    def simulate(
        self, rng: np.random.Generator, draws: int, rate: ArrayLike | None = None
    ) -> dict[str, np.ndarray]:
        """Simulate unknowns and tables; see `models.model.Model.simulate`."""
        from models.lists.simulation import simulate

        return simulate(self, rng, draws, rate)
