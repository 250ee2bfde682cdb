"""Exact independent draws from many log-concave densities at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from models.beliefs.base import FloatArray
from models.errors import NotEstimableError

Function = Callable[[FloatArray, FloatArray], FloatArray]


def draw_log_concave(
    log_density: Function,
    slope: Function,
    mode: FloatArray,
    width: FloatArray,
    index: FloatArray,
    rng: np.random.Generator,
) -> FloatArray:
    """Draw once from each of n log-concave densities by rejection from three pieces.

    The envelope is the tangent left of the mode, a constant at its height, and the tangent right of
    it, so that draws are exact; the tangents touch where the log density has fallen by about one.

    Parameters
    ----------
    log_density, slope : callable (x, index) -> array, both shape (m,)
        Log density up to a constant, and its derivative, of the densities chosen by `index`.
    mode : (n,) array
        Where each density is highest.
    width : (n,) array
        A length scale of each density, above 0.
    index : (n,) array
        What tells the densities apart; handed on to the callables.
    rng : numpy.random.Generator

    Returns
    -------
    (n,) array of draws

    Raises
    ------
    NotEstimableError
        If a density is too extreme for finite numbers.

    References
    ----------
    Devroye, L. (1986), Non-Uniform Random Variate Generation, chapter VII.
    https://doi.org/10.1007/978-1-4613-8643-8
    """
    top = log_density(mode, index)
    left = mode - _fall_by_one(lambda d: top - log_density(mode - d, index), width)
    right = mode + _fall_by_one(lambda d: top - log_density(mode + d, index), width)
    left_slope, right_slope = slope(left, index), -slope(right, index)
    # where the tangents reach the height of the mode: the ends of the flat piece
    left_end = left + (top - log_density(left, index)) / left_slope
    right_end = right - (top - log_density(right, index)) / right_slope
    areas = np.stack([1 / left_slope, right_end - left_end, 1 / right_slope])
    if not (np.isfinite(areas).all() and (areas > 0).all()):
        raise NotEstimableError(
            "a density that should be log-concave has no finite envelope",
            why="prior, clustering and count are beyond what numbers can hold together",
            remedy="state less extreme ones",
        )
    shares = np.cumsum(areas / areas.sum(axis=0), axis=0)

    drawn = np.empty_like(mode)
    open_ = np.arange(mode.size)
    while open_.size:
        piece = rng.random(open_.size)
        uniform = rng.random(open_.size)
        tail = rng.standard_exponential(open_.size)
        a, b = left_end[open_], right_end[open_]
        is_left, is_right = piece < shares[0, open_], piece >= shares[1, open_]
        x = a + (b - a) * uniform
        x = np.where(is_left, a - tail / left_slope[open_], x)
        x = np.where(is_right, b + tail / right_slope[open_], x)
        envelope = top[open_] - np.where(is_left | is_right, tail, 0.0)
        height = log_density(x, index[open_]) - envelope
        accepted = rng.standard_exponential(open_.size) >= -height
        drawn[open_[accepted]] = x[accepted]
        open_ = open_[~accepted]
    return drawn


def _fall_by_one(fall: Callable[[FloatArray], FloatArray], width: FloatArray) -> FloatArray:
    """Return the distance from the mode at which a density has fallen by about one."""
    far = width.copy()
    for _ in range(200):
        short = fall(far) < 1
        if not short.any():
            break
        far[short] *= 2
    near = np.zeros_like(far)
    for _ in range(30):
        middle = (near + far) / 2
        short = fall(middle) < 1
        near, far = np.where(short, middle, near), np.where(short, far, middle)
    return far
