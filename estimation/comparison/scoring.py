"""Proper scores of a past forecast, draws or quantiles, against a later truth: smaller is better.

Draws stand along the first axis, (draw, ...), and truths have the shape of what follows, so that
many forecasts are scored at once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from estimation.comparison.forecast_calibration import (
    INTERVALS,
    covered,
    inside_intervals,
    interval_column,
    pit_ends,
)
from estimation.comparison.forecasts import checked_draws, finite, ordered_quantiles
from estimation.errors import InvalidValueError
from estimation.summaries.estimates import QUANTILES
from models.beliefs.base import FloatArray
from models.checks import probability

if TYPE_CHECKING:
    import pandas as pd


@dataclasses.dataclass(frozen=True)
class WeightedIntervalScore:
    """The weighted interval score and the parts that sum to it, each (...), in units of the truth.

    `dispersion` is what width costs, `overprediction` (`underprediction`) what truths below
    (above) intervals and median cost.
    """

    value: FloatArray
    dispersion: FloatArray
    overprediction: FloatArray
    underprediction: FloatArray


@dataclasses.dataclass(frozen=True)
class Score:
    """All scores of one forecast; None where what was forecast does not tell.

    Parameters
    ----------
    truth, median : float
    wis, dispersion, overprediction, underprediction : float
        Weighted interval score of the seven quantiles, and its parts.
    inside : mapping of float to bool or None
        By level, whether the central interval holds the truth.
    crps : float or None
        Fair continuous ranked probability score; of draws.
    below, at_most : float or None
        Ends of the probability integral transform; of draws.
    pit : float or None
        Drawn between them; of draws, with random numbers.
    log_score : float or None
        With the log densities of the truth given each draw.
    """

    truth: float
    median: float
    wis: float
    dispersion: float
    overprediction: float
    underprediction: float
    inside: Mapping[float, bool | None]
    crps: float | None = None
    below: float | None = None
    at_most: float | None = None
    pit: float | None = None
    log_score: float | None = None


def interval_score(low: ArrayLike, high: ArrayLike, prob: float, truth: ArrayLike) -> FloatArray:
    """Return the interval score of central intervals, same shape.

    Width, plus 2 / (1 - prob) times the distance by which the truth lies outside.

    Parameters
    ----------
    low, high, truth : (...) arrays
        The ends are the (1 - prob) / 2 and (1 + prob) / 2 quantiles.
    prob : float

    References
    ----------
    Gneiting, T. & Raftery, A. E. (2007), section 6.2. https://doi.org/10.1198/016214506000001437
    """
    low, high, truth = finite(low, "low"), finite(high, "high"), finite(truth, "truth")
    if (low > high).any():
        raise InvalidValueError("must be at most high", where="low", remedy="swap them")
    penalty = 2 / (1 - probability(prob, "prob"))
    outside = np.maximum(low - truth, 0) + np.maximum(truth - high, 0)
    return np.asarray(high - low + penalty * outside)


def weighted_interval_score(
    quantiles: Mapping[float, ArrayLike] | Mapping[str, ArrayLike], truth: ArrayLike
) -> WeightedIntervalScore:
    """Return the weighted interval score of forecasts given by quantiles.

    K symmetric pairs of levels are central intervals, each with weight alpha / 2, the median has
    weight 1 / 2, and the sum is divided by K + 1 / 2: it nears the CRPS as levels become dense.

    Parameters
    ----------
    quantiles : mapping of level to (...) array
        Levels as numbers, or as text as in rows of estimates; with the median, symmetric.
    truth : (...) array

    Raises
    ------
    InvalidValueError
        If levels are not symmetric or lack the median, or quantiles fall as levels rise.

    References
    ----------
    Bracher, J. et al. (2021). https://doi.org/10.1371/journal.pcbi.1008618
    """
    levels, values = ordered_quantiles(quantiles)
    truth = finite(truth, "truth")
    pairs = len(levels) // 2
    error = truth - values[pairs]
    dispersion = np.zeros(np.broadcast_shapes(*(one.shape for one in values), truth.shape))
    over, under = np.maximum(-error, 0) / 2 + dispersion, np.maximum(error, 0) / 2 + dispersion
    for k in range(pairs):
        low, high, half_alpha = values[k], values[-1 - k], levels[k]
        dispersion = dispersion + half_alpha * (high - low)
        # alpha / 2 times the penalty 2 / alpha is 1
        over = over + np.maximum(low - truth, 0)
        under = under + np.maximum(truth - high, 0)
    parts = [np.asarray(part / (pairs + 0.5)) for part in (dispersion, over, under)]
    return WeightedIntervalScore(np.asarray(sum(parts)), *parts)


def crps(draws: ArrayLike, truth: ArrayLike, *, fair: bool = True) -> FloatArray:
    """Return the continuous ranked probability score of draws, (...), in O(n log n).

    E|X - truth| - E|X - X'| / 2.  The default is fair: X and X' are different draws, so that the
    score of the distribution behind independent draws is estimated without bias and forecasts
    with unequally many draws can be compared; it can be slightly negative.  `fair=False` scores
    the draws themselves as a discrete forecast, which is right if they are all that was forecast.

    Parameters
    ----------
    draws : (draw, ...) array
    truth : (...) array
    fair : bool

    References
    ----------
    Gneiting, T. & Raftery, A. E. (2007), equation 21. https://doi.org/10.1198/016214506000001437
    Ferro, C. A. T. (2014). https://doi.org/10.1002/qj.2270
    """
    draws, truth = checked_draws(draws, truth, 2 if fair else 1)
    # around the truth, so that large totals with small errors lose no digits
    ordered = np.sort(draws - truth, axis=0)
    n = ordered.shape[0]
    rank = (2 * np.arange(1, n + 1) - n - 1).reshape(-1, *[1] * truth.ndim)
    spread = (rank * ordered).sum(axis=0) / (n * (n - 1 if fair else n))
    return np.asarray(np.abs(ordered).mean(axis=0) - spread)


def log_score(log_densities: ArrayLike) -> FloatArray:
    """Return minus the log of the mean density of the truth, (...).

    Parameters
    ----------
    log_densities : (draw, ...) array
        Log density (or probability) of the truth given each draw; minus infinity is allowed.
    """
    from scipy.special import logsumexp

    found = np.asarray(log_densities, dtype=float)
    if found.ndim == 0 or found.shape[0] == 0:
        raise InvalidValueError("has no draws", where="log_densities")
    if np.isnan(found).any() or (found == np.inf).any():
        raise InvalidValueError("has values that are no log density", where="log_densities")
    return np.asarray(np.log(found.shape[0]) - logsumexp(found, axis=0))


def score(
    draws: ArrayLike, truth: float, *, log_densities: ArrayLike | None = None,
    rng: np.random.Generator | None = None,
) -> Score:  # fmt: skip
    """Return all scores of one forecast by draws; all axes are draws.

    Log densities of the truth given each draw add the log score, random numbers the randomized
    probability integral transform.
    """
    draws = np.ravel(finite(draws, "draws"))
    values = dict(zip(QUANTILES, np.quantile(draws, QUANTILES).tolist(), strict=True))
    below, at_most = (float(end) for end in pit_ends(draws, truth))
    inside = {level: bool(one) for level, one in inside_intervals(draws, truth).items()}
    return dataclasses.replace(
        score_row({"quantiles": values}, truth),
        inside=inside, crps=float(crps(draws, truth)), below=below, at_most=at_most,
        pit=None if rng is None else below + (at_most - below) * rng.random(),
        log_score=None if log_densities is None else float(log_score(np.ravel(log_densities))),
    )  # fmt: skip


def score_row(row: Mapping[str, Any], truth: float) -> Score:
    """Return what the quantiles of a row of estimates tell of a later truth."""
    levels, values = ordered_quantiles(row["quantiles"])
    wis = weighted_interval_score(row["quantiles"], truth)
    inside: dict[float, bool | None] = {}
    for prob in INTERVALS:
        at = np.flatnonzero(np.isclose(levels, (1 - prob) / 2))
        inside[prob] = None
        if at.size:
            inside[prob] = bool(covered(values[at[0]], values[-1 - at[0]], truth))
    return Score(
        truth=float(truth), median=float(values[len(levels) // 2]), wis=float(wis.value),
        dispersion=float(wis.dispersion), overprediction=float(wis.overprediction),
        underprediction=float(wis.underprediction), inside=inside,
    )  # fmt: skip


def scores(
    rows: Iterable[Mapping[str, Any]], rng: np.random.Generator | None = None
) -> pd.DataFrame:
    """Return the scores of many forecasts, one row each.

    Parameters
    ----------
    rows : iterable of mappings
        Rows of estimates, each with "truth" beside its quantiles; one with "draws" is scored by
        them, and by "log_densities" if there are any.
    rng : numpy.random.Generator, optional
        Adds the randomized probability integral transform of draws.

    Returns
    -------
    pandas.DataFrame
        name, method and the parts of the index of each row, then the fields of `Score`; whether
        intervals hold the truth stands in inside_50, inside_80, inside_95.
    """
    import pandas as pd

    found: list[dict[str, Any]] = []
    for row in rows:
        if "truth" not in row:
            raise InvalidValueError("has no truth", where=f"row {len(found) + 1}")
        if "draws" not in row:
            one = score_row(row, row["truth"])
        else:
            one = score(row["draws"], row["truth"], log_densities=row.get("log_densities"), rng=rng)
        fields = {field.name: getattr(one, field.name) for field in dataclasses.fields(one)}
        inside = {interval_column(level): held for level, held in fields.pop("inside").items()}
        labels = {key: row[key] for key in ("name", "method") if key in row}
        found.append({**labels, **row.get("index", {}), **fields, **inside})
    return pd.DataFrame(found)
