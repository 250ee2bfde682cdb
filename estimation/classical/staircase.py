"""A run-off triangle as classical estimators read it: known are the first delays of each period."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import ArrayLike, NDArray

from estimation.errors import InvalidValueError, NotEstimableError

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclasses.dataclass(frozen=True, eq=False)
class Staircase:
    """A checked triangle; it is made by `staircase`.

    Parameters
    ----------
    counts : (n_event, n_delay) numbers
        Increments; 0 where unknown.
    depth : (n_event,) integers
        How many delays of a period are known, 1 or more.
    start : (n_event,) integers
        The delay from which on increments stand at their true delay; what the period had until
        then is one sum. 0 where nothing is masked.
    """

    counts: FloatArray
    depth: NDArray[np.int64]
    start: NDArray[np.int64]

    @property
    def latest(self) -> FloatArray:
        """What is known of each period, (n_event,)."""
        found: FloatArray = self.counts.sum(axis=1)
        return found

    @property
    def telling(self) -> BoolArray:
        """Periods that show a step from one delay to the next, (n_event, n_delay - 1)."""
        step = np.arange(self.counts.shape[1] - 1)
        found: BoolArray = (step >= self.start[:, None]) & (step + 1 < self.depth[:, None])
        return found

    @property
    def ahead(self) -> BoolArray:
        """Steps that a period has not made yet, (n_event, n_delay - 1)."""
        found: BoolArray = np.arange(1, self.counts.shape[1]) >= self.depth[:, None]
        return found


def staircase(counts: ArrayLike, known: ArrayLike, masked: ArrayLike | None = None) -> Staircase:
    """Check a triangle of increments.

    Parameters
    ----------
    counts : (n_event, n_delay) numbers
        Increments: what became known of a period, so many steps after it. They may be negative or
        fractional; what stands in unknown cells does not matter.
    known : (n_event, n_delay) booleans
        In each row the first delays, at least one. Rows may stand in any order.
    masked : (n_event, n_delay) booleans, optional
        Known cells whose true delay is not known, in each row the first delays: their sum counts,
        their places do not.

    Raises
    ------
    InvalidValueError
        If shapes differ, a known count is not finite, or there are holes.
    NotEstimableError
        If there is a single period, or nothing was counted at all.
    """
    values, seen = np.asarray(counts, dtype=np.float64), np.asarray(known, dtype=np.bool_)
    if values.ndim != 2 or values.size == 0 or values.shape != seen.shape:
        raise InvalidValueError(
            f"counts {values.shape} and known {seen.shape} must be tables of one shape",
            where="counts",
            remedy="give a row an event period and a column a delay",
        )
    if len(values) == 1:
        raise NotEstimableError(
            "holds a single event period",
            where="counts",
            why="delays are learned from periods that are older than the one to forecast",
            remedy="add earlier periods",
        )
    hidden = np.zeros(seen.shape, bool) if masked is None else np.asarray(masked, dtype=np.bool_)
    if hidden.shape != seen.shape:
        raise InvalidValueError(
            f"must have shape {seen.shape}, not {hidden.shape}",
            where="masked",
            remedy="give a flag a cell",
        )
    hidden = hidden & seen
    depth = _leading(seen, "known", "an earlier delay is unknown where a later one is known")
    if not depth.all():
        raise InvalidValueError(
            f"nothing is known of event period {_first(depth == 0)}",
            where=f"known[{_first(depth == 0)}]",
            why="a forecast is what is known times a factor",
            remedy="leave out periods without their first delay",
        )
    start = _leading(hidden, "masked", "a masked delay follows one that is not")
    values = np.where(seen, values, 0.0)
    if not np.isfinite(values).all():
        row, column = np.argwhere(~np.isfinite(values))[0]
        raise InvalidValueError(
            f"is {values[row, column]}, not a finite number",
            where=f"counts[{row}, {column}]",
            remedy="write 0 for none, or mark the cell as unknown",
        )
    if not (values.cumsum(axis=1) > 0).any():
        raise NotEstimableError(
            "nothing was counted in the known cells",
            where="counts",
            why="delays are learned from what was reported",
        )
    return Staircase(values, depth, np.maximum(start - 1, 0))


def _leading(cells: BoolArray, name: str, fault: str) -> NDArray[np.int64]:
    """Return how many cells lead each row; refuse rows in which others follow a gap."""
    found: NDArray[np.int64] = cells.sum(axis=1)
    holes = (cells != (np.arange(cells.shape[1]) < found[:, None])).any(axis=1)
    if holes.any():
        row = _first(holes)
        raise InvalidValueError(
            f"has holes: {fault}",
            where=f"{name}[{row}, {int(np.argmin(cells[row]))}]",
            why="cumulative counts cannot pass a gap",
            remedy="write 0 if nothing was reported there; if it is not known what was, leave the "
            "period out",
        )
    return found


def _first(rows: BoolArray) -> int:
    return int(np.argmax(rows))
