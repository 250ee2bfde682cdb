"""How fast an average over decomposable graphs is.

    uv run python -m benchmarks.decomposable

All graphs of three to six lists, and searches among those of more, imports not included; against
the plain way for five lists: for each of 822 graphs the Dirichlet terms of its cliques and
separators for each of 20,000 numbers of missing persons, one graph after the other.
"""

from __future__ import annotations

import time

import numpy as np
from scipy.special import gammaln

from estimation.datasets.load import load_dataset
from models.lists.decomposable import decomposable_average
from models.lists.graphs import decomposable_graphs, factors, members
from models.lists.patterns import Patterns

NAMES = (
    "spina_bifida_ny_626", "kosovo_1999", "congenital_anomaly_massachusetts",
    "netherlands_trafficking_5lists", "netherlands_trafficking_6lists",
    "new_orleans_trafficking_8lists", "cottontail_rabbits_18occasions",
    "colombia_recruitment_men_1999_r1",
)  # fmt: skip
PLAIN, MISSING = "congenital_anomaly_massachusetts", np.arange(1, 20_001)


def table(name: str) -> Patterns:
    """Return a shipped table."""
    found = load_dataset(name)
    lists = tuple(column for column in found.columns if column != "count")
    return Patterns(lists, found[list(lists)].to_numpy() == 1, found["count"].to_numpy())


def plain(patterns: Patterns, delta: float) -> np.ndarray:
    """Return the weights of all graphs, each computed alone on a grid of all integers."""
    lists, total = len(patterns.lists), patterns.observed + MISSING
    dense = patterns.dense()
    found = []
    for graph in decomposable_graphs(lists):
        log = gammaln(total + 1) - gammaln(MISSING + 1) - np.log(total)
        for subset, times in factors(graph).items():
            axes = tuple(one for one in range(lists) if one not in set(members(subset)))
            cells = dense.reshape((2,) * lists).sum(axis=axes).reshape(-1)
            prior = delta * 2.0 ** len(axes)
            log = log + times * (gammaln(prior * len(cells)) - gammaln(prior * len(cells) + total))
            for place, count in enumerate(cells):
                missing = MISSING if place == 0 else 0
                log = log + times * (gammaln(prior + count + missing) - gammaln(prior))
        top = log.max()
        found.append(top + np.log(np.exp(log - top).sum()))
    weights = np.exp(np.array(found) - max(found))
    return weights / weights.sum()


def main() -> None:
    """Print seconds, and the ratio to the plain way."""
    seconds = {}
    for name in NAMES:
        patterns = table(name)
        decomposable_graphs.cache_clear()
        start = time.perf_counter()
        found = decomposable_average(patterns, np.random.default_rng(1), saturated=True)
        seconds[name] = time.perf_counter() - start
        median, low, high = found.quantile([0.5, 0.025, 0.975])
        print(
            f"{name:34} {len(patterns.lists):2} lists {seconds[name]:6.2f} s  "
            f"{median:8,.0f} ({low:,.0f} - {high:,.0f})  {found.visited:7,} graphs, "
            f"best {found.graphs[0].weight:.3f}{'' if found.complete else ', walked'}"
        )
    start = time.perf_counter()
    weights = plain(table(PLAIN), 2.0**-5)
    took = time.perf_counter() - start
    print(f"plain, {PLAIN}: {took:.1f} s, best {weights.max():.3f}")
    print(f"plain / all at once: {took / seconds[PLAIN]:.0f}")


if __name__ == "__main__":
    main()
