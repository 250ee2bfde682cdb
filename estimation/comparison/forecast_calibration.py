"""Whether forecasts were calibrated: what intervals held, and the probability integral transform.

Draws stand along the first axis, (draw, ...), and truths have the shape of what follows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from estimation.comparison.forecasts import checked_draws, finite
from models.beliefs.base import FloatArray
from models.checks import probability

if TYPE_CHECKING:
    import pandas as pd

BoolArray = NDArray[np.bool_]

#: Central intervals whose coverage is told.
INTERVALS = (0.5, 0.8, 0.95)


def covered(low: ArrayLike, high: ArrayLike, truth: ArrayLike) -> BoolArray:
    """Return whether intervals, ends included, hold the truth, (...)."""
    low, high, truth = finite(low, "low"), finite(high, "high"), finite(truth, "truth")
    return np.asarray((low <= truth) & (truth <= high))


def inside_intervals(
    draws: ArrayLike, truth: ArrayLike, probs: Iterable[float] = INTERVALS
) -> dict[float, BoolArray]:
    """Return by level whether central intervals of draws (draw, ...) hold the truth, each (...)."""
    draws, truth = checked_draws(draws, truth)
    found = {}
    for prob in probs:
        tail = (1 - probability(prob, "probs")) / 2
        low, high = np.quantile(draws, [tail, 1 - tail], axis=0)
        found[prob] = covered(low, high, truth)
    return found


def coverage_table(
    inside: Mapping[float, ArrayLike] | pd.DataFrame, prob: float = 0.95
) -> pd.DataFrame:
    """Return by level the share of truths inside of central intervals, with its uncertainty.

    Parameters
    ----------
    inside : mapping of level to (forecast,) booleans, or the table of `scores`
        As from `inside_intervals`; forecasts that do not tell (None) are left out.
    prob : float
        Level of the uncertainty of the share.

    Returns
    -------
    pandas.DataFrame
        One row a level: forecasts, inside, share, low, high: Wilson's interval, which takes the
        forecasts as independent (those of one quantity at several dates are not).

    References
    ----------
    Brown, L. D., Cai, T. T. & DasGupta, A. (2001). https://doi.org/10.1214/ss/1009213286
    """
    import pandas as pd
    from scipy.stats import binomtest

    prob = probability(prob, "prob")
    if isinstance(inside, pd.DataFrame):
        inside = {level: inside[interval_column(level)].to_numpy() for level in INTERVALS}
    rows = []
    for level, values in inside.items():
        told = [bool(one) for one in np.ravel(np.asarray(values, dtype=object)) if not pd.isna(one)]
        row: dict[str, Any] = {"interval": level, "forecasts": len(told), "inside": sum(told)}
        if told:
            found = binomtest(sum(told), len(told)).proportion_ci(prob, method="wilson")
            row |= {"share": sum(told) / len(told), "low": found.low, "high": found.high}
        rows.append(row)
    columns = ["interval", "forecasts", "inside", "share", "low", "high"]
    return pd.DataFrame(rows, columns=columns).set_index("interval")


def pit_ends(draws: ArrayLike, truth: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return the ends of the probability integral transform of the truth, each (...).

    The truth counts as one more draw: if it comes from the same distribution as the n draws, what
    lies uniformly between the ends is exactly uniform for any n, ties or none.
    """
    draws, truth = checked_draws(draws, truth)
    n = draws.shape[0]
    return (
        np.asarray((draws < truth).sum(axis=0) / (n + 1)),
        np.asarray(((draws <= truth).sum(axis=0) + 1) / (n + 1)),
    )


def pit(draws: ArrayLike, truth: ArrayLike, rng: np.random.Generator) -> FloatArray:
    """Return randomized values of the probability integral transform, (...).

    Uniform if forecasts are calibrated, for counts too: drawn between F(truth - 1) and F(truth).

    References
    ----------
    Czado, C., Gneiting, T. & Held, L. (2009). https://doi.org/10.1111/j.1541-0420.2009.01191.x
    """
    low, high = pit_ends(draws, truth)
    return np.asarray(low + (high - low) * rng.random(low.shape))


def interval_column(level: float) -> str:
    """Return the name of the column that says whether an interval of that level held the truth."""
    return f"inside_{100 * level:g}"
