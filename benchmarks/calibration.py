"""How long 1,000 calibration simulations take, and one simulation against simuk's SBC.

    uv run --group benchmark python -m benchmarks.calibration

The model has two free parameters (expected deaths under a gamma prior, coverage under a beta); both
sides take the same draws, warm-up and chains by NUTS, compilation included.  simuk runs 20
simulations.  Ours rank the completed total too.
"""

import time
import warnings

import numpy as np
import simuk

from estimation.diagnostics.calibration import judge_ranks
from estimation.diagnostics.ranks import simulated_ranks
from estimation.diagnostics.reference import reference_models

SIMULATIONS, THEIRS = 1000, 20


def main() -> None:
    """Print seconds, verdicts and the ratio."""
    model = reference_models()["gamma-beta"]
    start = time.perf_counter()
    (ranks, _), *_ = simulated_ranks({"one": model}, SIMULATIONS, 1, "nuts").values()
    ours = time.perf_counter() - start
    verdicts = {one.name: one.verdict for one in judge_ranks(ranks)}
    print(f"{SIMULATIONS} simulations by NUTS through the session: {ours:.1f} s, {verdicts}")
    start = time.perf_counter()
    simulated_ranks({"one": model}, SIMULATIONS, 1, "exact")
    exact = time.perf_counter() - start
    print(f"{SIMULATIONS} simulations by exact draws: {exact:.1f} s")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start = time.perf_counter()
        theirs = simuk.SBC(
            model.graph(), num_simulations=THEIRS, seed=1,
            sample_kwargs={"draws": 250, "tune": 500, "chains": 4, "cores": 2,
                           "progressbar": False, "quiet": True},
        )  # fmt: skip
        theirs.run_simulations()
        seconds = time.perf_counter() - start
    ratio = seconds / THEIRS / (ours / SIMULATIONS)
    print(
        f"simuk: {THEIRS} simulations {seconds:.1f} s; a simulation takes {seconds / THEIRS:.2f} s "
        f"there and {1000 * ours / SIMULATIONS:.0f} ms here: {ratio:.0f} times faster by NUTS, "
        f"{seconds / THEIRS / (exact / SIMULATIONS):.0f} times by exact draws"
    )
    assert np.isfinite(ratio)


if __name__ == "__main__":
    main()
