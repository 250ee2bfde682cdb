"""Calibration: whether a 95 % interval holds the truth 95 % of the time, judged by ranks."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from estimation.diagnostics.verdicts import FAIL, INCONCLUSIVE, PASS

#: A 95 % interval must hold the truth in this share of simulations.
COVERED = (0.935, 0.965)

#: Standard errors by which a share may miss its bounds by chance.
_CHANCE = 3

#: Level of the simultaneous envelope of the ranks.
ENVELOPE = 0.99


@dataclasses.dataclass(frozen=True)
class Calibration:
    """What the simulations say of one unknown.

    Parameters
    ----------
    name : str
        The unknown.
    simulations : int
        How many ended with a rank.
    covered : float
        Share in which the central 95 % held the truth.
    covered_error : float
        Standard error of that share.
    deviation : float
        Largest distance of the distribution of ranks from uniform.
    envelope : float
        What that distance may be.
    """

    name: str
    simulations: int
    covered: float
    covered_error: float
    deviation: float
    envelope: float

    @property
    def verdict(self) -> str:
        """Pass if the ranks are uniform and the intervals hold what they say.

        A share outside its bounds that so few simulations could show by chance is inconclusive.
        """
        if self.deviation > self.envelope:
            return FAIL
        outside = max(COVERED[0] - self.covered, self.covered - COVERED[1], 0.0)
        if outside == 0:
            return PASS
        return INCONCLUSIVE if outside <= _CHANCE * self.covered_error else FAIL

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {**dataclasses.asdict(self), "verdict": self.verdict}


def judge_ranks(
    ranks: dict[str, np.ndarray], unknowns: int | None = None
) -> tuple[Calibration, ...]:
    """Judge the ranks of each unknown against uniformity and the stated level.

    The envelope holds all points of all unknowns at once with 99 %: a band of constant width by the
    exact distribution of the Kolmogorov-Smirnov distance, its level shared among the unknowns.

    Parameters
    ----------
    ranks : dict of (simulation,) arrays
        Ranks in (0, 1), by unknown.
    unknowns : int, optional
        How many unknowns are judged together, those of other models included.

    References
    ----------
    Simard and L'Ecuyer (2011), https://doi.org/10.18637/jss.v039.i11
    """
    together = unknowns or len(ranks)
    return tuple(_judge(name, values, together) for name, values in ranks.items())


def _judge(name: str, ranks: np.ndarray, together: int) -> Calibration:
    from scipy.stats import kstwo

    n = ranks.size
    covered = float(np.mean((ranks > 0.025) & (ranks < 0.975)))
    error = math.sqrt(max(covered * (1 - covered), 1 / n) / n)
    ordered = np.sort(ranks)
    steps = np.arange(n + 1) / n
    deviation = float(max(np.max(steps[1:] - ordered), np.max(ordered - steps[:-1])))
    envelope = float(kstwo.isf((1 - ENVELOPE) / together, n))
    return Calibration(name, n, covered, error, deviation, envelope)
