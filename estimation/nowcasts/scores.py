"""Scores of a replay: by method, with errors from blocks of dates, and against each other."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from estimation.comparison.forecast_calibration import pit
from estimation.comparison.scoring import crps, weighted_interval_score
from estimation.nowcasts.pasts import AS_REPORTED, Past, Replay
from estimation.randomness import stream
from estimation.summaries.agreement import percent

#: The quantiles of forecasts of epidemics by which nowcasts are compared.
LEVELS = (0.01, 0.025, *(round(0.05 * k, 2) for k in range(1, 20)), 0.975, 0.99)

#: Central intervals whose coverage is told.
INTERVALS = (0.5, 0.8, 0.9, 0.95)

#: Level of the envelope of the places of final counts.
PIT_ENVELOPE = 0.95

_RESAMPLES = 2000

_PARTS = ("wis", "dispersion", "overprediction", "underprediction", "crps")

_SCORES = (*_PARTS, *(f"inside_{100 * level:g}" for level in INTERVALS))

Floats = NDArray[np.float64]


@dataclasses.dataclass(frozen=True, eq=False)
class _Scored:
    """Sums of scores a date, (date, score), and how many periods each had."""

    dates: tuple[str, ...]
    sums: Floats
    sizes: Floats

    def taking(self, dates: Sequence[str]) -> _Scored:
        places = [self.dates.index(one) for one in dates]
        return _Scored(tuple(dates), self.sums[places], self.sizes[places])


@dataclasses.dataclass(frozen=True)
class Difference:
    """The weighted interval score of one method less that of another, on the dates both have.

    Parameters
    ----------
    method, other : str
    value, error : float
        Difference and its block-bootstrap standard error; the error is NaN of one date.
    ratio : float
        The score over the other's.
    dates : int
    says : str
    """

    method: str
    other: str
    value: float
    error: float
    ratio: float
    dates: int
    says: str


def forecast_rows(replay: Replay) -> list[dict[str, Any]]:
    """Return a row a date, period and method: counts, scores, whether intervals held, quantiles."""
    rows = []
    for past in replay.pasts:
        for method, draws in past.draws.items():
            quantiles = _quantiles(draws)
            scores = _scores(past, draws)
            for place, period in enumerate(past.periods):
                row: dict[str, Any] = {
                    "as_of": past.as_of.isoformat(), "period": period.isoformat(),
                    "method": method, "known": int(past.known[place]),
                    "final": int(past.final[place]),
                    "median": float(quantiles[0.5][place]),
                }  # fmt: skip
                row |= {name: float(values[place]) for name, values in scores.items()}
                row |= {f"q{level:g}": float(quantiles[level][place]) for level in LEVELS}
                rows.append(row)
    return rows


def score_rows(replay: Replay) -> list[dict[str, Any]]:
    """Return a row a method: mean scores and coverage, each with its standard error.

    ``sum_error`` is the mean over dates of the absolute error of the median of the sum over all
    periods of a date, relative to the final sum.
    """
    rows = []
    for method in replay.methods:
        scored = _by_date(replay, method)
        means = scored.sums.sum(axis=0) / scored.sizes.sum()
        errors = _resampled(replay, scored).std(axis=0, ddof=1)
        row: dict[str, Any] = {
            "method": method, "dates": len(scored.dates), "forecasts": int(scored.sizes.sum()),
        }  # fmt: skip
        for name, mean, error in zip(_SCORES, means.tolist(), errors.tolist(), strict=True):
            row |= {name: mean, f"{name}_error": error if len(scored.dates) > 1 else math.nan}
        rows.append(row | {"sum_error": _sum_error(replay, method)})
    return rows


def pit_rows(replay: Replay) -> tuple[list[dict[str, Any]], dict[str, Floats]]:
    """Return a row a method with forecasts, and where final counts fell among its draws, (0, 1).

    Forecasts of one date go together, and so do those of dates near each other: the envelope of
    the largest distance from uniform is that of as many independent values as there are dates.
    """
    from scipy.stats import kstwo

    rows, places = [], {}
    for method in replay.methods:
        pasts = [one for one in replay.pasts if method in one.draws and len(one.draws[method]) > 1]
        if not pasts:
            continue
        values = np.concatenate([
            pit(one.draws[method], one.final,
                stream(replay.seed, "pit", method, one.as_of.isoformat()))
            for one in pasts
        ])  # fmt: skip
        ordered, steps = np.sort(values), np.arange(values.size + 1) / values.size
        deviation = max(np.max(steps[1:] - ordered), np.max(ordered - steps[:-1]))
        rows.append({
            "method": method, "dates": len(pasts), "forecasts": int(values.size),
            "deviation": float(deviation),
            "envelope": float(kstwo.isf(1 - PIT_ENVELOPE, len(pasts))),
        })  # fmt: skip
        places[method] = values
    return rows, places


def differences(replay: Replay) -> list[Difference]:
    """Return how the first method does against each of the others, by blocks of the same dates."""
    first, *others = replay.methods
    return [_difference(replay, first, other) for other in others]


def says(replay: Replay) -> list[str]:
    """Return the verdict in sentences: against the others, and whether intervals hold enough."""
    found = [one.says for one in differences(replay)]
    first = score_rows(replay)[0]
    for level in INTERVALS:
        name = f"inside_{100 * level:g}"
        error = first[f"{name}_error"]
        spread = "" if math.isnan(error) else f" (standard error {100 * error:.0f} points)"
        found.append(
            f"{percent(level)} intervals of the {replay.methods[0]} held "
            f"{percent(first[name])} of the final counts{spread}."
        )
    return found


def block_length(replay: Replay) -> int:
    """Return how many consecutive dates are drawn together.

    The cube root of their number, or as many as share periods, but at most half of them.
    """
    size = len(replay.pasts)
    shared = math.ceil(replay.last / replay.every)
    root = int(np.rint(np.cbrt(size)))
    return max(min(max(root, shared), size // 2), 1)


def _difference(replay: Replay, method: str, other: str) -> Difference:
    mine, theirs = _by_date(replay, method), _by_date(replay, other)
    both = [date for date in mine.dates if date in theirs.dates]
    mine, theirs = mine.taking(both), theirs.taking(both)
    values = [float(one.sums[:, 0].sum() / one.sizes.sum()) for one in (mine, theirs)]
    apart = _resampled(replay, mine)[:, 0] - _resampled(replay, theirs)[:, 0]
    error = float(apart.std(ddof=1)) if len(both) > 1 else math.nan
    value, ratio = values[0] - values[1], values[0] / values[1] if values[1] else math.inf
    if value == 0:
        how = "equal to"
    else:
        share = f"{100 * abs(1 - ratio):.0f} % " if math.isfinite(ratio) else ""
        how = f"{share}{'below' if value < 0 else 'above'}"
    sure = "one date tells no error"
    if not math.isnan(error):
        clear = abs(value) >= 2 * error and value != 0
        sure = (
            f"difference {value:+.3g}, standard error {error:.2g}: "
            f"{'more than chance' if clear else 'may be chance'}"
        )
    other_name = other if other == AS_REPORTED else f"the {other}"
    said = (
        f"The weighted interval score of the {method}, {values[0]:.3g}, is {how} that of "
        f"{other_name}, {values[1]:.3g} ({sure})."
    )
    return Difference(method, other, value, error, ratio, len(both), said)


def _by_date(replay: Replay, method: str) -> _Scored:
    pasts = [one for one in replay.pasts if method in one.draws]
    sums = [
        [float(values.sum()) for values in _scores(past, past.draws[method]).values()]
        for past in pasts
    ]  # fmt: skip
    sizes = np.array([len(past.periods) for past in pasts], float)
    return _Scored(tuple(past.as_of.isoformat() for past in pasts), np.array(sums), sizes)


def _resampled(replay: Replay, scored: _Scored) -> Floats:
    """Return mean scores of dates drawn in blocks with wrap-around, (resample, score).

    Equal numbers of dates are drawn in the same way, so that methods can be compared.

    References
    ----------
    Politis, D. N. & Romano, J. P. (1992). A circular block-resampling procedure for stationary
    data. In Exploring the Limits of Bootstrap.
    """
    size = len(scored.dates)
    length = min(block_length(replay), size)
    rng = stream(replay.seed, "replay", "blocks", str(size))
    starts = rng.integers(size, size=(_RESAMPLES, -(-size // length), 1))
    places = ((starts + np.arange(length)) % size).reshape(_RESAMPLES, -1)[:, :size]
    found: Floats = scored.sums[places].sum(axis=1) / scored.sizes[places].sum(axis=1)[:, None]
    return found


def _quantiles(draws: NDArray[np.int64]) -> dict[float, Floats]:
    return dict(zip(LEVELS, np.quantile(draws, LEVELS, axis=0), strict=True))


def _scores(past: Past, draws: NDArray[np.int64]) -> dict[str, Floats]:
    """Return the scores of each period, (n_target,) each."""
    quantiles = _quantiles(draws)
    found = weighted_interval_score(quantiles, past.final)
    parts = (found.value, found.dispersion, found.overprediction, found.underprediction)
    # a single number is all that was forecast, and no draw of something else
    whole = crps(draws, past.final, fair=len(draws) > 1)
    scores = dict(zip(_PARTS, (*parts, whole), strict=True))
    for level in INTERVALS:
        low, high = quantiles[_level((1 - level) / 2)], quantiles[_level((1 + level) / 2)]
        inside = (low <= past.final) & (past.final <= high)
        scores[f"inside_{100 * level:g}"] = inside.astype(float)
    return scores


def _level(value: float) -> float:
    return min(LEVELS, key=lambda one: abs(one - value))


def _sum_error(replay: Replay, method: str) -> float:
    found = []
    for past in replay.pasts:
        total = int(past.final.sum())
        if method in past.draws and total:
            median = float(np.median(past.draws[method].sum(axis=1)))
            found.append(abs(median / total - 1))
    return float(np.mean(found)) if found else math.nan
