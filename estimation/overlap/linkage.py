"""Estimates from draws of a linkage, made one; how much of their spread is error of linkage.

The posterior given the records is the mean over linkages of the posterior given the linkage: draws
are mixed in equal parts.  Few draws of a linkage lie closer together than many would; Rubin's
1 + 1/M makes up for it, and that few do not tell well how far apart they lie, Student's t.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from estimation.overlap.mixture import thinned
from estimation.summaries.overlap import OverlapEstimate
from estimation.words import listed

#: Draws of a pooled estimate.
_DRAWS = 40_000

#: Fewer draws do not tell how a total depends on reach.
_FEWEST = 5

FloatArray = NDArray[np.float64]


@dataclasses.dataclass(frozen=True, eq=False)
class Parts:
    """Variance of the log of a quantity, within and between draws of a linkage.

    Parameters
    ----------
    within : float
        Mean over linkages of the variance given the linkage.
    linkage : float
        Variance between linkages of the mean given each, times 1 + 1/M (Rubin 1987).
    """

    within: float
    linkage: float

    @property
    def share(self) -> float:
        """Return the share of linkage in the variance."""
        total = self.within + self.linkage
        return self.linkage / total if total > 0 else 0.0


def variance_parts(draws: Sequence[FloatArray]) -> Parts:
    """Return within and between of the logs of draws, one array a linkage."""
    logs = [np.log(one) for one in draws]
    within = float(np.mean([one.var() for one in logs]))
    if len(logs) < 2:
        return Parts(within, 0.0)
    between = float(np.var([one.mean() for one in logs], ddof=1))
    # what lies below rounding is none
    between = between if between > 1e-20 else 0.0
    return Parts(within, (1 + 1 / len(logs)) * between)


def stretch(number: int) -> float:
    """Return by how much centers of so many linkages are moved apart from their mean.

    sqrt((M + 1) / (M - 1)) gives them the variance (1 + 1/M) between; the rest is the 97.5 %
    quantile of Student's t with M - 1 degrees of freedom over that of a normal variable.
    """
    if number < 2:
        return 1.0
    level = 0.975
    few = stats.t.ppf(level, number - 1) / stats.norm.ppf(level)
    return float(np.sqrt((number + 1) / (number - 1)) * few)


def pooled_draws(draws: Sequence[FloatArray], *, between: bool = True) -> FloatArray:
    """Return draws of all linkages in equal parts, (draw,), as many from each.

    On the log scale the centers of linkages are moved apart by `stretch`.

    Parameters
    ----------
    draws : sequence of (draw,) numbers
        One array a linkage.
    between : bool
        Whether linkages differ; otherwise all are moved so that their medians are that of the
        draws with between: what is left is the mean spread given a linkage.
    """
    size = min(min(len(one) for one in draws), max(_DRAWS // len(draws), 1))
    logs = np.log(np.stack([thinned(one, size) for one in draws]))
    centers = logs.mean(axis=1, keepdims=True)
    moved = (stretch(len(draws)) - 1) * (centers - centers.mean())
    found = np.exp(logs + moved).ravel()
    if between:
        return np.asarray(found)
    return np.asarray(
        np.median(found) * np.exp(logs - np.median(logs, axis=1, keepdims=True)).ravel()
    )


@dataclasses.dataclass(frozen=True, eq=False)
class Linked:
    """One method, asked of draws of a linkage.

    Parameters
    ----------
    places : (M,) whole numbers
        Draws that have an answer, from 0.
    estimates : tuple of M OverlapEstimate
    refused : dict of int to str
        Draws without an answer, and why.
    """

    places: tuple[int, ...]
    estimates: tuple[OverlapEstimate, ...]
    refused: dict[int, str] = dataclasses.field(default_factory=dict)

    @property
    def draws(self) -> list[FloatArray]:
        """Return draws of the total, an array a linkage."""
        return [one.draws for one in self.estimates]

    @property
    def total(self) -> Parts:
        """Return within and between of the log total."""
        return variance_parts(self.draws)

    @property
    def unseen(self) -> Parts:
        """Return within and between of the log of persons on no list."""
        return variance_parts([np.maximum(one.unseen, 0.5) for one in self.estimates])

    @property
    def center(self) -> float:
        """Return the mean of the log total."""
        return float(self.centers.mean())

    @property
    def centers(self) -> FloatArray:
        """Return the mean of the log total given each linkage, (M,)."""
        return np.array([float(np.log(one).mean()) for one in self.draws])

    @property
    def middle(self) -> int:
        """Return which of the estimates is of a draw in the middle, by its persons."""
        order = np.argsort([one.observed for one in self.estimates], kind="stable")
        return int(order[(len(order) - 1) // 2])

    def pooled(self) -> OverlapEstimate:
        """Return one estimate of all linkages."""
        place = self.middle
        middle = self.estimates[place]
        draws = pooled_draws(self.draws)
        point = float(np.median(draws))
        if middle.engine == "classical":
            point = float(np.median([one.estimate for one in self.estimates]))
        asked = len(self.places) + len(self.refused)
        notes = list(middle.notes)
        if self.refused:
            numbers = listed([str(one + 1) for one in self.refused], most=5)
            notes.insert(0, f"{len(self.refused)} of {asked} draws of the linkage have no answer "
                            f"and are left out (draw {numbers}): "
                            f"{next(iter(self.refused.values()))}")  # fmt: skip
        return dataclasses.replace(
            middle, estimate=point, draws=draws, notes=tuple(notes),
            observed=int(np.median([one.observed for one in self.estimates])),
            details={"linkage_draws": len(self.places), "of_draw": self.places[place] + 1,
                     **middle.details},
            moment_order=min(one.moment_order for one in self.estimates),
        )  # fmt: skip

    def reach(self, reach: FloatArray | None) -> Reach | None:
        """Return how the log total depends on the log of reach; none if it cannot be told."""
        if reach is None or len(self.places) < _FEWEST:
            return None
        own = np.log(reach[list(self.places)])
        spread, centers = own - own.mean(), self.centers
        if np.ptp(own) < 1e-9:
            return None
        number = len(own)
        slope = float(spread @ centers / (spread @ spread))
        rest = centers - centers.mean() - slope * spread
        between = float(np.var(centers, ddof=1))
        left = float(rest @ rest) / (number - 2)  # adjusted: any column explains something
        share = max(1 - left / between, 0.0) if between > 1e-20 else 0.0
        return Reach(slope, share, float(own.mean()), self.center)


@dataclasses.dataclass(frozen=True, eq=False)
class Reach:
    """The straight line of the log total on the log of reach.

    Parameters
    ----------
    slope : float
        1 of two lists, whose missed links are each a person too many; 0 if reach does not matter.
    share : float
        Of the variance between linkages that the line explains, adjusted for its slope.
    at, center : float
        Mean log reach, and the mean log total.
    """

    slope: float
    share: float
    at: float
    center: float

    def total(self, reach: FloatArray) -> FloatArray:
        """Return the total on the line."""
        return np.asarray(np.exp(self.center + self.slope * (np.log(reach) - self.at)))
