"""Log probability of a count with its own log rate integrated out.

A walk has an unknown for each period, and pooling one for each stratum.  The posterior without one
count then lies far from that with it, and importance weights 1 / p(count | its rate) fail.  With
the rate integrated out given all others, the weights are 1 / p(count | neighbors, step, drift),
which one count moves little: the same leave-one-out density, from far better weights (Merkle, Furr,
Rabe-Hesketh 2019, doi 10.1007/s11336-019-09679-0; Vehtari et al. 2016,
doi 10.48550/arXiv.1412.7461).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from models.beliefs.base import FloatArray
from models.field import Field

#: Where the line is divided, in widths of what has its center there: t densities, and the count.
_KERNEL = np.array([0.0, 1.0, 2.5, 6.0, 15.0, 40.0, 120.0, 400.0, 2e3, 2e4, 1e6])
_BELOW, _ABOVE = np.array([2.0, 5.0, 10.0, 20.0]), np.array([2.0, 4.0])
_AROUND = np.array([0.0, 1.5, 4.0, 10.0])

#: Widths of the mode beyond which there is nothing, and halvings that find the mode.
_FAR, _HALVINGS = 20.0, 50

#: Nodes of Gauss and Legendre in each part.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(5)

#: Log of what a Poisson probability is against its largest where it is taken for nothing.
_NOTHING = -40.0

#: Draws that are worked on at once.
_CHUNK = 1000


def is_integrable(field: Field) -> bool:
    """Return whether each count has one log rate of its own: plain walks and plain pooling."""
    return (field.walk is None) != (field.pooled is None) and not field.unassigned()


def integrated_log_likelihood(
    field: Field, theta: Mapping[str, FloatArray], which: Sequence[int]
) -> FloatArray:
    """Return log p(count | the rates of all other cells, scales), (draw, len(which)).

    Parameters
    ----------
    field : Field
        Its counts are those to be predicted, also where a fit was made without them; its log base
        must be that of the fit.
    theta : mapping
        log_walk (draw, n_period), step and drift (draw,); or log_level and spread (draw,), effect
        (draw, n_stratum).
    which : sequence of int
        Periods or strata.
    """
    counts = np.asarray(field.cells.counts).ravel()
    columns = [_column(field, theta, index, int(counts[index])) for index in which]
    return np.stack(columns, axis=1)


def _column(field: Field, theta: Mapping[str, FloatArray], index: int, count: int) -> FloatArray:
    if field.walk is None:
        center, scale = absent_effect(field, theta, index)
        level = theta["log_level"] + field.log_base[index]
        return log_count_probability(count, [level + center], scale, np.inf)
    path, drift = theta["log_walk"] + field.log_base[0], theta.get("drift", 0.0)
    centers = []
    if index > 0:
        centers.append(path[:, index - 1] + drift)
    if index < path.shape[1] - 1:
        centers.append(path[:, index + 1] - drift)
    return log_count_probability(count, centers, theta["step"], field.walk.tail)


def absent_effect(
    field: Field, theta: Mapping[str, FloatArray], stratum: int
) -> tuple[FloatArray, FloatArray]:
    """Return mean and standard deviation of an effect given those of all other pooled strata.

    The level is free: given n - 1 rates it is their mean, up to the variance of that mean.
    """
    others = int(field.cells.pooled.sum()) - 1
    variance = theta["spread"] ** 2 + field.seen_deviation**2
    # pooled effects sum to zero, so that the others' sum is the negative of this one
    return -theta["effect"][:, stratum] / others, np.sqrt(variance * (1 + 1 / others))


def log_count_probability(
    count: int, centers: Sequence[FloatArray], scale: FloatArray, tail: float
) -> FloatArray:
    """Return the log probability of a count whose log rate is known from neighbors, (draw,).

    Parameters
    ----------
    count : int
        Names.
    centers : sequence of (draw,) arrays
        Where one neighbor or two expect the log rate; its density is proportional to the product
        of Student's t densities around them.
    scale : (draw,) array
        Scale of these densities.
    tail : float
        Their degrees of freedom; infinite for normal densities.
    """
    draws = centers[0].shape[0]
    found = np.empty(draws)
    for start in range(0, draws, _CHUNK):
        part = slice(start, min(start + _CHUNK, draws))
        found[part] = _log_integral([one[part] for one in centers], scale[part], tail, count)
    found += _poisson_peak(count) + len(centers) * _log_constant(tail) - np.log(scale)
    if len(centers) == 2:
        found -= _log_density_of_sum((centers[1] - centers[0]) / scale, tail)
    return found


def _log_integral(
    centers: Sequence[FloatArray], scale: FloatArray, tail: float, count: int | None
) -> FloatArray:
    """Return the log of the integral of kernels times the count's probability over its largest."""
    cuts = _cuts(centers, scale, tail, count)
    lengths = np.diff(cuts, axis=1)
    # parts beyond what the count allows have no length; without them the work is halved
    rows, columns = np.nonzero(lengths > 0)
    half = lengths[rows, columns] / 2
    x = (cuts[rows, columns] + half)[:, None] + half[:, None] * _NODES
    log_values = _log_kernels(
        x, [one[rows][:, None] for one in centers], scale[rows][:, None], tail
    )
    if count is not None:
        log_values -= np.exp(x)
        x *= count
        log_values += x
        log_values -= _log_peak(count)
    first = np.searchsorted(rows, np.arange(scale.size))
    highest = np.maximum.reduceat(log_values.max(axis=1), first)
    log_values -= highest[rows][:, None]
    values = (np.exp(log_values, out=log_values) @ _WEIGHTS) * half
    return np.asarray(highest + np.log(np.add.reduceat(values, first)))


def _cuts(
    centers: Sequence[FloatArray], scale: FloatArray, tail: float, count: int | None
) -> FloatArray:
    """Return where the line is divided, in order, (draw, cuts)."""
    wide = scale[:, None]
    edges = [one[:, None] + sign * wide * _KERNEL for one in centers for sign in (-1, 1)]
    if count is None:
        return np.sort(np.concatenate(edges, axis=1), axis=1)
    low, high = _support(count)
    mode, width = _mode(centers, scale, tail, count)
    # neighbors that are sure of themselves can leave the mode where the count alone never is
    lows = np.minimum(low, mode - _FAR * width)[:, None]
    highs = np.maximum(high, mode + _FAR * width)[:, None]
    peak, own = np.log(max(count, 0.5)), max(count, 0.5) ** -0.5
    fixed = np.concatenate([peak - own * _BELOW, peak + own * _ABOVE])
    edges.append(np.broadcast_to(fixed, (scale.size, fixed.size)))
    edges += [mode[:, None] + sign * width[:, None] * _AROUND for sign in (-1, 1)]
    edges += [highs] if np.isinf(low) else [lows, highs]
    return np.sort(np.clip(np.concatenate(edges, axis=1), lows, highs), axis=1)


def _mode(
    centers: Sequence[FloatArray], scale: FloatArray, tail: float, count: int
) -> tuple[FloatArray, FloatArray]:
    """Return a mode of the integrand by bisection, and its width."""
    peak = np.log(max(count, 0.5))
    low = np.minimum(np.min(centers, axis=0), peak)
    high = np.maximum(np.max(centers, axis=0), peak)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        rising = count - np.exp(middle)
        for one in centers:
            rising = rising - _pull((middle - one) / scale, tail)[0] / scale
        low, high = np.where(rising > 0, middle, low), np.where(rising > 0, high, middle)
    mode = (low + high) / 2
    bend = np.exp(mode)
    for one in centers:
        bend = bend + _pull((mode - one) / scale, tail)[1] / scale**2
    return mode, 1 / np.sqrt(np.maximum(bend, 0.01 * np.exp(peak)))


def _pull(z: FloatArray, tail: float) -> tuple[FloatArray, FloatArray]:
    """Return the first and second derivative of the negative log kernel."""
    if np.isinf(tail):
        return z, np.ones_like(z)
    spread = tail + z**2
    return (tail + 1) * z / spread, (tail + 1) * (tail - z**2) / spread**2


def _support(count: int) -> tuple[float, float]:
    """Return between which log rates a count is not impossible."""
    n = max(count, 0.5)
    high = np.log(n + np.sqrt(-2 * _NOTHING * n) - 2 * _NOTHING)
    if count == 0:  # a count of nothing is as probable as can be however low the rate is
        return -np.inf, float(high)
    low = np.log(n) - 12 * n**-0.5 if count >= 100 else np.log(n) + _NOTHING / n - 1
    return float(low), float(high)


def _log_peak(count: int) -> float:
    """Return the largest value of count * x - exp(x)."""
    return float(count * np.log(count) - count) if count else 0.0


def _poisson_peak(count: int) -> float:
    """Return the largest log probability of a count under any rate."""
    from scipy.special import gammaln

    return _log_peak(count) - float(gammaln(count + 1.0))


def _log_kernels(
    x: FloatArray, centers: Sequence[FloatArray], scale: FloatArray, tail: float
) -> FloatArray:
    narrow = np.isinf(tail)
    rate = 1 / scale if narrow else 1 / (scale * np.sqrt(tail))
    found = np.zeros_like(x) if narrow else np.ones_like(x)
    for one in centers:  # in place: most of the time would go into memory
        z = x - one
        z *= rate
        z *= z
        if narrow:
            found += z
        else:  # one logarithm for all
            z += 1
            found *= z
    if not narrow:
        np.log(found, out=found)
    found *= -0.5 if narrow else -0.5 * (tail + 1)
    return found


def _log_constant(tail: float) -> float:
    from scipy import stats

    return float(stats.norm.logpdf(0.0) if np.isinf(tail) else stats.t.logpdf(0.0, tail))


def _log_density_of_sum(z: FloatArray, tail: float) -> FloatArray:
    """Return the log density of the sum of two of Student's t, scale 1."""
    return np.asarray(_table_of_sums(tail)(np.arcsinh(np.minimum(np.abs(z), 1e9))))


@functools.lru_cache(maxsize=64)
def _table_of_sums(tail: float) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Return a spline: it has no closed form, but depends on one number only."""
    from scipy.interpolate import CubicSpline

    grid = np.linspace(0.0, float(np.arcsinh(1e9)), 1500)
    centers = [np.zeros(grid.size), np.sinh(grid)]
    values = _log_integral(centers, np.ones(grid.size), tail, None) + 2 * _log_constant(tail)
    return CubicSpline(grid, values)
