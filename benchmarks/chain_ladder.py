"""How long the chain ladder takes, its errors of prediction, and a nowcast with its draws.

    uv run python -m benchmarks.chain_ladder

A simulated triangle of 60 days and 40 delays, and one of twenty years of weeks; the baseline is the
same Poisson regression by iterated weighted least squares, as a general GLM would fit it.
"""

import datetime
import statistics
import time
from collections.abc import Callable

import numpy as np

from estimation.classical.chain_ladder import chain_ladder
from estimation.classical.mack import mack_error
from estimation.classical.nowcast import classical_nowcast
from estimation.classical.over_dispersed_poisson import over_dispersed_poisson
from models.reports import Reports

ROUNDS = 9
SIZES = {"60 days x 40 delays": (60, 40, "day"), "1,043 weeks x 11 delays": (1043, 11, "week")}


def simulated(periods: int, delays: int, step: str) -> Reports:
    """Return reports of a steady rate of 200 names a period, half of them within a tenth."""
    rng = np.random.default_rng(1)
    share = np.exp(-np.arange(delays) / (delays / 7))
    counts = rng.poisson(200 * share / share.sum(), (periods, delays))
    past = np.arange(periods)[:, None] + np.arange(delays) < periods
    length = datetime.timedelta(days=1 if step == "day" else 7)
    dates = tuple(datetime.date(1990, 1, 1) + k * length for k in range(periods))
    return Reports(np.where(past, counts, 0)[:, :, None], dates, step, dates[-1])


def regression(counts: np.ndarray, known: np.ndarray) -> float:
    """Return the reserve by iterated weighted least squares."""
    event, delay = np.indices(counts.shape)
    design = np.concatenate(
        [np.eye(len(counts))[event.ravel()], np.eye(counts.shape[1])[delay.ravel()][:, 1:]], axis=1
    )
    seen, response = known.ravel(), counts.ravel()[known.ravel()]
    mean = response + 0.5
    for _ in range(8):
        working = np.log(mean) + (response - mean) / mean
        weighted = design[seen] * mean[:, None]
        found = np.linalg.lstsq(weighted.T @ design[seen], weighted.T @ working, rcond=None)[0]
        mean = np.exp(design[seen] @ found)
    return float(np.exp(design[~seen] @ found).sum())


def median_milliseconds(work: Callable[[], object]) -> float:
    """Return the median of some rounds, after one that does not count."""
    work()
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return 1000 * statistics.median(seconds)


def main() -> None:
    """Print milliseconds, and the ratio to the regression where that is small enough."""
    for words, size in SIZES.items():
        reports = simulated(*size)
        triangle = (reports.counts.sum(axis=2).astype(float), reports.reported)
        taken = {
            "chain ladder": median_milliseconds(lambda given=triangle: chain_ladder(*given)),
            "Mack": median_milliseconds(lambda given=triangle: mack_error(*given)),
            "over-dispersed Poisson": median_milliseconds(
                lambda given=triangle: over_dispersed_poisson(*given)
            ),
            "nowcast, 4,000 draws": median_milliseconds(
                lambda given=reports: classical_nowcast(given)
            ),
        }
        told = ", ".join(f"{name} {spent:.1f} ms" for name, spent in taken.items())
        print(f"{words}: {told}")
        if size[0] <= 60:
            slow = median_milliseconds(lambda given=triangle: regression(*given))
            ratio = regression(*triangle) / chain_ladder(*triangle).total
            print(
                f"the regression by iteration {slow:.1f} ms, {slow / taken['chain ladder']:.0f} "
                f"times slower; its reserve over ours is {ratio:.9f}"
            )


if __name__ == "__main__":
    main()
