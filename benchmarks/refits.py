"""How fast a model is fitted again to other data under other priors.

    uv run python -m benchmarks.refits

100 refits through the session, its one compilation included, against ``pm.sample`` on the same
graphs with the same draws, warm-up and chains.  Ten fits by ``pm.sample`` are timed and scaled to
100; they are spread among ours, so that a busy machine slows both.  Ours complete the total and
compute the densities of prior and likelihood; ``pm.sample`` only samples.
"""

import datetime
import time
from collections.abc import Callable

import numpy as np
import pymc as pm

from estimation import fit
from estimation.fit.session import session
from models import Cells, Count, Flat, Model, Walk, between, known

REFITS, TIMED = 100, 10
#: 39 weeks and their step: 40 unknowns.
WEEKS = tuple(datetime.date(2024, 1, 1) + datetime.timedelta(weeks=i) for i in range(39))
DRAWS, TUNE, CHAINS, CORES = 1000, 1000, 4, 2


def _flat(rng: np.random.Generator, *, parameters: int) -> Model:
    low = float(rng.uniform(0.2, 0.6))
    belief = (
        known(low) if parameters == 1 else between(low, low + 0.2, float(rng.uniform(0.5, 0.95)))
    )
    return Model(Flat(), {"names": Count(int(rng.integers(50, 200_000)), belief)})


def _weekly(rng: np.random.Generator) -> Model:
    log_rate = np.log(rng.uniform(300, 3000)) + np.cumsum(rng.normal(0, rng.uniform(0.1, 0.2), 39))
    cells = Cells(rng.poisson(np.exp(log_rate))[:, None], WEEKS, "week")
    return Model(Walk(float(rng.uniform(0.1, 0.5))), {"names": Count(cells, known(0.5))})


def compare(name: str, make: Callable[[np.random.Generator], Model]) -> None:
    """Time both on the same models in turn, and print the ratio."""
    rng = np.random.default_rng(1)
    models = [make(rng) for _ in range(REFITS)]
    seconds = {"ours": 0.0, "pm.sample": 0.0}
    block, before = REFITS // TIMED, session.compilations
    for i in range(TIMED):
        start = time.perf_counter()
        for j, model in enumerate(models[i * block : (i + 1) * block]):
            fit(
                model,
                "nuts",
                draws=DRAWS,
                tune=TUNE,
                chains=CHAINS,
                cores=CORES,
                seed=i * block + j,
            )
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
        f"{name}: {REFITS} refits {seconds['ours']:.1f} s with {session.compilations - before} "
        f"compilation(s); pm.sample {theirs:.0f} s ({TIMED} timed, {seconds['pm.sample']:.1f} s, "
        f"scaled): {theirs / seconds['ours']:.1f} times faster",
        flush=True,
    )


def main() -> None:
    """Print one line a model."""
    for parameters in (1, 2):
        compare(
            f"one count, {parameters} parameter{'s' * (parameters > 1)}",
            lambda rng, n=parameters: _flat(rng, parameters=n),
        )
    compare("weekly walk, 40 parameters", _weekly)


if __name__ == "__main__":
    main()
