"""Past forecasts as they are given, draws or quantiles, and their truths: checked, or refused."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from estimation.errors import InvalidValueError
from models.beliefs.base import FloatArray
from models.checks import probability


def ordered_quantiles(
    quantiles: Mapping[float, ArrayLike] | Mapping[str, ArrayLike],
) -> tuple[list[float], list[FloatArray]]:
    """Return levels in order with their values, or refuse those that are no forecast."""
    try:
        items = sorted((probability(float(key), "quantiles"), key) for key in quantiles)
    except (TypeError, ValueError):
        raise InvalidValueError(
            f"have levels that are no probabilities: {list(quantiles)}", where="quantiles"
        ) from None
    levels = [level for level, _ in items]
    if not np.isclose(levels, 0.5, atol=1e-9, rtol=0).any():
        raise InvalidValueError("lack the median", where="quantiles", remedy="add level 0.5")
    if not np.allclose(np.add(levels, levels[::-1]), 1, atol=1e-9, rtol=0):
        raise InvalidValueError(
            f"have levels that are not symmetric: {levels}", where="quantiles",
            why="each pair is a central interval", remedy="give 1 - p for every p",
        )  # fmt: skip
    if np.min(np.diff(levels), initial=1) < 1e-9:
        raise InvalidValueError("have a level twice", where="quantiles")
    values = [finite(quantiles[key], f"quantiles.{key}") for _, key in items]  # type: ignore[index]
    for k in range(len(values) - 1):
        if (values[k] > values[k + 1]).any():
            raise InvalidValueError(
                f"are not sorted: that of {levels[k]:g} lies above that of {levels[k + 1]:g}",
                where="quantiles", why="they are those of no distribution",
            )  # fmt: skip
    return levels, values


def checked_draws(
    draws: ArrayLike, truth: ArrayLike, least: int = 1
) -> tuple[FloatArray, FloatArray]:
    """Return draws (draw, ...) and truths (...) of the same forecasts, or refuse them.

    Parameters
    ----------
    draws : (draw, ...) array
    truth : (...) array
    least : int
        Draws that are needed.
    """
    found, truths = finite(draws, "draws"), finite(truth, "truth")
    if found.ndim == 0 or found.shape[0] < least:
        raise InvalidValueError(f"has fewer than {least} draws", where="draws")
    if found.shape[1:] != truths.shape:
        raise InvalidValueError(
            f"has shape {truths.shape}, the forecasts have {found.shape[1:]}", where="truth",
            remedy="draws stand along the first axis",
        )  # fmt: skip
    return found, truths


def finite(values: ArrayLike, field: str) -> FloatArray:
    """Return numbers as an array, or refuse those of a field that are not finite."""
    found = np.asarray(values, dtype=float)
    if not np.isfinite(found).all():
        raise InvalidValueError("must be finite", where=field)
    return found
