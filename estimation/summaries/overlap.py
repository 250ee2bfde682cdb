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

    def row(self, prob: float = 0.95) -> dict[str, Any]:
        """Return the row of the total: that of all estimates, and the point estimate.

        Parameters
        ----------
        prob : float
            Level of the equal-tailed interval.
        """
        (row,) = estimate_rows({"total": self.draws}, prob, method=self.method)
        return {**row, "estimate": float(self.estimate), "engine": self.engine,
                "bound": self.bound}  # fmt: skip
