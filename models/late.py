"""The joint of losses over periods and a list whose names come in late.

Every unknown of the graph is in one vector, `latent` (models/reporting/form.py).  The level of the
log rate of *eventually listed* names is free with the scale prior, so that coverage and precision
stay outside the graph and keep their priors, as in `models.field.Field`.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from models.beliefs import Known
from models.beliefs.base import FloatArray
from models.errors import InvalidValueError, RefusedError
from models.losses import Pooled, Walk, WalkPooled
from models.reporting.completion import complete_late
from models.reporting.curves import Layout, curves
from models.reporting.density import log_likelihood, log_prior
from models.reporting.form import PRIORS, SMALL_COUNT, Form
from models.reporting.past import Past, past_cells, sparse_cells
from models.reports import Reports
from models.thinning import refuse_unbounded
from models.triangle import Triangle

if TYPE_CHECKING:
    import pymc


#: Share of dates with a publication below which the graph holds these alone.
SPARSE_SHARE = 0.4


@dataclasses.dataclass(frozen=True, eq=False)
class Late:
    """Losses over periods, and the reports of a list.

    Parameters
    ----------
    losses : Walk or WalkPooled
    evidence : Triangle
    name : str
        Name of the evidence.

    Raises
    ------
    InvalidValueError
        If losses and triangle have other dimensions.
    NotEstimableError
        If the belief on coverage leaves the total unbounded.
    """

    losses: Walk | Pooled | WalkPooled
    evidence: Triangle
    name: str

    def __post_init__(self) -> None:
        strata = len(self.reports.strata) > 1
        if isinstance(self.losses, Pooled) or isinstance(self.losses, WalkPooled) != strata:
            raise InvalidValueError(
                f"{self.losses.kind} losses do not go with reports by period"
                + (" and stratum" if strata else " alone"), where=f"evidence.{self.name}.reports",
                why="delays and losses are told apart by period",
                remedy="walk for one list, walk_pooled for strata",
            )  # fmt: skip
        refuse_unbounded(self.evidence.names, self.evidence.coverage)

    # -- parts ----------------------------------------------------------------------------------

    @property
    def reports(self) -> Reports:
        """Return the triangle."""
        return self.evidence.reports

    @property
    def walk(self) -> Walk:
        """Return the walk of all strata."""
        found = self.losses.walk if isinstance(self.losses, WalkPooled) else self.losses
        if not isinstance(found, Walk):
            raise TypeError("the losses have no walk")
        return found

    @functools.cached_property
    def layout(self) -> Layout:
        """Return what rates and hazards depend on beside the unknowns."""
        reports, delays, losses = self.reports, self.evidence.delays, self.losses
        pooled = losses if isinstance(losses, WalkPooled) else None
        plain = reports.step != "day" and delays.drift is None and reports.shape[2] == 1
        sparse = plain and float(reports.extra("published").mean()) < SPARSE_SHARE
        own = pooled.own_step if pooled is not None else None
        form = Form(
            periods=reports.shape[0], delays=reports.n_delay, strata=reports.shape[2],
            reports=reports.n_report, weekly=reports.step == "day",
            drift=delays.drift is not None, walk_drift=self.walk.drift is not None,
            own=own is not None, small=int(reports.counts.max()) < SMALL_COUNT,
            sparse=sparse, publications=int(reports.extra("published").sum()) if sparse else 0,
        )  # fmt: skip
        priors = {
            "log_step": self.walk.step, "log_noise": delays.noise, "log_delay_step": delays.step,
            "log_shock": delays.shock, "log_drift": delays.drift or 1.0,
            "log_spread": pooled.pooled.spread if pooled is not None else 1.0,
            "log_own_step": own or 1.0, "log_stratum_delay": delays.stratum,
            "first": delays.first, "first_spread": delays.first_spread,
            "walk_drift": self.walk.drift or 1.0, "report_weekday": delays.report_weekday,
            "event_weekday": delays.event_weekday, "delay_weekday": delays.delay_weekday,
            "step_tail": self.walk.tail, "delay_tail": 4.0, "shock_tail": 4.0,
        }  # fmt: skip
        return Layout(
            form, priors, self.evidence.typical(), reports.periods[0].weekday(),
            reports.extra("published"),
        )  # fmt: skip

    @functools.cached_property
    def past(self) -> Past:
        """Return the past cells of the triangle."""
        return past_cells(self.reports)

    @functools.cached_property
    def _anchor(self) -> tuple[FloatArray, FloatArray]:
        from models.reporting.anchor import late_anchor

        return late_anchor(self.layout, self.past)

    # -- what is estimated ----------------------------------------------------------------------

    @property
    def exact(self) -> bool:
        """Return whether independent draws exist."""
        return False

    @property
    def scale_free(self) -> bool:
        """Return whether the level has the scale prior, so that coverage keeps its prior."""
        return True

    def _cell_dims(self) -> tuple[str, ...]:
        return ("period", "stratum") if self.reports.strata else ("period",)

    def squeezed(self, values: np.ndarray) -> np.ndarray:
        """Return values by cell without the axis of strata if there are none."""
        return values if self.reports.strata else values[..., 0]

    def dims(self) -> dict[str, tuple[str, ...]]:
        """Return the dimensions of what has any: estimands, data, and log probabilities."""
        cells = self._cell_dims()
        period = "dated_period" if self.reports.extra("undated").any() else "period"
        dated = (period, *cells[1:])
        return {
            "deaths": cells, "confirmed": cells, "eventual_names": dated, "reported_by_now": dated,
            "reported_within": ("delay",), "reported_ahead": ("ahead", *dated),
            self.name: (period,),
            f"{self.name}_count": ("cell", "stratum") if self.reports.strata else ("cell",),
        }  # fmt: skip

    def coords(self) -> dict[str, list[str]]:
        """Return the labels of each dimension."""
        found = self.reports.coords()
        if self.reports.extra("undated").any():
            found["dated_period"] = list(found["period"])
            found["period"] = [*found["period"], "unknown"]
        found["ahead"] = [str(ahead) for ahead in range(self.evidence.horizon + 1)]
        shown = self.past.seen | (not self.layout.form.sparse)
        cells = zip(self.past.period[shown], self.past.delay[shown], strict=True)
        found["cell"] = [f"{self.reports.periods[t]}+{d}" for t, d in cells]
        return found

    def constants(self) -> frozenset[str]:
        """Return the estimands that the model takes as known, or that are part of others."""
        # of the probabilities many are 1 in every draw
        found = {"confirmed", "reported_by_now", "reported_within", "reported_ahead"}
        evidence = self.evidence
        if isinstance(evidence.precision, Known):
            found.add("precision")
            if evidence.precision.value == 1:
                found.add("observed")
        if isinstance(evidence.coverage, Known):
            found.add("coverage")
        return frozenset(found)

    def moment_orders(self) -> dict[str, float]:
        """Return, by estimand, the order below which posterior moments exist; absent: all do.

        Shocks and steps are Student's t on the log scale: what is due has no mean, as has no
        exponential of such a variable.
        """
        names = ("total", "unseen", "deaths", "eventual", "eventual_names")
        return dict.fromkeys(names, 0.0)

    def formula(self) -> list[str]:
        """Return the model as lines of formulas."""
        index = "t, s" if self.reports.strata else "t"
        drift = " + drift" if self.walk.drift is not None else ""
        terms = ["base[d]", "shock[t + d]"]
        if self.layout.form.drift:
            terms.append("drift[t + d]")
        if self.layout.form.weekly:
            terms += ["report_weekday[t + d]", "delay_weekday[t, d]"]
        if self.reports.strata:
            terms.append("stratum_delay[s]")
        return [
            f"{self.name}[{index}, d] ~ NegBinomial(rate[{index}] * coverage / precision "
            f"* p[{index}, d], noise)",
            f"p[{index}, d] = hazard[d] * (1 - hazard[d - 1]) * ... * (1 - hazard[0])",
            f"logit hazard = {' + '.join(terms)}",
            f"log rate[t] = log rate[t-1]{drift} + step * StudentT({self.walk.tail:g})",
            f"eventual[{index}] = {self.name} known by now + what is due",
            f"unseen[{index}] = what is due + Poisson(rate[{index}] * (1 - coverage))",
            "total = observed + unseen, summed over all cells",
        ]

    def rank_quantities(self, values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return what calibration ranks, each (draw,), of simulated truths or posterior draws."""
        names = ("total", "eventual", "coverage", "precision", "step", "noise", "shock_size",
                 "delay_step", "drift_size", "spread", "own_step")  # fmt: skip
        found = {
            name: values[name] for name in names
            if name in values and name not in self.constants()
        }  # fmt: skip
        names_by_cell = values["eventual_names"].reshape(values["eventual_names"].shape[0], -1)
        return found | {"last period": names_by_cell[:, -1], "first period": names_by_cell[:, 0]}

    def simulated_data(self, simulated: Mapping[str, np.ndarray], index: int) -> Reports:
        """Return the triangle of one simulation."""
        return dataclasses.replace(
            self.reports,
            counts=simulated["count"][index],
            undated=None,
            beyond=simulated["beyond"][index],
        )

    def structure(self) -> tuple[Any, ...]:
        """Return what fixes the form of the graph, numbers aside."""
        return ("late", self.name, dataclasses.astuple(self.layout.form))

    # -- the PyMC face --------------------------------------------------------------------------

    def graph(self) -> pymc.Model:
        """Return the PyMC model; every number is ``pm.Data``."""
        from models.reporting.graph import build_graph

        return build_graph(self.name, self.layout.form, self.graph_data())

    def graph_data(self) -> dict[str, Any]:
        """Return the values of all ``pm.Data``, by name."""
        center, factor = self._anchor
        priors = np.array([self.layout.priors[key] for key in PRIORS])
        return {"center": center, "factor": factor, "priors": priors, **self.cell_data()}

    def cell_data(self) -> dict[str, Any]:
        """Return the values of the ``pm.Data`` of the past cells, by name."""
        from scipy.special import gammaln

        layout, past, form = self.layout, self.past, self.layout.form
        if form.sparse:
            cells = sparse_cells(self.name, past, layout.published, form.delays - 1)
            return cells | {
                "typical": layout.typical, "seen": np.ones(int(past.seen.sum())),
            }  # fmt: skip
        found: dict[str, Any] = {
            "typical": layout.typical, "period": past.period, "delay": past.delay,
            "begin": past.begin, "published": layout.published.astype(float),
            "merged": past.merged, "seen": past.seen.astype(float),
            "constant": gammaln(past.counts + 1.0), f"{self.name}_count": past.counts,
        }  # fmt: skip
        if form.weekly:
            found["weekdays"] = layout.weekdays(form.reports)
        return found

    # -- the NumPy face -------------------------------------------------------------------------

    def log_prior(self, theta: Mapping[str, ArrayLike]) -> dict[str, FloatArray]:
        """Return the log prior density by unknown, (draw,); a free level adds nothing."""
        return log_prior(self.layout, np.asarray(theta["latent"]))

    def log_likelihood(self, theta: Mapping[str, ArrayLike]) -> dict[str, FloatArray]:
        """Return the log probability of the names by period of death, (draw, n_period)."""
        latent = np.asarray(theta["latent"])
        form, cells = self.layout.form, self.past.counts.size
        size = max(1, 2_000_000 // cells)  # some 16 MB of cells at once
        found = np.zeros((latent.shape[0], form.periods))
        first = np.flatnonzero(self.past.delay == 0)
        for start in range(0, latent.shape[0], size):
            part = slice(start, start + size)
            each = log_likelihood(self.layout, self.past, latent[part]).sum(axis=2)
            found[part] = np.add.reduceat(each, first, axis=1)
        return {self.name: found}

    def complete(
        self, free: Mapping[str, FloatArray], rng: np.random.Generator
    ) -> tuple[dict[str, np.ndarray], dict[str, FloatArray]]:
        """Draw names and deaths given what the graph was sampled for."""
        latent = np.asarray(free["latent"])
        return complete_late(self, latent, rng), {"latent": latent}

    def simulate(
        self, rng: np.random.Generator, draws: int, rate: ArrayLike | None
    ) -> dict[str, np.ndarray]:
        """Simulate unknowns from their priors, and triangles from them.

        Parameters
        ----------
        rng : numpy.random.Generator
        draws : int
        rate : float or (draw,) array
            Expected deaths of a period and stratum, on average.

        Returns
        -------
        dict of (draw, ...) arrays
            latent, coverage, precision and scales; count (draw, n_period, n_delay, n_stratum) and
            beyond (draw, n_period, n_stratum); names without a date are not simulated;
            eventual_names and deaths by cell; seen, unseen, total, eventual (draw,).
        """
        from models.reporting.completion import believed_shares
        from models.reporting.simulation import prior_latent, simulate_deaths

        if rate is None:
            raise RefusedError(
                "the scale prior cannot be simulated from", where="losses", why="it is improper",
                remedy="fix the rate",
            )  # fmt: skip
        shares = believed_shares(self, draws, rng)
        latent = prior_latent(self.layout, rng, draws)
        log_rate = curves(self.layout, latent).log_rate
        highest = log_rate.max(axis=(1, 2))
        mean = highest + np.log(np.exp(log_rate - highest[:, None, None]).mean(axis=(1, 2)))
        listed = np.asarray(rate, float) * shares.coverage / shares.precision * (1 - shares.tail)
        latent[:, self.layout.form.blocks["level"]] += (np.log(listed) - mean)[:, None]
        return {"latent": latent} | simulate_deaths(self, latent, shares, rng)
