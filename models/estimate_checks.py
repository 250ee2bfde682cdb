"""Checks of estimates: one number a row above 0, bounds in order, a covariance that is one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.checks import LARGEST_COUNT, real
from models.errors import InvalidValueError


def checked_correlation(value: object) -> float:
    """Return the correlation between the errors of rows, 0 to 1."""
    correlation = real(value, "correlation")
    if not 0 <= correlation <= 1:
        raise InvalidValueError(
            f"must lie between 0 and 1, not {correlation:g}", where="correlation"
        )
    return correlation


def is_positive_definite(covariance: NDArray[np.float64]) -> bool:
    """Return whether a symmetric matrix is safely positive definite."""
    scale = np.sqrt(np.diag(covariance).clip(min=0))
    if not (scale > 0).all():
        return False
    smallest = np.linalg.eigvalsh(covariance / np.outer(scale, scale))[0]
    return bool(smallest > 1e-10)


def check_bounds(row: int, low: float, central: float, high: float) -> None:
    """Refuse a range that is out of order, or that does not hold its central value."""
    what = ""
    if low >= high:
        what = f"low {low:g} is not below high {high:g}"
    elif central < low:
        what = f"low {low:g} is above the central value {central:g}"
    elif central > high:
        what = f"the central value {central:g} is above high {high:g}"
    if what:
        raise InvalidValueError(what, where=f"row {row}", remedy="check the order of the numbers")


def plain_numbers(values: Any, where: str) -> NDArray[np.float64]:
    """Return values as an array of floats, whatever its shape; NaN stays."""
    if np.ma.is_masked(values):
        raise InvalidValueError("holds masked values", where=where, remedy="leave the rows out")
    try:
        return np.array([[]] if values is None else values, float)
    except (TypeError, ValueError):
        raise InvalidValueError("holds what is no number", where=where) from None


def positive_numbers(values: Any, where: str) -> NDArray[np.float64]:
    """Return one positive number a row, frozen."""
    found = plain_numbers(values, where)
    if found.ndim != 1 or not found.size:
        raise InvalidValueError(
            f"has shape {found.shape}, not (n_row,)", where=where, remedy="give one number a row"
        )
    refuse_not_above_zero(found, where)
    return np.asarray(frozen(found))


def refuse_not_above_zero(values: NDArray[np.float64], where: str) -> None:
    """Refuse the first value that has no logarithm."""
    wrong = ~np.isfinite(values) | (values <= 0) | (values > LARGEST_COUNT)
    if wrong.any():
        index = tuple(map(int, np.argwhere(wrong)[0]))
        raise InvalidValueError(
            f"must be above 0 and finite, not {values[index]:g}",
            where=f"{where}[{', '.join(map(str, index))}]",
            why="the log of a number of deaths is taken",
        )  # fmt: skip


def check_shape(values: Any, shape: tuple[int, ...], where: str) -> None:
    """Refuse values of another shape."""
    if np.shape(values) != shape:
        raise InvalidValueError(f"has shape {np.shape(values)}, not {shape}", where=where)


def frozen(values: Any) -> Any:
    """Return a copy that cannot be written to."""
    values = np.array(values)
    values.flags.writeable = False
    return values
