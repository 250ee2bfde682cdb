"""Integrals of a likelihood over the beliefs on two shares, by quadrature of logarithms.

Tanh-sinh quadrature, split at the peaks.  Beliefs stand in coordinates that run over the whole line
(log odds; of hard ranges the log odds of the place in the range), where their logarithms fall
without end: so a contradiction far in the tails of a belief costs no digits, and nothing
underflows.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from models import Beta, LogitNormal, Tabulated, Uniform
from models.beliefs.base import Belief, FloatArray
from models.inclusion import LogLikelihood

#: Logarithm of the relative tolerance of the inner and the outer integral.
_INNER_TOLERANCE, _OUTER_TOLERANCE = np.log(1e-9), np.log(1e-8)
#: Log shares below this are a share of zero for all purposes.
SMALLEST_LOG_SHARE = np.log(1e-130)
#: Coordinates beyond this are not searched for peaks; logarithms so far below one add nothing.
_FARTHEST, _NEGLIGIBLE = 1e7, 80.0
#: Distances, in widths, at which a peak of unknown place is looked for.
_AROUND = np.concatenate([-np.geomspace(1e9, 1e-2, 45), [0.0], np.geomspace(1e-2, 1e9, 45)])


class Coordinate:
    """A belief on a share in a coordinate t that runs over the whole line.

    Parameters
    ----------
    belief : Belief
        Of any form but a known share.
    """

    def __init__(self, belief: Belief) -> None:
        self.belief = belief
        self._mirrored: Tabulated | None = None
        if isinstance(belief, Tabulated):
            last = belief.start + belief.step * (len(belief.heights) - 1)
            self._mirrored = Tabulated(-last, belief.step, belief.heights[::-1])

    def log_share(self, t: FloatArray) -> FloatArray:
        """Return the log share at t, same shape."""
        from scipy.special import expit, log_expit

        if isinstance(self.belief, Uniform):
            low, high = self.belief.low, self.belief.high
            if self.belief.kind == "uniform_total":
                return np.asarray(-np.log(1 / high + (1 / low - 1 / high) * expit(-t)))
            return np.asarray(np.log(low + (high - low) * expit(t)))
        return np.asarray(np.maximum(log_expit(t), SMALLEST_LOG_SHARE))

    def log_density(self, t: FloatArray) -> FloatArray:
        """Return the log density of t, same shape."""
        from scipy.special import betaln, expit, log_expit

        belief = self.belief
        if isinstance(belief, Uniform):
            return np.asarray(log_expit(t) + log_expit(-t))
        if isinstance(belief, Beta):
            a, b = belief.alpha, belief.beta
            return np.asarray(a * log_expit(t) + b * log_expit(-t) - betaln(a, b))
        if isinstance(belief, LogitNormal):
            z = (t - belief.mu) / belief.sigma
            return np.asarray(-0.5 * z**2 - np.log(belief.sigma * np.sqrt(2 * np.pi)))
        # the density of a share next to 1 is lost in rounding: that of its complement is not
        share = np.maximum(expit(-np.abs(t)), 1e-300)
        mirrored = self._mirrored or belief
        found = np.where(t > 0, mirrored.log_density(share), belief.log_density(share))
        return np.asarray(found + np.log(share) + np.log1p(-share))

    def place(self, log_share: FloatArray) -> FloatArray:
        """Return the coordinate of a log share, infinite outside of the support."""
        with np.errstate(all="ignore"):
            below, above = np.exp(log_share), -np.expm1(log_share)
            if isinstance(self.belief, Uniform):
                low, high = self.belief.low, self.belief.high
                above, below = high - below, below - low
                if self.belief.kind == "uniform_total":
                    below, above = below / low, above / high
            found = np.log(below) - np.log(above)
            return np.asarray(np.where(below <= 0, -np.inf, np.where(above <= 0, np.inf, found)))

    def grid(self) -> FloatArray:
        """Return coordinates among which every feature of the belief shows."""
        quantiles = np.maximum(self.belief.quantile(np.array([0.16, 0.5, 0.84])), 1e-130)
        low, middle, high = self.place(np.log(quantiles))
        finite = np.isfinite(low) and np.isfinite(high) and low < high
        return np.asarray(middle + (high - low) * _AROUND if finite else _AROUND)


class InnerIntegrals:
    """Integrals of the likelihood over the belief on one share, for many values of the other.

    Parameters
    ----------
    at : callable
        Log likelihood of s, any shape.
    sign : {1.0, -1.0}
        Of the log of the share in s: 1 of coverage, -1 of precision.
    belief : Belief
    """

    def __init__(self, at: LogLikelihood, sign: float, belief: Belief) -> None:
        self._at, self._sign, self.axis = at, sign, Coordinate(belief)
        peak, top, width = _peak(at, np.linspace(-299, 299, 300)[None])
        self.peak, self.top, self.width = float(peak[0]), float(top[0]), float(width[0])

    def integrals(self, shift: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the log integrals and their relative errors for each shift of s, (row,)."""

        def log_integrand(t: FloatArray, row: FloatArray, floor: FloatArray) -> FloatArray:
            density = self.axis.log_density(t)
            row, floor = np.broadcast_to(row, t.shape), np.broadcast_to(floor, t.shape)
            needed = density + self.top > floor
            s = row[needed] + self._sign * self.axis.log_share(t[needed])
            return _filled(needed, density[needed] + self._at(s))

        shift = shift[:, None]
        places = self.axis.place(self._sign * (self.peak + self.width * _AROUND - shift))
        fixed = self.axis.grid()
        grid = np.concatenate([np.tile(fixed, (shift.size, 1)), places], axis=1)
        return _integrate(log_integrand, shift, grid, grid[:, :0], _INNER_TOLERANCE)


def double_integral(inner: InnerIntegrals, outer: Coordinate) -> tuple[float, float]:
    """Return the log of the integral over both shares, and its relative error.

    Parameters
    ----------
    inner : InnerIntegrals
        Over coverage.
    outer : Coordinate
        Of the belief on precision.
    """
    worst = 0.0

    def log_integrand(t: FloatArray, _: FloatArray, floor: FloatArray) -> FloatArray:
        nonlocal worst
        density, floor = outer.log_density(t), np.broadcast_to(floor, t.shape)
        needed = density + inner.top > floor
        if not needed.any():
            return _filled(needed, density[needed])
        integrals, errors = inner.integrals(-outer.log_share(t[needed]))
        values = density[needed] + integrals
        matters = np.isfinite(floor[needed]) & (values > floor[needed] + _NEGLIGIBLE / 2)
        worst = max(worst, float(errors[matters].max(initial=0.0)))
        return _filled(needed, values)

    # where the peak of the likelihood leaves a hard range the integrand has a shoulder
    ends = np.log(np.maximum(inner.axis.belief.quantile(np.array([0.0, 0.5, 1.0])), 1e-130))
    shoulders = outer.place(ends - inner.peak)[None]
    near = outer.place(ends[:, None] - inner.peak + inner.width * _AROUND[::4]).reshape(1, -1)
    grid = np.concatenate([outer.grid()[None], near], axis=1)
    (value,), (error,) = _integrate(
        log_integrand, np.zeros((1, 1)), grid, shoulders, _OUTER_TOLERANCE
    )
    return float(value), float(error) + worst


def _filled(needed: NDArray[np.bool_], values: FloatArray) -> FloatArray:
    """Return an array of values where they were needed, minus infinity elsewhere."""
    found = np.full(needed.shape, -np.inf)
    found[needed] = values
    return found


def _integrate(
    log_integrand: Callable[[FloatArray, FloatArray, FloatArray], FloatArray], rows: FloatArray,
    grid: FloatArray, splits: FloatArray, tolerance: float,
) -> tuple[FloatArray, FloatArray]:  # fmt: skip
    """Return log integrals over the whole line and their relative errors, (row,).

    `log_integrand` (t, row, floor) may be minus infinity where it is below `floor`; `rows` (row, 1)
    tell the rows apart; the peak is looked for in `grid` (row, point); integrals are split there
    and at `splits` (row, some); `tolerance` is a logarithm.
    """
    from scipy.integrate import tanhsinh
    from scipy.special import logsumexp

    def relative(t: FloatArray, *of_row: FloatArray) -> FloatArray:
        row, floor, scale = of_row
        # a piece that is minus infinity throughout would be taken for a failure
        return np.asarray(np.maximum(log_integrand(t, row, floor) - scale, -1e6))

    everything = np.full(rows.shape, -np.inf)
    mode, height, width = _peak(lambda t: log_integrand(t, rows, everything), grid)
    ends = np.full(rows.shape, np.inf)
    splits = np.where(np.isfinite(splits), splits, mode[:, None])
    edges = np.concatenate([-ends, np.sort(np.hstack([mode[:, None], splits]), axis=1), ends], 1)
    scale = (height + np.log(width))[:, None]
    with np.errstate(all="ignore"):
        found = tanhsinh(
            relative, edges[:, :-1], edges[:, 1:],
            args=(rows, height[:, None] - _NEGLIGIBLE, scale),
            log=True, rtol=tolerance, atol=tolerance,
        )  # fmt: skip
        value = logsumexp(found.integral.real, axis=1)
        error = np.exp(logsumexp(found.error.real, axis=1) - value)
    return scale[:, 0] + value, error


def _peak(
    log_integrand: Callable[[FloatArray], FloatArray], grid: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return place, height and width of the highest point, (row,), from ever finer grids."""
    row = np.arange(grid.shape[0])
    grid = np.sort(np.clip(grid, -_FARTHEST, _FARTHEST), axis=1)
    with np.errstate(all="ignore"):
        for _ in range(14):
            best = np.argmax(log_integrand(grid), axis=1)
            left = grid[row, np.maximum(best - 1, 0)]
            right = grid[row, np.minimum(best + 1, grid.shape[1] - 1)]
            mode = grid[row, best]
            half = np.linspace(0, 1, 5)[:, None]
            grid = np.concatenate([left + (mode - left) * half, mode + (right - mode) * half[1:]]).T
        away = np.geomspace(1e-9, 1e6, 80)
        height = log_integrand(mode[:, None])[:, 0]
        fall = height[:, None] - np.minimum(
            log_integrand(mode[:, None] + away), log_integrand(mode[:, None] - away)
        )
    width = np.where((fall > 0.5).any(axis=1), away[np.argmax(fall > 0.5, axis=1)], 1.0)
    return mode, height, width
