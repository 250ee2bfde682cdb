"""The exact posterior of a flat loss process with one count: independent draws, no Markov chain."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from models.beliefs import Known
from models.beliefs.base import FloatArray
from models.count import Count
from models.inclusion import (
    InclusionSampler,
    count_log_likelihood,
    log_ratio,
    mixing_log_density,
    mixing_mode,
    mixing_slope,
    mixing_width,
)
from models.log_concave import draw_log_concave
from models.losses import Flat, GammaPrior
from models.thinning import IntArray, complete_total

#: Draws made at a time: small enough for the processor's cache, large enough to hide the overhead.
CHUNK = 1 << 15


@dataclasses.dataclass(frozen=True)
class Draws:
    """Posterior draws, each field of shape (draw,).

    `rate` in expected deaths, `coverage` and `precision` as shares, `observed` (true names) and
    `total` in deaths.
    """

    rate: FloatArray
    coverage: FloatArray
    precision: FloatArray
    observed: IntArray
    total: IntArray

    def named(self) -> dict[str, FloatArray | IntArray]:
        """Return all estimands by name, the total first; realized coverage may be 0 / 0."""
        with np.errstate(invalid="ignore"):
            realized = self.observed / self.total
        return {
            "total": self.total,
            "unseen": self.total - self.observed,
            "observed": self.observed,
            "realized_coverage": realized,
            "coverage": self.coverage,
            "precision": self.precision,
            "rate": self.rate,
        }


def draw_posterior(
    losses: Flat, count: Count, draws: int, streams: tuple[np.random.Generator, ...]
) -> Iterator[Draws]:
    """Yield independent posterior draws in chunks, in memory that does not grow with `draws`.

    Under the scale prior the posterior of coverage and precision is their prior, the seen rate is
    Gamma(count, 1), and total - seen is negative binomial.  Under a gamma prior coverage and
    precision are drawn by exact rejection first, then the rate given them.

    Parameters
    ----------
    losses : Flat
        The loss process.
    count : Count
        The list; under the scale prior with one name or more.
    draws : int
        How many.
    streams : tuple of five numpy.random.Generator
        For the inclusion, the rate, clustering, the completion, and precision: apart, so that
        models which differ in one of them share the random numbers of the others.
    """
    prior = losses.prior
    if isinstance(prior, GammaPrior):
        likelihood = count_log_likelihood(count.names, prior, losses.clustering)
        sampler = InclusionSampler(likelihood, count.coverage, count.precision)
    for done in range(0, draws, CHUNK):
        size = min(CHUNK, draws - done)
        if isinstance(prior, GammaPrior):
            yield _draw_gamma(losses, prior, count, sampler, size, streams)
        else:
            yield _draw_scale(losses, count, size, streams)


def _known_one(count: Count) -> bool:
    return isinstance(count.precision, Known) and count.precision.value == 1.0


def _draw_scale(
    losses: Flat, count: Count, size: int, streams: tuple[np.random.Generator, ...]
) -> Draws:
    inclusion_stream, rate_stream, mixing_stream, completion_stream, precision_stream = streams
    coverage = count.coverage.draw(inclusion_stream, size)
    seen_rate = rate_stream.standard_gamma(count.names, size)
    exact = _known_one(count)
    precision = np.ones(size) if exact else count.precision.draw(precision_stream, size)
    # a coverage of 0 gives an infinite rate; models in which that is likely are refused
    with np.errstate(divide="ignore", over="ignore"):
        effective = seen_rate / coverage if exact else seen_rate * precision / coverage
    observed, total = complete_total(
        effective * (1 - coverage), count.names, None if exact else precision, completion_stream
    )
    rate = effective
    if losses.clustering is not None:
        # 1 / rate is scale free: the shared gamma keeps its prior, only rate = effective / g moves
        k = losses.clustering
        rate = effective / (mixing_stream.standard_gamma(k, size) / k)
    return Draws(rate, coverage, precision, observed, total)


def _draw_gamma(
    losses: Flat, prior: GammaPrior, count: Count, sampler: InclusionSampler, size: int,
    streams: tuple[np.random.Generator, ...],
) -> Draws:  # fmt: skip
    inclusion_stream, rate_stream, mixing_stream, completion_stream, _ = streams
    n, k = count.names, losses.clustering
    coverage, precision = sampler.draw(inclusion_stream, size)
    inclusion = coverage / precision
    mixing: FloatArray | float = 1.0
    if k is not None:
        s = log_ratio(coverage, precision)
        mode = mixing_mode(s, n, prior, k)
        z = draw_log_concave(
            lambda z, s: mixing_log_density(z, s, n, prior, k),
            lambda z, s: mixing_slope(z, s, n, prior, k),
            mode, mixing_width(mode, s, n, prior, k), s, mixing_stream,
        )  # fmt: skip
        mixing = np.exp(z)
    shape = prior.shape + n
    rate = rate_stream.standard_gamma(shape, size) / (prior.inverse_scale + inclusion * mixing)
    observed, total = complete_total(
        rate * mixing * (1 - coverage), n, None if _known_one(count) else precision,
        completion_stream,
    )  # fmt: skip
    return Draws(rate, coverage, precision, observed, total)
