"""How fast a model is fitted again to other data under other priors.

    uv run python -m benchmarks.refits

100 refits through the session, its one compilation included, against ``pm.sample`` on the same
graphs with the same draws, warm-up and chains.  Ten fits by ``pm.sample`` are timed and scaled to
100; they are spread among ours, so that a busy machine slows both.  Ours complete the total and
compute the densities of prior and likelihood; ``pm.sample`` only samples.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pymc as pm

from benchmarks.weekly_walk import simulated
from estimation import fit
from estimation.fit.session import Session, session
from models import Count, Flat, Model, between, known

REFITS, TIMED = 100, 10
DRAWS, TUNE, CHAINS, CORES = 1000, 1000, 4, 2


def _flat(rng: np.random.Generator, *, parameters: int) -> Model:
    low = float(rng.uniform(0.2, 0.6))
    belief = (
        known(low) if parameters == 1 else between(low, low + 0.2, float(rng.uniform(0.5, 0.95)))
    )
    return Model(Flat(), {"names": Count(int(rng.integers(50, 200_000)), belief)})


def compare(
    name: str, make: Callable[[np.random.Generator], Any], ours: Callable[[Any, int], Any],
    compilations: Callable[[], int],
) -> None:  # fmt: skip
    """Time both on the same models in turn, and print the ratio."""
    rng = np.random.default_rng(1)
    models = [make(rng) for _ in range(REFITS)]
    seconds = {"ours": 0.0, "pm.sample": 0.0}
    block, before = REFITS // TIMED, compilations()
    for i in range(TIMED):
        start = time.perf_counter()
        for j, model in enumerate(models[i * block : (i + 1) * block]):
            ours(model, i * block + j)
        between_them = time.perf_counter()
        with models[i * block].graph():
            pm.sample(
                DRAWS, tune=TUNE, chains=CHAINS, cores=CORES, random_seed=i, progressbar=False,
                quiet=True, compute_convergence_checks=False,
            )  # fmt: skip
        seconds["ours"] += between_them - start
        seconds["pm.sample"] += time.perf_counter() - between_them
    theirs = seconds["pm.sample"] * REFITS / TIMED
    print(
        f"{name}: {REFITS} refits {seconds['ours']:.1f} s with {compilations() - before} "
        f"compilation; pm.sample {theirs:.0f} s ({TIMED} timed, {seconds['pm.sample']:.1f} s, "
        f"scaled): {theirs / seconds['ours']:.1f} times faster",
        flush=True,
    )


def main() -> None:
    """Print one line a model."""
    options = {"draws": DRAWS, "tune": TUNE, "chains": CHAINS, "cores": CORES}

    def by_fit(model: Model, seed: int) -> None:
        fit(model, "nuts", seed=seed, **options)

    for parameters in (1, 2):
        compare(
            f"one count, {parameters} parameter{'s' * (parameters > 1)}",
            lambda rng, n=parameters: _flat(rng, parameters=n), by_fit,
            lambda: session.compilations,
        )  # fmt: skip
    own = Session()

    def by_session(model: Any, seed: int) -> None:
        own.sample(model, seed=seed, **options)

    compare("weekly walk, 40 parameters", simulated, by_session, lambda: own.compilations)


if __name__ == "__main__":
    main()
