"""Newton's method for many log-linear models at once, and what its last step tells.

Only sums of expected counts are needed: those of the cells that hold all lists of a term (the
expectations of the sufficient margins) and of two terms together (the information).
"""

from __future__ import annotations

import dataclasses
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

MOST_STEPS = 60
#: Newton's decrement, about twice the log-likelihood still to be gained, at which a fit is done.
DONE = 1e-9
#: A fit that gains less than this but still moves cells by a factor of e in each step has no
#: maximum: an expected count that runs to 0 falls by just that factor.
RUNAWAY_GAIN, RUNAWAY_MOVE = 1e-5, 0.5
#: Most change of the logarithm of an expected count in one step.
LONGEST_MOVE = 2.0
#: Keeps equations solvable that do not determine all parameters.
RIDGE = 1e-9
#: Variance of the logarithm of what is estimated above which it hangs on the ridge alone.
UNIDENTIFIED = 1e5


class Engine(Protocol):
    """What Newton's method asks of a set of fits."""

    margins: FloatArray
    active: BoolArray

    def expect(self, rows: IntArray, beta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return expected counts of cells in the fit: all, of each term, of two terms together."""

    def move(self, rows: IntArray, step: FloatArray) -> FloatArray:
        """Return the largest change of the logarithm of an expected count."""

    def missing(self, beta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return expected counts of cells that are estimated: all, and of each term."""


@dataclasses.dataclass(frozen=True, eq=False)
class Fits:
    """Fits of log-linear models.

    Parameters
    ----------
    beta : (n_fit, n_term) numbers
        Parameters; 0 where the extended estimate is minus infinity.
    active : (n_fit, n_term) booleans
        Whether a parameter is finite: its margin is not 0.
    missing : (n_fit,) numbers, persons
        Estimated number of persons in the cell of no list and in cells without a count.
    error : (n_fit,) numbers, persons
        Standard error of the total: of the estimate and of the draw of the missing persons.
    gain : (n_fit,) numbers
        Log-likelihood without the factorials of the counts.
    exists : (n_fit,) booleans
        Whether the (extended) maximum exists.
    identified : (n_fit,) booleans
        Whether the counts determine the missing persons.
    """

    beta: FloatArray
    active: BoolArray
    missing: FloatArray
    error: FloatArray
    gain: FloatArray
    exists: BoolArray
    identified: BoolArray

    @property
    def fine(self) -> BoolArray:
        """Return which fits have an estimate of the total, (n_fit,)."""
        return self.exists & self.identified & np.isfinite(self.missing)


def maximize(engine: Engine, start: FloatArray) -> Fits:
    """Return the maximum of each log-likelihood.

    Parameters
    ----------
    engine : Engine
        Computes the expectations of the fits.
    start : (n_fit, n_term) numbers
        Where to begin.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # fits that fail are told by `exists`
        return _maximized(engine, np.where(engine.active, start, 0.0))


def _maximized(engine: Engine, beta: FloatArray) -> Fits:
    exists = np.zeros(len(beta), dtype=bool)
    rows = np.arange(len(beta))
    terms = beta.shape[1]
    diagonal = np.arange(terms)
    for _ in range(MOST_STEPS):
        _, expected, information = engine.expect(rows, beta[rows])
        active = engine.active[rows]
        score = np.where(active, engine.margins[rows] - expected, 0.0)
        information[:, diagonal, diagonal] += np.where(active, RIDGE, 1.0)
        step = np.linalg.solve(information, score[:, :, None])[:, :, 0]
        gain = np.einsum("fk,fk->f", score, step)
        moved = engine.move(rows, step)
        shorter = LONGEST_MOVE / np.maximum(moved, LONGEST_MOVE)
        beta[rows] += step * shorter[:, None]
        runaway = (gain < RUNAWAY_GAIN) & (moved > RUNAWAY_MOVE)
        done = (gain < DONE) & ~runaway
        exists[rows[done]] = True
        rows = rows[~(done | runaway) & np.isfinite(gain)]
        if not rows.size:
            break
    return _finished(engine, beta, exists)


def _finished(engine: Engine, beta: FloatArray, exists: BoolArray) -> Fits:
    everything = np.arange(len(beta))
    total, _, information = engine.expect(everything, beta)
    diagonal = np.arange(beta.shape[1])
    information[:, diagonal, diagonal] += np.where(engine.active, RIDGE, 1.0)
    missing, slope = engine.missing(beta)
    slope = np.where(engine.active, slope, 0.0)
    spread = np.linalg.solve(information, slope[:, :, None])[:, :, 0]
    variance = np.maximum(np.einsum("fk,fk->f", slope, spread), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(missing > 0, variance / missing**2, 0.0)
    gain = np.einsum("fk,fk->f", engine.margins, beta) - total
    return Fits(beta, engine.active, missing, np.sqrt(missing + variance), gain, exists,
                relative < UNIDENTIFIED)  # fmt: skip
