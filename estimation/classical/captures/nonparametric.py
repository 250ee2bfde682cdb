"""Totals from capture frequencies without a law of persons: jackknife, coverage of the rare."""

from __future__ import annotations

from collections.abc import Callable
from math import comb

import numpy as np
from scipy.special import ndtr

from estimation.classical.captures.confidence import DRAWS, log_normal_draws, standard_draws
from estimation.classical.captures.frequencies import Captures, check_repeats
from estimation.classical.captures.models import FloatArray
from estimation.errors import InvalidValueError, NotEstimableError
from estimation.summaries.overlap import OverlapEstimate

#: The highest order of the jackknife.
MOST_ORDER = 5

#: Persons with more records are met surely, and say nothing of those without a record.
RARE = 10


def jackknife_weights(order: int, most: int) -> FloatArray:
    """Return what a person with 1, 2, ... records counts in the total, (most,).

    The limit of many occasions [1]_: persons without a record are a signed sum of those with up to
    as many records as the order.
    """
    found = np.ones(most)
    for number in range(1, min(order, most) + 1):
        found[number - 1] += (-1) ** (number + 1) * comb(order, number)
    return found


def captures_jackknife(
    captures: Captures, order: int | None = None, *, draws: int = DRAWS, seed: int = 1
) -> OverlapEstimate:
    """Estimate the total by the jackknife of Burnham and Overton [1]_ [2]_.

    Parameters
    ----------
    captures : Captures
    order : int, optional
        1 to 5; the first from which the next does not differ (at a level of 5 %) unless given.
    draws, seed : int

    Raises
    ------
    InvalidValueError
        If the order is not 1 to 5.
    NotEstimableError
        If nobody was recorded exactly once or twice.

    References
    ----------
    .. [1] Burnham, K. P. and Overton, W. S. (1978). Estimation of the size of a closed population
       when capture probabilities vary among animals. Biometrika 65(3), 625-633.
       https://doi.org/10.1093/biomet/65.3.625
    .. [2] Burnham, K. P. and Overton, W. S. (1979). Robust estimation of population size when
       capture probabilities vary among animals. Ecology 60(5), 927-936.
       https://doi.org/10.2307/1936861
    """
    check_repeats(captures)
    if order is not None and not 1 <= order <= MOST_ORDER:
        raise InvalidValueError(f"must be 1 to {MOST_ORDER}", where="order")
    counts = captures.frequencies[1:].astype(float)
    chosen = _order(counts) if order is None else order
    weights = jackknife_weights(chosen, len(counts))
    total = float(weights @ counts)
    error = float(np.sqrt(max(weights**2 @ counts - total, 0.0)))
    found = np.maximum(total + error * standard_draws(draws, seed), float(captures.observed))
    return OverlapEstimate(
        "jackknife", "classical", total, found, captures.observed,
        "The number of persons met grows with the number of occasions as a polynomial of its "
        "inverse of the order chosen. Persons who are hardly ever recorded make the total too low; "
        "with few persons the order, and so the total, is too low or high by chance.",
        details={"order": chosen, "order_given": order is not None, "standard_error": error},
    )  # fmt: skip


def _order(counts: FloatArray) -> int:
    """Return the first order from which the next does not differ."""
    persons = counts.sum()
    for order in range(1, MOST_ORDER):
        change = jackknife_weights(order + 1, len(counts)) - jackknife_weights(order, len(counts))
        difference = float(change @ counts)
        variance = (change**2 @ counts - difference**2 / persons) * persons / max(persons - 1, 1)
        if variance <= 0 or 2 * ndtr(-abs(difference) / np.sqrt(variance)) > 0.05:
            return order
    return MOST_ORDER


def captures_ace(
    captures: Captures, adjusted: bool = False, *, draws: int = DRAWS, seed: int = 1
) -> OverlapEstimate:
    """Estimate the total from the coverage of rarely recorded persons [1]_.

    Parameters
    ----------
    captures : Captures
    adjusted : bool
        Whether to correct the coefficient of variation, which is too low if persons differ much.
    draws, seed : int

    Raises
    ------
    NotEstimableError
        If nobody was recorded exactly once or twice, or only so.

    References
    ----------
    .. [1] Chao, A. and Lee, S.-M. (1992). Estimating the number of classes via sample coverage.
       Journal of the American Statistical Association 87(417), 210-217.
       https://doi.org/10.1080/01621459.1992.10475194
    """
    check_repeats(captures)
    counts = captures.frequencies[1:].astype(float)
    number = np.arange(1.0, len(counts) + 1)

    def total_of(values: FloatArray) -> float:
        rare = number <= RARE
        records = float((number * values)[rare].sum())
        coverage = 1 - values[0] / records
        repeats = float((number * (number - 1) * values)[rare].sum())
        even = float(values[rare].sum()) / coverage
        varied = max(even * repeats / (records * (records - 1)) - 1, 0.0)
        if adjusted:
            varied *= 1 + (1 - coverage) * repeats / ((records - 1) * coverage)
        return float(values[~rare].sum() + even + values[0] / coverage * varied)

    total = total_of(counts)
    if not np.isfinite(total):
        raise NotEstimableError("the coverage is 0", where="captures")
    slopes = _slopes(total_of, counts)
    variance = float(slopes**2 @ counts - (slopes @ counts) ** 2 / total)
    error = float(np.sqrt(max(variance, 0.0)))
    return OverlapEstimate(
        "ace_1" if adjusted else "ace", "classical", total,
        log_normal_draws(total, error, captures.observed, draws=draws, seed=seed),
        captures.observed,
        "How much persons differ in how easily they are recorded is one number, told from those "
        f"with up to {RARE} records. If many are hardly ever recorded the total is too low; if "
        "lists take only persons who are not on others it is too high.",
        details={"standard_error": error, "rare": RARE},
    )  # fmt: skip


def _slopes(function: Callable[[FloatArray], float], counts: FloatArray) -> FloatArray:
    """Return central differences of a function of the counts, (n,)."""
    step = 1e-4
    sides = (np.eye(len(counts)) * step, -np.eye(len(counts)) * step)
    up, down = (np.array([function(counts + one) for one in side]) for side in sides)
    found: FloatArray = (up - down) / (2 * step)
    return found
