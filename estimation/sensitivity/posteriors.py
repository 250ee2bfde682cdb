"""Posteriors of many models that differ in a few fields: each graph is sampled once.

What lies outside the graph of a model (coverage and precision of a table, whose level is free) is
drawn afterwards, so that models which differ there only need no sampling of their own.  The draws
are those of `estimation.fit` at the same seed and settings, to the last bit.
"""

from __future__ import annotations

import dataclasses
import functools
import threading
from collections import OrderedDict
from typing import Any

import numpy as np

from estimation.diagnostics.gate import exact_verdict, require, sampled_verdict
from estimation.diagnostics.verdicts import Verdict
from estimation.errors import InvalidValueError
from estimation.fit.engine import Engine, Plan, plan
from estimation.fit.exact import exact_draws
from estimation.fit.key import content_key
from estimation.fit.nuts import Sampled, completed, sample_graph
from estimation.fit.tree import to_tree
from estimation.progress import Tell, silent, watch
from estimation.summaries.estimands import Estimand, evaluate
from estimation.summaries.losses import Losses
from models.model import Model

#: Graphs whose draws are held at once.
_HELD = 2

#: Bytes above which only the last of them is held.
_MOST_BYTES = 500_000_000


@dataclasses.dataclass(frozen=True)
class Target:
    """What is looked at in each scenario: a variable of the posterior, or an estimand.

    Parameters
    ----------
    name : str
        For tables and figures.
    estimand : Estimand, optional
        Else the variable of that name, as in "total" or "step".
    accept_maturity : str, optional
        Reason to compare periods of unequal maturity.
    """

    name: str = "total"
    estimand: Estimand | None = None
    accept_maturity: str | None = None

    @property
    def event(self) -> bool:
        """Return whether it happens or not, and is no number."""
        return self.estimand is not None and self.estimand.event

    @property
    def label(self) -> str:
        """Return the name; of an event what is told of it, its probability."""
        return f"probability of {self.name}" if self.event else self.name


TOTAL = Target()


class Posterior:
    """The posterior of one model.

    Parameters
    ----------
    planned : Plan
        Model, engine, settings, seed.
    draws : dict of (chain * draw, ...) arrays
        Estimands.
    statistics : xarray.Dataset, optional
        Of the sampler.
    """

    def __init__(self, planned: Plan, draws: dict[str, np.ndarray], statistics: Any = None) -> None:
        self.planned, self.draws, self._statistics = planned, draws, statistics
        self._ordered: dict[Target, np.ndarray] = {}

    @functools.cached_property
    def tree(self) -> Any:
        """Return the ArviZ form, without densities."""
        one = self.planned
        return to_tree(one.model, self.draws, {}, self._statistics, engine=one.engine,
                       seed=one.seed, settings=one.settings, densities=False)  # fmt: skip

    def verdict(self, prob: float, targets: tuple[Target, ...] = (TOTAL,)) -> Verdict:
        """Judge what is looked at and, of a sampled graph, all scales and the sampler itself."""
        model = self.planned.model
        numbers = [one for one in targets if self.of(one).dtype != bool] or [TOTAL]
        if self.planned.engine == "exact":
            ordered = {one.name: self.ordered(one) for one in numbers}
            return exact_verdict(ordered, model.constants(), prob)
        looked_at = {one.name: self.of(one) for one in numbers}
        scalars = {name: x for name, x in self.draws.items() if x.ndim == 1}
        monitored = {
            name: x for name, x in (scalars | looked_at).items() if name not in model.constants()
        }
        chains = self.planned.settings["chains"]
        return sampled_verdict(monitored, chains, self._statistics, prob)

    def of(self, target: Target = TOTAL) -> np.ndarray:
        """Return draws of a target, (draw,) numbers or truth values.

        Raises
        ------
        InvalidValueError
            If the posterior has no such variable.
        """
        if target.estimand is not None:
            return evaluate(
                target.estimand, self._losses, accept_maturity=target.accept_maturity
            ).draws  # fmt: skip
        if target.name not in self.draws or self.draws[target.name].ndim > 1:
            known = [name for name, values in self.draws.items() if values.ndim == 1]
            raise InvalidValueError(
                f"no estimand {target.name!r} in this posterior", where="estimand",
                remedy="one of " + ", ".join(known),
            )  # fmt: skip
        return self.draws[target.name]

    def ordered(self, target: Target = TOTAL) -> np.ndarray:
        """Return draws of a target from the smallest to the largest; see `of`."""
        if target not in self._ordered:
            draws = self.of(target)
            if draws.dtype == np.int64 and draws.max() <= np.iinfo(np.int32).max:
                draws = draws.astype(np.int32)  # is sorted in half the time
            self._ordered[target] = np.sort(draws)
        return self._ordered[target]

    @functools.cached_property
    def _losses(self) -> Losses:
        # whether the fit may be reported is asked in `verdict`, once for all targets
        return Losses(self.tree, verdict=Verdict(()))


class Posteriors:
    """Posteriors of models, each graph sampled once.

    Parameters
    ----------
    engine : {"auto", "exact", "nuts"}
    draws : int, optional
        A chain; see `estimation.fit.engine.fit`.
    chains : int
    seed : int
    cores : int, optional
        Processor cores (NUTS); all by default.
    prob : float
        Level of the intervals that will be reported.
    accept : str, optional
        Reason to go on with posteriors that failed their checks.
    tell : callable
        Told how far the sampling of a graph is.
    """

    def __init__(
        self, *, engine: Engine = "auto", draws: int | None = None, chains: int = 4, seed: int = 1,
        cores: int | None = None, prob: float = 0.95, accept: str | None = None,
        tell: Tell = silent,
    ) -> None:  # fmt: skip
        self.engine: Engine = engine
        self.draws, self.chains, self.seed = draws, chains, seed
        self.cores, self.prob, self.accept = cores, prob, accept
        self.tell = tell
        self._sampled: OrderedDict[str, Sampled] = OrderedDict()
        self._lock = threading.Lock()

    def plan(self, model: Model) -> Plan:
        """Return how a model will be fitted."""
        return plan(model, self.engine, draws=self.draws, chains=self.chains, seed=self.seed)

    def posterior(self, model: Model) -> Posterior:
        """Return the posterior of a model, unjudged."""
        planned = self.plan(model)
        settings = planned.settings
        if planned.engine == "exact":
            size = settings["chains"] * settings["draws"]
            return Posterior(planned, exact_draws(model, size, self.seed))
        sampled = self.sampled(planned)
        return Posterior(planned, completed(model, sampled, self.seed)[0], sampled.statistics)

    def sampled(self, planned: Plan) -> Sampled:
        """Return draws of the graph of a planned fit, from those that are held if they are."""
        key = graph_key(planned.model)
        with self._lock:  # threads that need one graph wait for the first of them
            if key not in self._sampled:
                settings = planned.settings
                self._sampled[key] = sample_graph(
                    planned.model, settings["draws"], tune=settings["tune"],
                    chains=settings["chains"], cores=self.cores, seed=self.seed,
                    progress=watch(self.tell, "graph"),
                )  # fmt: skip
                while len(self._sampled) > (_HELD if self._bytes() < _MOST_BYTES else 1):
                    self._sampled.popitem(last=False)
            self._sampled.move_to_end(key)
            return self._sampled[key]

    def _bytes(self) -> int:
        return sum(x.nbytes for sampled in self._sampled.values() for x in sampled.free.values())

    def forget(self) -> None:
        """Drop the draws of graphs that are held."""
        with self._lock:
            self._sampled.clear()

    def of(self, model: Model, target: Target = TOTAL) -> np.ndarray:
        """Return draws of a target under a model, (draw,).

        Raises
        ------
        GateError
            If the posterior failed its checks and no reason to accept that was given.
        """
        found = self.posterior(model)
        require(found.verdict(self.prob, (target,)), self.accept)
        return found.of(target)


def graph_key(model: Model) -> str:
    """Return a hash of what the draws of a graph depend on: its form and all numbers in it."""
    return content_key(structure=model.structure(), data=model.graph_data())
