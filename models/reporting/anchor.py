"""Where the posterior of late reports lies, and how it is stretched: the sampler's coordinates.

Rates, hazards and their effects are strongly correlated: what is due and not yet reported may be
few deaths or slow reports.  A sampler that sees ``center + factor @ position``, where factor
factor' is nearly the covariance of the posterior, needs a quarter of the steps.  The map is linear
and fixed before sampling: it changes no posterior, only the road to it.

Center and covariance are those of a normal approximation at the mode of the effects, given scales
that maximize the marginal likelihood (updated as in the EM algorithm).
"""

from __future__ import annotations

import threading

import numpy as np

from models.reporting.curves import FloatArray, Layout
from models.reporting.density import log_jacobian, log_likelihood, log_mean, log_prior
from models.reporting.form import HEAVY, NORMAL
from models.reporting.past import Past

#: Scales at which the search begins.
_START = {
    "log_step": 0.1, "log_noise": 0.2, "log_delay_step": 0.3, "log_shock": 0.2, "log_drift": 0.02,
    "log_spread": 0.5, "log_own_step": 0.05, "log_stratum_delay": 0.1,
}  # fmt: skip

#: Iterations at most, and changes of log scales and of effects below which the search ends.
_ITERATIONS, _SCALE_CHANGE, _EFFECT_CHANGE = 40, 0.02, 0.1

#: Fall of the log density that a step may bring: near the mode rounding decides of less.
_SLACK = 1e-3

#: Information on a log scale beside what its effects hold: scales are never known much better.
_SCALE_INFORMATION = 2.0

#: Information on the free level beside the data, so that the first steps are bounded.
_LEVEL_INFORMATION = 0.01

#: Nodes and weights of the mean of a function of a normal variable.
_NODES, _WEIGHTS = np.sqrt(3) * np.array([-1.0, 0.0, 1.0]), np.array([1.0, 4.0, 1.0]) / 6

#: One at a time: the number of threads is one for the whole process.
_LOCK = threading.Lock()

#: Digits kept: the last ones differ between processors, and draws would with them.
_DIGITS = 6


def anchor(layout: Layout, past: Past) -> tuple[FloatArray, FloatArray]:
    """Return center (n_unknown,) and factor (n_unknown, n_unknown) of the sampler's coordinates."""
    # sums by several threads differ in their last digits, and workers have other numbers of them
    from threadpoolctl import threadpool_limits

    with _LOCK, threadpool_limits(1, "blas"):
        return _anchor(layout, past)


def _anchor(layout: Layout, past: Past) -> tuple[FloatArray, FloatArray]:
    from scipy import linalg

    search = _Search(layout, past)
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


class _Search:
    """A point that climbs to the mode of the effects, and scales that follow it."""

    def __init__(self, layout: Layout, past: Past) -> None:
        self.layout, self.past, self.blocks = layout, past, layout.form.blocks
        self.latent = np.zeros(layout.form.size)
        for name, value in _START.items():
            if name in self.blocks:
                self.latent[self.blocks[name]] = np.log(min(value, layout.priors[name]))
        scales = [block for name, block in self.blocks.items() if name.startswith("log_")]
        self.is_scale = np.zeros(layout.form.size, bool)
        for block in scales:
            self.is_scale[block] = True
        self.damping = 1e-2
        self._variance = np.zeros(layout.form.size)

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
        pairs = {**HEAVY, **NORMAL}
        for name, scale in pairs.items():
            if name not in self.blocks:
                continue
            block, at = self.blocks[name], self.blocks[scale]
            values, spread = self.latent[block], np.sqrt(self._variance[block])
            size = values.size
            # below, `size` would be what is expected if the scale were right
            if name in HEAVY:
                tail = self.layout.priors[f"{name}_tail"]
                raw = np.sinh(values[:, None] + spread[:, None] * _NODES)
                found = float((((tail + 1) * raw**2 / (tail + raw**2)) @ _WEIGHTS).sum())
            else:
                found = float((values**2 + spread**2).sum())
            prior = float(np.exp(2 * self.latent[at][0]) / self.layout.priors[scale] ** 2)
            change = float(np.clip(0.8 * np.log((found + 1) / (size + prior)), -0.7, 0.7))
            self.latent[at] += change
            # what they multiply stays where it is
            self.latent[block] = (
                np.arcsinh(np.sinh(values) * np.exp(-change)) if name in HEAVY
                else values * np.exp(-change)
            )  # fmt: skip
            largest = max(largest, abs(change))
        change = self._move_noise()
        return max(largest, abs(change))

    def _move_noise(self) -> float:
        at = self.blocks["log_noise"].start
        slope, self._noise_information = self._noise_derivatives()
        change = float(np.clip(slope / self._noise_information, -0.5, 0.5))
        self.latent[at] += change
        return change

    def _noise_derivatives(self) -> tuple[float, float]:
        """Return slope and information of the log noise, by differences."""
        at, width = self.blocks["log_noise"].start, 1e-3
        points = np.tile(self.latent, (3, 1))
        points[0, at] -= width
        points[2, at] += width
        low, middle, high = self._objectives(points)
        return (high - low) / (2 * width), max((2 * middle - low - high) / width**2, 1.0)

    def information(self) -> FloatArray:
        """Return the information matrix of all unknowns at the point reached."""
        _, found = self._scoring()
        noise = self.blocks["log_noise"].start
        found[noise, :] = found[:, noise] = 0.0
        found[noise, noise] = self._noise_derivatives()[1]
        for name, block in self.blocks.items():
            if name.startswith("log_") and name != "log_noise":
                found[block, block] += _SCALE_INFORMATION
        return found

    def _scoring(self) -> tuple[FloatArray, FloatArray]:
        """Return the gradient of the log density, and its expected information."""
        layout, past, width = self.layout, self.past, 1e-5
        size = self.latent.size
        points = np.concatenate([self.latent[None], self.latent + width * np.eye(size)])
        means = log_mean(layout, past, points).reshape(size + 1, -1)
        jacobian = (means[1:] - means[0]) / width
        inverse = np.exp(2 * self.latent[self.blocks["log_noise"]])[0]
        mean = np.exp(np.minimum(means[0], 25.0))
        seen = np.repeat(past.seen, past.counts.shape[1])
        weight = seen / (1 + mean * inverse)
        slope, curvature = self._prior_derivatives()
        gradient = jacobian @ (weight * (past.counts.ravel() - mean)) + slope
        information = (jacobian * (weight * mean)) @ jacobian.T + np.diag(curvature)
        return gradient, information

    def _prior_derivatives(self) -> tuple[FloatArray, FloatArray]:
        """Return the slope of the log prior in latent coordinates, and its expected curvature."""
        slope, curvature = np.zeros_like(self.latent), np.ones_like(self.latent)
        for name, block in self.blocks.items():
            values = self.latent[block]
            if name == "level":
                curvature[block] = _LEVEL_INFORMATION
            elif name.startswith("log_"):
                square = np.exp(2 * values) / self.layout.priors[name] ** 2
                slope[block], curvature[block] = 1 - square, 2 * square
            elif name in HEAVY:
                tail, raw = self.layout.priors[f"{name}_tail"], np.sinh(values)
                slope[block] = np.tanh(values) - (tail + 1) * raw * np.cosh(values) / (
                    tail + raw**2
                )
                curvature[block] = (tail + 1) / tail - 0.5
            else:
                slope[block] = -values
        return slope, curvature

    def _objective(self, latent: FloatArray) -> float:
        return float(self._objectives(latent[None])[0])

    def _objectives(self, latent: FloatArray) -> FloatArray:
        """Return the log density with scales by their logs and effects as they are, (point,)."""
        with np.errstate(over="ignore", invalid="ignore"):
            prior = sum(log_prior(self.layout, latent).values()) + log_jacobian(self.layout, latent)
            likelihood = log_likelihood(self.layout, self.past, latent).sum(axis=(1, 2))
        return np.asarray(prior + likelihood)
