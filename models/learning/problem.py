"""What the search for the sampler's coordinates (models/anchoring.py) asks here."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from models.beliefs.base import FloatArray
from models.learning import expected
from models.learning.density import log_jacobian, log_likelihood, log_prior
from models.learning.form import BETA, SCALE

if TYPE_CHECKING:
    from models.learned import Learned

_WIDTH = 1e-5

#: Where scales of evidence begin: at a third of that of their prior.
_SMALL = -1.0


@dataclasses.dataclass(frozen=True, eq=False)
class LearnedProblem:
    """The posterior of a model whose coverage is learned; see `models.anchoring.Problem`."""

    learned: Learned

    @property
    def blocks(self) -> Mapping[str, slice]:
        """Return where each block stands."""
        return self.learned.form.blocks

    @property
    def size(self) -> int:
        """Return the length of the vector."""
        return self.learned.form.size

    @property
    def tails(self) -> Mapping[str, float]:
        """Return the degrees of freedom of heavy-tailed blocks."""
        return self.learned.listed.tails()

    @property
    def scales(self) -> Mapping[str, str]:
        """Return the log scale that multiplies each block that has one."""
        return self.learned.listed.scales()

    @property
    def noises(self) -> tuple[str, ...]:
        """Return log scales that spread the data."""
        return self.learned.listed.noises()

    def begin(self) -> FloatArray:
        """Return where the search begins, but for log scales."""
        found = np.zeros(self.size)
        for name, block in self.blocks.items():
            if name.startswith(SCALE):
                found[block] = _SMALL
        return found

    def start(self, block: str) -> float:
        """Return where a log scale begins."""
        return self.learned.listed.start(block)

    def prior_scale(self, block: str) -> float:
        """Return the scale of a half-normal prior."""
        return self.learned.prior_scale(block)

    def prior_derivatives(self, block: str, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return slope and curvature of the log prior of an effect or of log odds."""
        if block not in self.learned.form.own:
            return self.learned.listed.prior_derivatives(block, values)
        if block.startswith(SCALE):
            grown, square = np.cosh(values), np.exp(2 * np.sinh(values))
            return grown * (1 - square) + np.tanh(values), np.maximum(2 * grown**2 * square, 1.0)
        if block not in self.learned.shares:
            return -values, np.ones_like(values)
        kind, first, second = self.learned.shares[block]
        if kind == BETA:
            value = 1 / (1 + np.exp(-values))
            size = first + second
            return first - size * value, size * value * (1 - value)
        return -(values - first) / second**2, np.full_like(values, 1 / second**2)

    def log_density(self, latent: FloatArray) -> FloatArray:
        """Return the log density with scales by their logs and effects as they are, (point,)."""
        found = sum(log_prior(self.learned, latent).values()) + log_jacobian(self.learned, latent)
        for part in log_likelihood(self.learned, latent).values():
            found = found + part.reshape(part.shape[0], -1).sum(axis=1)
        return np.asarray(found)

    def scoring(self, latent: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return slope and expected information of the log likelihood at a point."""
        learned = self.learned
        slope, information = learned.listed.scoring(latent, learned.form.blocks)
        points = np.concatenate([latent[None], latent + _WIDTH * np.eye(latent.size)])
        deaths, names, missed = expected.log_deaths(learned, points)
        for name, register in learned.registers.items():
            logs = expected.register_logs(learned, name, points, deaths)
            logs = logs + expected.register_bias(learned, name, points)[:, None]
            jacobian = (logs[1:] - logs[0]) / _WIDTH
            known = np.linalg.inv(register.log_covariance)
            slope = slope + jacobian @ known @ (register.log_central - logs[0])
            information = information + jacobian @ known @ jacobian.T
        for name, audits in learned.audits.items():
            odds = expected.audit_log_odds(learned, name, points, missed, names)
            jacobian = (odds[1:] - odds[0]) / _WIDTH
            chance = 1 / (1 + np.exp(-odds[0]))
            checked = np.asarray(audits.checked)
            slope = slope + jacobian @ (np.asarray(audits.found) - checked * chance)
            information = information + (jacobian * checked * chance * (1 - chance)) @ jacobian.T
        for name, evidence in learned.excess.items():
            mean, sd = expected.excess_moments(learned, name, points, deaths)
            jacobian = ((mean[1:] - mean[0]) / _WIDTH).reshape(latent.size, -1)
            weight = 1 / sd[0].ravel() ** 2
            slope = slope + jacobian @ (weight * (evidence.affected - mean[0]).ravel())
            information = information + (jacobian * weight) @ jacobian.T
        return slope, information
