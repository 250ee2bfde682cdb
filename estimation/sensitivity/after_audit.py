"""The posterior of a target after an audit of coverage, from its posteriors given coverage.

Coverage is described by the normal score z of its rank in the posterior of today.  After k of n
deaths were found, the density of z is proportional to exp(-z^2 / 2) times the binomial probability
of k; the posterior of the target is the mixture over z of those given coverage.  These are computed
once, at a few z, and joined by splines: no audit needs a fit of its own.
"""

from __future__ import annotations

import numpy as np

from estimation.sensitivity.conditional import Conditional
from estimation.sensitivity.posteriors import Target
from models.beliefs import Belief
from models.beliefs.base import FloatArray

#: Normal scores of coverage: how far out, how many for sums over k, and how far out and how many
#: for the posterior given coverage, which a spline joins.
_FAR, _NODES, _KNOT_FAR, _KNOTS = 7.0, 4_001, 4.5, 20
SCORES = np.linspace(-_FAR, _FAR, _NODES)

#: Independent tables of the target given coverage, draws of each, and the scores of coverage and
#: ranks of the target that are kept.
PIECES, DRAWS, _FINE, _RANKS = 4, 1_000, 701, 1_000

#: Points by which a posterior after an audit is represented, and audits worked on at once.
_POINTS, _BLOCK = 2_048, 64

#: Log density, below its top, from which a posterior after an audit is left out.
_NEGLIGIBLE = 15.0

#: Results of an audit by which the error of the tables is judged.
_JUDGED = 32

#: Steps of evenly spread points: the golden ratio within a result, the plastic ratio between them.
_GOLDEN, _SHIFT = 0.6180339887498949, 0.7548776662466927


class Table:
    """The posterior of a target given coverage, by normal scores of coverage and by ranks.

    Scores of coverage are those of its ranks in the posterior of today, which an audit reweights.

    Parameters
    ----------
    coverage : (score,) array
        Quantiles of the posterior of coverage.
    drawn : (knot, draw) array
        Draws of the target given coverage, by knot.
    recall, prob : float
    """

    def __init__(self, coverage: FloatArray, drawn: FloatArray, recall: float, prob: float) -> None:
        self.coverage, self.recall, self.prob = coverage, recall, prob
        self.values = _by_score(drawn, coverage)

    def log_likelihood(self, found: np.ndarray, size: int, coverage: FloatArray) -> FloatArray:
        """Return the log probability of numbers found, (found, ...), up to their own constant."""
        from scipy.special import xlog1py, xlogy

        chance = self.recall * coverage
        found = found[:, None]
        return np.asarray(xlogy(found, chance) + xlog1py(size - found, -chance))

    def predicted(self, found: np.ndarray, size: int) -> FloatArray:
        """Return the probability of each number found, by quadrature over coverage."""
        from scipy.special import gammaln

        ways = gammaln(size + 1) - gammaln(found + 1) - gammaln(size - found + 1)
        weights = np.exp(-0.5 * SCORES**2)
        weights /= weights.sum()
        parts = np.array_split(np.arange(found.size), found.size // 256 + 1)
        return np.concatenate(
            [np.exp(ways[part, None] + self.log_likelihood(found[part], size, self.coverage))
             @ weights for part in parts]
        )  # fmt: skip

    def widths(self, found: np.ndarray, size: int, start: int = 0) -> tuple[FloatArray, FloatArray]:
        """Return expected widths of the intervals of target and coverage, by number found.

        Where there are few numbers each is worked out several times, with other points.
        """
        times = -(-_JUDGED // found.size)
        every = np.repeat(found, times)
        blocks = range(0, every.size, _BLOCK)
        done = [self._block(every[i : i + _BLOCK], size, start + i) for i in blocks]
        target, coverage = (np.concatenate(one) for one in zip(*done, strict=True))
        return (
            target.reshape(-1, times).mean(axis=1), coverage.reshape(-1, times).mean(axis=1)
        )  # fmt: skip

    def _block(self, found: np.ndarray, size: int, start: int) -> tuple[FloatArray, FloatArray]:
        height = self.log_likelihood(found, size, self.coverage) - 0.5 * SCORES**2
        inside = height > height.max(axis=1, keepdims=True) - _NEGLIGIBLE
        # one node more on each side: the top may lie between two of them
        first = np.maximum(inside.argmax(axis=1) - 1, 0)
        last = np.minimum(_NODES - inside[:, ::-1].argmax(axis=1), _NODES - 1)
        low, high = SCORES[first][:, None], SCORES[last][:, None]
        place, row = np.arange(_POINTS), (start + np.arange(found.size))[:, None]
        # each row has its own shift: what points miss averages out over results
        scores = low + (high - low) * (place + np.mod(row * _SHIFT, 1)) / _POINTS
        ranks = np.mod(place * _GOLDEN + row * _SHIFT**2, 1)
        coverage = np.interp(scores, SCORES, self.coverage)
        height = self.log_likelihood(found, size, coverage) - 0.5 * scores**2
        weights = np.exp(height - height.max(axis=1, keepdims=True))
        target = _at(self.values, scores, ranks)
        order = np.argsort(target, axis=1)
        target = np.take_along_axis(target, order, axis=1)
        sorted_weights = np.take_along_axis(weights, order, axis=1)
        return (
            _widths(target, sorted_weights, self.prob), _widths(coverage, weights, self.prob)
        )  # fmt: skip

    def limit(self) -> float:
        """Return the expected width of the interval if coverage were known exactly."""
        scores = np.linspace(-_FAR, _FAR, self.values.shape[0])
        low, high = (
            _at(self.values, scores, np.full(scores.size, rank))
            for rank in ((1 - self.prob) / 2, (1 + self.prob) / 2)
        )
        weights = np.exp(-0.5 * scores**2)
        return float(weights @ (high - low) / weights.sum())


def tables(
    conditional: Conditional, belief: Belief, field: str, target: Target, drawn: FloatArray,
    recall: float, prob: float,
) -> tuple[Table, list[Table]]:  # fmt: skip
    """Return the table of all draws, and those of independent pieces of them."""
    from scipy.special import ndtr

    pieces, ranks = range(conditional.pieces), ndtr(SCORES)
    if conditional.model.joint.scale_free:
        coverage = belief.quantile(ranks)
        apart = [coverage for _ in pieces]
    else:
        # the count informs coverage: the posterior of today is what the audit adds to
        coverage = np.quantile(drawn, ranks)
        apart = [np.quantile(x, ranks) for x in np.array_split(drawn, conditional.pieces)]
    held = [
        conditional.holding(conditional.model, field, float(value))
        for value in np.interp(_knots(), SCORES, coverage)
    ]
    by_piece = [
        np.array([conditional.posterior(one, piece).of(target).astype(float) for one in held])
        for piece in pieces
    ]
    whole_table = Table(coverage, np.concatenate(by_piece, axis=1), recall, prob)
    return whole_table, [
        Table(one, values, recall, prob) for one, values in zip(apart, by_piece, strict=True)
    ]


def table_error(pieces: list[Table], found: np.ndarray, weights: FloatArray, size: int) -> float:
    """Return the standard error of expected widths that comes from finitely many draws."""
    places = np.searchsorted(np.cumsum(weights), (np.arange(_JUDGED) + 0.5) / _JUDGED)
    some = found[np.minimum(places, found.size - 1)]
    means = [table.widths(some, size, _JUDGED * i)[0].mean() for i, table in enumerate(pieces)]
    return float(np.std(means, ddof=1) / np.sqrt(len(means)))


def _knots() -> FloatArray:
    return np.linspace(-_KNOT_FAR, _KNOT_FAR, _KNOTS)


def _by_score(drawn: FloatArray, coverage: FloatArray) -> FloatArray:
    """Return quantiles of a target by fine scores of coverage and by ranks, joined by splines."""
    from scipy.interpolate import CubicSpline

    ranks = (np.arange(_RANKS) + 0.5) / _RANKS
    table = np.quantile(drawn, ranks, axis=1, method="median_unbiased").T
    positive = bool((table > 0).all())
    fine = np.linspace(-_FAR, _FAR, _FINE)
    inner = np.clip(fine, -_KNOT_FAR, _KNOT_FAR)
    found = CubicSpline(_knots(), np.log(table) if positive else table)(inner)
    if not positive:
        return np.asarray(found)
    # beyond the knots a total goes on as a power of coverage: audits that find next to nothing
    # are rare, but their intervals are wide
    logs = np.log(np.maximum(np.interp(fine, SCORES, coverage), 1e-300))
    for end, nearest in ((fine < -_KNOT_FAR, 1), (fine > _KNOT_FAR, -1)):
        first = np.flatnonzero(~end)[0 if nearest == 1 else -1]
        change = logs[first + nearest] - logs[first]
        slope = (found[first + nearest] - found[first]) / change if change else 0.0
        # nothing grows faster than in inverse proportion to coverage
        found[end] = found[first] + (logs[end] - logs[first])[:, None] * np.clip(slope, -1, 1)
    return np.asarray(np.exp(found))


def _cells(position: FloatArray, count: int) -> tuple[np.ndarray, FloatArray]:
    """Return the node below each position, and how far it is on the way to the next."""
    position = np.clip(position, 0, count - 1)
    below = np.minimum(position.astype(int), count - 2)
    return below, position - below


def _at(table: FloatArray, scores: FloatArray, ranks: FloatArray) -> FloatArray:
    """Return a table by scores and ranks at any of them, linear in between."""
    i, x = _cells((scores / _FAR + 1) * (_FINE - 1) / 2, _FINE)
    j, y = _cells(ranks * _RANKS - 0.5, _RANKS)
    below = table[i, j] * (1 - y) + table[i, j + 1] * y
    above = table[i + 1, j] * (1 - y) + table[i + 1, j + 1] * y
    return np.asarray(below * (1 - x) + above * x)


def _widths(values: FloatArray, weights: FloatArray, prob: float) -> FloatArray:
    """Return widths of the central intervals of weighted values, each row in order."""
    middle = np.cumsum(weights, axis=1) - weights / 2
    middle /= weights.sum(axis=1, keepdims=True)
    ends = ((1 - prob) / 2, (1 + prob) / 2)
    found = [np.interp(ends, *one) for one in zip(middle, values, strict=True)]
    return np.asarray(np.abs(np.diff(found, axis=1)[:, 0]))
