"""The log density of late reports with NumPy and SciPy alone: the second opinion."""

from __future__ import annotations

import numpy as np

from models.reporting.curves import FloatArray, Layout, curves
from models.reporting.form import HEAVY, NORMAL
from models.reporting.past import Past, log_reported

#: What an unknown is called beside its block, where another one has that name.
_LABELS = {"walk_drift": "drift"}


def log_prior(layout: Layout, latent: FloatArray) -> dict[str, FloatArray]:
    """Return the log prior density by unknown, (draw,); the free level adds nothing.

    Densities are with respect to the scales themselves and to the standardized variables that they
    multiply; see `log_jacobian` for the coordinates of the sampler.
    """
    from scipy import stats

    found: dict[str, FloatArray] = {}
    for name, block in layout.form.blocks.items():
        values = latent[:, block]
        if name == "level":
            continue
        if name.startswith("log_"):
            scale = layout.priors[name]
            each = stats.halfnorm.logpdf(np.exp(values), scale=scale)
            found[scale_name(name)] = each.sum(axis=1)
        elif name in HEAVY:
            tail = layout.priors[f"{name}_tail"]
            found[f"{name}_raw"] = stats.t.logpdf(np.sinh(values), tail).sum(axis=1)
        else:
            label = f"{name}_raw" if name in NORMAL else _LABELS.get(name, name)
            found[label] = stats.norm.logpdf(values).sum(axis=1)
    return found


def scale_name(block: str) -> str:
    """Return what the scale whose log stands in a block is called."""
    name = block.removeprefix("log_")
    return f"{name}_size" if name in ("shock", "drift") else name


def log_jacobian(layout: Layout, latent: FloatArray) -> FloatArray:
    """Return the log derivative of the unknowns by their unbounded coordinates, (draw,)."""
    found = np.zeros(latent.shape[0])
    for name, block in layout.form.blocks.items():
        values = latent[:, block]
        if name.startswith("log_"):
            found += values.sum(axis=1)
        elif name in HEAVY:
            found += (np.logaddexp(values, -values) - np.log(2)).sum(axis=1)
    return found


def log_mean(layout: Layout, past: Past, latent: FloatArray) -> FloatArray:
    """Return the log expected names of each past cell, (draw, n_cell, n_stratum)."""
    found = curves(layout, latent)
    return np.asarray(found.log_rate[:, past.period] + log_reported(found, past))


def log_likelihood(layout: Layout, past: Past, latent: FloatArray) -> FloatArray:
    """Return the log probability of the names of each past cell, (draw, n_cell, n_stratum).

    Negative binomial with variance mean + noise^2 mean^2; 0 where nothing was seen.
    """
    from scipy.special import gammaln

    block = layout.form.blocks["log_noise"]
    log_inverse = 2 * latent[:, block][:, :, None]
    log_means = log_mean(layout, past, latent)
    size, counts = np.exp(-log_inverse), past.counts
    rising = gammaln(counts + size) - gammaln(size) + counts * log_inverse
    value = (
        rising - gammaln(counts + 1.0) + counts * log_means
        - (counts + size) * np.logaddexp(0.0, log_means + log_inverse)
    )  # fmt: skip
    return np.where(past.seen[:, None], value, 0.0)
