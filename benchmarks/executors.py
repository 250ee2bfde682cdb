"""What two processes gain on exact work: calibration of the reference models.

    uv run python -m benchmarks.executors

One and two processes are timed in turn, the start of the workers included; the ratio of medians
counts.  Both give the same ranks, which is checked.
"""

import statistics
import time

import numpy as np

from estimation.diagnostics.ranks import simulated_ranks
from estimation.diagnostics.reference import reference_models
from estimation.fit.executors import named_executor

ROUNDS, SIMULATIONS = 3, 500


def main() -> None:
    """Print seconds and the ratio."""
    models = reference_models()
    seconds: dict[str, list[float]] = {"none": [], "processes:2": []}
    found = {}
    for _ in range(ROUNDS):
        for word, kept in seconds.items():
            start = time.perf_counter()
            with named_executor(word) as executor:
                found[word] = simulated_ranks(models, SIMULATIONS, 1, executor=executor)
            kept.append(time.perf_counter() - start)
    for name, (ranks, _) in found["none"].items():
        for unknown, values in ranks.items():
            np.testing.assert_array_equal(values, found["processes:2"][name][0][unknown])
    one, two = (statistics.median(kept) for kept in seconds.values())
    print(
        f"{SIMULATIONS * len(models):,} exact simulations: one process {one:.1f} s, two processes "
        f"{two:.1f} s: {one / two:.2f} times faster, the same ranks"
    )


if __name__ == "__main__":
    main()
