"""Log densities of unbounded coordinates in PyTensor."""

from __future__ import annotations

from typing import Any

import numpy as np

_LOG_2 = float(np.log(2))


def half_normal(values: Any, scale: Any) -> Any:
    """Return the log density of logs of half-normal scales, summed."""
    import pytensor.tensor as pt

    square = pt.exp(2 * values) / scale**2
    return (0.5 * np.log(2 / np.pi) - pt.log(scale) - square / 2 + values).sum()


def double_log_half_normal(values: Any) -> Any:
    """Return the log density of v where exp(sinh(v)) is standard half-normal, summed."""
    import pytensor.tensor as pt

    far = pt.abs(values)
    derivative = far + pt.log1p(pt.exp(-2 * far)) - _LOG_2  # log cosh
    log_scale = pt.sinh(values)
    constant = 0.5 * np.log(2 / np.pi)
    return (constant - pt.exp(2 * log_scale) / 2 + log_scale + derivative).sum()


def student(values: Any, tail: Any) -> Any:
    """Return the log density of arsinh of standard Student's t variables, summed."""
    import pytensor.tensor as pt

    raw, far = pt.sinh(values), pt.abs(values)
    constant = pt.gammaln((tail + 1) / 2) - pt.gammaln(tail / 2) - pt.log(np.pi * tail) / 2
    each = constant - (tail + 1) / 2 * pt.log1p(raw**2 / tail)
    return (each + far + pt.log1p(pt.exp(-2 * far)) - _LOG_2).sum()


def standard_normal(values: Any) -> Any:
    """Return the log density of standard normal variables, summed."""
    return (-0.5 * values**2 - 0.5 * np.log(2 * np.pi)).sum()


def share(values: Any, kind: str, first: Any, second: Any) -> Any:
    """Return the log density of log odds of a share, summed; see `models.learning.form`."""
    import pytensor.tensor as pt

    if kind == "beta":
        below, above = -pt.softplus(values), -pt.softplus(-values)  # log (1 - share), log share
        constant = pt.gammaln(first + second) - pt.gammaln(first) - pt.gammaln(second)
        return (constant + first * above + second * below).sum()
    z = (values - first) / second
    return (-0.5 * z**2 - pt.log(second) - 0.5 * np.log(2 * np.pi)).sum()
