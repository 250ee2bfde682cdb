"""From words to beliefs: a range with a mass, an audit of graves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from models.beliefs.base import Belief, FloatArray
from models.beliefs.shapes import Beta, Known, LogitNormal, Uniform, UniformTotal
from models.beliefs.tabulated import Tabulated
from models.checks import ordered, probability, sequence_of_whole, share
from models.errors import InvalidValueError

_SHAPES = ("beta", "logit_normal")

#: A mass nearer than this to 0 or 1 fixes no distribution.
_SMALLEST_TAIL = 1e-6

#: A beta with a smaller parameter is all but an atom at 0 or 1: nobody means that by a range.
_SMALLEST_BETA = 0.1


def known(value: float, **words: Any) -> Known:
    """Return the belief that a share is known exactly."""
    return Known(value, **words)


def uniform(low: float, high: float, **words: Any) -> Belief:
    """Return a hard range in which all shares are equally likely; low = high means known.

    Parameters
    ----------
    low, high : float
        Ends of the range, in (0, 1].
    **words
        `reason` and `source`.

    Raises
    ------
    InvalidValueError
        If an end is outside (0, 1] or low is above high.
    """
    return _range(Uniform, low, high, **words)


def uniform_total(low: float, high: float, **words: Any) -> Belief:
    """Return a hard range of the share in which the *total* is uniform; low = high means known."""
    return _range(UniformTotal, low, high, **words)


def _range(shape: type[Uniform], low: float, high: float, **words: Any) -> Belief:
    low, high = share(low, "low"), share(high, "high")
    ordered(low, high, "range")
    if low == high:
        return Known(low, stated=(low, high, 1.0), **words)
    return shape(low, high, **words)


def between(low: float, high: float, mass: float, shape: str = "beta", **words: Any) -> Belief:
    """Return a belief with `mass` between `low` and `high` and equal tails outside.

    Parameters
    ----------
    low, high : float
        Ends of the central range, strictly between 0 and 1.
    mass : float
        Probability of the range, strictly between 0 and 1.
    shape : {"beta", "logit_normal"}
        Form of the distribution.
    **words
        `reason` and `source`.

    Raises
    ------
    InvalidValueError
        If no such distribution exists or can be found.
    """
    low, high = probability(low, "low"), probability(high, "high")
    ordered(low, high, "range", strictly=True)
    mass = probability(mass, "mass")
    if not _SMALLEST_TAIL <= mass <= 1 - _SMALLEST_TAIL:
        raise InvalidValueError(
            f"{mass:g} is too near to 0 or 1", where="mass", remedy="use a hard range instead"
        )
    words.setdefault("stated", (low, high, mass))
    if shape == "logit_normal":
        from scipy.special import logit, ndtri

        a, b = float(logit(low)), float(logit(high))
        return LogitNormal((a + b) / 2, (b - a) / (2 * float(ndtri((1 + mass) / 2))), **words)
    if shape == "beta":
        return Beta(*_beta_through(low, high, mass), **words)
    raise InvalidValueError(f"{shape!r} is no shape", where="shape", remedy=f"one of {_SHAPES}")


def _beta_through(low: float, high: float, mass: float) -> tuple[float, float]:
    """Solve for the beta with (1 - mass) / 2 below `low` and as much above `high`.

    For each size alpha + beta the mean is found that puts the right mass below `low`; the mass
    above `high` then falls as the size grows, and the size is found in its logarithm.
    """
    from scipy.optimize import brentq
    from scipy.special import betainc, betaincc, ndtri

    tail = (1 - mass) / 2

    def mean_for(log_size: float) -> float:
        # in log odds, for sizes whose means hide next to 0 or 1
        size = math.exp(log_size)

        def excess(log_odds: float) -> float:
            share = 1 / (1 + math.exp(-log_odds))
            return float(betainc(size * share, size * (1 - share), low)) - tail

        return 1 / (1 + math.exp(-brentq(excess, -50.0, 27.0, xtol=1e-12)))

    def excess_above(log_size: float) -> float:
        size, mean = math.exp(log_size), mean_for(log_size)
        return float(betaincc(size * mean, size * (1 - mean), high)) - tail

    smallest, largest = math.log(1e-2), math.log(1e12)
    # a bracket around the size of a normal of that width; betas of extreme sizes are slow
    middle, width = (low + high) / 2, (high - low) / (2 * float(ndtri(1 - tail)))
    guess = math.log(max(middle * (1 - middle) / width**2, 0.1))
    left, right = max(guess - 0.5, smallest), min(guess + 0.5, largest)
    while excess_above(left) < 0 and left > smallest:
        left = max(left - 2, smallest)
    while excess_above(right) > 0 and right < largest:
        right = min(right + 2, largest)
    log_size = left if excess_above(left) < 0 else right
    if excess_above(left) > 0 > excess_above(right):
        log_size = brentq(excess_above, left, right, xtol=1e-12)
    size, mean = math.exp(log_size), mean_for(log_size)
    alpha, beta = size * mean, size * (1 - mean)
    below, above = betainc(alpha, beta, low), betaincc(alpha, beta, high)
    if min(alpha, beta) < _SMALLEST_BETA:
        raise InvalidValueError(
            f"mass {mass:g} between {low:g} and {high:g} asks for a beta nearly all at 0 and 1",
            where="range",
            why=f"its parameters would be {alpha:.2g} and {beta:.2g}",
            remedy='state a higher mass, or shape = "logit_normal"',
        )
    if max(abs(float(below) - tail), abs(float(above) - tail)) > 1e-6:
        raise InvalidValueError(
            f"no beta distribution has mass {mass:g} between {low:g} and {high:g}",
            where="range",
            remedy='try shape = "logit_normal" or another mass',
        )
    return float(alpha), float(beta)


def audited(found: int | Sequence[int], checked: int | Sequence[int], **words: Any) -> Belief:
    """Return the belief that an audit leaves: of `checked` known deaths, `found` are on the list.

    One site: the Jeffreys posterior, a beta.  Several sites: coverage differs from site to site (a
    beta-binomial), its mean has the Jeffreys prior Beta(1/2, 1/2), the intra-site correlation is
    uniform on (0, 1) and integrated out; the belief is the posterior of the *mean* coverage.
    One site says nothing of how sites differ: its belief is too narrow if they do.

    Parameters
    ----------
    found, checked : int or sequence of int, shape (n_site,)
        Deaths found on the list, and deaths checked, by site.
    **words
        `reason` and `source`.

    Raises
    ------
    InvalidValueError
        If more are found than checked, nothing was checked, or lengths differ.

    References
    ----------
    Skellam, J. G. (1948), the beta-binomial. https://doi.org/10.1111/j.2517-6161.1948.tb00014.x
    """
    hits = sequence_of_whole(found, "found")
    trials = sequence_of_whole(checked, "checked", low=1)
    if len(hits) != len(trials):
        raise InvalidValueError(
            f"{len(hits)} sites found, {len(trials)} sites checked", where="found, checked"
        )
    for i, (hit, trial) in enumerate(zip(hits, trials, strict=True)):
        if hit > trial:
            raise InvalidValueError(f"found {hit} of {trial} checked", where=f"site {i + 1}")
    if len(hits) == 1:
        return Beta(hits[0] + 0.5, trials[0] - hits[0] + 0.5, **words)
    return _audited_sites(np.array(hits), np.array(trials), **words)


def _audited_sites(found: FloatArray, checked: FloatArray, **words: Any) -> Tabulated:
    def heights(log_odds: FloatArray) -> FloatArray:
        return _mean_log_posterior(log_odds, found, checked)

    wide = np.linspace(-60, 60, 1201)
    coarse = heights(wide)
    # 30 below the top: what lies outside has less than one part in 10^11
    inside = wide[coarse > coarse.max() - 30]
    t = np.linspace(max(inside[0] - 0.1, -60), min(inside[-1] + 0.1, 60), 513)
    return Tabulated(float(t[0]), float(t[1] - t[0]), tuple(heights(t)), **words)


def _mean_log_posterior(log_odds: FloatArray, found: FloatArray, checked: FloatArray) -> FloatArray:
    """Return the log posterior of logit(mean), with the intra-site correlation integrated out."""
    from scipy.special import betaln, expit, log_expit, logsumexp

    t = np.linspace(-14, 14, 281)  # logit of the correlation; the Jacobian is r (1 - r)
    size = np.exp(-t)  # (1 - r) / r
    # the mean and its complement each from its own tail, so that neither rounds to 0 or 1
    alpha, beta = expit(log_odds)[:, None] * size, expit(-log_odds)[:, None] * size
    log_likelihood = sum(
        betaln(hit + alpha, trial - hit + beta) - betaln(alpha, beta)
        for hit, trial in zip(found, checked, strict=True)
    )
    inner = log_likelihood + log_expit(t) + log_expit(-t)
    # Jeffreys prior of the mean, times the Jacobian of its logit
    prior = 0.5 * (log_expit(log_odds) + log_expit(-log_odds))
    return np.asarray(logsumexp(inner, axis=1) + prior)
