"""The joint model of names, register and excess deaths: time and draws, against plain PyMC.

``uv run python -m benchmarks.learned`` runs each in a process of its own, start-up and compilation
included, with an empty store.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time

#: Draws and warm-up draws of the plain script.
PLAIN = ("1000", "1000")

#: Our own process: fit, checks, effective draws.
OURS = """
import json, time
begin = time.perf_counter()
from estimation import fit
from estimation.diagnostics.gate import tree_verdict
from estimation.study.read import read_study
import arviz as az
import numpy as np
model = next(one for one in read_study().scenarios if one.name == "learned").model
tree = fit(model, seed=2025)
verdict = tree_verdict(tree, 0.95)
seconds = time.perf_counter() - begin
posterior = tree["posterior"].to_dataset()
names = ["total", "coverage", "bias_probate"]
print(json.dumps({
    "seconds": seconds, "verdict": verdict.verdict,
    "checks": {one.name: one.value for one in verdict.checks},
    "ess": {name: float(az.ess(posterior[[name]])[name]) for name in names},
    "total": np.quantile(posterior["total"], [0.025, 0.5, 0.975]).tolist(),
}))
"""


def main() -> None:
    """Run both and print what they found."""
    for name, command in (
        ("joint model", [sys.executable, "-c", OURS]),
        ("plain PyMC", [sys.executable, "-m", "benchmarks.plain_register", *PLAIN]),
    ):
        begin = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        whole = time.perf_counter() - begin
        found = json.loads(done.stdout.splitlines()[-1])
        print(f"{name}: {whole:.1f} s in all")
        for key, value in found.items():
            print(f"  {key}: {value}")


if __name__ == "__main__":
    main()
