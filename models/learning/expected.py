"""What coverage and evidence expect, as functions of the unknowns, with NumPy, for many draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.beliefs import Known
from models.beliefs.base import FloatArray
from models.learning.form import SCALE
from models.learning.tallied import Tallied

if TYPE_CHECKING:
    from models.learned import Learned


def log_share(learned: Learned, name: str, latent: FloatArray) -> FloatArray:
    """Return the log of a share, (draw,); of one that the model does not have, log 1."""
    if name in learned.form.blocks:
        return np.asarray(-np.logaddexp(0.0, -latent[:, learned.form.blocks[name].start]))
    belief = learned.beliefs.get(name)
    value = belief.value if isinstance(belief, Known) else 1.0
    return np.full(latent.shape[0], np.log(value))


def log_missed(learned: Learned, name: str, latent: FloatArray) -> FloatArray:
    """Return log(1 - share), (draw,); of one that the model does not have, log 1."""
    if name in learned.form.blocks:
        return np.asarray(-np.logaddexp(0.0, latent[:, learned.form.blocks[name].start]))
    belief = learned.beliefs.get(name)
    with np.errstate(divide="ignore"):
        missed = np.log1p(-belief.value) if isinstance(belief, Known) else 0.0
    return np.full(latent.shape[0], missed)


def scale_of(learned: Learned, block: str, latent: FloatArray) -> FloatArray:
    """Return the scale that multiplies a block, (draw, 1)."""
    name = f"{SCALE}{block}"
    return np.asarray(learned.priors[name] * np.exp(np.sinh(latent[:, learned.form.blocks[name]])))


def log_odds_missed(learned: Learned, latent: FloatArray, log_rate: FloatArray) -> FloatArray:
    """Return the log odds of a death not to be on the list, by period, (draw, n_period).

    (1 - coverage) / coverage * exp(-w[t]) / mean(exp(-w)), the mean taken over expected names:
    coverage of all deaths together is then exactly `coverage`, whatever the walk w.

    Parameters
    ----------
    learned : Learned
    latent : (draw, n_unknown) numbers
    log_rate : (draw, n_period) numbers
        Log expected names.
    """
    from scipy.special import logsumexp

    level = log_missed(learned, "coverage", latent) - log_share(learned, "coverage", latent)
    form = learned.form
    if not form.knots:
        return np.repeat(level[:, None], log_rate.shape[1], axis=1)
    steps = scale_of(learned, "coverage_step", latent) * latent[:, form.blocks["coverage_step"]]
    path = np.pad(np.cumsum(steps, axis=1), ((0, 0), (1, 0)))
    moved = -path @ learned.interpolation.T
    if isinstance(learned.listed, Tallied):  # coverage is believed of the time until the last total
        log_rate = log_rate + learned.listed.log_known
    names = log_rate - logsumexp(log_rate, axis=1, keepdims=True)
    return level[:, None] + moved - logsumexp(names + moved, axis=1, keepdims=True)


def log_deaths(learned: Learned, latent: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return logs of expected deaths and true names, and of odds to be missed, (draw, n_period)."""
    log_rate = learned.listed.log_rate(latent, learned.form.blocks)
    odds = log_odds_missed(learned, latent, log_rate)
    true = log_rate + log_share(learned, "precision", latent)[:, None]
    return true + np.logaddexp(0.0, odds), true, odds


def register_logs(
    learned: Learned, name: str, latent: FloatArray, deaths: FloatArray
) -> FloatArray:
    """Return the log expected deaths in the scope of each row of a register, (draw, n_row)."""
    highest = deaths.max(axis=1, keepdims=True)
    sums = np.exp(deaths - highest) @ learned.weights[name].T
    share = log_share(learned, f"share_{name}", latent)
    return np.asarray(np.log(sums) + highest + share[:, None])


def register_bias(learned: Learned, name: str, latent: FloatArray) -> FloatArray:
    """Return the log bias that the rows of a register share, (draw,)."""
    at = learned.form.blocks[f"bias_{name}"].start
    return np.asarray(learned.registers[name].bias * latent[:, at])


def audit_log_odds(
    learned: Learned, name: str, latent: FloatArray, odds: FloatArray, names: FloatArray
) -> FloatArray:
    """Return the log odds of a death to be found, by place, (draw, n_place).

    Parameters
    ----------
    learned : Learned
    name : str
    latent : (draw, n_unknown) numbers
    odds, names : (draw, n_period) numbers
        Log odds of a death not to be on the list; log expected true names.
    """
    from scipy.special import logsumexp

    blocks, audits = learned.form.blocks, learned.audits[name]
    weights = learned.weights[name][0]
    listed = logsumexp(names, b=weights, axis=1)
    missed = logsumexp(names + odds, b=weights, axis=1)
    bias = audits.bias * latent[:, blocks[f"bias_{name}"].start]
    places = scale_of(learned, f"place_{name}", latent) * latent[:, blocks[f"place_{name}"]]
    return np.asarray((listed - missed + bias)[:, None] + places)


def ages(learned: Learned, name: str, latent: FloatArray) -> FloatArray:
    """Return the share of each age in the deaths of the war, (draw, n_age)."""
    raw = learned.excess[name].age_spread * latent[:, learned.form.blocks[f"age_{name}"]]
    weights = np.exp(raw - raw.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def excess_moments(
    learned: Learned, name: str, latent: FloatArray, deaths: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return mean and standard deviation of the deaths of the table, (draw, n_year, n_age)."""
    blocks, evidence = learned.form.blocks, learned.excess[name]
    prior = evidence.baseline

    def block(kind: str) -> FloatArray:
        return latent[:, blocks[f"{kind}_{name}"]]

    spread = scale_of(learned, f"slope_{name}", latent)
    slope = prior.slope * block("common") + spread * block("slope")
    steps = scale_of(learned, f"drift_{name}", latent) * block("drift")
    walk = np.pad(np.cumsum(steps, axis=1), ((0, 0), (1, 0)))
    for place, year in enumerate(evidence.pandemic):
        walk[:, year] += prior.pandemic * block("pandemic")[:, place]
    x = evidence.from_middle
    log_ratio = (
        LEVEL_SPREAD * block("level")[:, None, :] + slope[:, None, :] * x[:, None]
        + walk[:, :, None]
    )  # fmt: skip
    base = evidence.other * np.exp(np.clip(log_ratio, -50, 50))
    share = log_share(learned, f"share_{name}", latent)
    of_war = np.exp(np.minimum(deaths, 40.0)) @ learned.weights[name].T * np.exp(share)[:, None]
    war = of_war[:, :, None] * ages(learned, name, latent)[:, None, :]
    noise = scale_of(learned, f"noise_{name}", latent)[:, :, None] ** 2
    variance = base + war + base**2 * (noise + 1 / evidence.other)
    return np.asarray(base + war), np.sqrt(variance)


#: Standard deviation of the normal priors of the log ratios of ages; see `models.baseline`.
LEVEL_SPREAD = 2.0
