"""Latent classes of overlapping lists: effective draws a second, whole commands; and plain PyMC.

``uv run python -m benchmarks.lists`` runs each in a process of its own.  "cold" has an empty folder
of compiled code, "warm" that of the run before.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time

#: One fit, sampling timed apart from compilation: the second fit of a process compiles nothing.
OURS = """
import json, sys, time
from estimation.fit import nuts
from estimation.fit.engine import plan
from estimation.overlap.latent import LatentOptions, latent_model
from estimation.tables.patterns import read_patterns
from arviz import ess, rhat
import numpy as np, xarray
table, captures = sys.argv[1:]
model = latent_model(read_patterns(table).patterns, LatentOptions(captures))
settings = plan(model, "nuts").settings
nuts.sample_graph(model, 10, tune=10, chains=4, seed=1)
begin = time.perf_counter()
sampled = nuts.sample_graph(
    model, settings["draws"], tune=settings["tune"], chains=settings["chains"], seed=1
)
seconds = time.perf_counter() - begin
estimands, _ = nuts.completed(model, sampled, 1)
total = estimands["total"].reshape(settings["chains"], -1).astype(float)
tree = xarray.Dataset({"total": (("chain", "draw"), total)})
print(json.dumps({
    "sampling": seconds, "ess_per_second": float(ess(tree)["total"]) / seconds,
    "rhat": float(rhat(tree)["total"]),
    "divergences": int(np.asarray(sampled.statistics["diverging"]).sum()),
    "total": np.quantile(total, [0.025, 0.5, 0.975]).tolist(),
}))
"""

#: Tables, and the prior of captures.
FITS = (
    ("kosovo_1999", "pooled"), ("kosovo_1999", "uniform"),
    ("colombia_recruitment_men_1999_r1", "pooled"),
)  # fmt: skip


def _shown(name: str, command: list[str], environment: dict[str, str]) -> None:
    begin = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    whole = time.perf_counter() - begin
    found = json.loads(done.stdout.splitlines()[-1])
    kept = {key: value for key, value in found.items() if key not in ("estimates", "notes")}
    said = kept if "diagnostics" not in kept else {"verdict": kept["diagnostics"]["verdict"]}
    print(f"{name}: {whole:.1f} s in all, {said}", flush=True)


def main() -> None:
    """Run all and print what they found."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"UNDERCOUNT_CACHE": folder}
        for method, state in (("latent", "cold"), ("latent", "warm"), ("all", "warm")):
            command = [sys.executable, "-m", "estimation", "lists", "kosovo_1999", "--method",
                       method, "--json"]  # fmt: skip
            _shown(f"undercount lists kosovo_1999 --method {method}, {state}", command, environment)
        for table, captures in FITS:
            _shown(f"{table}, {captures}", [sys.executable, "-c", OURS, table, captures],
                   environment)  # fmt: skip
        for classes in ("6", "10"):
            command = [sys.executable, "-m", "benchmarks.plain_latent", "kosovo_1999", classes]
            _shown(f"plain PyMC, kosovo_1999, {classes} classes", command, environment)


if __name__ == "__main__":
    main()
