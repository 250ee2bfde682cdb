"""Exact log evidence beside that of sequential Monte Carlo on the same graphs.

    uv run python -m benchmarks.evidence

All reference models with a proper prior; `pymc.sample_smc` with 4 chains of 1,000 draws, its start
and compilation included.
"""

import logging
import time
import warnings

import numpy as np
import pymc as pm

from estimation.comparison.evidence import log_evidence
from estimation.diagnostics.reference import reference_models
from models import GammaPrior, Model

CHAINS, DRAWS = 4, 1000


def smc_log_evidence(model: Model, draws: int, chains: int, seed: int) -> np.ndarray:
    """Return the log evidence by sequential Monte Carlo, one value a chain."""
    logging.getLogger("pymc").setLevel(logging.ERROR)
    with warnings.catch_warnings(), model.graph():
        warnings.simplefilter("ignore")
        trace = pm.sample_smc(
            draws=draws, chains=chains, cores=1, random_seed=seed, progressbar=False,
            compute_convergence_checks=False,
        )  # fmt: skip
    # one ragged list a chain, padded with nan: the last finite value is that of the whole ladder
    ladders = trace["sample_stats"]["log_marginal_likelihood"].values
    rows = ladders.reshape(chains, -1) if ladders.ndim > 1 else ladders
    found = [np.concatenate([np.ravel(np.asarray(one, float)) for one in row]) for row in rows]
    return np.array([one[np.isfinite(one)][-1] for one in found])


def main() -> None:
    """Print a table of values, errors and seconds."""
    print("model             exact      error    ms      SMC  chain sd     s  difference / se")
    for name, model in reference_models().items():
        if not isinstance(model.losses.prior, GammaPrior):
            continue
        start = time.perf_counter()
        exact = log_evidence(model)
        ours = time.perf_counter() - start
        start = time.perf_counter()
        chains = smc_log_evidence(model, DRAWS, CHAINS, 1)
        theirs = time.perf_counter() - start
        error = chains.std(ddof=1) / np.sqrt(CHAINS)
        print(
            f"{name:16s} {exact.value:8.5f} {exact.error:9.1e} {1000 * ours:5.0f} "
            f"{chains.mean():8.4f} {chains.std(ddof=1):9.4f} {theirs:5.1f} "
            f"{(chains.mean() - exact.value) / error:16.1f}"
        )


if __name__ == "__main__":
    main()
