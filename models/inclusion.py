"""Exact posterior draws of coverage and precision when a proper prior lets the count inform them.

With the rate integrated out, the likelihood of a count depends on coverage and precision through
their log ratio s alone, and is log-concave in s.  Its largest value on any interval of s is
therefore known, which makes a piecewise constant envelope over the two beliefs (in units of their
own probability) exact: rejection from it gives independent draws without any Markov chain.

Where a count drives a share beyond the 1 - 1e-10 quantile of its belief, cells can no longer be
told apart in double precision and the model is refused as a contradiction.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from models.beliefs.base import Belief, FloatArray
from models.errors import NotEstimableError
from models.losses import GammaPrior

BoolArray = NDArray[np.bool_]
LogLikelihood = Callable[[FloatArray], FloatArray]

#: Share of the envelope that must be accepted before draws begin, and how far refining may go.
_ACCEPTED, _MOST_CELLS, _MOST_ROUNDS = 0.7, 200_000, 60
#: Nodes of the quadrature over the shared gamma of clustering.
_NODES = 200
#: Largest length scale, in log g, from which the ends of a density are searched.
_WIDEST = 20.0


def count_log_likelihood(count: int, prior: GammaPrior, clustering: float | None) -> LogLikelihood:
    """Return log p(count | s), s = log(coverage / precision), rate integrated out.

    Without clustering it is the negative binomial; with clustering the shared gamma is integrated
    out by the trapezoidal rule in asinh of its logarithm: tails of very different length on the two
    sides then decay doubly exponentially, and the error stays below 1e-8.

    Parameters
    ----------
    count : int
        Names on the list.
    prior : GammaPrior
        Prior of the rate.
    clustering : float, optional
        Size of the shared gamma.
    """
    from scipy.special import gammaln, logsumexp

    a, b, n = prior.shape, prior.inverse_scale, count
    constant = gammaln(n + a) - gammaln(a) - gammaln(n + 1)

    def plain(s: FloatArray) -> FloatArray:
        # log b - log(b + e^s) and s - log(b + e^s), without overflow
        distance = np.log(b) - s
        return np.asarray(constant - a * np.logaddexp(0, -distance) - n * np.logaddexp(0, distance))

    if clustering is None:
        return plain
    k = clustering
    gamma_constant = k * np.log(k) - k - gammaln(k)

    def mixed(s: FloatArray) -> FloatArray:
        s = np.atleast_1d(np.asarray(s, dtype=float))
        mode = mixing_mode(s, count, prior, k)
        width = mixing_width(mode, s, count, prior, k)
        low, high = _support_of_mixing(s, mode, width, count, prior, k)
        found = np.empty(s.shape)
        # chunks keep the table of nodes small whatever the number of draws
        for start in range(0, s.size, 20_000):
            part = slice(start, start + 20_000)
            t = np.linspace(np.arcsinh(low[part]), np.arcsinh(high[part]), _NODES, axis=1)
            z = mode[part, None] + width[part, None] * np.sinh(t)
            inner = k * (z - np.expm1(z)) + gamma_constant + plain(s[part, None] + z)
            # dz = width * cosh(t) dt
            step = width[part] * (t[:, 1] - t[:, 0])
            found[part] = logsumexp(inner + np.log(np.cosh(t)), axis=1) + np.log(step)
        return found

    return mixed


def mixing_mode(s: FloatArray, count: int, prior: GammaPrior, k: float) -> FloatArray:
    """Return the mode of z = log g given the count, where g is the shared gamma of clustering.

    The log density is (k + n) z - k e^z - (n + a) log(b + e^(s + z)); its slope vanishes at the
    positive root of a quadratic in e^z.
    """
    a, b, n = prior.shape, prior.inverse_scale, count
    odds = b * np.exp(-s)  # b / e^s
    middle = k * odds + (a - k)
    # k y^2 + middle y - (k + n) odds = 0, by the form that does not cancel
    product = (k + n) * odds
    root = np.sqrt(middle**2 + 4 * k * product)
    larger = np.abs(middle) + root
    y = np.where(middle > 0, 2 * product / larger, larger / (2 * k))
    return np.asarray(np.log(y))


def mixing_log_density(
    z: FloatArray, s: FloatArray, count: int, prior: GammaPrior, k: float
) -> FloatArray:
    """Return the log density of z = log g given the count, up to a constant."""
    tail = (count + prior.shape) * np.logaddexp(np.log(prior.inverse_scale), s + z)
    with np.errstate(over="ignore"):  # an overflow is a density of 0
        return np.asarray(count * z + k * (z - np.expm1(z)) - tail)


def mixing_slope(
    z: FloatArray, s: FloatArray, count: int, prior: GammaPrior, k: float
) -> FloatArray:
    """Return the derivative of `mixing_log_density` in z."""
    from scipy.special import expit

    share = expit(s + z - np.log(prior.inverse_scale))
    return np.asarray((k + count) - k * np.exp(z) - (count + prior.shape) * share)


def mixing_width(
    z: FloatArray, s: FloatArray, count: int, prior: GammaPrior, k: float
) -> FloatArray:
    """Return 1 / sqrt(curvature) of `mixing_log_density` at z."""
    from scipy.special import expit

    share = expit(s + z - np.log(prior.inverse_scale))
    curvature = k * np.exp(z) + (count + prior.shape) * share * (1 - share)
    # on a plateau (rate and mixing can be traded) the curvature says nothing of the width
    return np.asarray(1 / np.sqrt(np.maximum(curvature, 1 / _WIDEST**2)))


def _support_of_mixing(
    s: FloatArray, mode: FloatArray, width: FloatArray, count: int, prior: GammaPrior, k: float
) -> tuple[FloatArray, FloatArray]:
    """Return how many widths from the mode the log density of z has fallen by 40, on each side."""
    top = mixing_log_density(mode, s, count, prior, k)
    ends = []
    for side in (-1.0, 1.0):

        def fall(distance: FloatArray, side: float = side) -> FloatArray:
            z = mode + side * distance * width
            return top - mixing_log_density(z, s, count, prior, k)

        near, far = np.zeros(s.shape), np.full(s.shape, 4.0)
        for _ in range(200):
            short = fall(far) < 40
            if not short.any():
                break
            near, far = np.where(short, far, near), np.where(short, 2 * far, far)
        for _ in range(6):
            middle = (near + far) / 2
            short = fall(middle) < 40
            near, far = np.where(short, middle, near), np.where(short, far, middle)
        ends.append(side * far)
    return ends[0], ends[1]


class InclusionSampler:
    """Independent draws of coverage and precision from their joint posterior.

    Parameters
    ----------
    log_likelihood : callable
        Log-concave function of s = log(coverage / precision).
    coverage, precision : Belief
        The priors.

    Raises
    ------
    NotEstimableError
        If prior and count contradict each other so much that no envelope is found.
    """

    def __init__(self, log_likelihood: LogLikelihood, coverage: Belief, precision: Belief) -> None:
        self._log_likelihood, self._beliefs = log_likelihood, (coverage, precision)
        cells, self._bound = _envelope(log_likelihood, coverage, precision)
        self._low, self._width = cells[[0, 2]], cells[[1, 3]] - cells[[0, 2]]
        weights = np.prod(self._width, axis=0) * np.exp(self._bound - self._bound.max())
        self._cumulative = np.cumsum(weights / weights.sum())

    def draw(self, rng: np.random.Generator, draws: int) -> tuple[FloatArray, FloatArray]:
        """Return coverage and precision, each (draws,)."""
        found: list[tuple[FloatArray, FloatArray]] = []
        missing = draws
        while missing > 0:
            size = int(missing / _ACCEPTED) + 64
            cell = np.searchsorted(self._cumulative, rng.random(size))
            cell = np.minimum(cell, self._cumulative.size - 1)
            u, v = self._low[:, cell] + self._width[:, cell] * rng.random((2, size))
            c, p = self._beliefs[0].quantile(u), self._beliefs[1].quantile(v)
            height = self._log_likelihood(log_ratio(c, p)) - self._bound[cell]
            accepted = rng.standard_exponential(size) >= -height
            found.append((c[accepted], p[accepted]))
            missing -= int(accepted.sum())
        c, p = (np.concatenate(parts)[:draws] for parts in zip(*found, strict=True))
        return c, p


def log_ratio(coverage: FloatArray, precision: FloatArray) -> FloatArray:
    """Return log(coverage / precision), finite even where a share is 0."""
    # a share of 1e-130 is zero for all purposes, and its powers do not overflow
    tiny = 1e-130
    return np.asarray(np.log(np.maximum(coverage, tiny)) - np.log(np.maximum(precision, tiny)))


def _envelope(
    log_likelihood: LogLikelihood, coverage: Belief, precision: Belief
) -> tuple[FloatArray, FloatArray]:
    """Return cells (4, n_cell: ends in u, ends in v) and the upper bound of each."""
    peak = _peak(log_likelihood)
    top = log_likelihood(np.array([peak]))[0]
    edges = np.linspace(0, 1, 65)
    split_v = precision.variance() > 0
    edges_v = np.linspace(0, 1, 17) if split_v else np.array([0.0, 1.0])
    u, v = np.meshgrid(np.arange(64), np.arange(edges_v.size - 1), indexing="ij")
    cells = np.stack(
        [edges[u.ravel()], edges[u.ravel() + 1], edges_v[v.ravel()], edges_v[v.ravel() + 1]]
    )
    for _ in range(_MOST_ROUNDS):
        c, p = coverage.quantile(cells[:2]), precision.quantile(cells[2:])
        low, high = log_ratio(c[0], p[1]), log_ratio(c[1], p[0])
        at_ends = [log_likelihood(low), log_likelihood(high)]
        worst = np.minimum(*at_ends)
        # a hair of slack for the rounding of log densities of large counts
        best = np.where((low < peak) & (peak < high), top, np.maximum(*at_ends))
        bound = best + 1e-12 * np.abs(best)
        area = (cells[1] - cells[0]) * (cells[3] - cells[2])
        outer = area * np.exp(bound - bound.max())
        gap = outer - area * np.exp(worst - bound.max())
        if gap.sum() < (1 - _ACCEPTED) * outer.sum():
            return cells, bound
        if cells.shape[1] > _MOST_CELLS:
            break
        chosen = gap > (1 - _ACCEPTED) * outer.sum() / (2 * cells.shape[1])
        cells = _halve(cells, chosen, c, p, split_v)
    raise NotEstimableError(
        "the prior on the rate and the belief on coverage contradict the count",
        why="what they allow together has next to no probability",
        remedy="widen one of them, or use the scale prior",
    )


def _halve(
    cells: FloatArray, chosen: BoolArray, c: FloatArray, p: FloatArray, split_v: bool
) -> FloatArray:
    """Split the chosen cells in two, each along the belief that moves the ratio more."""
    part = cells[:, chosen]
    wide_c = log_ratio(c[1, chosen], c[0, chosen])
    wide_p = log_ratio(p[1, chosen], p[0, chosen])
    along_v = (wide_p > wide_c) if split_v else np.zeros(part.shape[1], dtype=bool)
    first, second = part.copy(), part.copy()
    middle_u, middle_v = (part[0] + part[1]) / 2, (part[2] + part[3]) / 2
    first[1] = np.where(along_v, part[1], middle_u)
    second[0] = np.where(along_v, part[0], middle_u)
    first[3] = np.where(along_v, middle_v, part[3])
    second[2] = np.where(along_v, middle_v, part[2])
    return np.concatenate([cells[:, ~chosen], first, second], axis=1)


def _peak(log_likelihood: LogLikelihood) -> float:
    """Return where a concave function of s is highest, by ever finer grids."""
    left, right = -100.0, 100.0
    while right - left > 1e-9:
        grid = np.linspace(left, right, 41)
        best = int(np.argmax(log_likelihood(grid)))
        left, right = grid[max(best - 1, 0)], grid[min(best + 1, 40)]
    return float((left + right) / 2)
