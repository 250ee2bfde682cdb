"""The posterior of a baseline: normal at given scales, the scales on a grid."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

#: Weight that is left outside the grid at each end of each scale.
_TRIMMED = 1e-5

#: Draws, or points of the grid, whose matrices are in memory at a time.
_AT_ONCE = 500


class Design(NamedTuple):
    """The regression of log ratios on unknowns of variance 1, before the scales of the grid.

    Columns are: what ages share, levels of ages, slopes of ages.  What ages share is the common
    slope, the steps of the walk, and shocks.
    """

    years: FloatArray
    """(n_year, n_common), what ages share in all years."""
    before: FloatArray
    """(n_cell, n_common + 2 * n_age), cells of the years before the war, ages running fastest."""
    ratio: FloatArray
    """(n_cell,) log ratios."""
    counting: FloatArray
    """(n_cell,) variance of counting."""
    middle: FloatArray
    """(n_year,) years from the middle of the base."""
    level: float
    """Standard deviation of levels."""
    half_normal: tuple[float, float, float]
    """Scales of the half-normal priors: spread of slopes, noise, drift."""

    @property
    def n_common(self) -> int:
        """Return how many unknowns ages share."""
        return int(self.years.shape[1])

    @property
    def n_age(self) -> int:
        """Return the number of ages."""
        return int(self.before.shape[1] - self.n_common) // 2


class _Grid(NamedTuple):
    """Cells of equal prior probability, and their posterior weights."""

    low: FloatArray
    width: FloatArray
    weight: FloatArray
    """(n, n, n), summing to 1."""


class _Normal(NamedTuple):
    """The posterior of standardized unknowns at given scales: mean = precision^-1 @ shift."""

    factor: FloatArray
    precision: FloatArray
    shift: FloatArray
    multiplier: FloatArray
    residual: FloatArray


def draw_posterior(
    design: Design, rng: np.random.Generator, draws: int, grid: int
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Draw independently from the posterior; scales are uniform within their cell of the grid.

    Parameters
    ----------
    design : Design
    rng : numpy.random.Generator
    draws : int
        How many.
    grid : int
        Points a scale.

    Returns
    -------
    noise : (draws,) array
        Standard deviation of the noise of each age and year.
    common : (draws, n_common) array
        What goes with `design.years`.
    level, lean : (draws, n_age) arrays
        Levels of ages, and how far their slopes are from the common one.
    """
    where = _refined(design, grid)
    cells = rng.choice(where.weight.size, draws, p=where.weight.ravel())
    corner = np.stack(np.unravel_index(cells, where.weight.shape), axis=1)
    scales = _scales(where.low + where.width * (corner + rng.random(corner.shape)), design)
    found = np.empty((draws, design.before.shape[1]))
    for start in range(0, draws, _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        found[part] = _conditional(design, scales[part], rng)
    common, level, lean = np.split(found, [design.n_common, design.n_common + design.n_age], axis=1)
    return scales[:, 1], common, level, lean


def _scales(probability: FloatArray, design: Design) -> FloatArray:
    """Return the scales at prior probabilities, (n, 3)."""
    from scipy.special import ndtri  # the first answer of the command line loads NumPy alone

    # at 1 the scale is infinite
    upper = (1 + np.minimum(probability, 1 - 1e-12)) / 2
    return np.asarray(ndtri(upper) * design.half_normal)


def _refined(design: Design, n: int) -> _Grid:
    """Return a grid over the part of the prior that holds the weight."""
    low, high = np.zeros(3), np.ones(3)
    for points in (max(n // 2, 4), max(n // 2, 4)):
        found = _weighed(design, low, high, points)
        for axis in range(3):
            others = tuple(other for other in range(3) if other != axis)
            held = np.flatnonzero(found.weight.sum(axis=others) > _TRIMMED)
            # one cell more on either side, since weights are those of the middles of cells
            ends = np.array([max(held[0] - 1, 0), min(held[-1] + 2, points)], float)
            low[axis], high[axis] = found.low[axis] + found.width[axis] * ends
    return _weighed(design, low, high, n)


def _weighed(design: Design, low: FloatArray, high: FloatArray, n: int) -> _Grid:
    steps = (np.arange(n) + 0.5) / n
    axes = [start + (end - start) * steps for start, end in zip(low, high, strict=True)]
    probability = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    log_weight = log_marginal(design, _scales(probability, design))
    weight = np.exp(log_weight - log_weight.max())
    return _Grid(low.copy(), (high - low) / n, (weight / weight.sum()).reshape(n, n, n))


def log_marginal(design: Design, scales: FloatArray) -> FloatArray:
    """Return the log marginal likelihood, up to a constant, of the years before the war.

    Parameters
    ----------
    design : Design
    scales : (n, 3) array
        Spread of slopes, noise, drift.

    Returns
    -------
    (n,) array
    """
    found = np.empty(len(scales))
    for start in range(0, len(scales), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        at = _normal(design, scales[part])
        half = np.linalg.solve(at.factor, at.shift[:, :, None])[:, :, 0]
        diagonal = np.diagonal(at.factor, axis1=1, axis2=2)
        found[part] = -0.5 * (at.residual - (half**2).sum(axis=1)) - np.log(diagonal).sum(axis=1)
    return found


def _normal(design: Design, scales: FloatArray) -> _Normal:
    multiplier = _multiplier(design, scales)
    variance = design.counting + scales[:, 1:2] ** 2
    # points of the grid have few values of the noise: sums over cells are made once for each
    noise, back = np.unique(scales[:, 1], return_inverse=True)
    weights = 1 / (design.counting + noise[:, None] ** 2)
    gram = np.einsum("nc,ci,cj->nij", weights, design.before, design.before, optimize=True)[back]
    shift = ((weights * design.ratio) @ design.before)[back] * multiplier
    precision = gram * multiplier[:, :, None] * multiplier[:, None, :] + np.eye(gram.shape[1])
    residual = np.log(variance).sum(axis=1) + (design.ratio**2 / variance).sum(axis=1)
    return _Normal(np.linalg.cholesky(precision), precision, shift, multiplier, residual)


def _multiplier(design: Design, scales: FloatArray) -> FloatArray:
    """Return what the columns of the design are multiplied by, (n, n_unknown)."""
    found = np.ones((len(scales), design.before.shape[1]))
    found[:, 1 : len(design.middle)] = scales[:, 2:3]
    levels = design.n_common + design.n_age
    found[:, design.n_common : levels] = design.level
    found[:, levels:] = scales[:, 0:1]
    return found


def _conditional(design: Design, scales: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Draw the unknowns at given scales, in the units of the design, (n, n_unknown)."""
    at = _normal(design, scales)
    mean = np.linalg.solve(at.precision, at.shift[:, :, None])
    around = rng.standard_normal(at.shift.shape)[:, :, None]
    spread = np.linalg.solve(at.factor.transpose(0, 2, 1), around)
    return np.asarray((mean + spread)[:, :, 0] * at.multiplier)
