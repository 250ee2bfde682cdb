"""The maximum of a log-linear model of captures, and its profile in the total."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from estimation.classical.captures.models import CaptureModel, FloatArray
from estimation.errors import NotEstimableError

#: Newton steps before a fit is given up.
_STEPS = 300

#: Gain of the log likelihood below which a fit has converged, a share of the persons.
_GAIN = 1e-13

#: Gain that is rounding if the likelihood cannot be told to rise any more; a share too.
_ROUNDING = 1e-8

#: A direction in which the information is so small beside the parameters' own is none.
_FLAT = 1e-10

#: The least that is added to the information if a step of Newton goes too far.
_RIDGE = 1e-6

#: A parameter that may not be negative and is smaller is at its limit.
_TINY = 1e-7


@dataclasses.dataclass(frozen=True, eq=False)
class CaptureFit:
    """The Poisson maximum.

    Parameters
    ----------
    model : CaptureModel
    parameters : (parameter,) numbers
    covariance : (parameter, parameter) numbers
        0 for parameters at their limit.
    """

    model: CaptureModel
    parameters: FloatArray
    covariance: FloatArray

    @property
    def observed(self) -> int:
        """Return the persons on any list."""
        return round(float(self.model.sufficient[0]))

    @property
    def unseen(self) -> float:
        """Return the mean of the cell of nobody, persons."""
        return float(np.exp(self.parameters[0]))

    @property
    def total(self) -> float:
        """Return the estimate of the total, persons."""
        return self.observed + self.unseen

    @property
    def standard_error(self) -> float:
        """Return the standard error of the total, persons: that of a Poisson number of unseen."""
        return float(np.sqrt(self.unseen + self.unseen**2 * self.covariance[0, 0]))


def fit(model: CaptureModel) -> CaptureFit:
    """Find the maximum of the Poisson likelihood of the cells that can be observed.

    Raises
    ------
    NotEstimableError
        If there is no finite maximum, or more than one.
    """
    found = _maximum(model, model.start, None)
    information, free = found.information, found.free
    scaled, size = _scaled(information[np.ix_(free, free)])
    if size.size and np.linalg.eigvalsh(scaled)[0] < _FLAT:
        raise _no_maximum()
    covariance = np.zeros_like(information)
    covariance[np.ix_(free, free)] = np.linalg.inv(scaled) / np.outer(size, size)
    return CaptureFit(model, found.parameters, covariance)


def profile(model: CaptureModel, start: FloatArray, unseen: float) -> tuple[float, FloatArray]:
    """Return the multinomial log likelihood of a total, and the parameters that reach it.

    Parameters
    ----------
    model : CaptureModel
    start : (parameter,) numbers
    unseen : number above 0, persons
        The total less the persons observed; need not be whole.
    """
    found = _maximum(model, start, unseen)
    total = float(model.sufficient[0]) + unseen
    # means of the cells sum to the total, so that they are its probabilities
    value = found.value + float(gammaln(total + 1) - gammaln(unseen + 1))
    return value + total - total * np.log(total), found.parameters


@dataclasses.dataclass(frozen=True, eq=False)
class _Maximum:
    """Where Newton's steps end: `free` are the parameters that are not at their limit."""

    parameters: FloatArray
    value: float
    information: FloatArray
    free: NDArray[np.int64]


def _maximum(model: CaptureModel, start: FloatArray, unseen: float | None) -> _Maximum:
    """Return the maximum.

    Newton steps in the parameters that are free to move, cut off where one of those that may not
    be negative would be: the two-metric projection of Bertsekas (1982), SIAM Journal on Control and
    Optimization 20(2), 221-246.  Steps that go too far are taken again with a ridge.  With `unseen`
    the cell of nobody is counted.
    """
    sufficient = model.sufficient.copy()
    scale = sufficient[0]
    if unseen is not None:
        sufficient[0] += unseen
    limited = np.arange(len(sufficient)) >= len(sufficient) - model.nonnegative

    def expected(parameters: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        with np.errstate(over="ignore", invalid="ignore"):  # a step too far, taken back below
            mean, information = model.moments(parameters)
            if unseen is not None:
                nobody = np.exp(parameters[0])
                mean[0] += nobody
                information[0, 0] += nobody
            value = float(sufficient @ parameters - mean[0])
        return value, mean, information

    parameters = np.where(limited, np.maximum(start, 0.0), start)
    value, mean, information = expected(parameters)
    ridge = 0.0
    for _ in range(_STEPS):
        score = sufficient - mean
        free = np.flatnonzero(~limited | (parameters > _TINY) | (score > 0))
        step = _newton_step(information, score, free, 0.0)
        gain = float(score @ step)
        here = _Maximum(parameters, value, information,
                        np.flatnonzero(~limited | (parameters > _TINY)))  # fmt: skip
        if gain < _GAIN * scale:
            return here
        ridge = ridge / 100 if ridge > _RIDGE else 0.0
        if ridge:
            step = _newton_step(information, score, free, ridge)
        while True:
            tried = parameters + step
            tried[limited & (tried < _TINY)] = 0.0
            trial = expected(tried)
            if np.isfinite(trial[0]) and trial[0] >= value + 1e-4 * score @ (tried - parameters):
                break
            ridge = max(4 * ridge, _RIDGE)
            if ridge > 1e20 * _RIDGE:
                if gain > _ROUNDING * scale:
                    raise _no_maximum()
                return here
            step = _newton_step(information, score, free, ridge)
        parameters, (value, mean, information) = tried, trial
    raise _no_maximum()


def _newton_step(
    information: FloatArray, score: FloatArray, free: NDArray[np.int64], ridge: float
) -> FloatArray:
    """Return the step in the free parameters; a ridge keeps it short where cells are empty."""
    chosen = information[np.ix_(free, free)].copy()
    chosen[np.diag_indices(free.size)] += ridge
    scaled, size = _scaled(chosen)
    scaled[np.diag_indices(free.size)] += 1e-12
    step = np.zeros_like(score)
    step[free] = np.linalg.solve(scaled, score[free] / size) / size
    return step


def _scaled(information: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the information in units in which its diagonal is 1, and those units."""
    size = np.sqrt(np.diagonal(information))
    if not (np.isfinite(size) & (size > 0)).all():
        raise _no_maximum()
    return information / np.outer(size, size), size


def _no_maximum() -> NotEstimableError:
    return NotEstimableError(
        "the model has no finite estimate for these overlaps", where="lists",
        why="some of its terms can be as large as they like: too few persons are on several lists",
        remedy="take a method with fewer terms, or merge lists of the same origin",
    )  # fmt: skip
