"""How long all models of pairs of six lists take, and a choice repeated in 1,000 replicates.

    uv run python -m benchmarks.loglinear

The baseline is iterated weighted least squares for one model at a time, as a general GLM would fit
it, timed on some of the models.
"""

import csv
import time

import numpy as np

from estimation.classical.loglinear.estimate import loglinear
from estimation.classical.loglinear.table import Table, table_of
from estimation.classical.loglinear.terms import columns_of, pair_models
from estimation.datasets.load import dataset_path
from models.lists.patterns import Patterns

NAMES = ("uk_trafficking_2013_6lists", "netherlands_trafficking_6lists", "kosovo_1999")
SAMPLE = 400


def listed(name: str) -> Patterns:
    """Return a shipped table of lists."""
    with dataset_path(name).open(encoding="utf-8", newline="") as lines:
        head, *rows = csv.reader(lines)
    on = np.array([[cell == "1" for cell in row[:-1]] for row in rows])
    return Patterns(tuple(head[:-1]), on, np.array([int(row[-1]) for row in rows]))


def one_by_one(table: Table, models: list[tuple[int, ...]]) -> list[float]:
    """Return the missing persons of each model by iterated weighted least squares."""
    cells = np.arange(1, 2**table.lists)
    counts = np.zeros(2**table.lists)
    counts[table.masks] = table.counts
    found = []
    for model in models:
        columns = columns_of(model, table.lists)
        design = ((cells[:, None] & columns) == columns).astype(float)
        mean, before = counts[1:] + 0.5, np.inf
        for _ in range(50):
            working = np.log(mean) + (counts[1:] - mean) / mean
            weighted = design.T * mean
            beta = np.linalg.solve(weighted @ design, weighted @ working)
            mean = np.exp(design @ beta)
            height = float(counts[1:] @ (design @ beta) - mean.sum())
            if abs(height - before) < 1e-9 * abs(height):
                break
            before = height
        found.append(float(np.exp(beta[0])))
    return found


def main() -> None:
    """Print seconds, and the ratio to fits one by one."""
    for name in NAMES[:2]:
        table = table_of(listed(name))
        models = pair_models(table.lists)
        start = time.perf_counter()
        outcomes = table.fit(models)
        together = time.perf_counter() - start
        places = np.random.default_rng(1).choice(len(models), SAMPLE, replace=False)
        start = time.perf_counter()
        slow = one_by_one(table, [models[place] for place in places])
        alone = (time.perf_counter() - start) / SAMPLE * len(models)
        apart = np.abs(np.log(outcomes.missing[places] / slow)).max()
        print(
            f"{name}: {len(models):,} models {together:.2f} s, one by one about {alone:.0f} s, "
            f"{alone / together:.0f} times slower; estimates apart by {apart:.0e}"
        )
    for name in NAMES:
        start = time.perf_counter()
        loglinear(listed(name))
        print(f"{name}: choice, profile, 1,000 replicates {time.perf_counter() - start:.2f} s")


if __name__ == "__main__":
    main()
