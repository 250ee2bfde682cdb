"""Why the total of one list changed from one vintage to the next.

Generative story: both vintages are completed as in `models.thinning`, under the scale prior.  In
period t, given coverage c and precision p, of n[t] names Binomial(n[t], p) are true, and beside
them Poisson(G (1 - c) p / c) died unseen, G ~ Gamma(n[t], 1): expected deaths are n[t] p / c.

The change of names n' - n of each period is split first: new deaths, late names, re-dating (see
`estimation.comparison.alignment`).

The change of expected deaths, sum n' p' / c' - sum n p / c, has four players, new deaths, late
names, re-dating, and *changed belief* (coverage and precision).  Names and belief multiply, so that
each gets its Shapley value: what it adds, averaged over the 24 orders in which the four change.
For a product of a sum and a ratio it is, with r = p / c and r' = p' / c' of the same draw,

    names d of a player:  d (r + r') / 2        belief:  (r' - r) (n + n') / 2.

What the completed totals differ by beyond that is *chance*, the fifth part: the sum is exact, draw
by draw, and by period.

Assumptions, with the direction of the error:

- Coverage is one quantity.  One uniform number gives the coverage of both vintages by their
  quantile functions (comonotone), one the precision: equal beliefs are the same draw.  If a changed
  belief were new knowledge, apart from the old, its part would be more uncertain than shown.
- A name added to a period and one moved away cannot be told from one that stayed: moved names
  are a lower bound.  Late names are net of what was moved beyond it; new deaths are too many if
  names of older periods were dated anew into theirs.
- Where falls met several rises, which of them took the names is not known: the split is in
  proportion, and bounds stand beside it (`Aligned.bounds`).
- A belief that is stated unchanged while late names come in says that the unseen grew as the names
  did.  If the earlier total was right, coverage has risen instead (`coverage_factor`), and the
  part of late names is too high.
- Coverage is the same in all periods: re-dating moves deaths between years and leaves the total.
  Young periods are less complete: the part of new deaths is too low.
- Names on both lists in the same period are the same persons, with the same unseen beside them;
  of moved names the unseen are drawn anew, which makes chance somewhat too wide.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from estimation.comparison import alignment
from estimation.comparison.alignment import BELIEF, CHANCE, LATE, MOVED, NEW, PARTS, Aligned
from estimation.comparison.vintage_pairs import completed_pair, joint_shares
from estimation.comparison.vintages import Vintage
from estimation.randomness import stream
from models.beliefs.base import FloatArray
from models.checks import probability, whole
from models.thinning import IntArray

#: Other rows of a revision.
EARLIER, LATER, CHANGE = "earlier total", "later total", "change"

#: Draws, unless told otherwise; times periods they fit into memory.
DRAWS = 40_000


@dataclasses.dataclass(frozen=True, eq=False)
class Revision:
    """The parts of the change of a total; all draws are joint.

    Parameters
    ----------
    earlier, later : Vintage
    prob : float
        Level of the intervals.
    aligned : Aligned
        Names by period.
    ratio_before, ratio_after : (draw,) deaths a name
        Precision / coverage.
    before, after : (draw, n_period) integers
        Completed deaths.
    """

    earlier: Vintage
    later: Vintage
    prob: float
    aligned: Aligned
    ratio_before: FloatArray
    ratio_after: FloatArray
    before: IntArray
    after: IntArray

    def deaths(self, part: str, period: str | None = None) -> FloatArray:
        """Return deaths in one period or in all together, (draw,).

        Over `PARTS` they sum to those of `CHANGE`, draw by draw.

        Parameters
        ----------
        part : str
            One of `PARTS`, or `EARLIER`, `LATER`, `CHANGE`.
        period : str, optional
            All by default.
        """
        aligned = self.aligned
        place = slice(None) if period is None else aligned.periods.index(period)

        def names(counts: np.ndarray) -> float:
            return float(np.sum(counts[place]))

        if part in (EARLIER, LATER):
            drawn = (self.before if part == EARLIER else self.after)[:, place]
            return np.asarray(drawn.reshape(drawn.shape[0], -1).sum(axis=1), float)
        if part == CHANGE:
            return self.deaths(LATER, period) - self.deaths(EARLIER, period)
        if part == BELIEF:
            return (
                (self.ratio_after - self.ratio_before) * names(aligned.before + aligned.after) / 2
            )
        if part == CHANCE:
            expected = self.ratio_after * names(aligned.after)
            expected -= self.ratio_before * names(aligned.before)
            return self.deaths(CHANGE, period) - expected
        if part == MOVED and period is None:  # exactly, not to the last digit of a float
            return np.zeros(self.ratio_before.size)
        return (self.ratio_before + self.ratio_after) / 2 * names(aligned.names(part))

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows of a table: totals, their change, and its parts; overall, by period.

        Names of re-dating are all that were moved, overall; of a period those that came (above 0)
        or went.  Names are None where a part has none, the mean where it does not exist.
        """
        return [
            self._row(what, period)
            for period in (None, *self.aligned.periods)
            for what in (EARLIER, LATER, CHANGE, *PARTS)
        ]

    def _row(self, what: str, period: str | None) -> dict[str, Any]:
        draws = self.deaths(what, period)
        low, median, high = np.quantile(draws, [(1 - self.prob) / 2, 0.5, (1 + self.prob) / 2])
        names, fewest, most = self._names(what, period)
        return {
            "part": what, "period": period or "", "names": names, "names_fewest": fewest,
            "names_most": most, "median": float(median), "low": float(low), "high": float(high),
            "mean": float(draws.mean()) if self.has_mean() else None,
        }  # fmt: skip

    def _names(self, what: str, period: str | None) -> tuple[float | None, int | None, int | None]:
        """Return names of a row, and the fewest and most where a split is not known."""
        aligned = self.aligned
        if what in (BELIEF, CHANCE):
            return None, None, None
        if what == MOVED and period is None:
            return aligned.moved, aligned.moved, None
        counts = {EARLIER: aligned.before, LATER: aligned.after, CHANGE: aligned.added}
        by_period = counts[what] if what in counts else aligned.names(what)
        names = by_period.sum() if period is None else by_period[aligned.periods.index(period)]
        count = round(float(names), 6) + 0.0  # no rounding errors, no "-0"
        if what in (NEW, LATE):
            return count, *aligned.bounds(what, period)
        return count, None, None

    def coverage_factor(self) -> float:
        """Return by what late names would have raised coverage, had the earlier total been right.

        It leaves out new deaths; precision is taken as unchanged.
        """
        return 1 + float(self.aligned.names(LATE).sum()) / self.earlier.listed

    def has_mean(self) -> bool:
        """Return whether the means of both totals exist."""
        return all(v.coverage.inverse_moment_order() > 1 for v in (self.earlier, self.later))

    def same_belief(self) -> bool:
        """Return whether both vintages state the same coverage and precision."""
        return all(
            getattr(self.earlier, field).content() == getattr(self.later, field).content()
            for field in ("coverage", "precision")
        )


def revision_anatomy(
    earlier: Vintage, later: Vintage, prob: float = 0.95, draws: int = DRAWS, seed: int = 1, *,
    new: Sequence[str] | None = None, same: Mapping[str, str | Sequence[str]] | None = None,
) -> Revision:  # fmt: skip
    """Split the change of a total from one vintage of a list to the next; see the module.

    Parameters
    ----------
    earlier, later : Vintage
    prob : float
        Level of the intervals.
    draws : int
        How many.
    seed : int
        Of the run; revisions of one seed share their random numbers.
    new, same
        Which periods hold new deaths, and which labels mean the same; see
        `estimation.comparison.alignment.align`.

    Raises
    ------
    DataError
        If the vintages do not fit together.

    References
    ----------
    Shapley values of changes: Shorrocks (2013), https://doi.org/10.1007/s10888-011-9214-z
    """
    probability(prob, "prob")
    whole(draws, "draws", low=1, why="")
    aligned = alignment.align(earlier, later, new, same)
    coverage = joint_shares(earlier.coverage, later.coverage, seed, "coverage", draws)
    precision = joint_shares(earlier.precision, later.precision, seed, "precision", draws)
    before, after = completed_pair(aligned, coverage, precision, stream(seed, "revision", "chance"))
    return Revision(
        earlier, later, prob, aligned, precision[0] / coverage[0], precision[1] / coverage[1],
        before, after,
    )  # fmt: skip
