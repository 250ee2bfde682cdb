"""The log density of overlapping lists with NumPy and SciPy: a second opinion on the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import stats
from scipy.special import expit, gammaincc, gammaln, logsumexp

from models.beliefs.base import FloatArray
from models.lists import expected
from models.lists.form import SCALE
from models.losses import Flat, GammaPrior, Pooled

if TYPE_CHECKING:
    from models.overlapping import Overlapping


def log_prior(overlapping: Overlapping, latent: FloatArray) -> dict[str, FloatArray]:
    """Return the log prior density by unknown, (draw,); improper levels add nothing.

    Densities are with respect to scales and shares themselves, and to the standardized variables
    that scales multiply; that of a coverage belief is with respect to coverage.
    """
    form = overlapping.form
    found: dict[str, FloatArray] = {}
    for name in form.logistic:
        found[name] = stats.logistic.logpdf(latent[:, form.blocks[name]]).sum(axis=1)
    for name in form.normal:
        found[f"{name}_raw"] = stats.norm.logpdf(latent[:, form.blocks[name]]).sum(axis=1)
    for name in form.scales:
        own = name.removeprefix(SCALE)
        scale = expected.scale_of(overlapping, own, latent)
        found[own] = stats.halfnorm.logpdf(scale, scale=overlapping.priors[name]).sum(axis=1)
    for name, belief in overlapping.beliefs.items():
        if name in form.blocks:
            found[name] = belief.log_density(expit(latent[:, form.blocks[name].start]))
    deaths, odds = _rates(overlapping, latent)
    losses, prior = overlapping.losses, getattr(overlapping.losses, "prior", None)
    if isinstance(losses, Flat) and isinstance(prior, GammaPrior):
        # with respect to the log rate, in which the level moves it one for one
        found["rate"] = prior.log_density(np.exp(deaths[:, 0])) + deaths[:, 0]
    if isinstance(losses, Pooled):
        logs = deaths - np.log(overlapping.exposure)
        spread = expected.scale_of(overlapping, "rate", latent)[:, 0]
        away = ((logs - logs.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
        found["effect"] = (
            -away / (2 * spread**2) - (form.strata - 1) * (np.log(spread) + np.log(2 * np.pi) / 2)
        )  # fmt: skip
    if overlapping.lists.has_belief:
        found["coverage"] = overlapping.lists.coverage.log_density(expit(odds))
    return found


def _log_at_most(bound: int, log_mean: FloatArray) -> FloatArray:
    """Return log P(Poisson <= bound), also where it underflows, (draw,)."""
    mean = np.exp(log_mean)
    share = gammaincc(bound + 1, mean)
    terms = np.arange(bound + 1)
    far = share == 0
    with np.errstate(divide="ignore"):
        found = np.log(share)
    if far.any():
        each = terms * log_mean[far, None] - gammaln(terms + 1)
        found[far] = logsumexp(each, axis=1) - mean[far]
    return np.asarray(found)


def _rates(overlapping: Overlapping, latent: FloatArray) -> tuple[FloatArray, FloatArray]:
    classes = expected.classes_of(overlapping, latent)
    missed = expected.log_odds_missed(classes, overlapping.lists.dependence)
    return expected.log_coverage(expected.log_listed(overlapping, latent), missed)


def log_jacobian(overlapping: Overlapping, latent: FloatArray) -> FloatArray:
    """Return the log derivative of the unknowns by their unbounded coordinates, (draw,)."""
    found = np.zeros(latent.shape[0])
    for name in overlapping.form.scales:
        values = latent[:, overlapping.form.blocks[name]]
        scale = expected.scale_of(overlapping, name.removeprefix(SCALE), latent)
        found += (np.log(scale) + np.logaddexp(values, -values) - np.log(2)).sum(axis=1)
    for name, _ in overlapping.form.shares:
        values = latent[:, overlapping.form.blocks[name]]
        found -= (np.logaddexp(0.0, values) + np.logaddexp(0.0, -values)).sum(axis=1)
    return found


def log_likelihood(overlapping: Overlapping, latent: FloatArray) -> dict[str, FloatArray]:
    """Return the log probability of the data, (draw,), by evidence.

    That of the lists is jointly over all patterns: they share the persons on no list.
    """
    lists = overlapping.lists
    classes = expected.classes_of(overlapping, latent)
    listed = expected.log_listed(overlapping, latent)
    log_p = expected.log_patterns(classes, lists.unique)
    # log rates of cells: persons on any list, times p[x] / (1 - p[0])
    rates = (listed - expected.log_seen(classes))[:, None, :] + log_p
    each = np.where(lists.counts > 0, lists.counts * rates, 0.0) - gammaln(lists.counts + 1)
    found = each.sum(axis=(1, 2)) - np.exp(listed).sum(axis=1)
    if lists.unlabeled.any():
        some = lists.unlabeled > 0
        shared = lists.unlabeled[some] * logsumexp(rates[:, some], axis=2)
        found += (shared - gammaln(lists.unlabeled[some] + 1)).sum(axis=1)
    if lists.open.any():
        found += np.exp(rates[:, lists.open]).sum(axis=1)
    bounded = lists.bounds >= 0
    if bounded.any():
        for pattern, stratum in np.argwhere(bounded):
            found += _log_at_most(int(lists.bounds[pattern, stratum]), rates[:, pattern, stratum])
    deaths, _ = _rates(overlapping, latent)
    return {overlapping.name: found} | {
        name: register.log_likelihood(*overlapping.register_center(name, latent, deaths))
        for name, register in overlapping.registers.items()
    }
