"""Where a posterior lies and how it is stretched: coordinates in which a sampler has an easy road.

Unknowns of these models are strongly correlated: what is due and not yet reported may be few
deaths or slow reports; many deaths and low coverage say the same of a list as few deaths and high
coverage.  A sampler that sees ``center + factor @ position``, where factor factor' is nearly the
covariance of the posterior, needs a fraction of the steps.  The map is linear and fixed before
sampling: it changes no posterior, only the road to it.

Center and covariance are those of a normal approximation at the mode of the effects, given scales
that maximize the marginal likelihood (updated as in the EM algorithm).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

#: Iterations at most, and changes of log scales and of effects below which the search ends.
_ITERATIONS, _SCALE_CHANGE, _EFFECT_CHANGE = 40, 0.02, 0.1

#: Fall of the log density that a step may bring: near the mode rounding decides of less.
_SLACK = 1e-3

#: Information on a log scale beside what its effects hold: scales are never known much better.
_SCALE_INFORMATION = 2.0

#: Information on a free level beside the data, so that the first steps are bounded.
LEVEL_INFORMATION = 0.01

#: Nodes and weights of the mean of a function of a normal variable.
_NODES, _WEIGHTS = np.sqrt(3) * np.array([-1.0, 0.0, 1.0]), np.array([1.0, 4.0, 1.0]) / 6

#: One at a time: the number of threads is one for the whole process.
_LOCK = threading.Lock()

#: Digits kept: the last ones differ between processors, and draws would with them.
_DIGITS = 6


class Problem(Protocol):
    """What is asked of a posterior whose coordinates are searched.

    Unknowns stand in one vector, by blocks; blocks that begin with "log_" are logs of scales with
    half-normal priors.
    """

    @property
    def blocks(self) -> Mapping[str, slice]:
        """Return where each block stands."""

    @property
    def size(self) -> int:
        """Return the length of the vector."""

    @property
    def tails(self) -> Mapping[str, float]:
        """Return the degrees of freedom of blocks of arsinh of standard Student's t variables."""

    @property
    def scales(self) -> Mapping[str, str]:
        """Return the log scale that multiplies each block that has one."""

    @property
    def noises(self) -> tuple[str, ...]:
        """Return log scales that multiply no block, but spread the data."""

    def begin(self) -> FloatArray:
        """Return where the search begins, (n_unknown,), but for log scales."""

    def start(self, block: str) -> float:
        """Return where a log scale begins."""

    def prior_scale(self, block: str) -> float:
        """Return the scale of the half-normal prior of the scale whose log is a block."""

    def prior_derivatives(self, block: str, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return slope and expected curvature of the log prior of a block that is no scale."""

    def log_density(self, latent: FloatArray) -> FloatArray:
        """Return the log density with scales by their logs, (point,)."""

    def scoring(self, latent: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return slope (n_unknown,) and expected information of the log likelihood at a point."""


def anchor(problem: Problem) -> tuple[FloatArray, FloatArray]:
    """Return center (n_unknown,) and factor (n_unknown, n_unknown) of the sampler's coordinates."""
    # sums by several threads differ in their last digits, and workers have other numbers of them
    from threadpoolctl import threadpool_limits

    with _LOCK, threadpool_limits(1, "blas"):
        return _anchor(problem)


def _anchor(problem: Problem) -> tuple[FloatArray, FloatArray]:
    from scipy import linalg

    search = _Search(problem)
    for _ in range(_ITERATIONS):
        effects = search.move_effects()
        scales = search.move_scales()
        if scales < _SCALE_CHANGE and effects < _EFFECT_CHANGE:
            break
    information = search.information()
    lower = linalg.cholesky(information, lower=True)
    factor = linalg.solve_triangular(lower, np.eye(len(lower)), lower=True).T
    return np.round(search.latent, _DIGITS), _rounded(factor)


def _rounded(values: FloatArray) -> FloatArray:
    """Round by size: to so many digits of the largest of each column."""
    size = 10.0 ** np.floor(np.log10(np.abs(values).max(axis=0)))
    return np.asarray(np.round(values / size, _DIGITS) * size)


def is_scale(block: str) -> bool:
    """Return whether a block holds the log of a scale."""
    return block.startswith("log_")


class _Search:
    """A point that climbs to the mode of the effects, and scales that follow it."""

    def __init__(self, problem: Problem) -> None:
        self.problem, self.blocks = problem, problem.blocks
        self.latent = problem.begin()
        self.is_scale = np.zeros(problem.size, bool)
        for name, block in self.blocks.items():
            if is_scale(name):
                self.latent[block] = np.log(min(problem.start(name), problem.prior_scale(name)))
                self.is_scale[block] = True
        self.damping = 1e-2
        self._variance = np.zeros(problem.size)

    def move_effects(self) -> float:
        """Take one damped step of Fisher's scoring; return the largest change."""
        gradient, information = self._scoring()
        free = ~self.is_scale
        inner = information[np.ix_(free, free)]
        before = self._objective(self.latent)
        change = np.zeros_like(self.latent)
        moved = 0.0
        for _ in range(8):
            damped = inner + self.damping * np.diag(np.diag(inner))
            change[free] = np.linalg.solve(damped, gradient[free])
            change *= min(1.0, 2.0 / max(float(np.abs(change).max()), 1e-12))
            after = self._objective(self.latent + change)
            if np.isfinite(after) and after > before - _SLACK:
                self.latent = self.latent + change
                self.damping = max(self.damping / 10, 1e-9)
                moved = float(np.abs(change).max())
                break
            self.damping = max(self.damping * 8, 1e-2)
        self._variance[free] = np.diag(np.linalg.inv(inner))
        return moved

    def move_scales(self) -> float:
        """Move each scale towards what its effects and their uncertainty say; return the most."""
        largest = 0.0
        for name, scale in self.problem.scales.items():
            block, at = self.blocks[name], self.blocks[scale]
            values, spread = self.latent[block], np.sqrt(self._variance[block])
            size = values.size
            # below, `size` would be what is expected if the scale were right
            if name in self.problem.tails:
                tail = self.problem.tails[name]
                raw = np.sinh(values[:, None] + spread[:, None] * _NODES)
                found = float((((tail + 1) * raw**2 / (tail + raw**2)) @ _WEIGHTS).sum())
            else:
                found = float((values**2 + spread**2).sum())
            prior = float(np.exp(2 * self.latent[at][0]) / self.problem.prior_scale(scale) ** 2)
            change = float(np.clip(0.8 * np.log((found + 1) / (size + prior)), -0.7, 0.7))
            self.latent[at] += change
            # what they multiply stays where it is
            self.latent[block] = (
                np.arcsinh(np.sinh(values) * np.exp(-change)) if name in self.problem.tails
                else values * np.exp(-change)
            )  # fmt: skip
            largest = max(largest, abs(change))
        for name in self.problem.noises:
            slope, information = self._noise_derivatives(name)
            change = float(np.clip(slope / information, -0.5, 0.5))
            self.latent[self.blocks[name]] += change
            largest = max(largest, abs(change))
        return largest

    def _noise_derivatives(self, name: str) -> tuple[float, float]:
        """Return slope and information of a log noise, by differences."""
        at, width = self.blocks[name].start, 1e-3
        points = np.tile(self.latent, (3, 1))
        points[0, at] -= width
        points[2, at] += width
        low, middle, high = self._objectives(points)
        return (high - low) / (2 * width), max((2 * middle - low - high) / width**2, 1.0)

    def information(self) -> FloatArray:
        """Return the information matrix of all unknowns at the point reached."""
        _, found = self._scoring()
        for name in self.problem.noises:
            noise = self.blocks[name].start
            found[noise, :] = found[:, noise] = 0.0
            found[noise, noise] = self._noise_derivatives(name)[1]
        for name, block in self.blocks.items():
            if is_scale(name) and name not in self.problem.noises:
                found[block, block] += _SCALE_INFORMATION
        return found

    def _scoring(self) -> tuple[FloatArray, FloatArray]:
        """Return the gradient of the log density, and its expected information."""
        gradient, information = self.problem.scoring(self.latent)
        slope, curvature = self._prior_derivatives()
        return gradient + slope, information + np.diag(curvature)

    def _prior_derivatives(self) -> tuple[FloatArray, FloatArray]:
        """Return the slope of the log prior in latent coordinates, and its expected curvature."""
        slope, curvature = np.zeros_like(self.latent), np.ones_like(self.latent)
        for name, block in self.blocks.items():
            values = self.latent[block]
            if is_scale(name):
                square = np.exp(2 * values) / self.problem.prior_scale(name) ** 2
                slope[block], curvature[block] = 1 - square, 2 * square
            elif name in self.problem.tails:
                slope[block], curvature[block] = student_derivatives(
                    values, self.problem.tails[name]
                )
            else:
                slope[block], curvature[block] = self.problem.prior_derivatives(name, values)
        return slope, curvature

    def _objective(self, latent: FloatArray) -> float:
        return float(self._objectives(latent[None])[0])

    def _objectives(self, latent: FloatArray) -> FloatArray:
        with np.errstate(over="ignore", invalid="ignore"):
            return self.problem.log_density(latent)


def student_derivatives(values: FloatArray, tail: float) -> tuple[FloatArray, FloatArray]:
    """Return slope and expected curvature of arsinh of a standard Student's t variable."""
    raw = np.sinh(values)
    slope = np.tanh(values) - (tail + 1) * raw * np.cosh(values) / (tail + raw**2)
    return np.asarray(slope), np.full_like(values, (tail + 1) / tail - 0.5)
