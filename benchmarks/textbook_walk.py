"""The weekly walk as an analyst would write it today: the baseline of `benchmarks.cells`.

A random walk on the log of the weekly rate, not centered, coverage in the graph, a Poisson count a
week, ``pm.sample`` with its defaults.  Nothing of this project but the data is imported.
"""

import time

START = time.perf_counter()

import json  # noqa: E402
from pathlib import Path  # noqa: E402

import arviz as az  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import pymc as pm  # noqa: E402

TABLE = Path(__file__).resolve().parent.parent / "estimation" / "datasets" / "named_by_week.csv"

if __name__ == "__main__":
    weeks = pd.read_csv(TABLE, parse_dates=["week_start"])
    counts, years = weeks["named_2025_08"].to_numpy(), weeks["week_start"].dt.year.to_numpy()
    with pm.Model():
        coverage = pm.Uniform("coverage", lower=0.45, upper=0.65)
        level = pm.Normal("level", mu=np.log(counts.mean()), sigma=1.0)
        sigma = pm.HalfNormal("sigma", sigma=0.3)
        z = pm.Normal("z", mu=0.0, sigma=1.0, shape=len(counts))
        rate = pm.math.exp(level + pm.math.cumsum(sigma * z))
        pm.Poisson("counts", mu=rate * coverage, observed=counts)
        pm.Deterministic("total", rate.sum())
        for year in np.unique(years):
            pm.Deterministic(f"deaths_{year}", rate[years == year].sum())
        posterior = pm.sample(1000, tune=1000, chains=4, random_seed=1, progressbar=False)
    names = ["total", *(f"deaths_{year}" for year in np.unique(years))]
    table = az.summary(posterior, var_names=names, round_to="none")
    everything = az.summary(posterior, kind="diagnostics", round_to="none")
    found = {
        "ess": table["ess_bulk"].round().to_dict(),
        "mean": table["mean"].round().to_dict(),
        "rhat": float(everything["r_hat"].max()),
        "divergences": int(posterior["sample_stats"]["diverging"].sum()),
        "draws": int(posterior["posterior"].sizes["chain"] * posterior["posterior"].sizes["draw"]),
    }
    print(json.dumps({"seconds": round(time.perf_counter() - START, 2), **found}))
