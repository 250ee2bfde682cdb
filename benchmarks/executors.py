"""What two processes gain on exact work, and two workers of Dask: calibration of reference models.

    uv run python -m benchmarks.executors

No executor, two processes and a Dask cluster of two workers on this machine are timed in turn, the
start of the processes included, that of the cluster not: it is there before and after.  The ratio
of medians counts.  All give the same ranks, which is checked.
"""

import statistics
import time

import distributed
import numpy as np

from estimation.diagnostics.ranks import simulated_ranks
from estimation.diagnostics.reference import reference_models
from estimation.fit.executors import named_executor

ROUNDS, SIMULATIONS = 3, 500


def main() -> None:
    """Print seconds and ratios."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as cluster:
        compare(cluster.scheduler_address.replace("tcp", "dask"))


def compare(cluster: str) -> None:
    """Print seconds and ratios, given the word for a cluster."""
    models = reference_models()
    seconds: dict[str, list[float]] = {"none": [], "processes:2": [], cluster: []}
    found = {}
    for _ in range(ROUNDS):
        for word, kept in seconds.items():
            start = time.perf_counter()
            with named_executor(word) as executor:
                found[word] = simulated_ranks(models, SIMULATIONS, 1, executor=executor)
            kept.append(time.perf_counter() - start)
    for name, (ranks, _) in found["none"].items():
        for unknown, values in ranks.items():
            for word in ("processes:2", cluster):
                np.testing.assert_array_equal(values, found[word][name][0][unknown])
    one, two, shared = (statistics.median(kept) for kept in seconds.values())
    print(
        f"{SIMULATIONS * len(models):,} exact simulations: one process {one:.1f} s, two processes "
        f"{two:.1f} s: {one / two:.2f} times faster, two workers of Dask {shared:.1f} s: "
        f"{one / shared:.2f} times faster; the same ranks"
    )


if __name__ == "__main__":
    main()
