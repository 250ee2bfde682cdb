"""What the search for the sampler's coordinates (models/anchoring.py) asks of late reports."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from models.anchoring import LEVEL_INFORMATION, anchor
from models.reporting.curves import CERTAIN, FloatArray, Layout, curves
from models.reporting.density import log_jacobian, log_likelihood, log_prior
from models.reporting.form import HEAVY, NORMAL
from models.reporting.past import Past

#: Scales at which the search begins.
_START = {
    "log_step": 0.1, "log_noise": 0.2, "log_delay_step": 0.3, "log_shock": 0.2, "log_drift": 0.02,
    "log_spread": 0.5, "log_own_step": 0.05, "log_stratum_delay": 0.1,
}  # fmt: skip

_WIDTH = 1e-5


@dataclasses.dataclass(frozen=True, eq=False)
class LateProblem:
    """The posterior of late reports; see `models.anchoring.Problem`."""

    layout: Layout
    past: Past

    @property
    def blocks(self) -> Mapping[str, slice]:
        """Return where each block stands."""
        return self.layout.form.blocks

    @property
    def size(self) -> int:
        """Return the length of the vector."""
        return self.layout.form.size

    @property
    def tails(self) -> Mapping[str, float]:
        """Return the degrees of freedom of heavy-tailed blocks."""
        return {name: self.layout.priors[f"{name}_tail"] for name in HEAVY if name in self.blocks}

    @property
    def scales(self) -> Mapping[str, str]:
        """Return the log scale that multiplies each block that has one."""
        pairs = {**HEAVY, **NORMAL}
        return {name: scale for name, scale in pairs.items() if name in self.blocks}

    @property
    def noises(self) -> tuple[str, ...]:
        """Return the noise of cells."""
        return ("log_noise",)

    def begin(self) -> FloatArray:
        """Return where the search begins, but for log scales: at nothing."""
        return np.zeros(self.size)

    def start(self, block: str) -> float:
        """Return where a log scale begins."""
        return _START[block]

    def prior_scale(self, block: str) -> float:
        """Return the scale of a half-normal prior."""
        return self.layout.priors[block]

    def prior_derivatives(self, block: str, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return slope and curvature of the log prior: standard normal, but for the free level."""
        if block == "level":
            return np.zeros_like(values), np.full_like(values, LEVEL_INFORMATION)
        return -values, np.ones_like(values)

    def log_density(self, latent: FloatArray) -> FloatArray:
        """Return the log density with scales by their logs and effects as they are, (point,)."""
        prior = sum(log_prior(self.layout, latent).values()) + log_jacobian(self.layout, latent)
        return np.asarray(
            prior + log_likelihood(self.layout, self.past, latent).sum(axis=(1, 2))
        )  # fmt: skip

    def scoring(self, latent: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return slope and expected information of the log likelihood at a point."""
        means, jacobian = means_and_slopes(self.layout, self.past, latent)
        inverse = np.exp(2 * latent[self.blocks["log_noise"]])[0]
        mean = np.exp(np.minimum(means, 25.0))
        weight = 1 / (1 + mean * inverse)
        counts = self.past.counts[self.past.seen].ravel()
        gradient = jacobian @ (weight * (counts - mean))
        return gradient, (jacobian * (weight * mean)) @ jacobian.T


def late_anchor(layout: Layout, past: Past) -> tuple[FloatArray, FloatArray]:
    """Return center and factor of the sampler's coordinates; see `models.anchoring.anchor`."""
    return anchor(LateProblem(layout, past))


def means_and_slopes(
    layout: Layout, past: Past, latent: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return log means of the seen cells, and their slopes by each unknown.

    Rates and parts of the hazards depend on the unknowns almost linearly and are differenced; what
    the cells make of them is known in closed form, which saves walking through all cells once an
    unknown.

    Returns
    -------
    means : (n_seen * n_stratum,) numbers
    slopes : (n_unknown, n_seen * n_stratum) numbers
    """
    size = latent.size
    found = curves(layout, np.concatenate([latent[None], latent + _WIDTH * np.eye(size)]))
    last = layout.form.delays - 1
    seen = np.flatnonzero(past.seen)
    strata = found.stratum.shape[1]
    # each stretch of hazards that a seen cell depends on, as a row of all delays of its period
    delays = np.arange(layout.form.delays)
    period, end = past.period[seen], past.delay[seen]
    merged = past.delay[past.merged[seen]]
    slopes = np.zeros((size, seen.size, strata))
    means = np.zeros((seen.size, strata))
    # by period: all its cells share their hazards
    for one in np.unique(period):
        at = np.flatnonzero(period == one)
        reach = int(end[at].max()) + 1
        span = delays[:reach]
        parts = found.base[:, np.minimum(span, last - 1)] + found.calendar[:, one + span]
        parts = parts + found.event[:, one, None]
        for early in range(min(found.early.shape[1], reach)):
            parts[:, early] += found.early[:, early, one]
        whole = parts[:, :, None] + found.stratum[:, None, :]
        if reach == layout.form.delays:
            whole[:, last] = CERTAIN
        moved = (whole[1:] - whole[0]) / _WIDTH  # (unknown, delay, stratum)
        hazard = whole[0]
        chance = 1 / (1 + np.exp(-hazard))
        soft = np.pad(np.cumsum(np.logaddexp(0.0, hazard), axis=0), ((1, 0), (0, 0)))
        waited, ended = soft[merged[at]], soft[end[at] + 1]
        now = np.maximum(ended - waited, 1e-12)
        rate = found.log_rate[:, one]
        means[at] = rate[0] - waited + np.log(-np.expm1(-now))
        before = (span[None, :] < merged[at][:, None]).astype(float)
        within = (span[None, :] >= merged[at][:, None]) & (span[None, :] <= end[at][:, None])
        share = np.exp(-now) / -np.expm1(-now)
        by_hazard = chance[None] * (
            within[:, :, None] * share[:, None, :] - before[:, :, None]
        )  # (cell, delay, stratum)
        slopes[:, at] = np.einsum("cds,uds->ucs", by_hazard, moved)
        slopes[:, at] += ((rate[1:] - rate[0]) / _WIDTH)[:, None, :]
    return means.ravel(), slopes.reshape(size, -1)
