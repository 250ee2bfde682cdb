"""What every estimate from overlapping lists is, whichever method made it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from estimation.summaries.estimates import estimate_rows


@dataclasses.dataclass(frozen=True, eq=False)
class OverlapEstimate:
    """A total by one method, with its spread.

    Parameters
    ----------
    method : str
        "latent", "graphical", "loglinear", "chao", ...
    engine : {"nuts", "exact", "classical"}
        How it was computed.
    estimate : float
        The point estimate, persons: what the method itself prints; the posterior median of a
        Bayesian one.
    draws : (draw,) numbers, persons
        Draws of the total whose plain quantiles are the limits that are reported: posterior draws;
        of a classical method draws of its confidence distribution.
    observed : int
        Persons on any list.
    assumption : str
        The identifying assumption: what makes the persons on no list known.
    bound : bool
        Whether it is a lower bound, not an estimate.
    notes : tuple of str
        What a reader must know beside the numbers.
    details : mapping
        What the method found beside the total: its model, its criteria; plain values.
    moment_order : float
        Order below which moments of the total exist; infinite if all do.
    """

    method: str
    engine: str
    estimate: float
    draws: NDArray[np.float64]
    observed: int
    assumption: str
    bound: bool = False
    notes: tuple[str, ...] = ()
    details: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    moment_order: float = np.inf

    @property
    def unseen(self) -> NDArray[np.float64]:
        """Return the persons that are in the total and on no list, by draw, (draw,)."""
        return np.maximum(self.draws - self.observed, 0.0)

    def row(self, prob: float = 0.95) -> dict[str, Any]:
        """Return the row of the total, as of all estimates.

        Parameters
        ----------
        prob : float
            Level of the equal-tailed interval.
        """
        order = {"total": self.moment_order}
        (row,) = estimate_rows({"total": self.draws}, prob, method=self.method, moment_orders=order)
        return row

    def about(self) -> dict[str, Any]:
        """Return what belongs to the method beside its row: assumption, point estimate, notes."""
        return {
            "method": self.method, "engine": self.engine, "estimate": float(self.estimate),
            "observed": self.observed, "bound": self.bound, "assumption": self.assumption,
            "notes": list(self.notes), "details": dict(self.details),
        }  # fmt: skip
