"""The script that an analyst would write for latent classes of lists: the baseline of `lists`.

    uv run python -m benchmarks.plain_latent TABLE CLASSES

Betas for captures and sticks, a gamma for the concentration, the total integrated out; PyMC's
defaults but for nutpie.
"""

import json
import sys
import time

import numpy as np
import nutpie
import pymc as pm
import pytensor.tensor as pt
from arviz import ess, rhat

from estimation.tables.patterns import read_patterns


def main(table: str, classes: int) -> None:
    """Fit and print effective draws a second, R-hat and divergences."""
    patterns = read_patterns(table).patterns
    on, counts = patterns.on.astype(float), patterns.counts.astype(float)
    with pm.Model() as model:
        concentration = pm.Gamma("concentration", 0.25, 0.25)
        stick = pm.Beta("stick", 1, concentration, shape=classes - 1)
        rest = pt.concatenate([pt.ones(1), pt.cumprod(1 - stick)])
        weight = rest * pt.concatenate([stick, pt.ones(1)])
        capture = pm.Beta("capture", 1, 1, shape=(classes, on.shape[1]))
        inside = (on[:, None] * pt.log(capture) + (1 - on[:, None]) * pt.log1p(-capture)).sum(2)
        shares = pt.log((weight * pt.exp(inside)).sum(axis=1))
        covered = pm.Deterministic("covered", 1 - (weight * pt.prod(1 - capture, axis=1)).sum())
        pm.Potential("patterns", (counts * shares).sum() - counts.sum() * pt.log(covered))
    begin = time.perf_counter()
    compiled = nutpie.compile_pymc_model(model)
    ready = time.perf_counter()
    tree = nutpie.sample(compiled, chains=4, cores=2, seed=1, progress_bar=False)
    done = time.perf_counter()
    share = tree["posterior"]["covered"]
    observed = patterns.observed
    unseen = np.random.default_rng(1).negative_binomial(observed, np.clip(share, 1e-9, 1))
    total = share.copy(data=observed + unseen.astype(float)).to_dataset(name="total")
    print(json.dumps({
        "compile": ready - begin, "sampling": done - ready,
        "ess_per_second": float(ess(total)["total"]) / (done - ready),
        "rhat": float(rhat(total)["total"]),
        "divergences": int(tree["sample_stats"]["diverging"].sum()),
        "total": np.quantile(total["total"], [0.025, 0.5, 0.975]).tolist(),
    }))  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
