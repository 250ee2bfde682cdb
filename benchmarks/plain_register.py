"""The textbook way to learn coverage, for comparison: run as a script of its own.

Weekly names, a probate register by year and the published excess of two years in plain PyMC:
deaths walk (centered), names are deaths times coverage, coverage walks over quarters, and the
register has a free log bias.  Level, coverage and bias stand on a ridge.
"""

from __future__ import annotations

import json
import sys
import time

import arviz as az
import numpy as np
import pymc as pm
import pytensor.tensor as pt

from estimation import read_cells
from estimation.study.read import read_study


def main(draws: int, tune: int) -> None:
    """Sample and print time, the least effective draws, and the total."""
    model = next(one for one in read_study().scenarios if one.name == "learned").model
    learned = model.joint
    cells = read_cells("named_by_week").cells
    counts = np.asarray(cells.counts[:, 0])
    register, share = learned.registers["probate"], 0.98
    knots = learned.interpolation.shape[1]
    excess = learned.weights["rosstat"][learned.weights["rosstat"].any(axis=1)]
    begin = time.perf_counter()
    with pm.Model():
        step = pm.HalfNormal("step", 0.3)
        level = pm.Normal("level", 6.0, 2.0)
        walk = pm.RandomWalk(
            "walk", innovation_dist=pm.StudentT.dist(nu=4, mu=0, sigma=step),
            init_dist=pm.Normal.dist(0.0, 1.0), steps=len(counts) - 1,
        )  # fmt: skip
        scale = pm.HalfNormal("scale", 0.5)
        path = pt.concatenate([pt.zeros(1), pt.cumsum(scale * pm.Normal("path", shape=knots - 1))])
        middle = pm.Normal("middle", 0.2, 0.6)
        coverage = pm.math.sigmoid(middle + pt.dot(learned.interpolation, path))
        deaths = pt.exp(level + walk)
        pm.Poisson("names", deaths * coverage, observed=counts)
        bias = pm.Normal("bias", 0.0, register.bias)
        sums = pt.log(pt.dot(learned.weights["probate"], deaths)) + np.log(share) + bias
        pm.MvNormal("register", sums, cov=register.log_covariance, observed=register.log_central)
        registered = pm.Beta("registered", 17.0, 3.5)
        pm.Normal("excess", pt.dot(excess, deaths) * registered, [4177.0, 4915.0],
                  observed=[20118.0, 37310.0])  # fmt: skip
        pm.Deterministic("total", deaths.sum())
        pm.Deterministic("share_listed", counts.sum() / deaths.sum())
        tree = pm.sample(draws, tune=tune, chains=4, cores=2, random_seed=1, progressbar=False)
    names = ["total", "share_listed", "bias", "middle"]
    found = {name: float(az.ess(tree, var_names=[name])[name].min()) for name in names}
    total = tree["posterior"]["total"].to_numpy().ravel()
    print(json.dumps({
        "seconds": time.perf_counter() - begin, "ess": found,
        "rhat": max(float(az.rhat(tree, var_names=[name])[name].max()) for name in names),
        "divergences": int(tree["sample_stats"]["diverging"].sum()),
        "total": np.quantile(total, [0.025, 0.5, 0.975]).tolist(),
    }))  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
