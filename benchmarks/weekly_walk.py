"""A random walk on the log of a weekly rate: 40 free parameters, for benchmarks of the session."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np


@dataclasses.dataclass(frozen=True)
class WeeklyWalk:
    """Counts a week ~ Poisson(exp(walk)); the level of the walk is its first week.

    Parameters
    ----------
    counts : (39,) integers, deaths
    spread : float
        Scale of the half-normal prior of the weekly step.
    """

    counts: tuple[int, ...]
    spread: float

    def structure(self) -> tuple[Any, ...]:
        """Return what fixes the form of the graph."""
        return ("weekly walk",)

    def graph_data(self) -> dict[str, Any]:
        """Return the numbers of the graph."""
        return {"deaths_count": np.asarray(self.counts), "spread": self.spread,
                "level": float(np.log(np.mean(self.counts)))}  # fmt: skip

    def graph(self) -> Any:
        """Return the PyMC model, centered: every week has many deaths."""
        import pymc as pm

        data = self.graph_data()
        with pm.Model() as model:
            counts = pm.Data("deaths_count", data["deaths_count"])
            step = pm.HalfNormal("step", pm.Data("spread", data["spread"]))
            start = pm.Normal.dist(pm.Data("level", data["level"]), 1.0)
            walk = pm.GaussianRandomWalk(
                "log_rate", sigma=step, init_dist=start, shape=len(self.counts)
            )
            pm.Poisson("deaths", pm.math.exp(walk), observed=counts)
        return model


def simulated(rng: np.random.Generator) -> WeeklyWalk:
    """Return a walk with simulated counts and a prior of its own."""
    walk = np.log(rng.uniform(300, 3000)) + np.cumsum(rng.normal(0, rng.uniform(0.03, 0.2), 39))
    return WeeklyWalk(tuple(rng.poisson(np.exp(walk)).tolist()), float(rng.uniform(0.1, 0.5)))
