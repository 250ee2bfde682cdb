"""Columns of log-linear models that let persons differ in how easily they are recorded."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from estimation.classical.captures.models import FloatArray

#: The column of each kind, of the numbers of captures; it is 0 for nobody's.
HETEROGENEITY: dict[str, Callable[[FloatArray], FloatArray]] = {
    # 2^captures - 1 up to a constant factor, which changes no estimate and would overflow
    "poisson2": lambda number: np.exp2(number - number.max()) - np.exp2(-number.max()),
    "darroch": lambda number: number**2 / 2,
    "gamma35": lambda number: np.log(3.5) - np.log(3.5 + number),
}

#: What each kind supposes of persons.
DISTRIBUTION = {
    "poisson2": "as equal steps, of log 2 each, whose number is Poisson among those not recorded",
    "darroch": "as a normal variable among those not recorded",
    "gamma35": "as minus a gamma variable (3.5) among those not recorded: with a long tail of "
    "persons who are hardly ever recorded",
}


def heterogeneity_column(kind: str, limit: int) -> FloatArray:
    """Return the column of a kind for 1, 2, ... captures, (limit, 1)."""
    return HETEROGENEITY[kind](np.arange(1.0, limit + 1))[:, None]


def bound_columns(limit: int, most: int) -> FloatArray:
    """Return the columns of Chao's bound for 1, 2, ... captures, (limit, most - 2).

    They bend the curve of the log means upward at 2, 3, ... captures: coefficients that are not
    negative make it convex there, as it is if persons differ [1]_.

    Parameters
    ----------
    limit : int
        The largest number of captures that is possible.
    most : int
        The largest number that occurs: a bend at it or beyond would only raise empty cells.

    References
    ----------
    .. [1] Rivest, L.-P. and Baillargeon, S. (2007). Applications and extensions of Chao's moment
       estimator for the size of a closed population. Biometrics 63(4), 999-1006.
       https://doi.org/10.1111/j.1541-0420.2007.00779.x
    """
    number = np.arange(1.0, limit + 1)
    bends = np.arange(2.0, max(most, 2))
    found: FloatArray = np.maximum(number[:, None] - bends, 0.0)
    return found
