"""Tables of what draws of a linkage say: shares of variance, each draw, the curve in reach."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from estimation.overlap.linkage import FloatArray, Linked, Reach
from estimation.summaries.overlap import OverlapEstimate

#: Tables of draws of a linkage, by name.
LINKAGE_TABLES = ("linkage", "linkage_draws", "linkage_reach")

#: Quantiles of reach at which the curve of totals is written.
_LEVELS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclasses.dataclass(frozen=True, eq=False)
class Linkage:
    """What draws of a linkage say beside the estimates that were made of them.

    Parameters
    ----------
    number : int
        Draws of the table.
    linked : dict of str to Linked
        By method.
    reach : (number,) numbers, optional
    middle : int
        Place of the draw that single tables were made of.
    rows : list of dict
        A row a method: see `linkage_rows`.
    notes : tuple of str
    """

    number: int
    linked: Mapping[str, Linked]
    reach: FloatArray | None
    middle: int
    rows: list[dict[str, Any]]
    notes: tuple[str, ...] = ()

    def draw_rows(self, prob: float) -> list[dict[str, Any]]:
        """Return the estimates of each draw: method, draw, reach, observed, median, low, high."""
        found = []
        for method, one in self.linked.items():
            for place, estimate in zip(one.places, one.estimates, strict=True):
                levels = [0.5, (1 - prob) / 2, (1 + prob) / 2]
                median, low, high = np.quantile(estimate.draws, levels).tolist()
                found.append({
                    "method": method, "draw": place + 1,
                    "reach": None if self.reach is None else float(self.reach[place]),
                    "observed": estimate.observed, "median": median, "low": low, "high": high,
                })  # fmt: skip
        return found

    def reach_rows(self) -> list[dict[str, Any]]:
        """Return how the total moves with reach: method, reach, total."""
        if self.reach is None:
            return []
        found = []
        values = np.quantile(self.reach, _LEVELS)
        for method, one in self.linked.items():
            line = one.reach(self.reach)
            totals = line.total(values).tolist() if line else []
            found += [{"method": method, "reach": reach, "total": total}
                      for reach, total in zip(values.tolist(), totals, strict=False)]  # fmt: skip
        return found

    def tables(self, prob: float) -> dict[str, list[dict[str, Any]]]:
        """Return the tables by name."""
        return {"linkage": self.rows, "linkage_draws": self.draw_rows(prob),
                "linkage_reach": self.reach_rows()}  # fmt: skip


def linkage_rows(
    estimates: Mapping[str, OverlapEstimate], linked: Mapping[str, Linked],
    alone: Mapping[str, FloatArray], weights: Mapping[str, float], reach: FloatArray | None,
    prob: float,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return a row a method on the error of linkage.

    Parameters
    ----------
    estimates : mapping
        With the error of linkage, by method; "mixture" is one of several.
    linked : mapping of str to Linked
        The same but the mixture.
    alone : mapping of str to (draw,) numbers
        Draws without the error of linkage.
    weights : mapping of str to float
        Of the methods in the mixture.
    reach : (D,) numbers, optional
    prob : float

    Returns
    -------
    list of dict
        method; draws (of the linkage, used); share_linkage (of the variance of the log total) and
        share_linkage_unseen (of that of the log of persons on no list; none of a mixture);
        share_reach (of the linkage part; none if not known) and slope_reach (none of a mixture);
        median, low, high; and median_alone, low_alone, high_alone, without the error of linkage.
    """
    levels = [0.5, (1 - prob) / 2, (1 + prob) / 2]
    lines = {name: one.reach(reach) for name, one in linked.items()}
    found = []
    for name, one in estimates.items():
        if name in linked:
            own, line = linked[name], lines[name]
            row: dict[str, Any] = {
                "draws": len(own.places),
                "share_linkage": own.total.share,
                "share_linkage_unseen": own.unseen.share,
                "share_reach": line.share if line else None,
                "slope_reach": line.slope if line else None,
            }
        else:
            row = _of_mixture(linked, weights, lines)
        row |= zip(("median", "low", "high"), np.quantile(one.draws, levels).tolist(), strict=True)
        row |= zip(("median_alone", "low_alone", "high_alone"),
                   np.quantile(alone[name], levels).tolist(), strict=True)  # fmt: skip
        found.append({"method": name, **row})
    return found


def _of_mixture(
    linked: Mapping[str, Linked], weights: Mapping[str, float],
    lines: Mapping[str, Reach | None],
) -> dict[str, Any]:  # fmt: skip
    """Return shares of a mixture: its variance has a part between methods, too."""
    parts = {name: linked[name].total for name in weights}
    centers = {name: linked[name].center for name in weights}
    middle = sum(weights[name] * centers[name] for name in weights)
    linkage = sum(weight * parts[name].linkage for name, weight in weights.items())
    whole = linkage + sum(
        weight * (parts[name].within + (centers[name] - middle) ** 2)
        for name, weight in weights.items()
    )
    known = [(weights[name] * parts[name].linkage, line) for name in weights
             if (line := lines[name]) is not None]  # fmt: skip
    weight = sum(one for one, _ in known)
    share = sum(one * line.share for one, line in known) / weight if weight > 0 else None
    return {
        "draws": max(len(linked[name].places) for name in weights),
        "share_linkage": linkage / whole if whole > 0 else 0.0, "share_linkage_unseen": None,
        "share_reach": share, "slope_reach": None,
    }  # fmt: skip
