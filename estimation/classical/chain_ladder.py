"""The chain ladder: what is known of a period times the factors that older periods went through."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import ArrayLike

from estimation.classical.staircase import FloatArray, Staircase, staircase
from estimation.words import listed


@dataclasses.dataclass(frozen=True, eq=False)
class ChainLadder:
    """Factors and forecasts of a triangle.

    Parameters
    ----------
    triangle : Staircase
        What was given, checked.
    factors : (n_delay - 1,) numbers
        Cumulative count at the next delay over that at this one, weighted by volume.
    volume : (n_delay - 1,) numbers
        Cumulative counts from which each factor was learned; where it is 0 the factor is 1 by
        convention.
    cumulative : (n_event, n_delay) numbers
        Cumulative counts, known and forecast. Before the last masked delay they are meaningless.
    reserve : (n_event,) numbers
        What is still to be reported of each period.
    notes : tuple of str
        What a reader must know beside the numbers.
    """

    triangle: Staircase
    factors: FloatArray
    volume: FloatArray
    cumulative: FloatArray
    reserve: FloatArray
    notes: tuple[str, ...]

    @property
    def total(self) -> float:
        """What is still to be reported of all periods."""
        return float(self.reserve.sum())


def chain_ladder(
    counts: ArrayLike, known: ArrayLike, masked: ArrayLike | None = None
) -> ChainLadder:
    """Return volume-weighted factors and forecasts.

    Forecasts are those of a Poisson regression on period and delay with a log link, cell for cell
    [2]_; negative increments are taken as they are. A factor without volume (no period is old
    enough, or none had a report by then) is not defined: it is taken as 1, nothing more is
    expected, and ``notes`` says so. Nothing is expected beyond the last delay either.

    Parameters
    ----------
    counts, known, masked : (n_event, n_delay) arrays
        See `estimation.classical.staircase.staircase`.

    Raises
    ------
    InvalidValueError, NotEstimableError
        If the triangle has holes, a single period, or nothing in it.

    References
    ----------
    .. [1] Mack, T. (1993). Distribution-free calculation of the standard error of chain ladder
       reserve estimates. ASTIN Bulletin 23(2), 213-225. https://doi.org/10.2143/AST.23.2.2005092
    .. [2] Renshaw, A. E. and Verrall, R. J. (1998). A stochastic model underlying the chain-ladder
       technique. British Actuarial Journal 4(4), 903-923.
       https://doi.org/10.1017/S1357321700000222
    """
    triangle = staircase(counts, known, masked)
    cumulative = np.cumsum(triangle.counts, axis=1)
    telling, ahead = triangle.telling, triangle.ahead
    before = np.where(telling, cumulative[:, :-1], 0.0).sum(axis=0)
    after = np.where(telling, cumulative[:, 1:], 0.0).sum(axis=0)
    volume = np.maximum(before, 0.0)
    factors = np.divide(after, before, out=np.ones_like(before), where=before > 0)
    for step, factor in enumerate(factors):
        rows = ahead[:, step]
        cumulative[rows, step + 1] = cumulative[rows, step] * factor
    reserve = cumulative[:, -1] - triangle.latest
    return ChainLadder(
        triangle, factors, volume, cumulative, reserve, _notes(triangle, factors, volume)
    )


def _notes(triangle: Staircase, factors: FloatArray, volume: FloatArray) -> tuple[str, ...]:
    found = []
    needed = triangle.ahead.any(axis=0)
    undefined = np.flatnonzero((volume == 0) & needed)
    if undefined.size:
        found.append(
            f"No older period tells what is reported after a delay of {_numbers(undefined)}: "
            "nothing more is expected there (factor 1), and no error is counted for it."
        )
    falling = np.flatnonzero((factors < 1) & needed)
    if falling.size:
        found.append(
            f"Cumulative counts fall after a delay of {_numbers(falling)} (withdrawals): the "
            "forecast falls with them."
        )
    empty = int((triangle.latest <= 0).sum())
    if empty:
        found.append(
            f"Of {empty} periods nothing is known yet: a factor times nothing is nothing, whatever "
            "the periods beside them had."
        )
    return tuple(found)


def _numbers(steps: np.ndarray) -> str:
    return listed((str(step) for step in steps), most=10)
