"""The log density of a model whose coverage is learned, with NumPy and SciPy: a second opinion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.beliefs.base import FloatArray
from models.learning import expected
from models.learning.form import SCALE

if TYPE_CHECKING:
    from models.learned import Learned


def log_prior(learned: Learned, latent: FloatArray) -> dict[str, FloatArray]:
    """Return the log prior density by unknown, (draw,); the free level adds nothing.

    Densities are with respect to shares and scales themselves, and to the standardized variables
    that scales multiply; see `log_jacobian` for the coordinates of the sampler.
    """
    from scipy import stats
    from scipy.special import expit

    found = dict(learned.listed.log_prior(latent, learned.form.blocks))
    for name, block in learned.form.own.items():
        values = latent[:, block]
        if name in learned.beliefs:
            found[name] = learned.beliefs[name].log_density(expit(values[:, 0]))
        elif name.startswith(SCALE):
            own = name.removeprefix(SCALE)
            scale = expected.scale_of(learned, own, latent)
            found[own] = stats.halfnorm.logpdf(scale, scale=learned.priors[name]).sum(axis=1)
        else:
            found[f"{name}_raw"] = stats.norm.logpdf(values).sum(axis=1)
    return found


def log_jacobian(learned: Learned, latent: FloatArray) -> FloatArray:
    """Return the log derivative of the unknowns by their unbounded coordinates, (draw,)."""
    found = learned.listed.log_jacobian(latent, learned.form.blocks)
    for name, block in learned.form.own.items():
        values = latent[:, block]
        if name in learned.beliefs:
            found = found - (np.logaddexp(0.0, values) + np.logaddexp(0.0, -values)).sum(axis=1)
        elif name.startswith(SCALE):
            scale = expected.scale_of(learned, name.removeprefix(SCALE), latent)
            found = found + (np.log(scale) + np.logaddexp(values, -values) - np.log(2)).sum(axis=1)
    return found


def log_likelihood(learned: Learned, latent: FloatArray) -> dict[str, FloatArray]:
    """Return the log probability of the data, by evidence.

    Returns
    -------
    dict
        Of the list (draw, n_period); of a register (draw,), jointly over its rows; of audits
        (draw, n_place); of a table of deaths (draw, n_year, n_age).
    """
    from scipy import stats

    deaths, names, missed = expected.log_deaths(learned, latent)
    found = {learned.name: learned.listed.log_likelihood(latent, learned.form.blocks)}
    for name, register in learned.registers.items():
        logs = expected.register_logs(learned, name, latent, deaths)
        bias = expected.register_bias(learned, name, latent)
        found[name] = register.log_likelihood(logs, bias)
    for name, audits in learned.audits.items():
        odds = expected.audit_log_odds(learned, name, latent, missed, names)
        found[name] = audits.log_likelihood(odds)
    for name, evidence in learned.excess.items():
        mean, sd = expected.excess_moments(learned, name, latent, deaths)
        found[name] = np.asarray(stats.norm.logpdf(evidence.affected, mean, sd))
    return found
